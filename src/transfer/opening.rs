//! What a source that lies on this machine's disk is opened as.

use std::path::PathBuf;

use super::bundle::Bundle;
use super::images::Layout;
use super::{Error, Source};

/// Where a source's files are, the image that it names, and the layout they should have.
pub(super) fn place_of(source: &Source) -> Result<(PathBuf, Option<String>, Layout), Error> {
    let (place, layout) = match source {
        Source::Oci(place) | Source::OciArchive(place) => (place, Layout::Oci),
        Source::DockerArchive(place) => (place, Layout::Docker),
        Source::Path(path) => return Ok((path.clone(), None, Layout::Either)),
        Source::Dir(path) => return Ok((path.clone(), None, Layout::Flat)),
        Source::Registry(_) | Source::Daemon(_) => {
            return Err(Error::Name {
                text: format!("{source:?}"),
                reason: "is no file: `registry::pull` and `daemon::export` bring it".to_owned(),
            });
        }
    };
    let (path, wanted) = place.find();
    Ok((path, wanted, layout))
}

/// What was said to be a file has to be one.
pub(super) fn check_kind(source: &Source, bundle: &Bundle) -> Result<(), Error> {
    let reason = match (source, bundle) {
        (Source::Oci(_), Bundle::Archive(_)) => "it is a file: `oci-archive:` reads those",
        (Source::OciArchive(_), Bundle::Directory(_)) => "it is a directory: `oci:` reads those",
        (Source::Dir(_), Bundle::Archive(_)) => "it is a file and no directory",
        (Source::DockerArchive(_), Bundle::Directory(_)) => "it is a directory and no archive",
        _ => return Ok(()),
    };
    Err(Error::NoImages { path: bundle.path().to_owned(), reason: reason.to_owned() })
}
