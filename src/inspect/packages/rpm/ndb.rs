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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write as _;

    use super::super::super::tests::header;
    use super::super::rpm_packages;
    use super::*;

    /// One package in the third slot.
    fn database() -> Vec<u8> {
        let record = header(&[(1000, 6, b"one\0"), (1001, 6, b"1\0"), (1022, 6, b"noarch\0")]);
        let count = u32::try_from(record.len()).unwrap();
        let size = (16 + record.len() + 12).next_multiple_of(16);
        let mut file = Vec::new();
        let mut put = |text: &[u8], numbers: &[u32]| {
            file.extend_from_slice(text);
            file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        };
        put(MAGIC, &[0, 1, 1, 2, 0, 0, 0]);
        for slot in 0..254 {
            let used = [7, 256, u32::try_from(size / 16).unwrap()];
            put(SLOT, if slot == 2 { &used } else { &[0, 0, 0] });
        }
        put(BLOB, &[7, 1, count]);
        put(&record, &[]);
        put(&vec![0; size - 28 - record.len()], &[0, count]);
        put(END, &[]);
        file
    }

    fn read(bytes: &[u8]) -> Result<usize, RpmError> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        rpm_packages(&file).map(|packages| packages.len())
    }

    #[test]
    fn no_byte_of_it_is_believed() {
        let whole = database();
        assert_eq!(read(&whole).unwrap(), 1);
        let mut errors = 0;
        let places = (0..96).chain(4096..whole.len());
        for at in places {
            for wrong in [0, 1, 7, 0x7f, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] = wrong;
                errors += usize::from(read(&bytes).is_err());
            }
        }
        assert!(errors > 100, "{errors}");
        for end in (0..whole.len()).step_by(31) {
            assert!(read(&whole[..end]).is_err() || end == 0);
        }
        // Every slot asks for more than there is.
        let mut bytes = whole;
        for slot in bytes[32..4096].chunks_exact_mut(16) {
            slot[4..].copy_from_slice(&[7_u32, 256, 8_000_000].map(u32::to_le_bytes).concat());
        }
        assert!(read(&bytes).is_err());
    }
}
