//! PostgreSQL: the system's server or else one from the Python package index, for tests and for pods.

mod programs;

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use charm::Secret;
use rustix::process::Signal;

use crate::cache::{self, Cache};
use crate::leash::{self, Ending, Process};

pub use programs::{image, programs, speaks_tls};

/// How long the server may take to become ready on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

/// A running server of one's own. It ends when this value is dropped.
#[derive(Debug)]
pub struct Postgres {
    process: Process,
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    password: Secret,
}

impl Postgres {
    /// Starts a server without TLS on a free port of 127.0.0.1. Its data and its log go to `folder`, made anew.
    ///
    /// Started by root it runs as nobody, in a user namespace: files keep their owner, and no folder has to be opened
    /// to others.
    pub fn start(cache: &Cache, folder: &Path) -> Result<Self, Error> {
        Self::start_with(cache, folder, &[])
    }

    /// The same with further settings, each as `name=value`: for TLS, say.
    pub fn start_with(cache: &Cache, folder: &Path, settings: &[String]) -> Result<Self, Error> {
        let failed = |source| Error::Folder { path: folder.to_owned(), source };
        let programs = programs(cache)?;
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(failed)?;
        }
        fs::create_dir_all(folder).map_err(failed)?;
        let password = random_password().map_err(failed)?;
        initialise(&programs, folder, &folder.join("data"), &password)?;
        Self::serve(&programs, folder, &password, settings)
    }

    /// Ends the server, and starts it again on the same data as one that waits for another's changes and takes none.
    pub fn into_standby(self) -> Result<Self, Error> {
        let Self { mut process, programs, folder, password, .. } = self;
        process.stop();
        let signal = folder.join("data/standby.signal");
        fs::write(&signal, "").map_err(|source| Error::Folder { path: signal, source })?;
        Self::serve(&programs, &folder, &password, &[])
    }

    fn serve(
        programs: &Path,
        folder: &Path,
        password: &Secret,
        settings: &[String],
    ) -> Result<Self, Error> {
        // A port that was free a moment ago may be taken by another process: that ends the server.
        for _ in 0..2 {
            match Self::serve_once(programs, folder, password, settings) {
                Err(Error::Process(leash::Error::Ended { .. })) => {}
                result => return result,
            }
        }
        Self::serve_once(programs, folder, password, settings)
    }

    fn serve_once(
        programs: &Path,
        folder: &Path,
        password: &Secret,
        settings: &[String],
    ) -> Result<Self, Error> {
        let failed = |source| Error::Folder { path: folder.to_owned(), source };
        let data = folder.join("data");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| Ok(listener.local_addr()?.port()))
            .map_err(failed)?;
        let prefix = unprivileged();
        let server = programs.join("postgres");
        // SIGINT disconnects clients; SIGTERM would wait for them to leave.
        let ending = Ending { signal: Signal::INT, ..Ending::default() };
        let mut command = match prefix.split_first() {
            Some((first, rest)) => {
                let mut command = leash::command(first, ending)?;
                command.args(rest).arg(server);
                command
            }
            None => leash::command(server, ending)?,
        };
        command
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories=", "-c", "fsync=off"]);
        for setting in settings {
            command.args(["-c", setting]);
        }
        let mut process = Process::start("postgres", command, &folder.join("postgres.log"))?;
        let mut asked = Command::new(programs.join("pg_isready"));
        asked
            .args(["--host=127.0.0.1", "--port", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        process.wait_ready(LIMIT, || asked.status().is_ok_and(|status| status.success()))?;
        let (programs, folder) = (programs.to_owned(), folder.to_owned());
        Ok(Self { process, programs, folder, port, password: password.clone() })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The password of the superuser, `postgres`.
    pub fn password(&self) -> &Secret {
        &self.password
    }

    /// The superuser's connection to the database `postgres`, as a URL.
    pub fn url(&self) -> Secret {
        Secret::new(format!(
            "postgresql://postgres:{}@127.0.0.1:{}/postgres",
            self.password.reveal(),
            self.port
        ))
    }

    /// What `psql` prints for `sql`, run by the superuser in `database`: a line per row, columns separated by `|`.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String, Error> {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
            "--file=-",
        ])
        .args([
            "--host=127.0.0.1",
            "--username=postgres",
            "--port",
            &self.port.to_string(),
            "--dbname",
            database,
        ])
        .env("PGPASSWORD", self.password.reveal());
        run(&mut psql, sql)
    }
}

fn initialise(programs: &Path, folder: &Path, data: &Path, password: &Secret) -> Result<(), Error> {
    let failed = |source| Error::Folder { path: folder.to_owned(), source };
    let file = folder.join("password");
    File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&file)
        .and_then(|mut file| file.write_all(password.reveal().as_bytes()))
        .map_err(failed)?;
    let prefix = unprivileged();
    let mut line = prefix.iter().map(PathBuf::from).chain([programs.join("initdb")]);
    let mut initdb = Command::new(line.next().unwrap_or_default());
    initdb.args(line).arg("--pgdata").arg(data).arg("--pwfile").arg(&file).args([
        "--username=postgres",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]);
    let result = run(&mut initdb, "");
    fs::remove_file(&file).map_err(failed)?;
    result.map(drop)
}

/// The words before a command that must not run as root.
fn unprivileged() -> &'static [&'static str] {
    if rustix::process::geteuid().is_root() {
        &["unshare", "--user", "--map-user=65534", "--map-group=65534"]
    } else {
        &[]
    }
}

fn random_password() -> io::Result<Secret> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(Secret::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

fn run(command: &mut Command, input: &str) -> Result<String, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |source| Error::Start { program: program.clone(), source };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // If the program ended early, its own message says more.
        let _broken_pipe = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    } else {
        let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Error::Command { program, text })
    }
}

/// Why there is no PostgreSQL, or it did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither a server nor a Python that could install one.
    #[error(
        "finding PostgreSQL: there is no server here and no Python to install one; apt-get install -y postgresql"
    )]
    Absent,
    /// The server could not be installed.
    #[error(transparent)]
    Cache(#[from] cache::Error),
    /// The server does not run.
    #[error(transparent)]
    Process(#[from] leash::Error),
    /// The server's folder cannot be used.
    #[error("using {path}: {source}", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A program could not be started.
    #[error("starting {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// A program failed.
    #[error("{program} failed: {text}")]
    Command {
        /// The program.
        program: String,
        /// What it printed.
        text: String,
    },
}
