//! How something hostile comes to the program: packed, and in one of the forms of an image.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use plywood::oci::{DiffId, Digest};
use serde_json::json;

use super::case::{Blob, Case, Files, Material, Remote, Scene};
use super::layout::{Layout, config, gzip, tar};

/// How layers, or an archive as a whole, are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    pub const ALL: [Self; 3] = [Self::Plain, Self::Gzip, Self::Zstd];

    pub fn pack(self, plain: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain => plain.to_vec(),
            Self::Gzip => gzip(plain),
            Self::Zstd => zstd::bulk::compress(plain, 1).unwrap(),
        }
    }

    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Plain => "application/vnd.oci.image.layer.v1.tar",
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Self::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }
}

/// What the program is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    DockerArchive,
    DockerFolder,
    OciArchive,
    OciFolder,
    /// `dir:`, as skopeo writes it.
    Flat,
    /// `rootfs` of the tar.
    Rootfs,
    /// A file whose content says what it is.
    File,
    /// Served by a registry.
    Registry,
}

/// Every form and packing in which a case makes sense.
pub fn variations(case: &Case) -> Vec<(Form, Packing)> {
    let served = !matches!(case.remote, Remote::Never);
    let mut forms = match case.material {
        Material::Tar(_) | Material::Blob(_) => {
            vec![Form::OciArchive, Form::DockerArchive, Form::OciFolder, Form::Flat]
        }
        Material::Layout(_) => vec![Form::OciArchive, Form::OciFolder],
        Material::Docker(_) => vec![Form::DockerArchive, Form::DockerFolder],
        Material::File(_) => vec![Form::File],
        Material::Server(_) => return vec![(Form::Registry, Packing::Plain)],
    };
    if matches!(case.material, Material::Tar(_) | Material::Blob(_)) && case.rootfs {
        forms.push(Form::Rootfs);
    }
    if served && matches!(case.material, Material::Tar(_) | Material::Blob(_) | Material::Layout(_)) {
        forms.push(Form::Registry);
    }
    let packings: &[Packing] = match case.material {
        Material::Blob(_) => &[Packing::Plain],
        _ if case.packed => &[Packing::Gzip, Packing::Zstd],
        _ => &Packing::ALL,
    };
    // Neighbours differ in both, so that a few of them are a fair sample.
    let mut found = Vec::new();
    for turn in 0..packings.len() {
        for (at, form) in forms.iter().enumerate() {
            found.push((*form, packings[(turn + at) % packings.len()]));
        }
    }
    found
}

/// What a registry has to serve, or where the program finds a file.
pub enum Offer {
    /// The script's expression that takes it in, and the one that only looks.
    Local {
        load: String,
        look: Option<String>,
    },
    Layout(Layout),
    Server(crate::support::http::Server),
}

/// Makes the case in that form below `folder`.
pub fn offer(case: &Case, form: Form, scene: &Scene, folder: &Path) -> Offer {
    match &case.material {
        Material::Tar(make) => {
            let plain = make(scene);
            let bytes = scene.packing.pack(&plain);
            of_layer(form, &Blob { media_type: scene.packing.media_type(), bytes, plain }, folder)
        }
        Material::Blob(make) => of_layer(form, &make(scene), folder),
        Material::Layout(make) => of_layout(form, make(scene), folder),
        Material::Docker(make) => of_files(form, &make(scene), folder),
        Material::File(make) => {
            let path = folder.join("it.tar");
            fs::write(&path, scene.packing.pack(&make(scene))).unwrap();
            let path = path.display();
            Offer::Local { load: format!("load(`{path}`)"), look: Some(format!("image(`{path}`)")) }
        }
        Material::Server(make) => Offer::Server(make(scene)),
    }
}

fn of_layer(form: Form, blob: &Blob, folder: &Path) -> Offer {
    match form {
        Form::Rootfs => {
            let path = folder.join("tree.tar");
            fs::write(&path, &blob.bytes).unwrap();
            Offer::Local { load: format!("rootfs(`{}`, \"it:1\")", path.display()), look: None }
        }
        Form::DockerArchive | Form::DockerFolder => {
            of_files(form, &docker(&[(&blob.bytes, &blob.plain)], &["it:1"]), folder)
        }
        Form::OciArchive | Form::OciFolder | Form::Flat | Form::Registry => {
            let mut layout = Layout::new();
            let entry = layout.image(&[(blob.media_type, &blob.bytes, &blob.plain)]);
            layout.index(std::slice::from_ref(&entry));
            match form {
                Form::Flat => of_flat(&layout, &entry, folder),
                _ => of_layout(form, layout, folder),
            }
        }
        Form::File => unreachable!("a layer is no archive of images"),
    }
}

/// Source: containers/image `directory/`.
fn of_flat(layout: &Layout, entry: &serde_json::Value, folder: &Path) -> Offer {
    let hex = |name: &str| name.strip_prefix("blobs/sha256/").map(str::to_owned);
    let blobs = layout.files.iter().filter_map(|(name, bytes)| Some((hex(name)?, bytes.clone())));
    let mut files: Files = blobs.collect();
    let manifest = entry["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    let manifest = files.remove(manifest).unwrap();
    files.insert("manifest.json".to_owned(), manifest);
    files.insert("version".to_owned(), b"Directory Transport Version: 1.1\n".to_vec());
    local("dir:", &Layout { files }.directory(&folder.join("flat")))
}

fn of_layout(form: Form, layout: Layout, folder: &Path) -> Offer {
    match form {
        Form::Registry => Offer::Layout(layout),
        Form::OciFolder => local("oci:", &layout.directory(&folder.join("layout"))),
        _ => local("oci-archive:", &layout.archive(&folder.join("oci.tar"))),
    }
}

fn of_files(form: Form, files: &Files, folder: &Path) -> Offer {
    if form == Form::DockerFolder {
        let layout = Layout { files: files.clone() };
        return local("", &layout.directory(&folder.join("docker")));
    }
    let members: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let path = folder.join("docker.tar");
    fs::write(&path, tar(&members)).unwrap();
    local("docker-archive:", path.to_str().unwrap())
}

fn local(scheme: &str, path: &str) -> Offer {
    Offer::Local { load: format!("load(`{scheme}{path}`)"), look: Some(format!("image(`{scheme}{path}`)")) }
}

/// What `docker save` writes, of layers given as file and plain tar.
pub fn docker(layers: &[(&[u8], &[u8])], tags: &[&str]) -> Files {
    let mut files = BTreeMap::new();
    let diff_ids: Vec<DiffId> = layers.iter().map(|(_, plain)| DiffId(Digest::of(plain))).collect();
    let config = config(&diff_ids);
    let config_name = format!("{}.json", Digest::of(&config).hex());
    let mut names = Vec::new();
    for (at, (bytes, _)) in layers.iter().enumerate() {
        let name = format!("{at:064x}/layer.tar");
        files.insert(name.clone(), bytes.to_vec());
        names.push(name);
    }
    let manifest = json!([{ "Config": config_name, "RepoTags": tags, "Layers": names }]);
    files.insert(config_name, config);
    files.insert("manifest.json".to_owned(), manifest.to_string().into_bytes());
    files
}
