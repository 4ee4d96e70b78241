//! Programs on a leash end with whoever holds it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use stand::leash::{Ending, Process, command};

const LIMIT: Duration = Duration::from_mins(1);

fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < LIMIT, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn runs(pid: &str) -> bool {
    let pid = pid.trim();
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state
        .rsplit(')')
        .next()
        .is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
}

fn pids(file: &Path, count: usize) -> Vec<String> {
    let read = || fs::read_to_string(file).unwrap_or_default();
    eventually("the program writes its process ids", || read().lines().count() == count);
    read().lines().map(str::to_owned).collect()
}

/// A shell that ignores SIGTERM, with a daemon in a session of its own.
fn stubborn(pids: &Path) -> String {
    format!(
        "trap '' TERM; setsid sh -c 'echo $$ >> {0}; sleep 300' & echo $$ >> {0}; while :; do sleep 300; done",
        pids.display()
    )
}

#[test]
fn a_program_and_its_daemons_die_with_a_killed_holder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    // The holder is waited for, and should not have to build the leash first.
    stand::binary::binary("stand-leash").unwrap();
    // This test's program again, as the holder that is killed.
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holds_a_leash_when_told_to", "--nocapture"])
        .env("STAND_LEASH_PIDS", &file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pids = pids(&file, 2);
    assert!(pids.iter().all(|pid| runs(pid)));
    holder.kill().unwrap();
    holder.wait().unwrap();
    eventually("the program and its daemon end", || !pids.iter().any(|pid| runs(pid)));
}

/// The other half of the test above; alone it does nothing.
#[test]
fn holds_a_leash_when_told_to() {
    let Some(file) = std::env::var_os("STAND_LEASH_PIDS") else { return };
    let mut sh =
        command("sh", Ending { grace: Duration::from_millis(200), ..Ending::default() }).unwrap();
    sh.arg("-c").arg(stubborn(Path::new(&file)));
    let _process = Process::start("sh", sh, &Path::new(&file).with_extension("log")).unwrap();
    thread::sleep(LIMIT * 3);
}

#[test]
fn dropping_ends_the_program_and_what_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let mut sh =
        command("sh", Ending { grace: Duration::from_millis(200), ..Ending::default() }).unwrap();
    sh.arg("-c").arg(stubborn(&file));
    let process = Process::start("sh", sh, &folder.path().join("log")).unwrap();
    let pids = pids(&file, 2);
    drop(process);
    assert!(!pids.iter().any(|pid| runs(pid)));
}

#[test]
fn a_program_is_asked_before_it_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut sh = command("sh", Ending::default()).unwrap();
    sh.args(["-c", "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done"]);
    let mut process = Process::start("sh", sh, &log).unwrap();
    let said = |text: &str| fs::read_to_string(&log).is_ok_and(|all| all.contains(text));
    process.wait_ready(LIMIT, || said("ready")).unwrap();
    drop(process);
    assert!(said("bye"));
}

#[test]
fn a_program_that_ends_before_it_is_ready_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let mut sh = command("sh", Ending::default()).unwrap();
    sh.args(["-c", "echo port in use >&2; exit 3"]);
    let mut process = Process::start("sh", sh, &folder.path().join("log")).unwrap();
    let text = process.wait_ready(LIMIT, || false).unwrap_err().to_string();
    assert!(text.contains("exit status: 3") && text.ends_with("port in use"), "{text}");
}

#[test]
fn a_killed_program_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let mut sleep = command("sleep", Ending::default()).unwrap();
    sleep.arg("300");
    let mut process = Process::start("sleep", sleep, &folder.path().join("log")).unwrap();
    let mut id = None;
    process.wait_ready(LIMIT, || true).unwrap();
    eventually("the program starts", || {
        id = process.id();
        id.is_some()
    });
    process.kill();
    assert!(!runs(&id.unwrap_or_default().to_string()));
}
