//! Syntax errors.

use rhai::{LexError, ParseErrorType};

use super::first_lower;
use crate::script::raised::Raised;

/// What `error` means, `line` being where it is.
pub(super) fn describe(error: &ParseErrorType, line: Option<&str>, column: usize) -> Raised {
    let syntax = |message: String| Raised::new("syntax", message);
    let rest: String =
        line.map(|line| line.chars().skip(column.saturating_sub(1)).collect()).unwrap_or_default();
    match error {
        ParseErrorType::BadInput(LexError::MalformedChar(text)) => {
            syntax(format!("single quotes are for one character, this is `{text}`"))
                .with_hint(format!("text is written in double quotes: \"{text}\""))
        }
        ParseErrorType::BadInput(LexError::UnterminatedString) => syntax("this text has no end".to_owned())
            .with_hint("a text in double quotes ends on its line; one in back-ticks may have several"),
        ParseErrorType::BadInput(LexError::MalformedEscapeSequence(text)) => {
            syntax(format!("`{text}` is not an escape"))
                .with_hint("a backslash itself is `\\\\`; between `#\"` and `\"#` nothing is escaped")
        }
        ParseErrorType::Reserved(word) => syntax(format!("`{word}` is a word that Rhai keeps for itself"))
            .with_hint(format!(
                "take another name; as a key of a map, write it in quotes: `#{{ \"{word}\": … }}`"
            )),
        ParseErrorType::BadInput(LexError::ImproperSymbol(symbol, message)) => {
            let message =
                if message.is_empty() { format!("`{symbol}` has no meaning here") } else { message.clone() };
            syntax(first_lower(&message))
        }
        ParseErrorType::ExprTooDeep => syntax("this is nested too deeply".to_owned())
            .with_hint("a part of it can be a variable or a function of its own"),
        ParseErrorType::UnexpectedEOF => syntax("the script ends in the middle of something".to_owned())
            .with_hint("a bracket or a brace is open"),
        ParseErrorType::MissingToken(token, purpose) => {
            let before: String =
                line.map(|line| line.chars().take(column.saturating_sub(1)).collect()).unwrap_or_default();
            if before.ends_with("\\`") {
                return syntax("a text in back-ticks ended here".to_owned())
                    .with_hint("inside back-ticks nothing is escaped: a back-tick is written twice");
            }
            let raised = syntax(format!("`{token}` is missing {purpose}"));
            if token == ";" && rest.starts_with('"') {
                return raised
                    .with_hint("between a verb and its text there are brackets: `image(\"debian\")`");
            }
            raised
        }
        other if rest.starts_with("try") => syntax(first_lower(&other.to_string()))
            .with_hint("`try { … } catch (e) { … }` is a statement; `attempt(|| …)` gives a value: `.ok`, `.value`, `.error`"),
        other => syntax(first_lower(&other.to_string())),
    }
}
