//! A record of CloudTrail, read leniently, because records vary.
//!
//! `Host` is a text or a list, and `CreateBucketConfiguration` is missing in us-east-1. Parameters of more than 100 KB are
//! omitted, with `"omitted": true` in their place, and the bucket has to be reconciled all the same.
//!
//! Source: AWS CloudTrail User Guide, "CloudTrail record contents for management, data, and network activity events".

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::deed::{self, Place};
use super::effect;
use super::field::{at, items, text};
use super::request::{Changed, NotAnEvent, Request, bucket, parsed};
use crate::model::deed::Effect;
use crate::model::tool::{Tool, is_service};
use crate::model::watch::{self, Rule};
use crate::{AccountId, Aspect, BucketName, Call, Region};

/// The canned ACLs that grant access to everybody, or to everybody with an AWS account.
///
/// Source: Amazon S3 User Guide, "Canned ACL".
const PUBLIC_ACLS: [&str; 3] = ["public-read", "public-read-write", "authenticated-read"];
/// The canned ACLs that grant access to the owner only.
const PRIVATE_ACLS: &[&str] = &["private", "bucket-owner-full-control"];
/// The predefined groups of everybody.
const PUBLIC_GROUPS: [&str; 2] = ["/groups/global/AllUsers", "/groups/global/AuthenticatedUsers"];
/// Where `CreateBucket` succeeds for a bucket that the caller already owns, and resets its ACL.
///
/// Source: Amazon S3 API Reference, `CreateBucket`, `BucketAlreadyOwnedByYou`.
const CREATES_AGAIN: &str = "us-east-1";

/// What a call means for the guard of this account.
pub(super) fn request(record: &Value, account: &AccountId) -> Result<Request, NotAnEvent> {
    let event_name = required(record, "detail.eventName")?;
    let Some(watched) = watch::find(&event_name) else {
        return Ok(Request::Ignore("the call is not one that is watched"));
    };
    let source = text(record, &["eventSource"]);
    if source.is_some_and(|source| !watched.rule.event_sources().contains(&source.as_str())) {
        return Ok(Request::Ignore("the call is another service's"));
    }
    if record.get("errorCode").is_some_and(|code| !code.is_null()) {
        return Ok(Request::Ignore("the call failed"));
    }
    // A call from another account is reported to both accounts; the guard of the bucket owner handles it.
    let is_other = |other: Option<String>| other.is_some_and(|other| other != account.as_str());
    if is_other(text(record, &["recipientAccountId"])) {
        return Ok(Request::Ignore("the event is another account's"));
    }
    let is_of_account =
        ["PutAccountPublicAccessBlock", "DeleteAccountPublicAccessBlock"].contains(&&*event_name);
    if !is_of_account && is_other(resource(record).and_then(|of| text(of, &["accountId"]))) {
        return Ok(Request::Ignore("the bucket is another account's"));
    }
    let bucket = match event_name.as_str() {
        _ if is_of_account => Some(BucketName::account()),
        "TagResource" | "UntagResource" => tagged(record)?,
        _ if watched.aspects == [Aspect::AccessPoints] || watched.rule == Rule::Services => {
            match deed::place(record, account) {
                Place::Bucket(bucket) => Some(bucket),
                Place::Account => Some(BucketName::account()),
                Place::Elsewhere => return Ok(Request::Ignore("it is not about a bucket of ours")),
            }
        }
        _ => Some(named(record)?),
    };
    let Some(bucket) = bucket else {
        return Ok(Request::Ignore("the tags are not a bucket's"));
    };
    if bucket.is_directory() {
        return Ok(Request::Ignore("directory buckets have other settings"));
    }
    let region = region(record)?;
    let call = call(record, event_name, &region)?;
    Ok(Request::Changed(Changed { bucket, region, call }))
}

