//! Keys are pressed and the frame is looked at, without a terminal.
#![allow(clippy::unwrap_used, clippy::panic)]

mod pair;
mod person;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEventKind};
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::draw::Theme;
use super::extract::gather;
use super::material::Material;
use super::state::Focus;
use crate::inspect::Model;
use crate::layer::{Entry, Kind};
use person::{Person, SIZES, entry, everywhere, layer, material, sample};

#[test]
fn the_first_frame_has_all_panes() {
    everywhere(|person| {
        for text in [
            "Layers 1/3",
            "Layer Details",
            "Image Details",
            "Current Layer Contents",
            "Cmp     Size  Command",
        ] {
            person.sees(text);
        }
        person
            .sees("demo:1")
            .sees("ADD rootfs.tar")
            .sees("Efficiency: ")
            .sees("Wasted: 9.0 MB")
            .sees("14.0 MB");
        person.sees("⊟ usr/").sees("─big.so").sees("alias → tool").sees("? Help");
    });
}

#[test]
fn layers_are_gone_through() {
    everywhere(|person| {
        person.misses("─wget").press(KeyCode::Down).sees("Layers 2/3").sees("+ ").sees("─wget");
        person.types("j").sees("Layers 3/3").sees("─new.txt").types("j").sees("Layers 3/3");
        // The whiteout's directory is still shown, as removed, with what was in it.
        let removed =
            person.lines().into_iter().find(|line| line.contains("big.so") && line.contains("- ")).unwrap();
        assert!(removed.contains("9.0 MB"), "{removed}");
        person.types("k").press(KeyCode::Up).sees("Layers 1/3");
        person.press(KeyCode::End).sees("Layers 3/3").press(KeyCode::Home).sees("Layers 1/3");
    });
}

#[test]
fn comparisons_are_dives() {
    everywhere(|person| {
        person.press(KeyCode::End).control('a').sees("Aggregated Layer Contents");
        let added =
            |person: &Person| person.lines().iter().any(|line| line.contains("+ ") && line.contains("wget"));
        assert!(added(person));
        person.control('l').sees("Current Layer Contents");
        assert!(!added(person));
        person.types("o").sees("Only What the Layer").sees("lib (whiteout)").misses("─tool");
    });
}

#[test]
fn directories_fold() {
    everywhere(|person| {
        person.press(KeyCode::Tab);
        assert_eq!(person.state.focus, Focus::Files);
        person.types("jjj").sees("─tool");
        assert_eq!(person.at_cursor(), "usr");
        person.types(" ").sees("⊕ usr/").misses("─tool").types(" ").sees("⊟ usr/").sees("─tool");
        person.key(KeyCode::Char(' '), KeyModifiers::CONTROL).sees("⊕ etc/").sees("⊕ usr/").misses("─passwd");
        assert_eq!(person.at_cursor(), "usr");
        person.press(KeyCode::Right).sees("⊕ bin/").press(KeyCode::Right).types("l").sees("─tool");
        assert_eq!(person.at_cursor(), "usr/bin");
        person.types("l");
        assert_eq!(person.at_cursor(), "usr/bin/alias");
        person.types("h");
        assert_eq!(person.at_cursor(), "usr/bin");
        person.types("h").misses("─alias").press(KeyCode::Enter).sees("─alias");
        person.key(KeyCode::Char(' '), KeyModifiers::CONTROL).sees("─passwd").sees("─big.so");
    });
}

#[test]
fn changes_are_hidden_by_kind() {
    everywhere(|person| {
        person.press(KeyCode::End).press(KeyCode::Tab);
        person
            .control('u')
            .misses("─tool")
            .sees("no unmodified")
            .sees("─new.txt")
            .sees("─passwd")
            .sees("─big.so");
        person.control('r').misses("─big.so").control('a').misses("─new.txt").sees("─passwd");
        person.types("M").misses("─passwd").sees("nothing of it is let through");
        person
            .control('m')
            .sees("─passwd")
            .control('a')
            .control('r')
            .control('u')
            .sees("─tool")
            .sees("─big.so");
    });
}

