//! Which hooks units have run, as their agents log it.

use std::fs;

use serde::Deserialize;

use super::{Controller, Error};

/// A line of the log that `juju debug-log` shows.
#[derive(Deserialize)]
struct Record {
    entity: String,
    message: String,
}

impl Controller {
    /// The hooks that a unit has run to a good end, in order.
    ///
    /// As `juju debug-log` would tell, at a hundredth of its cost.
    pub fn hooks(&self, unit: &str) -> Result<Vec<String>, Error> {
        let log = fs::read_to_string(self.folder().join("logs/logsink.log")).map_err(Error::Log)?;
        let tag = format!("unit-{}", unit.replace('/', "-"));
        Ok(log.lines().filter_map(|line| hook(line, &tag)).collect())
    }
}

/// The hook that a line of the log says the unit of this tag has run.
fn hook(line: &str, tag: &str) -> Option<String> {
    // The last line may be half written.
    let record: Record = line.contains(tag).then(|| serde_json::from_str(line).ok())??;
    let (name, rest) = record.message.strip_prefix("ran \"")?.split_once('"')?;
    (record.entity == tag && rest.starts_with(" hook")).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_is_one_of_the_unit_that_ran_it() {
        let line = r#"{"entity":"unit-ui-1","message":"ran \"start\" hook (via hook dispatching script: dispatch)"}"#;
        assert_eq!(hook(line, "unit-ui-1").as_deref(), Some("start"));
        assert_eq!(hook(line, "unit-ui"), None);
        let line = r#"{"entity":"unit-ui-1","message":"said ran \"start\" hook"}"#;
        assert_eq!(hook(line, "unit-ui-1"), None);
        assert_eq!(hook(r#"{"entity":"unit-ui-1","mess"#, "unit-ui-1"), None);
    }
}
