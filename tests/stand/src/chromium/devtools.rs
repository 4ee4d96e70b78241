//! The few words of the Chrome `DevTools` Protocol that are needed: JSON messages over a web socket.
//!
//! See <https://chromedevtools.github.io/devtools-protocol/>.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

use super::Error;

/// How long the browser may take for one answer.
const ANSWER: Duration = Duration::from_mins(1);

/// A connection to one tab.
#[derive(Debug)]
pub(super) struct DevTools {
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    session: Value,
    last: u64,
}

impl DevTools {
    /// Opens a tab in the browser at `address` (`ws://…`).
    pub(super) fn connect(address: &str) -> Result<Self, Error> {
        let (socket, _response) = tungstenite::connect(address)?;
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_read_timeout(Some(ANSWER)).map_err(tungstenite::Error::Io)?;
        }
        let mut devtools = Self { socket, session: Value::Null, last: 0 };
        let tab = devtools.call("Target.createTarget", &json!({ "url": "about:blank" }))?;
        let attach = json!({ "targetId": tab["targetId"], "flatten": true });
        devtools.session = devtools.call("Target.attachToTarget", &attach)?["sessionId"].take();
        Ok(devtools)
    }

    /// Calls `method` and waits for its result; events are of no interest.
    pub(super) fn call(&mut self, method: &str, parameters: &Value) -> Result<Value, Error> {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": parameters });
        if !self.session.is_null() {
            message["sessionId"] = self.session.clone();
        }
        self.socket.send(Message::text(message.to_string()))?;
        loop {
            let Message::Text(text) = self.socket.read()? else { continue };
            let mut answer: Value = serde_json::from_str(&text)
                .map_err(|error| Error::Answer(format!("{method}: {error}")))?;
            if answer["id"] != self.last {
                continue;
            }
            if let Some(error) = answer.get("error") {
                return Err(Error::Answer(format!("{method}: {error}")));
            }
            return Ok(answer["result"].take());
        }
    }
}
