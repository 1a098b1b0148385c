//! A symbolic link, and then something that is written or changed through it.

use super::case::{Case, Scene, Threat};
use super::listing::directories;
use super::tars::Tar;

fn case(name: &'static str, make: impl Fn(&Scene) -> Tar + Send + Sync + 'static) -> Case {
    Case::tar(Threat::Links, name, move |scene| make(scene).end())
}

/// The directories that lead to the canary's path inside a layer, and these lines.
fn inside(scene: &Scene, lines: &[String]) -> Vec<String> {
    [directories(scene.canary()).as_slice(), lines].concat()
}

pub fn cases() -> Vec<Case> {
    vec![
        case("written through an absolute link", |scene| {
            Tar::new().symlink("x", scene.canary()).file("x/victim", b"evil")
        })
        .holds_there(|scene| {
            let canary = scene.canary();
            inside(scene, &[format!("symlink /x -> {canary}"), format!("file {canary}/victim 4B")])
        }),
    ]
}
