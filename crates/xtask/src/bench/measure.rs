//! The process between Juju and the charm while a hook is measured.
//!
//! It is started as `dispatch`, by a script of one line, and starts the charm itself. The kernel then accounts for the
//! charm and its hook commands alone, and what it took to start this process is no part of any number.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use juju::Agent;
use nix::sys::ptrace;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::TimeValLike as _;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use stand::script;

use crate::Result;
use crate::bench::forget::forget;
use crate::bench::shim::Shims;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The file with a [`Plan`].
    plan: PathBuf,
}

/// What to measure, as `dispatch` finds it in a file that changes between hooks.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Plan {
    /// The charm's program.
    pub(crate) program: PathBuf,
    /// Endpoints on which the application has said nothing yet, or so it is to seem.
    pub(crate) forget: Vec<String>,
    /// What to do in its place.
    pub(crate) task: Task,
    /// A file that gets a line for each hook, a [`Sample`].
    pub(crate) into: PathBuf,
}

/// What a hook is spent on.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) enum Task {
    /// Run the charm, with nothing in its way.
    Time,
    /// Run the charm, look at it right before it ends, and record its hook commands.
    Watch,
    /// Run hook commands in a loop, without the charm: what the same questions cost anybody.
    Commands(Vec<Vec<String>>),
    /// Make the same requests on one connection to the agent's socket, without the charm.
    Requests(Vec<Vec<String>>),
}

/// What one hook took.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Sample {
    /// The variable `JUJU_DISPATCH_PATH` of the hook.
    pub(crate) hook: String,
    /// Seconds from before the charm was started until after it has ended.
    pub(crate) wall: f64,
    /// Seconds of processors, of the charm and its hook commands, in user and system mode.
    pub(crate) cpu: f64,
    /// The most memory that the charm itself had resident at a time, in bytes.
    pub(crate) memory: Option<u64>,
    /// The hook commands that it started, if they were recorded.
    pub(crate) commands: Vec<Vec<String>>,
}

/// Writes a program that measures by the plan in the file `plan` whenever Juju runs it.
pub(crate) fn dispatch(path: &Path, plan: &Path) -> Result<()> {
    let own = std::env::current_exe()?;
    let quoted = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
    let text = format!("#!/bin/sh\nexec {} measure {}\n", quoted(&own), quoted(plan));
    Ok(script::write(path, &text)?)
}

/// The hidden command.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let plan: Plan = serde_json::from_slice(&fs::read(&arguments.plan)?)?;
    let mut command = Command::new(&plan.program);
    let mut shims = None;
    match &plan.task {
        Task::Time => forget(&plan.forget, true)?,
        // Nobody says it again.
        Task::Commands(_) | Task::Requests(_) => forget(&plan.forget, false)?,
        Task::Watch => {
            forget(&plan.forget, true)?;
            let shims = shims.insert(Shims::before(&std::env::var_os("PATH").unwrap_or_default())?);
            command = Command::new("/bin/sh");
            command
                // A hook may be over before anybody could begin to watch it.
                .args(["-c", "kill -STOP $$; exec \"$0\""])
                .arg(&plan.program)
                .env("PATH", shims.path());
        }
    }
    let before = processor_time()?;
    let started = Instant::now();
    let (code, memory) = match &plan.task {
        Task::Time => (code(command.status()?), None),
        Task::Watch => watched(&mut command)?,
        Task::Commands(commands) => (ask(commands)?, None),
        Task::Requests(commands) => (request(commands)?, None),
    };
    let wall = started.elapsed().as_secs_f64();
    let cpu = processor_time()?.saturating_sub(before).as_secs_f64();
    let commands = shims.map_or_else(|| Ok(Vec::new()), |shims| shims.commands())?;
    let hook = std::env::var("JUJU_DISPATCH_PATH").unwrap_or_default();
    let sample = Sample { hook, wall, cpu, memory, commands };
    let mut into = fs::File::options().create(true).append(true).open(&plan.into)?;
    into.write_all(format!("{}\n", serde_json::to_string(&sample)?).as_bytes())?;
    Ok(ExitCode::from(code))
}

/// What all processes together that this one has started and waited for took.
fn processor_time() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let microseconds =
        usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(u64::try_from(microseconds)?))
}

fn code(status: ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Runs hook commands one after another, as a charm would at the least: their answers are read.
fn ask(commands: &[Vec<String>]) -> Result<u8> {
    for command in commands {
        let [name, arguments @ ..] = &command[..] else { continue };
        // Whether Juju likes the question is not what is measured.
        let _answer = Command::new(name).args(arguments).stdin(Stdio::null()).output()?;
    }
    Ok(0)
}

/// Makes the requests of hook commands one after another, on one connection; their answers are read.
fn request(commands: &[Vec<String>]) -> Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let folder = std::env::current_dir()?.display().to_string();
        let agent = Agent::of(|name| std::env::var(name).ok(), &folder);
        let mut agent = agent.ok_or("there is no agent to speak to")?;
        for command in commands {
            let [name, arguments @ ..] = &command[..] else { continue };
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            // Whether Juju likes the question is not what is measured.
            agent
                .run(name, &arguments, None)
                .await
                .map_err(|trouble| format!("{name}: {trouble:?}"))?;
        }
        Ok(0)
    })
}

/// Runs what `command` starts when it goes on after having stopped itself, and looks at it right before it ends, when its
/// largest size is final. Resource usage would not do: it is the largest of the charm and all its hook commands.
fn watched(command: &mut Command) -> Result<(u8, Option<u64>)> {
    let child = command.spawn()?;
    let pid = Pid::from_raw(i32::try_from(child.id())?);
    waitpid(pid, Some(WaitPidFlag::WUNTRACED))?;
    ptrace::seize(pid, ptrace::Options::PTRACE_O_TRACEEXIT)
        .map_err(|error| format!("watching the charm's process, by ptrace: {error}"))?;
    kill(pid, Signal::SIGCONT)?;
    let mut memory = None;
    loop {
        match waitpid(pid, None)? {
            WaitStatus::PtraceEvent(_, _, event) => {
                if event == ptrace::Event::PTRACE_EVENT_EXIT as i32 {
                    memory = largest(pid);
                }
                ptrace::cont(pid, None)?;
            }
            WaitStatus::Stopped(_, signal) => ptrace::cont(pid, signal)?,
            WaitStatus::Exited(_, code) => return Ok((u8::try_from(code).unwrap_or(1), memory)),
            WaitStatus::Signaled(..) => return Ok((1, memory)),
            _ => {}
        }
    }
}

/// The most that a process has had resident, in bytes.
fn largest(pid: Pid) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_process_is_its_own_and_not_that_of_what_it_starts() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        // Sixty megabytes in a process that is waited for.
        let text = "#!/bin/sh\nkill -STOP $$\nhead -c 60000000 /dev/zero | sort -z -S 1% >/dev/null; exit 3\n";
        script::write(&program, text).unwrap();
        let (code, memory) = watched(&mut Command::new(&program)).unwrap();
        assert_eq!(code, 3);
        let memory = memory.unwrap();
        assert!((100_000..8_000_000).contains(&memory), "{memory}");
        let all = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss() * 1024;
        assert!(all > 20_000_000, "{all}");
    }
}
