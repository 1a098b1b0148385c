//! `run`: a process in a container, on top of an image or in a container that is there.

mod apart;
mod config;
mod options;
mod program;

pub(super) use config::RunConfig;

use std::collections::BTreeMap;
use std::ffi::CString;
use std::path::PathBuf;
use std::sync::Arc;

use super::{
    Command, Container, Error, ErrorKind, Fallback, Result, RunOptions, Subject, Workbench,
    subject::Prepared, time::now_nanos, tree_of, work_of,
};
use crate::container::environment::{self, Environment};
use crate::container::{self, Capabilities, Exit, Io, MountApi, Network, Root, Seccomp, Spec, Stdin, Volume};
use crate::layer::OverlayFormat;
use crate::store::{ContainerLock, ContainerRecord, NewContainer, PartId, Status};

/// Where the starter image expects the folder that its `pkg` installs from.
const PACKAGES_TARGET: &str = "/usr/share/plywood/packages";

impl Workbench {
    /// Runs `command` in a fresh container of an image, or once more in a container's writable layer.
    ///
    /// A string replaces the entrypoint by `/bin/sh -c`, an array is appended to it. Without a
    /// command and at a terminal the container gets the terminal; otherwise its output is captured.
    ///
    /// # Errors
    /// [`ErrorKind::Exit`] for a captured command that ends non-zero, unless unchecked;
    /// [`ErrorKind::NotFound`] (127) or [`ErrorKind::Denied`] (126) for one that cannot be
    /// started; [`ErrorKind::Busy`] for a container that another process has;
    /// [`ErrorKind::Engine`] (125) when the container itself cannot be made.
    pub fn run(
        &self,
        subject: Subject,
        command: Option<Command>,
        mut options: RunOptions,
    ) -> Result<Container> {
        let asked = options::Checked::of(&options, self.settings())?;
        let terminal = options.tty.unwrap_or(command.is_none() && self.settings.terminal);
        if terminal && !self.settings.terminal {
            return Err(Error::new(ErrorKind::Unsupported, "`tty: true` needs a terminal, and this is none")
                .with_hint("leave `tty` out to capture the output instead")
                .with_exit_code(125));
        }
        let ready = match &subject {
            Subject::Image(image) => self.ready_image(image, command.as_ref(), &options, &asked)?,
            Subject::Container(container) => {
                self.ready_container(container, command.as_ref(), &options, &asked)?
            }
        };
        let string_form = matches!(command, Some(Command::Shell(_)));
        self.run_ready(ready, terminal, string_form, &mut options)
    }

    fn run_ready(
        &self,
        ready: Ready,
        terminal: bool,
        string_form: bool,
        options: &mut RunOptions,
    ) -> Result<Container> {
        let remove = options.rm && ready.fresh;
        let made = self.spec(&ready, terminal).and_then(|mut spec| {
            let apart = self.set_apart(&mut spec)?;
            Ok((spec, apart))
        });
        let (spec, apart) = match made {
            Ok(made) => made,
            Err(error) => {
                // It never ran: 125, as Docker has it.
                self.store()?.finish(&ready.lock, error.exit_code.or(Some(125)), remove)?;
                return Err(error);
            }
        };
        let io = if terminal {
            Io::Terminal
        } else {
            Io::Captured {
                stdin: options.stdin.take().map_or(Stdin::Empty, Stdin::Bytes),
                on_output: options.on_output.as_mut().map(|sink| &mut **sink as _),
            }
        };
        let started = now_nanos();
        let ended = container::run(&spec, io, options.timeout, &self.settings.interrupt, &mut |pid| {
            ready.lock.set_pid(pid)
        });
        if let Some(apart) = apart {
            self.take_over(&spec, &apart)?;
        }
        let exit_code = match &ended {
            Ok(exit) => Some(exit.code),
            Err(error) => Some(error.exit_code()),
        };
        self.store()?.finish(&ready.lock, exit_code, remove)?;
        let record = ContainerRecord {
            status: Status::Exited,
            exit_code,
            started: Some(started),
            finished: Some(now_nanos()),
            ..ready.record
        };
        drop(ready.lock);
        self.remember_last(&record.id);
        let mut value = self.container_value(&record);
        value.removed = remove;
        match ended {
            Ok(exit) => self.judge(value, exit, terminal, options),
            Err(error) => Err(program::explain(error, &ready.config, string_form, value)),
        }
    }

