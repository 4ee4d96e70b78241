//! Runs a program in a view of the file system: `stand-view VIEW PROGRAM [ARGUMENT…]`, in a mount namespace of its own.
//!
//! VIEW is the JSON that `stand::view::View` makes.

use std::process::ExitCode;

fn main() -> ExitCode {
    let error = stand::view::inside(std::env::args_os().skip(1));
    #[expect(clippy::print_stderr, reason = "standard error is the log of the program")]
    {
        eprintln!("stand-view: {error}");
    }
    ExitCode::from(127)
}
