//! A real Pebble in a container of its own, in which `feast` is a small server.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use juju_sim::State;
use rustix::process::Signal;
use stand::cache::Cache;
use stand::image::{Image, Mount};
use stand::leash::{Ending, Process, command};
use stand::missing::{Need, needs};
use stand::script;
use stand::view::View;
use tempfile::TempDir;

use crate::world::Deployed;

/// Plays `feast ui`. Every start is a line in a file, `starts` unless `STARTS` names a folder for it; a file `broken` makes it fail, `deaf` makes it answer 500, and
/// `slow` says for how many seconds it does not listen.
const FEAST: &str = r#"
import http.server, os, pathlib, sys, time

home = pathlib.Path("/home/ubuntu")
folder = os.environ.get("STARTS")
with open(pathlib.Path(folder) / os.environ["POD_ADDRESS"] if folder else home / "starts", "a") as starts:
    starts.write(os.environ.get("FEATURE_STORE_SHA256", "") + "\n")
if (home / "broken").exists():
    sys.exit(1)
if (home / "slow").exists():
    time.sleep(float((home / "slow").read_text()))

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500 if (home / "deaf").exists() else 200)
        self.end_headers()

    def log_message(self, *_):
        pass

port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.ThreadingHTTPServer((os.environ["POD_ADDRESS"], port), Answer).serve_forever()
"#;

/// A container whose address and `/home/ubuntu` are its own.
pub struct Container {
    // Before the folder, so that it ends before its files are removed.
    process: Option<Process>,
    folder: TempDir,
    address: String,
}

impl Container {
    /// `None` where it cannot be; the test should return then.
    ///
    /// # Panics
    ///
    /// If it should be possible and is not.
    pub fn start() -> Option<Self> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        if !needs(&[Need::Go, Need::Python, Need::Namespaces]) {
            return None;
        }
        let (number, id) = (NUMBER.fetch_add(1, Ordering::Relaxed), process::id());
        let address = format!("127.{}.{}.{}", 200 + number % 50, id / 250 % 250 + 1, id % 250 + 1);
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["home", "bin", "containers/feast-ui"] {
            fs::create_dir_all(folder.path().join(name)).expect("a folder");
        }
        fs::write(folder.path().join("hosts"), format!("{address} localhost\n"))
            .expect("a file of hosts");
        let python = stand::python::find().expect("Python");
        write_feast(&folder.path().join("bin"), &python);
        let mut container = Self { process: None, folder, address };
        container.run();
        Some(container)
    }

    /// A unit of feast-ui with this container.
    pub fn deploy(&self, state: State) -> Deployed {
        let mut deployed = Deployed::ui(state);
        deployed.unit.extra.insert("CHARM_CONTAINERS_DIR".to_owned(), self.containers().into());
        deployed
    }

    /// What is `/charm/containers` for the unit's charm.
    pub fn containers(&self) -> PathBuf {
        self.folder.path().join("containers")
    }

    /// Ends the container, and takes the files in it away.
    ///
    /// # Panics
    ///
    /// If this cannot be done.
    pub fn stop(&mut self) {
        self.process.take().expect("a running Pebble").stop();
        for name in ["home", "pebble"] {
            fs::remove_dir_all(self.folder.path().join(name)).expect("no folder");
        }
        fs::create_dir(self.home()).expect("a home");
    }

    /// Starts it again after [`Self::stop`], as the image has it.
    ///
    /// # Panics
    ///
    /// If this cannot be done.
    pub fn run(&mut self) {
        let path = self.folder.path();
        let inside = View::new()
            .mount(self.home(), "/home/ubuntu")
            .hosts(path.join("hosts"))
            .path(path.join("bin"))
            .variable("POD_ADDRESS", &self.address)
            .variable("PEBBLE", path.join("pebble"))
            .variable("PEBBLE_SOCKET", self.socket())
            .command(pebble(), ["run", "--create-dirs", "--hold"])
            .expect("a view");
        let ending = Ending { signal: Signal::KILL, grace: Duration::ZERO };
        let mut outside = command(inside.get_program(), ending).expect("a leash");
        outside.args(inside.get_args());
        outside.envs(inside.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let _absent_at_first = fs::remove_file(self.socket());
        let mut process =
            Process::start("pebble", outside, &path.join("pebble.log")).expect("Pebble");
        let connects = || std::os::unix::net::UnixStream::connect(self.socket()).is_ok();
        process.wait_ready(Duration::from_secs(30), connects).expect("Pebble");
        self.process = Some(process);
    }

    /// Runs the command line of Pebble, and answers what it writes.
    ///
    /// # Panics
    ///
    /// If this cannot be done.
    pub fn pebble(&self, args: &[&str]) -> String {
        let mut command = process::Command::new(pebble());
        command.args(args).env("PEBBLE_SOCKET", self.socket());
        let output = command.output().expect("the program pebble");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What the container sees as `/home/ubuntu`.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// `feature_store.yaml` in the container.
    pub fn file(&self) -> PathBuf {
        self.home().join("feature_store.yaml")
    }

    /// What changes whenever the file is written, even with the same content; and its permissions.
    ///
    /// # Panics
    ///
    /// If this cannot be done.
    pub fn written(&self) -> (u64, i64, u32) {
        let metadata = fs::metadata(self.file()).expect("the file");
        (metadata.ino(), metadata.mtime_nsec(), metadata.mode() & 0o7777)
    }

    /// The checksums that the service was started with, oldest first.
    pub fn starts(&self) -> Vec<String> {
        let text = fs::read_to_string(self.home().join("starts")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Whether somebody listens on the port of the UI.
    pub fn serves(&self) -> bool {
        TcpStream::connect((self.address.as_str(), 8888)).is_ok()
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("containers/feast-ui/pebble.socket")
    }
}

/// An image for the pods of a stand in which `feast` is the same small server. Each start is a line in a file of `starts`
/// that is called as the address of the pod. Its program is written into `folder`.
///
/// # Panics
///
/// If this cannot be done.
pub fn image(folder: &Path, starts: &Path) -> Image {
    let programs = Path::new("/opt/feast/bin");
    let mut python = stand::python::find().expect("Python");
    let mut mounts = vec![
        Mount { from: folder.to_owned(), to: programs.to_owned() },
        Mount { from: starts.to_owned(), to: "/opt/feast/starts".into() },
    ];
    if !python.starts_with("/usr") {
        // The user of the container may not be let into the folders above it.
        let prefix = python.ancestors().nth(2).unwrap_or(&python).to_owned();
        let moved = Path::new("/opt/feast/python");
        python = moved.join(python.strip_prefix(&prefix).unwrap_or(&python));
        mounts.push(Mount { from: prefix, to: moved.to_owned() });
    }
    write_feast(folder, &python);
    fs::set_permissions(starts, fs::Permissions::from_mode(0o777)).expect("a folder for everybody");
    Image {
        mounts,
        scratch: vec!["/home/ubuntu".into()],
        path: vec![programs.to_owned()],
        environment: [("STARTS".to_owned(), "/opt/feast/starts".to_owned())].into(),
        ..Image::default()
    }
}

fn write_feast(folder: &Path, python: &Path) {
    let text = format!("#!{}{FEAST}", python.display());
    script::write(&folder.join("feast"), &text).expect("the program feast");
}

fn pebble() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| stand::pebble::pebble(&cache()).expect("Pebble"))
}

/// The cache of this machine, which tells what it builds.
///
/// # Panics
///
/// If this cannot be done.
#[expect(clippy::print_stdout, reason = "a person waits for what is built")]
pub fn cache() -> Cache {
    Cache::open(|line| println!("{line}")).expect("the cache")
}
