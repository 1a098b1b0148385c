//! What each room's errors mean to the caller: kind, message, hint. The one place that decides it.

use super::error::{CORRUPT_HINT, NO_SPACE_HINT};
use super::{Error, ErrorKind};
use crate::sys::userns;
use crate::{container, image, layer, oci, snapshot, store, transfer};

impl From<oci::Error> for Error {
    fn from(error: oci::Error) -> Self {
        let hint = match error {
            oci::Error::Digest { .. } => "a digest is `sha256:` and 64 hexadecimal digits",
            oci::Error::Reference { .. } => {
                "a reference is `name[:tag]`, such as `debian:12` or `training/wget:v1`"
            }
        };
        Self::invalid(error.to_string()).with_hint(hint)
    }
}

impl From<image::Error> for Error {
    fn from(error: image::Error) -> Self {
        let text = error.to_string();
        match error {
            image::Error::Config { .. } | image::Error::LayerCount { .. } => {
                Self::new(ErrorKind::Corrupt, text).with_hint(CORRUPT_HINT)
            }
            image::Error::Instruction { .. } => Self::invalid(text).with_hint(
                "`change` takes CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR",
            ),
            image::Error::Arguments { .. } => Self::invalid(text).with_hint("write it as in a Dockerfile"),
        }
    }
}

impl From<layer::Error> for Error {
    fn from(error: layer::Error) -> Self {
        use layer::Error as Fault;
        let text = error.to_string();
        if error.is_no_space() {
            return Self::new(ErrorKind::NoSpace, text).with_hint(NO_SPACE_HINT);
        }
        match error {
            Fault::Io { source, .. } => Self { message: text, ..Self::io("", &source) },
            Fault::Tar { .. } | Fault::DiffId { .. } | Fault::Damaged { .. } | Fault::Order { .. } => {
                Self::new(ErrorKind::Corrupt, text).with_hint("fetch or make the archive again")
            }
            Fault::Refused { .. } => Self::new(ErrorKind::Denied, text)
                .with_hint("the archive is hostile or broken; nothing of it was kept"),
            Fault::Limit { limit, .. } => Self::new(ErrorKind::Denied, text).with_hint(limit_hint(limit)),
            Fault::WhiteoutName { .. } => {
                Self::invalid(text).with_hint("rename the file in the container, then commit")
            }
            Fault::SizeChanged { .. } => Self::new(ErrorKind::Busy, text)
                .with_hint("something still writes there; try again when it has ended"),
            Fault::Path { .. } => Self::not_found(text),
            Fault::Interrupted => Self::new(ErrorKind::Interrupted, text),
            Fault::Spelling { .. } => Self::invalid(text)
                .with_hint("paths are UTF-8, with `\\\\` for a backslash and `\\xNN` for other bytes"),
            #[allow(unreachable_patterns)]
            _ => Self::new(ErrorKind::Internal, text),
        }
    }
}

