//! The terminal, taken and given back, and the loop of keys, work and drawing.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;

use super::draw::{Theme, draw, waiting};
use super::material::{Material, Selection};
use super::state::State;
use super::work::{Answer, Job, Worker};
use crate::sys::Interrupt;
use crate::sys::terminal::Raw;

/// The other screen, clicks and wheel with their places, keys told apart where the terminal can.
const BEGIN: &[u8] = b"\x1b[?1049h\x1b[2J\x1b[H\x1b[?1000h\x1b[?1006h\x1b[>1u";
/// All of that back, and the cursor.
const END: &[u8] = b"\x1b[<u\x1b[?1006l\x1b[?1000l\x1b[?25h\x1b[0m\x1b[?1049l";

/// Longer work is not waited for: a key is to be answered within 30 ms, also on a machine that is busy.
const SHORT: Duration = Duration::from_millis(8);

/// How the explorer looks.
#[derive(Debug, Clone)]
pub struct Look {
    /// What is explored, for the time until it is known better.
    pub name: String,
    /// Whether there are colours.
    pub color: bool,
    /// SIGINT from elsewhere, which ends it as Ctrl-C does.
    pub interrupt: Interrupt,
}

/// Why nothing could be explored.
#[derive(Debug)]
pub enum Failure<E> {
    /// The image could not be opened.
    Open(E),
    /// The terminal fails.
    Terminal(io::Error),
    /// What was to open or to work has panicked.
    Lost,
}

impl<E> From<io::Error> for Failure<E> {
    fn from(error: io::Error) -> Self {
        Self::Terminal(error)
    }
}

/// What other threads have to say.
enum News<E> {
    Opened(Result<Material, E>),
    Refined(Material),
    Answer(Answer),
}

/// Shows what `open` gives, full screen on the process's terminal, until the person ends it. `open` runs in a
/// thread, while the screen says so.
///
/// # Errors
/// Those of `open`, and of the terminal. The terminal is as it was in any case.
pub fn explore<E: Send + 'static>(
    look: &Look,
    open: impl FnOnce() -> Result<Material, E> + Send + 'static,
) -> Result<Selection, Failure<E>> {
    let theme = Theme { color: look.color };
    let (news, heard) = mpsc::channel();
    let opener = news.clone();
    let begun = Instant::now();
    let opening = thread::Builder::new().name("open".to_owned()).spawn(move || {
        let opened = open();
        let first = opened.as_ref().ok().cloned();
        // Whoever has given up does not listen any more.
        if opener.send(News::Opened(opened)).is_ok()
            && let Some(refined) = first.and_then(|first| first.refined())
        {
            let _ = opener.send(News::Refined(refined));
        }
    })?;
    let mut screen = Screen::enter()?;
    let material = loop {
        match heard.recv_timeout(Duration::from_millis(25)) {
            Ok(News::Opened(opened)) => break Arc::new(opened.map_err(Failure::Open)?),
            Ok(News::Answer(_) | News::Refined(_)) => {}
            Err(_) if opening.is_finished() => {
                // It may have spoken just before it ended.
                match heard.try_recv() {
                    Ok(News::Opened(opened)) => break Arc::new(opened.map_err(Failure::Open)?),
                    _ => return Err(Failure::Lost),
                }
            }
            Err(_) => {}
        }
        screen.terminal.draw(|frame| waiting(frame, &look.name, begun.elapsed().as_millis() / 100, theme))?;
        if look.interrupt.raised() {
            return Ok(Selection::default());
        }
        while event::poll(Duration::ZERO)? {
            if let Event::Key(key) = event::read()?
                && gives_up(key)
            {
                return Ok(Selection::default());
            }
        }
    };
    // What was shown meanwhile by others, such as bars of a download, goes.
    let area = screen.area()?;
    screen.terminal.resize(area)?;
    explored(&mut screen, material, news, &heard, look)
}

fn gives_up(key: KeyEvent) -> bool {
    is_interrupt(key) || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc)
}

fn is_interrupt(key: KeyEvent) -> bool {
    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)
}

