//! Downloads and uploads as they go on: a bar each on a terminal, else a line each at the end.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use crate::script::visible;
use crate::workbench::{Progress, Report, Step};

const BAR: &str = "{prefix:<20} {msg:<8} {bar:24} {binary_bytes:>11}/{binary_total_bytes:<11} {binary_bytes_per_sec:>13} {eta:>4}";
const ENDLESS: &str = "{prefix:<20} {msg:<8} {spinner} {binary_bytes:>11} {binary_bytes_per_sec:>13}";
const DONE: &str = "{prefix:<20} {msg}";

/// A listener that draws bars, or writes lines.
pub fn report(terminal: bool) -> Report {
    if terminal { bars() } else { lines() }
}

fn bars() -> Report {
    let all: Mutex<Option<(MultiProgress, HashMap<u64, ProgressBar>)>> = Mutex::default();
    Report::to(move |Progress { item, step }| {
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Step::Notice(text) = &step {
            // Above the bars, where there are any.
            match all.as_ref() {
                Some((multi, _)) => drop(multi.println(noticed(text))),
                None => drop(writeln!(std::io::stderr(), "{}", noticed(text))),
            }
            return;
        }
        let (multi, bars) = all.get_or_insert_with(|| {
            (MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)), HashMap::new())
        });
        match step {
            Step::Begin { name, action, total } => {
                let template = if total.is_some() { BAR } else { ENDLESS };
                let style = ProgressStyle::with_template(template);
                let bar = match total {
                    Some(total) => ProgressBar::new(total),
                    None => ProgressBar::no_length(),
                };
                // Our own templates are sound; without them a bar is still one.
                let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸ ");
                let bar = multi.add(bar.with_style(style).with_finish(ProgressFinish::Abandon));
                bar.set_prefix(short(&name));
                bar.set_message(action);
                bars.insert(item, bar);
            }
            Step::Notice(_) => {}
            Step::At(bytes) => {
                if let Some(bar) = bars.get(&item) {
                    bar.set_position(bytes);
                }
            }
            Step::End { outcome, bytes } => {
                if let Some(bar) = bars.remove(&item) {
                    if let Ok(style) = ProgressStyle::with_template(DONE) {
                        bar.set_style(style);
                    }
                    bar.abandon_with_message(done(outcome, bytes, bar.elapsed()));
                }
                // What is written next begins below, and so do the next bars.
                if bars.is_empty() {
                    *all = None;
                    let _ = writeln!(std::io::stderr());
                }
            }
        }
    })
}

fn lines() -> Report {
    let begun: Mutex<HashMap<u64, (String, Instant)>> = Mutex::default();
    Report::to(move |Progress { item, step }| {
        let mut begun = begun.lock().unwrap_or_else(PoisonError::into_inner);
        match step {
            Step::Begin { name, .. } => drop(begun.insert(item, (name, Instant::now()))),
            // Where standard error is gone there is nobody to tell.
            Step::Notice(text) => drop(writeln!(std::io::stderr(), "{}", noticed(&text))),
            Step::At(_) => {}
            Step::End { outcome, bytes } => {
                if let Some((name, since)) = begun.remove(&item) {
                    let _ = writeln!(
                        std::io::stderr(),
                        "{}: {}",
                        short(&name),
                        done(outcome, bytes, since.elapsed())
                    );
                }
            }
        }
    })
}

fn noticed(text: &str) -> String {
    format!("note: {}", visible(text).replace('\n', "\\n"))
}

fn done(outcome: &str, bytes: u64, time: Duration) -> String {
    if bytes == 0 {
        return outcome.to_owned();
    }
    format!("{outcome}, {} in {:.1} s", indicatif::BinaryBytes(bytes), time.as_secs_f64())
}

/// A name comes from an archive or registry, and is not to move the cursor.
fn short(name: &str) -> String {
    name.chars().filter(|char| !char.is_control()).take(60).collect()
}
