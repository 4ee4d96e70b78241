//! Runs a program in a view of the file system: `stand-view VIEW PROGRAM [ARGUMENT…]`, in a mount namespace of its own.
//!
//! VIEW is the JSON that `stand::view::View` makes. `stand-view --probe PATH` succeeds if there is something at PATH.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if let (Some("--probe"), Some(path)) =
        (arguments.next().as_ref().and_then(|first| first.to_str()), arguments.next())
    {
        return if stand::view::probe(path.as_ref()) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    let error = stand::view::inside(std::env::args_os().skip(1));
    #[expect(clippy::print_stderr, reason = "standard error is the log of the program")]
    {
        eprintln!("stand-view: {error}");
    }
    ExitCode::from(127)
}
