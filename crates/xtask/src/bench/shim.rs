//! Scripts in front of the hook commands, which keep a record of who was called.
//!
//! They cost a shell each, so no time is measured while they are there.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

use stand::script;
use tempfile::TempDir;

use crate::Result;

/// Scripts in front of the hook commands, in a folder that ends with this value.
pub(crate) struct Shims {
    folder: TempDir,
    path: OsString,
}

impl Shims {
    /// For the hook commands on this `PATH`.
    pub(crate) fn before(path: &OsStr) -> Result<Self> {
        let tools = std::env::split_paths(path)
            .find(|folder| folder.join("relation-get").exists())
            .ok_or("there are no hook commands on the PATH")?;
        let folder = tempfile::tempdir()?;
        for entry in fs::read_dir(&tools)? {
            let name = entry?.file_name();
            shim(&folder.path().join(&name), &tools.join(&name), folder.path())?;
        }
        let folders = std::iter::once(folder.path().to_owned()).chain(std::env::split_paths(path));
        let path = std::env::join_paths(folders)?;
        Ok(Self { folder, path })
    }

    /// The `PATH` with them.
    pub(crate) fn path(&self) -> &OsStr {
        &self.path
    }

    /// The hook commands that were started, each with its arguments.
    pub(crate) fn commands(&self) -> Result<Vec<Vec<String>>> {
        let Ok(record) = fs::read_to_string(self.folder.path().join(RECORD)) else {
            return Ok(Vec::new());
        };
        let mut words: VecDeque<&str> = record.split_terminator('\0').collect();
        let mut commands = Vec::new();
        while let Some(count) = words.pop_front() {
            let count = count.parse()?;
            let command = std::iter::from_fn(|| words.pop_front()).take(count);
            commands.push(command.map(str::to_owned).collect());
        }
        Ok(commands)
    }
}

/// A file among the scripts: for each command the number of its words and then these, with a zero byte after each.
const RECORD: &str = ".record";

fn shim(shim: &Path, tool: &Path, folder: &Path) -> Result<()> {
    let name = tool.file_name().unwrap_or_default().display();
    let text = format!(
        "#!/bin/sh\nprintf '%s\\0' $(($# + 1)) '{name}' \"$@\" >>'{record}'\nexec '{tool}' \"$@\"\n",
        record = folder.join(RECORD).display(),
        tool = tool.display(),
    );
    Ok(script::write(shim, &text)?)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn every_command_is_recorded_with_its_words_and_answers_as_before() {
        let tools = tempfile::tempdir().unwrap();
        let tool = tools.path().join("relation-get");
        script::write(&tool, "#!/bin/sh\necho \"$0 $#\"\n").unwrap();
        let path = std::env::join_paths([tools.path(), Path::new("/usr/bin"), Path::new("/bin")]);
        let shims = Shims::before(&path.unwrap()).unwrap();
        assert_eq!(shims.commands().unwrap(), Vec::<Vec<String>>::new());

        let calls = [vec!["-", "two words", ""], vec![]];
        for call in &calls {
            let shim = shims.folder.path().join("relation-get");
            let output = Command::new(shim).args(call).output().unwrap();
            let expected = format!("{} {}\n", tool.display(), call.len());
            assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
        }
        let recorded = shims.commands().unwrap();
        assert_eq!(recorded, [vec!["relation-get", "-", "two words", ""], vec!["relation-get"]]);
    }
}
