//! Tables with a frame, fitted to the terminal.

use comfy_table::{Attribute, CellAlignment, Color, ContentArrangement, Table, presets};
use rhai::Dynamic;

use super::super::types::{self, AnyList};
use super::{Cell, Style, Tone, debug, human, visible_line};

/// A table of cells.
pub fn table(titles: &[String], rows: &[Vec<Cell>], style: &Style) -> String {
    let mut table = empty(style);
    if titles.iter().any(|title| !title.is_empty()) {
        table.set_header(titles.iter().map(|title| {
            let cell = comfy_table::Cell::new(visible_line(title));
            if style.color { cell.add_attribute(Attribute::Bold) } else { cell }
        }));
    }
    let (first, last) = if style.whole || rows.len() <= LONG { (rows, &rows[..0]) } else { ends(rows) };
    let largest = bars(rows, style);
    let mut add = |row: &Vec<Cell>| {
        table.add_row(
            row.iter()
                .enumerate()
                .map(|(column, cell)| framed(cell, largest.get(column).copied().flatten(), style)),
        );
    };
    first.iter().for_each(&mut add);
    if last.is_empty() {
        return trimmed(&table);
    }
    let columns = rows.iter().map(Vec::len).max().unwrap_or(1);
    add(&vec![Cell::text("⋮"); columns]);
    last.iter().for_each(add);
    let (hidden, all) = (rows.len() - first.len() - last.len(), human::grouped(rows.len() as u64));
    format!(
        "{}\n{} of {all} rows are not shown; `.show()` shows all",
        trimmed(&table),
        human::grouped(hidden as u64)
    )
}

/// More rows than this are cut at a terminal.
const LONG: usize = 60;
/// What is left of them at the beginning and at the end.
const ENDS: (usize, usize) = (40, 10);

fn ends(rows: &[Vec<Cell>]) -> (&[Vec<Cell>], &[Vec<Cell>]) {
    (&rows[..ENDS.0], &rows[rows.len() - ENDS.1..])
}

/// Columns of a bar.
const BAR: usize = 8;

/// Of each column that gets bars beside its sizes, the largest size. One column does: the first whose sizes differ.
fn bars(rows: &[Vec<Cell>], style: &Style) -> Vec<Option<u64>> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut all = vec![None; columns];
    if style.plain || style.width < 72 || rows.len() < 3 {
        return all;
    }
    for (column, largest) in all.iter_mut().enumerate() {
        let sizes: Vec<u64> = rows
            .iter()
            .filter_map(|row| match row.get(column) {
                Some(Cell::Size(bytes)) => Some(*bytes),
                _ => None,
            })
            .collect();
        let most = sizes.iter().copied().max().unwrap_or(0);
        if sizes.len() > 2 && most > 0 && sizes.iter().any(|bytes| *bytes != most) {
            *largest = Some(most);
            break;
        }
    }
    all
}

/// A bar of eighths of a column, as wide for every row.
fn bar(bytes: u64, largest: u64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let steps = u128::from(bytes) * (BAR * 8) as u128;
    // What is there at all is seen.
    let eighths = usize::try_from(steps.div_ceil(u128::from(largest.max(1)))).unwrap_or(0).min(BAR * 8);
    let bar = format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8]);
    let blanks = BAR - bar.chars().count();
    format!("{bar}{}", " ".repeat(blanks))
}

/// A list of records as a table.
pub fn of_list(list: &dyn AnyList, style: &Style) -> String {
    let titles: Vec<String> = list.titles().into_iter().map(str::to_owned).collect();
    let rows: Vec<Vec<Cell>> = (0..list.count()).map(|index| list.row(index)).collect();
    table(&titles, &rows, style)
}

