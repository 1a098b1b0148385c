//! A person, a screen, and an image to look at.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Rect;

use super::super::draw::{Theme, draw};
use super::super::material::{LayerRow, Material};
use super::super::state::State;
use super::super::work::{Job, Worker};
use crate::inspect::Model;
use crate::inspect::model::Entries;
use crate::layer::{Entry, Kind};

pub const SIZES: [(u16, u16); 2] = [(80, 24), (200, 50)];

pub fn entry(path: &str, kind: Kind, size: u64) -> Entry {
    let mode = if kind == Kind::Dir { 0o755 } else { 0o644 };
    Entry { size, mode, ..Entry::new(path.as_bytes().to_vec(), kind) }
}

pub fn layer(mut entries: Vec<Entry>) -> Entries {
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    Entries::List(entries.into())
}

pub fn material(layers: Vec<Entries>) -> Arc<Material> {
    let commands = ["/bin/sh -c #(nop) ADD rootfs.tar / ", "RUN install wget", "RUN rm -r \x1b[2J /usr/lib"];
    let rows = layers.iter().enumerate().map(|(index, entries)| LayerRow {
        size: entries.iter().map(|entry| entry.size).sum(),
        file_count: entries.len() as u64,
        diff_id: Some(format!("sha256:{index}abc")),
        media_type: "application/vnd.oci.image.layer.v1.tar".to_owned(),
        command: commands.get(index).map(|command| (*command).to_owned()),
        ..LayerRow::default()
    });
    let rows: Vec<LayerRow> = rows.collect();
    let model =
        Model::new(layers, |lower, upper, path| (path == b"etc/passwd").then_some((lower, upper) == (1, 2)));
    let waste = Arc::new(model.waste());
    let load = Arc::new(|layer: usize, path: &[u8], most: u64| {
        let bytes: &[u8] = match (layer, path) {
            (0, b"etc/passwd") => b"root:x:0\nmail:x:8\n",
            (_, b"etc/passwd") => b"root:x:0\nwget:x:9\nmail:x:8\n",
            (1, b"usr/bin/wget") => b"\x7fELF\0\0binary",
            _ => return Err("is not at hand".to_owned()),
        };
        Ok(bytes.iter().copied().take(usize::try_from(most).unwrap()).collect())
    });
    let facts = vec![("Platform", "linux/amd64".to_owned())];
    Arc::new(Material {
        name: "demo:1".to_owned(),
        facts,
        layers: rows,
        model: Arc::new(model),
        waste,
        load,
        refine: None,
        pair: None,
    })
}

pub fn sample() -> Arc<Material> {
    material(vec![
        layer(vec![
            entry("etc", Kind::Dir, 0),
            entry("etc/passwd", Kind::File, 18),
            entry("etc/a\x1b[31mb", Kind::File, 1),
            entry("usr", Kind::Dir, 0),
            entry("usr/bin", Kind::Dir, 0),
            entry("usr/bin/tool", Kind::File, 5_000_000),
            Entry { link: b"tool".to_vec(), ..entry("usr/bin/alias", Kind::Symlink, 0) },
            entry("usr/lib", Kind::Dir, 0),
            entry("usr/lib/big.so", Kind::File, 9_000_000),
        ]),
        layer(vec![
            entry("etc", Kind::Dir, 0),
            entry("etc/passwd", Kind::File, 27),
            entry("usr", Kind::Dir, 0),
            entry("usr/bin", Kind::Dir, 0),
            entry("usr/bin/wget", Kind::File, 1_200_000),
        ]),
        layer(vec![
            entry("etc", Kind::Dir, 0),
            Entry { mode: 0o600, ..entry("etc/passwd", Kind::File, 27) },
            entry("opt", Kind::Dir, 0),
            entry("opt/new.txt", Kind::File, 10),
            entry("usr", Kind::Dir, 0),
            entry("usr/lib", Kind::Whiteout, 0),
        ]),
    ])
}

/// A person and a screen.
pub struct Person {
    pub state: State,
    worker: Worker,
    pub theme: Theme,
}

impl Person {
    pub fn at(size: (u16, u16), material: Arc<Material>) -> Self {
        let (state, jobs) = State::new(Arc::clone(&material), Rect::new(0, 0, size.0, size.1));
        let mut person = Self { state, worker: Worker::new(material), theme: Theme { color: true } };
        person.work(jobs);
        person
    }

    pub fn work(&mut self, mut jobs: Vec<Job>) {
        while let Some(job) = jobs.pop() {
            let answer = self.worker.perform(job);
            jobs.extend(self.state.take(answer));
        }
    }

    pub fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) -> &mut Self {
        let jobs = self.state.key(KeyEvent::new(code, modifiers));
        self.work(jobs);
        self
    }

    /// Letters, one key each.
    pub fn types(&mut self, text: &str) -> &mut Self {
        text.chars().for_each(|letter| {
            self.key(KeyCode::Char(letter), KeyModifiers::NONE);
        });
        self
    }

    pub fn press(&mut self, code: KeyCode) -> &mut Self {
        self.key(code, KeyModifiers::NONE)
    }

    pub fn control(&mut self, letter: char) -> &mut Self {
        self.key(KeyCode::Char(letter), KeyModifiers::CONTROL)
    }

    pub fn click(&mut self, column: u16, row: u16) -> &mut Self {
        self.mouse(MouseEventKind::Down(MouseButton::Left), column, row)
    }

    pub fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) -> &mut Self {
        let jobs = self.state.mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
        self.work(jobs);
        self
    }

    pub fn terminal(&self) -> Terminal<TestBackend> {
        let mut terminal =
            Terminal::new(TestBackend::new(self.state.area.width, self.state.area.height)).unwrap();
        terminal.draw(|frame| draw(frame, &self.state, self.theme)).unwrap();
        terminal
    }

    pub fn lines(&self) -> Vec<String> {
        let terminal = self.terminal();
        let buffer = terminal.backend().buffer();
        let width = usize::from(buffer.area.width);
        buffer.content.chunks(width).map(|row| row.iter().map(|cell| cell.symbol()).collect()).collect()
    }

    pub fn screen(&self) -> String {
        self.lines().join("\n")
    }

    #[track_caller]
    pub fn sees(&mut self, text: &str) -> &mut Self {
        let screen = self.screen();
        assert!(screen.contains(text), "`{text}` is not on\n{screen}");
        self
    }

    #[track_caller]
    pub fn misses(&mut self, text: &str) -> &mut Self {
        let screen = self.screen();
        assert!(!screen.contains(text), "`{text}` is on\n{screen}");
        self
    }

    /// The name under the cursor.
    pub fn at_cursor(&self) -> String {
        let node = self.state.line().unwrap().node;
        String::from_utf8_lossy(self.state.material.model.path(node)).into_owned()
    }
}

/// At both sizes.
pub fn everywhere(story: impl Fn(&mut Person)) {
    for size in SIZES {
        story(&mut Person::at(size, sample()));
    }
}
