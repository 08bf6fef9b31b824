//! A record of CloudTrail, read leniently, because records vary.
//!
//! `Host` is a text or a list, and `CreateBucketConfiguration` is missing in us-east-1. Parameters of more than 100 KB are
//! left out, with `"omitted": true` in their place: a long list of rules must not keep the guard from looking.
//!
//! Source: AWS CloudTrail User Guide, "CloudTrail record contents for management, data, and network activity events".

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::field::{at, items, text};
use crate::events::request::{Changed, NotAnEvent, Request, name, wrong};
use crate::model::tool::{Client, Tool};
use crate::model::watch;
use crate::{AccountId, BucketName, Call, Region};

/// The canned ACLs that let in everybody, or everybody with an AWS account.
///
/// Source: Amazon S3 User Guide, "Canned ACL".
const PUBLIC_ACLS: [&str; 3] = ["public-read", "public-read-write", "authenticated-read"];
/// The canned ACLs that give a bucket to its owner alone.
const PRIVATE_ACLS: &[&str] = &["private", "bucket-owner-full-control"];
/// The predefined groups of everybody.
const PUBLIC_GROUPS: [&str; 2] = ["/groups/global/AllUsers", "/groups/global/AuthenticatedUsers"];
/// Where `CreateBucket` succeeds for a bucket that one already has, and resets its ACL.
///
/// Source: Amazon S3 API Reference, `CreateBucket`, `BucketAlreadyOwnedByYou`.
const CREATES_AGAIN: &str = "us-east-1";

/// What a call means for the guard of this account.
pub(super) fn request(record: &Value, account: &AccountId) -> Result<Request, NotAnEvent> {
    let event_name = required(record, &["eventName"], "detail.eventName")?;
    if watch::find(&event_name).is_none() {
        return Ok(Request::Ignore("the call is not one that is watched"));
    }
    let source = text(record, &["eventSource"]);
    if source.is_some_and(|source| !watch::EVENT_SOURCES.contains(&source.as_str())) {
        return Ok(Request::Ignore("the call is another service's"));
    }
    if record.get("errorCode").is_some_and(|code| !code.is_null()) {
        return Ok(Request::Ignore("the call failed"));
    }
    // A call from another account is reported to both; the bucket's owner is who guards it.
    let is_other = |other: Option<String>| other.is_some_and(|other| other != account.as_str());
    if is_other(text(record, &["recipientAccountId"])) {
        return Ok(Request::Ignore("the event is another account's"));
    }
    match event_name.as_str() {
        "PutAccountPublicAccessBlock" | "DeleteAccountPublicAccessBlock" => {
            return Ok(Request::AccountChanged(call(record, event_name, None)?));
        }
        _ => {}
    }
    if is_other(owner(record)) {
        return Ok(Request::Ignore("the bucket is another account's"));
    }
    let bucket = match event_name.as_str() {
        "TagResource" | "UntagResource" => tagged(record)?,
        _ => Some(named(record)?),
    };
    let Some(bucket) = bucket else {
        return Ok(Request::Ignore("the tags are not a bucket's"));
    };
    if bucket.is_directory() {
        return Ok(Request::Ignore("directory buckets have other settings"));
    }
    let region = region(record)?;
    let call = call(record, event_name, Some(&region))?;
    Ok(Request::Changed(Changed { bucket, region, call }))
}

/// The call. `region` is the bucket's, if it is about a bucket.
fn call(record: &Value, event_name: String, region: Option<&Region>) -> Result<Call, NotAnEvent> {
    let when = required(record, &["eventTime"], "detail.eventTime")?;
    let field = "detail.eventTime";
    let time = OffsetDateTime::parse(&when, &Rfc3339).map_err(|error| wrong(field, &error))?;
    let time = time.checked_to_offset(UtcOffset::UTC);
    let parameters = at(record, &["requestParameters"]).unwrap_or(&Value::Null);
    Ok(Call {
        time: time.ok_or_else(|| wrong(field, &"it is too far away"))?,
        event_id: text(record, &["eventID"]),
        principal: principal(record),
        tool: tool(record),
        source_ip: text(record, &["sourceIPAddress"]),
        exposes: exposes(&event_name, parameters),
        opens_sse_c: event_name == "PutBucketEncryption" && opens_sse_c(parameters),
        makes_default_bucket: event_name == "CreateBucket"
            && parameters.get("bucketName").is_some()
            && region.is_some_and(|region| region.as_str() != CREATES_AGAIN)
            && is_default(parameters),
        event_name,
    })
}

