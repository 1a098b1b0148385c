//! A tree as lines that branch.

use super::super::types::tree_item::named;
use super::super::types::{AnyList, Handle, List};
use super::table::{of_list, table};
use super::{Cell, Style};
use crate::workbench::TreeItem;

/// A tree of more paths is not drawn to its last leaf.
const LONG: usize = 60;

/// The tree, as deep as fits; what is in another order than that of a tree, as a table.
pub fn tree(list: &List<TreeItem>, style: &Style) -> String {
    let items = list.items();
    let is_sorted = items.windows(2).all(|pair| pair[0].path < pair[1].path);
    let Some(drawn) = is_sorted.then(|| Drawn::of(items)) else { return of_list(list, style) };
    let deepest = if items.len() <= LONG || style.whole {
        usize::MAX
    } else {
        (0..).take_while(|depth| drawn.down_to(*depth).count() <= LONG).take(64).last().unwrap_or(0)
    };
    if drawn.down_to(deepest).count() > LONG && !style.whole && items.len() > LONG {
        return of_list(list, style);
    }
    let rows: Vec<Vec<Cell>> = drawn.down_to(deepest).map(|branch| branch.cells(deepest)).collect();
    let titles = ["", "mode", "owner", "size", "layer", "path"].map(str::to_owned);
    let text = table(&titles, &rows, &Style { whole: true, ..*style });
    match items.len() - rows.len() {
        0 => text,
        hidden => format!(
            "{text}\n{} of {} paths are further down; `.show()` shows all",
            super::human::grouped(hidden as u64),
            super::human::grouped(items.len() as u64)
        ),
    }
}

struct Branch<'a> {
    item: &'a Handle<TreeItem>,
    depth: usize,
    /// The name below the branch that it hangs on, or the whole path.
    name: &'a str,
    lines: String,
    has_more: bool,
}

struct Drawn<'a>(Vec<Branch<'a>>);

impl<'a> Drawn<'a> {
    fn of(items: &'a [Handle<TreeItem>]) -> Self {
        let mut sorted: Vec<&Handle<TreeItem>> = items.iter().collect();
        // A folder's content follows it at once: `/` is the smallest letter.
        sorted.sort_by(|one, other| one.path.split('/').cmp(other.path.split('/')));
        let mut above: Vec<&str> = Vec::new();
        let mut branches: Vec<Branch<'a>> = Vec::with_capacity(sorted.len());
        for item in sorted {
            let below = |dir: &&str| item.path.strip_prefix(*dir).is_some_and(|rest| rest.starts_with('/'));
            while above.last().is_some_and(|dir| !below(dir)) {
                above.pop();
            }
            let name = above.last().map_or(item.path.as_str(), |dir| &item.path[dir.len() + 1..]);
            branches.push(Branch { item, depth: above.len(), name, lines: String::new(), has_more: false });
            above.push(&item.path);
        }
        // From the last: whether a line goes on below depends on what comes after it.
        let mut open: Vec<bool> = Vec::new();
        for at in (0..branches.len()).rev() {
            let depth = branches[at].depth;
            branches[at].has_more = open.len() > depth + 1;
            open.truncate(depth + 1);
            open.resize(depth + 1, false);
            let mut lines = String::new();
            for goes_on in open.iter().take(depth).skip(1) {
                lines.push_str(if *goes_on { "│  " } else { "   " });
            }
            if depth > 0 {
                lines.push_str(if open[depth] { "├─ " } else { "└─ " });
            }
            branches[at].lines = lines;
            open[depth] = true;
        }
        Self(branches)
    }

    fn down_to(&self, depth: usize) -> impl Iterator<Item = &Branch<'a>> {
        self.0.iter().filter(move |branch| branch.depth <= depth)
    }
}

impl Branch<'_> {
    fn cells(&self, deepest: usize) -> Vec<Cell> {
        let more = if self.has_more && self.depth == deepest { "/…" } else { "" };
        let list: List<TreeItem> = [self.item.clone()].into_iter().collect();
        let mut cells = list.row(0);
        cells.pop();
        cells.push(Cell::strong(format!("{}{}{more}", self.lines, named(self.item, self.name))));
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::sample;

    const TERMINAL: Style = Style { width: 80, color: false, plain: false, whole: false };

    fn items(paths: &[&str]) -> List<TreeItem> {
        paths.iter().map(|path| TreeItem { path: (*path).to_owned(), ..sample::tree_item() }).collect()
    }

    fn names(text: &str) -> Vec<String> {
        let name = |line: &str| Some(line.split_once("  1   ")?.1.trim_end_matches([' ', '│']).to_owned());
        text.lines().filter_map(name).collect()
    }

    #[test]
    fn branches_hang_where_they_belong() {
        let text = tree(&items(&["/a", "/a-b", "/a/x", "/a/x/1", "/a/y", "/c/d"]), &TERMINAL);
        assert_eq!(names(&text), ["/a", "├─ x", "│  └─ 1", "└─ y", "/a-b", "/c/d"], "{text}");
    }

    #[test]
    fn long_trees_are_not_drawn_to_the_leaves() {
        let paths: Vec<String> = ["/usr".to_owned()]
            .into_iter()
            .chain((0..10).flat_map(|dir| {
                let dir = format!("/usr/{dir}");
                [dir.clone()].into_iter().chain((10..30).map(move |file| format!("{dir}/{file}")))
            }))
            .collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let text = tree(&items(&paths), &TERMINAL);
        assert!(text.contains("200 of 211 paths are further down"), "{text}");
        assert!(text.contains("9/…") && !text.contains("29"), "{text}");
        let whole = tree(&items(&paths), &Style { whole: true, ..TERMINAL });
        assert!(whole.lines().count() > 211, "{whole}");
    }
}