/// The call on something of this Region.
fn call(record: &Value, event_name: String, region: &Region) -> Result<Call, NotAnEvent> {
    let parameters = at(record, &["requestParameters"]).unwrap_or(&Value::Null);
    Ok(Call {
        time: utc("detail.eventTime", &required(record, "detail.eventTime")?)?,
        event_id: text(record, &["eventID"]),
        principal: principal(record),
        principal_arn: principal_arn(record),
        tool: tool(record),
        source_ip: source(record),
        exposes: exposes(&event_name, parameters),
        opens_sse_c: event_name == "PutBucketEncryption" && opens_sse_c(parameters),
        makes_default_bucket: event_name == "CreateBucket"
            && parameters.get("bucketName").is_some()
            && region.as_str() != CREATES_AGAIN
            && is_default(parameters),
        policy: at(parameters, &["bucketPolicy"])
            .filter(|policy| event_name == "PutBucketPolicy" && policy.is_object())
            .map(Value::to_string),
        effect: Effect {
            sets: effect::sets(&event_name, parameters),
            grants_others: grants_others(&event_name, parameters),
            deed: deed::deed(&event_name, record),
        },
        event_name,
    })
}

/// A time of RFC 3339 as one in UTC.
pub(super) fn utc(field: &'static str, text: &str) -> Result<OffsetDateTime, NotAnEvent> {
    let time = OffsetDateTime::parse(text, &Rfc3339);
    let time = time.map_err(|error| NotAnEvent::field(field, &error))?;
    time.checked_to_offset(UtcOffset::UTC)
        .ok_or_else(|| NotAnEvent::field(field, &"it is too far away"))
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
            let region = Region::from_location_constraint(&constraint);
            region.map_err(|error| NotAnEvent::field(field, &error))
        }
        None => parsed("detail.awsRegion", &required(record, "detail.awsRegion")?),
    }
}

/// The bucket of a call: from its parameters, or from its resources if the parameters are omitted.
fn named(record: &Value) -> Result<BucketName, NotAnEvent> {
    let field = "detail.requestParameters.bucketName";
    match (required(record, field), resource(record)) {
        (Err(_), Some(resource)) => {
            let arn = text(resource, &["ARN"]).unwrap_or_default();
            bucket("detail.resources", arn.split_once(":::").map_or("", |(_, resource)| resource))
        }
        (name, _) => bucket(field, &name?),
    }
}

/// The bucket whose tags were changed; none if they belong to an access point, a Storage Lens or something else.
///
/// Source: Amazon S3 API Reference, S3 Control, `TagResource`.
fn tagged(record: &Value) -> Result<Option<BucketName>, NotAnEvent> {
    let field = "detail.requestParameters.resourceArn";
    let arn = match (required(record, field), resource(record)) {
        // If the parameters are omitted, only a bucket has a resource of that type.
        (Err(_), Some(_)) => return named(record).map(Some),
        (arn, _) => arn?,
    };
    let arn = unescaped(&arn);
    let parts: Vec<&str> = arn.split(':').collect();
    match parts[..] {
        ["arn", _, "s3", "", "", resource] if !resource.contains('/') => {
            bucket(field, resource).map(Some)
        }
        _ => Ok(None),
    }
}

/// An ARN that was part of a URL.
pub fn unescaped(arn: &str) -> String {
    arn.replace("%3A", ":").replace("%3a", ":").replace("%2F", "/").replace("%2f", "/")
}

/// The bucket among the resources of the call.
fn resource(record: &Value) -> Option<&Value> {
    let is_bucket =
        |resource: &&Value| resource.get("type").and_then(Value::as_str) == Some("AWS::S3::Bucket");
    items(record.get("resources")?).find(is_bucket)
}

/// Who made the call: the ARN, which ends with the session's name for a role; without one, the user id of Identity Center,
/// the role and session, the AWS service, the account of the caller, or else the kind of caller.
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
        ("", _, kind) => kind.unwrap_or_else(|| "an unknown principal".to_owned()),
        (of_account, Some(id), _) => format!("{id}{of_account}"),
        (of_account, None, _) => of_account.trim_start_matches(" of ").to_owned(),
    }
}

/// The ARN of the principal as `aws:PrincipalArn` has it: for a session of a role, that of the role with its path.
///
/// Source: AWS IAM User Guide, "AWS global condition context keys", `aws:PrincipalArn`.
fn principal_arn(record: &Value) -> Option<String> {
    let identity = at(record, &["userIdentity"])?;
    let issuer = ["sessionContext", "sessionIssuer"];
    let is_role = text(identity, &[&issuer[..], &["type"]].concat()).as_deref() == Some("Role");
    let role = text(identity, &[&issuer[..], &["arn"]].concat()).filter(|_| is_role);
    role.or_else(|| text(identity, &["arn"]))
}

