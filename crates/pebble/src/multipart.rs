//! `multipart/form-data`, as Pebble's file API speaks it.

use memchr::memmem;

/// How many headers a part may have; Pebble writes two.
const HEADERS: usize = 16;

/// One part of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    /// The form field.
    pub(crate) name: String,
    /// The path, for a file.
    pub(crate) filename: Option<String>,
    /// What it holds.
    pub(crate) content: &'a [u8],
}

/// A body, and the `Content-Type` to send it with.
pub(crate) struct Form {
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Form {
    /// A form with the JSON field `request` and the file `content`, in the order that Pebble insists on.
    pub(crate) fn write(request: &serde_json::Value, path: &str, content: &[u8]) -> Self {
        let request = request.to_string();
        let boundary = boundary(&[request.as_bytes(), path.as_bytes(), content]);
        let filename = quoted(path);
        let mut body = format!(
            "--{boundary}\r\n\
             Content-Type: application/json\r\n\
             Content-Disposition: form-data; name=\"request\"\r\n\r\n\
             {request}\r\n\
             --{boundary}\r\n\
             Content-Type: application/octet-stream\r\n\
             Content-Disposition: form-data; name=\"files\"; filename=\"{filename}\"\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        Self { content_type: format!("multipart/form-data; boundary={boundary}"), body }
    }
}

/// The parts of `body`, or what is wrong with it.
pub(crate) fn parts<'a>(content_type: &str, body: &'a [u8]) -> Result<Vec<Part<'a>>, &'static str> {
    let boundary = content_type
        .strip_prefix("multipart/form-data;")
        .and_then(|parameters| parameter(parameters, "boundary"))
        .filter(|boundary| !boundary.is_empty())
        .ok_or("it is not multipart/form-data")?;
    let first = format!("--{boundary}");
    let between = format!("\r\n{first}");
    let finder = memmem::Finder::new(&between);
    let mut rest = body.strip_prefix(first.as_bytes()).ok_or("it does not begin with a part")?;
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        let part = rest.strip_prefix(b"\r\n").ok_or("a boundary is not the end of its line")?;
        let end = finder.find(part).ok_or("it breaks off in a part")?;
        parts.push(read(&part[..end])?);
        rest = &part[end + between.len()..];
    }
    Ok(parts)
}

fn read(part: &[u8]) -> Result<Part<'_>, &'static str> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let (length, headers) = match httparse::parse_headers(part, &mut headers) {
        Ok(httparse::Status::Complete(complete)) => complete,
        Ok(httparse::Status::Partial) | Err(_) => return Err("the headers of a part are broken"),
    };
    let disposition = headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-disposition"))
        .and_then(|header| std::str::from_utf8(header.value).ok())
        .and_then(|value| value.strip_prefix("form-data;"))
        .ok_or("a part does not say what it is")?;
    Ok(Part {
        name: parameter(disposition, "name").ok_or("a part has no name")?,
        filename: parameter(disposition, "filename"),
        content: &part[length..],
    })
}

/// The value of `wanted` among `; name=value; name="quoted value"`.
fn parameter(text: &str, wanted: &str) -> Option<String> {
    let mut rest = text;
    loop {
        let (name, tail) = rest.trim_start_matches([';', ' ', '\t']).split_once('=')?;
        let (value, tail) = if let Some(quoted) = tail.strip_prefix('"') {
            unquoted(quoted)?
        } else {
            let (value, tail) = tail.split_once(';').unwrap_or((tail, ""));
            (value.trim().to_owned(), tail)
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = tail;
    }
}

/// The text up to the closing quote, and what follows.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

/// Pebble compares the name with the path in the request, after undoing just these two.
fn quoted(path: &str) -> String {
    path.replace('\\', "\\\\").replace('"', "\\\"")
}

/// A line that occurs in none of `texts`, of the 32 characters or more that Pebble insists on.
fn boundary(texts: &[&[u8]]) -> String {
    let mut number: u64 = 0;
    loop {
        let candidate = format!("between-two-parts-{number:020}");
        let finder = memmem::Finder::new(&candidate);
        if texts.iter().all(|text| finder.find(text).is_none()) {
            return candidate;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PEBBLE: &str = "multipart/form-data; boundary=b0";

    #[test]
    fn pebbles_answer_is_read_part_by_part() {
        let body = b"--b0\r\nContent-Disposition: form-data; name=\"files\"; filename=\"/a \\\"b\\\\.txt\"\r\n\
            Content-Type: application/octet-stream\r\n\r\nx\r\n\r\n\r\n--b0\r\n\
            Content-Disposition: form-data; name=\"response\"\r\n\r\n{}\n\r\n--b0--\r\n";
        let read = parts(PEBBLE, body).unwrap();
        assert_eq!(read[0].filename.as_deref(), Some("/a \"b\\.txt"));
        assert_eq!(read[0].content, b"x\r\n\r\n");
        assert_eq!((read[1].name.as_str(), read[1].content), ("response", &b"{}\n"[..]));
    }

    #[test]
    fn a_body_that_breaks_off_is_no_body() {
        let form = Form::write(&serde_json::json!({}), "/a", b"text");
        let whole = parts(&form.content_type, &form.body).unwrap().len();
        assert_eq!(whole, 2);
        // The last CRLF says nothing.
        for end in 0..form.body.len() - 2 {
            assert!(parts(&form.content_type, &form.body[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn a_boundary_does_not_occur_in_what_it_separates() {
        let occupied = boundary(&[]);
        assert!(occupied.len() >= 32);
        assert_ne!(boundary(&[b"", occupied.as_bytes()]), occupied);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(path in "/[^\r\n\u{0}-\u{1f}\u{7f}]*", content in any::<Vec<u8>>()) {
            let form = Form::write(&serde_json::json!({"path": path}), &path, &content);
            let read = parts(&form.content_type, &form.body).unwrap();
            prop_assert_eq!(read[1].filename.as_deref(), Some(path.as_str()));
            prop_assert_eq!(read[1].content, content.as_slice());
        }

        #[test]
        fn no_bytes_make_it_panic(
            content_type in "(multipart/form-data;)?.*",
            body in any::<Vec<u8>>(),
            pieces in proptest::collection::vec(
                prop_oneof![
                    Just("--b0"), Just("\r\n"), Just("--"), Just("Content-Disposition: form-data; name="),
                    Just("\""), Just("\\"), Just("a"), Just("; filename="), Just("="), Just(";"),
                ], 0..40),
        ) {
            let _ = parts(&content_type, &body);
            let _ = parts(PEBBLE, &body);
            let _ = parts(PEBBLE, pieces.concat().as_bytes());
        }
    }
}
