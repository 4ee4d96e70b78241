//! Actions: what they were asked, and what they answer.

use std::collections::BTreeMap;

use charm::Answer;
use serde_json::Value;

use crate::command::Error;
use crate::hook_commands::HookCommands;
use crate::status::argument;

/// The longest argument of a program on Linux in bytes.
pub(crate) const LONGEST_ARGUMENT: usize = 131_071;

/// The parameters of the action, with defaults filled in.
pub(crate) async fn parameters(commands: &HookCommands) -> Result<BTreeMap<String, Value>, Error> {
    let parameters: Option<BTreeMap<String, Value>> = commands.ask("action-get", &[]).await?;
    Ok(parameters.unwrap_or_default())
}

/// Answers the action, at once.
pub(crate) async fn answer(commands: &HookCommands, answer: &Answer) -> Result<(), Error> {
    match answer {
        Answer::Results(results) if results.is_empty() => Ok(()),
        Answer::Results(results) => {
            let results: Vec<String> = results
                .iter()
                .map(|(key, value)| argument(&format!("{key}={value}"), LONGEST_ARGUMENT))
                .collect();
            let args: Vec<&str> =
                ["--"].into_iter().chain(results.iter().map(String::as_str)).collect();
            commands.run("action-set", &args).await
        }
        Answer::Failure(reason) => {
            commands.run("action-fail", &["--", &argument(reason, LONGEST_ARGUMENT)]).await
        }
    }
}