/// The AWS service that made the call with the rights of the principal, else the address.
///
/// That of `CloudFormation` is only what the address says: a deployer of the stack is known by it.
pub fn source(record: &Value) -> Option<String> {
    let service = text(record, &["userIdentity", "invokedBy"]);
    let service = service.filter(|name| tool(record) == Tool::Service && is_service(name));
    service.or_else(|| text(record, &["sourceIPAddress"]))
}

/// The tool that made the call.
pub fn tool(record: &Value) -> Tool {
    let field = |path: &[&str]| text(record, path).unwrap_or_default();
    let services = [&*field(&["userIdentity", "invokedBy"]), &*field(&["sourceIPAddress"])];
    let is_console_session = field(&["sessionCredentialFromConsole"]) == "true";
    Tool::of(&field(&["userAgent"]), services, is_console_session)
}

/// Whether a call grants access to everybody by an ACL: a canned one, a header with a grant, or a list of grants.
fn exposes(event_name: &str, parameters: &Value) -> bool {
    let is_public = |text: &str| {
        PUBLIC_ACLS.contains(&text) || PUBLIC_GROUPS.iter().any(|group| text.contains(group))
    };
    matches!(event_name, "CreateBucket" | "PutBucketAcl")
        && access(parameters).any(|(_, value)| any_text(value, &is_public))
}

/// Whether a call grants access by an ACL to others than the owner, such as everybody.
fn grants_others(event_name: &str, parameters: &Value) -> bool {
    let is_canned = |text: &str| !text.is_empty() && !PRIVATE_ACLS.contains(&text);
    let owner = text(parameters, &["AccessControlPolicy", "Owner", "ID"]);
    let is_other = |grant: &Value| {
        let id = text(grant, &["Grantee", "ID"]);
        id.is_none() || id != owner
    };
    let list = at(parameters, &["AccessControlPolicy", "AccessControlList"]);
    let grants = list.and_then(|list| list.get("Grant"));
    let has_header = access(parameters).any(|(key, value)| match key.as_str() {
        "x-amz-acl" => any_text(value, &is_canned),
        key => key.starts_with("x-amz-grant-") && any_text(value, &|text| !text.is_empty()),
    });
    matches!(event_name, "CreateBucket" | "PutBucketAcl")
        && (has_header || grants.is_some_and(|grants| items(grants).any(is_other)))
}

/// Whether a new bucket has the default ACL and ownership of S3.
fn is_default(parameters: &Value) -> bool {
    !access(parameters).any(|(key, value)| {
        let defaults = match key.as_str() {
            "x-amz-acl" => PRIVATE_ACLS,
            "x-amz-object-ownership" => &["BucketOwnerEnforced"],
            _ => &[],
        };
        any_text(value, &|text| !text.is_empty() && !defaults.contains(&text))
    })
}

/// The parameters of a call that set access, by their names in lower case.
fn access(parameters: &Value) -> impl Iterator<Item = (String, &Value)> {
    let all = parameters.as_object().into_iter().flatten();
    all.map(|(key, value)| (key.to_ascii_lowercase(), value)).filter(|(key, _)| {
        matches!(key.as_str(), "x-amz-acl" | "x-amz-object-ownership" | "accesscontrolpolicy")
            || key.starts_with("x-amz-grant-")
    })
}

/// Whether any value in here, at whatever depth, is such as text.
fn any_text(value: &Value, is: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, is)),
        Value::Object(fields) => fields.values().any(|field| any_text(field, is)),
        Value::Bool(_) | Value::Number(_) => is(&value.to_string()),
        Value::Null => false,
    }
}

/// The text of a field of the event's `detail`, which is the record.
fn required(record: &Value, field: &'static str) -> Result<String, NotAnEvent> {
    let path: Vec<&str> = field.split('.').skip(1).collect();
    text(record, &path).ok_or_else(|| NotAnEvent::field(field, &"it is not a text"))
}
