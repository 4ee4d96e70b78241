//! Every hook command, by the name that it is called.

use std::process::ExitCode;

fn main() -> ExitCode {
    juju_sim::tool()
}
