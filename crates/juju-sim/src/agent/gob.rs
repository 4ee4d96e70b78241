//! Go's `net/rpc` in gob, as Juju's agent reads and writes it.
//!
//! This is made of the documentation of Go's packages `encoding/gob` and `net/rpc`, and shares nothing with the client
//! in `crates/juju`, so that either finds the other's mistakes.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

/// A hook command that is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) context_id: String,
    pub(super) dir: String,
    pub(super) command: String,
    pub(super) args: Vec<String>,
    pub(super) stdin: Option<Vec<u8>>,
}

/// What a client sends.
pub(super) struct Incoming<R> {
    stream: BufReader<R>,
    /// The fields of the structs that were described, by identifier.
    structs: BTreeMap<i64, Vec<(String, i64)>>,
}

/// A value of a field.
#[derive(Debug)]
enum Value {
    Number(u64),
    Text(Vec<u8>),
    List(Vec<Vec<u8>>),
}

impl<R: Read> Incoming<R> {
    pub(super) fn new(stream: R) -> Self {
        Self { stream: BufReader::new(stream), structs: BTreeMap::new() }
    }

    /// The next request, and the number that its client gave it; none when the client is done.
    pub(super) fn request(&mut self) -> io::Result<Option<(u64, Request)>> {
        if self.stream.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut header = self.value()?;
        let mut number = 0;
        if let Some(Value::Number(given)) = header.remove("Seq") {
            number = given;
        }
        let mut body = self.value()?;
        let mut text = |name: &str| match body.remove(name) {
            Some(Value::Text(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            _ => String::new(),
        };
        let mut request = Request {
            context_id: text("ContextId"),
            dir: text("Dir"),
            command: text("CommandName"),
            ..Request::default()
        };
        if let Some(Value::List(args)) = body.remove("Args") {
            request.args =
                args.iter().map(|arg| String::from_utf8_lossy(arg).into_owned()).collect();
        }
        if matches!(body.remove("StdinSet"), Some(Value::Number(1))) {
            request.stdin = match body.remove("Stdin") {
                Some(Value::Text(bytes)) => Some(bytes),
                _ => Some(Vec::new()),
            };
        }
        Ok(Some((number, request)))
    }

    /// The fields of the next value.
    fn value(&mut self) -> io::Result<BTreeMap<String, Value>> {
        loop {
            let length = number(&mut self.stream)?;
            let mut bytes = Vec::new();
            (&mut self.stream).take(length).read_to_end(&mut bytes)?;
            if bytes.len() as u64 != length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let mut message = bytes.as_slice();
            match signed(&mut message)? {
                described @ ..0 => self.describe(-described, &mut message)?,
                id => return self.fields(id, &mut message),
            }
        }
    }

    /// Of gob's `wireType`, a struct is the third field and a slice the second.
    fn describe(&mut self, id: i64, message: &mut &[u8]) -> io::Result<()> {
        if number(message)? != 3 {
            return Ok(());
        }
        let mut fields = Vec::new();
        // The name and the identifier of the struct, then the fields.
        expect(message, 1)?;
        name_and_type(message)?;
        expect(message, 1)?;
        for _ in 0..number(message)? {
            fields.push(name_and_type(message)?);
        }
        self.structs.insert(id, fields);
        Ok(())
    }

    fn fields(&self, id: i64, message: &mut &[u8]) -> io::Result<BTreeMap<String, Value>> {
        let fields = self.structs.get(&id).ok_or(io::ErrorKind::InvalidData)?;
        let (mut values, mut at) = (BTreeMap::new(), 0);
        loop {
            match number(message)? {
                0 => return Ok(values),
                step => at += usize::try_from(step).map_err(io::Error::other)?,
            }
            let (name, kind) = fields.get(at - 1).ok_or(io::ErrorKind::InvalidData)?;
            let value = match kind {
                1 | 3 => Value::Number(number(message)?),
                5 | 6 => Value::Text(text(message)?),
                _ => {
                    let count = number(message)?;
                    Value::List((0..count).map(|_| text(message)).collect::<io::Result<_>>()?)
                }
            };
            values.insert(name.clone(), value);
        }
    }
}

/// A name and the identifier of a type, up to the end of what has them.
fn name_and_type(message: &mut &[u8]) -> io::Result<(String, i64)> {
    expect(message, 1)?;
    let name = String::from_utf8(text(message)?).map_err(io::Error::other)?;
    expect(message, 1)?;
    let id = signed(message)?;
    expect(message, 0)?;
    Ok((name, id))
}

fn expect(message: &mut &[u8], step: u64) -> io::Result<()> {
    if number(message)? == step { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

fn text(message: &mut &[u8]) -> io::Result<Vec<u8>> {
    let length = number(message)?;
    let mut bytes = Vec::new();
    message.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn signed(message: &mut &[u8]) -> io::Result<i64> {
    let number = number(message)?;
    let half = i64::try_from(number / 2).map_err(io::Error::other)?;
    Ok(if number % 2 == 0 { half } else { -half - 1 })
}

fn number(stream: &mut impl Read) -> io::Result<u64> {
    let mut first = [0];
    stream.read_exact(&mut first)?;
    if first[0] < 128 {
        return Ok(first[0].into());
    }
    let mut digits = [0; 8];
    let digits = digits.get_mut(..256 - usize::from(first[0])).ok_or(io::ErrorKind::InvalidData)?;
    stream.read_exact(digits)?;
    Ok(digits.iter().fold(0, |number, digit| number * 256 + u64::from(*digit)))
}

/// What the agent sends, with descriptions of types where they are needed first.
#[derive(Default)]
pub(super) struct Outgoing {
    header: bool,
    answer: bool,
    error: bool,
}

const HEADER: &[u8] = b"\x3a\xff\x85\x03\x01\x01\x08Response\x01\xff\x86\x00\x01\x03\
    \x01\x0dServiceMethod\x01\x0c\x00\x01\x03Seq\x01\x06\x00\x01\x05Error\x01\x0c\x00\x00\x00";
const ANSWER: &[u8] = b"\x39\xff\x87\x03\x01\x01\x0cExecResponse\x01\xff\x88\x00\x01\x03\
    \x01\x04Code\x01\x04\x00\x01\x06Stdout\x01\x0a\x00\x01\x06Stderr\x01\x0a\x00\x00\x00";
const ERROR: &[u8] = b"\x0a\xff\x89\x03\x01\x02\xff\x8a\x00\x00\x00";

impl Outgoing {
    /// The reply to the request `number`: an exit status with what was printed, or why there is none.
    pub(super) fn reply(&mut self, number: u64, answer: &Result<(u8, Vec<u8>), String>) -> Vec<u8> {
        let mut out = Vec::new();
        if !std::mem::replace(&mut self.header, true) {
            out.extend(HEADER);
        }
        let mut header = b"\xff\x86\x01\x0aJujuc.Main".to_vec();
        let mut step = 1;
        if number > 0 {
            put(1, &mut header);
            put(number, &mut header);
        } else {
            step = 2;
        }
        if let Err(error) = answer {
            put(step, &mut header);
            put_text(error.as_bytes(), &mut header);
        }
        header.push(0);
        put_text(&header, &mut out);
        let Ok((code, printed)) = answer else {
            if !std::mem::replace(&mut self.error, true) {
                out.extend(ERROR);
            }
            out.extend(b"\x03\xff\x8a\x00");
            return out;
        };
        if !std::mem::replace(&mut self.answer, true) {
            out.extend(ANSWER);
        }
        let mut body = b"\xff\x88".to_vec();
        if *code > 0 {
            put(1, &mut body);
            put(u64::from(*code) * 2, &mut body);
        }
        if !printed.is_empty() {
            // Standard output is the second field; standard error is the third, and follows the exit status.
            put(2, &mut body);
            put_text(printed, &mut body);
        }
        body.push(0);
        put_text(&body, &mut out);
        out
    }
}

fn put(number: u64, out: &mut Vec<u8>) {
    if number < 128 {
        out.extend(u8::try_from(number));
        return;
    }
    let digits: Vec<u8> =
        number.to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
    out.extend(u8::try_from(256 - digits.len()));
    out.extend(digits);
}

fn put_text(bytes: &[u8], out: &mut Vec<u8>) {
    put(bytes.len() as u64, out);
    out.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Go's own client sends it: a question, then one with standard input, then one whose standard input is empty.
    const REQUESTS: &[u8] = b"\x2e\x7f\x03\x01\x01\x07Request\x01\xff\x80\x00\x01\x02\
        \x01\x0dServiceMethod\x01\x0c\x00\x01\x03Seq\x01\x06\x00\x00\x00\
        \x0f\xff\x80\x01\x0aJujuc.Main\x00\
        \x5c\xff\x81\x03\x01\x01\x07Request\x01\xff\x82\x00\x01\x06\x01\x09ContextId\x01\x0c\x00\
        \x01\x03Dir\x01\x0c\x00\x01\x0bCommandName\x01\x0c\x00\x01\x04Args\x01\xff\x84\x00\
        \x01\x08StdinSet\x01\x02\x00\x01\x05Stdin\x01\x0a\x00\x00\x00\
        \x16\xff\x83\x02\x01\x01\x08[]string\x01\xff\x84\x00\x01\x0c\x00\x00\
        \x2d\xff\x82\x01\x09app/0-x-1\x01\x02/d\x01\x09is-leader\x01\x01\x0d--format=json\x00\
        \x11\xff\x80\x01\x0aJujuc.Main\x01\x01\x00\
        \x26\xff\x82\x01\x09app/0-x-1\x01\x02/d\x01\x0crelation-set\x02\x01\x01\x02{}\x00\
        \x11\xff\x80\x01\x0aJujuc.Main\x01\x02\x00\
        \x22\xff\x82\x01\x09app/0-x-1\x01\x02/d\x01\x0crelation-set\x02\x01\x00";

    #[test]
    fn requests_are_read_as_go_wrote_them() {
        let mut incoming = Incoming::new(REQUESTS);
        let common = || Request {
            context_id: "app/0-x-1".to_owned(),
            dir: "/d".to_owned(),
            command: "relation-set".to_owned(),
            ..Request::default()
        };
        let question = Request {
            command: "is-leader".to_owned(),
            args: vec!["--format=json".to_owned()],
            ..common()
        };
        assert_eq!(incoming.request().unwrap(), Some((0, question)));
        let with = Request { stdin: Some(b"{}".to_vec()), ..common() };
        assert_eq!(incoming.request().unwrap(), Some((1, with)));
        let empty = Request { stdin: Some(Vec::new()), ..common() };
        assert_eq!(incoming.request().unwrap(), Some((2, empty)));
        assert_eq!(incoming.request().unwrap(), None);
    }

    #[test]
    fn replies_are_written_as_go_writes_them() {
        let mut outgoing = Outgoing::default();
        let yes = Ok((0, b"true\n".to_vec()));
        let body: &[u8] = b"\x0a\xff\x88\x02\x05true\x0a\x00";
        let first = [HEADER, b"\x0f\xff\x86\x01\x0aJujuc.Main\x00", ANSWER, body].concat();
        assert_eq!(outgoing.reply(0, &yes), first);
        let error = Err("bad request: unknown command: nosuch".to_owned());
        let second: &[u8] =
            b"\x37\xff\x86\x01\x0aJujuc.Main\x01\x01\x01\x24bad request: unknown command: nosuch\x00\
              \x0a\xff\x89\x03\x01\x02\xff\x8a\x00\x00\x00\x03\xff\x8a\x00";
        assert_eq!(outgoing.reply(1, &error), second);
        let third = [b"\x11\xff\x86\x01\x0aJujuc.Main\x01\x02\x00", body].concat();
        assert_eq!(outgoing.reply(2, &yes), third);
        let no = Ok((2, b"ERROR no\n".to_vec()));
        let fourth: &[u8] =
            b"\x11\xff\x86\x01\x0aJujuc.Main\x01\x03\x00\x10\xff\x88\x01\x04\x02\x09ERROR no\x0a\x00";
        assert_eq!(outgoing.reply(3, &no), fourth);
    }
}
