//! `diff(a, b)`: two images, containers or layers beside each other.

mod beside;
mod came_as;
mod config;
mod documents;
mod files;
mod layers;
mod packages;
mod packing;
mod side;
mod text;

use std::sync::Arc;

use serde::Serialize;

use super::{Error, Result, Workbench};
use crate::inspect::Globs;
use crate::inspect::model::{Aspect, Aspects};
use crate::layer::Facet;
use side::Side;

pub(super) use beside::{Beside, Told};
pub use side::Operand;

/// What is left out of a comparison.
#[derive(Debug, Clone, Default)]
pub struct CompareOptions {
    /// Patterns of paths: `*`, `?`, `**`, `[…]`, `{a,b}`; one without `/` fits a name anywhere, one of a directory
    /// all that is in it.
    pub ignore: Vec<String>,
    /// What does not count: aspects of files such as `mtime`, settings such as `Cmd`, `Env` (all of them) or
    /// `Env.PATH`, and `config` or `packages` as a whole; of archives the parts of [`Facet`], or `packing` as a whole.
    pub except: Vec<String>,
}

/// In what two things differ.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// What was compared.
    pub before: String,
    /// With what.
    pub after: String,
    /// Whether files, configuration and packages are the same.
    pub same: bool,
    /// Whether besides nothing is packed, dated or told differently, but for what is left out.
    pub reproducible: bool,
    /// `identical`: bit for bit; `same`: but for when and by what it was made; `packed differently`: the same files in other
    /// archives; `only times differ`; `different`.
    pub verdict: String,
    /// Sorted by the paths' bytes.
    pub files: Vec<FileDifference>,
    /// Sorted by key.
    pub config: Vec<ConfigDifference>,
    /// In order.
    pub history: Vec<HistoryDifference>,
    /// Layer by layer.
    pub layers: Vec<LayerDifference>,
    /// Why the layers' archives are not the same, and when the images were made; layer by layer.
    pub packing: Vec<PackingDifference>,
    /// Sorted by manager and name.
    pub packages: Vec<PackageDifference>,
    /// What is compared, for looking closer.
    #[serde(skip)]
    sides: Arc<(Side, Side)>,
}

/// The same outcome.
impl PartialEq for Comparison {
    fn eq(&self, other: &Self) -> bool {
        (&self.before, &self.after, &self.verdict, &self.files, &self.config)
            == (&other.before, &other.after, &other.verdict, &other.files, &other.config)
            && (&self.history, &self.layers, &self.packing, &self.packages)
                == (&other.history, &other.layers, &other.packing, &other.packages)
    }
}

/// A path that is not the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileDifference {
    /// `A`, `C` or `D`.
    pub kind: String,
    /// Absolute, escaped.
    pub path: String,
    /// As in [`File`](super::File).
    #[serde(rename = "type")]
    pub file_type: String,
    /// Bytes now; of a deleted one, then.
    pub size: u64,
    /// In what it differs: `type`, `mode`, `owner`, `size`, `mtime`, `link`, `device`, `xattrs`, `content`.
    pub reasons: Vec<String>,
}

/// A setting that is not the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigDifference {
    /// Such as `Cmd`, `Env.PATH` or `architecture`.
    pub key: String,
    /// What was.
    pub before: Option<String>,
    /// What is.
    pub after: Option<String>,
}

/// A step of the history that only one of them has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryDifference {
    /// `A` or `D`.
    pub kind: String,
    /// Its place in its history.
    pub index: usize,
    /// The command.
    pub created_by: String,
}

/// Two layers at the same place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayerDifference {
    /// From 0, lowest first.
    pub index: usize,
    /// Digest of the one's tar.
    pub before: Option<String>,
    /// Digest of the other's.
    pub after: Option<String>,
    /// `same`; `compression`: one tar, compressed in two ways; `times`: nothing but files' times; `packing`: the same
    /// files in another tar; `ignored`: only what is left out; `files`; `only one`.
    pub what: String,
    /// The parts of the archives that differ, as in [`PackingDifference::part`].
    pub packing: Vec<String>,
}

/// One thing in which two archives of the same files differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackingDifference {
    /// The layer, from 0; none of what is told of the image.
    pub layer: Option<usize>,
    /// `created`, `documents`, `order`, `entries`, `mtime`, `owner`, `mode`, `link`, `xattrs`, `headers`, `pax`, `padding` or
    /// `compression`.
    pub part: String,
    /// What exactly: `uname`, `format`, `pax atime`, `gzip mtime`, ….
    pub field: String,
    /// How many entries show it.
    pub count: u64,
    /// The first of them, absolute, escaped.
    pub path: Option<String>,
    /// What it was there.
    pub before: Option<String>,
    /// What it is.
    pub after: Option<String>,
}

