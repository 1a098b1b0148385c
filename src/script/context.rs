//! What natives need besides their arguments.

use std::fmt;
use std::sync::Arc;

use rhai::{Dynamic, NativeCallContext};

use super::limits::{Limits, Watch};
use super::raised::{Raised, Result};
use super::render::Style;
use crate::sys::Interrupt;
use crate::workbench::{Stream, Workbench};

/// A native function as Rhai keeps it.
pub type NativeFunction =
    dyn Fn(Option<NativeCallContext<'_>>, &mut [&mut Dynamic]) -> Result<Dynamic> + Send + Sync;
/// Takes one text.
pub type TextSink = Arc<dyn Fn(&str) + Send + Sync>;
/// Takes output of a command as it comes.
pub type StreamSink = Arc<dyn Fn(Stream, &[u8]) + Send + Sync>;
/// Asks the person for a line; `None` at the end of input.
pub type Input = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Where a session's output goes; nothing below the command line prints by itself.
#[derive(Clone)]
pub struct Sinks {
    /// `print(…)`, one text a call, without its newline.
    pub print: TextSink,
    /// `show(…)`, likewise; rendering has made it harmless, and what steers the terminal in it is ours.
    pub show: TextSink,
    /// `debug(…)`, likewise.
    pub debug: TextSink,
    /// Output of commands that stream.
    pub stream: StreamSink,
}

impl Sinks {
    /// Swallows everything.
    #[must_use]
    pub fn none() -> Self {
        Self {
            print: Arc::new(|_| {}),
            show: Arc::new(|_| {}),
            debug: Arc::new(|_| {}),
            stream: Arc::new(|_, _| {}),
        }
    }
}

impl fmt::Debug for Sinks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Sinks")
    }
}

/// How a session behaves.
#[derive(Clone)]
pub struct SessionOptions {
    /// A person types: commands stream, and a failing line takes back its variables.
    pub interactive: bool,
    /// The last value is wanted as JSON.
    pub json: bool,
    /// The script's `args`.
    pub args: Vec<String>,
    /// Where output goes.
    pub out: Sinks,
    /// The caller's environment, for `env(name)`.
    pub environment: Vec<(String, String)>,
    /// Asks the person; `None` where nobody is there.
    pub input: Option<Input>,
    /// How values are shown where output goes.
    pub style: Style,
    /// Columns and rows of the terminal that the output goes to, if it goes to one.
    pub terminal: fn() -> Option<(u16, u16)>,
    /// How far a script may go.
    pub limits: Limits,
    /// Whether Ctrl-C has come; looked at between any two operations, so it must be quick.
    pub interrupted: fn() -> bool,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            interactive: false,
            json: false,
            args: Vec::new(),
            out: Sinks::none(),
            environment: Vec::new(),
            input: None,
            style: Style::PLAIN,
            terminal: || None,
            limits: Limits::default(),
            interrupted: || Interrupt.raised(),
        }
    }
}

impl fmt::Debug for SessionOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SessionOptions")
            .field("interactive", &self.interactive)
            .field("json", &self.json)
            .field("args", &self.args)
            .finish_non_exhaustive()
    }
}

/// What natives share.
pub struct Context {
    /// The engine below.
    pub workbench: Arc<Workbench>,
    /// The session's options.
    pub options: SessionOptions,
    /// Looks after its limits.
    pub watch: Watch,
}

impl Context {
    /// The context as an engine carries it to its natives.
    pub fn carried(self: &Arc<Self>) -> Dynamic {
        Dynamic::from(Arc::clone(self))
    }

    /// The context of the session that calls.
    pub fn of(native: &NativeCallContext<'_>) -> Result<Arc<Self>> {
        let carried = native.tag().and_then(|tag| tag.read_lock::<Arc<Self>>());
        carried
            .map(|context| Arc::clone(&context))
            .ok_or_else(|| Raised::new("internal", "a native function was called outside a session").into())
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(out)
    }
}
