//! A package's header, as rpm stores it. Source: rpm's `docs/manual/hregions.md` and `lib/header.c`.

use super::super::Package;

const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const ARCHITECTURE: u32 = 1022;

pub(in crate::inspect::packages) fn package(record: &[u8]) -> Option<Package> {
    let number = |at: usize| record.get(at..).and_then(<[u8]>::first_chunk).map(|it| u32::from_be_bytes(*it));
    let (count, length) = (usize::try_from(number(0)?).ok()?, usize::try_from(number(4)?).ok()?);
    let start = count.checked_mul(16)?.checked_add(8)?;
    let data = record.get(start..start.checked_add(length)?)?;
    let find = |wanted: u32| {
        let at = (0..count).map(|entry| 8 + entry * 16).find(|&at| number(at) == Some(wanted))?;
        data.get(usize::try_from(number(at + 8)?).ok()?..)
    };
    let text = |tag: u32| {
        let value = find(tag)?.split(|&byte| byte == 0).next()?;
        Some(String::from_utf8_lossy(value).into_owned())
    };
    let name = text(NAME).filter(|name| !name.is_empty() && name != "gpg-pubkey")?;
    let mut version = text(VERSION)?;
    if let Some(release) = text(RELEASE) {
        version = format!("{version}-{release}");
    }
    if let Some(epoch) = find(EPOCH).and_then(<[u8]>::first_chunk) {
        version = format!("{}:{version}", u32::from_be_bytes(*epoch));
    }
    Some(Package { manager: "rpm", name, version, architecture: text(ARCHITECTURE).unwrap_or_default() })
}
