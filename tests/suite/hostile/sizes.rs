//! A PAX size that differs from the header's, and other numbers that lie.

use super::case::{Case, Threat};
use super::tars::Tar;

fn case(name: &'static str, make: impl Fn() -> Tar + Send + Sync + 'static) -> Case {
    Case::tar(Threat::Sizes, name, move |_| make().end())
}

/// Entries that must never come to life: they are the content of a file.
fn smuggled() -> Vec<u8> {
    Tar::new().file("evil", b"evil").symlink("worse", "/etc").0
}

fn with_size(size: &'static [u8]) -> Tar {
    Tar::new().pax(&[("size", size)]).file("f", b"1234")
}

pub fn cases() -> Vec<Case> {
    vec![
        // CVE-2025-62518: who believes the header reads the content as entries.
        case("a size in PAX above the header's", || {
            let inner = smuggled();
            Tar::new()
                .pax(&[("size", inner.len().to_string().as_bytes())])
                .with(b'0', b"f", &inner, |header| header[124..135].copy_from_slice(b"00000000000"))
                .file("after", b"1")
        })
        .holds(&["file /after 1B", "file /f 1536B"]),
        case("a size in PAX below the header's", || {
            let inner = Tar::new().file("visible", b"1").0;
            Tar::new().pax(&[("size", b"0")]).with(b'0', b"f", &inner, |_| {})
        })
        .holds(&["file /f", "file /visible 1B"]),
        case("a size in PAX twice", || {
            let inner = smuggled();
            Tar::new().pax(&[("size", b"1"), ("size", inner.len().to_string().as_bytes())]).with(
                b'0',
                b"f",
                &inner,
                |header| header[124..135].copy_from_slice(b"00000000000"),
            )
        })
        .holds(&["file /f 1536B"]),
        case("a size in PAX taken back", || {
            Tar::new().pax(&[("size", b"99"), ("size", b"")]).file("f", b"1234")
        })
        .holds(&["file /f 4B"]),
        case("a size in a global header", || {
            // Global headers are for nobody in particular.
            Tar::new().with(b'g', b"g", b"12 size=999\n", |_| {}).file("f", b"1234")
        })
        .holds(&["file /f 4B"]),
        case("a negative size in PAX", || with_size(b"-1")).refused("corrupt", "not a number"),
        case("a size with an exponent", || with_size(b"1e9")).refused("corrupt", "not a number"),
        case("a size that is hexadecimal", || with_size(b"0x10")).refused("corrupt", "not a number"),
        case("a size beyond 64 bits", || with_size(b"18446744073709551616"))
            .refused("corrupt", "not a number"),
        case("a size of exabytes in PAX", || with_size(b"9223372036854775807"))
            .refused("denied", "`file_bytes`"),
        case("a negative size in base 256", || {
            Tar::new().with(b'0', b"x", b"", |header| header[124..136].fill(0xff))
        })
        .refused("corrupt", "size is not a number"),
        case("a size beyond 64 bits in base 256", || {
            Tar::new().with(b'0', b"x", b"", |header| {
                header[124] = 0x80;
                header[125..136].fill(0xff);
            })
        })
        .refused("corrupt", "size is not a number"),
        case("a size of exabytes in base 256", || {
            Tar::new().with(b'0', b"x", b"", |header| {
                header[124..136]
                    .copy_from_slice(&[0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
            })
        })
        .refused("denied", "`file_bytes`"),
        case("a size of letters", || {
            Tar::new().with(b'0', b"x", b"", |header| header[124..135].copy_from_slice(b"0000000zzzz"))
        })
        .refused("corrupt", "size is not a number"),
        case("a directory with a size", || {
            // What has no content has none, whatever its header says: so do Go and GNU tar.
            Tar::new()
                .with(b'5', b"d", b"", |header| {
                    header[100..107].copy_from_slice(b"0000755");
                    header[124..135].copy_from_slice(b"00000001000");
                })
                .file("after", b"1")
        })
        .holds(&["dir /d", "file /after 1B"]),
        case("links with sizes", || {
            let sized = |target: &'static [u8]| {
                move |header: &mut [u8]| {
                    header[157..157 + target.len()].copy_from_slice(target);
                    header[124..135].copy_from_slice(b"00000001000");
                }
            };
            Tar::new()
                .file("a", b"1")
                .with(b'1', b"b", b"", sized(b"a"))
                .with(b'2', b"c", b"", sized(b"a"))
                .file("d", b"2")
        })
        .holds(&["file /a 1B", "hardlink /b -> /a", "symlink /c -> a", "file /d 1B"]),
        case("times that no calendar has", || {
            Tar::new()
                .pax(&[("mtime", b"9223372036854775807.999999999")])
                .file("late", b"")
                .pax(&[("mtime", b"-9223372036854775807.5")])
                .file("early", b"")
                .with(b'0', b"negative", b"", |header| header[136..148].fill(0xff))
        })
        .holds(&["file /early", "file /late", "file /negative"]),
        case("a time that is none", || Tar::new().pax(&[("mtime", b"tomorrow")]).file("f", b""))
            .refused("corrupt", "not a number"),
        case("an owner beyond 32 bits", || Tar::new().pax(&[("uid", b"4294967296")]).file("f", b""))
            .refused("corrupt", "owner"),
        case("an owner in letters", || {
            Tar::new().with(b'0', b"f", b"", |header| header[108..115].copy_from_slice(b"nobody\0"))
        })
        .refused("corrupt", "owner is not a number"),
    ]
}
