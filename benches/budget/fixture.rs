//! Images and a registry for the rows.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::measure::{output, plywood};

/// Copies so many bytes of this machine's programs and libraries into `folder`.
pub fn programs(folder: &Path, sources: &[&str], mut bytes: u64) {
    for source in sources {
        let mut pending = vec![Path::new(source).to_owned()];
        while let Some(directory) = pending.pop() {
            let Ok(entries) = fs::read_dir(&directory) else { continue };
            let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
            entries.sort();
            for path in entries {
                let Ok(found) = fs::symlink_metadata(&path) else { continue };
                if found.is_dir() {
                    pending.push(path);
                } else if found.is_file() && found.len() < bytes.min(20_000_000) {
                    let target = folder.join(path.strip_prefix("/").unwrap());
                    fs::create_dir_all(target.parent().unwrap()).unwrap();
                    fs::copy(&path, target).unwrap();
                    bytes -= found.len();
                }
            }
        }
    }
}

/// `bench:two`: a Debian and 170 MB of programs on it, 350 MB and some 7,000 files in all.
/// Without a Debian, 170 MB of libraries take its place.
pub fn image(folder: &Path, store: &Path) {
    let (one, two) = (folder.join("one"), folder.join("two"));
    programs(&two, &["/usr/bin", "/usr/lib/gcc", "/usr/lib/python3"], 172_000_000);
    let first = match std::env::var("PLYWOOD_TEST_DEBIAN") {
        Ok(tar) => tar,
        Err(_) => {
            programs(&one, &["/usr/lib/x86_64-linux-gnu", "/usr/share"], 172_000_000);
            one.display().to_string()
        }
    };
    let script = format!(
        "let c = run(rootfs(`{first}`, \"bench:one\"), [\"true\"]); c.copy_in(`{}`, \"/two\"); commit(c, \"bench:two\"); rm(c);",
        two.display()
    );
    output(plywood(store).args(["--quiet", "-e", &script]));
    let _ = fs::remove_dir_all(&one);
    fs::remove_dir_all(&two).unwrap();
}

/// A registry; it ends with the value.
pub struct Registry {
    daemon: Child,
    pub port: u16,
}

impl Registry {
    pub fn start(program: &Path, folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = format!(
            "version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\nstorage:\n  filesystem:\n    rootdirectory: {}/data\nhttp:\n  addr: 127.0.0.1:{port}\n",
            folder.display()
        );
        fs::write(folder.join("config.yml"), settings).unwrap();
        let daemon = Command::new(program)
            .arg("serve")
            .arg(folder.join("config.yml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { daemon, port }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}
