//! Every mutation, cut into pieces by snapshots, commits, branches and rollbacks: still Docker's diff, tree and layers.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::mutations::{
    Diff, MUTATIONS, assert_same_tree, docker_diff, dockers_diffs, listed_by_docker_with, listed_with, only,
    plywood_diff, possible, quoted,
};
use crate::support::{Debian, Docker, Plywood, count, debian};

/// What comes between two pieces. `cut` gives the container to go on with; `variables` the beginning of the next
/// piece's script, so that it goes on in what looks like the same shell.
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
fn variables(c) {
    let at = c.stdout.index_of("variables: ");
    if at < 0 { "" } else { c.stdout.sub_string(at + 11) }
}
"#;

/// Snapshot, commit, branch of branch, branch of a snapshot, rollback.
const WAYS: usize = 5;

/// The most cuts in one run.
const MOST: usize = 5;

/// The statements of a script: at semicolons that are neither quoted nor within a loop.
fn pieces(script: &str) -> Vec<String> {
    let (mut pieces, mut piece, mut word, mut quote, mut loops) =
        (Vec::new(), String::new(), String::new(), None, 0);
    for character in script.chars() {
        if !character.is_alphanumeric() {
            loops += usize::from(matches!(&*word, "for" | "while"));
            loops -= usize::from(word == "done");
            word.clear();
        } else if quote.is_none() {
            word.push(character);
        }
        match (character, quote) {
            ('\'' | '"', None) => quote = Some(character),
            (end, Some(begun)) if end == begun => quote = None,
            (';', None) if loops == 0 => {
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

/// One cut: before which piece, and how.
type Cut = (usize, usize);

/// So many cuts, between the pieces first, then at the ends, then twice at the same point.
fn cuts(pieces: usize, number: usize, seed: usize) -> Vec<Cut> {
    let between: Vec<usize> = (1..pieces).collect();
    let mut points: Vec<usize> = (0..between.len()).map(|at| between[(at + seed) % between.len()]).collect();
    points.extend([pieces, 0]);
    let mut cuts: Vec<Cut> =
        (0..number).map(|cut| (points[cut % points.len()], (seed * 3 + cut) % WAYS)).collect();
    cuts.sort_by_key(|(point, _)| *point);
    cuts
}

/// What a container ended as.
struct Outcome {
    diff: Diff,
    layers: u64,
    /// The last layer's entries, without the times.
    files: Value,
}

/// Runs `pieces` one after another, with `cuts` between, before and after them, and commits as `image`.
fn perform(plywood: &Plywood, image: &str, pieces: &[String], cuts: &[Cut]) -> Outcome {
    let mut script = String::from(CUT);
    script.push_str("let c = run(`debian:test`, [\"true\"], #{ network: \"none\" }); let before = \"\";\n");
    let cut_at = |point: usize| -> String {
        let here = cuts.iter().filter(|(at, _)| *at == point);
        here.map(|(_, way)| format!("c = cut(c, {way});\n")).collect()
    };
    for (index, piece) in pieces.iter().enumerate() {
        script.push_str(&cut_at(index));
        let piece = quoted(&format!("{piece}; echo \"variables: d='$d' n='$n' i='$i';\""));
        script.push_str(&format!(
            "c = c.run(before + {piece}, #{{ network: \"none\", check: false }}); before = variables(c);\n"
        ));
    }
    script.push_str(&cut_at(pieces.len()));
    script.push_str(&format!(
        "let d = diff(c); let i = commit(c, `{image}`); let l = layers(i);
         let f = l[l.len() - 1].files.map(|f| [f.path, f.type, f.mode, f.uid, f.gid, f.size, f.link]);
         if l.len() == 1 {{ f = []; }}
         leave(c); #{{ diff: d, layers: l.len(), files: f }}"
    ));
    let value = plywood.json(&script);
    Outcome {
        diff: plywood_diff(&value["diff"]),
        layers: value["layers"].as_u64().unwrap(),
        files: value["files"].clone(),
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

/// A name and the pieces of a script.
type Script = (&'static str, Vec<String>);

/// What Docker makes of an uncut script.
struct Theirs {
    diff: Diff,
    layers: u64,
    tree: String,
}

impl Theirs {
    fn of(docker: &Docker, image: &str, script: &str, xattrs: bool) -> Self {
        let container = docker.run(&["create", "--network", "none", "debian:test", "sh", "-c", script]);
        docker.run(&["start", "-a", &container]);
        let diff = docker_diff(docker, &container);
        docker.run(&["commit", &container, image]);
        let layers = docker.run(&["image", "inspect", "-f", "{{len .RootFS.Layers}}", image]);
        let tree = listed_by_docker_with(docker, image, xattrs);
        docker.run(&["rm", &container]);
        docker.run(&["rmi", image]);
        Self { diff, layers: layers.parse().unwrap(), tree: timeless(&tree) }
    }
}

/// A run against what it must be.
struct Comparison<'a> {
    plywood: Plywood,
    docker: Option<&'a Docker>,
    prefix: &'a str,
}

impl Comparison<'_> {
    fn remove(&self, image: &str) {
        self.plywood.eval(&format!("rm(`{image}`)")).assert_ok();
    }

    /// The quick one: one run with cuts, against Docker's diff where there is one; each sixth against an uncut run, in
    /// all that there is.
    fn once(&self, index: usize, (name, pieces): &Script, theirs: Option<&Diff>) {
        let image = format!("{}:cut-{index}", self.prefix);
        let cuts = cuts(pieces.len(), 1 + index % MOST, index);
        let place = format!("{name}, cut at {cuts:?}");
        let cut = perform(&self.plywood, &image, pieces, &cuts);
        if let Some(theirs) = theirs {
            assert_same_diff(&place, &cut.diff, theirs);
        }
        // What a diff does not show can still be a layer, such as a file that was replaced by its like.
        if theirs.is_some_and(|theirs| !theirs.is_empty()) {
            assert_eq!(cut.layers, 2, "{place}");
        }
        if theirs.is_none_or(Diff::is_empty) || index.is_multiple_of(6) {
            let other = format!("{}:whole-{index}", self.prefix);
            let whole = perform(&self.plywood, &other, &[pieces.join("; ")], &[]);
            assert_same_diff(&place, &cut.diff, &whole.diff);
            assert_eq!(cut.layers, whole.layers, "{place}");
            assert_eq!(cut.files, whole.files, "{place}");
            // Reading everything that Debian has takes most of the time.
            if index.is_multiple_of(12) {
                let list = |image: &str| timeless(&listed_with(&self.plywood, image, false));
                assert_same_tree(&place, &list(&image), &list(&other));
            }
            self.remove(&other);
        }
        self.remove(&image);
    }

    /// The full one: one cut, two, and so on to five, each against what Docker made of the script; the last image
    /// also as Docker shows it once it is there.
    fn against_docker(&self, docker: &Docker, index: usize, (name, pieces): &Script) {
        let image = format!("{}:{index}", self.prefix);
        let xattrs = name.contains("xattr");
        let whole = perform(&self.plywood, &image, &[pieces.join("; ")], &[]);
        self.remove(&image);
        let theirs = Theirs::of(docker, &image, &pieces.join("; "), xattrs);
        assert_same_diff(name, &whole.diff, &theirs.diff);
        for number in 1..=MOST {
            let cuts = cuts(pieces.len(), number, index + number);
            let place = format!("{name}, cut at {cuts:?}");
            let cut = perform(&self.plywood, &image, pieces, &cuts);
            assert_same_diff(&place, &cut.diff, &theirs.diff);
            assert_eq!(cut.layers, theirs.layers, "{place}");
            assert_eq!(cut.files, whole.files, "{place}");
            let ours = listed_with(&self.plywood, &image, xattrs);
            assert_same_tree(&place, &timeless(&ours), &theirs.tree);
            if number == 1 + index % MOST {
                self.assert_same_there(docker, &place, &image, &ours, xattrs);
            }
            self.remove(&image);
        }
    }

    /// That `image` is listed by Docker as we list it, times included.
    fn assert_same_there(&self, docker: &Docker, place: &str, image: &str, ours: &str, xattrs: bool) {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("there.tar").display().to_string();
        self.plywood.eval(&format!("save(`{image}`, `docker-archive:{archive}`)")).assert_ok();
        docker.run(&["load", "-q", "-i", &archive]);
        assert_same_tree(place, ours, &listed_by_docker_with(docker, image, xattrs));
        docker.run(&["rmi", image]);
    }

    fn all(&self, scripts: &[Script], first: usize) {
        let full = count(0, 1) == 1;
        let quick = if full { None } else { self.docker.map(dockers_diffs) };
        for (index, script) in scripts.iter().enumerate().map(|(index, script)| (first + index, script)) {
            match self.docker.filter(|_| full) {
                Some(docker) => self.against_docker(docker, index, script),
                None => self.once(index, script, quick.and_then(|diffs| diffs.get(script.0))),
            }
        }
    }
}

#[track_caller]
fn assert_same_diff(place: &str, ours: &Diff, theirs: &Diff) {
    let (ours, theirs) = (only(ours, theirs), only(theirs, ours));
    assert!(ours.is_empty() && theirs.is_empty(), "{place}: only ours {ours:?}, only theirs {theirs:?}");
}

fn compare(debian: &Debian, docker: Option<&Docker>, scripts: &[Script], prefix: &str) {
    let half = |scripts: &[Script], first: usize| {
        Comparison { plywood: debian.plywood(), docker, prefix }.all(scripts, first);
    };
    let (one, other) = scripts.split_at(scripts.len() / 2);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| half(other, one.len()));
        half(one, 0);
        second.join().unwrap();
    });
}

#[test]
fn scripts_are_cut_at_their_statements() {
    assert_eq!(pieces("a 'x;y'; b \";\"; : > c"), ["a 'x;y'", "b \";\"", ": > c"]);
    assert_eq!(
        pieces("d=1; for i in 1; do d=2; done; c; donet"),
        ["d=1", "for i in 1; do d=2; done", "c", "donet"]
    );
    assert_eq!(cuts(1, 3, 0).iter().map(|cut| cut.0).collect::<Vec<_>>(), [0, 1, 1]);
    assert_eq!(cuts(4, 5, 1).iter().map(|cut| cut.0).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

#[test]
fn a_mutation_in_pieces_is_the_same_mutation() {
    let Some(debian) = debian() else { return };
    // Of all, whether this user can run them or not.
    assert!(MUTATIONS.iter().filter(|(_, script)| pieces(script).len() > 1).count() > 35);
    let scripts: Vec<Script> = possible().into_iter().map(|(name, script)| (name, pieces(script))).collect();
    compare(debian, debian.docker(), &scripts, "cut");
}

/// Several mutations in one container, each a piece of its own.
#[test]
fn mutations_upon_one_another_are_the_same_in_pieces() {
    let Some(debian) = debian() else { return };
    let scripts: Vec<Script> = MUTATIONS
        .chunks(5)
        .map(|group| {
            let pieces = group.iter().map(|(_, script)| format!("( {script} ) 2>/dev/null")).collect();
            ("several", pieces)
        })
        .collect();
    let docker = if count(0, 1) == 1 { debian.docker() } else { None };
    compare(debian, docker, &scripts, "chain");
}
