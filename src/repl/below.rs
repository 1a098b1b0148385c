//! What stands below the text while one types: the call's signature, or what Tab found.
//!
//! It is drawn as a hint of the line editor's: it goes with the next key and stays in nobody's selection.

use unicode_width::UnicodeWidthStr as _;

use super::complete::{Candidate, Signature};
use crate::script::visible;

/// Rows of a list, if the screen is high enough.
const MOST_ROWS: usize = 14;

/// Between two columns.
const GAP: usize = 2;

/// Lines below the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Below {
    /// What the editor measures: the lines, each after a newline.
    pub plain: String,
    /// What is written.
    pub painted: String,
    /// How many lines.
    pub rows: usize,
}

/// The terminal, as far as it matters.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Columns.
    pub columns: usize,
    /// Lines in all.
    pub rows: usize,
    /// Lines of the text above.
    pub used: usize,
    /// Whether there may be colours.
    pub color: bool,
}

impl Room {
    /// Columns that may be written to: a full line would wrap.
    fn width(&self) -> usize {
        self.columns.saturating_sub(1).max(1)
    }

    /// Lines that fit below the text.
    fn height(&self) -> usize {
        self.rows.saturating_sub(self.used + 1).min(MOST_ROWS)
    }
}

/// A line under construction.
#[derive(Debug, Default)]
struct Line {
    plain: String,
    painted: String,
    width: usize,
}

impl Line {
    /// Adds as much of `text` as fits into `room` columns.
    fn add(&mut self, text: &str, style: &str, room: usize) {
        let left = room.saturating_sub(self.width);
        let text = cut(text, left);
        self.width += text.width();
        self.plain.push_str(&text);
        if style.is_empty() || text.is_empty() {
            self.painted.push_str(&text);
        } else {
            self.painted.push_str(&format!("\x1b[{style}m{text}\x1b[0m"));
        }
    }

    fn pad(&mut self, width: usize, room: usize) {
        let blanks = " ".repeat(width.min(room).saturating_sub(self.width));
        self.width += blanks.len();
        self.plain.push_str(&blanks);
        self.painted.push_str(&blanks);
    }
}

/// `text` in at most `room` columns.
fn cut(text: &str, room: usize) -> String {
    let text = visible(text).replace('\n', " ");
    if text.width() <= room {
        return text;
    }
    let mut out = String::new();
    for char in text.chars() {
        if out.width() + char.to_string().width() + 1 > room {
            break;
        }
        out.push(char);
    }
    if room > 0 {
        out.push('…');
    }
    out
}

/// The lines as the editor's hint. A blank comes before the first newline: where the text ends with its row, the
/// newline alone would not begin another one.
fn below(lines: &[Line], color: bool) -> Below {
    let mut below = Below { plain: " ".to_owned(), painted: " ".to_owned(), rows: lines.len() };
    for line in lines {
        below.plain.push('\n');
        below.plain.push_str(&line.plain);
        below.painted.push('\n');
        below.painted.push_str(if color { &line.painted } else { &line.plain });
    }
    below
}

/// A call's parameters; nothing where there is no room.
#[must_use]
pub fn signature(signature: &Signature, room: Room) -> Option<Below> {
    if room.height() == 0 {
        return None;
    }
    let mut line = Line::default();
    line.add("  ", "", room.width());
    line.add(&signature.before, "2", room.width());
    line.add(&signature.current, "1", room.width());
    line.add(&signature.after, "2", room.width());
    if !signature.note.is_empty() && line.width + 6 < room.width() {
        line.add("  ", "", room.width());
        line.add(&signature.note, "2", room.width());
    }
    Some(below(&[line], room.color))
}

/// A page of what Tab found, and the page that comes next.
#[must_use]
pub fn list(candidates: &[Candidate], page: usize, room: Room) -> (Below, usize) {
    let height = room.height();
    if height == 0 || candidates.is_empty() {
        return (Below::default(), 0);
    }
    let described = candidates.iter().any(|it| !it.about.is_empty() || it.form != it.label);
    if described && candidates.len() <= height {
        return (below(&described_lines(candidates, room), room.color), 0);
    }
    // One line says how many more there are.
    let shown = |from: usize, lines: usize| columns(&candidates[from..], lines, room);
    let (all, count) = shown(0, height);
    if count == candidates.len() {
        return (below(&all, room.color), 0);
    }
    let lines = height.saturating_sub(1).max(1);
    let mut from = 0;
    for _ in 0..page {
        from += shown(from, lines).1;
        if from >= candidates.len() {
            from = 0;
        }
    }
    let (mut all, count) = shown(from, lines);
    let mut more = Line::default();
    let last = from + count;
    let text = format!("  {} to {last} of {}; Tab: more", from + 1, candidates.len());
    more.add(&text, "2", room.width());
    if height > 1 {
        all.push(more);
    }
    (below(&all, room.color), page + 1)
}

/// One a line, with what it is.
fn described_lines(candidates: &[Candidate], room: Room) -> Vec<Line> {
    let widest = candidates.iter().map(|it| it.form.width()).max().unwrap_or(0);
    let column = (widest + GAP + 2).min(room.width() * 2 / 3);
    let line = |it: &Candidate| {
        let mut line = Line::default();
        line.add("  ", "", room.width());
        line.add(&it.form, "36", if it.about.is_empty() { room.width() } else { column.saturating_sub(GAP) });
        if !it.about.is_empty() {
            line.pad(column, room.width());
            line.add(&it.about, "2", room.width());
        }
        line
    };
    candidates.iter().map(line).collect()
}

