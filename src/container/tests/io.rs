//! Bytes in and out.

use super::*;

fn with_stdin(bench: &Bench, argv: &[&str], bytes: Vec<u8>) -> Exit {
    volatile::forget(&bench.path("part/work")).unwrap();
    let io = Io::Captured { stdin: Stdin::Bytes(bytes), on_output: None };
    run(&bench.spec(argv), io, Some(Duration::from_secs(60)), &Interrupt, &mut |_| {}).unwrap()
}

#[test]
fn input_goes_in_and_output_comes_out() {
    let Some(bench) = Bench::new() else { return };
    assert_eq!(with_stdin(&bench, &["cat"], b"hello".to_vec()).stdout, b"hello");
    assert_eq!(with_stdin(&bench, &["cat"], Vec::new()).stdout, b"");
    assert_eq!(bench.sh("cat"), "");
    let large: Vec<u8> = (0..3_000_000u32).map(|index| (index % 251) as u8).collect();
    assert_eq!(with_stdin(&bench, &["cat"], large.clone()).stdout, large);
    // Who does not read its input is not waited for.
    assert_eq!(with_stdin(&bench, &["true"], large).code, 0);
}

#[test]
fn much_output_on_both_streams_does_not_stall() {
    let Some(bench) = Bench::new() else { return };
    let script =
        "dd if=/dev/zero bs=1M count=10 2>/dev/null & dd if=/dev/zero bs=1M count=10 >&2 2>/dev/null; wait";
    let exit = bench.run(&bench.spec(&["sh", "-c", script])).unwrap();
    assert_eq!((exit.code, exit.stdout.len(), exit.stderr.len()), (0, 10 << 20, 10 << 20));
}

#[test]
fn output_is_told_as_it_comes() {
    let Some(bench) = Bench::new() else { return };
    let mut seen = Vec::new();
    let mut on_output = |stream, bytes: &[u8]| seen.push((stream, bytes.to_vec()));
    let io = Io::Captured { stdin: Stdin::Empty, on_output: Some(&mut on_output) };
    let script = "echo a; sleep 0.1; echo b >&2; sleep 0.1; echo c";
    let exit = run(&bench.spec(&["sh", "-c", script]), io, None, &Interrupt, &mut |_| {}).unwrap();
    assert_eq!(exit.stdout, b"a\nc\n");
    assert_eq!(
        seen,
        [
            (Stream::Stdout, b"a\n".to_vec()),
            (Stream::Stderr, b"b\n".to_vec()),
            (Stream::Stdout, b"c\n".to_vec())
        ]
    );
}

#[test]
fn a_background_process_does_not_keep_the_run_open() {
    let Some(bench) = Bench::new() else { return };
    let exit = bench.run(&bench.spec(&["sh", "-c", "sleep 100 & echo done"])).unwrap();
    assert_eq!((exit.code, exit.stdout.as_slice()), (0, &b"done\n"[..]));
    assert!(exit.duration < Duration::from_secs(20));
}
