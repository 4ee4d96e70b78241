//! A connection to a database, made stage by stage.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use charm::Secret;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::error::chain;
use crate::stream::{Agreement, Connect};
use crate::{Error, Login, SslMode, Stage, Step, tls};

/// Who the server is told that we are; it shows in its list of sessions.
const APPLICATION: &str = "charmed-feast";

/// A connection to a database, which ends when this value is dropped.
pub struct Session {
    client: Client,
    password: Secret,
    limit: Duration,
    deadline: Instant,
}

/// When there must be an answer, and how long that was from the start.
#[derive(Clone, Copy)]
struct Limit {
    total: Duration,
    deadline: Instant,
}

impl Session {
    /// Connects and logs in; `steps` gets the stages. None where one of them failed.
    ///
    /// All that is done with the session has to end within `limit` from now.
    pub async fn open(login: &Login, limit: Duration, steps: &mut Vec<Step>) -> Option<Self> {
        let limit = Limit { total: limit, deadline: Instant::now() + limit };
        let addresses = step(steps, Stage::Dns, resolve(login, limit).await, |addresses| {
            let addresses: Vec<String> =
                addresses.iter().map(|address| address.ip().to_string()).collect();
            addresses.join(", ")
        })?;
        let (address, stream) =
            step(steps, Stage::Tcp, reach(&addresses, limit).await, |(address, _)| {
                address.to_string()
            })?;
        let client = match enter(login, stream, limit, &login.sslmode, steps).await {
            // libpq tries again without, too.
            None if login.sslmode == SslMode::Prefer && failed_on_tls(steps) => {
                steps.pop();
                let again = reach(&[address], limit).await.1;
                let (_, stream) = match again {
                    Ok(reached) => reached,
                    Err(error) => {
                        steps.push(Step {
                            stage: Stage::Tls,
                            took: Duration::ZERO,
                            result: Err(error),
                        });
                        return None;
                    }
                };
                enter(login, stream, limit, &SslMode::Disable, steps).await?
            }
            entered => entered?,
        };
        let Limit { total, deadline } = limit;
        Some(Self { client, password: login.password.clone(), limit: total, deadline })
    }

    /// The rows that `sql` gives, as text.
    ///
    /// # Errors
    ///
    /// [`Error`] when the server refuses, hangs up or does not answer in time.
    pub async fn rows(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, Error> {
        let answer = timeout_at(self.deadline, self.client.simple_query(sql)).await;
        let messages = answer
            .map_err(|_| Error::Silent(self.limit))?
            .map_err(|error| Error::of(&error, &self.password))?;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }
}

/// How long something took, and what came of it.
type Timed<T> = (Duration, Result<T, Error>);

/// Notes a stage, and goes on where it did not fail.
fn step<T>(
    steps: &mut Vec<Step>,
    stage: Stage,
    (took, result): Timed<T>,
    told: impl FnOnce(&T) -> String,
) -> Option<T> {
    let (result, value) = match result {
        Ok(value) => (Ok(told(&value)), Some(value)),
        Err(error) => (Err(error), None),
    };
    steps.push(Step { stage, took, result });
    value
}

fn failed_on_tls(steps: &[Step]) -> bool {
    let last = steps.last();
    last.is_some_and(|step| {
        step.stage == Stage::Tls && !matches!(step.result, Err(Error::Silent(_)))
    })
}

/// In a thread that nobody waits for: the system's resolver may take longer than there is time.
async fn resolve(login: &Login, limit: Limit) -> Timed<Vec<SocketAddr>> {
    let begun = Instant::now();
    let (host, port) = (login.host.clone(), login.port);
    let (answer, answered) = oneshot::channel();
    thread::spawn(move || {
        let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect);
        let _nobody_waits = answer.send(found);
    });
    let none = |reason: String| Error::Name { host: login.host.clone(), reason };
    let result = match timeout_at(limit.deadline, answered).await {
        Err(_) => Err(Error::Silent(limit.total)),
        Ok(Err(_)) => Err(none("the resolver ended".to_owned())),
        Ok(Ok(Err(error))) => Err(none(error.to_string())),
        Ok(Ok(Ok(found))) => {
            let found: Vec<SocketAddr> = found;
            if found.is_empty() { Err(none("the name is empty".to_owned())) } else { Ok(found) }
        }
    };
    (begun.elapsed(), result)
}

