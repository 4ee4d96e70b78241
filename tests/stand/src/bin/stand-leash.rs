//! Runs a program and ends it, with all that it started, when standard input closes.
//!
//! `stand-leash SIGNAL GRACE PROGRAM [ARGUMENT…]`: whoever holds the other end of the pipe on standard input may die in
//! any way, SIGKILL included: the kernel closes the pipe. The program then gets SIGNAL (a number), and SIGKILL if it is
//! still there GRACE milliseconds later. Exits as the program did, with 128 + n if signal n ended it.

use std::ffi::OsString;
use std::fs;
use std::io::{Read as _, stdin};
use std::os::unix::process::CommandExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitOptions, kill_process, kill_process_group, set_child_subreaper, wait,
};

fn main() -> ExitCode {
    match run() {
        Ok(status) => {
            let code = status.code().or_else(|| Some(128 + status.signal()?)).unwrap_or(1);
            ExitCode::from(u8::try_from(code).unwrap_or(1))
        }
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "standard error is the log of the program")]
            {
                eprintln!("stand-leash: {error}");
            }
            ExitCode::from(127)
        }
    }
}

fn run() -> Result<ExitStatus, String> {
    let mut arguments = std::env::args_os().skip(1);
    let mut number = || arguments.next()?.to_str()?.parse::<i32>().ok();
    let (Some(signal), Some(grace)) = (number(), number()) else {
        return Err("usage: stand-leash SIGNAL GRACE PROGRAM [ARGUMENT…]".to_owned());
    };
    let signal =
        Signal::from_named_raw(signal).ok_or_else(|| format!("unknown signal {signal}"))?;
    let grace = Duration::from_millis(u64::try_from(grace).unwrap_or_default());
    let program: OsString = arguments.next().ok_or("no program given")?;

    // Whatever the program starts and abandons becomes a child of this process, and is ended with it.
    set_child_subreaper(Some(rustix::process::getpid()))
        .map_err(|error| format!("becoming a subreaper: {error}"))?;
    let child = Command::new(&program)
        .args(arguments)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("starting {}: {error}", program.display()))?;
    let pid = Pid::from_child(&child);

    let (send, events) = mpsc::channel();
    wait_in_thread(child, send.clone());
    eof_in_thread(send);
    let status = match events.recv() {
        Ok(Event::HolderGone) => {
            let _may_have_ended = kill_process_group(pid, signal);
            events.recv_timeout(grace).or_else(|_| {
                let _may_have_ended = kill_process_group(pid, Signal::KILL);
                events.recv()
            })
        }
        event => event,
    };
    let status = match status {
        Ok(Event::Ended(status)) => status,
        _ => Err("waiting for the program failed".to_owned()),
    };
    end_descendants();
    status
}

enum Event {
    Ended(Result<ExitStatus, String>),
    HolderGone,
}

fn wait_in_thread(mut child: Child, events: mpsc::Sender<Event>) {
    thread::spawn(move || {
        events.send(Event::Ended(child.wait().map_err(|error| error.to_string())))
    });
}

fn eof_in_thread(events: mpsc::Sender<Event>) {
    thread::spawn(move || {
        let mut byte = [0];
        while stdin().read(&mut byte).is_ok_and(|count| count > 0) {}
        events.send(Event::HolderGone)
    });
}

/// Kills what is left. Children of a killed process become children of this one, so this ends when there are none.
fn end_descendants() {
    loop {
        for child in children() {
            let _may_have_ended = kill_process(child, Signal::KILL);
        }
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) => {}
            Ok(None) => thread::sleep(Duration::from_millis(1)),
            Err(_no_child) => return,
        }
    }
}

fn children() -> Vec<Pid> {
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    threads
        .filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok())
        .flat_map(|list| {
            list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>()
        })
        .filter_map(Pid::from_raw)
        .collect()
}
