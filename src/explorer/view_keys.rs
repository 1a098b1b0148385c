//! What keys do in the views that take the tree's place: waste, versions, a file's content.

use crossterm::event::KeyCode;

use super::content::Form;
use super::keys::steps;
use super::panes::VERSION;
use super::state::{Cursor, Right, State};
use super::work::Job;
use crate::inspect::model::NodeId;
use crate::layer::Kind;

impl State {
    pub(super) fn waste_key(&mut self, code: KeyCode, control: bool) -> Vec<Job> {
        let (page, material) = (self.panes().file_lines(), self.material.clone());
        let Right::Waste(cursor) = &mut self.right else { return Vec::new() };
        if let Some(by) = steps(code, control, page) {
            cursor.go(by, material.waste.items.len());
            return Vec::new();
        }
        let Some(item) = material.waste.items.get(cursor.at) else { return Vec::new() };
        let Some(node) = material.model.find(&item.path) else { return Vec::new() };
        match code {
            KeyCode::Enter | KeyCode::Char('p' | ' ') => {
                let at = self.versions(node).iter().position(|version| version.layer == item.added_by);
                self.right = Right::Versions(node, Cursor { at: at.unwrap_or(0), top: 0 });
            }
            KeyCode::Char('m') => {
                cursor.go(1, material.waste.items.len());
                self.mark((node, item.added_by));
            }
            _ => {}
        }
        Vec::new()
    }

    pub(super) fn version_key(&mut self, code: KeyCode, control: bool) -> Vec<Job> {
        let page = self.panes().file_lines() / VERSION;
        let Right::Versions(node, mut cursor) = self.right else { return Vec::new() };
        let model = self.material.model.clone();
        if let Some(by) = steps(code, control, page).filter(|_| code != KeyCode::Char('d')) {
            cursor.go(by, model.versions(node).count());
            self.right = Right::Versions(node, cursor);
            return Vec::new();
        }
        let Some(version) = model.versions(node).nth(cursor.at) else { return Vec::new() };
        let (layer, kind) = (version.layer, model.file(&version).kind);
        match code {
            KeyCode::Char('m') if kind != Kind::Whiteout => {
                self.mark((node, layer));
                Vec::new()
            }
            KeyCode::Enter if kind == Kind::File => self.open(node, layer, None),
            KeyCode::Char('d') if kind == Kind::File => self.open(node, layer, Some(Form::Diff)),
            KeyCode::Char('s') if kind == Kind::File => self.open(node, layer, Some(Form::Beside)),
            KeyCode::Enter | KeyCode::Char('d' | 's') => {
                self.message = Some(format!("a {} has no content", kind.as_str()));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn content_key(&mut self, code: KeyCode, control: bool) -> Vec<Job> {
        let page = self.panes().file_lines();
        let Right::Content(content, _) = &mut self.right else { return Vec::new() };
        let (node, layer) = (content.node, content.layer);
        let form = match (code, control) {
            (KeyCode::Char('t'), false) => Form::Text,
            (KeyCode::Char('x'), false) => Form::Hex,
            (KeyCode::Char('d'), false) => Form::Diff,
            (KeyCode::Char('s'), false) => Form::Beside,
            (KeyCode::Char('m'), false) => {
                self.mark((node, layer));
                return Vec::new();
            }
            (KeyCode::Char(key @ ('n' | 'N')), false) => {
                let found = content.piece(key == 'n');
                content.top = found.unwrap_or(content.top);
                if found.is_none() {
                    self.message = Some("no more that differs".to_owned());
                }
                return Vec::new();
            }
            (KeyCode::Char('['), false) => return self.other_version(false),
            (KeyCode::Char(']'), false) => return self.other_version(true),
            (KeyCode::Left | KeyCode::Char('h'), false) => {
                content.left = content.left.saturating_sub(8);
                return Vec::new();
            }
            (KeyCode::Right | KeyCode::Char('l'), false) => {
                content.left = content.left.saturating_add(8).min(100_000);
                return Vec::new();
            }
            _ => {
                if let Some(by) = steps(code, control, page) {
                    let most = content.len().saturating_sub(page.max(1));
                    content.top = content.top.saturating_add_signed(by).min(most);
                }
                return Vec::new();
            }
        };
        self.open(node, layer, Some(form))
    }

    /// The next or the former version that is a file.
    fn other_version(&mut self, up: bool) -> Vec<Job> {
        let Right::Content(content, _) = &self.right else { return Vec::new() };
        let (node, layer, form) = (content.node, content.layer, content.form);
        let model = &self.material.model;
        let files = || model.versions(node).filter(|version| model.file(version).kind == Kind::File);
        let found = if up {
            files().map(|version| version.layer).find(|other| *other > layer)
        } else {
            files().map(|version| version.layer).rfind(|other| *other < layer)
        };
        let Some(found) = found else {
            self.message = Some(if up { "no later version" } else { "no earlier version" }.to_owned());
            return Vec::new();
        };
        // Of two images that leaves the difference, which is of both.
        let is_both = self.material.pair.is_some() && matches!(form, Form::Diff | Form::Beside);
        self.open(node, found, Some(form).filter(|_| !is_both))
    }

    pub(super) fn others_key(&mut self, code: KeyCode, control: bool) -> Vec<Job> {
        let page = self.panes().file_lines();
        let count = self.material.pair.as_ref().map_or(0, |pair| pair.others.len());
        let Right::Others(cursor, left) = &mut self.right else { return Vec::new() };
        match code {
            KeyCode::Left | KeyCode::Char('h') => *left = left.saturating_sub(8),
            KeyCode::Right | KeyCode::Char('l') => *left = left.saturating_add(8).min(100_000),
            _ => cursor.go(steps(code, control, page).unwrap_or(0), count),
        }
        Vec::new()
    }

    pub(super) fn open(&mut self, node: NodeId, mut layer: usize, form: Option<Form>) -> Vec<Job> {
        let model = &self.material.model;
        // The difference of two images is from the one to the other, whichever has the keys.
        if self.material.pair.is_some()
            && matches!(form, Some(Form::Diff | Form::Beside))
            && model.shown(node, 1).is_some_and(|it| model.file(&it).kind == Kind::File)
        {
            layer = 1;
        }
        self.pending += 1;
        // An image that lies elsewhere is taken into the store for its first file.
        self.message = Some("reading… Ctrl-C quits".to_owned());
        vec![Job::Open { node, layer, before: self.before(node, layer), form }]
    }
}