#[test]
fn filters_follow_what_is_typed() {
    everywhere(|person| {
        person
            .control('f')
            .sees("Filter (pattern")
            .types("bin/.*l")
            .sees("─tool")
            .misses("─big.so")
            .misses("─passwd");
        person.press(KeyCode::Enter).sees("· filter bin").press(KeyCode::Esc).sees("─big.so");
        person
            .control('f')
            .types("size>4M")
            .press(KeyCode::Enter)
            .sees("─tool")
            .sees("─big.so")
            .misses("─passwd");
        person
            .control('7')
            .control('u')
            .types("kind:symlink")
            .sees("─alias")
            .misses("─big.so")
            .press(KeyCode::Esc);
        // What is no pattern is looked for as it is.
        person
            .control('f')
            .types("[31")
            .sees("a\\x1b[31mb")
            .misses("─passwd")
            .press(KeyCode::Esc)
            .sees("─passwd");
    });
}

#[test]
fn names_and_paths_are_found() {
    everywhere(|person| {
        person.types("/").sees("Search: ").types("^b").press(KeyCode::Enter);
        assert_eq!(person.at_cursor(), "usr/bin");
        person.types("n");
        assert_eq!(person.at_cursor(), "usr/lib/big.so");
        person.types("n");
        assert_eq!(person.at_cursor(), "usr/bin");
        person.types("N");
        assert_eq!(person.at_cursor(), "usr/lib/big.so");
        // Also in what is folded.
        person.key(KeyCode::Char(' '), KeyModifiers::CONTROL).misses("─tool");
        person.types("/bin/to").press(KeyCode::Enter).sees("─tool");
        assert_eq!(person.at_cursor(), "usr/bin/tool");
        person.types("/nowhere").press(KeyCode::Enter).sees("nothing found");
    });
}

#[test]
fn sorting_goes_round() {
    everywhere(|person| {
        let order = |person: &Person| {
            let lines = person.lines();
            let place = |text: &str| lines.iter().position(|line| line.contains(text)).unwrap();
            place(" usr/") < place(" etc/")
        };
        person.press(KeyCode::Down);
        assert!(!order(person));
        person.control('o').sees("by size");
        assert!(order(person));
        person.control('o').sees("by change").control('o').misses("by change");
    });
}

#[test]
fn attributes_are_shown_where_there_is_room_or_when_wanted() {
    Person::at((80, 24), sample()).misses("Permission").control('b').sees("Permission").sees("drwxr-xr-x");
    Person::at((200, 50), sample()).sees("-rw-r--r--").control('b').misses("Permission").sees("─tool");
}

#[test]
fn files_are_read_and_compared() {
    everywhere(|person| {
        person.press(KeyCode::Down).types("/passwd").press(KeyCode::Enter).press(KeyCode::Enter);
        person.sees("layer 1 · text · line 1 of 3").sees("wget:x:9");
        person
            .types("d")
            .sees("difference from layer 0")
            .sees("+wget:x:9")
            .sees(" root:x:0")
            .sees("@@ -1,2 +1,3 @@");
        person
            .types("x")
            .sees("bytes")
            .sees("00000000  72 6f 6f 74")
            .types("[")
            .sees("layer 0")
            .misses("77 67");
        person
            .types("t")
            .sees("mail:x:8")
            .misses("wget:x")
            .types("]")
            .sees("wget:x:9")
            .types("]]")
            .sees("no later version");
        person.types("q").sees("Current Layer Contents");
        assert!(!person.state.ended);
        person
            .types("/wget")
            .press(KeyCode::Enter)
            .press(KeyCode::Enter)
            .sees("7f 45 4c 46")
            .types("llll")
            .sees(".ELF..binary");
        person
            .press(KeyCode::Esc)
            .types("/tool")
            .press(KeyCode::Enter)
            .press(KeyCode::Enter)
            .sees("is not at hand");
    });
}

#[test]
fn versions_tell_where_a_file_comes_from() {
    everywhere(|person| {
        person.types("/passwd").press(KeyCode::Enter).types("p").sees("Versions of /etc/passwd");
        person.sees("added; replaced by").sees("other size, content").sees("other mode");
        person
            .types("jd")
            .sees("+wget:x:9")
            .types("q")
            .sees("Versions of")
            .types("j")
            .press(KeyCode::Enter)
            .sees("layer 2");
    });
    let mut person = Person::at(SIZES[1], sample());
    person.types("/big").press(KeyCode::Enter).types("p").sees("added; removed by layer 2 at /usr/lib");
}

