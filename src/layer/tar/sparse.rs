//! Files of which a tar holds only the parts that are not zero.
//!
//! Source: GNU tar's manual, "Storing Sparse Files": the old GNU form (type `S`) and PAX 0.0, 0.1, 1.0.

use super::parse::number;
use super::pax::{Pax, decimal};
use super::segment::Segment;

/// Which pieces a sparse file has, and its whole length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::layer) struct Sparse {
    pub(in crate::layer) segments: Vec<Segment>,
    pub(in crate::layer) size: u64,
}

const BAD: &str = "a sparse file's map is malformed";

impl Sparse {
    /// Pieces must follow one another, lie within the file, and be as long together as what is `stored`.
    pub(super) fn checked(self, stored: u64) -> Result<Self, &'static str> {
        let mut end = 0;
        let mut total = 0_u64;
        for segment in &self.segments {
            if segment.offset < end {
                return Err(BAD);
            }
            end = segment.offset.checked_add(segment.length).ok_or(BAD)?;
            total = total.checked_add(segment.length).ok_or(BAD)?;
        }
        if end > self.size || total != stored { Err(BAD) } else { Ok(self) }
    }

    /// From PAX 0.0 and 0.1 records; `None` where they describe no sparse file, or one of version 1.0.
    pub(super) fn of_records(pax: &mut Pax, stored: u64) -> Result<Option<Self>, &'static str> {
        let Some(segments) = pax.sparse.map.take() else { return Ok(None) };
        let size = pax.sparse.real_size.ok_or(BAD)?;
        Self { segments, size }.checked(stored).map(Some)
    }
}

/// The pieces in an old GNU header or one of its continuation blocks, from `at` up to `count`, and
/// whether another block follows.
pub(super) fn old_gnu(
    block: &[u8],
    at: usize,
    count: usize,
    segments: &mut Vec<Segment>,
) -> Result<bool, &'static str> {
    let field = |from: usize, length: usize| block.get(from..from + length).ok_or(BAD);
    let unsigned = |from| number(field(from, 12)?).and_then(|it| u64::try_from(it).ok()).ok_or(BAD);
    for index in 0..count {
        let from = at + index * 24;
        if field(from, 1)? == [0] {
            break;
        }
        segments.push(Segment { offset: unsigned(from)?, length: unsigned(from + 12)? });
    }
    let more = at + count * 24;
    Ok(field(more, 1)? == [1])
}

/// The whole length of a file in an old GNU header.
pub(super) fn old_gnu_size(block: &[u8]) -> Result<u64, &'static str> {
    block.get(483..495).and_then(number).and_then(|size| u64::try_from(size).ok()).ok_or(BAD)
}

/// Reads the decimal lines at the front of a version 1.0 file's data as they come, block by block.
#[derive(Debug, Default)]
pub(super) struct Lines {
    line: Vec<u8>,
    count: Option<u64>,
    offset: Option<u64>,
    pub(super) segments: Vec<Segment>,
}

impl Lines {
    /// Takes one block; whether the map is complete.
    pub(super) fn take(&mut self, block: &[u8], most: usize) -> Result<bool, &'static str> {
        for &byte in block {
            if self.is_complete() {
                break;
            }
            if byte != b'\n' {
                if self.line.len() > 20 {
                    return Err(BAD);
                }
                self.line.push(byte);
                continue;
            }
            let number = decimal(&self.line).ok_or(BAD)?;
            self.line.clear();
            match (self.count, self.offset.take()) {
                (None, _) => {
                    if number > most as u64 {
                        return Err(super::pax::TOO_MANY_SEGMENTS);
                    }
                    self.count = Some(number);
                }
                (Some(_), None) => self.offset = Some(number),
                (Some(_), Some(offset)) => self.segments.push(Segment { offset, length: number }),
            }
        }
        Ok(self.is_complete())
    }

    fn is_complete(&self) -> bool {
        self.count == Some(self.segments.len() as u64)
    }
}
