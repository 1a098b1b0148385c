//! What a verb is: one entry of the table, from which help, completion, messages and the
//! reference are read.

use std::fmt;
use std::ops::{Range, RangeInclusive};

use rhai::{Dynamic, FnPtr};

use super::super::raised::Result;
use super::super::types::{Handle, List};
use super::Call;
use crate::workbench::{Change, Comparison, Container, Image, Layer, Snapshot};

/// A native verb.
pub struct Verb {
    /// Its name.
    pub name: &'static str,
    /// Under which heading help lists it.
    pub group: Group,
    /// One line.
    pub summary: &'static str,
    /// The rest, Markdown.
    pub doc: &'static str,
    /// The ways to call it.
    pub overloads: &'static [Overload],
    /// Keys of its option map.
    pub options: &'static [Opt],
    /// Code that runs.
    pub examples: &'static [Example],
    /// What it does; the arguments fit one of the overloads.
    pub call: fn(&mut Call<'_>) -> Result<Dynamic>,
}

impl fmt::Debug for Verb {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

/// The headings of help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Getting, keeping and removing images.
    Images,
    /// Running and committing.
    Containers,
    /// Looking inside.
    Analysis,
    /// Making better ones of images.
    Fix,
    /// Files of containers and images.
    Files,
    /// For scripts.
    Script,
    /// The store and this machine.
    Care,
}

impl Group {
    /// Every heading, in order.
    pub const ALL: &'static [Self] =
        &[Self::Images, Self::Containers, Self::Analysis, Self::Fix, Self::Files, Self::Script, Self::Care];

    /// The heading's text.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Images => "Images",
            Self::Containers => "Containers",
            Self::Analysis => "Analysis",
            Self::Fix => "Images made better",
            Self::Files => "Files",
            Self::Script => "Script",
            Self::Care => "Store and machine",
        }
    }
}

/// One way to call a verb.
#[derive(Debug)]
pub struct Overload {
    /// Its parameters.
    pub params: &'static [Param],
    /// Name of what it gives.
    pub returns: &'static str,
}

/// One parameter.
#[derive(Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kinds: &'static [Kind],
    /// What completion offers.
    pub completes: Completes,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything.
    Any,
    /// A whole number.
    Int,
    /// A number with a point.
    Float,
    /// Text.
    Text,
    /// Bytes.
    Blob,
    /// An array.
    Array,
    /// A map of options.
    Options,
    /// A closure or function.
    Function,
    /// `from..to` or `from..=to`.
    Range,
    /// An image.
    Image,
    /// A container.
    Container,
    /// A layer.
    Layer,
    /// Changes.
    Diff,
    /// A list of images.
    Images,
    /// A list of containers.
    Containers,
    /// A snapshot.
    Snapshot,
    /// A list of snapshots.
    Snapshots,
    /// In what two things differ.
    Comparison,
}

impl Kind {
    /// Whether `value` is one.
    #[must_use]
    pub fn fits(self, value: &Dynamic) -> bool {
        match self {
            Self::Any => true,
            Self::Int => value.is_int(),
            Self::Float => value.is_float(),
            Self::Text => value.is_string(),
            Self::Blob => value.is_blob(),
            Self::Array => value.is_array(),
            Self::Options => value.is_map(),
            Self::Function => value.read_lock::<FnPtr>().is_some(),
            Self::Range => value.is::<Range<i64>>() || value.is::<RangeInclusive<i64>>(),
            // A list of one image is that image: `layers(load("x.tar"))`.
            Self::Image => {
                value.read_lock::<Handle<Image>>().is_some()
                    || value.read_lock::<List<Image>>().is_some_and(|list| list.items().len() == 1)
            }
            Self::Container => value.read_lock::<Handle<Container>>().is_some(),
            Self::Layer => value.read_lock::<Handle<Layer>>().is_some(),
            Self::Diff => value.read_lock::<List<Change>>().is_some(),
            Self::Images => value.read_lock::<List<Image>>().is_some(),
            Self::Containers => value.read_lock::<List<Container>>().is_some(),
            Self::Snapshot => value.read_lock::<Handle<Snapshot>>().is_some(),
            Self::Snapshots => value.read_lock::<List<Snapshot>>().is_some(),
            Self::Comparison => value.read_lock::<Handle<Comparison>>().is_some(),
        }
    }

