//! Passes connections on to a server, from every address in a file.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

use serde::Deserialize;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Where to listen, and where to pass everything on to.
#[derive(Deserialize)]
struct Pooler {
    listen: Vec<SocketAddr>,
    server: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "Pebble keeps what a service prints")]
            {
                eprintln!("{error}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> io::Result<()> {
    let path =
        std::env::args_os().nth(1).ok_or_else(|| io::Error::other("usage: stand-pooler FILE"))?;
    let Pooler { listen, server } = serde_json::from_slice(&std::fs::read(path)?)?;
    let mut served = JoinSet::new();
    for address in listen {
        served.spawn(pass_on(TcpListener::bind(address).await?, server.clone()));
    }
    while let Some(ended) = served.join_next().await {
        ended.map_err(io::Error::other)??;
    }
    Ok(())
}

/// Passes every connection on, each to the server that the name leads to then.
async fn pass_on(listener: TcpListener, server: String) -> io::Result<()> {
    loop {
        let (mut client, _) = listener.accept().await?;
        let server = server.clone();
        tokio::spawn(async move {
            // An end that goes away takes the other one with it.
            if let Ok(mut server) = TcpStream::connect(&server).await {
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn both_ends_hear_each_other_and_end_together() {
        let behind = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let server = behind.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (mut stream, _) = behind.accept().await.unwrap();
            let mut heard = [0; 4];
            stream.read_exact(&mut heard).await.unwrap();
            stream.write_all(&heard).await.unwrap();
        });
        let front = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = front.local_addr().unwrap();
        tokio::spawn(pass_on(front, server));

        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"ping").await.unwrap();
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, b"ping");
        // Nobody is behind it any more.
        let mut client = TcpStream::connect(address).await.unwrap();
        assert_eq!(client.read_to_end(&mut heard).await.unwrap(), 0);
    }
}
