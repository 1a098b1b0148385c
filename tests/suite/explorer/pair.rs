//! Two images beside each other.

use super::window::{Window, archive, other_archive};
use crate::support::Plywood;

const SIZES: [(u16, u16); 2] = [(80, 24), (200, 50)];

fn everywhere(story: impl Fn(&mut Window)) {
    let folder = tempfile::tempdir().unwrap();
    let images = [archive(folder.path()), other_archive(folder.path())];
    let plywood = Plywood::new();
    for size in SIZES {
        let mut window = Window::explore_both(&plywood, [&images[0], &images[1]], size);
        window.sees("Two Images").sees("▸B ").sees("─passwd");
        story(&mut window);
    }
    plywood.assert_clean();
}

#[test]
fn both_are_summed_up_and_in_step() {
    everywhere(|window| {
        window.sees("demo:1").sees("demo:2").sees("+2 added  ~2 modified  -2 removed  1 the same");
        window.sees_line(&["Size", "62.0 kB in 5 files", "50.7 kB in 5 files"]).sees("c lists them");
        window.sees_line(&["Layers", "3", "1"]).sees("/etc: differs inside");
        window.keys("]").is_at("─passwd").sees("/etc/passwd: other mtime, content");
        window.keys("]").sees("/opt: only in A");
        window.keys("]").is_at("srv/").sees("/srv: only in B");
        window.keys("]").is_at("─tool").sees("/usr/bin/tool: other size, content");
        window.keys("]").sees("/usr/bin/wget: only in A");
        window
            .keys("]")
            .is_at("─passwd")
            .sees("again from the top")
            .keys("[")
            .sees("/usr/bin/wget: only in A");
        window.keys("g=").misses("─evil").sees("no unmodified").keys("=").sees("─evil");
        window.keys("c").sees("What Else Differs").sees_line(&["config", "Cmd", "sh", "wget"]).keys("c");
        window.keys("/passwd\r").keys("\r").sees("difference from A").sees("-root:x:0").sees("+root:x:1");
        window.keys("[").sees("A demo:1 · text").keys("q").sees("/etc/passwd: other");
        window.keys("w").sees("waste is an image's own").keys("q").ends_well();
    });
}

#[test]
fn at_80_columns_one_tree_has_both_sizes_and_at_200_there_are_two() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (archive(folder.path()), other_archive(folder.path()));
    let plywood = Plywood::new();
    let mut window = Window::explore_both(&plywood, [&one, &other], (80, 24));
    window.sees("Size A   Size B").keys("/tool\r").sees_line(&["50.0 kB  49.0 kB", "─tool"]);
    // Pulled wider while it is open, the trees part.
    window.resize((200, 50));
    window.sees_line(&["Filetree of A", "Filetree of B"]).misses("Size A   Size B");
    window
        .sees_line(&["50.0 kB", "49.0 kB", "-rw-r--r--", "─tool"])
        .sees("─wget")
        .sees("Size  Filetree of B");
    let line = window.screen().lines().find(|line| line.contains("─tool")).unwrap().to_owned();
    assert_eq!(line.matches("─tool").count(), 2, "{line}");
    assert!(line.contains("50.0 kB") && line.contains("49.0 kB") && line.contains("-rw-r--r--"), "{line}");
    let line = window.screen().lines().find(|line| line.contains("─wget")).unwrap().to_owned();
    assert_eq!(line.matches("─wget").count(), 1, "{line}");
    // A click says which of them has the keys.
    let row = window.screen().lines().position(|line| line.contains("─tool")).unwrap() + 1;
    window.keys(&format!("\x1b[<0;20;{row}M\x1b[<0;20;{row}m")).sees("▸A ").sees("Files at A");
    window.keys("\t").sees("▸B ").keys("q").ends_well();
}

#[test]
fn marks_are_of_the_side_that_has_the_keys() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (archive(folder.path()), other_archive(folder.path()));
    let plywood = Plywood::new();
    let mut command = plywood.command();
    let code = format!("explore(image(`{one}`), `{other}`).map(|f| `${{f.path}} ${{f.size}}`)");
    command.args(["-e", &code]);
    let mut window = Window::open(command, (80, 24));
    window.sees("▸B ").sees("─passwd").keys("/tool\r").is_at("─tool").keys("m").sees("1 marked");
    window.keys("\t").sees("▸A ").keys("/two\r").is_at("─two").keys("m").sees("2 marked");
    window.keys("/tool\r").is_at("─tool").keys("m").sees("3 marked");
    let target = folder.path().join("out");
    window.keys("\x05").sees("Extract into folder: ").keys("\x15").keys(target.to_str().unwrap()).keys("\r");
    window.sees("File exists").keys("q");
    window.sees("/srv/two 2").sees("/usr/bin/tool 50000").sees("/usr/bin/tool 49000").ends_well();
}

#[test]
fn a_container_is_compared_with_its_image() {
    if !crate::terminal::screen::engine() {
        return;
    }
    let plywood = Plywood::new();
    plywood.eval("run(base(), \"echo hello > /greeting; rm /etc/group\").name").assert_ok();
    let mut command = plywood.command();
    command.args(["-e", "explore(base(), last()).map(\"path\")"]);
    let mut window = Window::open(command, (200, 50));
    window.sees("+1 added").sees("-1 removed").keys("/greeting\r").sees("/greeting: only in B").keys("m");
    window.keys("/group$\r").sees("/etc/group: only in A").keys("\r").sees(" · text").keys("qq");
    window.sees("[\"/greeting\"]").ends_well();
    plywood.assert_clean();
}

#[test]
fn without_a_terminal_it_names_the_other_way() {
    let plywood = Plywood::new();
    let error = plywood.error("explore(\"demo:1\", \"demo:2\")");
    assert_eq!(error["kind"], "unsupported");
    assert!(error["hint"].as_str().unwrap().contains("diff(a, b)"), "{error}");
    assert_eq!(plywood.args(["explore", "demo:1", "demo:2"]).code, 1);
}

#[test]
fn one_that_is_not_there_is_told_on_the_usual_screen() {
    let folder = tempfile::tempdir().unwrap();
    let image = archive(folder.path());
    let plywood = Plywood::new();
    let mut window = Window::explore_both(&plywood, [&image, "docker-archive:/nowhere.tar"], (80, 24));
    window.end();
    assert!(!window.is_full_screen());
    window.sees("/nowhere.tar");
}