/// A package that is not the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackageDifference {
    /// `A`, `C` or `D`.
    pub kind: String,
    /// `apk`, `dpkg`, `npm`, `pip`, `pkg` or `rpm`.
    pub manager: String,
    /// Its name.
    pub name: String,
    /// The version that was; several where there are several.
    pub before: Option<String>,
    /// The version that is.
    pub after: Option<String>,
}

/// The options, understood.
struct Rules {
    ignored: Globs,
    except: Aspects,
    facets: Vec<Facet>,
    settings: Vec<String>,
}

/// Settings beside those of the runtime, and what is left out as a whole.
const WORDS: [&str; 7] = ["architecture", "variant", "os", "os.version", "author", "config", "packages"];

/// All parts of archives.
const PACKING: &str = "packing";

impl Rules {
    fn of(options: &CompareOptions) -> Result<Self> {
        let ignored = Globs::of_ignored(&options.ignore).map_err(Error::invalid)?;
        let (mut except, mut facets, mut settings) = (Aspects::default(), Vec::new(), Vec::new());
        for word in &options.except {
            // `mtime` and some others are both.
            let aspect = Aspect::ALL.into_iter().find(|aspect| aspect.as_str() == word);
            aspect.into_iter().for_each(|aspect| except.insert(aspect));
            let meant = Facet::ALL.into_iter().filter(|facet| facet.as_str() == word || word == PACKING);
            let before = facets.len();
            facets.extend(meant);
            if aspect.is_some() || facets.len() > before {
                continue;
            }
            if word.starts_with(char::is_uppercase) || WORDS.contains(&word.as_str()) {
                settings.push(word.clone());
            } else {
                let mut known: Vec<&str> = Aspect::ALL.iter().map(|aspect| aspect.as_str()).collect();
                let parts = Facet::ALL.iter().map(|facet| facet.as_str());
                known.extend(parts.filter(|part| !Aspect::ALL.iter().any(|it| it.as_str() == *part)));
                known.push(PACKING);
                known.extend(WORDS);
                return Err(Error::invalid(format!("nothing differs in `{word}`")).with_hint(format!(
                    "files and images differ in {}, or settings such as `Cmd` and `Env.PATH`",
                    known.join(", ")
                )));
            }
        }
        Ok(Self { ignored, except, facets, settings })
    }

    /// Whether a part of archives counts.
    fn regards(&self, facet: Facet) -> bool {
        !self.facets.contains(&facet)
    }

    /// Whether a setting does not count.
    fn leaves_out(&self, setting: &str) -> bool {
        self.settings.iter().any(|word| {
            word == setting || setting.strip_prefix(word.as_str()).is_some_and(|rest| rest.starts_with('.'))
        })
    }
}

impl Workbench {
    /// In what `after` differs from `before`. Images that are only looked at in place are taken into the store.
    ///
    /// # Errors
    /// When one of them is gone; for options that are none.
    pub fn compare(&self, before: &Operand, after: &Operand, options: &CompareOptions) -> Result<Comparison> {
        let rules = Rules::of(options)?;
        let (one, other) = (self.side(before)?, self.side(after)?);
        let files = files::compare(&one, &other, &rules, self.settings.interrupt)?;
        let mut config = config::compare(&one, &other);
        config.retain(|it| !rules.leaves_out("config") && !rules.leaves_out(&it.key));
        let history = config::compare_histories(&one, &other);
        let (layers, mut packing) = layers::compare(self, &one, &other, &rules)?;
        let packages =
            if rules.leaves_out("packages") { Vec::new() } else { packages::compare(&one, &other)? };
        let same = files.is_empty() && config.is_empty() && packages.is_empty();
        packing.splice(0..0, documents::compare(&one, &other, &rules));
        let only_times = config.is_empty()
            && packages.is_empty()
            && files.iter().all(|file| file.reasons == [Aspect::Mtime.as_str()]);
        let divided = layers.iter().any(|layer| matches!(layer.what.as_str(), "files" | "only one"));
        let reproducible = same && packing.is_empty() && history.is_empty() && !divided;
        let verdict = match () {
            () if one.id.is_some() && one.id == other.id && packing.is_empty() => "identical",
            () if same && packing.iter().all(|it| it.layer.is_none()) && !divided => "same",
            () if same => "packed differently",
            () if only_times => "only times differ",
            () => "different",
        };
        Ok(Comparison {
            before: one.label().to_owned(),
            after: other.label().to_owned(),
            same,
            reproducible,
            verdict: verdict.to_owned(),
            files,
            config,
            history,
            layers,
            packing,
            packages,
            sides: Arc::new((one, other)),
        })
    }
}
