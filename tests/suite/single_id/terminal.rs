//! At a terminal, where a thread of the engine answers for the kernel while keys and text go to and fro.

use super::super::terminal::screen::Terminal;
use crate::support::{Somebody, Who, debian};

/// The prompt as that user.
fn open(somebody: &Somebody) -> Terminal {
    let mut command = somebody.command();
    command.env("NO_COLOR", "1").env("HOME", somebody.folder());
    let mut terminal = Terminal::start(command);
    terminal.prompt(1);
    terminal
}

#[test]
fn a_shell_sees_owners_and_obeys_the_keys() {
    for who in [Who::Root, Who::Ranges, Who::Single] {
        let Some(somebody) = Somebody::new(who) else { continue };
        let mut terminal = open(&somebody);
        terminal.line("let c = run(base(), #{ network: \"none\" })");
        terminal.see("/ # ");
        terminal.line("id -u; tty; echo x >/srv/f; chown 33:34 /srv/f; ls -ln --time-style=+ /srv/f");
        terminal.see_line("0");
        terminal.see("/dev/pts/0\r\n");
        terminal.see("-rw-r--r-- 1 33 34 2  /srv/f\r\n");
        terminal.see("/ # ");
        // What waits in the middle of a call that is answered for it, and what runs beside it.
        terminal.resize(33, 97);
        terminal.line(
            "stty size; (while :; do chown 1 /srv/f; stat -c %u /srv/f >/dev/null; done) & echo bu''sy",
        );
        terminal.see_line("33 97");
        terminal.see("busy\r\n");
        terminal.line("kill %1; wait 2>/dev/null; echo qui''et");
        terminal.see_line("quiet");
        terminal.see("/ # ");
        // In one process group: what a shell does with the key between two commands is its own business.
        terminal.line("(chown 2 /srv/f; echo ro''und; while :; do chown 2 /srv/f; done)");
        terminal.see_line("round");
        terminal.control('c');
        terminal.see("/ # ");
        terminal.line("echo go''ing; sleep 100");
        terminal.see_line("going");
        terminal.control('z');
        terminal.see("/ # ");
        terminal.line("jobs; fg");
        terminal.see("topped");
        terminal.control('c');
        terminal.see("/ # ");
        terminal.line("echo al''ive $(stat -c %u:%g /srv/f)");
        terminal.see_line("alive 2:34");
        // A program that becomes somebody else on the same terminal, and gives it away.
        terminal.line("chown 7 $(tty); test -w $(tty) && echo st''ill; mknod /srv/n c 1 3; exit 3");
        terminal.see_line("still");
        terminal.see(" · exit 3 · ");
        terminal.prompt(2);
        terminal.line("layers(commit(c, \"t:1\"))[-1].files.map(|f| `${f.path} ${f.uid}:${f.gid} ${f.type}`).filter(|t| \"/srv/\" in t)");
        terminal.see("/srv/f 2:34 file");
        // The kernel lets nobody make devices but root, and for a single id they are recorded.
        if who != Who::Ranges {
            terminal.see("/srv/n 0:0 char_device");
        }
        terminal.prompt(3);
        terminal.line("exit");
        assert_eq!(terminal.end(), 0);
        somebody.assert_clean();
    }
}

#[test]
fn an_editor_keeps_owners() {
    for who in [Who::Root, Who::Single] {
        let Some(somebody) = Somebody::new(who) else { continue };
        if somebody.json("run(base(), \"command -v vi\", #{ check: false }).exit_code") != 0 {
            return crate::support::skip("this machine has no `vi` for the starter image");
        }
        let mut terminal = open(&somebody);
        let make = "echo old >/srv/note; chown 5:6 /srv/note; vi /srv/note";
        terminal.line(&format!("let c = run(base(), \"{make}\", #{{ tty: true, network: \"none\" }})"));
        terminal.see("old");
        terminal.keys("onew");
        terminal.see("new");
        terminal.keys("\x1b");
        terminal.keys(":wq\r");
        terminal.see(" · exit 0 · ");
        terminal.prompt(2);
        terminal.line("let seen = c.files.find(|f| f.path == \"/srv/note\"); c.read(\"/srv/note\") + `${seen.uid}:${seen.gid}`");
        terminal.see_line("old");
        terminal.see("new\r\n5:6\r\n");
        terminal.prompt(3);
    }
}

#[test]
fn another_user_has_the_terminal() {
    for who in [Who::Root, Who::Single] {
        let Some(somebody) = Somebody::new(who) else { continue };
        let mut terminal = open(&somebody);
        terminal.line("let c = run(base(), \"id -u; id -g; test -t 0 && echo te''rminal; echo to >/dev/stdout; echo y >/tmp/y\", #{ user: \"123:45\", tty: true, network: \"none\" })");
        terminal.see_line("123");
        terminal.see("45\r\nterminal\r\nto\r\n");
        terminal.see(" · exit 0 · ");
        terminal.prompt(2);
        terminal.line("c.files.filter(|f| f.path == \"/tmp/y\").map(|f| `${f.uid}:${f.gid}`)");
        terminal.see("123:45");
        terminal.prompt(3);
    }
}

#[test]
fn a_package_manager_at_the_terminal() {
    let (Some(debian), Some(single)) = (debian(), Somebody::new(Who::Single)) else { return };
    let tar = single.give(&debian.tar);
    let mut terminal = open(&single);
    terminal.line(&format!(
        "let c = run(rootfs(`{}`, \"debian:test\"), [\"bash\"], #{{ tty: true }})",
        tar.display()
    ));
    terminal.see("# ");
    // Its own terminal for dpkg, its own user for what it fetches, and a question.
    terminal.line("apt-get update && apt-get install wget; echo ended $?");
    terminal.see("[Y/n]");
    terminal.line("y");
    terminal.see_line("ended 0");
    terminal.line("wget --version | head -1; su -s /bin/sh -c 'id -un; tty' nobody; exit");
    terminal.see("GNU Wget");
    terminal.see_line("nobody");
    terminal.see(" · exit 0 · ");
    terminal.prompt(2);
    terminal.line("exit");
    assert_eq!(terminal.end(), 0);
    single.assert_clean();
}
