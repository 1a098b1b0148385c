//! Tables with a frame, fitted to the terminal.

use comfy_table::{Attribute, CellAlignment, Color, ContentArrangement, Table, presets};
use rhai::Dynamic;

use super::super::types::{self, AnyList};
use super::{Cell, Style, Tone, debug, visible_line};

/// A table of cells.
pub fn table(titles: &[String], rows: &[Vec<Cell>], style: &Style) -> String {
    let mut table = empty(style);
    if titles.iter().any(|title| !title.is_empty()) {
        table.set_header(titles.iter().map(|title| {
            let cell = comfy_table::Cell::new(visible_line(title));
            if style.color { cell.add_attribute(Attribute::Bold) } else { cell }
        }));
    }
    for row in rows {
        table.add_row(row.iter().map(|cell| framed(cell, style)));
    }
    trimmed(&table)
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

fn framed(cell: &Cell, style: &Style) -> comfy_table::Cell {
    let text = if style.plain { cell.exact() } else { cell.friendly() };
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
