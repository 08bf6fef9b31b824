//! For each watched call: the change that a user makes, and the expected result.

use serde_json::json;

use super::Ground;
use crate::chain::guarded::{encryption, is_private, policy, sends_object_events, switch_acls_off};

const XMLNS: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
const WEAK_ENCRYPTION: &str = "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>\
     </ApplyServerSideEncryptionByDefault><BlockedEncryptionTypes><EncryptionType>NONE</EncryptionType>\
     </BlockedEncryptionTypes>";
const OTHER_ACCOUNT: &str = "arn:aws:iam::999988887777:root";
const TAG: &str = "<TagSet><Tag><Key>team</Key><Value>data</Value></Tag></TagSet>";

type Deed = fn(&Ground, &str);

/// One call.
pub(super) struct Case {
    /// Prepares a bucket that the call can weaken; the guard may reconcile it before the call.
    pub(super) prepare: Deed,
    /// The call.
    pub(super) weaken: Deed,
    /// The expected results.
    pub(super) ends: Vec<Ends>,
}

/// The expected result of a call.
pub(super) enum Ends {
    /// This setting is remediated.
    Remediated(fn(&Ground, &str) -> bool),
    /// The owner is notified of this.
    Reported(&'static str),
    /// This action reads the setting again, and it is compliant.
    Read(&'static str),
}

/// The case of a call, by `CloudTrail`'s name.
pub(super) fn case(event_name: &str) -> Case {
    encryption_and_access(event_name)
        .or_else(|| retention(event_name))
        .or_else(|| whole(event_name))
        .unwrap_or_else(|| panic!("`{event_name}` is watched, but has no case"))
}

/// Access and encryption.
fn encryption_and_access(event_name: &str) -> Option<Case> {
    Some(match event_name {
        "PutBucketEncryption" => remediated(
            |ground, bucket| ground.careless.put_encryption(bucket, WEAK_ENCRYPTION).unwrap(),
            is_encrypted,
        ),
        "DeleteBucketEncryption" => remediated(
            |ground, bucket| ground.careless.delete_bucket_setting(bucket, "encryption").unwrap(),
            is_encrypted,
        ),
        "PutBucketPublicAccessBlock" => remediated(
            |ground, bucket| ground.careless.put_public_access_block(bucket, false).unwrap(),
            is_closed,
        ),
        "DeleteBucketPublicAccessBlock" => remediated(
            |ground, bucket| ground.careless.delete_public_access_block(bucket).unwrap(),
            is_closed,
        ),
        "PutBucketPolicy" => Case {
            prepare: nothing,
            weaken: allow_another_account,
            ends: vec![
                Ends::Remediated(has_tls),
                Ends::Reported("its policy lets others in: account 999988887777"),
            ],
        },
        "DeleteBucketPolicy" => {
            remediated(|ground, bucket| delete(ground, bucket, "policy"), has_tls)
        }
        "PutBucketAcl" => reported(
            |ground, bucket| {
                put(ground, bucket, "ownershipControls", "OwnershipControls", WRITERS_OWN);
            },
            |ground, bucket| ground.careless.put_acl(bucket, "log-delivery-write").unwrap(),
            "its ACL grants access to others than its owner",
        ),
        "PutBucketOwnershipControls" => remediated(
            |ground, bucket| {
                put(ground, bucket, "ownershipControls", "OwnershipControls", WRITERS_OWN);
            },
            is_owned,
        ),
        "DeleteBucketOwnershipControls" => {
            remediated(|ground, bucket| delete(ground, bucket, "ownershipControls"), is_owned)
        }
        // A website is no reason to leave it open.
        "PutBucketWebsite" => Case {
            prepare: make_legacy,
            weaken: |ground, bucket| {
                let index = "<IndexDocument><Suffix>a.html</Suffix></IndexDocument>";
                put(ground, bucket, "website", "WebsiteConfiguration", index);
            },
            ends: vec![Ends::Remediated(is_closed)],
        },
        "DeleteBucketWebsite" => Case {
            prepare: |ground, bucket| {
                let index = "<IndexDocument><Suffix>a.html</Suffix></IndexDocument>";
                put(ground, bucket, "website", "WebsiteConfiguration", index);
            },
            weaken: |ground, bucket| delete(ground, bucket, "website"),
            ends: vec![Ends::Read("s3:GetBucketPublicAccessBlock")],
        },
        _ => return None,
    })
}

/// Retention of objects, and their notifications.
fn retention(event_name: &str) -> Option<Case> {
    Some(match event_name {
        "PutBucketVersioning" => remediated(
            |ground, bucket| {
                put(
                    ground,
                    bucket,
                    "versioning",
                    "VersioningConfiguration",
                    "<Status>Suspended</Status>",
                );
            },
            has_versions,
        ),
        "PutBucketLogging" => remediated(
            |ground, bucket| put(ground, bucket, "logging", "BucketLoggingStatus", ""),
            is_logged,
        ),
        "PutBucketNotification" => remediated(
            |ground, bucket| ground.careless.put_notification(bucket, "").unwrap(),
            sends_events,
        ),
        "PutBucketReplication" => reported(
            nothing,
            |ground, bucket| copy(ground, bucket, "<Account>999988887777</Account>"),
            "its objects are copied to elsewhere of account 999988887777",
        ),
        "DeleteBucketReplication" => reported(
            |ground, bucket| copy(ground, bucket, ""),
            |ground, bucket| delete(ground, bucket, "replication"),
            "objects are no longer copied to",
        ),
        "PutBucketLifecycle" => reported(
            nothing,
            |ground, bucket| expire(ground, bucket, 1),
            "lifecycle: objects are deleted after 1 day; s3guard does not change it: check that it is meant",
        ),
        "DeleteBucketLifecycle" => Case {
            prepare: |ground, bucket| expire(ground, bucket, 90),
            weaken: |ground, bucket| delete(ground, bucket, "lifecycle"),
            ends: vec![Ends::Read("s3:GetLifecycleConfiguration")],
        },
        "PutBucketObjectLockConfiguration" => reported(
            |ground, bucket| lock(ground, bucket, LOCKED_A_DAY),
            |ground, bucket| lock(ground, bucket, ""),
            "its new objects are not locked",
        ),
        "PutObjectLockConfiguration" => reported(
            |ground, bucket| lock(ground, bucket, ""),
            |ground, bucket| {
                let parameters = json!({ "bucketName": bucket });
                ground
                    .guarded
                    .account
                    .publish_event("PutObjectLockConfiguration", &parameters)
                    .unwrap();
            },
            "its new objects are not locked",
        ),
        _ => return None,
    })
}

/// A bucket, its tags and the account.
fn whole(event_name: &str) -> Option<Case> {
    Some(match event_name {
        "CreateBucket" => Case {
            prepare: nothing,
            weaken: |ground, bucket| ground.careless.create_bucket(bucket).unwrap(),
            ends: [is_encrypted, is_closed, has_tls, has_versions, is_logged, sends_events]
                .map(Ends::Remediated)
                .into(),
        },
        "PutBucketTagging" => {
            tagged(|ground, bucket| put(ground, bucket, "tagging", "Tagging", TAG))
        }
        "DeleteBucketTagging" => tagged(|ground, bucket| delete(ground, bucket, "tagging")),
        "TagResource" => tagged(|ground, bucket| publish_tagging(ground, "TagResource", bucket)),
        "UntagResource" => {
            tagged(|ground, bucket| publish_tagging(ground, "UntagResource", bucket))
        }
        "PutAccountPublicAccessBlock" => remediated(
            |ground, _| ground.careless.put_account_block(false).unwrap(),
            account_is_closed,
        ),
        "DeleteAccountPublicAccessBlock" => remediated(
            |ground, _| ground.careless.delete_account_block().unwrap(),
            account_is_closed,
        ),
        _ => return None,
    })
}

fn nothing(_: &Ground, _: &str) {}

fn remediated(weaken: Deed, is_compliant: fn(&Ground, &str) -> bool) -> Case {
    Case { prepare: nothing, weaken, ends: vec![Ends::Remediated(is_compliant)] }
}

fn reported(prepare: Deed, weaken: Deed, what: &'static str) -> Case {
    Case { prepare, weaken, ends: vec![Ends::Reported(what)] }
}

/// A tag alone weakens nothing: a bucket from before 2023 shows that every setting is reconciled.
fn tagged(weaken: Deed) -> Case {
    // SSE-C may be in use in it, and no call has allowed it.
    let ends = vec![Ends::Remediated(has_key), Ends::Remediated(is_closed)];
    let prepare = |ground: &Ground, bucket: &str| {
        make_legacy(ground, bucket);
        switch_acls_off(&ground.careless, bucket);
    };
    Case { prepare, weaken, ends }
}

const WRITERS_OWN: &str = "<Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>";
const LOCKED_A_DAY: &str =
    "<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule>";

fn put(ground: &Ground, bucket: &str, subresource: &str, root: &str, inside: &str) {
    let document = format!("<{root} xmlns=\"{XMLNS}\">{inside}</{root}>");
    ground.careless.put_bucket_setting(bucket, subresource, &document).unwrap();
}

fn delete(ground: &Ground, bucket: &str, subresource: &str) {
    ground.careless.delete_bucket_setting(bucket, subresource).unwrap();
}

fn make_legacy(ground: &Ground, bucket: &str) {
    ground.guarded.account.make_legacy(bucket).unwrap();
}

fn allow_another_account(ground: &Ground, bucket: &str) {
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "s3:GetObject",
        "Principal": { "AWS": OTHER_ACCOUNT }, "Resource": format!("arn:aws:s3:::{bucket}/*") }] });
    ground.careless.put_bucket_setting(bucket, "policy", &policy.to_string()).unwrap();
}

