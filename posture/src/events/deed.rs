//! What a call has done beside the settings of a bucket, and which bucket it is about.
//!
//! The shapes of these events are not documented, so they are read leniently, and what is not understood is only named
//! less exactly.

use serde_json::Value as Json;

use super::field::{at, text};
use crate::model::deed::Deed;
use crate::{AccountId, Aspect, BucketName};

/// What a call is about.
pub(super) enum Place {
    /// A bucket.
    Bucket(BucketName),
    /// No bucket that the event names, so the account.
    Account,
    /// Something that is not guarded here.
    Elsewhere,
}

/// What a call on an access point, on access grants or of another service is about.
pub(super) fn place(record: &Json, account: &AccountId) -> Place {
    let parameters = at(record, &["requestParameters"]).unwrap_or(&Json::Null);
    let owner = find(parameters, &["bucketAccountId"]);
    if owner.is_some_and(|owner| owner != account.as_str()) {
        return Place::Elsewhere;
    }
    let is_delivery = text(record, &["eventName"]).as_deref() == Some("PutDeliverySource");
    if let Some(arn) = find(parameters, &["resourceArn"]).filter(|_| is_delivery) {
        return bucket_of(&arn).map_or(Place::Elsewhere, Place::Bucket);
    }
    // A Multi-Region access point has a bucket in each of its Regions.
    let is_of_many = find(parameters, &["regions"]).is_some()
        || text(record, &["eventName"]).is_some_and(|name| name.contains("MultiRegion"));
    let named = find(parameters, &["bucketName", "bucket", "locationScope"]);
    let named = named.filter(|_| !is_of_many).and_then(|name| bucket_of(&name));
    named.map_or(Place::Account, Place::Bucket)
}

/// What a call has done.
pub(super) fn deed(event_name: &str, record: &Json) -> Option<Deed> {
    let parameters = at(record, &["requestParameters"]).unwrap_or(&Json::Null);
    let opened = |what: String| Some(Deed::Opened { aspect: Aspect::AccessPoints, what });
    let point = || {
        let name = find(parameters, &["name", "accessPointName"]).filter(|name| is_name(name));
        name.map_or_else(|| "an access point".to_owned(), |name| format!("the access point {name}"))
    };
    match event_name {
        "DeleteBucket" => Some(Deed::Deleted),
        "PutBucketAbac" => {
            let is_on = find(parameters, &["status"]).as_deref() == Some("Enabled");
            let now = if is_on { "now" } else { "no longer" };
            let what = format!("tags of the bucket {now} count in policies (ABAC)");
            Some(Deed::Opened { aspect: Aspect::Policy, what })
        }
        "DeleteAccessPoint" => None,
        "CreateAccessPoint" | "CreateAccessPointForObjectLambda" => {
            let is_open = is_open(parameters);
            let open = if is_open { ", and its public access block is not fully on" } else { "" };
            opened(format!("{} was created: it has a policy of its own{open}", point()))
        }
        "CreateMultiRegionAccessPoint" => {
            opened("a Multi-Region access point was created: it has a policy of its own".to_owned())
        }
        "PutMultiRegionAccessPointPolicy" => {
            opened("the policy of a Multi-Region access point was changed".to_owned())
        }
        "PutAccessPointScope" | "DeleteAccessPointScope" => {
            opened(format!("{} allows other keys or actions", point()))
        }
        "PutAccessPointPublicAccessBlock" | "DeleteAccessPointPublicAccessBlock" => {
            opened(format!("{} has another public access block", point()))
        }
        "PutAccessPointConfigurationForObjectLambda" => {
            opened(format!("{} runs another function", point()))
        }
        "CreateAccessGrant" => {
            let grantee = find(parameters, &["granteeIdentifier"]);
            let to = grantee.map_or_else(String::new, |grantee| format!(" to {grantee}"));
            let how = find(parameters, &["permission"]).unwrap_or_else(|| "access".to_owned());
            opened(format!("an access grant gives {how}{to}, beside the bucket's policy"))
        }
        name if name.contains("AccessGrants") => {
            opened("S3 Access Grants were changed: they give access beside policies".to_owned())
        }
        name if name.contains("AccessPoint") => {
            opened(format!("the policy of {} was changed", point()))
        }
        "PutBucketInventoryConfiguration" | "PutInventoryConfiguration" => {
            exported("an inventory, a list of its objects,", parameters)
        }
        "PutBucketAnalyticsConfiguration" | "PutAnalyticsConfiguration" => {
            exported("an analysis of its objects", parameters)
        }
        "CreateBucketMetadataTableConfiguration" => {
            exported("a table with metadata of its objects", parameters)
        }
        "PutDeliverySource" => Some(Deed::Delivery {
            what: "its access logs may be delivered by CloudWatch Logs; s3guard does not read where",
            is_end: false,
        }),
        "CreateDelivery" => {
            let arn = find(parameters, &["deliveryDestinationArn"])?;
            let account = arn.split(':').nth(4).and_then(|account| account.parse().ok());
            let bucket = arn.rsplit(':').next()?.parse().ok()?;
            Some(Deed::Exported { what: "a delivery of logs", bucket, account })
        }
        "DeleteDelivery" | "DeleteDeliverySource" => Some(Deed::Delivery {
            what: "a delivery of logs by CloudWatch Logs was deleted: if it was that of a bucket, its \
                   access logs end",
            is_end: true,
        }),
        "DisableKey" => key(record, parameters, "was disabled"),
        "ScheduleKeyDeletion" => key(record, parameters, "will be deleted"),
        "PutKeyPolicy" => key(record, parameters, "has another policy"),
        _ => None,
    }
}