    /// What the run gave, as a value or as the error that a failed command is.
    fn judge(
        &self,
        mut value: Container,
        exit: Exit,
        terminal: bool,
        options: &RunOptions,
    ) -> Result<Container> {
        value.stdout = String::from_utf8_lossy(&exit.stdout).into_owned();
        value.stderr = String::from_utf8_lossy(&exit.stderr).into_owned();
        value.stdout_blob = exit.stdout;
        value.stderr_blob = exit.stderr;
        value.duration = exit.duration.as_secs_f64();
        self.note_run(&value, terminal);
        if terminal {
            return Ok(value);
        }
        let wrong = if exit.interrupted {
            Error::new(ErrorKind::Interrupted, format!("interrupted in container `{}`", value.name))
        } else if exit.timed_out {
            let limit = options.timeout.unwrap_or_default().as_secs_f64();
            Error::new(
                ErrorKind::Timeout,
                format!("`{}` did not end within {limit} s", shown(&value.command)),
            )
            .with_hint("give it longer with `timeout`")
        } else if exit.code != 0 && options.check {
            Error::new(ErrorKind::Exit, program::failure_text(&value, exit.code))
                .with_hint("`check: false` returns the container instead of raising")
        } else {
            return Ok(value);
        };
        Err(Error {
            exit_code: Some(exit.code),
            stderr: Some(value.stderr.clone()),
            container: Some(Box::new(value)),
            ..wrong
        })
    }

    fn ready_image(
        &self,
        image: &super::Image,
        command: Option<&Command>,
        options: &RunOptions,
        asked: &options::Checked,
    ) -> Result<Ready> {
        let record = self.image_record(image)?;
        let prepared = self.prepare(&record)?;
        let config = RunConfig::fresh(&prepared.config, command, options, asked)?;
        let store = self.store()?;
        let part = self.new_part()?;
        let created = store.create_container(&NewContainer {
            name: options.name.clone(),
            image: Some(record.id),
            image_reference: image.label().to_owned(),
            config: config.to_value(),
            parts: vec![part.clone()],
            running: true,
            ..NewContainer::default()
        })?;
        let (record, lock) = created;
        // Its host name may be the id that it has only now.
        let config = RunConfig::of(&record);
        Ok(Ready { record, lock, prepared, config, top: part, fresh: true, packages: self.packages(image)? })
    }

    fn ready_container(
        &self,
        container: &Container,
        command: Option<&Command>,
        options: &RunOptions,
        asked: &options::Checked,
    ) -> Result<Ready> {
        let store = self.store()?;
        let record = self.container_record(container)?;
        let lock = store.lock_container(record.row, options.wait)?;
        // What was read before the lock may be stale: a part may have been frozen meanwhile.
        let mut record = self.container_record(container)?;
        let image = record.image.ok_or_else(|| Error::not_found("the container has no image"))?;
        let image_record = store.image(&image)?.ok_or_else(|| self.no_such_image(&record.image_reference))?;
        let prepared = self.prepare(&image_record)?;
        let config = RunConfig::of(&record).again(&prepared.config, command, options, asked)?;
        self.note_change(&mut record, &lock)?;
        let top = self.writable_part(&mut record, &lock)?;
        container::volatile::forget(&store.part_work(&top))
            .map_err(|error| Error::io("preparing the container's directories", &error))?;
        store.set_config(&lock, &config.to_value())?;
        store.set_running(&lock, None)?;
        record.config = config.to_value();
        let value = self.image_value(&image_record)?;
        let packages = self.packages(&value)?;
        Ok(Ready { record, lock, prepared, config, top, fresh: false, packages })
    }

