//! One line that says what a statement did to containers and images.

use crate::script::{Style, visible};
use crate::workbench::{Container, Image, Journal, Workbench};

/// The lines for what happened, without newlines; none where nothing did.
#[must_use]
pub fn lines(journal: &Journal, workbench: &Workbench, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(container) = &journal.container {
        let changes = if container.removed { None } else { changes(container, workbench) };
        lines.push(of_run(container, journal, changes));
    }
    if let Some(image) = &journal.image {
        lines.push(of_image(image));
    }
    lines.into_iter().map(|line| if style.color { format!("\x1b[2m{line}\x1b[0m") } else { line }).collect()
}

/// How many paths differ from the image, and their bytes.
fn changes(container: &Container, workbench: &Workbench) -> Option<(u64, u64)> {
    let changes = workbench.diff(container).ok()?.changes;
    Some((changes.len() as u64, changes.iter().map(|change| change.size).sum()))
}

/// `  9c1f0b7a5d2e calm_otter · exit 0 · 41 s · 12 changes · +3.1 MB`
fn of_run(container: &Container, journal: &Journal, changes: Option<(u64, u64)>) -> String {
    let mut parts = vec![format!("{} {}", short(&container.id), visible(&container.name))];
    if journal.runs > 1 {
        parts.push(format!("{} runs", journal.runs));
    }
    parts.push(match container.exit_code {
        Some(code) => format!("exit {code}"),
        None => visible(&container.status),
    });
    parts.push(duration(journal.duration));
    match changes {
        Some((0, _)) => parts.push("no changes".to_owned()),
        Some((count, bytes)) => {
            parts.push(if count == 1 { "1 change".to_owned() } else { format!("{count} changes") });
            if bytes > 0 {
                parts.push(format!("+{}", size(bytes)));
            }
        }
        None if container.removed => parts.push("removed".to_owned()),
        None => {}
    }
    format!("  {}", parts.join(" · "))
}

/// `  1a1a1a1a1a1a training:v1 · 2 layers · 12.3 MB`, and what it saves if it was just made of another.
fn of_image(image: &Image) -> String {
    let mut parts = vec![format!(
        "{} {}",
        short(&image.id),
        visible(image.references.first().map_or("(no name)", String::as_str))
    )];
    parts.push(match image.diff_ids.len() {
        1 => "1 layer".to_owned(),
        count => format!("{count} layers"),
    });
    parts.push(size(image.size));
    if let Some(saving) =
        image.saving.and_then(|saving| u64::try_from(saving).ok()).filter(|saving| *saving > 0)
    {
        parts.push(format!("{} less", size(saving)));
    }
    format!("  {}", parts.join(" · "))
}

/// Twelve digits, as Docker shows ids.
fn short(id: &str) -> String {
    id.strip_prefix("sha256:").unwrap_or(id).chars().take(12).collect()
}

/// Seconds for people.
#[must_use]
pub fn duration(seconds: f64) -> String {
    crate::script::duration(seconds)
}

fn size(bytes: u64) -> String {
    crate::script::size(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container() -> Container {
        Container {
            id: "9c1f0b7a5d2e".repeat(5),
            name: "calm_otter".to_owned(),
            image: "plywood/base:latest".to_owned(),
            command: Vec::new(),
            status: "exited".to_owned(),
            exit_code: Some(0),
            created: String::new(),
            stdout: String::new(),
            stderr: String::new(),
            duration: 41.2,
            stdout_blob: Vec::new(),
            stderr_blob: Vec::new(),
            removed: false,
        }
    }

    #[test]
    fn a_run_is_one_line() {
        let journal = Journal { runs: 1, duration: 41.2, ..Journal::default() };
        assert_eq!(
            of_run(&container(), &journal, Some((12, 3_100_000))),
            "  9c1f0b7a5d2e calm_otter · exit 0 · 41 s · 12 changes · +3.10 MB"
        );
        assert_eq!(
            of_run(&container(), &journal, Some((0, 0))),
            "  9c1f0b7a5d2e calm_otter · exit 0 · 41 s · no changes"
        );
        let journal = Journal { runs: 3, duration: 0.012, ..Journal::default() };
        let removed = Container { removed: true, exit_code: Some(3), ..container() };
        assert_eq!(
            of_run(&removed, &journal, None),
            "  9c1f0b7a5d2e calm_otter · 3 runs · exit 3 · 12 ms · removed"
        );
    }

    #[test]
    fn an_image_is_one_line() {
        let image = Image {
            id: format!("sha256:{}", "1a".repeat(32)),
            digest: None,
            references: vec!["training:v1".to_owned()],
            size: 12_345_678,
            created: String::new(),
            config: serde_json::Value::Null,
            diff_ids: vec![String::new(), String::new()],
            architecture: String::new(),
            os: String::new(),
            verified: true,
            saving: None,
            origin: None,
        };
        assert_eq!(of_image(&image), "  1a1a1a1a1a1a training:v1 · 2 layers · 12.3 MB");
        let slim = Image { saving: Some(4_500), ..image };
        assert_eq!(of_image(&slim), "  1a1a1a1a1a1a training:v1 · 2 layers · 12.3 MB · 4.50 kB less");
    }
}
