//! The report as Markdown: what fits on a screen or into a comment on a change.

use std::fmt::Write as _;

use super::Report;

/// So many lines a table has.
const MOST: usize = 20;

/// The text.
pub(super) fn text(report: &Report) -> String {
    let mut out = format!("# {}\n\n", inline(&report.image));
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "{} in {} layers, {} files; {} wasted, efficiency {:.2} %\n",
        size(report.size),
        report.layers.len(),
        report.file_count,
        size(report.waste),
        report.efficiency * 100.0
    );
    let rows = report.layers.iter().map(|layer| {
        vec![
            layer.index.to_string(),
            size(layer.size),
            layer.compressed_size.map(size).unwrap_or_default(),
            size(layer.waste),
            layer.file_count.to_string(),
            inline(layer.created_by.as_deref().unwrap_or_default()),
        ]
    });
    table(&mut out, "Layers", &["layer", "size", "compressed", "waste", "files", "made by"], rows.collect());
    let rows = report.waste_items.iter().map(|item| {
        vec![
            size(item.bytes),
            item.added_by.to_string(),
            item.hidden_by.to_string(),
            item.cause.clone(),
            inline(&item.path),
        ]
    });
    table(&mut out, "Waste", &["size", "added by", "hidden by", "how", "path"], rows.collect());
    let rows = report
        .junk
        .iter()
        .map(|item| vec![size(item.size), item.layer.to_string(), inline(&item.rule), inline(&item.path)]);
    table(&mut out, "Junk", &["size", "layer", "what", "path"], rows.collect());
    let rows = report.tree.children.iter().map(|branch| {
        vec![size(branch.size), branch.layer.to_string(), inline(&format!("/{}", branch.name))]
    });
    table(&mut out, "Folders", &["size", "layer", "path"], rows.collect());
    out
}

fn table(out: &mut String, title: &str, columns: &[&str], rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "## {title}\n\n| {} |\n|{}", columns.join(" | "), " --- |".repeat(columns.len()));
    let more = rows.len().saturating_sub(MOST);
    for row in rows.iter().take(MOST) {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    if more > 0 {
        let _ = writeln!(out, "\nand {more} more");
    }
    out.push('\n');
}

/// What a stranger named, as code: Markdown and HTML in it mean nothing.
fn inline(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    // A fence must be longer than any run of back-ticks in it.
    let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let text: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    let text = text.replace('|', "\\|");
    if longest > 0 { format!("{fence} {text} {fence}") } else { format!("{fence}{text}{fence}") }
}

fn size(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss)]
    let number = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", number / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", number / 1e6),
        _ => format!("{:.2} GB", number / 1e9),
    }
}
