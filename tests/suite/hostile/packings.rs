//! Compression that is not what it says, or not whole.

use std::io::Write as _;

use super::case::{Blob, Case, Threat};
use super::form::Packing;
use super::layout::gzip;
use super::tars::Tar;
use crate::support::registry::noise;

fn case(
    name: &'static str,
    packing: Packing,
    bytes: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
) -> Case {
    Case::blob(Threat::Compression, name, move |_| {
        let plain = plain();
        Blob { media_type: packing.media_type(), bytes: bytes(&plain), plain }
    })
}

fn plain() -> Vec<u8> {
    Tar::new().file("f", b"content").file("noise", &noise(3, 100_000)).end()
}

const HELD: &[&str] = &["file /f 7B", "file /noise 100000B"];

fn zst(plain: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(plain, 1).unwrap()
}

/// Source: RFC 8878, section 3.1.2.
fn skippable(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    [&[0x50, 0x2a, 0x4d, 0x18][..], &length, content].concat()
}

/// A zstd frame with a header of our own and one last raw block of `content`.
fn frame(header: &[u8], content: &[u8]) -> Vec<u8> {
    let block = (u32::try_from(content.len()).unwrap() << 3 | 1).to_le_bytes();
    [&[0x28, 0xb5, 0x2f, 0xfd], header, &block[..3], content].concat()
}

/// One frame of `plain` whose window is 2 to the power of `log`.
pub fn windowed(plain: &[u8], log: u32) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(log).unwrap();
    encoder.long_distance_matching(true).unwrap();
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

pub fn cases() -> Vec<Case> {
    gzips().into_iter().chain(zstds()).collect()
}

