//! Devices, set-id files and types that a layer cannot have.

use super::case::{Case, Threat};
use super::tars::Tar;

fn case(name: &'static str, make: impl Fn() -> Tar + Send + Sync + 'static) -> Case {
    Case::tar(Threat::Devices, name, move |_| make().end())
}

pub fn cases() -> Vec<Case> {
    vec![
        case("memory and disks", || {
            Tar::new()
                .device(b'3', "mem", (1, 1))
                .device(b'4', "disk", (8, 0))
                .device(b'4', "none", (0, 0))
                .hard_link("more", "mem")
                .file("f", b"1")
        })
        .notice("the device `/mem` was left out")
        .holds(&[
            "block_device /disk",
            "block_device /none",
            "char_device /mem",
            "hardlink /more -> /mem",
            "file /f 1B",
        ]),
        case("a device replaced by a file", || Tar::new().device(b'3', "x", (1, 3)).file("x", b"1"))
            .holds(&["file /x 1B"]),
        case("a file replaced by a device", || Tar::new().file("x", b"1").device(b'4', "x", (8, 0)))
            .notice("the device `/x` was left out")
            .holds(&["block_device /x"]),
        case("a device beyond all numbers", || {
            Tar::new().with(b'3', b"x", b"", |header| {
                header[329..337].copy_from_slice(&[0x80, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
            })
        })
        .refused("corrupt", "device is not a number"),
        case("set-id files", || {
            let mode = |mode: &'static [u8]| move |header: &mut [u8]| header[100..107].copy_from_slice(mode);
            Tar::new()
                .with(b'0', b"su", b"1", mode(b"0004755"))
                .with(b'0', b"sg", b"1", mode(b"0002755"))
                .with(b'5', b"tmp", b"", mode(b"0001777"))
                .with(b'5', b"group", b"", mode(b"0002775"))
        })
        .holds(&["dir /group 2775", "file /sg 2755 1B", "file /su 4755 1B", "dir /tmp 1777"]),
        case("file capabilities of another namespace", || {
            let mut capability = vec![1, 0, 0, 3];
            capability.extend([0xff; 16]);
            capability.extend([0xe8, 3, 0, 0]);
            Tar::new().pax(&[("SCHILY.xattr.security.capability", &capability)]).file("f", b"1")
        })
        .holds(&["file /f 1B"]),
        case("file capabilities that are none", || {
            Tar::new().pax(&[("SCHILY.xattr.security.capability", b"garbage")]).file("f", b"1")
        })
        .holds(&["file /f 1B"]),
        case("a pipe with content", || {
            Tar::new()
                .with(b'6', b"p", b"", |header| header[124..135].copy_from_slice(b"00000001000"))
                .file("f", b"1")
        })
        .holds(&["fifo /p", "file /f 1B"]),
        case("a multi-volume archive", || Tar::new().with(b'M', b"x", b"", |_| {}))
            .refused("denied", "its type"),
        case("a volume's label", || Tar::new().with(b'V', b"x", b"", |_| {})).refused("denied", "its type"),
        case("a type that nobody knows", || Tar::new().with(0xff, b"x", b"", |_| {}))
            .refused("denied", "its type"),
        case("a type that Solaris knows", || Tar::new().with(b'A', b"x", b"", |_| {}))
            .refused("denied", "its type"),
    ]
}