    /// Its name in signatures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Int => "number",
            Self::Float => "decimal number",
            Self::Text => "text",
            Self::Blob => "blob",
            Self::Array => "array",
            Self::Options => "#{…}",
            Self::Function => "function",
            Self::Range => "range",
            Self::Image => "Image",
            Self::Container => "Container",
            Self::Layer => "Layer",
            Self::Diff => "Diff",
            Self::Images => "Images",
            Self::Containers => "Containers",
            Self::Snapshot => "Snapshot",
            Self::Snapshots => "Snapshots",
            Self::Comparison => "Comparison",
        }
    }
}

/// What completion offers for a parameter or option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completes {
    /// Nothing.
    Nothing,
    /// References of images.
    Images,
    /// Names of containers.
    Containers,
    /// Names of snapshots.
    Snapshots,
    /// Files of the host.
    HostPath,
    /// Files of the host, after the name of a transport or without.
    Source,
    /// References of images, or what [`Self::Source`] offers.
    ImageOrSource,
    /// `HOST:CONTAINER[:ro]`.
    Volume,
    /// Names of the caller's variables.
    Environment,
    /// Paths inside the first argument.
    InnerPath,
    /// Programs inside the first argument.
    Program,
    /// Keys of the verb's options.
    Options,
    /// Names of verbs.
    Verbs,
    /// One of these.
    OneOf(&'static [&'static str]),
}

/// One key of an option map.
#[derive(Debug)]
pub struct Opt {
    /// The key: Docker's long flag with `_` for `-`.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// One line.
    pub doc: &'static str,
    /// What completion offers.
    pub completes: Completes,
}

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// Text.
    Text,
    /// Text, or an array of texts.
    Texts,
    /// A map, or an array of `"NAME=value"` and `"NAME"`.
    Environment,
    /// Seconds, or text such as `"1m30s"`.
    Duration,
    /// A number, or text such as `"20MB"`.
    Amount,
    /// Text or a blob.
    Bytes,
    /// An array of commands: texts, or arrays of words.
    Commands,
    /// An image or its reference.
    Image,
}

impl Takes {
    /// What messages and help call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "`true` or `false`",
            Self::Int => "a whole number",
            Self::Text => "text",
            Self::Texts => "text or an array of texts",
            Self::Environment => "a map, or an array of `\"NAME=value\"` or `\"NAME\"`",
            Self::Duration => "seconds, or text such as `\"1m30s\"`",
            Self::Amount => "a number, or text such as `\"20MB\"`",
            Self::Bytes => "text or a blob",
            Self::Commands => "an array of commands, each a text or an array of texts",
            Self::Image => "an image or its name",
        }
    }
}

/// Code that shows a verb, and runs.
#[derive(Debug)]
pub struct Example {
    /// What it shows.
    pub about: &'static str,
    /// The code; it may use what [`Needs`] promises.
    pub code: &'static str,
    /// What must be there.
    pub needs: Needs,
}

/// What an example needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing but the language.
    Nothing,
    /// The container engine and a fresh folder as working directory.
    Engine,
}

impl Overload {
    /// Whether `args` fit.
    #[must_use]
    pub fn fits(&self, args: &[Dynamic]) -> bool {
        self.params.len() == args.len()
            && self.params.iter().zip(args).all(|(param, arg)| param.kinds.iter().any(|kind| kind.fits(arg)))
    }
}

impl fmt::Display for Param {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kinds.is_empty() || self.kinds == [Kind::Any] {
            return out.write_str(self.name);
        }
        write!(out, "{}: ", self.name)?;
        for (index, kind) in self.kinds.iter().enumerate() {
            write!(out, "{}{}", if index > 0 { " | " } else { "" }, kind.name())?;
        }
        Ok(())
    }
}

impl Verb {
    /// `run(thing: Image | Container | text, command: text | array) -> Container`, one an overload.
    pub fn signatures(&self) -> impl Iterator<Item = String> + '_ {
        self.overloads.iter().map(|overload| {
            let params: Vec<String> = overload.params.iter().map(ToString::to_string).collect();
            format!("{}({}) -> {}", self.name, params.join(", "), overload.returns)
        })
    }
}
