//! The socket of the unit's agent, on which it serves hook commands.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::gob::Odd;
use crate::rpc::{Incoming, Reply, Request};

/// How long sending a request may take, and waiting for its answer: far longer than a controller takes that will still
/// answer, so that only what would wait for ever is given up.
const PATIENCE: Duration = Duration::from_mins(5);

/// How much is read at a time at least, in bytes: more than most answers are long.
const AT_A_TIME: usize = 4096;

/// What an agent says when it has not begun to do what a request wants.
const NOT_BEGUN: &str = "bad request: ";

/// The socket of the agent, and the connection to it once there is one.
#[derive(Debug)]
pub struct Agent {
    address: PathBuf,
    context_id: String,
    dir: String,
    patience: Duration,
    connection: Option<Connection>,
}

/// One connection serves a whole hook; requests follow one another, as the agent serves one at a time.
#[derive(Debug)]
struct Connection {
    stream: UnixStream,
    incoming: Incoming,
    /// How many requests were sent.
    requests: u64,
}

/// Why a request has no answer.
#[derive(Debug)]
pub enum Trouble {
    /// It was certainly not carried out.
    NotDone(Reason),
    /// Nobody knows whether it was carried out.
    Unknown(Reason),
}

/// What is wrong with the agent's socket.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// It cannot be reached, written to or read from.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What it sends is not what is known of Juju.
    #[error("what the agent sent is unknown: {0}")]
    Odd(#[from] Odd),
    /// The agent did not run the hook command, or not to its end.
    #[error("the agent says: {0}")]
    Refused(String),
    /// It does not answer.
    #[error("no answer within {} s", .0.as_secs())]
    Slow(Duration),
}

/// What a hook command answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// As the exit status of the tool.
    pub code: i64,
    /// What the tool would print.
    pub stdout: Vec<u8>,
    /// What it would print to standard error.
    pub stderr: Vec<u8>,
}

impl Agent {
    /// The agent that the environment of a hook describes, for a hook that runs in the folder `dir`. None where hook
    /// commands run elsewhere than the agent, with a token and through TLS.
    pub fn of(variable: impl Fn(&str) -> Option<String>, dir: &str) -> Option<Self> {
        let filled = |name: &str| variable(name).filter(|value| !value.is_empty());
        let local = filled("JUJU_AGENT_SOCKET_NETWORK").as_deref() == Some("unix")
            && filled("JUJU_AGENT_TOKEN").is_none();
        let address = filled("JUJU_AGENT_SOCKET_ADDRESS").filter(|_| local)?;
        // Go writes the zero byte of an abstract address as an @.
        let address = match address.strip_prefix('@') {
            Some(name) => format!("\0{name}"),
            None => address,
        };
        Some(Self {
            address: address.into(),
            context_id: filled("JUJU_CONTEXT_ID")?,
            dir: dir.to_owned(),
            patience: PATIENCE,
            connection: None,
        })
    }

    /// Has a hook command run. After any trouble, the connection is closed.
    ///
    /// # Errors
    ///
    /// [`Trouble`] says whether it may have been carried out.
    pub async fn run(
        &mut self,
        command: &str,
        args: &[&str],
        stdin: Option<&[u8]>,
    ) -> Result<Answer, Trouble> {
        let patience = self.patience;
        let slow = |_| Reason::Slow(patience);
        let mut connection = timeout(patience, self.sent(command, args, stdin))
            .await
            .map_err(slow)
            .and_then(|sent| sent.map_err(Reason::Io))
            .map_err(Trouble::NotDone)?;
        let reply = timeout(patience, connection.reply())
            .await
            .map_err(slow)
            .and_then(|reply| reply)
            .map_err(Trouble::Unknown)?;
        match reply {
            Reply::Ran { code, stdout, stderr } => {
                self.connection = Some(connection);
                Ok(Answer { code, stdout, stderr })
            }
            Reply::Error(text) if text.starts_with(NOT_BEGUN) => {
                Err(Trouble::NotDone(Reason::Refused(text)))
            }
            Reply::Error(text) => Err(Trouble::Unknown(Reason::Refused(text))),
        }
    }

    /// The connection, on which the request has been sent whole. One that was not sent whole is never carried out: the
    /// connection ends before its last byte.
    async fn sent(
        &mut self,
        command: &str,
        args: &[&str],
        stdin: Option<&[u8]>,
    ) -> io::Result<Connection> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection {
                stream: UnixStream::connect(&self.address).await?,
                incoming: Incoming::default(),
                requests: 0,
            },
        };
        let (context_id, dir) = (&self.context_id, &self.dir);
        let request = Request { context_id, dir, command, args, stdin };
        connection.stream.write_all(&request.encode(connection.requests)).await?;
        connection.requests += 1;
        Ok(connection)
    }
}

impl Connection {
    async fn reply(&mut self) -> Result<Reply, Reason> {
        loop {
            if let Some(reply) = self.incoming.reply(self.requests - 1)? {
                return Ok(reply);
            }
            self.incoming.bytes.reserve(AT_A_TIME);
            if self.stream.read_buf(&mut self.incoming.bytes).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
    }
}

#[cfg(test)]
mod tests;