#[test]
fn waste_is_listed() {
    everywhere(|person| {
        person
            .types("w")
            .sees("Waste: 9.0 MB of 15.2 MB")
            .sees("removed")
            .sees("/usr/lib/big.so")
            .sees("metadata");
        person
            .types("m")
            .sees("1 marked")
            .press(KeyCode::Home)
            .press(KeyCode::Enter)
            .sees("Versions of /usr/lib/big.so");
        let selection = person.state.selection();
        assert_eq!((selection.files[0].layer, &*selection.files[0].entry.path), (0, &b"usr/lib/big.so"[..]));
        person.press(KeyCode::Esc).sees("Current Layer Contents");
    });
}

#[test]
fn marks_are_given_back() {
    everywhere(|person| {
        person
            .press(KeyCode::End)
            .types("/passwd")
            .press(KeyCode::Enter)
            .types("m")
            .sees("1 marked")
            .sees("* ");
        person.types("/new").press(KeyCode::Enter).types("m").sees("2 marked");
        let paths = |person: &Person| -> Vec<(usize, Vec<u8>)> {
            person.state.selection().files.into_iter().map(|file| (file.layer, file.entry.path)).collect()
        };
        assert_eq!(paths(person), [(2, b"etc/passwd".to_vec()), (2, b"opt/new.txt".to_vec())]);
        person.types("/new").press(KeyCode::Enter).types("m").sees("1 marked").types("q");
        assert!(person.state.ended && paths(person).len() == 1);
    });
}

#[test]
fn extraction_stays_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out");
    let mut person = Person::at(SIZES[0], sample());
    person
        .press(KeyCode::Down)
        .types("/passwd")
        .press(KeyCode::Enter)
        .control('e')
        .sees("Extract into folder: extracted");
    person.control('u').types(target.to_str().unwrap()).press(KeyCode::Enter).sees("1 file written to");
    assert_eq!(std::fs::read(target.join("etc/passwd")).unwrap(), b"root:x:0\nwget:x:9\nmail:x:8\n");
    // What is there stays.
    person
        .control('e')
        .control('u')
        .types(target.to_str().unwrap())
        .press(KeyCode::Enter)
        .sees("File exists");
    // A directory: all that is in it, links left out; what cannot be read is told.
    person.types("/usr$").press(KeyCode::Enter).control('e').press(KeyCode::Esc);
    let roots = person.state.roots();
    let picked = gather(&person.state.material, &roots);
    let picked: Vec<Vec<u8>> = picked.into_iter().map(|file| file.entry.path).collect();
    assert!(
        picked.contains(&b"usr/bin/wget".to_vec()) && picked.contains(&b"usr/lib/big.so".to_vec()),
        "{picked:?}"
    );
}

#[test]
fn the_mouse_chooses_folds_and_scrolls() {
    everywhere(|person| {
        person.click(5, 3).sees("Layers 2/3").sees("─wget");
        let left = person.state.panes().files.x;
        let row = |person: &Person, text: &str| {
            u16::try_from(person.lines().iter().position(|line| line.contains(text)).unwrap()).unwrap()
        };
        let usr = row(person, "⊟ usr/");
        person.click(left + 5, usr);
        assert_eq!(person.at_cursor(), "usr");
        person.click(left + 5, usr).sees("⊕ usr/").click(left + 5, usr).sees("⊟ usr/");
        person.mouse(MouseEventKind::ScrollDown, left + 5, 5);
        assert_ne!(person.at_cursor(), "usr");
        person.mouse(MouseEventKind::ScrollUp, 5, 3).sees("Layers 1/3");
    });
}

#[test]
fn help_lists_the_keys() {
    everywhere(|person| {
        person
            .types("?")
            .sees("Help: arrows scroll")
            .sees("Ctrl-F")
            .press(KeyCode::End)
            .sees("marked")
            .types("x");
        person.misses("Help: arrows scroll");
    });
}

#[test]
fn any_size_is_drawn() {
    let mut person = Person::at((80, 24), sample());
    for (width, height) in [(1, 1), (2, 50), (200, 2), (10, 5), (40, 10), (500, 200), (80, 24)] {
        person.state.resize(Rect::new(0, 0, width, height));
        for keys in ["", "w", "q", "/pass\n", "p", "q", "?", "x"] {
            keys.chars().for_each(|key| {
                person.press(if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) });
            });
            assert!(!person.screen().is_empty());
        }
    }
    person.sees("Layer Details");
}

#[test]
fn nothing_of_an_image_steers_the_terminal() {
    everywhere(|person| {
        person.sees("a\\x1b[31mb").press(KeyCode::End);
        assert!(!person.screen().chars().any(|letter| letter.is_control() && letter != '\n'));
        person.sees("\\x1b[2J");
    });
}