impl From<snapshot::Error> for Error {
    fn from(error: snapshot::Error) -> Self {
        use snapshot::Error as Fault;
        let text = error.to_string();
        match error {
            Fault::LayerMissing { .. } => {
                Self::new(ErrorKind::Corrupt, text).with_hint("`plywood fsck` tells which images are damaged")
            }
            Fault::NotADirectory { .. } | Fault::IsADirectory { .. } => Self::invalid(text),
            Fault::Io { source, .. } => Self { message: text, ..Self::io("", &source) },
            Fault::Store(error) => error.into(),
            Fault::Layer(error) => error.into(),
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        use store::Error as Fault;
        let text = error.to_string();
        let of = |kind, hint: &str| Self::new(kind, text.clone()).with_hint(hint);
        match error {
            Fault::Io { source, .. } => Self { message: text, ..Self::io("", &source) },
            Fault::NoSpace { .. } => of(ErrorKind::NoSpace, NO_SPACE_HINT),
            Fault::ReadOnly { .. } | Fault::Denied { .. } | Fault::Foreign { .. } => {
                of(ErrorKind::Denied, "use another store: `--store DIR` or `PLYWOOD_STORE=DIR`")
            }
            Fault::NotADirectory { .. } | Fault::NotAStore { .. } => {
                of(ErrorKind::Invalid, "name an empty or a new directory with `--store DIR`")
            }
            Fault::Newer { .. } => of(ErrorKind::Unsupported, "use the newer plywood, or another store"),
            Fault::Corrupt { .. } | Fault::BadRecord { .. } | Fault::Damaged { .. } => of(
                ErrorKind::Corrupt,
                "`plywood fsck` tells what is damaged, `plywood fsck --repair` sets it aside",
            ),
            Fault::MissingLayer { .. } | Fault::MissingBlob { .. } | Fault::MissingPart { .. } => {
                of(ErrorKind::Corrupt, "`plywood fsck` tells what is damaged; load or pull the image again")
            }
            Fault::WrongDigest { .. } => of(ErrorKind::Corrupt, "fetch or make the archive again"),
            Fault::Stuck { .. } => {
                of(ErrorKind::Busy, "another plywood hangs: look for it with `ps`, or try again")
            }
            Fault::Database(_) => Self::new(ErrorKind::Io, text),
            Fault::Busy { .. } => {
                of(ErrorKind::Busy, "wait for that process to end, or pass `wait: true` to queue behind it")
            }
            Fault::Interrupted { .. } => Self::new(ErrorKind::Interrupted, text),
            Fault::NotFound { noun, .. } => of(
                ErrorKind::NotFound,
                match noun {
                    store::Noun::Container => "`containers()` lists what is there",
                    store::Noun::Snapshot => "`snapshots()` lists what is there",
                    store::Noun::Image | store::Noun::Blob => "`images()` lists what is there",
                },
            ),
            Fault::Ambiguous { .. } => of(ErrorKind::Ambiguous, "give more of the id"),
            Fault::NameInUse { noun: store::Noun::Snapshot, name, .. } => {
                Self::new(ErrorKind::NameInUse, text)
                    .with_hint(format!("choose another name, or `rm(\"{name}\")` first"))
            }
            Fault::NameInUse { name, .. } => Self::new(ErrorKind::NameInUse, text)
                .with_hint(format!("choose another name, or `rm(container(\"{name}\"))` first")),
            Fault::InvalidName { .. } => of(ErrorKind::Invalid, "such as `calm_otter`"),
            Fault::InUse { noun, .. } => of(ErrorKind::InUse, &format!("remove the {noun} first")),
            Fault::Changed { .. } => of(ErrorKind::Busy, "something else uses it at this moment; try again"),
        }
    }
}

impl From<userns::Error> for Error {
    fn from(error: userns::Error) -> Self {
        let text = error.to_string();
        match error {
            userns::Error::Forbidden { cause, .. } => {
                Self::new(ErrorKind::Denied, text).with_hint(match cause.fix() {
                    Some(fix) => format!("as root: {fix}"),
                    None => {
                        "run as root, or outside of the container that forbids it; `plywood doctor` says more"
                            .to_owned()
                    }
                })
            }
            userns::Error::Threads { .. } => Self::new(ErrorKind::Internal, text),
            userns::Error::Step { .. } => Self::new(ErrorKind::Engine, text)
                .with_hint("`plywood doctor` tells what this machine allows"),
        }
    }
}

impl From<container::Error> for Error {
    fn from(error: container::Error) -> Self {
        use container::Error as Fault;
        let text = error.to_string();
        let of = |kind, hint: &str| Self::new(kind, text.clone()).with_hint(hint);
        let told = match &error {
            Fault::NotFound { .. } | Fault::InterpreterMissing { .. } => {
                of(ErrorKind::NotFound, "install it in the container first, or check the spelling")
            }
            Fault::NotExecutable { .. } => {
                of(ErrorKind::Denied, "it is a directory or lacks the `x` permission")
            }
            Fault::Invalid { .. } | Fault::IdRange { .. } => Self::invalid(text),
            Fault::UnknownUser { file, .. } => of(
                ErrorKind::NotFound,
                &format!("the container's `/etc/{file}` has no such name; a number needs no entry"),
            ),
            Fault::VolumeSource { .. } => {
                of(ErrorKind::NotFound, "a volume's source is a path on this machine")
            }
            Fault::HostileRoot { .. } => of(ErrorKind::Denied, "the image is hostile or broken"),
            Fault::Setup { errno: nix::errno::Errno::ENOSPC, .. } => of(ErrorKind::NoSpace, NO_SPACE_HINT),
            Fault::Setup { .. } | Fault::Served { .. } => {
                of(ErrorKind::Engine, "`plywood doctor` tells what this machine allows")
            }
            Fault::Interrupted => Self::new(ErrorKind::Interrupted, text),
        };
        told.with_exit_code(error.exit_code())
    }
}

impl From<transfer::base::Error> for Error {
    fn from(error: transfer::base::Error) -> Self {
        let text = error.to_string();
        match error {
            transfer::base::Error::Io { source, .. } => Self { message: text, ..Self::io("", &source) },
            _ => Self::new(ErrorKind::Unsupported, text)
                .with_hint("`load(file)` or `rootfs(tar, name)` bring an image from elsewhere"),
        }
    }
}

impl From<transfer::Error> for Error {
    fn from(error: transfer::Error) -> Self {
        use transfer::Error as Fault;
        let text = shortened(error.to_string());
        let of = |kind, hint: &str| Self::new(kind, text.clone()).with_hint(hint);
        match error {
            Fault::Name { .. } => of(
                ErrorKind::Invalid,
                "such as `docker-archive:FILE`, `oci-archive:FILE` or `oci:DIR`, each perhaps with `:TAG`",
            ),
            Fault::NoImages { .. } => {
                of(ErrorKind::Corrupt, "`rootfs(tar, name)` takes a plain root filesystem")
            }
            Fault::NoSuchImage { .. } | Fault::NoPlatform { .. } => {
                of(ErrorKind::NotFound, "name one of those that are there")
            }
            Fault::Archive { .. } | Fault::Missing { .. } | Fault::Digest { .. } | Fault::Size { .. } => {
                of(ErrorKind::Corrupt, "nothing of it was kept; fetch or make the archive again")
            }
            Fault::Document { .. } => {
                of(ErrorKind::Corrupt, "the archive is hostile or broken; nothing of it was kept")
            }
            Fault::Rebuilt { .. } => of(ErrorKind::Corrupt, "`plywood fsck` tells what is damaged"),
            Fault::Limit { limit, .. } => of(ErrorKind::Denied, &limit_hint(limit)),
            Fault::Registry { registry, fault, .. } => registry_fault(&registry, &fault, text),
            Fault::Settings { .. } => of(ErrorKind::Invalid, "set the file right, or move it away"),
            Fault::Login { .. } => Self::new(ErrorKind::Denied, text),
            Fault::Interrupted => Self::new(ErrorKind::Interrupted, text),
            Fault::Io { source, .. } => Self { message: text, ..Self::io("", &source) },
            Fault::Layer(error) => error.into(),
            Fault::LayerFile { source, .. } => Self { message: text, ..Self::from(source) },
            Fault::Store(error) => error.into(),
            Fault::Base(error) => error.into(),
        }
    }
}

/// What to do about a limit, if anything can be done.
fn limit_hint(limit: &str) -> String {
    if transfer::Limits::NAMES.contains(&limit) {
        format!("nothing of it was kept; if it is to be trusted, allow more: `PLYWOOD_LIMITS={limit}=…`")
    } else {
        "nothing of it was kept; no honest source is like that".to_owned()
    }
}

/// A message that names what a stranger called something, without all of a name of megabytes.
fn shortened(text: String) -> String {
    const MOST: usize = 800;
    const END: usize = 200;
    let count = text.chars().count();
    if count <= MOST {
        return text;
    }
    let start: String = text.chars().take(MOST - END).collect();
    let end: String = text.chars().skip(count - END).collect();
    format!("{start} … {end}")
}

fn registry_fault(registry: &str, fault: &transfer::RegistryFault, text: String) -> Error {
    use transfer::RegistryFault as Fault;
    let of = |kind, hint: &str| Error::new(kind, text.clone()).with_hint(hint);
    match fault {
        Fault::Unreachable(_) => of(
            ErrorKind::Network,
            "is the name spelled right, and is there a network? `base()` and `load(file)` need none",
        ),
        Fault::Denied(_) => of(
            ErrorKind::Denied,
            &format!("it may not exist, or want a password: `login(\"{registry}\", name, password)`"),
        ),
        Fault::NotFound => of(ErrorKind::NotFound, "`tags(repository)` lists what a registry has"),
        Fault::Busy => of(ErrorKind::Network, "wait a while, or log in: `login(registry, name, password)`"),
        Fault::Status { .. } | Fault::Broken(_) => of(
            ErrorKind::Network,
            "try again: what has come already is not fetched again; `registries.toml` sets patience and trust",
        ),
        Fault::Refused(_) => {
            of(ErrorKind::Corrupt, "the registry is hostile or broken; nothing of it was kept")
        }
    }
}
