#![allow(clippy::unwrap_used)]
use super::*;
use crate::inspect::model::Entries;
use crate::layer::Entry;

fn file(path: &str, size: u64, mode: u32) -> Entry {
    let mut entry = Entry::new(path.as_bytes().to_vec(), Kind::File);
    (entry.size, entry.mode) = (size, mode);
    entry
}

fn whiteout(path: &str) -> Entry {
    Entry::new(path.as_bytes().to_vec(), Kind::Whiteout)
}

/// A base of 100 bytes, a layer with 60 of which 40 are hidden by the next, which has 20 of junk.
fn model() -> Model {
    let layers = [
        vec![file("bin/su", 100, 0o4755)],
        vec![file("srv/big", 40, 0o644), file("srv/small", 20, 0o644)],
        vec![whiteout("srv/big"), file("usr/bin/mine", 5, 0o2755), file("var/log/app.log", 20, 0o644)],
    ];
    Model::new(layers.into_iter().map(|layer| Entries::List(layer.into())).collect(), |_, _, _| None)
}

fn judged(base: usize, rules: &Rules) -> Vec<Finding> {
    judge(&model(), base, rules, || {
        vec![("gcc".to_owned(), "12".to_owned()), ("libc-dev".to_owned(), "2".to_owned())]
    })
    .unwrap()
}

fn names(finding: &Finding) -> Vec<String> {
    finding.items.iter().map(|item| String::from_utf8_lossy(&item.name).into_owned()).collect()
}

#[test]
fn dives_rules_and_equality_passes() {
    let rules = |efficiency, bytes, percent| Rules {
        lowest_efficiency: Some(efficiency),
        highest_wasted_bytes: Some(bytes),
        highest_user_wasted_percent: Some(percent),
        ..Rules::none()
    };
    let exact = judged(0, &rules(145.0 / 185.0, 40, 40.0 / 85.0));
    assert!(exact.iter().all(|finding| finding.ok), "{exact:?}");
    let strict = judged(0, &rules(0.79, 39, 0.47));
    assert!(strict.iter().all(|finding| !finding.ok), "{strict:?}");
    assert_eq!(names(&strict[0]), ["srv/big"]);
    assert_eq!((strict[0].items[0].layer, strict[0].items[0].why.as_str()), (Some(1), "removed by layer 2"));
}

#[test]
fn the_base_and_what_is_ignored_count_for_nothing() {
    let rules = Rules { highest_growth: Some(85), ..Rules::default() };
    let above = judged(1, &rules);
    assert_eq!(above[0].value, Measure::Share(45.0 / 85.0));
    assert_eq!(above[1].value, Measure::Share(40.0 / 85.0));
    assert!(above[2].ok && above[2].value == Measure::Bytes(85));
    let ignoring = Rules { ignore: vec!["/srv/big".to_owned()], ..Rules::default() };
    assert!(judged(0, &ignoring).iter().all(|finding| finding.ok));
    // Nothing of one's own: nothing is wasted.
    assert!(judged(3, &Rules::default()).iter().all(|finding| finding.ok));
}

#[test]
fn paths_packages_set_id_and_junk() {
    let rules = Rules {
        highest_junk_bytes: Some(19),
        forbidden_paths: vec!["srv".to_owned()],
        forbidden_packages: vec!["*-dev".to_owned()],
        allowed_set_id: Some(vec!["/bin/su".to_owned()]),
        ..Rules::none()
    };
    let found = judged(0, &rules);
    let named: Vec<_> = found.iter().map(|finding| (finding.rule, finding.ok, names(finding))).collect();
    let wanted = [
        ("highestJunkBytes", "var/log/app.log"),
        ("forbiddenPaths", "srv"),
        ("forbiddenPackages", "libc-dev 2"),
        ("allowedSetId", "usr/bin/mine"),
    ];
    for ((rule, ok, names), (wanted, name)) in named.iter().zip(wanted) {
        assert_eq!((*rule, *ok), (wanted, false));
        assert!(names.iter().any(|it| it == name), "{rule}: {names:?}");
    }
    let everything = Rules { allowed_set_id: Some(Vec::new()), ..Rules::none() };
    assert_eq!(names(&judged(0, &everything)[0]), ["bin/su", "usr/bin/mine"]);
    assert_eq!(names(&judged(1, &everything)[0]), ["usr/bin/mine"]);
}
