//! What keys do.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use super::filter::{Filter, Pattern};
use super::state::{Asking, Cursor, Focus, Mode, Right, State};
use super::work::{Compare, Job};
use crate::inspect::model::NodeId;
use crate::layer::Kind;

impl State {
    /// A key; what it leaves to be done.
    pub fn key(&mut self, key: KeyEvent) -> Vec<Job> {
        self.message = None;
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && key.code == KeyCode::Char('c') {
            self.ended = true;
            return Vec::new();
        }
        let jobs = match std::mem::replace(&mut self.mode, Mode::Panes) {
            Mode::Typing(asking, text) => self.typed(asking, text, key.code, control),
            Mode::Help(top) => {
                self.help(top, key.code, control);
                Vec::new()
            }
            Mode::Panes => self.pane_key(key.code, control),
        };
        self.settle();
        jobs
    }

    /// Whether a key or a click means the same before and after what is being worked on: typing does, and going
    /// through the layers; what acts on the line under the cursor has to wait for it.
    pub fn is_free_for(&self, event: &Event) -> bool {
        let Event::Key(key) = event else { return self.pending == 0 || !matches!(event, Event::Mouse(_)) };
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match self.mode {
            _ if self.pending == 0 => true,
            Mode::Typing(..) => key.code != KeyCode::Enter,
            Mode::Help(_) => true,
            Mode::Panes => self.focus == Focus::Layers && steps(key.code, control, 1).is_some(),
        }
    }

    fn pane_key(&mut self, code: KeyCode, control: bool) -> Vec<Job> {
        if let Some(jobs) = self.common_key(code, control) {
            return jobs;
        }
        if self.focus == Focus::Layers {
            return self.layer_key(code, control);
        }
        match self.right {
            Right::Tree => self.tree_key(code, control),
            Right::Waste(_) => self.waste_key(code, control),
            Right::Versions(..) => self.version_key(code, control),
            Right::Content(..) => self.content_key(code, control),
            Right::Others(..) => self.others_key(code, control),
        }
    }

    /// Keys that mean the same everywhere.
    fn common_key(&mut self, code: KeyCode, control: bool) -> Option<Vec<Job>> {
        let is_tree = matches!(self.right, Right::Tree);
        match (code, control) {
            (KeyCode::Char('q'), false) if is_tree => self.ended = true,
            (KeyCode::Char('q') | KeyCode::Esc | KeyCode::Backspace, false) if !is_tree => self.back(),
            // As in dive: it closes the filter.
            (KeyCode::Esc, false) if !self.view.filter.is_empty() => {
                self.view.filter = Filter::default();
                return Some(self.lay_out(None));
            }
            (KeyCode::Tab | KeyCode::BackTab, _) if self.material.pair.is_some() => {
                self.side = 1 - self.side;
            }
            (KeyCode::Tab | KeyCode::BackTab, _) => {
                self.focus = if self.focus == Focus::Layers { Focus::Files } else { Focus::Layers };
            }
            (KeyCode::Char('?') | KeyCode::F(1), false) => self.mode = Mode::Help(0),
            // The byte of Ctrl-/ is the one of Ctrl-7 and Ctrl-_.
            (KeyCode::Char('f' | '/' | '7' | '_'), true) => {
                self.right = Right::Tree;
                self.mode = Mode::Typing(Asking::Filter, self.view.filter.text.clone());
            }
            (KeyCode::Char('/'), false) if is_tree => {
                self.focus = Focus::Files;
                self.mode = Mode::Typing(Asking::Search, String::new());
            }
            (KeyCode::Char('n'), false) if is_tree => return Some(self.find(true)),
            (KeyCode::Char('N'), false) if is_tree => return Some(self.find(false)),
            (KeyCode::Char('c'), false) => self.show_others(),
            (KeyCode::Char('w'), false) if self.material.pair.is_some() => {
                self.message = Some("waste is an image's own: `explore(x)` shows it".to_owned());
            }
            (KeyCode::Char('w'), false) => {
                let is_waste = matches!(self.right, Right::Waste(_));
                self.right = if is_waste { Right::Tree } else { Right::Waste(Cursor::default()) };
                self.focus = Focus::Files;
            }
            (KeyCode::Char('b'), true) => {
                self.attributes = Some(!self.panes().attributes(self.attributes));
            }
            (KeyCode::Char('o'), true) => {
                self.view.sort = self.view.sort.next();
                return Some(self.lay_out(None));
            }
            (KeyCode::Char('e'), true) => {
                self.mode = Mode::Typing(Asking::Extract, "extracted".to_owned());
            }
            _ => return None,
        }
        Some(Vec::new())
    }

    /// From a view of its own to where it was opened.
    fn back(&mut self) {
        self.right = match std::mem::replace(&mut self.right, Right::Tree) {
            Right::Content(_, back) => *back,
            _ => Right::Tree,
        };
    }

