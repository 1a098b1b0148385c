//! A hash of Berkeley DB, `Packages`. Source: Berkeley DB 5.3, `src/dbinc/db_page.h`.
//!
//! Pages of one size; the first says which and in which byte order all numbers are. On pages of the hash keys and
//! values alternate; a value is there, or on a chain of overflow pages. No honest page is in two chains, so all
//! chains together have no more steps than there are pages.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use super::{Budget, MOST, RpmError};

const MAGIC: u32 = 0x0006_1561;
/// What a page is.
const HASH_UNSORTED: u8 = 2;
const OVERFLOW: u8 = 7;
const HASH_META: u8 = 8;
const HASH: u8 = 13;
/// What an item on a page of the hash is.
const HERE: u8 = 1;
const ELSEWHERE: u8 = 3;
/// What each page begins with.
const HEAD: usize = 26;

/// The byte order of a file that begins so.
pub(super) fn order(start: &[u8]) -> Option<Order> {
    let magic = *start.get(12..)?.first_chunk()?;
    [Order::Little, Order::Big].into_iter().find(|order| order.wide(magic) == MAGIC)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    const fn wide(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    fn number(self, bytes: &[u8], at: usize) -> u32 {
        bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |it| self.wide(*it))
    }

    fn short(self, bytes: &[u8], at: usize) -> usize {
        let pair = bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
        usize::from(if self == Self::Little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    }
}

pub(super) fn records(file: &File, length: u64, note: &mut dyn FnMut(&[u8])) -> Result<(), RpmError> {
    let damaged = RpmError::Damaged;
    let mut meta = [0; 512];
    if length < meta.len() as u64 {
        return Err(damaged("it is cut off"));
    }
    file.read_exact_at(&mut meta, 0)?;
    let order = order(&meta).ok_or(damaged("it is no database of rpm"))?;
    if meta[25] != HASH_META {
        return Err(damaged("it is no hash"));
    }
    if meta[24] != 0 {
        return Err(damaged("it is encrypted"));
    }
    let size = order.number(&meta, 20);
    if !size.is_power_of_two() || !(512..=65536).contains(&size) {
        return Err(damaged("its pages have no possible size"));
    }
    let count = length / u64::from(size);
    let size = size as usize;
    let mut pages = Pages { file, order, size, steps: count, count, budget: Budget(MOST) };
    let (mut page, mut record) = (vec![0; size], Vec::new());
    for at in 1..count {
        file.read_exact_at(&mut page, at * size as u64)?;
        if !matches!(page[25], HASH | HASH_UNSORTED) {
            continue;
        }
        let entries = order.short(&page, 20);
        if HEAD + 2 * entries > size {
            return Err(damaged("a page has more entries than room"));
        }
        // Keys have even places, values odd ones; each ends where the one before begins.
        for value in (1..entries).step_by(2) {
            let (start, end) =
                (order.short(&page, HEAD + 2 * value), order.short(&page, HEAD + 2 * value - 2));
            let item = page.get(start..end).filter(|item| !item.is_empty() && start >= HEAD + 2 * entries);
            let item = item.ok_or(damaged("an entry lies outside its page"))?;
            match item[0] {
                HERE => {
                    pages.budget.take(item.len() as u64)?;
                    note(&item[1..]);
                }
                ELSEWHERE if item.len() >= 12 => {
                    pages.chain(order.number(item, 4), order.number(item, 8), &mut record)?;
                    note(&record);
                }
                // Duplicates: rpm has none.
                _ => return Err(damaged("an entry is of an unknown kind")),
            }
        }
    }
    Ok(())
}

struct Pages<'a> {
    file: &'a File,
    order: Order,
    size: usize,
    count: u64,
    /// How many more pages chains may have.
    steps: u64,
    budget: Budget,
}

