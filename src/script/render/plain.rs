//! Plain, complete text: what a pipe, a file and `print` get.

use rhai::Dynamic;

use super::super::types::{self, AnyList};
use super::{Cell, debug, visible_line};

/// `value` as text without a trailing newline: text as it is, a list one line each, records and
/// maps one `key: value` a line.
#[must_use]
pub fn plain(value: &Dynamic) -> String {
    if value.is_unit() {
        return String::new();
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return text.to_string();
    }
    if let Ok(array) = value.as_array_ref() {
        return array.iter().map(line).collect::<Vec<_>>().join("\n");
    }
    if let Ok(map) = value.as_map_ref() {
        return fields(map.iter().map(|(key, value)| (key.as_str(), value.clone())));
    }
    if let Some(list) = types::as_list(value) {
        return lines(&*list);
    }
    if let Some(record) = types::as_record(value) {
        return fields(record.fields());
    }
    debug(value)
}

/// One item of an array.
fn line(value: &Dynamic) -> String {
    match value.as_immutable_string_ref() {
        Ok(text) => visible_line(&text),
        Err(_) => debug(value),
    }
}

/// A list's own lines, else its columns side by side without a box.
fn lines(list: &dyn AnyList) -> String {
    let rows: Vec<String> = (0..list.count()).map_while(|index| list.line(index)).collect();
    if rows.len() == list.count() {
        return rows.join("\n");
    }
    let rows: Vec<Vec<Cell>> = (0..list.count()).map(|index| list.row(index)).collect();
    columns(&list.titles(), &rows)
}

/// Columns padded to their widest cell; the last one is not padded.
fn columns(titles: &[&str], rows: &[Vec<Cell>]) -> String {
    let cells: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(Cell::exact).collect()).collect();
    let width = |column: usize| {
        cells
            .iter()
            .map(|row| row[column].chars().count())
            .chain([titles[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..titles.len()).map(width).collect();
    let mut out = vec![join(titles.iter().map(|title| (title.to_uppercase(), false)), &widths)];
    for (row, cells) in rows.iter().zip(&cells) {
        out.push(join(row.iter().zip(cells).map(|(cell, text)| (text.clone(), cell.is_number())), &widths));
    }
    out.join("\n")
}

fn join(cells: impl Iterator<Item = (String, bool)>, widths: &[usize]) -> String {
    let mut line = String::new();
    for ((text, right), width) in cells.zip(widths) {
        let padding = " ".repeat(width - text.chars().count());
        if right {
            line.push_str(&padding);
            line.push_str(&text);
        } else {
            line.push_str(&text);
            line.push_str(&padding);
        }
        line.push_str("  ");
    }
    line.trim_end().to_owned()
}

fn fields<'a>(fields: impl IntoIterator<Item = (&'a str, Dynamic)>) -> String {
    let mut out = Vec::new();
    for (key, value) in fields {
        let key = visible_line(key);
        let nested = types::as_list(&value).filter(|list| list.count() > 0);
        if let Some(list) = nested {
            out.push(format!("{key}:"));
            out.extend(lines(&*list).lines().map(|line| format!("  {line}")));
        } else if let Ok(text) = value.as_immutable_string_ref() {
            if text.trim_end_matches('\n').contains('\n') {
                out.push(format!("{key}:"));
                out.extend(text.lines().map(|line| format!("  {line}")));
            } else {
                out.push(format!("{key}: {}", text.trim_end_matches('\n')).trim_end().to_owned());
            }
        } else if value.is_unit() || types::as_list(&value).is_some() {
            out.push(format!("{key}:"));
        } else {
            out.push(format!("{key}: {}", debug(&value)));
        }
    }
    out.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::sample;
    use crate::script::types::{Handle, List};

    #[test]
    fn a_diff_is_dockers_lines() {
        let diff: List<_> =
            [sample::change("C", "/usr", 0), sample::change("A", "/usr/bin/wget", 12)].into_iter().collect();
        assert_eq!(plain(&Dynamic::from(diff)), "C /usr\nA /usr/bin/wget");
    }

    #[test]
    fn other_lists_are_columns_with_exact_numbers() {
        let layers: List<_> = [sample::layer()].into_iter().collect();
        let text = plain(&Dynamic::from(layers));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("LAYER  DIFF ID"), "{text}");
        assert!(lines[1].contains("sha256:3c3c") && lines[1].contains(" 2048 "), "{text}");
        assert!(lines[1].ends_with("/bin/sh -c pkg install wget"), "{text}");
    }

    #[test]
    fn a_container_is_its_fields() {
        let text = plain(&Dynamic::from(Handle::new(sample::container())));
        assert!(text.contains("\nname: calm_otter\n"), "{text}");
        assert!(text.contains("\nstdout: hi\n"), "{text}");
        assert!(text.ends_with("duration: 0.25"), "{text}");
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(plain(&Dynamic::UNIT), "");
        assert_eq!(plain(&Dynamic::from_int(3)), "3");
    }
}