fn explored<E: Send + 'static>(
    screen: &mut Screen,
    material: Arc<Material>,
    news: Sender<News<E>>,
    heard: &Receiver<News<E>>,
    look: &Look,
) -> Result<Selection, Failure<E>> {
    let theme = Theme { color: look.color };
    let (jobs, wanted) = mpsc::channel();
    let mut worker = Worker::new(Arc::clone(&material));
    let working = thread::Builder::new().name("explore".to_owned()).spawn(move || {
        let mut waiting = VecDeque::new();
        while let Some(job) = waiting.pop_front().or_else(|| wanted.recv().ok()) {
            waiting.extend(wanted.try_iter());
            // Of several layouts that wait only the last one matters.
            let is_layout = |job: &Job| matches!(job, Job::LayOut { .. });
            let answer = if is_layout(&job) && waiting.iter().any(is_layout) {
                Answer::Superseded
            } else {
                worker.perform(job)
            };
            if news.send(News::Answer(answer)).is_err() {
                return;
            }
        }
    })?;
    let (mut state, first) = State::new(material, screen.area()?);
    let send = |state: &mut State, more: Vec<Job>| {
        for job in more {
            if jobs.send(job).is_err() {
                state.ended = true;
            }
        }
    };
    let note = |state: &mut State, news: News<E>| {
        let more = match news {
            News::Answer(answer) => state.take(answer),
            News::Refined(material) => state.refine(Arc::new(material)),
            News::Opened(_) => Vec::new(),
        };
        send(state, more);
    };
    // Short work is shown with the key that asked for it; for longer work a frame that says so comes first.
    let hear = |state: &mut State| -> Result<bool, Failure<E>> {
        let mut any = false;
        for news in heard.try_iter() {
            note(state, news);
            any = true;
        }
        let end = Instant::now() + SHORT;
        while state.pending > 0 {
            match heard.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(news) => {
                    note(state, news);
                    any = true;
                }
                Err(_) if working.is_finished() => return Err(Failure::Lost),
                Err(_) => break,
            }
        }
        Ok(any)
    };
    send(&mut state, first);
    // Nothing is drawn while nothing happens.
    let mut stale = true;
    let mut typed = VecDeque::new();
    while !state.ended {
        stale |= hear(&mut state)?;
        let now = screen.area()?;
        if now != state.area {
            state.resize(now);
            stale = true;
        }
        if stale || state.pending > 0 {
            screen.terminal.draw(|frame| draw(frame, &state, theme))?;
        }
        let pause = if state.pending > 0 { 10 } else { 100 };
        let mut patience = Duration::from_millis(pause);
        while event::poll(patience)? {
            patience = Duration::ZERO;
            let event = event::read()?;
            state.ended |= matches!(event, Event::Key(key) if is_interrupt(key));
            typed.push_back(event);
        }
        state.ended |= look.interrupt.raised();
        stale = !typed.is_empty();
        // All that was typed meanwhile goes into one frame, but for keys whose meaning is still being worked on.
        while !state.ended
            && let Some(event) = typed.front()
        {
            if !state.is_free_for(event) {
                hear(&mut state)?;
                if state.pending > 0 {
                    break;
                }
            }
            let more = match typed.pop_front() {
                Some(Event::Key(key)) if key.kind != KeyEventKind::Release => state.key(key),
                Some(Event::Mouse(mouse)) => state.mouse(mouse),
                _ => Vec::new(),
            };
            send(&mut state, more);
        }
    }
    Ok(state.selection())
}

/// The terminal while it is ours.
struct Screen {
    terminal: Terminal<CrosstermBackend<io::Stdout>>,
    // Dropped last: puts everything back.
    _raw: Raw,
    _hook: Hook,
}

impl Screen {
    fn enter() -> io::Result<Self> {
        let mut raw = Raw::enter(io::stdin().as_fd())?;
        raw.draw_on(io::stdout().as_fd(), BEGIN, END)?;
        let hook = Hook::set();
        // `Terminal::clear` would ask where the cursor is, which not every terminal answers.
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        Ok(Self { terminal, _raw: raw, _hook: hook })
    }

    fn area(&self) -> io::Result<Rect> {
        self.terminal.size().map(|size| Rect::new(0, 0, size.width, size.height))
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Screen")
    }
}

type PanicHook = Arc<dyn Fn(&std::panic::PanicHookInfo<'_>) + Send + Sync>;

/// A panic's message is for the screen that is there afterwards: while this lives none is written, since whoever
/// catches the panic tells it.
struct Hook(Option<PanicHook>);

impl Hook {
    fn set() -> Self {
        let before: PanicHook = Arc::from(std::panic::take_hook());
        std::panic::set_hook(Box::new(|_| {}));
        Self(Some(before))
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        // A thread that panics may not change the hook.
        if let Some(before) = self.0.take().filter(|_| !thread::panicking()) {
            std::panic::set_hook(Box::new(move |info| before(info)));
        }
    }
}
