//! A real Pebble for one test.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use charm::{Check, CheckLevel, Probe, Service, Startup, WorkloadChange};
use pebble::{Error, Pebble};
use stand::cache::Cache;
use stand::leash::{Ending, Process, command};
use stand::missing::{Need, needs};
use tempfile::TempDir;

/// The name of the container, and of its layer.
pub(crate) const CONTAINER: &str = "feast-ui";

/// A daemon with a directory of its own; it ends with this value, and so do its services.
pub(crate) struct Daemon {
    // Before the folder, so that it ends before its files are removed.
    process: Option<Process>,
    folder: TempDir,
    pub(crate) pebble: Pebble,
}

impl Daemon {
    /// `None` where no Pebble can be built; the test should return then.
    pub(crate) async fn start() -> Option<Self> {
        if !needs(&[Need::Go]) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(CONTAINER)).unwrap();
        let pebble = Pebble::of_container(folder.path(), CONTAINER);
        let mut daemon = Self { process: None, folder, pebble };
        daemon.run().await;
        Some(daemon)
    }

    /// As a container does when it restarts.
    pub(crate) async fn restart(&mut self) {
        self.stop();
        self.run().await;
    }

    pub(crate) fn stop(&mut self) {
        self.process.take().unwrap().stop();
    }

    /// Ends the daemon as the end of its container does, which leaves the socket behind.
    pub(crate) fn kill(&mut self) {
        self.process.take().unwrap().kill();
    }

    /// A path in a directory that is this daemon's alone.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn socket(&self) -> PathBuf {
        socket(self.folder.path())
    }

    async fn run(&mut self) {
        let mut command = command(program(), Ending::default()).unwrap();
        command
            .args(["run", "--create-dirs", "--hold"])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("PEBBLE", self.folder.path().join("state"))
            .env("PEBBLE_SOCKET", self.socket());
        let log = self.folder.path().join("pebble.log");
        self.process = Some(Process::start("pebble", command, &log).unwrap());
        until(|| self.pebble.client().system_info(), Result::is_ok).await.unwrap();
    }
}

pub(crate) fn socket(containers: &Path) -> PathBuf {
    containers.join(CONTAINER).join("pebble.socket")
}

/// Asks until the answer is good enough; the last one, good or not, after 20 s.
pub(crate) async fn until<T, F: Future<Output = T>>(
    ask: impl Fn() -> F,
    good: impl Fn(&T) -> bool,
) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = ask().await;
        if good(&answer) || Instant::now() > deadline {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A service that runs long enough for any test.
pub(crate) fn sleeping() -> Service {
    Service { command: "sleep 300".to_owned(), startup: Startup::Enabled, ..Service::default() }
}

/// A check that looks at a port of this machine.
pub(crate) fn looking_at(port: u16) -> Check {
    Check {
        level: Some(CheckLevel::Ready),
        period_ms: 60_000,
        timeout_ms: 1000,
        threshold: 4,
        probe: Probe::Tcp(port),
    }
}

pub(crate) fn layer<const S: usize, const C: usize>(
    services: [(&str, Service); S],
    checks: [(&str, Check); C],
) -> WorkloadChange {
    WorkloadChange::AddLayer { services: named(services), checks: named(checks) }
}

pub(crate) fn named<T, const N: usize>(pairs: [(&str, T); N]) -> BTreeMap<String, T> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub(crate) fn stop<const N: usize>(services: [&str; N]) -> WorkloadChange {
    WorkloadChange::Stop(BTreeSet::from(services.map(str::to_owned)))
}

/// The error and its causes on one line, as a charm logs them.
pub(crate) fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        #[expect(clippy::print_stdout, reason = "the test runner shows what a test prints")]
        let cache = Cache::open(|line| println!("{line}")).unwrap();
        stand::pebble::pebble(&cache).unwrap()
    })
}