#[test]
fn without_colours_there_are_none() {
    let mut person = Person::at(SIZES[0], sample());
    person.press(KeyCode::Down);
    let colors = |person: &Person| {
        let terminal = person.terminal();
        terminal
            .backend()
            .buffer()
            .content
            .iter()
            .any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
    };
    assert!(colors(&person));
    person.theme = Theme { color: false };
    assert!(!colors(&person));
}

#[test]
fn images_without_layers_or_files_are_drawn() {
    for layers in [Vec::new(), vec![layer(Vec::new())]] {
        let mut person = Person::at(SIZES[0], material(layers));
        person.sees("Layers").press(KeyCode::Tab).types("jk l h p m w").press(KeyCode::Enter).types("q");
        person.types("/x").press(KeyCode::Enter).control('e').press(KeyCode::Enter).sees("nothing is marked");
    }
}

#[test]
fn deep_paths_are_drawn() {
    let mut path = String::new();
    let mut entries = Vec::new();
    for _ in 0..300 {
        path.push('d');
        entries.push(entry(&path, Kind::Dir, 0));
        path.push('/');
    }
    let mut person = Person::at(SIZES[0], material(vec![layer(entries)]));
    person.press(KeyCode::Tab).press(KeyCode::End).sees("⋯299 ");
}

#[test]
fn keys_are_quick_whatever_the_number_of_files() {
    // An image of a million files is looked at where the full counts are asked for.
    let count = if std::env::var_os("PLYWOOD_FULL").is_some() { 1_000_000 } else { 200_000 };
    let mut entries: Vec<Entry> =
        (0..count / 1000).map(|dir| entry(&format!("d{dir:04}"), Kind::Dir, 0)).collect();
    entries.extend((0..count).map(|at| entry(&format!("d{:04}/f{at:07}", at / 1000), Kind::File, at)));
    let one = material(vec![layer(entries.clone())]);
    entries.retain(|entry| !entry.path.ends_with(b"77"));
    let pair = pair::pair_of([Arc::clone(&one), material(vec![layer(entries)])]);
    let mut alone = Person::at(SIZES[1], one);
    alone.press(KeyCode::Tab).sees("f0000000");
    // The least of several: the machine may be busy.
    let quick = |person: &mut Person, code: KeyCode| {
        let once = |person: &mut Person| {
            let begun = Instant::now();
            let _ = person.state.key(KeyEvent::new(code, KeyModifiers::NONE));
            person.terminal();
            begun.elapsed()
        };
        let least = (0..20).map(|_| once(person)).min().unwrap();
        assert!(least < Duration::from_millis(30), "{code:?} takes {least:?}");
    };
    for mut person in [alone, Person::at(SIZES[1], pair)] {
        for code in [
            KeyCode::Down,
            KeyCode::PageDown,
            KeyCode::End,
            KeyCode::Up,
            KeyCode::Home,
            KeyCode::Char(']'),
            KeyCode::Char('?'),
            KeyCode::Esc,
            KeyCode::Tab,
        ] {
            quick(&mut person, code);
        }
    }
}

#[test]
fn what_becomes_known_later_takes_its_place() {
    let timed =
        |secs| Entry { mtime: crate::layer::Mtime { secs, nanos: 0 }, ..entry("file", Kind::File, 5) };
    let layers = move || vec![layer(vec![timed(1)]), layer(vec![timed(2), entry("other", Kind::File, 1)])];
    let first = material(layers());
    let compared = move || Model::new(layers(), |_, _, _| Some(true));
    let first = Arc::new(Material { refine: Some(Arc::new(compared)), ..(*first).clone() });
    let mut person = Person::at(SIZES[1], Arc::clone(&first));
    person
        .press(KeyCode::Down)
        .types("/file")
        .press(KeyCode::Enter)
        .types("m")
        .types("/file")
        .press(KeyCode::Enter);
    person.types("p").sees("other mtime, content?").types("qw").sees("overwritten").types("q");
    let refined = first.refined().unwrap();
    assert!(refined.refine.is_none());
    let jobs = person.state.refine(Arc::new(refined));
    jobs.into_iter().for_each(|job| person.work(vec![job]));
    assert_eq!(person.at_cursor(), "file");
    person.sees("1 marked").types("p").sees("other mtime").misses("content?").types("qw").sees("metadata");
    assert_eq!(person.state.selection().files.len(), 1);
}
