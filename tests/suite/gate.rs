//! The gate: `plywood check` and the verb, on images as people make them.

use std::fs;

use serde_json::Value;

use crate::support::{Outcome, Plywood};

/// An image whose second layer hides what the first brought, with a log, a set-id program and a package.
fn image(plywood: &Plywood) {
    plywood
        .eval(
            r#"let one = run(base(), "mkdir -p /srv /var/log /var/lib/dpkg; head -c 300000 /dev/zero >/srv/big; echo hi >/srv/small").commit("app:1");
               run(one, "rm /srv/big; echo log >/var/log/app.log; cp /bin/sh /srv/mine; chmod 4755 /srv/mine; printf 'Package: gcc\nStatus: install ok installed\nVersion: 12.2\nArchitecture: amd64\n\n' >/var/lib/dpkg/status").commit("app:2");"#,
        )
        .assert_ok();
}

fn check(plywood: &Plywood, folder: &std::path::Path, words: &[&str]) -> Outcome {
    let mut command = plywood.command();
    command.current_dir(folder).arg("check").args(words);
    Outcome::of(&mut command)
}

fn findings(outcome: &Outcome) -> Vec<(String, bool)> {
    let verdict: Value =
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"));
    let finding = |it: &Value| (it["rule"].as_str().unwrap().to_owned(), it["ok"] == true);
    verdict["findings"].as_array().unwrap().iter().map(finding).collect()
}

#[test]
fn the_file_of_dive_is_found_and_decides() {
    let (plywood, folder) = (Plywood::new(), tempfile::tempdir().unwrap());
    image(&plywood);
    // Without a file dive's own limits hold: a tenth of one's own bytes may be wasted.
    let plain = check(&plywood, folder.path(), &["app:2"]);
    assert_eq!(plain.code, 1, "{plain:?}");
    assert!(plain.stdout.contains("/srv/big in layer 1: 300000 bytes, removed by layer 2"), "{plain:?}");
    assert_eq!(check(&plywood, folder.path(), &["app:1"]).code, 0);

    fs::write(
        folder.path().join(".dive-ci"),
        "rules:\n  lowestEfficiency: 0.1\n  highestWastedBytes: 300kB\n  highestUserWastedPercent: disabled\n",
    )
    .unwrap();
    // Equality passes.
    let allowed = check(&plywood, folder.path(), &["app:2", "--json"]);
    assert_eq!(allowed.code, 0, "{allowed:?}");
    let passed = |rule: &str, ok| (rule.to_owned(), ok);
    assert_eq!(findings(&allowed), [passed("lowestEfficiency", true), passed("highestWastedBytes", true)]);

    let strict = folder.path().join("strict.yaml");
    fs::write(&strict, "rules:\n  highestWastedBytes: 299999\n").unwrap();
    let report = folder.path().join("report.xml");
    let words =
        ["app:2", "--json", "--config", strict.to_str().unwrap(), "--junit", report.to_str().unwrap()];
    let refused = check(&plywood, folder.path(), &words);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(findings(&refused).contains(&passed("highestWastedBytes", false)));
    let xml = fs::read_to_string(report).unwrap();
    assert!(xml.contains("tests=\"3\"") && xml.contains("300000 instead of 299999"), "{xml}");
    assert!(xml.contains("/srv/big (layer 1): removed by layer 2"), "{xml}");
    plywood.assert_clean();
}

#[test]
fn paths_packages_bits_junk_growth_and_a_base() {
    let (plywood, folder) = (Plywood::new(), tempfile::tempdir().unwrap());
    image(&plywood);
    let rules = folder.path().join("rules.yaml");
    fs::write(
        &rules,
        "base: app:1\nignore: [/var/lib]\nrules:\n  highestGrowth: 1kB\n  highestJunkBytes: 3\n  forbiddenPaths: [\"/srv/m*\"]\n  forbiddenPackages: [\"gc?\"]\n  allowedSetId: []\n",
    )
    .unwrap();
    let words = ["app:2", "--json", "-c", rules.to_str().unwrap()];
    let outcome = check(&plywood, folder.path(), &words);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    let wanted = [
        ("lowestEfficiency", true),
        ("highestUserWastedPercent", true),
        ("highestGrowth", false),
        ("highestJunkBytes", false),
        ("forbiddenPaths", false),
        ("forbiddenPackages", false),
        ("allowedSetId", false),
    ];
    assert_eq!(findings(&outcome), wanted.map(|(rule, ok)| (rule.to_owned(), ok)));
    let verdict: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let first = |rule: usize| verdict["findings"][rule]["items"][0]["name"].as_str().unwrap();
    assert_eq!(
        [first(3), first(4), first(5), first(6)],
        ["/var/log/app.log", "/srv/mine", "gcc 12.2", "/srv/mine"]
    );
    let made = verdict["findings"][4]["items"][0]["created_by"].as_str().unwrap();
    assert!(made.contains("chmod 4755"), "{made}");

    // The verb on a container: its own layer is one more; what is asked for in options wins.
    let verb = plywood.eval(
        r#"let c = run("app:2", "rm /srv/mine");
           let v = check(c, #{ set_id: [], waste: "1GB", base: "app:2" });
           print([v.ok, v.findings.map(|f| f.rule).filter(|r| r == "allowedSetId").len()]);"#,
    );
    assert_eq!(verb.stdout.trim(), "[true, 1]", "{verb:?}");
    // In place, nothing is stored.
    let archive = folder.path().join("app.tar");
    plywood.eval(&format!("save(\"app:2\", `{}`)", archive.display())).assert_ok();
    let other = Plywood::new();
    let place = format!("docker-archive:{}", archive.display());
    let there = check(&other, folder.path(), &[&place, "--json"]);
    assert_eq!(there.code, 1, "{there:?}");
    assert_eq!(other.eval("print(images().len())").stdout.trim(), "0");
}

#[test]
fn slips_are_told() {
    let (plywood, folder) = (Plywood::new(), tempfile::tempdir().unwrap());
    plywood.eval("base()").assert_ok();
    let rules = folder.path().join("rules.yaml");
    fs::write(&rules, "rules:\n  lowestEficiency: 0.5\n").unwrap();
    let slip = check(&plywood, folder.path(), &["plywood/base", "-c", rules.to_str().unwrap()]);
    assert!(slip.code == 1 && slip.stderr.contains("there is no rule `lowestEficiency`"), "{slip:?}");
    let missing = check(&plywood, folder.path(), &["plywood/base", "-c", "no-such-file"]);
    assert!(missing.code != 0 && missing.stderr.contains("no-such-file"), "{missing:?}");
    let unknown = plywood.eval("check(base(), #{ wastes: 5 })");
    assert!(unknown.stderr.contains("did you mean `waste`"), "{unknown:?}");
}
