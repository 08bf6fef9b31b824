//! AWS Signature Version 4, so that tests can call as anybody without an SDK.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::http::encode;

const BLOCK_BYTES: usize = 64;

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
}

/// What is signed.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(&'a str, &'a str)],
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a [u8],
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
}

/// The target of the request line: path and query, encoded as they are signed.
pub(crate) fn target(call: &Call) -> String {
    let query = canonical_query(call.query);
    let path = encode(call.path, true);
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

/// All headers of the request, with the signature.
pub(crate) fn headers(
    call: &Call,
    credentials: &Credentials,
    now: OffsetDateTime,
) -> Vec<(String, String)> {
    let stamp = format_description!("[year][month][day]T[hour][minute][second]Z");
    let stamp = now.format(&stamp).expect("the format has only numbers of a date");
    let body_hash = hex(&Sha256::digest(call.body));
    let mut headers: Vec<(String, String)> = call
        .headers
        .iter()
        .map(|(name, value)| (name.to_lowercase(), (*value).to_owned()))
        .collect();
    headers.push(("host".to_owned(), call.host.to_owned()));
    headers.push(("x-amz-date".to_owned(), stamp.clone()));
    headers.push(("x-amz-content-sha256".to_owned(), body_hash.clone()));
    headers.sort();
    let signed = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let mut canonical =
        format!("{}\n{}\n{}\n", call.method, encode(call.path, true), canonical_query(call.query));
    for (name, value) in &headers {
        let _ = writeln!(canonical, "{name}:{}", value.trim());
    }
    let _ = write!(canonical, "\n{signed}\n{body_hash}");

    let day = &stamp[..8];
    let scope = format!("{day}/{}/{}/aws4_request", call.region, call.service);
    let to_sign =
        format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let mut key = format!("AWS4{}", credentials.secret_access_key).into_bytes();
    for part in [day, call.region, call.service, "aws4_request"] {
        key = hmac(&key, part.as_bytes()).to_vec();
    }
    let signature = hex(&hmac(&key, to_sign.as_bytes()));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed}, Signature={signature}",
        credentials.access_key_id
    );
    headers.push(("authorization".to_owned(), authorization));
    headers
}

fn canonical_query(query: &[(&str, &str)]) -> String {
    let mut pairs: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name, false), encode(value, false)))
        .collect();
    pairs.sort();
    pairs.join("&")
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0; BLOCK_BYTES];
    if key.len() > BLOCK_BYTES {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner =
        Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    // The worked example of the S3 documentation, "Authenticating Requests: Using the Authorization Header".
    #[test]
    fn the_documented_example_has_the_documented_signature() {
        let credentials = Credentials {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        };
        let call = Call {
            method: "GET",
            host: "examplebucket.s3.amazonaws.com",
            path: "/",
            query: &[("prefix", "J"), ("max-keys", "2")],
            headers: &[],
            body: b"",
            service: "s3",
            region: "us-east-1",
        };
        let signed = headers(&call, &credentials, datetime!(2013-05-24 00:00 UTC));
        let (_, authorization) = signed.last().expect("there is an authorization");
        let expected = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
        assert!(authorization.ends_with(expected), "{authorization}");
    }

    // RFC 4231, test case 6: a key longer than a block.
    #[test]
    fn a_long_key_is_hashed_first() {
        let code = hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex(&code), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }
}