fn copy(ground: &Ground, bucket: &str, account: &str) {
    let inside = format!(
        "<Role>arn:aws:iam::111122223333:role/copy</Role><Rule><ID>a</ID><Priority>1</Priority><Status>Enabled</Status>\
         <Filter><Prefix></Prefix></Filter><DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>\
         <Destination><Bucket>arn:aws:s3:::elsewhere</Bucket>{account}</Destination></Rule>"
    );
    put(ground, bucket, "replication", "ReplicationConfiguration", &inside);
}

fn expire(ground: &Ground, bucket: &str, days: u32) {
    let rule = format!(
        "<Rule><ID>a</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status><Expiration><Days>{days}</Days>\
         </Expiration></Rule>"
    );
    put(ground, bucket, "lifecycle", "LifecycleConfiguration", &rule);
}

fn lock(ground: &Ground, bucket: &str, rule: &str) {
    let inside = format!("<ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule}");
    put(ground, bucket, "object-lock", "ObjectLockConfiguration", &inside);
}

fn publish_tagging(ground: &Ground, event_name: &str, bucket: &str) {
    let parameters = json!({ "resourceArn": format!("arn:aws:s3:::{bucket}") });
    ground.guarded.account.publish_event(event_name, &parameters).unwrap();
}

fn is_encrypted(ground: &Ground, bucket: &str) -> bool {
    has_key(ground, bucket) && encryption(&ground.careless, bucket).contains("SSE-C")
}

