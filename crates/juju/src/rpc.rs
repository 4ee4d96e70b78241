//! Requests and replies of the agent's socket: Go's `net/rpc` in gob, with Juju's one method, `Jujuc.Main`.
//!
//! The source is `internal/worker/uniter/runner/jujuc/server.go` of Juju, the same in 3.6 and 4.1 but for a token that
//! only sockets of other networks ask for. Nobody has promised that it stays so: what is not exactly as it is known is
//! [`Odd`].

use crate::gob::{self, Fields, Odd, Reader, Struct, id};

/// Descriptions of the types of a header and of a request, which are sent once.
const HEADER: &[u8] = b"\x2e\x7f\x03\x01\x01\x07Request\x01\xff\x80\x00\x01\x02\
    \x01\x0dServiceMethod\x01\x0c\x00\x01\x03Seq\x01\x06\x00\x00\x00";
const REQUEST: &[u8] = b"\x5c\xff\x81\x03\x01\x01\x07Request\x01\xff\x82\x00\x01\x06\
    \x01\x09ContextId\x01\x0c\x00\x01\x03Dir\x01\x0c\x00\x01\x0bCommandName\x01\x0c\x00\
    \x01\x04Args\x01\xff\x84\x00\x01\x08StdinSet\x01\x02\x00\x01\x05Stdin\x01\x0a\x00\x00\x00\
    \x16\xff\x83\x02\x01\x01\x08[]string\x01\xff\x84\x00\x01\x0c\x00\x00";

/// The identifiers that these descriptions give, 64 and 65, as they begin a value.
const HEADER_ID: &[u8] = b"\xff\x80";
const REQUEST_ID: &[u8] = b"\xff\x82";

/// A longer message is not read. What hook commands print is far less: the controller keeps no larger documents.
const LARGEST_MESSAGE: u64 = 32 * 1024 * 1024;

/// A reply is at most two descriptions and two values.
const MOST_MESSAGES: usize = 8;

/// One hook command.
pub(crate) struct Request<'a> {
    /// The value of `JUJU_CONTEXT_ID`.
    pub(crate) context_id: &'a str,
    /// Where relative paths begin; absolute.
    pub(crate) dir: &'a str,
    /// The name of the hook command.
    pub(crate) command: &'a str,
    /// Its arguments.
    pub(crate) args: &'a [&'a str],
    /// Its standard input, if it has one.
    pub(crate) stdin: Option<&'a [u8]>,
}

/// What came of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The command ran.
    Ran {
        /// As the exit status of the tool: 0, 1 for a failure, 2 for wrong arguments.
        code: i64,
        /// What the tool would print.
        stdout: Vec<u8>,
        /// What it would print to standard error.
        stderr: Vec<u8>,
    },
    /// The agent says why it did not run it, or not to the end.
    Error(String),
}

impl Request<'_> {
    /// The bytes of the request with this number, the first of a connection being 0.
    pub(crate) fn encode(&self, number: u64) -> Vec<u8> {
        let mut out = Vec::new();
        if number == 0 {
            out.extend(HEADER);
        }
        let mut header = HEADER_ID.to_vec();
        let mut fields = Fields::of(&mut header);
        fields.bytes(1, b"Jujuc.Main");
        fields.uint(2, number);
        fields.end();
        gob::put_bytes(&mut out, &header);
        if number == 0 {
            out.extend(REQUEST);
        }
        let mut body = REQUEST_ID.to_vec();
        let mut fields = Fields::of(&mut body);
        fields.bytes(1, self.context_id.as_bytes());
        fields.bytes(2, self.dir.as_bytes());
        fields.bytes(3, self.command.as_bytes());
        fields.strings(4, self.args);
        fields.uint(5, u64::from(self.stdin.is_some()));
        fields.bytes(6, self.stdin.unwrap_or_default());
        fields.end();
        gob::put_bytes(&mut out, &body);
        out
    }
}

/// What the agent has sent on a connection, and what is known of it.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    /// What was received and not read yet.
    pub(crate) bytes: Vec<u8>,
    types: Vec<(i64, Type)>,
    messages: usize,
    header: Option<Header>,
}

