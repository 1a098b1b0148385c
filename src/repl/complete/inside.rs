//! Paths inside an image or container.

use super::candidate::Completion;
use super::typed::Typed;
use super::world::Thing;

/// Paths inside a thing, from a character of the text on; what does not begin with a slash begins at `workdir`.
pub fn inner(
    typed: &Typed<'_>,
    thing: Option<&Thing>,
    from: usize,
    workdir: &str,
    only_folders: bool,
) -> Completion {
    let Some(thing) = thing else { return Completion::none(typed.start) };
    let given = typed.said.from(from);
    let (folder, name) = given.split_at(given.rfind('/').map_or(0, |at| at + 1));
    let start = typed.said.place(from + folder.chars().count());
    let whole = within(workdir, folder);
    let files = typed.world.inside(thing, &whole, name);
    let candidates = files
        .iter()
        // What begins with a dot is offered to those who type one.
        .filter(|file| {
            (file.is_dir || !only_folders) && (name.starts_with('.') || !file.name.starts_with('.'))
        })
        .map(|file| match file.is_dir {
            true => typed.part(&format!("{}/", file.name)),
            false => typed.part(&file.name),
        })
        .collect();
    Completion { start, candidates }
}

/// `folder` as seen from `workdir`.
pub fn within(workdir: &str, folder: &str) -> String {
    let folder = folder.trim_start_matches("./");
    if folder.starts_with('/') {
        folder.to_owned()
    } else {
        format!("{}/{folder}", workdir.trim_end_matches('/'))
    }
}
