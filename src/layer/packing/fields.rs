//! In what the headers of one entry differ in two archives.

use std::cell::Cell;

use super::Facet;
use super::heads::{Extension, Heads, shown};
use super::walk::Item;
use crate::layer::entry::{Kind, Mtime};
use crate::layer::tar::{number, text};
use crate::layer::xattr::PAX_PREFIX;

/// Told of a part, the field, what was and what is.
pub(super) type Note<'a> = &'a mut dyn FnMut(Facet, &str, Option<String>, Option<String>);

const MODE: std::ops::Range<usize> = 100..108;
const SIZE: std::ops::Range<usize> = 124..136;
const MTIME: std::ops::Range<usize> = 136..148;
const CHECKSUM: std::ops::Range<usize> = 148..156;
const UNAME: std::ops::Range<usize> = 265..297;
const GNAME: std::ops::Range<usize> = 297..329;
const DEVICE: std::ops::Range<usize> = 329..345;
const PREFIX: std::ops::Range<usize> = 345..500;

/// What an entry is, for people.
pub(super) fn word(item: &Item) -> String {
    match item.member.kind {
        Kind::Hardlink | Kind::Symlink => {
            format!("{} to {}", item.member.kind.as_str(), shown(&item.member.link))
        }
        kind => kind.as_str().to_owned(),
    }
}

/// All that differs between an entry here and there, but for its content.
pub(super) fn compare(old: &Item, new: &Item, note: Note<'_>) {
    if old.raw == new.raw {
        return;
    }
    let (Some(one), Some(other)) = (Heads::of(&old.raw), Heads::of(&new.raw)) else { return };
    let found = Cell::new(false);
    let mut note = |facet, field: &str, before, after| {
        found.set(true);
        note(facet, field, before, after);
    };
    meaning(old, new, (&one, &other), &mut note);
    headers(old, new, (&one, &other), &mut note);
    records((old, new), (&one, &other), &mut note);
    extensions(&one, &other, &mut note);
    let is_file = old.member.kind == Kind::File && new.member.kind == Kind::File;
    let sizes = is_file && old.member.stored != new.member.stored;
    if !found.get() && !sizes {
        // Nothing that has a name: the bytes after a text's end, or fields that only GNU's form has.
        let at = old.raw.iter().zip(&new.raw).position(|(one, other)| one != other);
        let told = |raw: &[u8]| {
            at.and_then(|at| raw.get(at)).map(|byte| format!("byte {} is {byte:#04x}", at.unwrap_or(0)))
        };
        note(Facet::Headers, "other bytes", told(&old.raw), told(&new.raw));
    }
}

type Both<'a> = (&'a Heads<'a>, &'a Heads<'a>);

/// What the headers mean.
fn meaning(old: &Item, new: &Item, (one, other): Both<'_>, note: Note<'_>) {
    let (was, is) = (&old.member, &new.member);
    let mut differ = |facet, field, before: &dyn Fn() -> (String, String), differs: bool| {
        if differs {
            let (before, after) = before();
            note(facet, field, Some(before), Some(after));
        }
    };
    differ(Facet::Headers, "kind", &|| (word(old), word(new)), was.kind != is.kind);
    let same_kind = was.kind == is.kind;
    differ(Facet::Link, "link", &|| (shown(&was.link), shown(&is.link)), same_kind && was.link != is.link);
    differ(Facet::Mtime, "mtime", &|| (time(was.mtime), time(is.mtime)), was.mtime != is.mtime);
    differ(Facet::Owner, "uid", &|| (was.uid.to_string(), is.uid.to_string()), was.uid != is.uid);
    differ(Facet::Owner, "gid", &|| (was.gid.to_string(), is.gid.to_string()), was.gid != is.gid);
    for (field, key, range) in [("uname", b"uname", UNAME), ("gname", b"gname", GNAME)] {
        let of = |heads: &Heads<'_>| {
            let records = heads.records(false);
            shown(records.get(key.as_slice()).copied().unwrap_or_else(|| heads.name_at(range.clone())))
        };
        let (before, after) = (of(one), of(other));
        differ(Facet::Owner, field, &|| (before.clone(), after.clone()), before != after);
    }
    let bits = |heads: &Heads<'_>| number(&heads.block[MODE]).unwrap_or(0);
    let (before, after) = (bits(one), bits(other));
    differ(Facet::Mode, "mode", &|| (format!("{before:04o}"), format!("{after:04o}")), before != after);
    differ(Facet::Headers, "name", &|| (shown(&was.path), shown(&is.path)), was.path != is.path);
    let sparse = |it: &Option<_>| if Option::is_some(it) { "sparse" } else { "whole" }.to_owned();
    let forms = was.sparse.is_some() != is.sparse.is_some();
    differ(Facet::Headers, "sparse", &|| (sparse(&was.sparse), sparse(&is.sparse)), forms);
    let map = !forms && was.sparse.is_some() && (was.sparse != is.sparse || one.rest != other.rest);
    let pieces = |it: &Option<crate::layer::tar::Sparse>| {
        format!("{} pieces", it.as_ref().map_or(0, |sparse| sparse.segments.len()))
    };
    differ(Facet::Headers, "sparse map", &|| (pieces(&was.sparse), pieces(&is.sparse)), map);
}

