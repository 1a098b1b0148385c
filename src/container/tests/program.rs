//! Which program runs, with what, and how its end is told.

use super::*;

#[test]
fn exit_codes_are_docker_s() {
    let Some(bench) = Bench::new() else { return };
    let code = |script: &str| {
        volatile::forget(&bench.path("part/work")).unwrap();
        bench.run(&bench.spec(&["sh", "-c", script])).unwrap().code
    };
    assert_eq!(code("exit 42"), 42);
    assert_eq!(code("true"), 0);
    // The kernel keeps process 1 from its own SIGKILL; other processes are not so lucky.
    assert_eq!(code("kill -9 $$; true"), 0);
    assert_eq!(code("sh -c 'kill -TERM $$'; exit $?"), 143);
}

#[test]
fn what_cannot_be_executed_is_told_apart() {
    let Some(bench) = Bench::new() else { return };
    let image = bench.path("image");
    fs::write(image.join("bin/data"), "#!/bin/sh\n").unwrap();
    for (name, contents) in [("lost", "#!/no/such/interpreter\n"), ("garbage", "\u{1}\u{2}\u{3}\n")] {
        let path = image.join("bin").join(name);
        fs::write(&path, contents).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let error = |program: &str| {
        volatile::forget(&bench.path("part/work")).unwrap();
        let error = bench.run(&bench.spec(&[program])).unwrap_err();
        (error.exit_code(), error.to_string())
    };
    assert_eq!(error("nosuch"), (127, "exec: `nosuch`: executable file not found in $PATH".into()));
    assert_eq!(error("/bin/nosuch"), (127, "exec: `/bin/nosuch`: no such file or directory".into()));
    assert_eq!(error("/etc/passwd/x").0, 127);
    assert_eq!(error(""), (127, "exec: ``: executable file not found in $PATH".into()));
    assert_eq!(error("/bin/data"), (126, "exec: `/bin/data`: permission denied".into()));
    assert_eq!(error("/etc"), (126, "exec: `/etc`: is a directory".into()));
    assert_eq!(error("/bin/garbage"), (126, "exec: `/bin/garbage`: exec format error".into()));
    assert_eq!(error("lost").0, 127);
    // A search passes over what cannot be executed.
    assert_eq!(error("data").0, 127);
}

#[test]
fn the_search_goes_through_the_container_s_path() {
    let Some(bench) = Bench::new() else { return };
    let mut spec = bench.spec(&["true"]);
    spec.search_path = b"/etc/passwd:/nosuch::/bin".to_vec();
    assert_eq!(bench.run(&spec).unwrap().code, 0);
}

#[test]
fn the_environment_is_what_was_given() {
    let Some(bench) = Bench::new() else { return };
    let mut spec = bench.spec(&["env"]);
    spec.env = vec![c"PATH=/bin".into(), c"A=b c".into()];
    assert_eq!(bench.run(&spec).unwrap().stdout, b"PATH=/bin\nA=b c\n");
}

#[test]
fn it_is_process_one_in_a_session_of_its_own() {
    let Some(bench) = Bench::new() else { return };
    let output = bench.sh("echo $$; hostname; cat /etc/hostname; readlink /proc/self; umask; cut -d' ' -f6 /proc/1/stat 2>/dev/null || true");
    assert_eq!(output, "1\nbox\nbox\n".to_owned() + &output[10..]);
    assert!(output.contains("0022"), "{output}");
}

#[test]
fn the_working_directory_is_made() {
    let Some(bench) = Bench::new() else { return };
    let output = bench.sh_with("pwd; stat -c '%a %u' /a /a/b", |spec| spec.cwd = c"/a/./b".into());
    assert_eq!(output, "/a/b\n755 0\n755 0\n");
    let mut spec = bench.spec(&["true"]);
    volatile::forget(&spec.work).unwrap();
    spec.cwd = c"/etc/passwd".into();
    let error = bench.run(&spec).unwrap_err();
    assert_eq!(error.exit_code(), 125);
    assert!(error.to_string().contains("/etc/passwd"), "{error}");
}

#[test]
fn another_user_has_its_ids_and_streams() {
    let Some(bench) = Bench::new() else { return };
    if !has_many_ids() {
        let error = bench.run(&Spec { uid: 1000, ..bench.spec(&["true"]) }).unwrap_err();
        assert!(error.to_string().starts_with("user `1000` does not exist here"), "{error}");
        return;
    }
    let output = bench.sh_with("id; echo text > /dev/stdout; echo text > /dev/stderr", |spec| {
        (spec.uid, spec.gid, spec.groups) = (1000, 100, vec![100, 7]);
    });
    assert_eq!(output, "uid=1000 gid=100 groups=7,100\ntext\n");
    assert!(crate::sys::identity::is_dumpable(), "the parent got its own state back");
}

#[test]
fn signals_are_at_their_defaults() {
    let Some(bench) = Bench::new() else { return };
    let output = String::from_utf8(
        bench.run(&bench.spec(&["grep", "-E", "Sig(Blk|Ign)|ShdPnd", "/proc/self/status"])).unwrap().stdout,
    )
    .unwrap();
    let zero = "0000000000000000";
    assert_eq!(output, format!("ShdPnd:\t{zero}\nSigBlk:\t{zero}\nSigIgn:\t{zero}\n"));
}

#[test]
fn both_ways_to_mount_give_the_same_tree() {
    let Some(bench) = Bench::new() else { return };
    for api in [MountApi::New, MountApi::Old] {
        let output = bench.sh_with("cat /etc/passwd; touch /new; mv /etc/passwd /etc/moved", |spec| {
            spec.mount_api = api;
        });
        assert_eq!(output, "root:x:0:0:root:/root:/bin/sh\n");
        let upper = bench.path("part/fs");
        assert!(upper.join("new").exists() && upper.join("etc/moved").exists());
        fs::remove_dir_all(&upper).unwrap();
        fs::create_dir(&upper).unwrap();
    }
}

#[test]
fn many_layers_with_awkward_names() {
    let Some(bench) = Bench::new() else { return };
    for api in [MountApi::New, MountApi::Old] {
        let output = bench.sh_with("cat /f1 /f59 /top", |spec| {
            for index in 0..60 {
                let layer = bench.path(&format!("l,a:y\\er {index}"));
                fs::create_dir_all(&layer).unwrap();
                fs::write(layer.join(format!("f{index}")), format!("{index} ")).unwrap();
                fs::write(layer.join("top"), format!("{index}\n")).unwrap();
                spec.lowers.insert(1, layer);
            }
            spec.mount_api = api;
        });
        assert_eq!(output, "1 59 59\n");
    }
}
