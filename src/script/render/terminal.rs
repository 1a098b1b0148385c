//! Values at a terminal.

use std::collections::BTreeMap;

use rhai::Dynamic;

use super::super::types::{self, AnyRecord, Handle, List, Record};
use super::table::{of_list, of_rows, table};
use super::{Cell, Style, Tone, debug, duration, human, visible, visible_line};
use crate::workbench::{Change, Container, TreeItem};

/// A diff longer than this is summed by folder.
const LONG_DIFF: usize = 40;
/// About how many folders a summed diff shows.
const FOLDERS: usize = 24;

/// `value` for a person.
pub fn render(value: &Dynamic, style: &Style) -> String {
    if value.is_unit() {
        return String::new();
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        let coloured = if style.color { super::unified::unified(&text) } else { None };
        return coloured.unwrap_or_else(|| visible(text.strip_suffix('\n').unwrap_or(&text)));
    }
    if let Some(diff) = value.read_lock::<List<Change>>() {
        return changes(&diff, style);
    }
    if let Some(items) = value.read_lock::<List<TreeItem>>()
        && !items.items().is_empty()
    {
        return super::tree::tree(&items, style);
    }
    if let Some(container) = value.read_lock::<Handle<Container>>() {
        return headline(&container);
    }
    if let Some(list) = types::as_list(value) {
        if list.count() == 0 {
            return format!("{} (empty)", list.type_name());
        }
        return of_list(&*list, style);
    }
    if let Some(record) = types::as_record(value) {
        return fields(&*record, style);
    }
    if let Ok(array) = value.as_array_ref() {
        return many(&array, style);
    }
    if let Ok(map) = value.as_map_ref() {
        let rows: Vec<_> =
            map.iter().map(|(key, value)| vec![Cell::strong(key.as_str()), short(value)]).collect();
        return if rows.is_empty() { "#{}".to_owned() } else { table(&[], &rows, style) };
    }
    debug(value)
}

fn many(array: &[Dynamic], style: &Style) -> String {
    let are_rows = array.iter().all(|item| item.is_map() || types::as_record(item).is_some());
    if are_rows
        && !array.is_empty()
        && let Some(table) = of_rows(array, &[], style)
    {
        return table;
    }
    let line = debug(&Dynamic::from_array(array.to_vec()));
    if line.chars().count() <= usize::from(style.width) {
        return line;
    }
    let items: Vec<String> = array.iter().map(|item| format!("  {},", debug(item))).collect();
    format!("[\n{}\n]", items.join("\n"))
}

/// A value inside a table of keys.
fn short(value: &Dynamic) -> Cell {
    match value.as_immutable_string_ref() {
        Ok(text) => Cell::text(text.trim_end_matches('\n')),
        Err(_) if value.is_unit() => Cell::text(""),
        Err(_) => Cell::text(debug(value)),
    }
}

/// The same under a key that says what the number is.
fn told(key: &str, value: &Dynamic) -> Cell {
    let bytes = value.as_int().ok().and_then(|bytes| u64::try_from(bytes).ok());
    match (key, bytes) {
        ("size" | "compressed_size" | "total" | "waste" | "bytes" | "wasted", Some(bytes)) => {
            Cell::size(bytes)
        }
        ("created" | "modified", None) if value.is_string() => {
            Cell::time(value.clone().into_string().unwrap_or_default())
        }
        _ => short(value),
    }
}

/// Keys and values; lists inside follow as tables of their own.
fn fields(record: &dyn AnyRecord, style: &Style) -> String {
    let mut rows = Vec::new();
    let mut after = Vec::new();
    for (key, value) in record.fields() {
        match types::as_list(&value) {
            Some(list) if list.count() > 0 => after.push(format!("{key}:\n{}", of_list(&*list, style))),
            Some(_) => rows.push(vec![Cell::strong(key), Cell::text("none")]),
            None => rows.push(vec![Cell::strong(key), told(key, &value)]),
        }
    }
    let mut out = vec![table(&[], &rows, style)];
    out.append(&mut after);
    out.join("\n")
}

/// `9c1f0b7a5d2e calm_otter · exit 0 · 41 s · stdout 3 lines`
fn headline(container: &Container) -> String {
    let mut parts = vec![format!("{} {}", container.brief(), visible_line(&container.name))];
    parts.push(match container.exit_code {
        Some(code) => format!("exit {code}"),
        None => visible_line(&container.status),
    });
    parts.push(duration(container.duration));
    for (name, text) in [("stdout", &container.stdout), ("stderr", &container.stderr)] {
        match text.lines().count() {
            0 => {}
            1 => parts.push(format!("{name} 1 line")),
            lines => parts.push(format!("{name} {lines} lines")),
        }
    }
    parts.join(" · ")
}

