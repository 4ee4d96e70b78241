//! Secrets of ours and of others.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::process;

use charm::{OwnedSecret, RelationId, Secret, SecretAnswer, SecretContent};
use rustix::fs::{MemfdFlags, memfd_create};
use serde::Deserialize;

use crate::command::Error;
use crate::hook_commands::HookCommands;
use crate::{ApplyError, Juju};

/// No URI of a secret is longer: `secret://`, a UUID, `/` and twenty characters.
const LONGEST_URI: usize = 128;

/// What Juju says to a reader without a grant: 3.6, then 4.
const DENIED: &[&str] = &["permission denied", "is not allowed to read"];

/// What Juju says to a label that another secret has: 3.6, then 4, which lets its database speak.
const TAKEN: &[&str] = &["already", "UNIQUE constraint"];

/// Creates a secret of our application.
pub(crate) async fn add(
    commands: &HookCommands,
    label: &str,
    content: &SecretContent,
) -> Result<(), crate::Error> {
    let file = MemoryFile::holding(content).map_err(ApplyError::Memory)?;
    let label = format!("--label={label}");
    Ok(commands.run("secret-add", &[&label, "--file", &file.path()]).await?)
}

/// Publishes a new revision of a secret of our application, in place of all its keys.
pub(crate) async fn set(
    commands: &HookCommands,
    uri: &str,
    content: &SecretContent,
) -> Result<(), crate::Error> {
    let file = MemoryFile::holding(content).map_err(ApplyError::Memory)?;
    Ok(commands.run("secret-set", &["--file", &file.path(), "--", uri]).await?)
}

/// Lets the application on the other side of a relation read a secret.
pub(crate) async fn grant(commands: &HookCommands, uri: &str, id: RelationId) -> Result<(), Error> {
    commands.run("secret-grant", &["-r", &id.to_string(), "--", uri]).await
}

/// Removes a secret with all its revisions.
pub(crate) async fn remove(commands: &HookCommands, uri: &str) -> Result<(), Error> {
    commands.run("secret-remove", &["--", uri]).await
}

/// The newest content of a secret of another application, which is followed from now on under `label`.
pub(crate) async fn get(
    commands: &HookCommands,
    uri: &str,
    label: &str,
) -> Result<SecretAnswer, Error> {
    // What another application wrote becomes an argument: only what can be one is asked for.
    if uri.len() > LONGEST_URI || uri.contains(char::is_control) {
        return Ok(SecretAnswer::NotAUri);
    }
    let label = format!("--label={label}");
    let mut answer = content(commands, &[&label, "--refresh", "--", uri]).await;
    if answer.as_ref().is_err_and(|error| error.says(&["label"]) && error.says(TAKEN)) {
        // The other side replaced the secret, and its predecessor has the label. It can be read without one.
        answer = content(commands, &["--refresh", "--", uri]).await;
    }
    answered(answer)
}

/// The newest content of a secret that has been followed under `label`, whoever points at it now.
pub(crate) async fn followed(commands: &HookCommands, label: &str) -> Result<SecretAnswer, Error> {
    let label = format!("--label={label}");
    answered(content(commands, &[&label, "--refresh"]).await)
}

fn answered(answer: Result<SecretContent, Error>) -> Result<SecretAnswer, Error> {
    match answer {
        Ok(content) => Ok(SecretAnswer::Content(content)),
        Err(Error::Refused { code: Some(2), stderr, .. }) if stderr.contains("not valid") => {
            Ok(SecretAnswer::NotAUri)
        }
        Err(error) if error.says(DENIED) => Ok(SecretAnswer::Denied),
        Err(error) if error.says(&["not found"]) => Ok(SecretAnswer::NotFound),
        Err(error) => Err(error),
    }
}

impl Juju {
    /// The secrets that our application owns and that have a label, by label. What this hook has changed is in it.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Command`] when Juju itself does not work.
    pub async fn owned_secrets(&self) -> Result<BTreeMap<String, OwnedSecret>, crate::Error> {
        Ok(owned(self.commands()).await?)
    }
}

/// See [`Juju::owned_secrets`].
pub(crate) async fn owned(commands: &HookCommands) -> Result<BTreeMap<String, OwnedSecret>, Error> {
    let ids: Option<Vec<String>> = commands.ask("secret-ids", &[]).await?;
    let mut owned = BTreeMap::new();
    for id in ids.unwrap_or_default() {
        let uri = format!("secret:{id}");
        let answer =
            commands.ask::<BTreeMap<String, Metadata>>("secret-info-get", &["--", &uri]).await;
        let metadata = match answer {
            Err(error) if error.says(&["not found"]) => continue,
            answer => answer?.into_values().next(),
        };
        let Some(metadata) = metadata else { continue };
        if metadata.owner != "application" || metadata.label.is_empty() {
            continue;
        }
        let content = match content(commands, &["--peek", "--", &uri]).await {
            Err(error) if error.says(&["not found"]) => continue,
            answer => answer?,
        };
        let granted = metadata
            .access
            .iter()
            .filter_map(|access| access.target.strip_prefix("application-").map(str::to_owned));
        let secret = OwnedSecret { uri, content, granted: granted.collect() };
        owned.insert(metadata.label, secret);
    }
    Ok(owned)
}

async fn content(commands: &HookCommands, args: &[&str]) -> Result<SecretContent, Error> {
    let content: BTreeMap<String, String> = commands.ask("secret-get", args).await?;
    Ok(content.into_iter().map(|(key, value)| (key, Secret::new(value))).collect())
}

/// What `secret-info-get` prints for each identifier.
#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    label: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    access: Vec<Access>,
}

#[derive(Deserialize)]
struct Access {
    /// `application-<name>` or `unit-<name>-<number>`.
    target: String,
}

/// Content of a secret on its way to Juju, on no disk.
///
/// `secret-add` and `secret-set` take content as arguments, which every process may list, or from a file; they have no
/// standard input. The file is opened by the unit agent: in the same container, as the same user, and with the same
/// process numbers as the charm. So it can be a file in memory that has no name but the one that it has among the open
/// files of this process, and that is gone with it.
struct MemoryFile(File);

impl MemoryFile {
    fn holding(content: &SecretContent) -> io::Result<Self> {
        let mut file = File::from(memfd_create("secret", MemfdFlags::CLOEXEC)?);
        let content: BTreeMap<&str, &str> =
            content.iter().map(|(key, value)| (key.as_str(), value.reveal())).collect();
        file.write_all(serde_json::to_string(&content)?.as_bytes())?;
        Ok(Self(file))
    }

    fn path(&self) -> String {
        format!("/proc/{}/fd/{}", process::id(), self.0.as_raw_fd())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn content_can_be_read_from_the_start_by_its_path_as_often_as_needed() {
        let content = SecretContent::from([("pass".to_owned(), Secret::new("a\"b=\n😀"))]);
        let file = MemoryFile::holding(&content).unwrap();
        for _ in 0..2 {
            let text = fs::read_to_string(file.path()).unwrap();
            let read: BTreeMap<String, String> = serde_json::from_str(&text).unwrap();
            assert_eq!(read["pass"], "a\"b=\n😀");
        }
        let path = file.path();
        drop(file);
        assert!(fs::read_to_string(path).map_or(true, |text| !text.contains("pass")));
    }
}
