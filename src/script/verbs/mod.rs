//! The verbs: the table, one file an entry.
//!
//! Help, the reference, messages about wrong arguments, completion and the example tests are all
//! read from [`ALL`].

mod ask;
mod attempt;
mod base;
mod branch;
mod call;
mod cat;
mod check;
mod commit;
mod container;
mod containers;
mod copy_in;
mod copy_out;
mod derived;
mod diff;
mod doctor;
mod duplicates;
mod env;
mod exists;
mod exit;
mod explore;
mod fail;
mod flatten;
mod fsck;
mod help;
mod history;
mod image;
mod images;
mod inspect;
mod junk;
mod last;
mod layers;
mod load;
mod login;
mod logout;
mod now;
mod packages;
mod parse_json;
mod prune;
mod pull;
mod push;
mod read;
mod read_blob;
mod read_file;
mod rebase;
mod report;
mod rm;
mod rollback;
mod rootfs;
mod run;
mod save;
mod show;
mod sleep;
mod slim;
mod snapshot;
mod snapshots;
mod squash;
mod table;
mod tag;
mod tags;
mod terminal;
mod text;
mod to_json;
mod tree;
mod verb;
mod waste;
mod who;
mod why;
mod with_cmd;
mod with_entrypoint;
mod with_env;
mod with_label;
mod with_port;
mod with_user;
mod with_volume;
mod with_workdir;
mod without;
mod write;
mod write_file;

use rhai::Module;

pub use call::{Call, internal};
pub use verb::{Completes, Example, Group, Kind, Needs, Opt, Overload, Param, Takes, Verb};

/// Every verb, in the order of help.
pub static ALL: &[&Verb] = &[
    &base::VERB,
    &image::VERB,
    &images::VERB,
    &pull::VERB,
    &push::VERB,
    &load::VERB,
    &save::VERB,
    &rootfs::VERB,
    &tag::VERB,
    &rm::VERB,
    &tags::VERB,
    &login::VERB,
    &logout::VERB,
    &run::VERB,
    &commit::VERB,
    &snapshot::VERB,
    &snapshots::VERB,
    &branch::VERB,
    &rollback::VERB,
    &container::VERB,
    &containers::VERB,
    &last::VERB,
    &diff::VERB,
    &layers::VERB,
    &tree::VERB,
    &waste::VERB,
    &who::VERB,
    &why::VERB,
    &junk::VERB,
    &duplicates::VERB,
    &check::VERB,
    &report::VERB,
    &cat::VERB,
    &packages::VERB,
    &text::VERB,
    &explore::VERB,
    &history::VERB,
    &inspect::VERB,
    &squash::VERB,
    &flatten::VERB,
    &without::VERB,
    &slim::VERB,
    &rebase::VERB,
    &with_env::VERB,
    &with_cmd::VERB,
    &with_entrypoint::VERB,
    &with_label::VERB,
    &with_user::VERB,
    &with_workdir::VERB,
    &with_port::VERB,
    &with_volume::VERB,
    &read::VERB,
    &read_blob::VERB,
    &write::VERB,
    &exists::VERB,
    &copy_in::VERB,
    &copy_out::VERB,
    &attempt::VERB,
    &fail::VERB,
    &exit::VERB,
    &env::VERB,
    &ask::VERB,
    &show::VERB,
    &terminal::VERB,
    &now::VERB,
    &sleep::VERB,
    &table::VERB,
    &to_json::VERB,
    &parse_json::VERB,
    &read_file::VERB,
    &write_file::VERB,
    &help::VERB,
    &prune::VERB,
    &fsck::VERB,
    &doctor::VERB,
];

/// The verb called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Verb> {
    ALL.iter().find(|verb| verb.name == name).copied()
}

/// Puts every verb into `module`.
pub fn register(module: &mut Module) {
    for verb in ALL {
        call::register(verb, module);
    }
}

/// Parameters and options that several verbs have.
mod parameters {
    use super::{Completes, Kind, Opt, Param, Takes};

    /// How layers are written that have no compressed form yet.
    pub const COMPRESSION: &[Opt] = &[
        Opt {
            name: "compression",
            takes: Takes::Text,
            doc: "`none`, `gzip` or `zstd`, for layers that have no compressed form yet",
            completes: Completes::OneOf(&["none", "gzip", "zstd"]),
        },
        Opt {
            name: "level",
            takes: Takes::Int,
            doc: "the compressor's level: gzip 0 to 9 (3), zstd 1 to 19 (3)",
            completes: Completes::Nothing,
        },
    ];

    /// An image.
    pub const IMAGE: Param =
        Param { name: "image", kinds: &[Kind::Image, Kind::Text], completes: Completes::Images };
    /// A container's handle.
    pub const CONTAINER: Param =
        Param { name: "container", kinds: &[Kind::Container], completes: Completes::Containers };
    /// An image or a container.
    pub const SUBJECT: Param = Param {
        name: "image_or_container",
        kinds: &[Kind::Image, Kind::Container, Kind::Text],
        completes: Completes::Images,
    };
    /// A path inside.
    pub const PATH: Param = Param { name: "path", kinds: &[Kind::Text], completes: Completes::InnerPath };
    /// A layer, by its index or as a value.
    pub const LAYER: Param =
        Param { name: "layer", kinds: &[Kind::Int, Kind::Layer], completes: Completes::Nothing };
    /// A path of the host.
    pub const HOST_PATH: Param =
        Param { name: "host_path", kinds: &[Kind::Text], completes: Completes::HostPath };
    /// A new name for an image.
    pub const REFERENCE: Param =
        Param { name: "reference", kinds: &[Kind::Text], completes: Completes::Images };
    /// Options.
    pub const OPTIONS: Param =
        Param { name: "options", kinds: &[Kind::Options], completes: Completes::Options };
}

#[cfg(test)]
mod tests;
