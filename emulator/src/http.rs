//! As much of HTTP/1.1 as loopback needs: one request a connection, and reading a message from either end.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer of the emulated account may wait for a stack.
const PATIENCE: Duration = Duration::from_mins(2);
/// More than any request or answer here has.
const BODY_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// A request or an answer, read to its end.
#[derive(Debug)]
pub struct Message {
    /// The request line or the status line.
    pub first_line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, without chunks.
    pub body: Vec<u8>,
}

impl Message {
    /// The value of a header; `name` is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The status of an answer.
    pub(crate) fn status(&self) -> io::Result<u16> {
        let status = self.first_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.ok_or_else(|| io::Error::other(format!("no status in `{}`", self.first_line)))
    }
}

/// Sends one request and reads the answer.
pub(crate) fn ask(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> io::Result<Message> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| name == "host") {
        let _ = write!(head, "host: {address}\r\n");
    }
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let _ = write!(head, "content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let mut request = head.into_bytes();
    request.extend_from_slice(body);
    stream.write_all(&request)?;
    let mut reader = BufReader::new(stream);
    read(&mut reader, method == "HEAD")?
        .ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionReset))
}

/// Reads a message; none if the other end closed before the first byte.
pub fn read(reader: &mut impl BufRead, without_body: bool) -> io::Result<Option<Message>> {
    let mut first_line = String::new();
    if reader.read_line(&mut first_line)? == 0 {
        return Ok(None);
    }
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut message =
        Message { first_line: first_line.trim_end().to_owned(), headers, body: Vec::new() };
    if !without_body {
        message.body = read_body(reader, &message)?;
    }
    Ok(Some(message))
}

fn read_body(reader: &mut impl BufRead, message: &Message) -> io::Result<Vec<u8>> {
    if message.header("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        return read_chunks(reader);
    }
    let mut body = Vec::new();
    match message.header("content-length").map(str::parse) {
        Some(Ok(length)) => {
            reader.take(length).read_to_end(&mut body)?;
            if body.len() as u64 != length {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            }
        }
        Some(Err(_)) => return Err(io::Error::other("a content-length that is no number")),
        // An answer without a length ends with the connection; a request without one has no body.
        None if message.first_line.starts_with("HTTP/") => {
            reader.take(BODY_BYTES_MAX).read_to_end(&mut body)?;
        }
        None => {}
    }
    Ok(body)
}

fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = line.trim().split(';').next().unwrap_or_default();
        let size = u64::from_str_radix(size, 16).map_err(io::Error::other)?;
        let before = body.len() as u64;
        reader.take(size).read_to_end(&mut body)?;
        if body.len() as u64 - before != size {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        let mut end = String::new();
        reader.read_line(&mut end)?;
        if size == 0 {
            return Ok(body);
        }
    }
}

/// Percent-encodes what is not unreserved; a path keeps its slashes.
pub(crate) fn encode(text: &str, keep_slash: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let kept =
            byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (keep_slash && byte == b'/');
        if kept {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn read_text(text: &str) -> Message {
        read(&mut Cursor::new(text), false).expect("it is a message").expect("it is not empty")
    }

    #[test]
    fn a_body_in_chunks_is_put_together() {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n";
        assert_eq!(read_text(text).body, b"abcdef");
    }

    #[test]
    fn a_request_without_a_length_has_no_body() {
        let message = read_text("GET /next HTTP/1.1\r\nHost: x\r\n\r\nrest");
        assert_eq!((message.header("host"), message.body.as_slice()), (Some("x"), &b""[..]));
    }

    #[test]
    fn a_body_that_ends_early_is_an_error() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort";
        assert!(read(&mut Cursor::new(text), false).is_err());
    }

    #[test]
    fn a_path_keeps_its_slashes_and_a_query_does_not() {
        assert_eq!(
            (encode("a b/ü", true), encode("a/b", false)),
            ("a%20b/%C3%BC".into(), "a%2Fb".into())
        );
    }
}
