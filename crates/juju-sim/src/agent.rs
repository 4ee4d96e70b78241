//! The agent's socket, on which a charm may have hook commands run without processes.

mod gob;

use std::io::{self, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde::{Deserialize, Serialize};

use self::gob::{Incoming, Outgoing};
use crate::tool::{self, Answer, Call, Stdin};

/// What there is of the agent's socket. The tools of the hook commands work in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Socket {
    /// It serves hook commands, as Juju's does.
    #[default]
    Serves,
    /// Nobody listens.
    Absent,
    /// It serves hook commands until the request with this number, the first being 1.
    Breaks(usize, Break),
}

/// How the agent's socket breaks at a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// Nobody reads it any more, so that it cannot be sent. At the first request, this cannot be told from a socket
    /// that is absent.
    Unsent,
    /// It is answered by `bad request: …` without having been carried out.
    Refused,
    /// It is read, and the connection ends without its having been carried out.
    Undone,
    /// It is carried out, and the connection ends without an answer.
    Unanswered,
    /// It is carried out, and the connection ends in the middle of the answer.
    CutOff,
    /// It is carried out, and answered in a language that nobody knows.
    Unreadable,
}

/// How a hook command was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// As a process.
    Tool,
    /// By a request on the agent's socket.
    Socket,
}

/// Runs `charm` while the socket at `path` serves hook commands in the world that is in the file `world`.
pub(crate) fn serve<T>(
    socket: Socket,
    path: &Path,
    world: &Path,
    charm: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    if socket == Socket::Absent {
        return charm();
    }
    let listener = UnixListener::bind(path)?;
    let agent = Agent { socket, world, requests: AtomicUsize::new(0) };
    let over = AtomicBool::new(false);
    let agent = &agent;
    let outcome = thread::scope(|scope| {
        scope.spawn(|| {
            for connection in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(connection) = connection else { continue };
                // Whoever breaks a connection has had enough of it.
                scope.spawn(move || agent.answer(&connection));
            }
        });
        let outcome = charm();
        over.store(true, Ordering::SeqCst);
        // Nothing but another connection wakes the one who waits for it.
        let _ = UnixStream::connect(path);
        outcome
    });
    std::fs::remove_file(path)?;
    outcome
}

struct Agent<'a> {
    socket: Socket,
    world: &'a Path,
    /// How many requests there were on all connections.
    requests: AtomicUsize,
}

impl Agent<'_> {
    /// Answers requests until one side ends the connection.
    fn answer(&self, connection: &UnixStream) -> io::Result<()> {
        let mut stream = connection;
        let mut incoming = Incoming::new(connection);
        let mut outgoing = Outgoing::default();
        while let Some((number, request)) = incoming.request()? {
            let count = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
            let broken = match self.socket {
                Socket::Breaks(at, how) if at == count => Some(how),
                _ => None,
            };
            let answer = match broken {
                Some(Break::Undone) => return Ok(()),
                Some(Break::Refused) => {
                    Err("bad request: the socket is not what it was".to_owned())
                }
                _ => self.run(&request),
            };
            let mut bytes = outgoing.reply(number, &answer);
            match broken {
                Some(Break::Unanswered) => return Ok(()),
                Some(Break::CutOff) => bytes.truncate(bytes.len() / 2),
                Some(Break::Unreadable) => bytes = b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
                _ => {}
            }
            let deaf = self.socket == Socket::Breaks(count + 1, Break::Unsent);
            if deaf {
                // Before the answer, or the next request could be quicker.
                connection.shutdown(Shutdown::Read)?;
            }
            stream.write_all(&bytes)?;
            if deaf || broken.is_some_and(|how| how != Break::Refused) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn run(&self, request: &gob::Request) -> Result<(u8, Vec<u8>), String> {
        if request.command.is_empty() {
            return Err("bad request: command not specified".to_owned());
        }
        if !Path::new(&request.dir).is_absolute() {
            return Err("bad request: Dir is not absolute".to_owned());
        }
        let call = Call {
            way: Way::Socket,
            context_id: &request.context_id,
            name: &request.command,
            args: &request.args,
            dir: Path::new(&request.dir),
            stdin: request.stdin.clone().map_or(Stdin::Nothing, Stdin::Given),
        };
        match tool::answer(self.world, &call).map_err(|error| error.to_string())? {
            Answer::Ran { exit, printed } => Ok((exit, printed)),
            Answer::Error(text) => Err(text),
        }
    }
}
