//! A user's notebook: a process with exactly the environment and the mounts that the PodDefault gives it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;
use stand::view::View;

use crate::Result;
use crate::demo::terminal;
use crate::demo::volume::Volume;
use crate::serve::Address;

/// What Kubernetes makes of a pod that asks for the PodDefault.
pub(crate) struct Pod {
    view: View,
    python: String,
    feast: String,
    log: PathBuf,
    /// The Secret in it.
    pub(crate) volume: Volume,
}

impl Pod {
    pub(crate) fn admitted(address: &Address, secret: &Value, pod_default: &Value) -> Result<Self> {
        let spec = &pod_default["spec"];
        let mut view = View::new().hosts(&address.hosts);
        for variable in list(&spec["env"]) {
            view = view.variable(text(&variable["name"])?, text(&variable["value"])?);
        }
        let volume = Volume::of(secret, &address.folder)?;
        for mount in list(&spec["volumeMounts"]) {
            let name = text(&mount["name"])?;
            let described =
                list(&spec["volumes"]).iter().find(|volume| volume["name"] == name).ok_or_else(
                    || format!("the PodDefault mounts the volume {name}, which it does not have"),
                )?;
            if described["secret"]["secretName"] != secret["metadata"]["name"] {
                return Err(
                    format!("the volume {name} is not the Secret that was delivered").into()
                );
            }
            view = view.mount(volume.folder(), text(&mount["mountPath"])?);
        }
        let (python, feast) =
            (address.python.display().to_string(), address.feast.display().to_string());
        Ok(Self { view, python, feast, log: address.commands(), volume })
    }

    /// Loads known rows, applies, materializes, retrieves, and says what came back.
    pub(crate) fn use_features(&self) -> Result<String> {
        let now = "2026-02-01T00:00:00";
        let repository = stand::feast::notebook().join("repo");
        self.read(&mut self.python("load_data.py")?, "python load_data.py")?;
        self.read(&mut self.command(&self.feast, &["apply"], &repository)?, "feast apply")?;
        let arguments = ["materialize-incremental", now];
        let mut materialize = self.command(&self.feast, &arguments, &repository)?;
        self.read(&mut materialize, &format!("feast materialize-incremental {now}"))?;
        self.read_features()
    }

    /// Retrieves what was materialized before.
    pub(crate) fn read_features(&self) -> Result<String> {
        let text = self.read(&mut self.python("check.py")?, "python check.py")?;
        let result: Value = text
            .lines()
            .rev()
            .find_map(|line| serde_json::from_str(line).ok())
            .ok_or_else(|| format!("check.py printed no result: {text}"))?;
        println!("   {result}");
        right(&result)?;
        Ok(format!(
            "a notebook with Feast {} reads the known values, offline and online",
            result["feast"].as_str().unwrap_or("?")
        ))
    }

    /// A Python in the folder of notebooks.
    pub(crate) fn python(&self, script: &str) -> Result<Command> {
        self.command(&self.python, &[script], &stand::feast::notebook())
    }

    fn command(&self, program: &str, arguments: &[&str], folder: &Path) -> Result<Command> {
        let mut command = self.view.command(program, arguments.iter().copied())?;
        command.current_dir(folder).env("FEAST_USAGE", "False").env("PYTHONDONTWRITEBYTECODE", "1");
        Ok(command)
    }

    fn read(&self, command: &mut Command, shown: &str) -> Result<String> {
        terminal::read(command, shown, &self.log)
    }

    /// Where standard error of what runs in here goes, in the end.
    pub(crate) fn log(&self) -> Result<File> {
        Ok(File::options().create(true).append(true).open(&self.log)?)
    }
}

/// A notebook that stays open while the files beneath it change.
pub(crate) struct Kernel {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Kernel {
    pub(crate) fn start(pod: &Pod) -> Result<Self> {
        let mut process = pod
            .python("kernel.py")?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(pod.log()?)
            .spawn()?;
        let (questions, answers) = (process.stdin.take(), process.stdout.take());
        let (questions, answers) = questions.zip(answers).ok_or("the notebook has no pipes")?;
        Ok(Self { process, questions, answers: BufReader::new(answers) })
    }

    /// Makes a new `FeatureStore` in the same process, and reads the known values with it.
    pub(crate) fn read_features(&mut self) -> Result<()> {
        self.questions.write_all(b"read\n")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        if answer.is_empty() {
            return Err(format!("the notebook has ended: {}", self.process.wait()?).into());
        }
        right(&serde_json::from_str(&answer)?)
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        let _may_have_ended = self.process.kill();
        let _status = self.process.wait();
    }
}

fn right(result: &Value) -> Result<()> {
    if result["offline_right"] == true && result["online_right"] == true {
        Ok(())
    } else {
        Err(format!("the features are not those that were stored: {result}").into())
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().ok_or_else(|| format!("{value} is no text").into())
}