/// The destination of an export; `None` if there is none.
fn exported(what: &'static str, parameters: &Json) -> Option<Deed> {
    if find(parameters, &["isEnabled"]).as_deref() == Some("false") {
        return None;
    }
    let destination = ["S3BucketDestination", "S3TablesDestination"];
    let destination = destination.iter().find_map(|name| inside(parameters, name))?;
    let arn = find(destination, &["bucket", "tableBucketArn"])?;
    let named = find(destination, &["accountId", "bucketAccountId"]);
    // The ARN of a table bucket names its account.
    let of_arn = arn.split(':').nth(4).filter(|account| !account.is_empty()).map(str::to_owned);
    let account = named.or(of_arn).and_then(|account| account.parse().ok());
    let bucket = arn.rsplit([':', '/']).next()?.parse().ok()?;
    Some(Deed::Exported { what, bucket, account })
}

fn key(record: &Json, parameters: &Json, what: &'static str) -> Option<Deed> {
    let of_resource = text(record, &["resources", "ARN"]);
    let arn = of_resource.filter(|arn| arn.contains(":key/"));
    Some(Deed::Key { arn: arn.or_else(|| find(parameters, &["keyId"]))?, what })
}

/// Whether a switch of the access point's own block is off.
fn is_open(parameters: &Json) -> bool {
    let block = inside(parameters, "PublicAccessBlockConfiguration");
    block.and_then(Json::as_object).is_some_and(|block| {
        block.values().any(|value| value == false || value.as_str() == Some("false"))
    })
}

/// The bucket of an ARN, of a location `s3://…`, or of a name.
fn bucket_of(text: &str) -> Option<BucketName> {
    let name = text.strip_prefix("s3://").or_else(|| text.rsplit(":::").next())?;
    let bucket: BucketName = name.split('/').next()?.parse().ok()?;
    (!bucket.is_account()).then_some(bucket)
}

/// The name of an access point.
///
/// Source: Amazon S3 User Guide, "Naming rules for access points".
fn is_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (3..=63).contains(&name.len()) && name.bytes().all(is_allowed)
}

/// The text of the first field with one of these names, at whatever depth, in any case of letters.
fn find(value: &Json, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| text(inside(value, name)?, &[]))
}

/// The first field of this name, at whatever depth.
fn inside<'a>(value: &'a Json, name: &str) -> Option<&'a Json> {
    match value {
        Json::Object(fields) => {
            let here = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            let here = here.map(|(_, value)| value);
            here.or_else(|| fields.values().find_map(|field| inside(field, name)))
        }
        Json::Array(items) => items.iter().find_map(|item| inside(item, name)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
    }
}

#[cfg(test)]
mod tests;
