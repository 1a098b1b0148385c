//! What completion may ask about. Every answer is quick, changes nothing and comes from this machine.

use std::path::PathBuf;

use crate::script::{Known, Member, Names};
use crate::workbench::{Bearings, InnerFile};

/// Names that are asked for at most; so many that the common beginning of what there is is known.
pub const MOST: usize = 2000;

/// An image or container that code names, without running it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thing {
    /// A variable, and keys in it.
    Value(Vec<String>),
    /// An image by its reference.
    Image(String),
    /// A container by its name.
    Container(String),
    /// `last()`.
    Last,
}

/// Session, store and machine.
pub trait World {
    /// What the session knows by name.
    fn names(&self) -> &Names;
    /// The value of a variable, or what is in it.
    fn known(&self, path: &[String]) -> Option<Known>;
    /// The comment above a function.
    fn comment_on(&self, function: &str) -> Option<String>;
    /// What the module of that name offers.
    fn members_of(&self, alias: &str) -> Option<Vec<Member>>;
    /// What the module at that path offers.
    fn members_in(&self, path: &str) -> Option<Vec<Member>>;
    /// References of images that begin so.
    fn images(&self, begin: &str) -> Vec<String>;
    /// Names of containers that begin so.
    fn containers(&self, begin: &str) -> Vec<String>;
    /// Names of snapshots that begin so.
    fn snapshots(&self, begin: &str) -> Vec<String>;
    /// What a folder of a thing holds that begins so.
    fn inside(&self, thing: &Thing, folder: &str, begin: &str) -> Vec<InnerFile>;
    /// Where a command of it would begin, and where its programs are.
    fn bearings(&self, thing: &Thing) -> Option<Bearings>;
    /// The caller's folder.
    fn home(&self) -> Option<PathBuf>;
    /// Names of the caller's variables.
    fn environment(&self) -> Vec<String>;
    /// Entries that one can go to: number or name, and what was typed.
    fn places(&self) -> Vec<(String, String)>;
}