/// The types that replies are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Header,
    Answer,
    /// The body of an error.
    Nothing,
}

#[derive(Debug, Default)]
struct Header {
    number: u64,
    error: String,
}

impl Incoming {
    /// The reply to the request with this number; none if it is not all there yet.
    ///
    /// # Errors
    ///
    /// [`Odd`] for anything else. The connection cannot be used any more then.
    pub(crate) fn reply(&mut self, number: u64) -> Result<Option<Reply>, Odd> {
        while let Some((length, after)) = gob::uint(&self.bytes)? {
            if length > LARGEST_MESSAGE {
                return Err(Odd("a message is too large"));
            }
            let begin = self.bytes.len() - after.len();
            let end = begin + usize::try_from(length).unwrap_or(usize::MAX);
            if self.bytes.len() < end {
                return Ok(None);
            }
            self.messages += 1;
            if self.messages > MOST_MESSAGES {
                return Err(Odd("a reply has too many messages"));
            }
            let message: Vec<u8> = self.bytes.drain(..end).collect();
            if let Some(reply) = self.message(&message[begin..], number)? {
                self.messages = 0;
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    fn message(&mut self, message: &[u8], number: u64) -> Result<Option<Reply>, Odd> {
        let mut reader = Reader(message);
        let id = reader.int()?;
        if id < 0 {
            let known = Type::described(&Struct::read(reader)?)?;
            self.types.push((id.saturating_neg(), known));
            return Ok(None);
        }
        let known = self.types.iter().find(|(known, _)| *known == id).map(|(_, known)| *known);
        match (self.header.take(), known.ok_or(Odd("a value is of an unknown type"))?) {
            (None, Type::Header) => {
                let header = Header::read(reader)?;
                if header.number != number {
                    return Err(Odd("the reply is to another request"));
                }
                self.header = Some(header);
                Ok(None)
            }
            (Some(header), Type::Nothing) if !header.error.is_empty() => {
                let mut reader = reader;
                if reader.field(0)?.is_some() {
                    return Err(Odd("an error has a value"));
                }
                reader.end()?;
                Ok(Some(Reply::Error(header.error)))
            }
            (Some(header), Type::Answer) if header.error.is_empty() => answer(reader).map(Some),
            _ => Err(Odd("the parts of a reply are in disorder")),
        }
    }
}

impl Type {
    fn described(description: &Struct<'_>) -> Result<Self, Odd> {
        match description.fields.as_slice() {
            [(b"ServiceMethod", id::STRING), (b"Seq", id::UINT), (b"Error", id::STRING)] => {
                Ok(Self::Header)
            }
            [(b"Code", id::INT), (b"Stdout", id::BYTES), (b"Stderr", id::BYTES)] => {
                Ok(Self::Answer)
            }
            [] => Ok(Self::Nothing),
            _ => Err(Odd("a type is unknown")),
        }
    }
}

impl Header {
    fn read(mut reader: Reader<'_>) -> Result<Self, Odd> {
        let (mut header, mut last) = (Self::default(), 0);
        while let Some(field) = reader.field(last)? {
            match field {
                1 if reader.bytes()? == b"Jujuc.Main" => {}
                2 => header.number = reader.uint()?,
                3 => header.error = String::from_utf8_lossy(reader.bytes()?).into_owned(),
                _ => return Err(Odd("a header has an unknown field")),
            }
            last = field;
        }
        reader.end()?;
        Ok(header)
    }
}

fn answer(mut reader: Reader<'_>) -> Result<Reply, Odd> {
    let (mut code, mut stdout, mut stderr, mut last) = (0, Vec::new(), Vec::new(), 0);
    while let Some(field) = reader.field(last)? {
        match field {
            1 => code = reader.int()?,
            2 => stdout = reader.bytes()?.to_vec(),
            3 => stderr = reader.bytes()?.to_vec(),
            _ => return Err(Odd("an answer has an unknown field")),
        }
        last = field;
    }
    reader.end()?;
    Ok(Reply::Ran { code, stdout, stderr })
}

#[cfg(test)]
mod tests;
