//! What was made of an image shows others the same as the image does, devices, capabilities and hard links included.

use std::process::Command;

use serde_json::{Value, json};

use super::samples::{LOOK, Samples};
use crate::support::registry::{find, output};
use crate::support::{Docker, is_root, leave_to_root};

/// What is made of the image of four layers, and how many layers it has then. Nothing of it changes what is seen of
/// `/srv`.
const MADE: [(&str, &str, usize); 6] = [
    ("squash", "squash(i, 1..4)", 2),
    ("lower", "squash(i, 0..=2)", 2),
    ("flat", "flatten(i)", 1),
    ("slim", "slim(i, \"waste\")", 4),
    ("less", "without(i, [\"/bin/../bin/rm*\", \"/srv/none\"], #{ force: true })", 4),
    ("env", "with_env(with_entrypoint(i, []), \"X\", \"y\")", 4),
];

/// The samples with everything made of them, each under a name of its own.
fn samples() -> Option<Samples> {
    if !is_root() {
        leave_to_root("images with devices and owners are made as root");
        return None;
    }
    let samples = Samples::new()?;
    let mut script = "let i = image(\"team/rich:v1\"); let all = [];".to_owned();
    for (name, code, _) in MADE {
        script += &format!("all.push({code}.tag(\"plywood-test/fix-{name}:v1\").diff_ids.len());");
    }
    let counts = samples.plywood.json(&format!("{script} all"));
    assert_eq!(counts, json!(MADE.map(|(_, _, count)| count)));
    Some(samples)
}

#[test]
fn what_was_made_shows_the_same() {
    let Some(samples) = samples() else { return };
    // How many names an inode has is the store's affair: layers share them.
    let look = LOOK.replace(" %h", "");
    let seen = |image: &str| {
        let run = format!(
            "run(image(\"{image}\"), [\"-c\", `{look}`], #{{ entrypoint: [\"/bin/sh\"], network: \"none\", rm: true }}).stdout"
        );
        samples.plywood.json(&run).as_str().unwrap().to_owned()
    };
    let before = seen("team/rich:v1");
    assert!(
        before.contains("security.capability=0x01") && before.contains("character special file"),
        "{before}"
    );
    for (name, _, _) in MADE {
        let after = seen(&format!("plywood-test/fix-{name}:v1"));
        assert_eq!(after.lines().collect::<Vec<_>>(), before.lines().collect::<Vec<_>>(), "{name}");
    }
    // What other names an inode has is seen in the layers.
    let links = samples.plywood.json(
        r#"layers(image("plywood-test/fix-flat:v1"))[0].files.filter(|f| f.type == "hardlink").map(|f| [f.path, f.link])"#,
    );
    assert_eq!(links, json!([["/srv/keep/h3", "/srv/keep/h1"], ["/srv/twice", "/srv/owned"]]));
    samples.plywood.assert_clean();
}

#[test]
fn skopeo_and_docker_take_what_was_made() {
    let (Some(samples), Some(skopeo)) = (samples(), find("skopeo")) else { return };
    let docker = Docker::find();
    let shown = |name: &str| {
        let docker = docker?;
        let file = samples.at("fixed.tar");
        let save = format!("save(image(\"{name}\"), `docker-archive:{}:{name}`)", file.display());
        samples.plywood.eval(&save).assert_ok();
        docker.run(&["load", "-i", &file.display().to_string()]);
        let run = ["run", "--rm", "--network=none", "--entrypoint=/bin/sh", name, "-c", LOOK];
        let shown = docker.run(&run);
        docker.run(&["rmi", name]);
        Some(shown)
    };
    samples.plywood.eval(r#"tag(image("team/rich:v1"), "plywood-test/fix-none:v1")"#).assert_ok();
    let before = shown("plywood-test/fix-none:v1");
    for (name, _, count) in MADE {
        let image = format!("plywood-test/fix-{name}:v1");
        let layout = samples.at(&format!("layout-{name}"));
        let facts = samples.plywood.json(&format!(
            "let i = image(\"{image}\"); save(i, `oci:{}:v1`); [i.id, i.diff_ids, history(i).map(|h| h.empty_layer)]",
            layout.display()
        ));
        let source = format!("oci:{}:v1", layout.display());
        let told: Value =
            serde_json::from_str(&output(Command::new(&skopeo).args(["inspect", &source]))).unwrap();
        assert_eq!(told["Layers"].as_array().unwrap().len(), count, "{name}");
        let config: Value =
            serde_json::from_str(&output(Command::new(&skopeo).args(["inspect", "--config", &source])))
                .unwrap();
        assert_eq!(config["rootfs"]["diff_ids"], facts[1], "{name}");
        // Steps and layers are counted alike.
        let steps = facts[2].as_array().unwrap().iter().filter(|empty| **empty == false).count();
        assert_eq!(steps, count, "{name}: {config}");
        if let (Some(before), Some(after)) = (&before, shown(&image)) {
            assert_eq!(after.lines().collect::<Vec<_>>(), before.lines().collect::<Vec<_>>(), "{name}");
        }
    }
}
