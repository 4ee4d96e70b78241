//! The end of a hook that cannot go on.

use std::error::Error;
use std::process::ExitCode;

/// Says on standard error why a hook cannot go on, with the causes, and gives the code to exit with.
///
/// Juju logs it as a warning, puts the unit in error and runs the hook again later: for what neither a person nor
/// another charm can mend. Everything else is a status.
pub fn failed(error: &dyn Error) -> ExitCode {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    #[expect(clippy::print_stderr, reason = "Juju logs what a failing hook prints")]
    {
        eprintln!("{text}");
    }
    ExitCode::FAILURE
}