/// Rows that are maps, arrays or records, as a table whose columns are their keys in order of
/// first appearance, or just `columns`; `None` if some row is something else.
#[must_use]
pub fn of_rows(rows: &[Dynamic], columns: &[String], style: &Style) -> Option<String> {
    let mut titles: Vec<String> = columns.to_vec();
    let mut named: Vec<Vec<(String, Dynamic)>> = Vec::new();
    for row in rows {
        let fields: Vec<(String, Dynamic)> = if let Ok(map) = row.as_map_ref() {
            map.iter().map(|(key, value)| (key.to_string(), value.clone())).collect()
        } else if let Ok(array) = row.as_array_ref() {
            array.iter().enumerate().map(|(index, value)| (index.to_string(), value.clone())).collect()
        } else {
            let record = types::as_record(row)?;
            record.fields().into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
        };
        for (key, _) in &fields {
            if columns.is_empty() && !titles.contains(key) {
                titles.push(key.clone());
            }
        }
        named.push(fields);
    }
    let cells: Vec<Vec<Cell>> = named
        .iter()
        .map(|fields| {
            titles
                .iter()
                .map(|title| {
                    fields.iter().find(|(key, _)| key == title).map_or(Cell::text(""), |(_, it)| cell(it))
                })
                .collect()
        })
        .collect();
    let only_numbers =
        columns.is_empty() && titles.iter().enumerate().all(|(index, title)| *title == index.to_string());
    let titles: Vec<String> = if only_numbers { vec![String::new(); titles.len()] } else { titles };
    Some(table(&titles, &cells, style))
}

fn cell(value: &Dynamic) -> Cell {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Cell::text(text.as_str());
    }
    if value.is_int() || value.is_float() {
        return Cell::Number(debug(value));
    }
    if let Some(record) = types::as_record(value) {
        return Cell::text(record.brief());
    }
    Cell::text(if value.is_unit() { String::new() } else { debug(value) })
}

fn framed(cell: &Cell, largest: Option<u64>, style: &Style) -> comfy_table::Cell {
    let text = match (cell, largest) {
        (Cell::Size(bytes), Some(largest)) => format!("{} {}", cell.friendly(), bar(*bytes, largest)),
        (_, Some(_)) if cell.friendly().is_empty() => String::new(),
        _ if style.plain => cell.exact(),
        _ => cell.friendly(),
    };
    let mut framed = comfy_table::Cell::new(text);
    if cell.is_number() {
        framed = framed.set_alignment(CellAlignment::Right);
    }
    if !style.color {
        return framed;
    }
    match cell {
        Cell::Text(_, Tone::Strong) => framed.add_attribute(Attribute::Bold),
        Cell::Text(_, Tone::Added | Tone::Good) => framed.fg(Color::Green),
        Cell::Text(_, Tone::Changed) => framed.fg(Color::Yellow),
        Cell::Text(_, Tone::Deleted | Tone::Bad) => framed.fg(Color::Red),
        Cell::Id(_) | Cell::Time(_) => framed.add_attribute(Attribute::Dim),
        _ => framed,
    }
}

fn empty(style: &Style) -> Table {
    let mut table = Table::new();
    if style.plain {
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Disabled);
    } else {
        table.load_style(presets::UTF8_BORDERS_ONLY);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(style.width.max(20));
    }
    if style.color {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table
}

fn trimmed(table: &Table) -> String {
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: Style = Style { width: 80, color: false, plain: false, whole: false };

    fn rows(count: u64) -> Vec<Vec<Cell>> {
        (0..count).map(|number| vec![Cell::count(number), Cell::size(number * 100)]).collect()
    }

    #[test]
    fn long_tables_are_cut_unless_all_is_wanted() {
        let titles = ["number", "size"].map(str::to_owned);
        let text = table(&titles, &rows(1000), &TERMINAL);
        assert!(text.lines().count() < 60, "{text}");
        assert!(text.contains("950 of 1,000 rows are not shown; `.show()` shows all"), "{text}");
        assert!(
            text.contains("│     39 ") && text.contains("│    990 ") && !text.contains("│     40 "),
            "{text}"
        );
        let text = table(&titles, &rows(1000), &Style { whole: true, ..TERMINAL });
        assert!(text.lines().count() > 1000 && !text.contains("not shown"));
        assert!(table(&titles, &rows(60), &TERMINAL).lines().count() > 60);
    }

    #[test]
    fn sizes_have_bars_where_they_can_be_compared() {
        let text = table(&[], &rows(5), &TERMINAL);
        assert!(
            text.contains("400 B ████████")
                && text.contains("200 B ████    ")
                && text.contains("0 B         "),
            "{text}"
        );
        assert!(!table(&[], &rows(2), &TERMINAL).contains('█'));
        assert!(!table(&[], &rows(5), &Style::PLAIN).contains('█'));
        assert!(!table(&[], &vec![vec![Cell::size(5)]; 4], &TERMINAL).contains('█'));
        assert_eq!(bar(1, 1_000_000), "▏       ");
        assert_eq!(bar(u64::MAX, u64::MAX), "████████");
    }
}
