//! The lessons and experiments under `scripts/` run, and a broken one says where.

use crate::support::{Outcome, Plywood, debian, project};

#[test]
fn lesson_01_runs_to_its_end() {
    let plywood = Plywood::new();
    let outcome = plywood.args([project().join("scripts/01-from-container-to-image.rhai")]);
    outcome.assert_ok();
    assert!(outcome.stdout.contains("A /usr"), "no diff:\n{}", outcome.stdout);
    plywood.assert_clean();
}

#[test]
fn a_broken_check_names_its_step() {
    let plywood = Plywood::new();
    let script = r#"
        import "std/lesson" as lesson;
        lesson::play(#{
            title: "Broken",
            steps: [
                #{ title: "First step", text: "fine", run: || 1, check: || true },
                #{ title: "The broken step", text: "not fine", run: || 2, check: || false, message: "this cannot pass" },
                #{ title: "Never reached", run: || print("reached"), check: || true },
            ],
        });
    "#;
    let outcome = plywood.eval(script);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(!outcome.stdout.contains("reached"), "{}", outcome.stdout);
    assert!(
        outcome.stderr.contains("The broken step") && outcome.stderr.contains("this cannot pass"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn an_experiment_runs_its_set_up_once() {
    let plywood = Plywood::new();
    let script = r#"
        import "std/experiment" as experiment;
        let rows = experiment::compare(#{
            setup: || run(base(), "date +%N > /stamp", #{ network: "none" }),
            matrix: #{ size: [1, 2, 3], file: ["a", "b"] },
            cell: |image, p| run(image, `head -c ${p.size}000 /dev/zero > /${p.file}; cat /stamp`, #{ network: "none" }),
            measure: |c, p| #{ stamp: c.stdout, changes: diff(c).len(), bytes: diff(c)[0].size },
        });
        rows"#;
    let rows = plywood.json(script);
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 6);
    let stamps: std::collections::BTreeSet<String> =
        rows.iter().map(|row| row["stamp"].to_string()).collect();
    assert_eq!(stamps.len(), 1, "the set-up ran more than once: {stamps:?}");
    assert!(rows.iter().all(|row| row["bytes"] == row["size"].as_i64().unwrap() * 1000));
    plywood.assert_clean();
}

#[test]
fn the_package_cache_experiment_runs() {
    let plywood = Plywood::new();
    plywood.args([project().join("scripts/experiments/package-cache.rhai")]).assert_ok();
    plywood.assert_clean();
}

#[test]
fn lesson_01_runs_with_a_real_package_manager() {
    let Some(debian) = debian() else { return };
    let plywood = debian.plywood();
    let outcome = Outcome::of(
        plywood
            .command()
            .arg(project().join("scripts/01-from-container-to-image.rhai"))
            .args(["--image", "debian:test"]),
    );
    outcome.assert_ok();
}
