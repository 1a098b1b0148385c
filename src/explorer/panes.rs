//! Where the panes are: on the left the layers, the layer and the image, on the right the files. Of two images what is
//! said of them is above, and the files below have the whole width.

use ratatui::layout::Rect;

/// The panes of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Panes {
    /// The layers.
    pub layers: Rect,
    /// The layer under the cursor.
    pub details: Rect,
    /// The image.
    pub image: Rect,
    /// The right side.
    pub files: Rect,
    /// The lowest line.
    pub status: Rect,
    /// Whether they are of two images.
    pub is_pair: bool,
}

/// How many lines a version takes.
pub const VERSION: usize = 3;

/// From here on two trees are drawn beside each other, and two texts.
const WIDE: u16 = 120;

impl Panes {
    /// Divides `area` for so many layers.
    pub fn of(area: Rect, layers: usize) -> Self {
        let body = area.height.saturating_sub(1);
        let width = (area.width * 2 / 5).clamp(30.min(area.width), 90);
        let third = (body * 7 / 20).max(6.min(body));
        let wanted = u16::try_from(layers.max(1)).unwrap_or(u16::MAX).saturating_add(3);
        let top = wanted.min(third);
        let middle = (body - top).min(third.clamp(6, 10));
        let left = |y: u16, height: u16| Rect { x: area.x, y: area.y + y, width, height };
        Self {
            layers: left(0, top),
            details: left(top, middle),
            image: left(top + middle, body - top - middle),
            files: Rect { x: area.x + width, y: area.y, width: area.width - width, height: body },
            status: Rect { x: area.x, y: area.y + body, width: area.width, height: area.height - body },
            is_pair: false,
        }
    }

    /// Divides `area` for two images of which so many facts are known.
    pub fn of_pair(area: Rect, facts: usize) -> Self {
        let body = area.height.saturating_sub(1);
        let wanted = u16::try_from(facts).unwrap_or(u16::MAX).saturating_add(2);
        let top = wanted.min((body * 7 / 20).max(6.min(body)));
        let none = Rect { height: 0, ..area };
        Self {
            layers: none,
            details: none,
            image: Rect { height: top, ..area },
            files: Rect { y: area.y + top, height: body - top, ..area },
            status: Rect { y: area.y + body, height: area.height - body, ..area },
            is_pair: true,
        }
    }

    /// Whether there is room for two things beside each other.
    pub const fn is_wide(&self) -> bool {
        self.files.width >= WIDE
    }

    /// The column of the line between two trees.
    pub const fn middle(&self) -> u16 {
        self.files.x + self.files.width / 2
    }

    /// How many layers are on the screen: one line is the header.
    pub fn layer_lines(&self) -> usize {
        usize::from(self.layers.height.saturating_sub(3))
    }

    /// How many lines of the right side are on the screen: one line is the header.
    pub fn file_lines(&self) -> usize {
        usize::from(self.files.height.saturating_sub(3))
    }

    /// Whether attributes are shown: as it is wanted, else where there is room.
    pub fn attributes(&self, wanted: Option<bool>) -> bool {
        wanted.unwrap_or(if self.is_pair { self.is_wide() } else { self.files.width >= 60 })
    }
}
