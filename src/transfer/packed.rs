//! How a blob was compressed, as far as its first bytes tell.
//!
//! Sources: RFC 1952, section 2.3; RFC 8878, section 3.1.1.1.

use std::collections::BTreeMap;

use super::Compression;
use super::expansion::frame_window;

/// So many of a blob's first bytes are enough.
pub const HEAD: usize = 512;

/// What the first bytes of a blob say of its compression, by the names of what they say.
#[must_use]
pub fn compression_facts(head: &[u8]) -> BTreeMap<&'static str, String> {
    let mut facts = BTreeMap::new();
    let kind = Compression::recognise(head);
    let word = match kind {
        Ok(Compression::None) => "none",
        Ok(Compression::Gzip) => "gzip",
        Ok(Compression::Zstd) => "zstd",
        Err(other) => other,
    };
    facts.insert("compression", word.to_owned());
    match kind {
        Ok(Compression::Gzip) => drop(gzip(head, &mut facts)),
        Ok(Compression::Zstd) => drop(zstd(head, &mut facts)),
        _ => {}
    }
    facts
}

/// `None` where the head ends early.
fn gzip(head: &[u8], facts: &mut BTreeMap<&'static str, String>) -> Option<()> {
    let (fixed, mut rest) = head.split_at_checked(10)?;
    let [.., flags, t0, t1, t2, t3, level, system] = fixed else { return None };
    let mtime = u32::from_le_bytes([*t0, *t1, *t2, *t3]);
    let date = jiff::Timestamp::from_second(mtime.into()).unwrap_or_default();
    facts.insert("gzip mtime", if mtime == 0 { "none".to_owned() } else { date.to_string() });
    let effort = match level {
        2 => "best".to_owned(),
        4 => "fastest".to_owned(),
        0 => "not said".to_owned(),
        other => format!("unknown ({other})"),
    };
    facts.insert("gzip level", effort);
    let system = match system {
        0 => "FAT".to_owned(),
        3 => "Unix".to_owned(),
        7 => "Macintosh".to_owned(),
        10 => "TOPS-20 or NTFS".to_owned(),
        11 => "NTFS".to_owned(),
        255 => "unknown".to_owned(),
        other => format!("number {other}"),
    };
    facts.insert("gzip os", system);
    facts.insert("gzip flags", format!("{flags:#04x}"));
    if flags & 4 != 0 {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (_, after) = after.split_at_checked(u16::from_le_bytes(*length).into())?;
        facts.insert("gzip extra", format!("{} bytes", u16::from_le_bytes(*length)));
        rest = after;
    }
    for (flag, key) in [(8, "gzip name"), (16, "gzip comment")] {
        if flags & flag != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            facts.insert(key, crate::layer::escape_path(&rest[..end]));
            rest = &rest[end + 1..];
        }
    }
    Some(())
}

fn zstd(head: &[u8], facts: &mut BTreeMap<&'static str, String>) -> Option<()> {
    if head.first()? & 0xf0 == 0x50 {
        facts.insert("zstd first frame", "to be skipped".to_owned());
        return None;
    }
    let descriptor = *head.get(4)?;
    facts.insert("zstd checksum", if descriptor & 4 == 0 { "none" } else { "there" }.to_owned());
    let has_size = descriptor >> 6 != 0 || descriptor & 0x20 != 0;
    facts.insert("zstd content size", if has_size { "said" } else { "not said" }.to_owned());
    facts.insert("zstd window", format!("{} bytes", frame_window(head)?));
    Some(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write as _;

    use super::*;

    #[test]
    fn heads_tell() {
        let mut encoder = flate2::GzBuilder::new()
            .mtime(1_700_000_000)
            .filename("layer.tar")
            .comment("c\x1b")
            .operating_system(3)
            .extra(vec![1, 2, 3])
            .write(Vec::new(), flate2::Compression::best());
        encoder.write_all(b"x").unwrap();
        let facts = compression_facts(&encoder.finish().unwrap());
        for (key, value) in [
            ("compression", "gzip"),
            ("gzip mtime", "2023-11-14T22:13:20Z"),
            ("gzip level", "best"),
            ("gzip os", "Unix"),
            ("gzip name", "layer.tar"),
            ("gzip comment", "c\\x1b"),
            ("gzip extra", "3 bytes"),
        ] {
            assert_eq!(facts[key], value, "{facts:?}");
        }
        let facts = compression_facts(&zstd::bulk::compress(b"x", 3).unwrap());
        assert_eq!((facts["compression"].as_str(), facts["zstd content size"].as_str()), ("zstd", "said"));
        assert_eq!(compression_facts(b"").len(), 1);
        for end in 0..14 {
            let _ = compression_facts(&b"\x1f\x8b\x08\x1f\0\0\0\0\0\0\xff\xffab"[..end]);
            let _ = compression_facts(&b"\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"[..end]);
        }
    }
}
