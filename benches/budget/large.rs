//! The memory that large images take: it does not grow with their bytes, and little with their files.

use std::fs::{self, File};
use std::io::{self, Seek as _, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use crate::archive::{LayerFile, docker_archive, hex};
use crate::measure::{Row, output, plywood, time_and_peak};

const LAYERS: u64 = 4;
const MIB: u64 = 1 << 20;
/// What the program may take for itself and its buffers, and beyond that for each path.
const ROOM: u64 = 64_000_000;
const EACH: u64 = 160;

/// Hashes what it passes on.
struct Hashing<W> {
    out: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.hash.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A nameless file in `folder` with the tar that `fill` makes, perhaps compressed.
fn layer(folder: &Path, gzip: bool, fill: &dyn Fn(&mut tar::Builder<&mut dyn Write>)) -> LayerFile<File> {
    let mut file = tempfile::tempfile_in(folder).unwrap();
    let out: Box<dyn Write + '_> =
        if gzip { Box::new(GzEncoder::new(&mut file, Compression::fast())) } else { Box::new(&mut file) };
    let mut out = Hashing { out: io::BufWriter::with_capacity(1 << 17, out), hash: Sha256::new() };
    let mut tar = tar::Builder::new(&mut out as &mut dyn Write);
    fill(&mut tar);
    tar.finish().unwrap();
    drop(tar);
    out.flush().unwrap();
    let digits = out.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    drop(out);
    let size = file.metadata().unwrap().len();
    file.rewind().unwrap();
    (file, digits, size)
}

fn add(tar: &mut tar::Builder<&mut dyn Write>, name: &str, size: u64, content: impl io::Read) {
    let mut header = tar::Header::new_ustar();
    header.set_mode(0o644);
    header.set_size(size);
    tar.append_data(&mut header, name, content).unwrap();
}

/// Files of 16 MiB, half of which the next layer has again; noise that no file system shortens, or text that repeats.
fn big_files(folder: &Path, of: u64, mebibytes: u64, gzip: bool) -> LayerFile<File> {
    layer(folder, gzip, &|tar| {
        for file in 0..mebibytes / 16 {
            let seed = hex(format!("{of} {file}").as_bytes());
            let mut block: Vec<u8> = seed.bytes().cycle().take(MIB as usize).collect();
            if !gzip {
                let mut state = u64::from_le_bytes(*seed.as_bytes().first_chunk().unwrap());
                for word in block.chunks_exact_mut(8) {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    word.copy_from_slice(&state.to_le_bytes());
                }
            }
            let pieces = block.repeat(16);
            let name = if file % 2 == 0 { format!("data/{file}") } else { format!("data/{of}-{file}") };
            add(tar, &name, 16 * MIB, pieces.as_slice());
        }
    })
}

fn many_files(folder: &Path, of: u64, files: u64) -> LayerFile<File> {
    layer(folder, false, &|tar| {
        for file in 0..files {
            let content = format!("{of} {file}");
            let name = format!("srv/l{of}/d{:04}/f{:03}", file / 200, file % 200);
            add(tar, &name, content.len() as u64, content.as_bytes());
        }
    })
}

/// The most memory of looking into large images, in place and stored, and of loading them.
pub fn bounded_memory() -> Option<Vec<Row>> {
    let full = std::env::var_os("PLYWOOD_FULL").is_some();
    let (mebibytes, files) = if full { (1024, 250_000) } else { (64, 25_000) };
    // Not in memory, as a temporary directory may be.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (store, archive) = (folder.path().join("store"), folder.path().join("large.tar"));
    let mut rows = Vec::new();
    for (what, entries) in [("noise", 0), ("gzip", 0), ("files", LAYERS * files)] {
        let make = |of| match what {
            "files" => many_files(folder.path(), of, files),
            kind => big_files(folder.path(), of, mebibytes, kind == "gzip"),
        };
        let name = format!("{what}:1");
        docker_archive(&archive, &name, (0..LAYERS).map(make).collect());
        let amount = match entries {
            0 => format!("{} MiB of {what}", LAYERS * mebibytes),
            entries => format!("{entries} files"),
        };
        let bar = ROOM + EACH * entries;
        let peak = |code: &str| {
            let mut command = plywood(&store);
            command.args(["--quiet", "-e", code]);
            time_and_peak(&mut command).1
        };
        let look = |x: &str| format!("let x = image(`{x}`); layers(x); waste(x); junk(x)");
        let place = peak(&look(&format!("docker-archive:{}", archive.display())));
        let load = peak(&format!("load(`{}`)", archive.display()));
        let stored = peak(&format!("{}; duplicates(x)", look(&name)));
        for (did, peak) in [("in place", place), ("loaded", load), ("looked into, stored", stored)] {
            rows.push(Row::bytes(&format!("peak memory: {amount} {did}"), peak, bar, 1.0));
        }
        output(plywood(&store).args(["--quiet", "-e", &format!("rm(image(`{name}`)); prune()")]));
        fs::remove_file(&archive).unwrap();
    }
    Some(rows)
}
