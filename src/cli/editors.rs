//! What editors, shells and readers of manuals want.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory as _;

use super::Result;
use super::arguments::Arguments;
use super::console::Console;
use crate::script::{Failure, definitions, help};

/// Writes the definition files into a folder.
pub fn write_definitions(folder: &Path, console: &Console) -> Result {
    let files = definitions();
    for (name, text) in &files {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| Failure::new("io", format!("cannot write `{}`: {error}", path.display())))?;
    }
    if !console.quiet {
        console.line(&format!("{} files in `{}`", files.len(), folder.display()));
    }
    Ok(0)
}

/// The script that completes our command line in `shell`.
pub fn completions(shell: clap_complete::Shell) -> Result {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "plywood", &mut text);
    write(&text)
}

/// The manual page, with a page for each command after it.
pub fn manual() -> Result {
    let mut text = Vec::new();
    clap_mangen::Man::new(Arguments::command())
        .render(&mut text)
        .map_err(|error| Failure::new("io", format!("cannot make the manual page: {error}")))?;
    write(&text)
}

/// All verbs, types and modules, in Markdown.
pub fn reference() -> Result {
    write(help::reference().as_bytes())
}

fn write(text: &[u8]) -> Result {
    match io::stdout().lock().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new("io", format!("cannot write: {error}")).into())
        }
        _ => Ok(0),
    }
}
