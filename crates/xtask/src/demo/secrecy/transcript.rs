//! All that this process and those that it starts print, on its way to the terminal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{dup, ioctl_fionread};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::stdio::{dup2_stderr, dup2_stdout, stderr, stdout};

use crate::Result;

/// How soon the end is noticed. There need be no end of the pipe: others that were started have it, too.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// Standard output and standard error until it is dropped, both as one.
pub(crate) struct Transcript {
    terminal: (OwnedFd, OwnedFd),
    pipe: Arc<File>,
    text: Arc<Mutex<Vec<u8>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Transcript {
    pub(crate) fn begin() -> Result<Self> {
        let terminal = (dup(stdout())?, dup(stderr())?);
        let mut out = File::from(terminal.0.try_clone()?);
        let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
        let (pipe, text) = (Arc::new(File::from(read)), Arc::new(Mutex::new(Vec::new())));
        let over = Arc::new(AtomicBool::new(false));
        let (ours, written, told) = (Arc::clone(&pipe), Arc::clone(&text), Arc::clone(&over));
        let thread = thread::spawn(move || {
            let mut bytes = vec![0; 65536];
            loop {
                let mut readable = [PollFd::new(&ours, PollFlags::IN)];
                let is_readable = poll(&mut readable, Some(&PAUSE)).is_ok_and(|count| count > 0);
                if is_readable {
                    // Whoever has the lock and finds the pipe empty has all that was printed.
                    let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
                    let count = (&*ours).read(&mut bytes).unwrap_or_default();
                    // Nobody has the other end any more.
                    if count == 0 {
                        return;
                    }
                    written.extend(&bytes[..count]);
                    drop(written);
                    let _nobody_to_tell = out.write_all(&bytes[..count]);
                } else if told.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        dup2_stdout(&write)?;
        dup2_stderr(&write)?;
        Ok(Self { terminal, pipe, text, over, thread: Some(thread) })
    }

    /// All that was printed so far.
    pub(crate) fn text(&self) -> Result<Vec<u8>> {
        std::io::stdout().flush()?;
        loop {
            let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
            if ioctl_fionread(&self.pipe)? == 0 {
                return Ok(text.clone());
            }
            drop(text);
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Transcript {
    fn drop(&mut self) {
        let _nobody_to_tell = std::io::stdout().flush();
        let _stays_as_it_is = dup2_stdout(&self.terminal.0);
        let _stays_as_it_is = dup2_stderr(&self.terminal.1);
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _has_ended = thread.join();
        }
    }
}
