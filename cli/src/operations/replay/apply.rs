//! What a call does to a bucket, by its `requestParameters`, where CloudTrail writes the request's XML as JSON.
//!
//! What the event does not contain stays as it was, and is reported as assumed.

mod access;
mod notifications;

use s3guard_posture::evaluate::admitted;
use s3guard_posture::events;
use s3guard_posture::events::field::{at, items, text};
use s3guard_posture::model::destination::Destination;
use s3guard_posture::model::observed::Reading::{Absent, Denied, Known};
use s3guard_posture::model::setting::{
    AccessLogs, Algorithm, Encryption, Key, Ownership, Replication, SseC, Tags, Versioning,
};
use s3guard_posture::model::watch::{self, Answer};
use s3guard_posture::{AccountId, Observed};
use serde_json::Value as Json;

/// A new bucket that was created so.
pub(crate) fn created(bucket: &mut Observed, parameters: &Json) {
    acl(bucket, parameters);
    if let Some(ownership) = text(parameters, &["x-amz-object-ownership"]) {
        bucket.ownership = access::ownership(&ownership);
    }
    if is_true(parameters, "x-amz-bucket-object-lock-enabled") {
        bucket.versioning = Known(Versioning { enabled: true, mfa_delete: false });
    }
    set_tags(bucket, |tags| {
        tags.extend(tags_at(parameters, &["CreateBucketConfiguration", "Tags"]));
    });
}

/// Replaces the ACL: a grantee that the parameters do not name has no access.
pub(crate) fn acl(bucket: &mut Observed, parameters: &Json) {
    bucket.acl = Known(access::acl(parameters).unwrap_or_default());
}

/// A bucket, or the account's block, that a call has changed. Returns what had to be assumed.
pub(crate) fn changed(bucket: &mut Observed, call: &str, parameters: &Json) -> Vec<String> {
    let mut assumed = Vec::new();
    let is_judged = watch::find(call).is_none_or(|watched| watched.answer == Answer::Judged);
    if !is_judged {
        return assumed;
    }
    if change(bucket, call, parameters, &mut assumed).is_none() {
        assumed.push("the event does not contain the setting, which is unchanged".to_owned());
    }
    assumed
}

/// Returns `None`, and changes nothing, if the event does not contain the setting.
fn change(
    bucket: &mut Observed,
    call: &str,
    parameters: &Json,
    assumed: &mut Vec<String>,
) -> Option<()> {
    let sse_c = bucket.encryption.known().map_or(SseC::NotSaid, |encryption| encryption.sse_c);
    match call {
        "PutBucketEncryption" => {
            let (mut encryption, said) = encryption(parameters)?;
            encryption.sse_c = said.unwrap_or_else(|| {
                let reason = "the block on SSE-C is unchanged: the event does not contain it";
                assumed.push(reason.to_owned());
                sse_c
            });
            bucket.encryption = Known(encryption);
        }
        "DeleteBucketEncryption" => {
            let algorithm = Algorithm::SseS3;
            bucket.encryption = Known(Encryption { algorithm, bucket_key: false, sse_c });
            assumed.push("the block on SSE-C is unchanged".to_owned());
        }
        "PutBucketPublicAccessBlock" => {
            bucket.public_access_block = Known(events::block(parameters)?);
        }
        "DeleteBucketPublicAccessBlock" => bucket.public_access_block = Absent,
        "PutAccountPublicAccessBlock" => bucket.account_block = Known(events::block(parameters)?),
        "DeleteAccountPublicAccessBlock" => bucket.account_block = Absent,
        "PutBucketPolicy" => {
            let policy = access::policy(parameters);
            let is_public =
                policy.as_ref().and_then(|policy| admitted::is_public(policy, &bucket.id.account));
            bucket.policy = policy.map_or(Denied, Known);
            bucket.policy_is_public = is_public.map_or(Denied, Known);
            assumed.push(match is_public {
                Some(true) => "S3 classifies the policy as public: no event contains it".to_owned(),
                Some(false) => {
                    "S3 classifies the policy as not public: no event contains it".to_owned()
                }
                None => {
                    "whether S3 classifies the policy as public is unknown: the event does not \
                         contain a policy that can be read"
                        .to_owned()
                }
            });
        }
        "DeleteBucketPolicy" => (bucket.policy, bucket.policy_is_public) = (Absent, Absent),
        "PutBucketAcl" => {
            let acl = access::acl(parameters)?;
            // S3 refuses a grant while ACLs are disabled.
            if acl.grants_others && bucket.ownership == Known(Ownership::BucketOwnerEnforced) {
                bucket.ownership = Known(Ownership::ObjectWriter);
            }
            bucket.acl = Known(acl);
        }
        "PutBucketOwnershipControls" => {
            let ownership = text(parameters, &["OwnershipControls", "Rule", "ObjectOwnership"])?;
            bucket.ownership = access::ownership(&ownership);
        }
        "DeleteBucketOwnershipControls" => bucket.ownership = Absent,
        "PutBucketVersioning" => {
            let was = bucket.versioning.known().copied();
            bucket.versioning = Known(versioning(was, parameters)?);
        }
        "PutBucketLogging" => {
            let status = at(parameters, &["BucketLoggingStatus"])?;
            let part = |name| text(status, &["LoggingEnabled", name]);
            bucket.access_logs = part("TargetBucket").map_or(Absent, |target_bucket| {
                let target_prefix = part("TargetPrefix").unwrap_or_default();
                Known(AccessLogs { target_bucket, target_prefix })
            });
        }
        "PutBucketNotification" => bucket.notifications = Known(notifications::read(parameters)?),
        "PutBucketWebsite" => bucket.website = Known(()),
        "DeleteBucketWebsite" => bucket.website = Absent,
        "PutBucketReplication" => {
            bucket.replication = Known(replication(&bucket.id.account, parameters)?);
        }
        "DeleteBucketReplication" => bucket.replication = Absent,
        "PutBucketLifecycle" => bucket.lifecycle = Known(events::lifecycle(parameters)?),
        "DeleteBucketLifecycle" => bucket.lifecycle = Absent,
        "PutBucketObjectLockConfiguration" | "PutObjectLockConfiguration" => {
            // Without a default retention, only objects that are uploaded with one are locked.
            bucket.object_lock = events::retention(parameters)?.map_or(Absent, Known);
        }
        "PutBucketTagging" | "DeleteBucketTagging" => set_tags(bucket, |tags| {
            // Tags of AWS, as `aws:cloudformation:…`, cannot be changed.
            tags.retain(|key, _| key.starts_with("aws:"));
            tags.extend(tags_at(parameters, &["Tagging", "TagSet"]));
        }),
        "TagResource" => set_tags(bucket, |tags| {
            tags.extend(tags_at(parameters, &["TagResourceRequest", "Tags"]));
        }),
        "UntagResource" => {
            let keys = parameters.get("tagKeys").or_else(|| parameters.get("TagKeys"))?;
            set_tags(bucket, |tags| {
                for key in items(keys).filter_map(|key| text(key, &[])) {
                    tags.remove(&key);
                }
            });
        }
        _ => return None,
    }
    Some(())
}

