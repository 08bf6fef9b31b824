//! The responses of the fake AWS. A setting is returned as it was put, byte for byte.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Bound;

use s3guard_emulator::http::Request;
use serde_json::{Value, json};

use super::world::{NAME, What, World};
use super::{ACCOUNT, KEY, LEDGER, REGION};

/// The maximum number of keys in one list of objects.
const KEYS_MAX: usize = 1000;
/// The owner of every bucket.
const OWNER: &str = "<Owner><ID>1</ID></Owner>";

/// A response.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// A parsed request.
pub(super) struct Asked<'a> {
    method: &'a str,
    bucket: &'a str,
    key: String,
    query: BTreeMap<String, String>,
    /// The name of the call, for services that send it in a header.
    target: Option<&'a str>,
    is_conditional: bool,
    body: &'a [u8],
}

impl Answer {
    fn ok(body: impl Into<String>) -> Self {
        Self { status: 200, body: body.into() }
    }

    fn error(status: u16, code: &str) -> Self {
        let inner = format!("<Code>{code}</Code><Message>no</Message><RequestId>1</RequestId>");
        Self { status, body: format!("<Error>{inner}</Error>") }
    }
}

impl<'a> Asked<'a> {
    pub(super) fn of(request: &'a Request) -> Self {
        let mut words = request.first_line.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = path.trim_start_matches('/');
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.to_owned(), decoded(value))
        };
        Self {
            method,
            bucket,
            key: decoded(key),
            query: query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect(),
            target: request.header("x-amz-target"),
            is_conditional: request.header("if-none-match").is_some(),
            body: &request.body,
        }
    }

    /// The kind of the call.
    pub(super) fn what(&self) -> What {
        match (self.target, self.method) {
            (Some(target), _) if target.starts_with("TrentService") => What::DescribeKey,
            (Some(_), _) => What::Send,
            (None, "POST") => What::Publish,
            (None, _) if self.bucket == "v20180820" => What::AccountBlock,
            (None, _) if self.bucket.is_empty() => What::ListBuckets,
            (None, "GET") if !self.key.is_empty() => What::GetLedger,
            (None, _) if !self.key.is_empty() => What::PutLedger,
            (None, _) if self.query.contains_key("list-type") => What::ListLedger,
            (None, "PUT") => What::Put(self.setting()),
            (None, _) => What::Get(self.setting()),
        }
    }

    pub(super) fn answer(&self, world: &mut World) -> Answer {
        match self.what() {
            What::Get(setting) => get(world, self.bucket, &setting),
            What::Put(setting) => {
                let body = String::from_utf8_lossy(self.body).into_owned();
                world.put.insert((self.bucket.to_owned(), setting), body);
                Answer::ok("")
            }
            What::ListBuckets => self.list_buckets(world),
            What::ListLedger => self.list_ledger(world),
            What::GetLedger if world.ledger.contains(&self.key) => Answer::ok(last_sweep()),
            What::GetLedger => Answer::error(404, "NoSuchKey"),
            What::PutLedger if self.is_conditional && world.ledger.contains(&self.key) => {
                Answer::error(412, "PreconditionFailed")
            }
            What::PutLedger => {
                world.ledger.insert(self.key.clone());
                Answer::ok("")
            }
            What::AccountBlock => Answer::ok(all_blocked()),
            What::DescribeKey => Answer::ok(
                json!({ "KeyMetadata": {
                    "AWSAccountId": ACCOUNT, "KeyId": "ours", "Arn": KEY, "Enabled": true, "KeyState": "Enabled",
                    "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT", "KeyManager": "CUSTOMER",
                } })
                .to_string(),
            ),
            What::Send => self.send(world),
            What::Publish => {
                let result = "<PublishResult><MessageId>1</MessageId></PublishResult>";
                let metadata = "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>";
                let xmlns = "http://sns.amazonaws.com/doc/2010-03-31/";
                let all = format!("{result}{metadata}");
                Answer::ok(format!("<PublishResponse xmlns=\"{xmlns}\">{all}</PublishResponse>"))
            }
        }
    }

    fn setting(&self) -> String {
        self.query.keys().find(|name| *name != "x-id").cloned().unwrap_or_default()
    }

    fn parameter(&self, name: &str) -> &str {
        self.query.get(name).map(String::as_str).unwrap_or_default()
    }

    fn list_buckets(&self, world: &World) -> Answer {
        let from: usize = self.parameter("continuation-token").parse().unwrap_or(0);
        let count: usize = self.parameter("max-buckets").parse().unwrap_or(10_000);
        let page = world.buckets.iter().skip(from).take(count);
        let about = format!(
            "<CreationDate>2026-06-15T09:40:00.000Z</CreationDate><BucketRegion>{REGION}</BucketRegion>"
        );
        let mut buckets = String::new();
        for name in page {
            let _ = write!(buckets, "<Bucket><Name>{name}</Name>{about}</Bucket>");
        }
        let token = if from + count < world.buckets.len() {
            format!("<ContinuationToken>{}</ContinuationToken>", from + count)
        } else {
            String::new()
        };
        let inner = format!("{OWNER}<Buckets>{buckets}</Buckets>{token}");
        Answer::ok(format!("<ListAllMyBucketsResult>{inner}</ListAllMyBucketsResult>"))
    }

    fn list_ledger(&self, world: &World) -> Answer {
        let prefix = self.parameter("prefix");
        let after = self.parameter("start-after").max(self.parameter("continuation-token"));
        let from = if after < prefix { Bound::Included(prefix) } else { Bound::Excluded(after) };
        let mut keys = world
            .ledger
            .range::<str, _>((from, Bound::Unbounded))
            .take_while(|key| key.starts_with(prefix));
        let page: Vec<&String> = keys.by_ref().take(KEYS_MAX).collect();
        let end = match page.last().filter(|_| keys.next().is_some()) {
            Some(last) => format!("<NextContinuationToken>{last}</NextContinuationToken>"),
            None => String::new(),
        };
        let mut contents = String::new();
        for key in page {
            let _ = write!(contents, "<Contents><Key>{key}</Key></Contents>");
        }
        let inner = format!("<Name>{LEDGER}</Name>{contents}{end}");
        Answer::ok(format!("<ListBucketResult>{inner}</ListBucketResult>"))
    }

    fn send(&self, world: &mut World) -> Answer {
        const MD5: &str = "e4e68fb7bd0e697a0ae8f1bb342846b3";
        let sent: Value = serde_json::from_slice(self.body).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let Some(entries) = sent["Entries"].as_array() else {
            world.messages.push(text(&sent["MessageBody"]));
            return Answer::ok(json!({ "MessageId": "1", "MD5OfMessageBody": MD5 }).to_string());
        };
        world.messages.extend(entries.iter().map(|entry| text(&entry["MessageBody"])));
        let taken =
            |entry: &Value| json!({ "Id": entry["Id"], "MessageId": "1", "MD5OfMessageBody": MD5 });
        let taken: Vec<Value> = entries.iter().map(taken).collect();
        Answer::ok(json!({ "Successful": taken, "Failed": [] }).to_string())
    }
}