impl Pages<'_> {
    /// What `length` bytes from page `next` on are.
    fn chain(&mut self, mut next: u32, length: u32, record: &mut Vec<u8>) -> Result<(), RpmError> {
        let damaged = RpmError::Damaged;
        self.budget.take(length.into())?;
        let length = length as usize;
        record.clear();
        let mut page = vec![0; self.size];
        while record.len() < length {
            if next == 0 || u64::from(next) >= self.count {
                return Err(damaged("a package goes on outside the file"));
            }
            self.steps = self.steps.checked_sub(1).ok_or(damaged("its pages go in a circle"))?;
            self.file.read_exact_at(&mut page, u64::from(next) * self.size as u64)?;
            let have = self.order.short(&page, 22);
            if page[25] != OVERFLOW || have > self.size - HEAD {
                return Err(damaged("a package goes on where no package is"));
            }
            record.extend_from_slice(&page[HEAD..HEAD + have.min(length - record.len())]);
            next = self.order.number(&page, 16);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write as _;

    use super::super::super::tests::header;
    use super::super::{RpmError, rpm_packages};
    use super::*;

    const SIZE: usize = 512;

    fn put(order: Order, page: &mut [u8], at: usize, number: u32) {
        let bytes = if order == Order::Little { number.to_le_bytes() } else { number.to_be_bytes() };
        page[at..at + 4].copy_from_slice(&bytes);
    }

    fn put_short(order: Order, page: &mut [u8], at: usize, number: usize) {
        let number = u16::try_from(number).unwrap();
        let bytes = if order == Order::Little { number.to_le_bytes() } else { number.to_be_bytes() };
        page[at..at + 2].copy_from_slice(&bytes);
    }

    /// A page of the hash with one small record, one on two overflow pages, and those.
    fn database(order: Order) -> Vec<u8> {
        let record = |name: &[u8], padding: usize| {
            header(&[
                (1000, 6, name),
                (1001, 6, b"1\0"),
                (1022, 6, b"noarch\0"),
                (5000, 6, &vec![b'x'; padding]),
            ])
        };
        let (small, large) = (record(b"small\0", 1), record(b"large\0", 600));
        let mut pages = vec![vec![0; SIZE]; 4];
        put(order, &mut pages[0], 12, MAGIC);
        put(order, &mut pages[0], 20, 512);
        pages[0][25] = HASH_META;
        let page = &mut pages[1];
        page[25] = HASH;
        put_short(order, page, 20, 4);
        let mut elsewhere = vec![ELSEWHERE, 0, 0, 0];
        elsewhere.resize(12, 0);
        put(order, &mut elsewhere, 4, 2);
        put(order, &mut elsewhere, 8, u32::try_from(large.len()).unwrap());
        let here = [&[HERE][..], &small].concat();
        let mut end = SIZE;
        for (place, item) in
            [&[HERE, 1, 0, 0, 0][..], &here, &[HERE, 2, 0, 0, 0], &elsewhere].iter().enumerate()
        {
            page[end - item.len()..end].copy_from_slice(item);
            end -= item.len();
            put_short(order, page, HEAD + 2 * place, end);
        }
        for (at, piece) in large.chunks(SIZE - HEAD).enumerate() {
            let page = &mut pages[2 + at];
            page[25] = OVERFLOW;
            put(order, page, 16, if at == 0 { 3 } else { 0 });
            put_short(order, page, 22, piece.len());
            page[HEAD..HEAD + piece.len()].copy_from_slice(piece);
        }
        pages.concat()
    }

    fn read(bytes: &[u8]) -> Result<Vec<String>, RpmError> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Ok(rpm_packages(&file)?.into_iter().map(|package| package.name).collect())
    }

    #[test]
    fn records_are_read_in_either_byte_order() {
        for order in [Order::Little, Order::Big] {
            assert_eq!(read(&database(order)).unwrap(), ["small", "large"]);
        }
        assert!(read(b"").unwrap().is_empty());
    }

    /// Whatever byte is wrong: an answer or an error, soon.
    #[test]
    fn no_byte_of_it_is_believed() {
        let whole = database(Order::Little);
        let mut errors = 0;
        for at in 0..whole.len() {
            for wrong in [0, 1, 2, 7, 0x7f, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] = wrong;
                errors += usize::from(read(&bytes).is_err());
            }
        }
        assert!(errors > 100, "{errors}");
        for end in (0..whole.len()).step_by(7) {
            let _ = read(&whole[..end]);
        }
        // A chain that leads back into itself.
        let mut bytes = whole;
        put(Order::Little, &mut bytes[3 * SIZE..], 16, 2);
        put_short(Order::Little, &mut bytes[2 * SIZE..], 22, 0);
        put_short(Order::Little, &mut bytes[3 * SIZE..], 22, 0);
        assert_eq!(read(&bytes).unwrap_err().to_string(), "its pages go in a circle");
    }
}
