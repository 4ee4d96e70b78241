//! The status of the unit.

use charm::Status;
use serde::Deserialize;

use crate::command::Error;
use crate::hook_commands::HookCommands;

/// The longest message in bytes. Juju sets no limit, but a message is one argument, and a table column.
const LONGEST: usize = 4096;

/// Tells the operator, at once: it stays even when the hook fails.
pub(crate) async fn set(commands: &HookCommands, status: &Status) -> Result<(), Error> {
    commands.run("status-set", &[status.word(), "--", &argument(status.message(), LONGEST)]).await
}

/// What `status-get --include-data` prints.
#[derive(Deserialize)]
struct Told {
    status: String,
    message: String,
}

/// What this unit tells now; `None` for a status that Juju has set itself, such as `unknown`.
pub(crate) async fn get(commands: &HookCommands) -> Result<Option<Status>, Error> {
    let Told { status, message } = commands.ask("status-get", &["--include-data"]).await?;
    Ok(Status::read(&status, &message))
}

/// `text` as an argument of at most `longest` bytes, which can hold no NUL.
pub(crate) fn argument(text: &str, longest: usize) -> String {
    let text = text.replace('\0', "\u{fffd}");
    let end = text.floor_char_boundary(longest);
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_cut_between_characters_and_has_no_nul() {
        assert_eq!(argument("aä\0", 100), "aä\u{fffd}");
        assert_eq!(argument("aä", 2), "a");
    }
}