/// As many as fit into so many lines, in columns; how many those are.
fn columns(candidates: &[Candidate], lines: usize, room: Room) -> (Vec<Line>, usize) {
    let width = room.width().saturating_sub(2);
    let widest = |from: usize, to: usize| {
        candidates[from.min(candidates.len())..to.min(candidates.len())]
            .iter()
            .map(|it| it.label.width())
            .max()
            .unwrap_or(0)
    };
    let fits = |count: usize, rows: usize| {
        let total: usize = (0..count).map(|column| widest(column * rows, (column + 1) * rows) + GAP).sum();
        total <= width + GAP
    };
    // As few rows as will do; else as many columns.
    let all = (1..=lines).map(|rows| (candidates.len().div_ceil(rows), rows));
    let all = all.filter(|(count, _)| count * GAP <= width).find(|(count, rows)| fits(*count, *rows));
    let (best, rows) = all.unwrap_or_else(|| {
        let most = (2..=width / GAP).take_while(|count| fits(*count, lines)).last();
        (most.unwrap_or(1), lines)
    });
    let shown = candidates.len().min(best * rows);
    let mut out: Vec<Line> = (0..rows).map(|_| Line::default()).collect();
    for line in &mut out {
        line.add("  ", "", room.width());
    }
    let mut at = 2;
    for column in 0..best {
        let range = (column * rows).min(shown)..((column + 1) * rows).min(shown);
        for (line, it) in out.iter_mut().zip(&candidates[range.clone()]) {
            line.pad(at, room.width());
            line.add(&it.label, "", room.width());
        }
        at += widest(range.start, range.end) + GAP;
    }
    (out, shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { columns: 40, rows: 24, used: 1, color: false };

    fn plain(count: usize) -> Vec<Candidate> {
        (0..count).map(|number| Candidate::plain(format!("name-{number:04}"))).collect()
    }

    fn lines(below: &Below) -> Vec<&str> {
        below.plain.split('\n').skip(1).collect()
    }

    #[test]
    fn few_are_described() {
        let candidates = [
            Candidate::plain("run(")
                .form("run(image, [command])")
                .about("run a command in a fresh container"),
            Candidate::plain("rm(").form("rm(thing)").about("remove"),
        ];
        let (shown, next) = list(&candidates, 0, ROOM);
        assert_eq!(
            lines(&shown),
            ["  run(image, [command])  run a command…", "  rm(thing)              remove"]
        );
        assert_eq!((shown.rows, next), (2, 0));
        let (shown, _) = list(&candidates, 0, Room { color: true, ..ROOM });
        assert!(shown.painted.contains("\x1b[36mrun(image") && shown.painted.contains("\x1b[2mremove"));
        assert!(!shown.plain.contains('\x1b'));
    }

    #[test]
    fn many_stand_in_columns_and_on_pages() {
        let (shown, next) = list(&plain(6), 0, ROOM);
        assert_eq!(lines(&shown), ["  name-0000  name-0002  name-0004", "  name-0001  name-0003  name-0005"]);
        assert_eq!(next, 0);
        let all = plain(100);
        let (mut page, mut seen) = (0, 0);
        loop {
            let (shown, next) = list(&all, page, ROOM);
            assert!(
                shown.rows <= MOST_ROWS && lines(&shown).iter().all(|line| line.width() < 40),
                "{shown:?}"
            );
            seen += shown.plain.matches("name-").count();
            if shown.plain.contains("100 of 100") {
                break;
            }
            page = next;
        }
        assert_eq!(seen, 100);
        // After the last page comes the first.
        assert!(list(&all, page + 1, ROOM).0.plain.contains("name-0000"));
    }

    #[test]
    fn it_fits_whatever_the_terminal() {
        for columns in [1, 2, 5, 10, 80, 500] {
            for rows in [1, 2, 3, 24] {
                for used in [1, 2, 30] {
                    let room = Room { columns, rows, used, color: true };
                    for count in [0, 1, 3, 50, 2000] {
                        for page in [0, 1, 7] {
                            let (shown, _) = list(&plain(count), page, room);
                            assert!(shown.rows <= rows.saturating_sub(used + 1).min(MOST_ROWS), "{room:?}");
                            assert!(
                                lines(&shown).iter().all(|line| line.width() < columns.max(2)),
                                "{room:?} {shown:?}"
                            );
                        }
                    }
                }
            }
        }
        let wide = [Candidate::plain("日本語日本語"), Candidate::plain("a\x1b[31mb\nc")];
        let (shown, _) = list(&wide, 0, Room { columns: 10, ..ROOM });
        assert!(
            !shown.plain.contains('\x1b') && lines(&shown).iter().all(|line| line.width() < 10),
            "{shown:?}"
        );
    }

    #[test]
    fn the_signature_marks_what_is_typed() {
        let of = Signature {
            before: "run(image, ".into(),
            current: "[command]".into(),
            after: ", [options])".into(),
            note: "text or array".into(),
        };
        let shown = signature(&of, Room { color: true, columns: 80, ..ROOM }).unwrap_or_default();
        assert_eq!(shown.plain, " \n  run(image, [command], [options])  text or array");
        assert!(shown.painted.contains("\x1b[1m[command]\x1b[0m"));
        assert_eq!(signature(&of, Room { rows: 2, ..ROOM }), None);
        let narrow = signature(&of, Room { columns: 12, ..ROOM }).unwrap_or_default();
        assert!(lines(&narrow).iter().all(|line| line.width() < 12));
    }
}
