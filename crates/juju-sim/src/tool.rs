//! The hook commands: one program, by the name that it is called.

mod action;
mod args;
mod config;
mod content;
mod log;
mod misc;
mod network;
mod output;
mod ports;
mod relation_get;
mod relations;
mod secret_access;
mod secret_read;
mod secret_write;
mod stored;
mod values;

use std::env;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use rustix::fs::{FlockOperation, flock};

use self::args::{Flags, Parsed};
use self::output::Refusal;
use crate::Invocation;
use crate::agent::Way;
use crate::world::World;

/// What a hook command is: its flags, and what it does.
struct Tool {
    name: &'static str,
    flags: Flags,
    run: fn(&mut World, &Parsed) -> Result<Vec<u8>, Refusal>,
}

const TOOLS: &[Tool] = &[
    Tool { name: "action-fail", flags: Flags::NONE, run: action::fail },
    Tool { name: "action-get", flags: Flags::FORMAT, run: action::get },
    Tool { name: "action-log", flags: Flags::NONE, run: action::log },
    Tool { name: "action-set", flags: Flags::NONE, run: action::set },
    Tool { name: "application-version-set", flags: Flags::NONE, run: misc::version_set },
    Tool { name: "close-port", flags: ports::CHANGE, run: ports::close },
    Tool { name: "config-get", flags: config::FLAGS, run: config::get },
    Tool { name: "credential-get", flags: Flags::FORMAT, run: misc::credential },
    Tool { name: "goal-state", flags: Flags::FORMAT, run: network::goal_state },
    Tool { name: "is-leader", flags: Flags::FORMAT, run: misc::is_leader },
    Tool { name: "juju-log", flags: log::FLAGS, run: log::log },
    Tool { name: "network-get", flags: network::FLAGS, run: network::get },
    Tool { name: "open-port", flags: ports::CHANGE, run: ports::open },
    Tool { name: "opened-ports", flags: ports::LIST, run: ports::opened },
    Tool { name: "relation-get", flags: relation_get::FLAGS, run: relation_get::get },
    Tool { name: "relation-ids", flags: Flags::FORMAT, run: relations::ids },
    Tool { name: "relation-list", flags: relations::LIST, run: relations::list },
    Tool { name: "relation-model-get", flags: relations::MODEL, run: relations::model },
    Tool { name: "relation-set", flags: relations::SET, run: relations::set },
    Tool { name: "resource-get", flags: Flags::NONE, run: misc::resource },
    Tool { name: "secret-add", flags: secret_write::FLAGS, run: secret_write::add },
    Tool { name: "secret-get", flags: secret_read::GET, run: secret_read::get },
    Tool { name: "secret-grant", flags: secret_access::GRANT, run: secret_access::grant },
    Tool { name: "secret-ids", flags: Flags::FORMAT, run: secret_read::ids },
    Tool { name: "secret-info-get", flags: secret_read::INFO, run: secret_read::info },
    Tool { name: "secret-remove", flags: secret_access::REMOVE, run: secret_access::remove },
    Tool { name: "secret-revoke", flags: secret_access::REVOKE, run: secret_access::revoke },
    Tool { name: "secret-set", flags: secret_write::FLAGS, run: secret_write::set },
    Tool { name: "state-delete", flags: Flags::NONE, run: stored::delete },
    Tool { name: "state-get", flags: stored::GET, run: stored::get },
    Tool { name: "state-set", flags: stored::SET, run: stored::set },
    Tool { name: "status-get", flags: misc::STATUS_GET, run: misc::status_get },
    Tool { name: "status-set", flags: misc::STATUS_SET, run: misc::status_set },
    Tool { name: "storage-get", flags: network::STORAGE, run: network::storage_get },
    Tool { name: "storage-list", flags: Flags::FORMAT, run: network::storage_list },
    Tool { name: "unit-get", flags: Flags::FORMAT, run: network::unit_get },
];

/// The names of all hook commands that Juju 3 and 4 share and that a charm may want.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TOOLS.iter().map(|tool| tool.name)
}

/// A hook command that is to run.
pub(crate) struct Call<'a> {
    pub(crate) way: Way,
    pub(crate) context_id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) args: &'a [String],
    /// Where relative paths begin.
    pub(crate) dir: &'a Path,
    pub(crate) stdin: Stdin,
}

/// Where a hook command reads what it does not get as an argument.
#[derive(Clone, Debug, Default)]
pub(crate) enum Stdin {
    /// From the standard input of this process, as it is a tool.
    #[default]
    Own,
    /// From the request.
    Given(Vec<u8>),
    /// Nowhere.
    Nothing,
}

/// What the agent says.
pub(crate) enum Answer {
    /// The command ran: its exit status, and what it printed, to standard error where that is not 0.
    Ran { exit: u8, printed: Vec<u8> },
    /// It did not run, or not to its end.
    Error(String),
}

