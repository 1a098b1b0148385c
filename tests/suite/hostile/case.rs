//! What a case of the corpus is: something hostile, and what must come of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::form::Packing;
use super::layout::Layout;
use crate::support::http::Server;

/// The rows of the table of threats that concern images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Threat {
    /// A symbolic link, and then something that is written or changed through it.
    Links,
    /// Absolute paths, `..`, hard links out of the root.
    Paths,
    /// A PAX size that differs from the header's.
    Sizes,
    /// Whiteouts of nothing.
    Whiteouts,
    /// The root itself replaced.
    Root,
    /// Too much of anything: sparse maps, ratio, entries, names, sizes, depth.
    Bounds,
    /// A manifest that is also an index, a media type that disagrees, JSON that is two things.
    Documents,
    /// Wrong digests, DiffIDs and sizes; truncated and damaged files.
    Damage,
    /// Layers that are to be had elsewhere only.
    Foreign,
    /// Marks of overlayfs.
    Overlay,
    /// The same name twice.
    Duplicates,
    /// Devices and set-id files.
    Devices,
    /// Links where a container's root needs directories.
    Roots,
    /// Copying and reading out, past a link.
    CopyOut,
    /// Control characters in names, labels and history.
    Control,
    /// Compression that is not what it says.
    Compression,
    /// Registries that lie.
    Registry,
}

impl Threat {
    pub const ALL: [Self; 17] = [
        Self::Links,
        Self::Paths,
        Self::Sizes,
        Self::Whiteouts,
        Self::Root,
        Self::Bounds,
        Self::Documents,
        Self::Damage,
        Self::Foreign,
        Self::Overlay,
        Self::Duplicates,
        Self::Devices,
        Self::Roots,
        Self::CopyOut,
        Self::Control,
        Self::Compression,
        Self::Registry,
    ];
}

/// Where a case is made: what it can aim at.
#[derive(Debug, Clone)]
pub struct Scene {
    /// A directory beside the store that must stay as it is.
    pub canary: PathBuf,
    /// The way to it from the root of a layer's tree in the store.
    pub up: String,
    /// How layers are packed this time.
    pub packing: Packing,
}

impl Scene {
    /// The canary's path as text, with its leading slash.
    pub fn canary(&self) -> &str {
        self.canary.to_str().unwrap()
    }

    /// The media type and the bytes of a layer's file.
    pub fn pack(&self, plain: &[u8]) -> (&'static str, Vec<u8>) {
        (self.packing.media_type(), self.packing.pack(plain))
    }

    /// A layout with one image of one layer, packed, and the descriptor of its manifest.
    pub fn sound(&self, plain: &[u8]) -> (Layout, serde_json::Value) {
        let mut layout = Layout::new();
        let (media_type, bytes) = self.pack(plain);
        let entry = layout.image(&[(media_type, &bytes, plain)]);
        layout.index(std::slice::from_ref(&entry));
        (layout, entry)
    }
}

/// Files of an archive or a directory by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A layer's file, and the plain tar that it is said to hold.
pub struct Blob {
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
    pub plain: Vec<u8>,
}

type Build<T> = Box<dyn Fn(&Scene) -> T + Send + Sync>;

/// What is hostile.
pub enum Material {
    /// The tar of a layer.
    Tar(Build<Vec<u8>>),
    /// The file of a layer.
    Blob(Build<Blob>),
    /// An OCI layout.
    Layout(Build<Layout>),
    /// The files of a docker-archive.
    Docker(Build<Files>),
    /// An archive as a file.
    File(Build<Vec<u8>>),
    /// A registry, asked for `h/x:1`.
    Server(Build<Server>),
}

