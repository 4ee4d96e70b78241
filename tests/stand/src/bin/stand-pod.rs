//! Runs one pod of the stand: `stand-pod SPEC`, where SPEC is the path of the JSON that juju-controller writes.
//!
//! Lines on standard input are requests: `stop` sends SIGTERM to the unit agent, `kill NAME` ends a container, which is
//! then started again. When standard input ends, so does everything in the pod. Exits as the agent does.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(spec) = std::env::args_os().nth(1) else {
        return fail("usage: stand-pod SPEC");
    };
    match stand::pod::run(spec.as_ref(), std::io::stdin()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => fail(&error.to_string()),
    }
}

#[expect(clippy::print_stderr, reason = "standard error is the log of the pod")]
fn fail(error: &str) -> ExitCode {
    eprintln!("stand-pod: {error}");
    ExitCode::from(127)
}
