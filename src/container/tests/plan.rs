//! The plan as data.

use std::os::fd::AsFd;

use super::super::host::Host;
use super::super::plan::{Layers, Step, Wiring};
use super::*;

const HOST: Host =
    Host { lowerdir_plus: true, cgroup2: true, tty_group: true, set_groups: true, program: (1, 2) };

fn with_plan<T>(spec: &Spec, host: &Host, look: impl FnOnce(&Plan<'_>) -> T) -> Result<T, Error> {
    let stdin = std::io::stdin();
    let fd = stdin.as_fd();
    let wiring = Wiring {
        streams: [fd; 3],
        terminal: None,
        alive: [fd; 2],
        network: None,
        handed_over: None,
        root: None,
    };
    Plan::new(spec, host, &wiring).map(|plan| look(&plan))
}

fn example() -> Spec {
    let mut spec = spec(Path::new("/store/parts"), &["sh", "-c", "true"]);
    spec.rootless = false;
    spec.userxattr = false;
    spec
}

#[test]
fn the_steps_read_as_a_story() {
    let mut spec = example();
    spec.network = Network::None;
    spec.volumes = vec![volume(Path::new("/home/a"), "/data", true)];
    let story = with_plan(&spec, &HOST, |plan| {
        plan.steps.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    });
    assert_eq!(
        story.unwrap(),
        "begin a session
reset signals
switch on the loopback device
set the host name `box`
make mounts private
set the file mode mask
mount the overlay of 2 layers
prepare the container's own files
mount tmpfs at `/dev`
bind `/dev/null` into the container
bind `/dev/zero` into the container
bind `/dev/full` into the container
bind `/dev/random` into the container
bind `/dev/urandom` into the container
bind `/dev/tty` into the container
mount devpts at `pts`
mount tmpfs at `shm`
mount mqueue at `mqueue`
make the link `/dev/fd`
make the link `/dev/stdin`
make the link `/dev/stdout`
make the link `/dev/stderr`
make the link `/dev/core`
make the link `/dev/ptmx`
mount proc at `/proc`
mask `asound`
mask `acpi`
mask `kcore`
mask `keys`
mask `latency_stats`
mask `timer_list`
mask `timer_stats`
mask `sched_debug`
mask `scsi`
make `bus` read-only
make `fs` read-only
make `irq` read-only
make `sys` read-only
make `sysrq-trigger` read-only
mount sysfs at `/sys`
mount cgroup2 at `fs/cgroup`
mask `firmware`
mask `devices/virtual/powercap`
mount `/etc/hosts`
mount `/etc/hostname`
mount `/etc/resolv.conf`
mount volume `/home/a` at `/data`
make the working directory `/`
set the file mode mask
enter the container's root and working directory
check the program
connect standard input and output
drop capabilities from the bounding set
set the supplementary groups
become group 0
become user 0
set the capabilities
bind the container's life to this process
give up new privileges
close descriptors
unblock signals
load the seccomp filter
execute `sh`"
    );
}

#[test]
fn the_overlay_has_short_names_and_plain_uppers() {
    let overlay = |spec: &Spec, host: &Host| {
        with_plan(spec, host, |plan| {
            let overlay = plan.steps.iter().find_map(|step| match step {
                Step::Overlay(overlay) => Some(overlay.clone()),
                _ => None,
            });
            overlay.unwrap()
        })
        .unwrap()
    };
    let new = overlay(&Spec { mount_api: MountApi::New, ..example() }, &HOST);
    assert_eq!((new.base.as_c_str(), new.at.as_c_str()), (c"/store/parts", c"part/fs"));
    let Layers::Context(options) = new.layers else { panic!("the new way") };
    let options: Vec<String> = options
        .iter()
        .map(|(key, value)| match value {
            Some(value) => format!("{}={}", key.to_str().unwrap(), value.to_str().unwrap()),
            None => key.to_str().unwrap().into(),
        })
        .collect();
    assert_eq!(
        options.join(" "),
        "source=overlay lowerdir+=init lowerdir+=image upperdir=part/fs workdir=part/work index=off metacopy=off \
         redirect_dir=nofollow volatile uuid=null"
    );
    let mut spec = example();
    spec.userxattr = true;
    spec.volatile = false;
    let old = overlay(&spec, &Host { lowerdir_plus: false, ..HOST });
    let Layers::Data(data) = old.layers else { panic!("the old way") };
    // The quicker one where both would do.
    assert!(matches!(overlay(&example(), &HOST).layers, Layers::Data(_)));
    assert_eq!(
        data.to_str().unwrap(),
        "lowerdir=init:image,upperdir=part/fs,workdir=part/work,index=off,userxattr"
    );
}

#[test]
fn too_many_layers_for_the_old_way_are_an_error() {
    let mut spec = example();
    spec.lowers =
        (0..300).map(|index| format!("/store/parts/a-long-name-of-a-layer-{index}").into()).collect();
    assert!(with_plan(&spec, &HOST, |_| ()).is_ok());
    spec.mount_api = MountApi::Old;
    let error = with_plan(&spec, &HOST, |_| ()).unwrap_err();
    assert!(error.to_string().contains("300 layers"), "{error}");
}

#[test]
fn the_order_of_dropping_privileges_is_kept() {
    let spec = Spec { uid: 1000, ..example() };
    let order = with_plan(&spec, &HOST, |plan| {
        let place = |wanted: fn(&Step<'_>) -> bool| plan.steps.iter().position(wanted).unwrap();
        [
            place(|step| matches!(step, Step::Pivot)),
            place(|step| matches!(step, Step::Bound(_))),
            place(|step| matches!(step, Step::Groups(_))),
            place(|step| matches!(step, Step::Group(_))),
            place(|step| matches!(step, Step::User(1000))),
            place(|step| matches!(step, Step::Capabilities(0))),
            // Forgotten at a change of user, so after it.
            place(|step| matches!(step, Step::DieWithParent(_))),
            place(|step| matches!(step, Step::NoNewPrivileges)),
            place(|step| matches!(step, Step::CloseDescriptors)),
            place(|step| matches!(step, Step::Filter(_))),
            place(|step| matches!(step, Step::Execute { .. })),
        ]
    });
    assert!(order.unwrap().is_sorted());
}

#[test]
fn where_groups_cannot_be_set_they_are_left_alone() {
    let host = Host { set_groups: false, ..HOST };
    let found =
        with_plan(&example(), &host, |plan| plan.steps.iter().any(|step| matches!(step, Step::Groups(_))));
    assert!(!found.unwrap());
}

#[test]
fn nonsense_is_refused_before_anything_starts() {
    let error = |change: fn(&mut Spec)| {
        let mut spec = example();
        change(&mut spec);
        with_plan(&spec, &HOST, |_| ()).unwrap_err().to_string()
    };
    assert!(error(|spec| spec.argv.clear()).contains("is empty"));
    assert!(error(|spec| spec.lowers.clear()).contains("has no layer"));
    assert!(error(|spec| spec.upper = "part/fs".into()).contains("is not an absolute path"));
    assert!(error(|spec| spec.cwd = c"tmp".into()).contains("is not an absolute path"));
    assert!(error(|spec| spec.hostname = "x".repeat(65)).contains("longer than 64 bytes"));
}
