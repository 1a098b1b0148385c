//! The command line's grammar, declared once.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// A workbench for container images, programmed in Rhai.
#[derive(Debug, Parser)]
#[command(
    name = "plywood",
    version,
    about = "A workbench for container images, programmed in Rhai",
    override_usage = "plywood [OPTIONS]                     the prompt; a pipe on standard input is a script\n       plywood [OPTIONS] FILE.rhai [ARGS]…   a script\n       plywood [OPTIONS] -e CODE [ARGS]…     code; its last value is printed\n       plywood [OPTIONS] COMMAND",
    after_help = "In code, help() lists the verbs: plywood -e 'help()'\n\
        Exit codes: 0 done, 1 the script failed, 2 bad usage, 130 interrupted; exit(n) wins."
)]
pub struct Arguments {
    /// Run this code; may be given several times
    #[arg(short = 'e', value_name = "CODE", allow_hyphen_values = true)]
    pub code: Vec<String>,

    /// Folder of the store [default: $PLYWOOD_STORE, else plywood in the data folder]
    #[arg(long, value_name = "DIR", global = true)]
    pub store: Option<PathBuf>,

    /// The last value, and errors, as JSON; `print` goes to standard error
    #[arg(long, global = true)]
    pub json: bool,

    /// Only what the script prints, and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,

    /// How far a script may go, such as operations=10M (also: calls, text, array, map; none lifts one),
    /// and what an image may ask for, such as entries=5M [also: $PLYWOOD_LIMITS, with commas between]
    #[arg(long = "limit", value_name = "NAME=NUMBER", global = true)]
    pub limits: Vec<String>,

    /// No colours [also: $NO_COLOR]
    #[arg(long, global = true)]
    pub no_color: bool,

    /// What to do
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Ways to use the program besides running code. What a command takes is made when it is given.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Check that the store is whole
    Fsck {
        /// Put damaged things aside and remove garbage
        #[arg(long)]
        repair: bool,
    },
    /// An image's layers, files and waste, or two images beside each other, full screen
    Explore {
        /// A reference, or where it is: `docker-archive:FILE`, `oci:DIR`, …
        image: String,
        /// Another one, to see in what the two differ
        other: Option<String>,
    },
    /// What this machine allows, and the exact fix for what it does not
    Doctor,
    /// Interactive lessons
    Lesson {
        /// Which
        #[command(subcommand)]
        action: LessonAction,
    },
    /// Run the `fn test_…()` of scripts
    Test {
        /// Write the results there as JUnit XML too
        #[arg(long, value_name = "REPORT")]
        junit: Option<PathBuf>,
        /// The scripts
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Whether an image is as it is asked to be: exit code 1 where it is not
    Check {
        /// A reference, an id, or where it is, such as oci-archive:FILE
        image: String,
        /// A file of rules, such as dive's [default: .dive-ci, if there is one]
        #[arg(long, short = 'c', value_name = "FILE", visible_alias = "ci-config")]
        config: Option<PathBuf>,
        /// The image whose layers count for nothing
        #[arg(long, value_name = "IMAGE")]
        base: Option<String>,
        /// Paths that count for nothing; may be given several times
        #[arg(long, value_name = "PATTERN")]
        ignore: Vec<String>,
        /// Write the findings there as JUnit XML too
        #[arg(long, value_name = "REPORT")]
        junit: Option<PathBuf>,
    },
    /// Definition files for editors: verbs, types and modules for the Rhai language server
    Definitions {
        /// The folder to write them into
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// A script that completes this command line in a shell
    Completions {
        /// Which
        shell: clap_complete::Shell,
    },
    /// The manual page, for man(1)
    Man,
    /// All verbs, types and modules, in Markdown
    Reference,
    /// A script and its arguments: any other first word.
    #[command(external_subcommand)]
    File(Vec<OsString>),
}

/// What to do with lessons.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum LessonAction {
    /// The lessons that come with the program
    List,
    /// Take a lesson
    Run {
        /// Its name, the beginning of its name, or a file
        name: String,
        /// For the lesson's script
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Check that every step's solution passes, and that it does not pass without it
    Test {
        /// Its name, the beginning of its name, or a file
        name: String,
        /// For the lesson's script
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use clap::CommandFactory;

    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(std::iter::once("plywood").chain(words.iter().copied()))
    }

    #[test]
    fn the_declaration_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_first_word_that_is_no_command_is_a_script() {
        let words = |words: &[&str]| match parse(words).unwrap().command {
            Some(Command::File(words)) => words,
            other => panic!("{other:?}"),
        };
        assert_eq!(words(&["a.rhai", "--json", "-x"]), ["a.rhai", "--json", "-x"]);
        assert_eq!(words(&["./test"]), ["./test"]);
        assert_eq!(words(&["test.rhai"]), ["test.rhai"]);
        assert!(matches!(parse(&["test", "a.rhai"]).unwrap().command, Some(Command::Test { .. })));
    }

    #[test]
    fn code_may_come_several_times_and_begin_with_a_dash() {
        let arguments = parse(&["-e", "let x = 1", "-e", "-x", "one", "--two"]).unwrap();
        assert_eq!(arguments.code, ["let x = 1", "-x"]);
        assert!(matches!(arguments.command, Some(Command::File(words)) if words == ["one", "--two"]));
    }

    #[test]
    fn options_may_follow_a_command() {
        let arguments = parse(&["fsck", "--repair", "--json", "--store", "/x"]).unwrap();
        assert!(arguments.json && arguments.store.is_some());
        assert_eq!(parse(&["--nonsense"]).unwrap_err().exit_code(), 2);
    }
}
