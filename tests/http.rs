//! As much of HTTP as servers without processes need: one request for each connection.

use std::io::{self, Read};

/// What a client asks.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

/// Reads a request; `None` if there is not even the beginning of one.
pub(crate) fn read(mut stream: impl Read) -> io::Result<Option<Request>> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let length = stream.read(&mut chunk)?;
        if length == 0 {
            return if bytes.is_empty() { Ok(None) } else { Err(invalid()) };
        }
        bytes.extend_from_slice(&chunk[..length]);
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut head = httparse::Request::new(&mut headers);
        let Ok(httparse::Status::Complete(end)) = head.parse(&bytes) else { continue };
        let header = |name: &str| {
            let found = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
            found.and_then(|header| std::str::from_utf8(header.value).ok()).unwrap_or_default()
        };
        let size: usize = header("content-length").parse().unwrap_or(0);
        if bytes.len() < end + size {
            continue;
        }
        let target = head.path.unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        return Ok(Some(Request {
            method: head.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            content_type: header("content-type").to_owned(),
            body: String::from_utf8(bytes[end..end + size].to_vec()).map_err(|_| invalid())?,
        }));
    }
}

/// An answer, after which the connection ends.
pub(crate) fn answer(code: u16, content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {code} -\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}
