//! rpm's own database, `Packages.db`. Source: rpm's `lib/backend/ndb/rpmpkg.c`.
//!
//! A header, then slots of 16 bytes that say where each package's blob is, in blocks of 16 bytes; a blob has a head
//! with its length and a tail that repeats it. All numbers are little-endian.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use super::{Budget, MOST, RpmError};

pub(super) const MAGIC: &[u8] = b"RpmP";
const SLOT: &[u8] = b"Slot";
const BLOB: &[u8] = b"BlbS";
const END: &[u8] = b"BlbE";
const PAGE: u64 = 4096;
const BLOCK: u64 = 16;
const HEAD: u64 = 16;
const TAIL: u64 = 12;
/// The header takes the place of the first two slots.
const HEADER: usize = 32;

pub(super) fn records(file: &File, length: u64, note: &mut dyn FnMut(&[u8])) -> Result<(), RpmError> {
    let mut page = [0; PAGE as usize];
    let damaged = RpmError::Damaged;
    if length < PAGE {
        return Err(damaged("it is cut off"));
    }
    file.read_exact_at(&mut page, 0)?;
    if number(&page, 4) != 0 {
        return Err(damaged("it is of an unknown version"));
    }
    let pages = u64::from(number(&page, 12));
    if pages == 0 || pages * PAGE > length {
        return Err(damaged("its list of packages is longer than the file"));
    }
    let mut budget = Budget(MOST);
    let mut blob = Vec::new();
    for at in 0..pages {
        file.read_exact_at(&mut page, at * PAGE)?;
        let first = if at == 0 { HEADER } else { 0 };
        for slot in page[first..].chunks_exact(16) {
            if &slot[..4] != SLOT {
                return Err(damaged("an entry of its list of packages is none"));
            }
            let (index, offset, blocks) = (number(slot, 4), number(slot, 8), number(slot, 12));
            // Free, or cut out of the list.
            if index == 0 || blocks == 0 {
                continue;
            }
            let (start, size) = (u64::from(offset) * BLOCK, u64::from(blocks) * BLOCK);
            if start < pages * PAGE || start + size > length || size < HEAD + TAIL {
                return Err(damaged("a package lies outside the file"));
            }
            budget.take(size)?;
            // Bounded by the budget.
            blob.resize(usize::try_from(size).unwrap_or(0), 0);
            file.read_exact_at(&mut blob, start)?;
            let count = number(&blob, 12);
            let wanted = (HEAD + u64::from(count) + TAIL).next_multiple_of(BLOCK);
            if &blob[..4] != BLOB || number(&blob, 4) != index || wanted != size {
                return Err(damaged("a package's head is wrong"));
            }
            let tail = blob.len() - 12;
            if &blob[tail + 8..] != END || number(&blob, tail + 4) != count {
                return Err(damaged("a package's tail is wrong"));
            }
            note(&blob[16..16 + count as usize]);
        }
    }
    Ok(())
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |it| u32::from_le_bytes(*it))
}
