//! What the mouse does: a click chooses, a click on what is chosen folds or opens, the wheel scrolls.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::state::{Focus, Mode, Right, State};
use super::work::Job;

impl State {
    /// The mouse; what it leaves to be done.
    pub fn mouse(&mut self, mouse: MouseEvent) -> Vec<Job> {
        let by = match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => None,
            MouseEventKind::ScrollUp => Some(-3),
            MouseEventKind::ScrollDown => Some(3),
            _ => return Vec::new(),
        };
        if self.mode != Mode::Panes {
            return Vec::new();
        }
        let (panes, at) = (self.panes(), Position { x: mouse.column, y: mouse.row });
        let jobs = if panes.layers.contains(at) {
            self.on_layers(by, line_of(panes.layers, at).and_then(|line| line.checked_sub(1)))
        } else if panes.files.contains(at) {
            if by.is_none() && panes.is_wide() {
                self.side = usize::from(at.x >= panes.middle());
            }
            self.on_files(by, line_of(panes.files, at).and_then(|line| line.checked_sub(1)))
        } else {
            Vec::new()
        };
        self.settle();
        jobs
    }

    fn on_layers(&mut self, by: Option<isize>, line: Option<usize>) -> Vec<Job> {
        let (count, before) = (self.material.layers.len(), self.layers.at);
        match (by, line) {
            (Some(by), _) => self.layers.go(by.signum(), count),
            (None, Some(line)) if self.layers.top + line < count => {
                self.focus = Focus::Layers;
                self.layers.at = self.layers.top + line;
            }
            _ => self.focus = Focus::Layers,
        }
        if self.layers.at == before { Vec::new() } else { self.lay_out(None) }
    }

    fn on_files(&mut self, by: Option<isize>, line: Option<usize>) -> Vec<Job> {
        self.focus = Focus::Files;
        let wastes = self.material.waste.items.len();
        let others = self.material.pair.as_ref().map_or(0, |pair| pair.others.len());
        match (&mut self.right, by, line) {
            (Right::Tree, Some(by), _) => self.files.go(by, self.lines.len()),
            (Right::Tree, None, Some(line)) if self.files.top + line < self.lines.len() => {
                let chosen = self.files.top + line;
                if chosen == self.files.at {
                    return self.toggle_fold();
                }
                self.files.at = chosen;
            }
            (Right::Waste(cursor), Some(by), _) => cursor.go(by, wastes),
            (Right::Waste(cursor), None, Some(line)) => cursor.at = cursor.top + line,
            (Right::Others(cursor, _), Some(by), _) => cursor.go(by, others),
            (Right::Others(cursor, _), None, Some(line)) => cursor.at = cursor.top + line,
            (Right::Content(content, _), Some(by), _) => content.top = content.top.saturating_add_signed(by),
            _ => {}
        }
        Vec::new()
    }
}

/// Which line within a pane's border.
fn line_of(pane: Rect, at: Position) -> Option<usize> {
    let inside = at.y > pane.y && at.y + 1 < pane.y + pane.height;
    inside.then(|| usize::from(at.y - pane.y - 1))
}
