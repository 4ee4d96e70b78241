//! What Juju's log gets to know.

use std::io::{self, Write};

use charm::{Change, Kind, ObjectChange};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use crate::Juju;
use crate::action::LONGEST_ARGUMENT;
use crate::status::argument;

/// Sends what is traced to the outputs of the process, which Juju logs without a hook command.
///
/// Juju takes lines on standard error for warnings, and those on standard output for debugging. Both are part of the
/// results of an action, so an action shows warnings alone. Nothing happens where there is a subscriber already.
pub fn subscribe(kind: Kind) {
    let level = match kind {
        Kind::Hook => Level::INFO,
        Kind::Action => Level::WARN,
    };
    let _ = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(Outputs)
        .with_ansi(false)
        .with_target(false)
        .without_time()
        .try_init();
}

struct Outputs;

impl<'a> MakeWriter<'a> for Outputs {
    type Writer = Box<dyn Write>;

    fn make_writer(&'a self) -> Self::Writer {
        Box::new(io::stdout())
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Self::Writer {
        if *meta.level() <= Level::WARN { Box::new(io::stderr()) } else { Box::new(io::stdout()) }
    }
}

impl Juju {
    /// Logs the changes that were made, as one record of level INFO; none if there is but the status.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Command`] when `juju-log` does not work.
    pub async fn record(&self, changes: &[Change]) -> Result<(), crate::Error> {
        let Some(lines) = lines(changes) else { return Ok(()) };
        let args = ["--log-level", "INFO", "--", &argument(&lines, LONGEST_ARGUMENT)];
        Ok(self.commands().run("juju-log", &args).await?)
    }

    /// Logs something that somebody should know, as one record of level WARNING.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Command`] when `juju-log` does not work.
    pub async fn warn(&self, text: &str) -> Result<(), crate::Error> {
        let text = argument(text, LONGEST_ARGUMENT);
        let args = ["--log-level", "WARNING", "--", &text];
        Ok(self.commands().run("juju-log", &args).await?)
    }
}

fn lines(changes: &[Change]) -> Option<String> {
    // There may be thousands.
    let objects = changes.iter().filter_map(|change| match change {
        Change::Object(change) => Some(change),
        _ => None,
    });
    let objects = ObjectChange::summary(objects)
        .into_iter()
        .map(|(what, namespaces)| format!("cluster: {what} in {namespaces}"));
    let others = changes
        .iter()
        .filter(|change| !matches!(change, Change::StatusSet(_) | Change::Object(_)))
        .map(ToString::to_string);
    let lines: Vec<String> = objects.chain(others).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use charm::{Port, Status};

    use super::*;

    #[test]
    fn a_status_alone_is_not_worth_a_record() {
        assert_eq!(lines(&[Change::StatusSet(Status::active())]), None);
        let changes = [
            Change::OpenPort(Port::tcp(8888)),
            Change::ClosePort(Port::tcp(80)),
            Change::StatusSet(Status::active()),
        ];
        assert_eq!(lines(&changes).unwrap(), "open-port 8888/tcp\nclose-port 80/tcp");
    }
}
