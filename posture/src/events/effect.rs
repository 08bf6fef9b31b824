//! What a call has switched on or off, by its own parameters: evidence also where the setting is not read.
//!
//! `CloudTrail` writes the request's XML as JSON. What the parameters do not contain is not known.

use serde_json::Value as Json;

use super::field::{at, items, text};
use crate::model::protection::{self, Protection, Protections, Value};
use crate::model::setting::{
    Algorithm, Expiry, ExpiryOf, Key, Lifecycle, PublicAccessBlock, Retention, Scope,
};

/// The protections that a call sets.
pub(super) fn sets(event_name: &str, parameters: &Json) -> Protections {
    let none = Lifecycle::default;
    let values: Option<Vec<(Protection, Value)>> = match event_name {
        "PutBucketVersioning" => Some(versioning(parameters)),
        "PutBucketLogging" => at(parameters, &["BucketLoggingStatus"]).map(|status| {
            let bucket = text(status, &["LoggingEnabled", "TargetBucket"]);
            vec![(Protection::AccessLogs, bucket.map_or(Value::Off, Value::Logs))]
        }),
        "PutBucketLifecycle" => lifecycle(parameters).map(|it| protection::expiries(&it).into()),
        "DeleteBucketLifecycle" => Some(protection::expiries(&none()).into()),
        "PutBucketReplication" => copies(parameters).map(|to| vec![(Protection::Replication, to)]),
        "DeleteBucketReplication" => {
            Some(vec![(Protection::Replication, Value::Copies([].into()))])
        }
        "PutBucketObjectLockConfiguration" | "PutObjectLockConfiguration" => retention(parameters)
            .map(|retention| {
                vec![(Protection::ObjectLock, retention.map_or(Value::Off, Value::Retention))]
            }),
        "PutBucketNotification" => at(parameters, &["NotificationConfiguration"]).map(|root| {
            let is_on = root.get("EventBridgeConfiguration").is_some();
            vec![(Protection::EventBridge, Value::switch(is_on))]
        }),
        "PutBucketEncryption" => encryption(parameters),
        "DeleteBucketEncryption" => Some(protection::algorithm(&Algorithm::SseS3)),
        "PutBucketPublicAccessBlock" => of_block(Protection::PublicAccess, parameters),
        "PutAccountPublicAccessBlock" => of_block(Protection::AccountPublicAccess, parameters),
        "DeleteBucketPublicAccessBlock" => {
            Some(vec![(Protection::PublicAccess, Value::Block(PublicAccessBlock::default()))])
        }
        "DeleteAccountPublicAccessBlock" => Some(vec![(
            Protection::AccountPublicAccess,
            Value::Block(PublicAccessBlock::default()),
        )]),
        "PutBucketOwnershipControls" => {
            text(parameters, &["OwnershipControls", "Rule", "ObjectOwnership"]).map(|ownership| {
                let is_on = ownership == "BucketOwnerEnforced";
                vec![(Protection::Ownership, Value::switch(is_on))]
            })
        }
        "DeleteBucketOwnershipControls" => Some(vec![(Protection::Ownership, Value::Off)]),
        _ => None,
    };
    let values = values.into_iter().flatten();
    values.filter_map(|(protection, value)| Some((protection, value.bounded()?))).collect()
}

fn versioning(parameters: &Json) -> Vec<(Protection, Value)> {
    let part = |name| text(parameters, &["VersioningConfiguration", name]);
    let of = |protection, name| {
        part(name).map(|status| (protection, Value::switch(status == "Enabled")))
    };
    let parts = [of(Protection::Versioning, "Status"), of(Protection::MfaDelete, "MfaDelete")];
    parts.into_iter().flatten().collect()
}

fn of_block(protection: Protection, parameters: &Json) -> Option<Vec<(Protection, Value)>> {
    Some(vec![(protection, Value::Block(block(parameters)?))])
}

/// The four switches of a public access block. One that is missing is off.
pub fn block(parameters: &Json) -> Option<PublicAccessBlock> {
    let configuration = at(parameters, &["PublicAccessBlockConfiguration"])?;
    configuration.as_object()?;
    Some(PublicAccessBlock {
        block_public_acls: is_true(configuration, "BlockPublicAcls"),
        ignore_public_acls: is_true(configuration, "IgnorePublicAcls"),
        block_public_policy: is_true(configuration, "BlockPublicPolicy"),
        restrict_public_buckets: is_true(configuration, "RestrictPublicBuckets"),
    })
}

