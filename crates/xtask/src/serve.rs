//! The process that holds a stand: real Juju and Kubernetes, alive for as long as somebody wants them.
//!
//! It is a process of its own so that the stand can outlive the command that started it, and ends with it otherwise: it
//! stays until its standard input is closed, unless it was told `keep` there, and then until it is signalled.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;

use serde::{Deserialize, Serialize};
use stand::cache::Cache;
use stand::controller::{Controller, Settings};
use stand::feast::{Feast, Release};
use stand::image::{Image, Mount};
use stand::postgresql;

use crate::Result;
use crate::workspace;

/// The model that the demo deploys to, which is also the namespace.
pub(crate) const MODEL: &str = "kubeflow";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// `0.49.0` or `newest`.
    #[arg(long)]
    feast: String,
}

/// Where the parts of a stand are.
#[derive(Deserialize, Serialize)]
pub(crate) struct Address {
    /// The process that holds it.
    pub(crate) process: u32,
    /// The variables with which programs find `juju` and its controller.
    pub(crate) environment: BTreeMap<String, PathBuf>,
    /// The program `kubectl`.
    pub(crate) kubectl: PathBuf,
    /// The URL of the Kubernetes API.
    pub(crate) server: String,
    /// The administrator's kubeconfig.
    pub(crate) kubeconfig: PathBuf,
    /// A hosts file with the names of Services.
    pub(crate) hosts: PathBuf,
    /// Where logs are.
    pub(crate) folder: PathBuf,
    /// Where Kubernetes keeps its objects.
    pub(crate) etcd: PathBuf,
    /// The Python that has Feast.
    pub(crate) python: PathBuf,
    /// The command `feast`.
    pub(crate) feast: PathBuf,
}

/// A stand that ends when this value is dropped, or kept by [`Self::keep`].
pub(crate) struct Stand {
    holder: Child,
    kept: bool,
    /// Where its parts are.
    pub(crate) address: Address,
}

impl Stand {
    /// Starts a stand with this release of Feast. What is not built yet is built first, with a line for each part.
    pub(crate) fn start(feast: &str) -> Result<Self> {
        // By this path it is there even where a test has built it anew, and so replaced it, meanwhile.
        let mut holder = Command::new("/proc/self/exe")
            .args(["serve", "--feast", feast])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C is for the command in the terminal; this process ends with it.
            .process_group(0)
            .spawn()?;
        let mut text = String::new();
        if let Some(mut stdout) = holder.stdout.take() {
            stdout.read_to_string(&mut text)?;
        }
        let Ok(address) = serde_json::from_str(&text) else {
            let status = holder.wait()?;
            return Err(format!("starting the stand: its process ended with {status}").into());
        };
        Ok(Self { holder, address, kept: false })
    }

    /// Leaves the stand running, and gives the commands `juju`, `kubectl` and `down` a way to find it.
    pub(crate) fn keep(mut self) -> Result<()> {
        fs::write(kept(), serde_json::to_string_pretty(&self.address)?)?;
        if let Some(mut stdin) = self.holder.stdin.take() {
            stdin.write_all(b"keep\n")?;
        }
        self.kept = true;
        Ok(())
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        if !self.kept {
            let _ended_by_itself = self.holder.wait();
        }
    }
}

impl Address {
    /// The stand that was kept.
    pub(crate) fn of_kept() -> Result<Self> {
        let text = fs::read_to_string(kept())
            .map_err(|_| "no stand is running: start one with `cargo xtask demo --keep`")?;
        Ok(serde_json::from_str(&text)?)
    }

    /// A `juju` that speaks to this stand's controller.
    pub(crate) fn juju(&self) -> Command {
        let program = self
            .environment
            .get("PATH")
            .and_then(|path| {
                std::env::split_paths(path)
                    .map(|folder| folder.join("juju"))
                    .find(|juju| juju.is_file())
            })
            .unwrap_or_else(|| "juju".into());
        let mut command = Command::new(program);
        command.envs(&self.environment);
        command
    }

    /// The file for what commands that the demo runs have printed, where that is not shown.
    pub(crate) fn commands(&self) -> PathBuf {
        self.folder.join("logs").join("commands.log")
    }

    /// A `kubectl` of the administrator.
    pub(crate) fn kubectl(&self) -> Command {
        let mut command = Command::new(&self.kubectl);
        command
            .env("KUBECONFIG", &self.kubeconfig)
            .env("KUBECACHEDIR", self.folder.join("discovery"));
        command
    }
}

/// Where the address of a stand that was kept is.
pub(crate) fn kept() -> PathBuf {
    workspace::target().join("stand.json")
}

/// The hidden command: holds a stand.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let release = Release::ALL
        .into_iter()
        .find(|release| release.version() == arguments.feast)
        .unwrap_or(Release::Newest);
    let cache = Cache::open(|line| eprintln!("   {line}"))?;
    let folder = tempfile::Builder::new().prefix("charmed-feast-").tempdir()?;
    let feast = Feast::install(&cache, release)?;
    let images = folder.path().join("images");
    write_images(&images, &cache, &feast)?;
    let settings =
        Settings { model: MODEL.to_owned(), images: Some(images), ..Settings::default() };
    let controller = Controller::start(&cache, &settings)?;
    let kubernetes = controller.kubernetes();

    let address = Address {
        process: std::process::id(),
        environment: controller
            .environment()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), PathBuf::from(value)))
            .collect(),
        kubectl: kubernetes.command().get_program().into(),
        server: kubernetes.server().to_owned(),
        kubeconfig: kubernetes.kubeconfig(),
        hosts: controller.hosts().to_owned(),
        folder: controller.folder().to_owned(),
        etcd: controller.folder().join("kubernetes/etcd"),
        python: feast.python(),
        feast: feast.command(),
    };
    // Whoever started this reads until the end of the output.
    let stdout = std::io::stdout();
    serde_json::to_writer(&stdout, &address)?;
    close_stdout()?;
    wait()?;
    drop(controller);
    Ok(ExitCode::SUCCESS)
}

/// Puts `/dev/null` in the place of standard output.
fn close_stdout() -> Result<()> {
    std::io::stdout().flush()?;
    let null = fs::File::options().write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(&null)?;
    Ok(())
}

/// Waits until standard input ends without `keep`, or a signal says that it is over.
fn wait() -> Result<()> {
    let (over, is_over) = mpsc::channel();
    let mut signals = signal_hook::iterator::Signals::new([
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGINT,
    ])?;
    let signalled = over.clone();
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            let _nobody_waits = signalled.send(());
        }
    });
    std::thread::spawn(move || {
        let mut told = String::new();
        let ended = std::io::stdin().read_to_string(&mut told);
        if ended.is_err() || told.trim() != "keep" {
            let _nobody_waits = over.send(());
        }
    });
    is_over.recv()?;
    Ok(())
}

fn write_images(folder: &Path, cache: &Cache, feast: &Feast) -> Result<()> {
    fs::create_dir_all(folder)?;
    let proxy = workspace::built("peer-gateway")?.with_file_name("stand-proxy");
    let programs = Path::new("/opt/proxy");
    let pilot = Image {
        mounts: vec![Mount { to: programs.join("stand-proxy"), from: proxy }],
        path: vec![programs.to_owned()],
        scratch: vec!["/etc/stand-proxy".into()],
        ..Image::default()
    };
    for (name, image) in [
        ("feast-ui", feast.image()?),
        ("postgresql", postgresql::image(cache)?),
        ("istio-pilot", pilot),
    ] {
        fs::write(folder.join(format!("{name}.json")), serde_json::to_string_pretty(&image)?)?;
    }
    Ok(())
}
