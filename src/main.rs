//! The `plywood` program: everything is in the library.

fn main() -> std::process::ExitCode {
    plywood::cli::main()
}