fn encryption(parameters: &Json) -> Option<Vec<(Protection, Value)>> {
    let configuration = at(parameters, &["ServerSideEncryptionConfiguration"])?;
    // `Rules` in the JSON of some SDKs' logs; CloudTrail has the XML's `Rule`.
    let rule = at(configuration, &["Rule"]).or_else(|| at(configuration, &["Rules"]))?;
    let default = |name| text(rule, &["ApplyServerSideEncryptionByDefault", name]);
    let key = || match default("KMSMasterKeyID") {
        Some(name) if !name.is_empty() && !name.ends_with("alias/aws/s3") => Key::Named(name),
        Some(_) | None => Key::AwsManaged,
    };
    let algorithm = match default("SSEAlgorithm").as_deref() {
        None => None,
        Some("AES256") => Some(Algorithm::SseS3),
        Some("aws:kms") => Some(Algorithm::Kms(key())),
        Some("aws:kms:dsse") => Some(Algorithm::Dsse(key())),
        Some(other) => Some(Algorithm::Other(other.to_owned())),
    };
    let mut values = algorithm.as_ref().map(protection::algorithm).unwrap_or_default();
    if let Some(types) = at(rule, &["BlockedEncryptionTypes"]) {
        let types = types.get("EncryptionType").into_iter().flat_map(items);
        let is_on = types.filter_map(Json::as_str).any(|name| name == "SSE-C");
        values.push((Protection::SseC, Value::switch(is_on)));
    }
    Some(values)
}

/// The destination buckets of the enabled rules.
fn copies(parameters: &Json) -> Option<Value> {
    let to = enabled(parameters, "ReplicationConfiguration")?.filter_map(|rule| {
        // The bucket is an ARN, `arn:aws:s3:::NAME`.
        let bucket = text(rule, &["Destination", "Bucket"])?;
        Some(bucket.rsplit(':').next().unwrap_or_default().to_owned())
    });
    Some(Value::Copies(to.collect()))
}

/// The default retention that a call sets, which may be none; `None` if the parameters do not contain it.
pub fn retention(parameters: &Json) -> Option<Option<Retention>> {
    let configuration = at(parameters, &["ObjectLockConfiguration"])?;
    Some(at(configuration, &["Rule", "DefaultRetention"]).map(|retention| {
        let number = |name| text(retention, &[name]).and_then(|text| text.parse::<u32>().ok());
        let years = number("Years").and_then(|years| years.checked_mul(365));
        let compliance = text(retention, &["Mode"]).as_deref() == Some("COMPLIANCE");
        Retention { compliance, days: number("Days").or(years).unwrap_or_default() }
    }))
}

/// What the enabled lifecycle rules delete, from the parameters of a call.
pub fn lifecycle(parameters: &Json) -> Option<Lifecycle> {
    Some(Lifecycle::new(enabled(parameters, "LifecycleConfiguration")?.flat_map(|rule| {
        let scope = scope(rule);
        [current(rule), old(rule)]
            .into_iter()
            .flatten()
            .map(move |expiry| Expiry { scope: scope.clone(), ..expiry })
    })))
}

/// The rules of a configuration that are enabled.
fn enabled<'a>(parameters: &'a Json, name: &str) -> Option<impl Iterator<Item = &'a Json>> {
    let rules = at(parameters, &[name])?.get("Rule")?;
    Some(items(rules).filter(|rule| text(rule, &["Status"]).as_deref() != Some("Disabled")))
}

/// A number of days that is not valid counts as the shortest.
fn current(rule: &Json) -> Option<Expiry> {
    let expiration = at(rule, &["Expiration"])?;
    if let Some(days) = text(expiration, &["Days"]) {
        return Some(Expiry::after(ExpiryOf::Objects, days.parse().unwrap_or(0)));
    }
    let date = text(expiration, &["Date"])?;
    Some(Expiry::from(date.get(..10).unwrap_or(&date)))
}

fn old(rule: &Json) -> Option<Expiry> {
    let expiration = at(rule, &["NoncurrentVersionExpiration"])?;
    let number = |name| text(expiration, &[name]).map(|text| text.parse().unwrap_or(0));
    let kept = number("NewerNoncurrentVersions").unwrap_or_default();
    Some(Expiry { kept, ..Expiry::after(ExpiryOf::OldVersions, number("NoncurrentDays")?) })
}

/// The filter of a rule, or the prefix of the older form.
fn scope(rule: &Json) -> Scope {
    let part = |name: &str| {
        [&["Filter", name][..], &["Filter", "And", name], &[name]]
            .into_iter()
            .find_map(|path| text(rule, path))
    };
    let filter = at(rule, &["Filter"]);
    let and = filter.and_then(|filter| at(filter, &["And"]));
    let tags = [filter, and].into_iter().flatten().filter_map(|of| of.get("Tag")).flat_map(items);
    let pair = |tag: &Json| Some((text(tag, &["Key"])?, text(tag, &["Value"]).unwrap_or_default()));
    Scope {
        prefix: part("Prefix").unwrap_or_default(),
        tags: tags.filter_map(pair).collect(),
        larger_than: part("ObjectSizeGreaterThan").and_then(|bytes| bytes.parse().ok()),
        smaller_than: part("ObjectSizeLessThan").and_then(|bytes| bytes.parse().ok()),
    }
}

/// Whether a field has XML's or JSON's word for yes.
fn is_true(value: &Json, name: &str) -> bool {
    text(value, &[name]).is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1")
}

#[cfg(test)]
mod tests;
