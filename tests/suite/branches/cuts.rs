//! Every mutation, cut into pieces by snapshots, commits, branches and rollbacks: the answers stay the same.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::mutations::{LIST, MUTATIONS, assert_same_tree, docker_diff, plywood_diff, quoted};
use crate::support::{Debian, Docker, Plywood, count, debian};

/// What comes between two pieces. `cut` gives the container to go on with.
const CUT: &str = r#"
fn leave(c) {
    for s in snapshots(c) { rm(s); }
    rm(c);
}
fn cut(c, how) {
    if how == 0 {
        snapshot(c);
    } else if how == 1 {
        commit(c, "");
    } else if how == 2 {
        let b = branch(c);
        let again = branch(b);
        leave(c);
        leave(b);
        c = again;
    } else if how == 3 {
        let s = snapshot(c);
        let b = branch(s);
        leave(c);
        c = b;
    } else {
        let s = snapshot(c);
        c.run("rm -rf /srv /etc/issue /usr/share/doc; mkdir /srv; echo x > /srv/a; mv /etc/profile /p; chmod 700 /usr",
            #{ network: "none", check: false });
        c = rollback(c, s);
    }
    c
}
"#;

const WAYS: usize = 5;

/// The pieces of a script: at its semicolons, where the pieces do not depend on one another's shell.
fn pieces(script: &str) -> Vec<String> {
    let needs_one_shell =
        ["while ", "for ", "exec ", "$d", "$n", "$("].iter().any(|word| script.contains(word));
    if needs_one_shell {
        return vec![script.to_owned()];
    }
    let (mut pieces, mut piece, mut quote) = (Vec::new(), String::new(), None);
    for character in script.chars() {
        match (character, quote) {
            ('\'' | '"', None) => quote = Some(character),
            (end, Some(begun)) if end == begun => quote = None,
            (';', None) => {
                pieces.push(std::mem::take(&mut piece));
                continue;
            }
            _ => {}
        }
        piece.push(character);
    }
    pieces.push(piece);
    pieces.into_iter().map(|piece| piece.trim().to_owned()).filter(|piece| !piece.is_empty()).collect()
}

/// What a container ended as.
struct Outcome {
    diff: Value,
    layers: u64,
    /// The last layer's entries, without the times.
    files: Value,
    /// Everything that the image shows, where that was asked for.
    tree: String,
}

/// Runs `pieces` one after another, with `ways` between, before and after them, and commits.
fn perform(plywood: &Plywood, name: &str, pieces: &[String], ways: &[usize], whole_tree: bool) -> Outcome {
    let run = |piece: &str| format!("c.run({}, #{{ network: \"none\", check: false }});\n", quoted(piece));
    let mut script = String::from(CUT);
    script.push_str("let c = run(`debian:test`, [\"true\"], #{ network: \"none\" });\n");
    // One to five cuts: between the pieces, or around the only one.
    let between = pieces.len() > 1;
    let mut ways = ways.iter();
    let mut cut = |script: &mut String| {
        if let Some(way) = ways.next() {
            script.push_str(&format!("c = cut(c, {way});\n"));
        }
    };
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 || !between {
            cut(&mut script);
        }
        script.push_str(&run(piece));
    }
    cut(&mut script);
    script.push_str(&format!(
        "let d = diff(c); let i = commit(c, `{name}`); let l = layers(i); let t = \"\";
         if {whole_tree} {{
             t = run(i, [\"perl\", \"-e\", {}], #{{ network: \"none\", rm: true, env: #{{ XATTRS: \"\" }} }}).stdout;
         }}
         let f = l[l.len() - 1].files.map(|f| [f.path, f.type, f.mode, f.uid, f.gid, f.size, f.link]);
         if l.len() == 1 {{ f = []; }}
         leave(c); rm(`{name}`); #{{ diff: d, layers: l.len(), files: f, tree: t }}",
        quoted(LIST)
    ));
    let value = plywood.json(&script);
    Outcome {
        diff: value["diff"].clone(),
        layers: value["layers"].as_u64().unwrap(),
        files: value["files"].clone(),
        tree: timeless(value["tree"].as_str().unwrap()),
    }
}

/// A listing in which times of this day are all alike: two runs cannot be at one time.
fn timeless(listing: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let line = |line: &str| {
        let mut fields: Vec<&str> = line.split('|').collect();
        let time = fields.get(4).and_then(|time| time.parse::<u64>().ok()).unwrap_or(0);
        if time > now - 86_400 && time < now + 86_400 {
            fields[4] = "now";
        }
        fields.join("|")
    };
    listing.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Pieces by their name.
type Chosen<'a> = [(&'a str, Vec<String>)];

fn compare(plywood: &Plywood, docker: Option<&Docker>, chosen: &Chosen<'_>, first: usize, prefix: &str) {
    for (index, (name, pieces)) in chosen.iter().enumerate() {
        let seed = first + index;
        let image = format!("{prefix}:{seed}");
        // Reading everything that Debian has takes most of the time.
        let whole_tree = seed.is_multiple_of(count(6, 1));
        let whole = perform(plywood, &image, &[pieces.join("; ")], &[], whole_tree);
        if let Some(docker) = docker {
            let script = pieces.join("; ");
            let container = docker.run(&["create", "--network", "none", "debian:test", "sh", "-c", &script]);
            docker.run(&["start", "-a", &container]);
            assert_eq!(plywood_diff(&whole.diff), docker_diff(docker, &container), "{name}, not cut");
            docker.run(&["rm", &container]);
        }
        for round in 0..count(1, WAYS) {
            let ways: Vec<usize> = (0..5).map(|cut| (seed + round + cut) % WAYS).collect();
            let cut = perform(plywood, &image, pieces, &ways, whole_tree);
            let place = format!("{name}, cut by {ways:?}");
            assert_eq!(plywood_diff(&cut.diff), plywood_diff(&whole.diff), "{place}");
            assert_eq!(cut.layers, whole.layers, "{place}");
            assert_eq!(cut.files, whole.files, "{place}");
            if whole_tree {
                assert_same_tree(&place, &cut.tree, &whole.tree);
            }
        }
    }
}

fn compare_all(debian: &Debian, chosen: &Chosen<'_>, prefix: &str) {
    let docker = if count(0, 1) == 1 { debian.docker() } else { None };
    let (one, other) = chosen.split_at(chosen.len() / 2);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| compare(&debian.plywood(), docker, other, one.len(), prefix));
        compare(&debian.plywood(), docker, one, 0, prefix);
        second.join().unwrap();
    });
}

#[test]
fn a_mutation_in_pieces_is_the_same_mutation() {
    let Some(debian) = debian() else { return };
    let chosen: Vec<(&str, Vec<String>)> =
        MUTATIONS.iter().map(|(name, script)| (*name, pieces(script))).collect();
    // Those of one piece are cut too, by the other test.
    let chosen: Vec<_> = chosen.into_iter().filter(|(_, pieces)| pieces.len() > count(1, 0)).collect();
    assert!(chosen.len() > 25);
    compare_all(debian, &chosen, "cut");
}

/// Several mutations in one container, each a piece of its own.
#[test]
fn mutations_upon_one_another_are_the_same_in_pieces() {
    let Some(debian) = debian() else { return };
    let chosen: Vec<(&str, Vec<String>)> = MUTATIONS
        .chunks(5)
        .map(|group| {
            let pieces = group.iter().map(|(_, script)| format!("( {script} ) 2>/dev/null")).collect();
            (group[0].0, pieces)
        })
        .collect();

    compare_all(debian, &chosen, "chain");
}
