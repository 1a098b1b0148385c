//! Names for containers whose author gave none: `calm_otter`.

use super::Error;
use super::random::{Random, hex};

/// How many plain names are tried before one gets digits.
const PLAIN_TRIES: usize = 3;

const ADJECTIVES: [&str; 96] = [
    "able", "agile", "amber", "ample", "apt", "azure", "bold", "brave", "brief", "bright", "brisk", "broad",
    "calm", "civil", "clean", "clear", "clever", "coral", "cosy", "crisp", "deep", "deft", "dry", "eager",
    "early", "easy", "even", "exact", "fair", "fast", "fine", "firm", "fond", "frank", "free", "fresh",
    "gentle", "glad", "golden", "good", "grand", "green", "handy", "happy", "hardy", "hazel", "honest",
    "humble", "ideal", "jolly", "just", "keen", "kind", "large", "light", "lively", "loyal", "lucid",
    "lucky", "mellow", "merry", "mild", "modest", "neat", "nimble", "noble", "olive", "open", "patient",
    "plain", "polite", "prompt", "proud", "pure", "quick", "quiet", "rapid", "ready", "rosy", "round",
    "sharp", "silver", "simple", "sleek", "smart", "snug", "solid", "steady", "sunny", "swift", "tidy",
    "vivid", "warm", "wise", "witty", "young",
];

const ANIMALS: [&str; 96] = [
    "ant", "auk", "badger", "bat", "bear", "beaver", "bee", "bison", "boar", "bream", "bunny", "camel",
    "carp", "cat", "cheetah", "clam", "cod", "condor", "coot", "crab", "crane", "cricket", "crow", "deer",
    "dingo", "dolphin", "dove", "duck", "eagle", "eel", "egret", "elk", "emu", "ermine", "falcon", "ferret",
    "finch", "fox", "frog", "gecko", "gnu", "goat", "goose", "grouse", "gull", "hare", "hawk", "heron",
    "horse", "ibex", "ibis", "jackal", "jay", "kite", "kiwi", "koala", "lark", "lemur", "lion", "llama",
    "lynx", "magpie", "marten", "mink", "mole", "moose", "moth", "mouse", "newt", "okapi", "otter", "owl",
    "ox", "panda", "perch", "pike", "plover", "pony", "puffin", "quail", "rabbit", "raven", "robin",
    "salmon", "seal", "shrew", "sloth", "snail", "stork", "swan", "tapir", "tiger", "trout", "vole", "wren",
    "zebra",
];

/// A name that is probably free; `attempt` counts the ones that were not.
pub(super) fn suggest(random: &Random, attempt: usize) -> Result<String, Error> {
    let [a, b, rest @ ..] = random.bytes::<6>()?;
    let adjective = ADJECTIVES[usize::from(a) % ADJECTIVES.len()];
    let animal = ANIMALS[usize::from(b) % ANIMALS.len()];
    if attempt < PLAIN_TRIES {
        return Ok(format!("{adjective}_{animal}"));
    }
    Ok(format!("{adjective}_{animal}_{}", hex(&rest)))
}

/// Docker's rule for container names (`RestrictedNamePattern`), with a limit on the length.
pub(super) fn is_valid(name: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    name.len() <= 128
        && name.bytes().all(good)
        && name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn suggestions_are_valid_and_later_ones_unlikely_to_collide() {
        let random = Random::default();
        let plain = suggest(&random, 0).unwrap();
        assert!(is_valid(&plain) && plain.split('_').count() == 2, "{plain}");
        let later: BTreeSet<String> = (0..200).map(|_| suggest(&random, PLAIN_TRIES).unwrap()).collect();
        assert_eq!(later.len(), 200);
        assert_eq!(ANIMALS.iter().collect::<BTreeSet<_>>().len(), ANIMALS.len());
        assert_eq!(ADJECTIVES.iter().collect::<BTreeSet<_>>().len(), ADJECTIVES.len());
    }

    #[test]
    fn names_are_dockers() {
        for good in ["a", "web-1", "A.b_c", "1"] {
            assert!(is_valid(good), "{good}");
        }
        for bad in ["", "-a", "_a", "a b", "a/b", "é", "a\n", &"a".repeat(129)] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