fn get(world: &World, bucket: &str, setting: &str) -> Answer {
    if let Some(body) = world.last_put(bucket, setting) {
        return Answer::ok(body);
    }
    if let Some(body) = world.settings.get(setting) {
        return Answer::ok(body.replace(NAME, bucket));
    }
    match setting {
        "encryption" if world.encrypts_new_buckets => Answer::ok(encrypted()),
        "encryption" => Answer::error(404, "ServerSideEncryptionConfigurationNotFoundError"),
        "publicAccessBlock" => Answer::ok(all_blocked()),
        "acl" => Answer::ok(owners_acl()),
        "ownershipControls" => {
            let rule = "<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>";
            Answer::ok(format!("<OwnershipControls>{rule}</OwnershipControls>"))
        }
        "versioning" => Answer::ok("<VersioningConfiguration/>"),
        "logging" => Answer::ok("<BucketLoggingStatus/>"),
        "notification" => Answer::ok("<NotificationConfiguration/>"),
        "location" => Answer::ok(format!("<LocationConstraint>{REGION}</LocationConstraint>")),
        "policy" | "policyStatus" => Answer::error(404, "NoSuchBucketPolicy"),
        "website" => Answer::error(404, "NoSuchWebsiteConfiguration"),
        "tagging" => Answer::error(404, "NoSuchTagSet"),
        "replication" => Answer::error(404, "ReplicationConfigurationNotFoundError"),
        "lifecycle" => Answer::error(404, "NoSuchLifecycleConfiguration"),
        "object-lock" => Answer::error(404, "ObjectLockConfigurationNotFoundError"),
        _ => Answer::error(501, "NotImplemented"),
    }
}

/// The end of the last sweep: no other object of the ledger is read where there is one.
fn last_sweep() -> String {
    json!({ "time": "2026-11-24T12:00:00Z", "buckets": 1, "region": REGION }).to_string()
}

/// The settings of a new bucket since April 2026.
fn encrypted() -> String {
    let default = "<SSEAlgorithm>AES256</SSEAlgorithm>";
    let blocked = "<EncryptionType>SSE-C</EncryptionType>";
    let rule = format!(
        "<ApplyServerSideEncryptionByDefault>{default}</ApplyServerSideEncryptionByDefault>\
         <BucketKeyEnabled>false</BucketKeyEnabled><BlockedEncryptionTypes>{blocked}</BlockedEncryptionTypes>"
    );
    format!(
        "<ServerSideEncryptionConfiguration><Rule>{rule}</Rule></ServerSideEncryptionConfiguration>"
    )
}

fn all_blocked() -> String {
    let settings =
        ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
    let settings = settings.map(|name| format!("<{name}>true</{name}>")).concat();
    format!("<PublicAccessBlockConfiguration>{settings}</PublicAccessBlockConfiguration>")
}

fn owners_acl() -> String {
    let grantee = "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>1</ID></Grantee>";
    let grant = format!("<Grant>{grantee}<Permission>FULL_CONTROL</Permission></Grant>");
    let list = format!("<AccessControlList>{grant}</AccessControlList>");
    format!("<AccessControlPolicy>{OWNER}{list}</AccessControlPolicy>")
}

/// Decodes percent-encoding.
fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digits = [bytes.next(), bytes.next()];
        let digit = |at: usize| char::from(digits[at].unwrap_or(b'0')).to_digit(16).unwrap_or(0);
        out.push(u8::try_from(digit(0) * 16 + digit(1)).unwrap_or(b'?'));
    }
    String::from_utf8_lossy(&out).into_owned()
}