/// What the agent says to a command that would read where there is nothing to read.
const NO_STDIN: &str = "hook tool requires stdin, none supplied";

/// Runs the hook command that this process was started as.
pub fn main() -> ExitCode {
    let mut args = env::args_os();
    let name = args.next().unwrap_or_default();
    let name = Path::new(&name).file_name().and_then(OsStr::to_str).unwrap_or_default().to_owned();
    let args: Vec<String> = args.map(|arg| arg.to_string_lossy().into_owned()).collect();
    let (exit, printed) =
        ask(&name, &args).unwrap_or_else(|refusal| (refusal.code, refusal.text().into_bytes()));
    let stream: &mut dyn io::Write = if exit == 0 { &mut io::stdout() } else { &mut io::stderr() };
    // Whoever does not read the answer does not want it.
    let _ = stream.write_all(&printed).and_then(|()| stream.flush());
    ExitCode::from(exit)
}

/// The exit status of a hook command, and what it printed.
fn ask(name: &str, args: &[String]) -> Result<(u8, Vec<u8>), Refusal> {
    let variable =
        |name: &str| env::var(name).map_err(|_| Refusal::failed(format!("{name} not set")));
    let context_id = &variable("JUJU_CONTEXT_ID")?;
    let socket = variable("JUJU_AGENT_SOCKET_ADDRESS")?;
    let gone = |error: io::Error| {
        Refusal::failed(format!("dial unix {socket}: connect: {}", without_code(&error)))
    };
    let dir = &env::current_dir().map_err(gone)?;
    let call = Call { way: Way::Tool, context_id, name, args, dir, stdin: Stdin::Own };
    match answer(&World::beside(Path::new(&socket)), &call).map_err(gone)? {
        Answer::Ran { exit, printed } => Ok((exit, printed)),
        Answer::Error(text) => Err(Refusal::failed(text)),
    }
}

/// Runs a hook command in the world that is in the file `world`, as the agent does.
pub(crate) fn answer(world: &Path, call: &Call<'_>) -> io::Result<Answer> {
    let bad = |why: String| Ok(Answer::Error(format!("bad request: {why}")));
    let mut file = OpenOptions::new().read(true).write(true).open(world)?;
    // The agent serves one hook command at a time.
    flock(&file, FlockOperation::LockExclusive)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let mut world: World = match serde_json::from_slice(&bytes) {
        Ok(world) => world,
        Err(error) => return bad(error.to_string()),
    };
    if world.context_id != call.context_id {
        return bad(format!("wrong context ID; got {:?}", call.context_id));
    }
    let Some(tool) = TOOLS.iter().find(|tool| tool.name == call.name) else {
        return bad(format!("unknown command: {}", call.name));
    };
    let result = serve(tool, call, &mut world);
    if result.as_ref().is_err_and(|refusal| refusal.message == NO_STDIN) {
        return Ok(Answer::Error(NO_STDIN.to_owned()));
    }
    let (exit, printed) = match result {
        Ok(stdout) => (0, stdout),
        Err(refusal) => (refusal.code, refusal.text().into_bytes()),
    };
    let args = call.args.iter().map(|arg| values::without_value(call.name, arg)).collect();
    let name = call.name.to_owned();
    world.commands.push(Invocation { name, args, exit, way: call.way });
    store(&mut file, &world)?;
    Ok(Answer::Ran { exit, printed })
}

fn serve(tool: &Tool, call: &Call<'_>, world: &mut World) -> Result<Vec<u8>, Refusal> {
    let line = [&[tool.name.to_owned()], call.args].concat().join(" ");
    let refused = world.draft.refusals.iter().find(|(start, _)| line.starts_with(*start));
    if let Some((_, text)) = refused {
        return Err(Refusal::failed(text.clone()));
    }
    let mut parsed = args::parse(tool.name, &tool.flags, call.args)?;
    if parsed.help {
        return Ok(format!("Usage: {} …\n", tool.name).into_bytes());
    }
    call.dir.clone_into(&mut parsed.dir);
    parsed.stdin.clone_from(&call.stdin);
    let stdout = (tool.run)(world, &parsed)?;
    match parsed.text("output").or(parsed.text("o")) {
        Some(path) => {
            std::fs::write(call.dir.join(path), stdout)
                .map_err(|error| Refusal::failed(error.to_string()))?;
            Ok(Vec::new())
        }
        None => Ok(stdout),
    }
}

/// Writes over the old state: a file that is emptied first is written to disk at once by some file systems.
fn store(file: &mut File, world: &World) -> io::Result<()> {
    let bytes = serde_json::to_vec(world)?;
    file.rewind()?;
    file.write_all(&bytes)?;
    file.set_len(bytes.len() as u64)
}

/// Go does not print `(os error 2)`, and writes in lower case.
fn without_code(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
