//! The first lesson, played by hand.

use super::screen::{Terminal, engine};
use crate::support::{Plywood, project};

#[test]
fn the_first_lesson_is_played_by_hand() {
    if !engine() {
        return;
    }
    let plywood = Plywood::new();
    let mut command = plywood.command();
    command.env("NO_COLOR", "1").arg(project().join("scripts/01-from-container-to-image.rhai"));
    let mut terminal = Terminal::start(command);
    terminal.see("From a container to an image");
    terminal.see("Choose an image");
    terminal.see("lesson> ");
    terminal.line("show");
    terminal.see("Run a container and install a program in it");
    terminal.see("lesson> ");
    terminal.line("");
    terminal.see("install it with:  ");
    let install = terminal.see("\r\n");
    terminal.see("/ # ");
    terminal.line(&install);
    terminal.see("/ # ");
    terminal.line("exit");
    terminal.see("Find the container again");
    terminal.see("go on] ");
    terminal.line("");
    terminal.see("What did that change?");
    terminal.see("go on] ");
    terminal.line("");
    terminal.see("Keep it as an image");
    terminal.see("lesson> ");
    terminal.line("show");
    terminal.see("training:v1");
    terminal.see("Use the new image");
    terminal.see("lesson> ");
    terminal.line("");
    terminal.see("/ # ");
    terminal.line("exit");
    terminal.see("The difference again");
    terminal.see("go on] ");
    terminal.line("");
    terminal.see("Both images, layer by layer");
    terminal.see("then the new one] ");
    terminal.line("");
    // Both images are explored: first the one below, then the new one.
    for layers in ["Layers 1/1", "Layers 1/2"] {
        terminal.see(layers);
        terminal.see("Current Layer Contents");
        terminal.keys("q");
        terminal.see("\x1b[?1049l");
    }
    terminal.see("go on] ");
    terminal.line("");
    terminal.see("What is carried for nothing?");
    terminal.see("go on] ");
    terminal.line("");
    assert_eq!(terminal.end(), 0);
    plywood.assert_clean();
}
