//! "Did you mean": the nearest of some names.

/// The name among `names` that `given` is most likely a slip for.
pub fn nearest<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given_lower = given.to_lowercase();
    let limit = match given.chars().count() {
        0 => return None,
        1..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    names
        .into_iter()
        .filter(|name| *name != given)
        .map(|name| (distance(&given_lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= limit && *distance < name.chars().count())
        .min_by_key(|(distance, name)| (*distance, name.len().abs_diff(given.len()), *name))
        .map(|(_, name)| name)
}

/// A hint: the nearest name, else all that there are.
pub fn among<'a>(given: &str, names: impl IntoIterator<Item = &'a str>, what: &str) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let all = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match nearest(given, names.iter().copied()) {
        Some(name) => format!("did you mean `{name}`? The {what} are {all}"),
        None if names.is_empty() => format!("there are no {what}"),
        None => format!("the {what} are {all}"),
    }
}

/// How many insertions, deletions, changes and swaps of neighbours lead from one to the other.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, &a) in left.iter().enumerate() {
        let mut line = vec![row + 1];
        for (column, &b) in right.iter().enumerate() {
            let mut best =
                (last[column] + usize::from(a != b)).min(last[column + 1] + 1).min(line[column] + 1);
            if row > 0 && column > 0 && a == right[column - 1] && b == left[row - 1] {
                best = best.min(before[column - 1] + 1);
            }
            line.push(best);
        }
        before = std::mem::replace(&mut last, line);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_name() {
        let names = ["image", "images", "layers", "commit", "containers", "rm", "run"];
        for (given, name) in [
            ("imgae", "image"),
            ("layer", "layers"),
            ("comit", "commit"),
            ("Run", "run"),
            ("conainers", "containers"),
        ] {
            assert_eq!(nearest(given, names), Some(name), "{given}");
        }
        assert_eq!(nearest("frobnicate", names), None);
        assert_eq!(nearest("", names), None);
    }

    #[test]
    fn a_swap_is_one_step() {
        assert_eq!(distance("imgae", "image"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