/// Whether the parameters name what is blocked, and SSE-C is not among it.
fn opens_sse_c(parameters: &Value) -> bool {
    match parameters {
        Value::Object(fields) => fields.iter().any(|(name, value)| {
            let names_it = name == "BlockedEncryptionTypes" && !value.to_string().contains("SSE-C");
            names_it || opens_sse_c(value)
        }),
        Value::Array(values) => values.iter().any(opens_sse_c),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Where the bucket is: `LocationConstraint`, else the Region of the endpoint that got the call.
fn region(record: &Value) -> Result<Region, NotAnEvent> {
    let path = ["requestParameters", "CreateBucketConfiguration", "LocationConstraint"];
    match text(record, &path).filter(|constraint| !constraint.is_empty()) {
        Some(constraint) => {
            let field = "detail.requestParameters.CreateBucketConfiguration.LocationConstraint";
            Region::from_location_constraint(&constraint).map_err(|error| wrong(field, &error))
        }
        None => required(record, &["awsRegion"], "detail.awsRegion")?
            .parse()
            .map_err(|error| wrong("detail.awsRegion", &error)),
    }
}

/// The bucket of a call: by its parameters, or where these are left out by what it was about.
fn named(record: &Value) -> Result<BucketName, NotAnEvent> {
    let field = "detail.requestParameters.bucketName";
    let path = ["requestParameters", "bucketName"];
    if let (None, Some(bucket)) = (text(record, &path), resource(record)) {
        let arn = text(bucket, &["ARN"]).unwrap_or_default();
        let resource = arn.split_once(":::").map_or("", |(_, resource)| resource);
        return name("detail.resources", resource);
    }
    name(field, &required(record, &path, field)?)
}

/// The bucket whose tags were changed; none if they are an access point's, a Storage Lens's or another thing's.
///
/// Source: Amazon S3 API Reference, S3 Control, `TagResource`.
fn tagged(record: &Value) -> Result<Option<BucketName>, NotAnEvent> {
    let field = "detail.requestParameters.resourceArn";
    let path = ["requestParameters", "resourceArn"];
    let Some(arn) = text(record, &path) else {
        // Where the parameters are left out, only a bucket is named as one.
        return match resource(record) {
            Some(_) => named(record).map(Some),
            None => Err(wrong(field, &"it is not a text")),
        };
    };
    // The ARN is a part of the URL.
    let arn = arn.replace("%3A", ":").replace("%3a", ":").replace("%2F", "/").replace("%2f", "/");
    let parts: Vec<&str> = arn.split(':').collect();
    match parts[..] {
        ["arn", _, "s3", "", "", resource] if !resource.contains('/') => {
            Ok(Some(name(field, resource)?))
        }
        _ => Ok(None),
    }
}

/// The account that owns the bucket, where the record says it: the caller's account gets a copy as well.
fn owner(record: &Value) -> Option<String> {
    text(resource(record)?, &["accountId"])
}

/// The bucket among what the call was about.
fn resource(record: &Value) -> Option<&Value> {
    let is_bucket =
        |resource: &&Value| resource.get("type").and_then(Value::as_str) == Some("AWS::S3::Bucket");
    items(record.get("resources")?).find(is_bucket)
}

/// Who made the call: the ARN, which has the session's name behind the role's; for somebody of Identity Center the user's
/// id; for an AWS service, which has no ARN, the service; for somebody of another account that account; else the kind.
///
/// Source: AWS CloudTrail User Guide, "CloudTrail userIdentity element".
pub fn principal(record: &Value) -> String {
    let field = |path: &[&str]| text(at(record, &["userIdentity"])?, path);
    if let Some(arn) = field(&["arn"]) {
        return arn;
    }
    let of_account =
        field(&["accountId"]).map_or_else(String::new, |account| format!(" of account {account}"));
    if let Some(user) = field(&["onBehalfOf", "userId"]) {
        return format!("Identity Center user {user}{of_account}");
    }
    let id = field(&["principalId"]);
    if let Some(role) = field(&["sessionContext", "sessionIssuer", "arn"]) {
        let session = id.as_deref().and_then(|id| id.split_once(':'));
        return session.map_or(role.clone(), |(_, session)| format!("{role}, session {session}"));
    }
    if let Some(service) = field(&["invokedBy"]) {
        return service;
    }
    match (of_account.as_str(), id, field(&["type"])) {
        ("", _, kind) => kind.unwrap_or_else(|| "somebody unknown".to_owned()),
        (of_account, Some(id), _) => format!("{id}{of_account}"),
        (of_account, None, _) => of_account.trim_start_matches(" of ").to_owned(),
    }
}

/// With what the call was made.
pub fn tool(record: &Value) -> Tool {
    let field = |path: &[&str]| text(record, path).unwrap_or_default();
    Tool::of(&Client {
        user_agent: &field(&["userAgent"]),
        invoked_by: &field(&["userIdentity", "invokedBy"]),
        source_ip: &field(&["sourceIPAddress"]),
        from_console: field(&["sessionCredentialFromConsole"]) == "true",
    })
}

/// Whether a call lets everybody in by an ACL: a canned one, a header with a grant, or a list of grants.
fn exposes(event_name: &str, parameters: &Value) -> bool {
    let is_public = |text: &str| {
        PUBLIC_ACLS.contains(&text) || PUBLIC_GROUPS.iter().any(|group| text.contains(group))
    };
    matches!(event_name, "CreateBucket" | "PutBucketAcl")
        && access(parameters).any(|(_, value)| any_text(value, &is_public))
}

/// Whether a new bucket has the ACL and the ownership that S3 gives by default.
fn is_default(parameters: &Value) -> bool {
    access(parameters).all(|(key, value)| match key.as_str() {
        "x-amz-acl" => is_only(value, PRIVATE_ACLS),
        "x-amz-object-ownership" => is_only(value, &["BucketOwnerEnforced"]),
        _ => is_only(value, &[]),
    })
}

/// The parameters of a call that say who has access, by their names in small letters.
fn access(parameters: &Value) -> impl Iterator<Item = (String, &Value)> {
    let all = parameters.as_object().into_iter().flatten();
    all.map(|(key, value)| (key.to_ascii_lowercase(), value)).filter(|(key, _)| {
        matches!(key.as_str(), "x-amz-acl" | "x-amz-object-ownership" | "accesscontrolpolicy")
            || key.starts_with("x-amz-grant-")
    })
}

/// Whether any text in here, at whatever depth, is such.
fn any_text(value: &Value, is: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, is)),
        Value::Object(fields) => fields.values().any(|field| any_text(field, is)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether there is nothing here, or only one of these.
fn is_only(value: &Value, allowed: &[&str]) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty() || allowed.contains(&text.as_str()),
        Value::Array(items) => items.iter().all(|item| is_only(item, allowed)),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

fn required(value: &Value, path: &[&str], field: &'static str) -> Result<String, NotAnEvent> {
    text(value, path).ok_or_else(|| wrong(field, &"it is not a text"))
}
