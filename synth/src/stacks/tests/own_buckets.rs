//! Our own buckets, assessed like all buckets.

use s3guard_posture::model::observed::DescribedKey;
use s3guard_posture::model::policy::Policy;
use s3guard_posture::model::setting::{
    AccessLogs, Acl, Algorithm, Encryption, Expiry, ExpiryOf, Key, Lifecycle, Notifications,
    Ownership, PublicAccessBlock, SseC, Versioning,
};
use s3guard_posture::{
    Age, Aspect, Baseline, BucketId, Finding, Grade, Mode, Observed, Reading, assess,
};
use serde_json::Value as Json;

use super::reading::{of_type, read_guard};
use crate::stacks::bucket::Purpose;

/// What the guard sees of a bucket of the stack.
fn seen(purpose: Purpose) -> Observed {
    let guard = read_guard();
    let bucket_id = match purpose {
        Purpose::Ledger => "LedgerBucket",
        Purpose::Logs => "LogBucket",
        Purpose::Trail => "TrailBucket",
    };
    let bucket = &guard["Resources"][bucket_id]["Properties"];
    let reference = format!("<{bucket_id}>");
    let (_, policy) = of_type(&guard, "AWS::S3::BucketPolicy")
        .find(|(_, policy)| policy["Properties"]["Bucket"] == reference.as_str())
        .unwrap();
    let id = BucketId {
        name: "s3guard-own-111122223333-eu-west-1-an".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    };
    let policy = policy["Properties"]["PolicyDocument"].to_string();
    let policy = policy.replace(&format!("<{bucket_id}.Arn>"), &id.arn());
    let is_on = |name: &str| bucket["PublicAccessBlockConfiguration"][name] == true;
    let ownership = &bucket["OwnershipControls"]["Rules"][0]["ObjectOwnership"];
    // ACLs are disabled.
    assert_eq!(ownership, "BucketOwnerEnforced");
    let days = bucket["LifecycleConfiguration"]["Rules"].as_array().unwrap().iter();
    let days = days.filter_map(|rule| rule["ExpirationInDays"].as_u64());
    let days = days.map(|days| u32::try_from(days).unwrap());
    Observed {
        encryption: Reading::Known(encryption(bucket)),
        public_access_block: Reading::Known(PublicAccessBlock {
            block_public_acls: is_on("BlockPublicAcls"),
            ignore_public_acls: is_on("IgnorePublicAcls"),
            block_public_policy: is_on("BlockPublicPolicy"),
            restrict_public_buckets: is_on("RestrictPublicBuckets"),
        }),
        policy: Reading::Known(Policy::new(policy)),
        acl: Reading::Known(Acl::default()),
        ownership: Reading::Known(Ownership::BucketOwnerEnforced),
        versioning: Reading::Known(Versioning {
            enabled: bucket["VersioningConfiguration"]["Status"] == "Enabled",
            mfa_delete: false,
        }),
        access_logs: match bucket.get("LoggingConfiguration") {
            Some(logging) => Reading::Known(AccessLogs {
                target_bucket: logging["DestinationBucketName"].as_str().unwrap().to_owned(),
                target_prefix: logging["LogFilePrefix"].as_str().unwrap().to_owned(),
            }),
            None => Reading::Absent,
        },
        notifications: Reading::Known(Notifications {
            xml: "<NotificationConfiguration></NotificationConfiguration>".to_owned(),
            elements: Vec::new(),
        }),
        lifecycle: Reading::Known(Lifecycle::new(
            days.map(|days| Expiry::after(ExpiryOf::Objects, days)),
        )),
        tags: Reading::Absent,
        website: Reading::Absent,
        replication: Reading::Absent,
        object_lock: Reading::Absent,
        // The stack's own key.
        bucket_key: Reading::Known(DescribedKey {
            arn: "arn:aws:kms:eu-west-1:111122223333:key/stack".to_owned(),
            is_aws_managed: false,
        }),
        ..Observed::unread(id)
    }
}

fn encryption(bucket: &Json) -> Encryption {
    let rule = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
    let by_default = &rule["ServerSideEncryptionByDefault"];
    Encryption {
        algorithm: match by_default["SSEAlgorithm"].as_str().unwrap() {
            "AES256" => Algorithm::SseS3,
            "aws:kms" => {
                Algorithm::Kms(Key::Named(by_default["KMSMasterKeyID"].as_str().unwrap().into()))
            }
            other => panic!("{other}"),
        },
        bucket_key: rule["BucketKeyEnabled"] == true,
        sse_c: match rule["BlockedEncryptionTypes"]["EncryptionType"][0].as_str() {
            Some("SSE-C") => SseC::Blocked,
            _ => SseC::Allowed,
        },
    }
}

/// The findings, with these aspects off.
fn findings(purpose: Purpose, grade: Grade, off: &[Aspect]) -> Vec<Finding> {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555";
    let mut baseline = Baseline::new(grade, Some(key.parse().unwrap()));
    // Nothing is left because it may be in use.
    baseline.call_context.age = Age::New;
    baseline.log_bucket = Some("s3guard-logs-111122223333-eu-west-1-an".parse().unwrap());
    // These are reported only when a call changes them: most buckets never had them.
    let touched = [Aspect::Replication, Aspect::ObjectLock];
    for aspect in touched.iter().chain(off) {
        baseline.set_mode(*aspect, Mode::Off);
    }
    assess(&seen(purpose), &baseline)
}

/// The aspects of our own buckets that must be off, at any grade.
fn left_alone(purpose: Purpose) -> &'static [Aspect] {
    match purpose {
        // S3 delivers access logs only to buckets with SSE-S3, and to log access to the logs would never end.
        Purpose::Logs => &[Aspect::Notifications, Aspect::Encryption, Aspect::AccessLogs],
        Purpose::Ledger | Purpose::Trail => &[Aspect::Notifications],
    }
}

#[test]
fn our_own_buckets_are_compliant() {
    for purpose in Purpose::ALL {
        for grade in Grade::ALL {
            let mut off = left_alone(purpose).to_vec();
            if grade == Grade::Security {
                // One layer with the stack's key: DSSE-KMS has no bucket keys, and would call KMS for each record.
                off.push(Aspect::Encryption);
            }
            let findings = findings(purpose, grade, &off);
            assert!(findings.is_empty(), "{purpose:?} {grade}: {findings:?}");
        }
    }
}

#[test]
fn no_aspect_is_off_without_a_reason() {
    for purpose in Purpose::ALL {
        let found: Vec<Aspect> =
            findings(purpose, Grade::Security, &[]).iter().map(Finding::aspect).collect();
        let mut off = left_alone(purpose).to_vec();
        off.push(Aspect::Encryption);
        assert!(off.iter().all(|aspect| found.contains(aspect)), "{purpose:?}: {found:?}");
    }
}

#[test]
fn every_aspect_of_our_own_buckets_is_seen() {
    for purpose in Purpose::ALL {
        let seen = seen(purpose);
        for grade in Grade::ALL {
            let baseline = Baseline::new(grade, None);
            let open: Vec<_> = s3guard_posture::questions(&seen, &baseline);
            // The ledger is asked only about weak settings; nothing of the bucket is unread.
            assert!(open.iter().all(|question| !question.is_of_bucket()), "{purpose:?}: {open:?}");
        }
    }
}
