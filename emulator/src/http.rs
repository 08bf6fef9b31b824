//! HTTP/1.1 on loopback: sends requests to the emulator, and reads the requests of a small server.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read as _};

use minreq::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// A call may wait for a held call or a stack.
const TIMEOUT_SECONDS: u64 = 120;
const UNENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A request that a server has received.
#[derive(Debug)]
pub struct Request {
    /// The method, the target and the version.
    pub first_line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header; `name` is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The path and the query.
    pub fn target(&self) -> &str {
        self.first_line.split(' ').nth(1).unwrap_or_default()
    }
}

/// Reads a request with a `content-length`; `None` if the client has closed the connection.
pub fn read(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if line.trim_end().is_empty() {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let mut lines = lines.into_iter();
    let first_line = lines.next().unwrap_or_default();
    let pair = |line: String| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    let mut request =
        Request { first_line, headers: lines.filter_map(pair).collect(), body: vec![] };
    let length =
        request.header("content-length").unwrap_or("0").parse().map_err(io::Error::other)?;
    reader.take(length).read_to_end(&mut request.body)?;
    if request.body.len() as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(request))
}

/// A response.
pub(crate) struct Response {
    /// The status.
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// The body.
    pub(crate) body: String,
}

/// Sends a request. Returns the status and the body of the response.
pub(crate) fn send(
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<(u16, String), minreq::Error> {
    exchange(method, url, headers, body).map(|response| (response.status, response.body))
}

/// Sends a request. Returns the whole response.
pub(crate) fn exchange(
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<Response, minreq::Error> {
    // The response to HEAD has the length of a body that does not come.
    let method = if method == "HEAD" { Method::Head } else { Method::Custom(method.to_owned()) };
    let response = minreq::Request::new(method, url)
        .with_headers(headers.iter().cloned())
        .with_body(body)
        .with_timeout(TIMEOUT_SECONDS)
        .with_follow_redirects(false)
        .send()?;
    let lower = |(name, value): &(String, String)| (name.to_ascii_lowercase(), value.clone());
    Ok(Response {
        status: response.status_code,
        headers: response.headers.iter().map(lower).collect(),
        body: String::from_utf8_lossy(response.as_bytes()).into_owned(),
    })
}

/// Percent-encodes a path or a value of a query.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn a_request_without_a_length_has_no_body() {
        let request = read(&mut Cursor::new("GET /next HTTP/1.1\r\nHost: x\r\n\r\nrest"));
        let request = request.expect("it is a request").expect("it is not empty");
        assert_eq!((request.header("host"), request.body.as_slice()), (Some("x"), &b""[..]));
        assert_eq!(request.target(), "/next");
    }

    #[test]
    fn a_body_that_ends_early_is_an_error() {
        let text = "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nshort";
        assert!(read(&mut Cursor::new(text)).is_err());
    }

    #[test]
    fn a_path_keeps_its_slashes() {
        assert_eq!(encoded("a b/ü"), "a%20b/%C3%BC");
    }
}
