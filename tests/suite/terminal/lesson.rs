//! The first lesson, played by hand in tmux.

use super::screen::engine;
use crate::explorer::window::Window;
use crate::support::registry::find;
use crate::support::{Plywood, project};

#[test]
fn the_first_lesson_is_played_by_hand() {
    if !engine() || find("tmux").is_none() {
        return;
    }
    let plywood = Plywood::new();
    let mut command = plywood.command();
    command.env("NO_COLOR", "1").arg(project().join("scripts/01-from-container-to-image.rhai"));
    let mut window = Window::in_tmux(&command, (110, 300));
    window.sees("From a container to an image").sees("Choose an image").asks("lesson>").keys("show\r");
    window.sees("Run a container and install a program in it").asks("lesson>").keys("\r");
    window.sees("install it with:  ").asks("/ #");
    let install = window.after("install it with:  ");
    window.keys(&format!("{install}\r")).sees_line(&["/ # ", &install]).asks("/ #").keys("exit\r");
    window.sees("Find the container again").asks("go on]").keys("\r");
    window.sees("What did that change?").asks("go on]").keys("\r");
    window.sees("Keep it as an image").asks("lesson>").keys("show\r");
    window.sees("training:v1").sees("Use the new image").asks("lesson>").keys("\r");
    window.asks("/ #").keys("exit\r");
    window.sees("The difference again").asks("go on]").keys("\r");
    window.sees("Both images, layer by layer").asks("then the new one]").keys("\r");
    // Both images are explored: first the one below, then the new one.
    window.sees("Layers 1/1").sees("Current Layer Contents").keys("q");
    window.sees("Layers 1/2").sees("Current Layer Contents").keys("j").sees("Layers 2/2");
    window.keys("\t/wget\r").keys("q").misses("Current Layer Contents").asks("go on]").keys("\r");
    window.sees("What is carried for nothing?").asks("go on]").keys("\r");
    window.ends_well();
    plywood.assert_clean();
}
