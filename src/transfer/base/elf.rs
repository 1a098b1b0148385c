//! What the loader reads of an ELF object: interpreter, needed libraries, search paths.
//!
//! Only program headers and the dynamic segment are read, as the loader does: section headers may
//! be stripped. Nothing is ever executed (`ldd` runs the program's own interpreter).

use std::fs::File;
use std::path::{Path, PathBuf};

use object::Endianness;
use object::elf;
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::read::{ReadCache, ReadRef, StringTable};

use super::Error;

/// The architecture of an object; a library of another one is passed over by the loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Abi {
    /// `true` for 64-bit objects.
    pub wide: bool,
    /// `e_machine`.
    pub machine: u16,
}

/// The parts of an ELF object that decide what else it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    /// Word size and machine.
    pub abi: Abi,
    /// `PT_INTERP`; `None` for libraries and static programs.
    pub interpreter: Option<PathBuf>,
    /// `DT_NEEDED`, in order.
    pub needed: Vec<String>,
    /// `DT_RUNPATH`, split at colons, `$ORIGIN` not yet replaced.
    pub runpath: Vec<String>,
    /// `DT_RPATH`, likewise; without effect where there is a `DT_RUNPATH`.
    pub rpath: Vec<String>,
}

impl Object {
    /// Reads the object in `file`; `None` if it is not ELF at all.
    pub fn read(file: &File, path: &Path) -> Result<Option<Self>, Error> {
        let cache = ReadCache::new(file);
        let data = &cache;
        let Ok(ident) = data.read_bytes_at(0, 16) else { return Ok(None) };
        if !ident.starts_with(&elf::ELFMAG) {
            return Ok(None);
        }
        let object = match ident[4] {
            1 => parse::<elf::FileHeader32<Endianness>, _>(data, false),
            2 => parse::<elf::FileHeader64<Endianness>, _>(data, true),
            _ => return Err(Error::Elf { path: path.to_owned(), reason: "unknown word size".to_owned() }),
        };
        object.map(Some).map_err(|error| Error::Elf { path: path.to_owned(), reason: error.to_string() })
    }
}

fn parse<'data, Elf, R>(data: R, wide: bool) -> object::read::Result<Object>
where
    Elf: FileHeader<Endian = Endianness>,
    R: ReadRef<'data>,
{
    let header = Elf::parse(data)?;
    let endian = header.endian()?;
    let segments = header.program_headers(endian, data)?;
    let mut object = Object {
        abi: Abi { wide, machine: header.e_machine(endian).0 },
        interpreter: None,
        needed: Vec::new(),
        runpath: Vec::new(),
        rpath: Vec::new(),
    };
    let mut entries: Vec<(elf::DynamicTag, u64)> = Vec::new();
    for segment in segments {
        if let Some(path) = segment.interpreter(endian, data)? {
            object.interpreter = Some(PathBuf::from(text(path)));
        }
        if let Some(dynamic) = segment.dynamic(endian, data)? {
            entries = dynamic
                .iter()
                .map(|entry| (entry.d_tag(endian), entry.d_val(endian).into()))
                .take_while(|(tag, _)| *tag != elf::DT_NULL)
                .collect();
        }
    }
    let value = |wanted| entries.iter().find(|(tag, _)| *tag == wanted).map(|(_, value)| *value);
    let (Some(address), Some(size)) = (value(elf::DT_STRTAB), value(elf::DT_STRSZ)) else {
        return Ok(object);
    };
    // The table's address is where it will be in memory: find the segment that puts it there.
    let start = segments.iter().find_map(|segment| {
        let (base, length): (u64, u64) = (segment.p_vaddr(endian).into(), segment.p_filesz(endian).into());
        let inside = address.checked_sub(base).filter(|offset| *offset < length)?;
        let file_offset: u64 = segment.p_offset(endian).into();
        (segment.p_type(endian) == elf::PT_LOAD).then(|| file_offset.checked_add(inside))?
    });
    let Some(start) = start else { return Ok(object) };
    let strings = StringTable::new(data, start, start.saturating_add(size));
    for (tag, value) in &entries {
        let target = match *tag {
            elf::DT_NEEDED => &mut object.needed,
            elf::DT_RUNPATH => &mut object.runpath,
            elf::DT_RPATH => &mut object.rpath,
            _ => continue,
        };
        let Some(found) = usize::try_from(*value).ok().and_then(|offset| strings.get(offset as _).ok())
        else {
            continue;
        };
        if *tag == elf::DT_NEEDED {
            target.push(text(found));
        } else {
            target.extend(text(found).split(':').filter(|path| !path.is_empty()).map(str::to_owned));
        }
    }
    Ok(object)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