/// How they are written.
fn headers(old: &Item, new: &Item, (one, other): Both<'_>, note: Note<'_>) {
    let mut differ = |field, before: String, after: String| {
        if before != after {
            note(Facet::Headers, field, Some(before), Some(after));
        }
    };
    differ("format", one.format(), other.format());
    if old.member.kind == new.member.kind {
        differ("typeflag", shown(&one.block[156..157]), shown(&other.block[156..157]));
    }
    if old.member.path == new.member.path {
        let split = |heads: &Heads<'_>| {
            let prefix = if heads.block[257..263] == *b"ustar\0" { text(&heads.block[PREFIX]) } else { &[] };
            let name = text(&heads.block[..100]);
            if prefix.is_empty() { shown(name) } else { format!("{} | {}", shown(prefix), shown(name)) }
        };
        differ("name and prefix", split(one), split(other));
    }
    if one.is_known() && other.is_known() {
        differ("devmajor and devminor", shown(&one.block[DEVICE]), shown(&other.block[DEVICE]));
    }
    if old.member.kind != Kind::File && new.member.kind != Kind::File {
        let size = |heads: &Heads<'_>| number(&heads.block[SIZE]).unwrap_or(0).to_string();
        differ("size", size(one), size(other));
    }
    // The same number, with other leading or closing characters.
    let fields = [("mode", MODE), ("uid", 108..116), ("gid", 116..124), ("size", SIZE), ("mtime", MTIME)];
    let spelled = fields.into_iter().find(|(_, range)| {
        let (one, other) = (&one.block[range.clone()], &other.block[range.clone()]);
        one != other && number(one) == number(other)
    });
    let checksum =
        || (form(&one.block[CHECKSUM]) != form(&other.block[CHECKSUM])).then_some(("checksum", CHECKSUM));
    if let Some((field, range)) = spelled.or_else(checksum) {
        let told = |heads: &Heads<'_>| format!("{field} {}", shown(&heads.block[range.clone()]));
        differ("digits", told(one), told(other));
    }
}

/// Where digits stand and where other characters do.
fn form(field: &[u8]) -> Vec<u8> {
    field.iter().map(|byte| if byte.is_ascii_digit() { b'0' } else { *byte }).collect()
}

/// Records of PAX headers. What they mean for the entry is compared elsewhere; here it is that they are there.
fn records((old, new): (&Item, &Item), (one, other): Both<'_>, note: Note<'_>) {
    for (is_global, title) in [(false, "pax"), (true, "global pax")] {
        let (before, after) = (one.records(is_global), other.records(is_global));
        let mut keys: Vec<&[u8]> = before.keys().chain(after.keys()).copied().collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let (was, is) = (before.get(key).copied(), after.get(key).copied());
            let told = match key {
                _ if is_global => false,
                b"mtime" => old.member.mtime != new.member.mtime,
                b"path" => old.member.path != new.member.path,
                b"linkpath" => old.member.link != new.member.link,
                b"uid" => old.member.uid != new.member.uid,
                b"gid" => old.member.gid != new.member.gid,
                b"uname" | b"gname" => true,
                b"size" => old.member.stored != new.member.stored,
                _ => false,
            };
            if was == is || told && was.is_some() && is.is_some() {
                continue;
            }
            let is_attribute = key.starts_with(PAX_PREFIX) || key.starts_with(b"LIBARCHIVE.xattr.");
            let facet = if is_attribute { Facet::Xattrs } else { Facet::Pax };
            note(facet, &format!("{title} {}", shown(key)), was.map(shown), is.map(shown));
        }
        if !is_global && before == after && one.keys() != other.keys() {
            let told = |keys: Vec<&[u8]>| Some(shown(&keys.join(&b' ')));
            note(Facet::Pax, "pax order", told(one.keys()), told(other.keys()));
        }
    }
}

/// Extended headers themselves: which there are, and what they are called.
fn extensions(one: &Heads<'_>, other: &Heads<'_>, note: Note<'_>) {
    // That there is a PAX header is its format.
    let others = |heads: &Heads<'_>| {
        let kinds: Vec<u8> = heads.extensions.iter().map(|it| it.kind).filter(|kind| *kind != b'x').collect();
        if kinds.is_empty() { None } else { Some(shown(&kinds)) }
    };
    let (before, after) = (others(one), others(other));
    if before != after {
        note(Facet::Headers, "extended headers", before, after);
    }
    for kind in [b'x', b'g', b'L', b'K'] {
        let (Some(before), Some(after)) = (one.extension(kind), other.extension(kind)) else { continue };
        let title = if matches!(kind, b'x' | b'g') { "pax header" } else { "long name header" };
        let name = |it: &Extension<'_>| shown(text(&it.block[..100]));
        let (old_name, new_name) = (name(before), name(after));
        if old_name != new_name {
            note(Facet::Pax, &format!("{title} name"), Some(old_name), Some(new_name));
        }
        let time = |it: &Extension<'_>| number(&it.block[MTIME]).unwrap_or(0);
        let (old_time, new_time) = (time(before), time(after));
        if old_time != new_time {
            let told = |secs| Some(self::time(Mtime { secs, nanos: 0 }));
            note(Facet::Pax, &format!("{title} mtime"), told(old_time), told(new_time));
        }
        let rest = |it: &Extension<'_>| [&it.block[100..124], &it.block[156..512]].concat();
        let (old_rest, new_rest) = (rest(before), rest(after));
        if let Some(at) = old_rest.iter().zip(&new_rest).position(|(one, other)| one != other) {
            let place = if at < 24 { at + 100 } else { at + 132 };
            let told = |rest: &[u8]| Some(format!("byte {place} is {:#04x}", rest[at]));
            note(Facet::Pax, &format!("{title} fields"), told(&old_rest), told(&new_rest));
        }
    }
}

/// As the documents spell it; seconds where no calendar reaches.
fn time(time: Mtime) -> String {
    let nanos = i32::try_from(time.nanos).unwrap_or(0);
    jiff::Timestamp::new(time.secs, nanos)
        .map_or_else(|_| format!("{} s", time.secs), |time| time.to_string())
}