/// The first address that takes a connection. Each has its share of the time.
async fn reach(addresses: &[SocketAddr], limit: Limit) -> Timed<(SocketAddr, TcpStream)> {
    let begun = Instant::now();
    let mut result = Err(Error::Silent(limit.total));
    for (tried, address) in addresses.iter().enumerate() {
        let left = limit.deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                result = Ok((*address, stream));
                break;
            }
            Ok(Err(error)) => {
                let (address, reason) = (address.to_string(), error.to_string());
                result = Err(Error::Unreachable { address, reason });
            }
            Err(_) => {}
        }
    }
    (begun.elapsed(), result)
}

/// Agrees on TLS and logs in.
async fn enter(
    login: &Login,
    stream: TcpStream,
    limit: Limit,
    sslmode: &SslMode,
    steps: &mut Vec<Step>,
) -> Option<Client> {
    use tokio_postgres::config::SslMode as Wanted;
    let begun = Instant::now();
    let agreement = Arc::new(Mutex::new(Agreement::default()));
    let mut config = Config::new();
    config
        .user(&login.user)
        .password(login.password.reveal())
        .dbname(&login.database)
        .application_name(APPLICATION)
        .ssl_mode(match sslmode {
            SslMode::Disable => Wanted::Disable,
            SslMode::Prefer => Wanted::Prefer,
            SslMode::Require | SslMode::VerifyCa(_) | SslMode::VerifyFull(_) => Wanted::Require,
        });
    let connected = async {
        let name = ServerName::try_from(login.host.clone())
            .or_else(|_| stream.peer_addr().map(|address| ServerName::from(address.ip())))
            .map_err(|error| Error::Protocol(error.to_string()))?;
        let failed = |error: &tokio_postgres::Error| Error::of(error, &login.password);
        match tls::configuration(sslmode)? {
            None => {
                let connected = config.connect_raw(stream, NoTls).await;
                let (client, connection) = connected.map_err(|error| failed(&error))?;
                tokio::spawn(connection);
                Ok(client)
            }
            Some(configuration) => {
                let agreement = Arc::clone(&agreement);
                let tls = Connect { configuration, name, agreement };
                let connected = config.connect_raw(stream, tls).await;
                let (client, connection) = connected.map_err(|error| {
                    // Its own words say no more than that.
                    if is_tls(&error) { Error::Tls(cause(&error)) } else { failed(&error) }
                })?;
                tokio::spawn(connection);
                Ok(client)
            }
        }
    };
    let result =
        timeout_at(limit.deadline, connected).await.unwrap_or(Err(Error::Silent(limit.total)));
    let agreement = agreement.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let ended = Instant::now();
    let word = login.sslmode.word();
    let (agreed, result) = match (agreement, result) {
        (Agreement::Made(at, version), result) => (Some((at, version)), result),
        (Agreement::Offered, Err(error)) => {
            let took = ended - begun;
            steps.push(Step { stage: Stage::Tls, took, result: Err(error) });
            return None;
        }
        (Agreement::None, Err(error @ (Error::Tls(_) | Error::Authority { .. }))) => {
            let error = if matches!(error, Error::Tls(_)) { Error::NoTls(word) } else { error };
            steps.push(Step { stage: Stage::Tls, took: ended - begun, result: Err(error) });
            return None;
        }
        (Agreement::None, Err(error)) if asks_for_tls(sslmode) => {
            steps.push(Step { stage: Stage::Tls, took: ended - begun, result: Err(error) });
            return None;
        }
        (Agreement::None | Agreement::Offered, result) => (None, result),
    };
    let (at, told) = match agreed {
        Some((at, version)) => (at, Some(format!("{version} (sslmode={word})"))),
        // It may not have come to that.
        None if *sslmode == SslMode::Prefer && result.is_err() => (begun, None),
        None => (begun, Some(format!("off (sslmode={word})"))),
    };
    let tls = told.map(|told| Step { stage: Stage::Tls, took: at - begun, result: Ok(told) });
    steps.extend(tls);
    step(steps, Stage::Login, (ended - at, result), |_| {
        format!("{} in {}", login.user, login.database)
    })
}

/// Whether the server has to say something about TLS before anything else.
fn asks_for_tls(sslmode: &SslMode) -> bool {
    matches!(sslmode, SslMode::Require | SslMode::VerifyCa(_) | SslMode::VerifyFull(_))
}

fn is_tls(error: &tokio_postgres::Error) -> bool {
    error.to_string() == "error performing TLS handshake"
}

fn cause(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    error.source().map_or_else(String::new, |cause| match cause.downcast_ref::<io::Error>() {
        Some(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the server hangs up".to_owned()
        }
        _ => chain(cause),
    })
}
