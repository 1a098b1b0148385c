//! Images made to lead the engine astray.

use super::*;

/// Replaces a mount point of the image; the topmost layer must not have one.
fn plant(bench: &Bench, name: &str, make: impl FnOnce(&Path)) -> Spec {
    let _ = fs::remove_dir_all(bench.path("init").join(name));
    let _ = fs::remove_file(bench.path("init").join(name));
    make(&bench.path("image").join(name));
    volatile::forget(&bench.path("part/work")).unwrap();
    bench.spec(&["true"])
}

#[test]
fn a_link_in_the_place_of_a_kernel_directory_is_refused() {
    for name in ["proc", "dev", "sys"] {
        for target in ["tmp", "/tmp", "/", "../../..", "/nosuch"] {
            let Some(bench) = Bench::new() else { return };
            let spec = plant(&bench, name, |path| symlink(target, path).unwrap());
            let error = bench.run(&spec).unwrap_err();
            let expected = format!("`/{name}` in the container is a symbolic link");
            assert!(error.to_string().starts_with(&expected), "{name} -> {target}: {error}");
            assert_eq!(error.exit_code(), 125);
        }
    }
}

#[test]
fn a_file_in_the_place_of_a_kernel_directory_is_refused() {
    for name in ["proc", "dev", "sys"] {
        let Some(bench) = Bench::new() else { return };
        let spec = plant(&bench, name, |path| fs::write(path, "").unwrap());
        let error = bench.run(&spec).unwrap_err().to_string();
        assert!(error.starts_with(&format!("`/{name}` in the container is not a directory")), "{error}");
    }
}

#[test]
fn missing_kernel_directories_are_made() {
    let Some(bench) = Bench::new() else { return };
    for name in ["proc", "dev", "sys"] {
        fs::remove_dir(bench.path("init").join(name)).unwrap();
    }
    assert_eq!(bench.sh("echo $$"), "1\n");
}

#[test]
fn links_in_the_place_of_files_stay_inside() {
    let Some(bench) = Bench::new() else { return };
    let outside = bench.path("outside");
    fs::write(&outside, "untouched").unwrap();
    let target = format!("/../../../..{}", outside.display());
    let spec = plant(&bench, "etc/hosts", |path| symlink(&target, path).unwrap());
    // The link's target does not exist inside, and what exists outside is not touched.
    assert!(bench.run(&spec).is_err());
    assert_eq!(fs::read_to_string(&outside).unwrap(), "untouched");

    let Some(bench) = Bench::new() else { return };
    fs::write(bench.path("image/etc/real"), "").unwrap();
    plant(&bench, "etc/hosts", |path| symlink("/../etc/real", path).unwrap());
    assert_eq!(bench.sh("cat /etc/real"), "127.0.0.1 localhost\n");
}

#[test]
fn a_directory_in_the_place_of_a_file_is_an_error() {
    let Some(bench) = Bench::new() else { return };
    let spec = plant(&bench, "etc/hosts", |path| fs::create_dir(path).unwrap());
    let error = bench.run(&spec).unwrap_err().to_string();
    assert!(error.starts_with("could not mount `/etc/hosts`"), "{error}");
}

#[test]
fn a_volume_s_target_is_found_inside() {
    let Some(bench) = Bench::new() else { return };
    let (shared, outside) = (bench.path("shared"), bench.path("outside"));
    fs::create_dir(&shared).unwrap();
    fs::create_dir(&outside).unwrap();
    let image = bench.path("image");
    symlink(format!("/../../..{}", outside.display()), image.join("out")).unwrap();
    symlink("/etc", image.join("conf")).unwrap();
    symlink("/proc", image.join("sneaky")).unwrap();
    symlink("/proc/self/root", image.join("magic")).unwrap();
    let try_at = |target: &str| {
        volatile::forget(&bench.path("part/work")).unwrap();
        let mut spec = bench.spec(&["ls", "/etc/new"]);
        spec.volumes = vec![volume(&shared, target, false)];
        bench.run(&spec)
    };
    assert_eq!(try_at("/conf/new").unwrap().code, 0);
    assert!(try_at("/out/new").is_err());
    assert!(fs::read_dir(&outside).unwrap().next().is_none());
    let error = try_at("/sneaky").unwrap_err().to_string();
    assert!(error.starts_with("`/sneaky` in the container is a link into /proc"), "{error}");
    assert!(try_at("/sneaky/sys").is_err());
    assert!(try_at("/magic/etc/new").is_err());
}

#[test]
fn the_engine_itself_is_not_executed() {
    let Some(bench) = Bench::new() else { return };
    let bin = bench.path("image/bin");
    fs::write(bin.join("script"), "#! \t/proc/self/exe --version\n").unwrap();
    fs::write(bin.join("script2"), "#!/bin/script\n").unwrap();
    symlink("/proc/1/exe", bin.join("link")).unwrap();
    for name in ["script", "script2"] {
        fs::set_permissions(bin.join(name), std::os::unix::fs::PermissionsExt::from_mode(0o111)).unwrap();
    }
    for program in ["/proc/self/exe", "script", "/bin/script2", "link"] {
        for uid in [0, 1000] {
            volatile::forget(&bench.path("part/work")).unwrap();
            let error = bench.run(&Spec { uid, ..bench.spec(&[program]) }).unwrap_err();
            assert_eq!(error.to_string(), "exec: `/proc/self/exe`: permission denied", "{program}");
        }
    }
}

#[test]
fn a_working_directory_behind_links_stays_inside() {
    let Some(bench) = Bench::new() else { return };
    symlink("/../../../../tmp", bench.path("image/w")).unwrap();
    fs::write(bench.path("image/tmp/inside"), "").unwrap();
    assert_eq!(bench.sh_with("pwd; ls", |spec| spec.cwd = c"/w".into()), "/tmp\ninside\n");
    let mut spec = bench.spec(&["true"]);
    volatile::forget(&spec.work).unwrap();
    // runc's CVE-2024-21626: a directory through a leaked descriptor.
    spec.cwd = c"/proc/self/fd/7".into();
    assert!(bench.run(&spec).is_err());
}
