//! The process between Juju and the charm while a hook is measured.
//!
//! It is started as `dispatch`, by a script of one line, and starts the charm itself. The kernel then accounts for the
//! charm and its hook commands alone, and what it took to start this process is no part of any number.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::Instant;

use nix::sys::ptrace;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::TimeValLike as _;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::Result;

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
    /// Run the charm, and look at it right before it ends.
    Memory,
    /// Run hook commands in a loop, without the charm: what the same questions cost anybody.
    Commands(Vec<Vec<String>>),
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
}

/// Writes a program that measures by the plan in the file `plan` whenever Juju runs it.
pub(crate) fn dispatch(path: &Path, plan: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let own = std::env::current_exe()?;
    let quoted = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
    fs::write(path, format!("#!/bin/sh\nexec {} measure {}\n", quoted(&own), quoted(plan)))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// The hidden command.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let plan: Plan = serde_json::from_slice(&fs::read(&arguments.plan)?)?;
    let started = Instant::now();
    let (code, memory) = match &plan.task {
        Task::Time => (code(Command::new(&plan.program).status()?), None),
        Task::Memory => watched(&plan.program)?,
        Task::Commands(commands) => (ask(commands)?, None),
    };
    let wall = started.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let microseconds =
        usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    let hook = std::env::var("JUJU_DISPATCH_PATH").unwrap_or_default();
    let sample = Sample {
        hook,
        wall,
        cpu: std::time::Duration::from_micros(u64::try_from(microseconds)?).as_secs_f64(),
        memory,
    };
    let mut into = fs::File::options().create(true).append(true).open(&plan.into)?;
    into.write_all(format!("{}\n", serde_json::to_string(&sample)?).as_bytes())?;
    Ok(ExitCode::from(code))
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

/// Runs `program`, stopped once right before it ends, when its largest size is final. Resource usage would not do: it
/// is the largest of the charm and all its hook commands.
fn watched(program: &Path) -> Result<(u8, Option<u64>)> {
    // A hook may be over before anybody could begin to watch it.
    let child =
        Command::new("/bin/sh").args(["-c", "kill -STOP $$; exec \"$0\""]).arg(program).spawn()?;
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
        let program = folder.path().join("small");
        // Sixty megabytes in a process that is waited for.
        fs::write(
            &program,
            "#!/bin/sh\nhead -c 60000000 /dev/zero | sort -z -S 1% >/dev/null; exit 3\n",
        )
        .unwrap();
        let mut permissions = fs::metadata(&program).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
        fs::set_permissions(&program, permissions).unwrap();
        let (code, memory) = watched(&program).unwrap();
        assert_eq!(code, 3);
        let memory = memory.unwrap();
        assert!((100_000..8_000_000).contains(&memory), "{memory}");
        let all = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss() * 1024;
        assert!(all > 20_000_000, "{all}");
    }
}
