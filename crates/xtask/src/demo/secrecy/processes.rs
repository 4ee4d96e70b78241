//! The arguments and the variables of all processes, which every other process of the same user can read.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::Result;

/// Between two looks. The shortest processes, hook commands, take a few milliseconds; but there are hundreds of them.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks at all processes until it is told to end.
pub(crate) struct Processes {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<Seen>>,
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Each argument and each variable, once.
    pub(crate) strings: HashSet<Vec<u8>>,
    /// How many programs were seen to run.
    pub(crate) processes: usize,
}

impl Processes {
    pub(crate) fn begin() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let thread = thread::spawn(move || {
            let (mut seen, mut known) = (Seen::default(), HashSet::new());
            while !told.load(Ordering::Relaxed) {
                look(&mut seen, &mut known);
                thread::sleep(PAUSE);
            }
            seen.processes = known.len();
            seen
        });
        Self { over, thread: Some(thread) }
    }

    /// What was seen from the beginning until now.
    pub(crate) fn end(&mut self) -> Result<Seen> {
        self.over.store(true, Ordering::Relaxed);
        let seen = self.thread.take().and_then(|thread| thread.join().ok());
        seen.ok_or_else(|| "looking at processes has failed".into())
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// Adds what is new. A process that runs another program is another one.
fn look(seen: &mut Seen, known: &mut HashSet<(String, Vec<u8>)>) {
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(number) = entry.file_name().into_string() else { continue };
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let Ok(arguments) = fs::read(entry.path().join("cmdline")) else { continue };
        // What runs in the kernel has none.
        if arguments.is_empty() || !known.insert((number, arguments.clone())) {
            continue;
        }
        seen.add(&arguments);
        seen.add(&variables(&entry.path()));
    }
}

fn variables(process: &Path) -> Vec<u8> {
    fs::read(process.join("environ")).unwrap_or_default()
}

impl Seen {
    fn add(&mut self, strings: &[u8]) {
        for string in strings.split(|byte| *byte == 0) {
            if !self.strings.contains(string) {
                self.strings.insert(string.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn arguments_and_variables_of_a_process_are_seen_while_it_runs() {
        let (argument, variable) = ("86400.25", "LOOKED_FOR=variable-4711");
        let mut process =
            Command::new("sleep").arg(argument).env("LOOKED_FOR", "variable-4711").spawn().unwrap();
        let (mut seen, mut known) = (Seen::default(), HashSet::new());
        // Until it has become that program it is a copy of this one.
        while !seen.strings.contains(argument.as_bytes()) {
            look(&mut seen, &mut known);
        }
        process.kill().unwrap();
        process.wait().unwrap();
        assert!(seen.strings.contains(variable.as_bytes()));
    }
}