    fn spec(&self, ready: &Ready, terminal: bool) -> Result<Spec> {
        let store = self.store()?;
        let part = store.part_dir(&ready.top);
        let below = ready.record.parts.iter().rev().filter(|part| **part != ready.top);
        let frozen = below.map(|part| tree_of(&store.part_dir(part)));
        let lowers = ready.prepared.chain.lowers(frozen);
        let config = &ready.config;
        let identity = self.identity_of(ready, &lowers)?;
        let network = config.network()?;
        let mut volumes = config.volumes()?;
        volumes.extend(ready.packages.clone());
        let image_env = ready.prepared.config.env();
        let variables = Environment {
            hostname: &config.hostname,
            home: &identity.home,
            terminal,
            image: &image_env,
            user: &config.variables(),
            // The caller's values were filled in when the options were read.
            caller: &BTreeMap::new(),
        }
        .variables();
        let search_path = environment::value(&variables, "PATH").unwrap_or_default().as_bytes().to_vec();
        let lines: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Ok(Spec {
            lowers,
            upper: tree_of(&part),
            work: work_of(&part),
            argv: strings(&config.argv, "the command")?,
            userxattr: self.format()? == OverlayFormat::User,
            volatile: true,
            mount_api: if self.is_forced(Fallback::OldMount) { MountApi::Old } else { MountApi::Auto },
            env: strings(&lines, "the environment")?,
            cwd: string(&config.workdir, "the working directory")?,
            uid: identity.uid,
            gid: identity.gid,
            groups: identity.groups,
            hostname: config.hostname.clone(),
            network,
            volumes,
            files: self.etc_files(&config.hostname, network),
            capabilities: Capabilities::for_network(network),
            seccomp: Seccomp::Docker,
            single_id: self.is_single_id()?,
            root: Root::Overlay,
            search_path,
            rootless: self.is_rootless()?,
        })
    }

    fn identity_of(&self, ready: &Ready, lowers: &[PathBuf]) -> Result<container::user::Identity> {
        let wanted = &ready.config.user;
        let accounts = if ready.fresh {
            Arc::clone(&ready.prepared.accounts)
        } else {
            let top = tree_of(&self.store()?.part_dir(&ready.top));
            let all: Vec<PathBuf> = std::iter::once(top).chain(lowers.iter().cloned()).collect();
            let view = crate::layer::Stack::open(&all, self.format()?)?;
            Arc::new(super::subject::accounts(&view)?)
        };
        Ok(container::user::resolve(wanted, &accounts.passwd, &accounts.group)?)
    }

    /// The files that the engine puts over the mount points in `/etc`.
    fn etc_files(&self, hostname: &str, network: Network) -> Vec<(&'static str, Vec<u8>)> {
        let host = |path: &str| std::fs::read(path).unwrap_or_default();
        let resolv = match network {
            Network::Host => host("/etc/resolv.conf"),
            Network::None => Vec::new(),
        };
        let mut hosts = match network {
            Network::Host => host("/etc/hosts"),
            Network::None => b"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n".to_vec(),
        };
        hosts.extend_from_slice(format!("127.0.1.1\t{hostname}\n").as_bytes());
        vec![
            ("/etc/hostname", format!("{hostname}\n").into_bytes()),
            ("/etc/hosts", hosts),
            ("/etc/resolv.conf", resolv),
        ]
    }

    /// The read-only folder that an image made by `base()` installs from.
    fn packages(&self, image: &super::Image) -> Result<Option<Volume>> {
        let labelled = image.config["Labels"]["io.plywood.packages"].is_string();
        let source = self.store()?.packages_dir();
        Ok((labelled && source.is_dir()).then(|| Volume {
            source,
            target: PathBuf::from(PACKAGES_TARGET),
            read_only: true,
        }))
    }
}

/// All that a run needs, its record made and its lock held.
struct Ready {
    record: ContainerRecord,
    lock: ContainerLock,
    prepared: Arc<Prepared>,
    config: RunConfig,
    top: PartId,
    fresh: bool,
    packages: Option<Volume>,
}

fn strings(texts: &[String], what: &str) -> Result<Vec<CString>> {
    texts.iter().map(|text| string(text, what)).collect()
}

fn string(text: &str, what: &str) -> Result<CString> {
    CString::new(text)
        .map_err(|_| Error::invalid(format!("{what} holds a NUL character")).with_exit_code(125))
}

/// A command as a line for people.
fn shown(command: &[String]) -> String {
    command.join(" ")
}