fn has_key(ground: &Ground, bucket: &str) -> bool {
    let encryption = encryption(&ground.careless, bucket);
    encryption.starts_with("aws:kms:dsse") && encryption.contains(ground.key)
}

fn is_closed(ground: &Ground, bucket: &str) -> bool {
    is_private(&ground.careless, bucket)
}

fn has_tls(ground: &Ground, bucket: &str) -> bool {
    let policy = policy(&ground.careless, bucket).unwrap_or_default().to_string();
    policy.contains("aws:SecureTransport") && policy.contains("s3:TlsVersion")
}

fn is_owned(ground: &Ground, bucket: &str) -> bool {
    setting_has(ground, bucket, "ownershipControls", "BucketOwnerEnforced")
}

fn has_versions(ground: &Ground, bucket: &str) -> bool {
    setting_has(ground, bucket, "versioning", "<Status>Enabled</Status>")
}

fn is_logged(ground: &Ground, bucket: &str) -> bool {
    let prefix = format!("<TargetPrefix>access/{bucket}/</TargetPrefix>");
    setting_has(ground, bucket, "logging", &prefix)
}

fn sends_events(ground: &Ground, bucket: &str) -> bool {
    sends_object_events(&ground.careless, bucket)
}

fn account_is_closed(ground: &Ground, _: &str) -> bool {
    ground.careless.account_block().is_ok_and(|xml| xml.matches(">true<").count() == 4)
}

fn setting_has(ground: &Ground, bucket: &str, subresource: &str, part: &str) -> bool {
    ground.careless.bucket_setting(bucket, subresource).is_ok_and(|xml| xml.contains(part))
}
