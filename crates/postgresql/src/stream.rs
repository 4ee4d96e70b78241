//! rustls as tokio-postgres wants its TLS, with a look at when it was agreed on and on what.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;

/// How far TLS has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Agreement {
    /// The server was not heard to offer it.
    #[default]
    None,
    /// The server offers it.
    Offered,
    /// It was agreed on then, in this version.
    Made(Instant, String),
}

/// Agrees on TLS with the server of this name.
pub(crate) struct Connect {
    pub(crate) configuration: Arc<ClientConfig>,
    pub(crate) name: ServerName<'static>,
    pub(crate) agreement: Arc<Mutex<Agreement>>,
}

impl TlsConnect<TcpStream> for Connect {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

    fn connect(self, stream: TcpStream) -> Self::Future {
        let Self { configuration, name, agreement } = self;
        let note = move |new| *agreement.lock().unwrap_or_else(PoisonError::into_inner) = new;
        Box::pin(async move {
            note(Agreement::Offered);
            let stream = TlsConnector::from(configuration).connect(name, stream).await?;
            let version = stream.get_ref().1.protocol_version();
            let version = version.and_then(|version| version.as_str()).unwrap_or("TLS");
            note(Agreement::Made(Instant::now(), version.replace("TLSv1_", "TLS 1.")));
            Ok(Encrypted(stream))
        })
    }
}

/// An encrypted connection.
pub(crate) struct Encrypted(tokio_rustls::client::TlsStream<TcpStream>);

impl TlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