/// Default encryption, and whether SSE-C is blocked, if the rule contains it.
fn encryption(parameters: &Json) -> Option<(Encryption, Option<SseC>)> {
    let configuration = at(parameters, &["ServerSideEncryptionConfiguration"])?;
    // `Rules` in the JSON of some SDKs' logs; CloudTrail has the XML's `Rule`.
    let rule = at(configuration, &["Rule"]).or_else(|| at(configuration, &["Rules"]))?;
    let default = |name| text(rule, &["ApplyServerSideEncryptionByDefault", name]);
    let key = || match default("KMSMasterKeyID") {
        Some(name) if !name.is_empty() => Key::Named(name),
        Some(_) | None => Key::AwsManaged,
    };
    let algorithm = match default("SSEAlgorithm").as_deref() {
        None => Algorithm::NotSaid,
        Some("AES256") => Algorithm::SseS3,
        Some("aws:kms") => Algorithm::Kms(key()),
        Some("aws:kms:dsse") => Algorithm::Dsse(key()),
        Some(other) => Algorithm::Other(other.to_owned()),
    };
    let bucket_key = is_true(rule, "BucketKeyEnabled");
    let types = at(rule, &["BlockedEncryptionTypes"]).and_then(|types| types.get("EncryptionType"));
    let names: Vec<&str> = types.into_iter().flat_map(items).filter_map(Json::as_str).collect();
    let sse_c = if names.contains(&"SSE-C") { SseC::Blocked } else { SseC::Allowed };
    let encryption = Encryption { algorithm, bucket_key, sse_c };
    Some((encryption, (!names.is_empty()).then_some(sse_c)))
}

fn versioning(was: Option<Versioning>, parameters: &Json) -> Option<Versioning> {
    let part = |name| Some(text(parameters, &["VersioningConfiguration", name])? == "Enabled");
    let (enabled, mfa_delete) = (part("Status"), part("MfaDelete"));
    enabled.or(mfa_delete)?;
    Some(Versioning {
        enabled: enabled.unwrap_or(was.is_some_and(|was| was.enabled)),
        mfa_delete: mfa_delete.unwrap_or(was.is_some_and(|was| was.mfa_delete)),
    })
}

/// The destinations of the rules that are enabled.
fn replication(owner: &AccountId, parameters: &Json) -> Option<Replication> {
    let mut replication = Replication::default();
    for rule in rules(parameters, "ReplicationConfiguration")? {
        let with_kms = at(rule, &["SourceSelectionCriteria", "SseKmsEncryptedObjects"])
            .and_then(|objects| text(objects, &["Status"]));
        replication.without_kms |= with_kms.as_deref() != Some("Enabled");
        let Some(destination) = at(rule, &["Destination"]) else { continue };
        let account = text(destination, &["Account"]);
        let bucket = text(destination, &["Bucket"]).unwrap_or_default();
        replication.destinations.insert(Destination::new(&bucket, account.as_deref(), owner));
    }
    Some(replication)
}

/// The rules of a configuration that are enabled.
fn rules<'a>(parameters: &'a Json, name: &str) -> Option<impl Iterator<Item = &'a Json>> {
    let rules = at(parameters, &[name])?.get("Rule")?;
    Some(items(rules).filter(|rule| text(rule, &["Status"]).as_deref() != Some("Disabled")))
}

fn set_tags(bucket: &mut Observed, change: impl FnOnce(&mut Tags)) {
    let mut tags = bucket.tags.known().cloned().unwrap_or_default();
    change(&mut tags);
    bucket.tags = if tags.is_empty() { Absent } else { Known(tags) };
}

/// Tags in their XML's form, `Tag` with `Key` and `Value`, whose values may have become numbers or booleans, or as a list.
///
/// How `CloudTrail` spells those of `CreateBucket` is not documented.
fn tags_at(parameters: &Json, path: &[&str]) -> Tags {
    let set = at(parameters, path).map(|set| set.get("TagSet").unwrap_or(set));
    let tags = set.map(|set| set.get("Tag").unwrap_or(set));
    let pair = |tag| Some((text(tag, &["Key"])?, text(tag, &["Value"]).unwrap_or_default()));
    tags.into_iter().flat_map(items).filter_map(pair).collect()
}

/// Whether a field has XML's or JSON's word for yes.
fn is_true(value: &Json, name: &str) -> bool {
    text(value, &[name]).is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1")
}