/// What must come of it.
#[derive(Debug, Clone)]
pub enum Expect {
    /// An error of this kind whose message has this in it.
    Refused { kind: &'static str, says: String },
    /// An image whose layers hold exactly this; see [`super::listing`].
    Holds(Vec<String>),
}

/// What must come of it where a registry serves it.
#[derive(Debug, Clone)]
pub enum Remote {
    Same,
    /// It is not served.
    Never,
    Refused {
        kind: &'static str,
        says: &'static str,
    },
}

pub struct Case {
    pub name: &'static str,
    pub threat: Threat,
    pub material: Material,
    pub expect: Build<Expect>,
    pub remote: Remote,
    /// Whether `rootfs` judges the tar alike.
    pub rootfs: bool,
    /// Whether looking at it where it lies, which verifies no layer's digest, refuses it too.
    pub seen: bool,
    /// Whether it is hostile only when it is compressed.
    pub packed: bool,
    /// `PLYWOOD_LIMITS`.
    pub limits: &'static str,
    /// What is said to a user who is not root, where the layer holds something that only root can have.
    pub notice: Option<&'static str>,
    /// Script run with the image as `it`, and the JSON that it must give.
    pub then: Option<(&'static str, serde_json::Value)>,
    /// Script run with the image as `it`, whose value is shown to a person and to a program.
    pub shows: Option<&'static str>,
}

impl Case {
    fn new(name: &'static str, threat: Threat, material: Material) -> Self {
        let unset = |_: &Scene| -> Expect { panic!("the case says not what must come of it") };
        Self {
            name,
            threat,
            material,
            expect: Box::new(unset),
            remote: Remote::Same,
            rootfs: true,
            seen: true,
            packed: false,
            limits: "",
            notice: None,
            then: None,
            shows: None,
        }
    }

    pub fn tar(
        threat: Threat,
        name: &'static str,
        make: impl Fn(&Scene) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, threat, Material::Tar(Box::new(make)))
    }

    pub fn blob(
        threat: Threat,
        name: &'static str,
        make: impl Fn(&Scene) -> Blob + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, threat, Material::Blob(Box::new(make)))
    }

    pub fn layout(
        threat: Threat,
        name: &'static str,
        make: impl Fn(&Scene) -> Layout + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, threat, Material::Layout(Box::new(make)))
    }

    pub fn docker(
        threat: Threat,
        name: &'static str,
        make: impl Fn(&Scene) -> Files + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, threat, Material::Docker(Box::new(make)))
    }

    pub fn file(
        threat: Threat,
        name: &'static str,
        make: impl Fn(&Scene) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, threat, Material::File(Box::new(make)))
    }

    pub fn server(
        threat: Threat,
        name: &'static str,
        make: impl Fn(&Scene) -> Server + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, threat, Material::Server(Box::new(make)))
    }

    pub fn refused(self, kind: &'static str, says: impl Into<String>) -> Self {
        let expect = Expect::Refused { kind, says: says.into() };
        Self { expect: Box::new(move |_| expect.clone()), ..self }
    }

    pub fn holds(self, lines: &[&str]) -> Self {
        let expect = Expect::Holds(lines.iter().map(|line| (*line).to_owned()).collect());
        Self { expect: Box::new(move |_| expect.clone()), ..self }
    }

    /// The same where what it holds depends on the canary's place.
    pub fn holds_there(self, lines: impl Fn(&Scene) -> Vec<String> + Send + Sync + 'static) -> Self {
        Self { expect: Box::new(move |scene| Expect::Holds(lines(scene))), ..self }
    }

    pub fn remote(self, kind: &'static str, says: &'static str) -> Self {
        Self { remote: Remote::Refused { kind, says }, ..self }
    }

    pub fn never_remote(self) -> Self {
        Self { remote: Remote::Never, ..self }
    }

    /// `rootfs` has no digest to compare with.
    pub fn not_as_rootfs(self) -> Self {
        Self { rootfs: false, ..self }
    }

    /// Who only looks sees nothing wrong.
    pub fn only_when_loaded(self) -> Self {
        Self { seen: false, ..self }
    }

    /// Plain it is nothing to worry about.
    pub fn packed(self) -> Self {
        Self { packed: true, ..self }
    }

    pub fn limits(self, limits: &'static str) -> Self {
        Self { limits, ..self }
    }

    pub fn notice(self, notice: &'static str) -> Self {
        Self { notice: Some(notice), ..self }
    }

    pub fn then(self, script: &'static str, gives: serde_json::Value) -> Self {
        Self { then: Some((script, gives)), ..self }
    }

    pub fn shows(self, script: &'static str) -> Self {
        Self { shows: Some(script), ..self }
    }
}