fn changes(diff: &List<Change>, style: &Style) -> String {
    let items = diff.items();
    if items.is_empty() {
        return "no changes".to_owned();
    }
    if items.len() <= LONG_DIFF || style.whole {
        return of_list(diff, style);
    }
    let mut sums = folders(items);
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for (folder, sum) in &mut sums {
        let count = |count: u64, tone| {
            if count == 0 { Cell::text("") } else { Cell::toned(human::grouped(count), tone) }
        };
        rows.push(vec![
            count(sum.added, Tone::Added),
            count(sum.changed, Tone::Changed),
            count(sum.deleted, Tone::Deleted),
            Cell::size(sum.bytes),
            Cell::strong(if sum.whole {
                folder.clone()
            } else {
                format!("{}/…", folder.trim_end_matches('/'))
            }),
        ]);
    }
    let titles = ["A", "C", "D", "size", "folder"].map(str::to_owned);
    let bytes: u64 = items.iter().map(|change| change.size).sum();
    format!(
        "{}\n{} changes, {}; `.show()` shows every line",
        table(&titles, &rows, style),
        human::grouped(items.len() as u64),
        super::size(bytes)
    )
}

#[derive(Debug, Default)]
struct Sum {
    added: u64,
    changed: u64,
    deleted: u64,
    bytes: u64,
    /// It is this one path, not a folder.
    whole: bool,
}

impl Sum {
    const fn count(&self) -> u64 {
        self.added + self.changed + self.deleted
    }
}

/// Splits the fullest folder again and again, as long as the table stays short.
fn folders(items: &[Handle<Change>]) -> BTreeMap<String, Sum> {
    let mut groups = split("/", 0, items.iter());
    loop {
        let fullest = groups
            .iter()
            .filter(|(_, (depth, members))| members.len() > 1 && *depth < 64)
            .max_by_key(|(_, (_, members))| members.len())
            .map(|(folder, (depth, members))| (folder.clone(), *depth, members.clone()));
        let Some((folder, depth, members)) = fullest else { break };
        let parts = split(&folder, depth + 1, members.into_iter());
        if parts.len() + groups.len() > FOLDERS {
            break;
        }
        groups.remove(&folder);
        groups.extend(parts);
    }
    groups.into_iter().map(|(folder, (_, members))| (folder.clone(), sum(&folder, &members))).collect()
}

type Groups<'a> = BTreeMap<String, (usize, Vec<&'a Handle<Change>>)>;

fn split<'a>(_parent: &str, depth: usize, items: impl Iterator<Item = &'a Handle<Change>>) -> Groups<'a> {
    let mut groups = Groups::new();
    for item in items {
        // `/usr/bin/wget` at depth 1 is in `/usr/bin`.
        let end = item.path.match_indices('/').nth(depth + 1).map_or(item.path.len(), |(place, _)| place);
        groups.entry(item.path[..end].to_owned()).or_insert_with(|| (depth, Vec::new())).1.push(item);
    }
    groups
}

fn sum(folder: &str, members: &[&Handle<Change>]) -> Sum {
    let mut sum = Sum { whole: members.len() == 1 && members[0].path == folder, ..Sum::default() };
    for change in members {
        match change.kind.as_str() {
            "A" => sum.added += 1,
            "D" => sum.deleted += 1,
            _ => sum.changed += 1,
        }
        sum.bytes += change.size;
    }
    debug_assert_eq!(sum.count(), members.len() as u64);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::sample;

    const TERMINAL: Style = Style { width: 80, color: false, plain: false, whole: false };

    #[test]
    fn a_short_diff_is_a_table_and_a_long_one_is_summed() {
        let short: List<_> = [sample::change("A", "/usr/bin/wget", 1_500_000)].into_iter().collect();
        let text = render(&Dynamic::from(short), &TERMINAL);
        assert!(text.contains("/usr/bin/wget") && text.contains("1.50 MB"), "{text}");
        let long: List<_> = (0..100)
            .map(|number| sample::change("A", &format!("/usr/lib/x/{number}"), 10))
            .chain([sample::change("C", "/etc", 0)])
            .collect();
        let text = render(&Dynamic::from(long), &TERMINAL);
        assert!(text.contains("101 changes, 1.00 kB"), "{text}");
        assert!(text.contains("/usr/lib/x/…") && text.contains("/etc"), "{text}");
        assert!(text.lines().count() < 35, "{text}");
    }

    #[test]
    fn a_container_is_one_line() {
        let text = render(&Dynamic::from(Handle::new(sample::container())), &TERMINAL);
        assert_eq!(text, "9c1f0b7a5d2e calm_otter · exit 0 · 250 ms · stdout 1 line");
    }

    #[test]
    fn tables_fit_the_width_and_colours_only_where_wanted() {
        let mut layer = sample::layer();
        layer.created_by = Some(format!("RUN {}", "very long \x1b[31m ".repeat(30)));
        let layers: List<_> = [layer].into_iter().collect();
        let value = Dynamic::from(layers);
        let text = render(&value, &TERMINAL);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(!text.contains('\x1b'));
        let text = render(&value, &Style { color: true, ..TERMINAL });
        assert!(text.contains("\x1b[1m") && !text.contains("\x1b[31m "), "{text:?}");
    }
}
