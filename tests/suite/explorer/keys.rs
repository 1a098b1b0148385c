//! Each key, and what the screen shows then.

use super::window::{Window, archive};
use crate::support::Plywood;

const SIZES: [(u16, u16); 2] = [(80, 24), (200, 50)];

/// A person in front of the explorer, at both sizes.
fn everywhere(story: impl Fn(&mut Window)) {
    let folder = tempfile::tempdir().unwrap();
    let image = archive(folder.path());
    let plywood = Plywood::new();
    for size in SIZES {
        let mut window = Window::explore(&plywood, &image, size);
        window.sees("Layers 1/3").sees("─big.so");
        story(&mut window);
    }
}

#[test]
fn layers_and_comparisons() {
    everywhere(|window| {
        window
            .sees("Layer Details")
            .sees("Image Details")
            .sees("Current Layer Contents")
            .sees("Efficiency: ");
        window.keys("\x1b[B").sees("Layers 2/3").sees_line(&["+ ", "wget"]);
        window.keys("j").sees("Layers 3/3").sees_line(&["+ ", "new.txt"]).sees_line(&["- ", "big.so"]);
        window.keys("\x01").sees("Aggregated Layer Contents").sees_line(&["+ ", "wget"]);
        window.keys("\x0c").sees("Current Layer Contents").sees_line(&["  ", "wget"]);
        window.keys("o").sees("Only What the Layer").sees("lib (whiteout)").misses("─tool");
        window.keys("\x0ck").sees("Layers 2/3").keys("\x1b[A").sees("Layers 1/3");
        window.keys("G").sees("Layers 3/3").keys("g").sees("Layers 1/3");
        window.keys("q").ends_well();
    });
}

#[test]
fn folding_hiding_sorting_and_attributes() {
    everywhere(|window| {
        window.keys("G").sees("Layers 3/3").sees("─new.txt").keys("\t").sees("●Current");
        // The cursor is on etc.
        window.keys(" ").sees("⊕ etc/").misses("─passwd").keys(" ").sees("⊟ etc/").sees("─passwd");
        window.keys("h").sees("⊕ etc/").keys("l").sees("⊟ etc/");
        window.keys("\0").sees("⊕ usr/").misses("─wget").keys("\0").sees("⊟ usr/").sees("─wget");
        window.keys("\x15").misses("─passwd").sees("no unmodified").keys("\x15").sees("─passwd");
        window.keys("\x12").misses("─big.so").keys("\x12").sees("─big.so");
        window.keys("\x01").misses("─new.txt").keys("\x01").sees("─new.txt");
        window.keys("M").sees("no modified").keys("M").misses("no modified");
        window.keys("\x0f").sees("by size").keys("\x0f").sees("by change").keys("\x0f").misses("by change");
        let has = window.screen().contains("Permission");
        window.keys("\x02");
        if has {
            window.misses("Permission")
        } else {
            window.sees("drwxr-xr-x")
        };
        window.keys("\x03").ends_well();
    });
}

#[test]
fn filter_and_search() {
    everywhere(|window| {
        window.keys("\x06").sees("Filter (pattern").keys("bin/t").sees("─tool").misses("─big.so");
        window.keys("\r").sees("· filter bin/t").keys("\x1b").sees("─big.so");
        window
            .keys("\x1f")
            .sees("Filter (pattern")
            .keys("size>60k")
            .misses("─tool")
            .sees("─big.so")
            .keys("\r");
        window.keys("\x1b").sees("─tool").keys("/big\r").sees("●Current").keys("\r").sees("layer 0 · bytes");
        window.keys("q").sees("Current Layer Contents").keys("/nowhere\r").sees("nothing found");
        window.keys("/^(tool|passwd)$\r").keys("p").sees("Versions of /etc/passwd");
        window.keys("q").misses("Versions of").keys("np").sees("Versions of /usr/bin/tool");
        window.keys("q").misses("Versions of").keys("Np").sees("Versions of /etc/passwd");
        window.keys("qq").ends_well();
    });
}

#[test]
fn content_versions_and_waste() {
    everywhere(|window| {
        window
            .keys("j")
            .sees("Layers 2/3")
            .sees("─wget")
            .keys("/passwd\r")
            .keys("\r")
            .sees("layer 1 · text")
            .sees("wget:x:9");
        window.keys("d").sees("difference from layer 0").sees("+wget:x:9");
        window
            .keys("x")
            .sees("72 6f 6f 74")
            .keys("[")
            .sees("layer 0 · bytes")
            .keys("t")
            .sees("layer 0 · text")
            .misses("wget:x:9");
        window
            .keys("q")
            .sees("Current Layer Contents")
            .keys("p")
            .sees("Versions of /etc/passwd")
            .sees("other size");
        window
            .keys("q")
            .misses("Versions of")
            .keys("w")
            .sees("Waste: 90.0 kB")
            .sees_line(&["removed", "/usr/lib/big.so"]);
        window.keys("\r").sees("Versions of /usr/lib/big.so").keys("q").sees("Current Layer Contents");
        window.keys("?").sees("Help: arrows scroll").keys("x").misses("Help: arrows").keys("q").ends_well();
    });
}

#[test]
fn marks_are_the_result_and_can_be_extracted() {
    let folder = tempfile::tempdir().unwrap();
    let image = archive(folder.path());
    let plywood = Plywood::new();
    let mut window = Window::explore(&plywood, &image, (80, 24));
    window
        .sees("Layers 1/3")
        .sees("─big.so")
        .keys("j")
        .sees("─wget")
        .keys("/passwd\r")
        .keys("m")
        .sees("1 marked");
    let target = folder.path().join("out");
    window
        .keys("\x05")
        .sees("Extract into folder: ")
        .keys("\x15")
        .keys(target.to_str().unwrap())
        .keys("\r")
        .sees("1 file written");
    assert_eq!(std::fs::read(target.join("etc/passwd")).unwrap(), b"root:x:0\nwget:x:9\nmail:x:8\n");
    window.keys("/wget$\r").keys("m").sees("2 marked").keys("q").ends_well();
    window.sees("/etc/passwd").sees("/usr/bin/wget");
}

#[test]
fn the_mouse() {
    everywhere(|window| {
        // Lines and columns are counted from 1.
        window.keys("\x1b[<0;6;4M\x1b[<0;6;4m").sees("Layers 2/3").sees("─wget");
        let lines: Vec<String> = window.screen().lines().map(str::to_owned).collect();
        let line = lines.iter().position(|line| line.contains("⊟ usr/")).unwrap() + 1;
        let column = lines[line - 1].chars().count() - 2;
        let click = format!("\x1b[<0;{column};{line}M\x1b[<0;{column};{line}m");
        window
            .keys(&click)
            .keys(&click)
            .sees("⊕ usr/")
            .misses("─tool")
            .keys("\x1b[<64;6;4M")
            .sees("Layers 1/3");
        window.keys("q").ends_well();
    });
}