fn gzips() -> Vec<Case> {
    use Packing::{Gzip, Plain, Zstd};
    vec![
        // What it is counts, whatever it is called.
        case("zstd that calls itself gzip", Gzip, zst).holds(HELD),
        case("gzip that calls itself zstd", Zstd, gzip).holds(HELD),
        case("gzip that calls itself plain", Plain, gzip).holds(HELD),
        case("a plain tar that calls itself gzip", Gzip, <[u8]>::to_vec).holds(HELD),
        case("gzip in gzip", Gzip, |plain| gzip(&gzip(plain))).not_as_rootfs().refused("corrupt", "checksum"),
        case("gzip in members", Gzip, |plain| plain.chunks(1000).flat_map(gzip).collect()).holds(HELD),
        case("gzip with 20,000 empty members", Gzip, |plain| {
            let empty = gzip(b"").repeat(20_000);
            [empty.as_slice(), &gzip(plain), &empty].concat()
        })
        .holds(HELD),
        case("gzip and then garbage", Gzip, |plain| {
            [gzip(plain).as_slice(), b"garbage garbage garbage"].concat()
        })
        .refused("corrupt", "gzip"),
        case("gzip and then half a member", Gzip, |plain| {
            [gzip(plain).as_slice(), &gzip(plain)[..20]].concat()
        })
        .refused("corrupt", ""),
        case("gzip cut in its head", Gzip, |plain| gzip(plain)[..5].to_vec()).refused("corrupt", ""),
        case("gzip cut in its middle", Gzip, |plain| gzip(plain)[..5000].to_vec()).refused("corrupt", ""),
        case("gzip cut in its checksum", Gzip, |plain| {
            let whole = gzip(plain);
            whole[..whole.len() - 6].to_vec()
        })
        .refused("corrupt", ""),
        case("gzip with a wrong checksum", Gzip, |plain| {
            let mut whole = gzip(plain);
            let at = whole.len() - 8;
            whole[at] ^= 1;
            whole
        })
        .refused("corrupt", "gzip"),
        case("gzip with a wrong length", Gzip, |plain| {
            let mut whole = gzip(plain);
            let at = whole.len() - 1;
            whole[at] ^= 1;
            whole
        })
        .refused("corrupt", "gzip"),
        case("gzip with another bit", Gzip, |plain| {
            let mut whole = gzip(plain);
            let at = whole.len() / 2;
            whole[at] ^= 0x10;
            whole
        })
        .refused("corrupt", ""),
        case("gzip of an unknown method", Gzip, |plain| {
            let mut whole = gzip(plain);
            whole[2] = 9;
            whole
        })
        .refused("corrupt", "gzip"),
        case("gzip with a name of ten megabytes", Gzip, |plain| {
            // Flag FNAME: a name follows, up to its NUL. Source: RFC 1952, section 2.3.
            let whole = gzip(plain);
            let name = [vec![b'n'; 10 << 20], vec![0]].concat();
            let mut head = whole[..10].to_vec();
            head[3] = 8;
            [head.as_slice(), &name, &whole[10..]].concat()
        })
        .refused("corrupt", "gzip"),
        case("xz", Gzip, |_| b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4F".repeat(100))
            .refused("corrupt", "compressed with xz"),
        case("bzip2", Gzip, |_| b"BZh91AY&SY".repeat(100)).refused("corrupt", "compressed with bzip2"),
        case("lz4", Plain, |_| b"\x04\x22\x4d\x18@@".repeat(100)).refused("corrupt", "compressed with lz4"),
    ]
}

fn zstds() -> Vec<Case> {
    use Packing::Zstd;
    vec![
        case("zstd in frames", Zstd, |plain| plain.chunks(1000).flat_map(zst).collect()).holds(HELD),
        case("zstd and then garbage", Zstd, |plain| {
            [zst(plain).as_slice(), b"garbage garbage garbage"].concat()
        })
        .refused("corrupt", ""),
        case("zstd cut in its head", Zstd, |plain| zst(plain)[..5].to_vec()).refused("corrupt", ""),
        case("zstd cut in its middle", Zstd, |plain| zst(plain)[..5000].to_vec()).refused("corrupt", ""),
        case("zstd with another bit", Zstd, |plain| {
            let mut whole = zst(plain);
            let at = whole.len() / 2;
            whole[at] ^= 0x10;
            whole
        })
        .only_when_loaded()
        .not_as_rootfs()
        .refused("corrupt", ""),
        case("zstd with a wrong checksum", Zstd, |plain| {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.include_checksum(true).unwrap();
            encoder.write_all(plain).unwrap();
            let mut whole = encoder.finish().unwrap();
            let at = whole.len() - 1;
            whole[at] ^= 1;
            whole
        })
        .refused("corrupt", ""),
        case("zstd with frames to skip", Zstd, |plain| {
            let skip = skippable(b"nothing here").repeat(50_000);
            [skip.as_slice(), &zst(plain), &skip].concat()
        })
        .holds(HELD),
        case("zstd with a frame to skip beyond the end", Zstd, |plain| {
            [zst(plain).as_slice(), &[0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff]].concat()
        })
        .refused("corrupt", ""),
        case("zstd that needs a dictionary", Zstd, |plain| {
            // Single segment off, dictionary id of 4 bytes, window of 1 KiB.
            frame(&[0x03, 0x00, 0x78, 0x56, 0x34, 0x12], &plain[..1000])
        })
        .refused("corrupt", "ictionary"),
        // The window's size is 2 to the power of 10 and the five upper bits.
        case("zstd with a window of terabytes", Zstd, |plain| frame(&[0x00, 31 << 3], &plain[..1000]))
            .refused("corrupt", "memory"),
        case("zstd that says it is exabytes long", Zstd, |plain| {
            // Single segment: the content's size is the window's.
            let size = (u64::MAX >> 2).to_le_bytes();
            frame(&[&[0xe0][..], &size].concat(), &plain[..1000])
        })
        .refused("corrupt", "memory"),
        case("zstd with a reserved bit", Zstd, |plain| frame(&[0x08, 0x50], &plain[..1000]))
            .refused("corrupt", ""),
        case("zstd with a window of 128 megabytes", Zstd, |plain| windowed(plain, 27)).holds(HELD),
        case("zstd with a window of 256 megabytes", Zstd, |_| {
            let header = [0x00, (28 - 10) << 3];
            frame(&header, b"x")
        })
        .refused("corrupt", "memory"),
    ]
}