    fn layer_key(&mut self, code: KeyCode, control: bool) -> Vec<Job> {
        let count = self.material.layers.len();
        let page = self.panes().layer_lines();
        let before = self.layers.at;
        if let Some(by) = steps(code, control, page) {
            self.layers.go(by, count);
            return if self.layers.at == before { Vec::new() } else { self.lay_out(None) };
        }
        let compare = match (code, control) {
            (KeyCode::Char('a'), true) => Compare::Aggregated,
            (KeyCode::Char('l'), true) => Compare::Layer,
            (KeyCode::Char('o'), false) => Compare::Own,
            (KeyCode::Enter | KeyCode::Right | KeyCode::Char('l'), _) => {
                self.focus = Focus::Files;
                return Vec::new();
            }
            _ => return Vec::new(),
        };
        self.compare = compare;
        self.lay_out(None)
    }

    fn tree_key(&mut self, code: KeyCode, control: bool) -> Vec<Job> {
        let page = self.panes().file_lines();
        if let Some(by) = steps(code, control, page) {
            self.files.go(by, self.lines.len());
            return Vec::new();
        }
        let hidden = match (code, control) {
            (KeyCode::Char('a'), true) => Some(0),
            // In most terminals Ctrl-M is Enter.
            (KeyCode::Char('m'), true) | (KeyCode::Char('M'), false) => Some(1),
            (KeyCode::Char('r'), true) => Some(2),
            (KeyCode::Char('u'), true) | (KeyCode::Char('='), false) => Some(3),
            _ => None,
        };
        if let Some(place) = hidden {
            self.view.hidden[place] = !self.view.hidden[place];
            return self.lay_out(None);
        }
        match (code, control) {
            (KeyCode::Char(' '), true) | (KeyCode::Null, _) => {
                self.view.folded = !self.view.folded;
                self.view.except.clear();
                // What is under the cursor may be folded away: then its topmost directory.
                let mut node = self.line().map(|line| line.node);
                while self.view.folded
                    && let Some(above) = node.and_then(|node| self.material.model.parent(node))
                    && above != NodeId::ROOT
                {
                    node = Some(above);
                }
                self.lay_out(node)
            }
            (KeyCode::Char(' '), false) => self.toggle_fold(),
            (KeyCode::Enter, _) => {
                let model = &self.material.model;
                let version = self.target().and_then(|(node, layer)| model.version_in(node, layer));
                let is_file = version.is_some_and(|it| matches!(it.entry.kind, Kind::File | Kind::Hardlink));
                if is_file { self.open_row() } else { self.toggle_fold() }
            }
            (KeyCode::Left | KeyCode::Char('h'), false) => self.leave(),
            (KeyCode::Right | KeyCode::Char('l'), false) => self.enter(),
            (KeyCode::Char('p'), false) => {
                if let Some((node, layer)) = self.target() {
                    let at = self.versions(node).iter().position(|version| version.layer == layer);
                    self.right = Right::Versions(node, Cursor { at: at.unwrap_or(0), top: 0 });
                }
                Vec::new()
            }
            (KeyCode::Char('['), false) => self.find_difference(false),
            (KeyCode::Char(']'), false) => self.find_difference(true),
            (KeyCode::Char('m'), false) => {
                if let Some(mark) = self.target() {
                    self.mark(mark);
                    self.files.go(1, self.lines.len());
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Marks a version, or takes the mark away.
    pub(super) fn mark(&mut self, mark: (NodeId, usize)) {
        if !self.marks.remove(&mark) {
            self.marks.insert(mark);
        }
    }

    /// Folds or unfolds the directory under the cursor.
    pub(super) fn toggle_fold(&mut self) -> Vec<Job> {
        let Some((line, tree)) = self.line().zip(self.tree.clone()) else { return Vec::new() };
        if !tree.has_below(line.node) {
            return Vec::new();
        }
        if self.view.is_folded(line.node) {
            self.view.fold(line.node, false);
            return self.lay_out(None);
        }
        // Folding takes no more than leaving out what follows.
        self.view.fold(line.node, true);
        let below =
            self.lines[self.files.at + 1..].iter().take_while(|other| other.depth > line.depth).count();
        self.lines.drain(self.files.at + 1..=self.files.at + below);
        Vec::new()
    }

    /// Folds a directory that is open, else goes to the one above.
    fn leave(&mut self) -> Vec<Job> {
        let Some(line) = self.line() else { return Vec::new() };
        let next = self.lines.get(self.files.at + 1);
        if next.is_some_and(|next| next.depth > line.depth) {
            return self.toggle_fold();
        }
        let above = self.lines[..self.files.at].iter().rposition(|other| other.depth < line.depth);
        match above {
            Some(above) => self.files.at = above,
            None if self.material.pair.is_some() => {}
            None => self.focus = Focus::Layers,
        }
        Vec::new()
    }

    /// Unfolds a directory that is folded, else goes into it; opens nothing.
    fn enter(&mut self) -> Vec<Job> {
        let Some((line, tree)) = self.line().zip(self.tree.clone()) else { return Vec::new() };
        if tree.has_below(line.node) && self.view.is_folded(line.node) {
            return self.toggle_fold();
        }
        let next = self.lines.get(self.files.at + 1);
        if next.is_some_and(|next| next.depth > line.depth) {
            self.files.at += 1;
        }
        Vec::new()
    }

    /// The content of the file under the cursor.
    fn open_row(&mut self) -> Vec<Job> {
        let Some((node, layer)) = self.target() else { return Vec::new() };
        if self.material.pair.is_some() {
            return self.open_of_pair(node, layer);
        }
        self.open(node, layer, None)
    }

    fn find(&mut self, forward: bool) -> Vec<Job> {
        let (Some(pattern), Some(tree)) = (self.pattern.clone(), self.tree.clone()) else {
            self.message = Some("`/` looks for something first".to_owned());
            return Vec::new();
        };
        self.focus = Focus::Files;
        let from = self.line().map_or(NodeId::ROOT, |line| line.node);
        self.pending += 1;
        self.message = Some("looking…".to_owned());
        vec![Job::Find { tree, view: self.view.clone(), pattern, from, forward }]
    }

    fn typed(&mut self, asking: Asking, mut text: String, code: KeyCode, control: bool) -> Vec<Job> {
        let before = text.clone();
        match (code, control) {
            (KeyCode::Esc, _) => {
                if asking == Asking::Filter {
                    self.view.filter = Filter::default();
                    return self.lay_out(None);
                }
                return Vec::new();
            }
            // Ctrl-F closes what it opened; what was typed stays.
            (KeyCode::Enter, _) | (KeyCode::Char('f' | 'j' | 'm'), true) => {
                return self.entered(asking, text);
            }
            (KeyCode::Tab, _) => {
                self.focus = Focus::Files;
                return self.entered(asking, text);
            }
            (KeyCode::Backspace, _) | (KeyCode::Char('h'), true) => {
                text.pop();
            }
            (KeyCode::Char('u'), true) => text.clear(),
            (KeyCode::Char('w'), true) => {
                let kept = text.trim_end().rfind(' ').map_or(0, |at| at + 1);
                text.truncate(kept);
            }
            (KeyCode::Char(char), false) if !char.is_control() && text.len() < 1000 => text.push(char),
            _ => {}
        }
        let changed = text != before;
        self.mode = Mode::Typing(asking, text.clone());
        if asking == Asking::Filter && changed {
            self.view.filter = Filter::new(&text);
            return self.lay_out(None);
        }
        Vec::new()
    }

    fn entered(&mut self, asking: Asking, text: String) -> Vec<Job> {
        match asking {
            Asking::Filter => {
                self.focus = Focus::Files;
                Vec::new()
            }
            Asking::Search if text.is_empty() => Vec::new(),
            Asking::Search => {
                self.pattern = Some(Pattern::new(&text));
                self.find(true)
            }
            Asking::Extract if text.trim().is_empty() => Vec::new(),
            Asking::Extract => {
                let roots = self.roots();
                if roots.is_empty() {
                    self.message = Some("nothing is marked, and nothing is under the cursor".to_owned());
                    return Vec::new();
                }
                self.pending += 1;
                self.message = Some("writing…".to_owned());
                vec![Job::Extract { folder: text.trim().to_owned(), roots }]
            }
        }
    }

    fn help(&mut self, top: usize, code: KeyCode, control: bool) {
        let page = usize::from(self.area.height.saturating_sub(4));
        let Some(by) = steps(code, control, page) else { return };
        let most = super::help::lines().len().saturating_sub(page);
        self.mode = Mode::Help(top.saturating_add_signed(by).min(most));
    }
}

/// How many lines a key goes; `None` of a key that does not.
#[allow(clippy::cast_possible_wrap)]
pub const fn steps(code: KeyCode, control: bool, page: usize) -> Option<isize> {
    let page = if page > 1 { page as isize } else { 1 };
    match (code, control) {
        (KeyCode::Up, _) | (KeyCode::Char('k'), false) => Some(-1),
        (KeyCode::Down, _) | (KeyCode::Char('j'), false) => Some(1),
        (KeyCode::PageUp, _) | (KeyCode::Char('u'), false) => Some(-page),
        (KeyCode::PageDown, _) | (KeyCode::Char('d'), false) => Some(page),
        (KeyCode::Home, _) | (KeyCode::Char('g'), false) => Some(isize::MIN),
        (KeyCode::End, _) | (KeyCode::Char('G'), false) => Some(isize::MAX),
        _ => None,
    }
}
