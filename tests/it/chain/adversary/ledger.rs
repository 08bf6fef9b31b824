//! Who writes into the ledger commands the guard: what it is to leave alone, what it has reported, what an undo restores.

use s3guard_emulator::{CallError, Client};
use serde_json::json;

use super::{Attacked, Locked, attacked, denied};

/// What an adversary would write: a record, a state, a sweep, a digest, a suppression, a run, a job, and anything else.
const KEYS: [&str; 8] = [
    "records/payroll/20261124T231502.123Z-encryption.json",
    "state/payroll.json",
    "sweeps/last.json",
    "windows/20261124T2300Z/digest.json",
    "suppressions/payroll/public-access/20261124T231502.123Z-2027-12-31.json",
    "runs/1.json",
    "jobs/1.json",
    "buckets/payroll/undone/public-access/20261124T231502.123Z-2027-12-31.json",
];
const WRITERS: [&str; 4] =
    ["NoOtherKeys", "OnlyNotifyPuts", "OnlyOperatorsPut", "OnlyTheGuardPuts"];
const ALGORITHM: &str = "x-amz-server-side-encryption";

/// The same principal, whose objects are encrypted with a key of S3, for which no permission is needed.
fn with_sse_s3(client: &Client) -> Client {
    client.with_header(ALGORITHM, "AES256")
}

/// The same principal, whose objects are encrypted with a key of its own.
fn with_key(client: &Client, key: &str) -> Client {
    let header = format!("{ALGORITHM}-aws-kms-key-id");
    client.with_header(ALGORITHM, "aws:kms").with_header(&header, key)
}

fn put_all(attacked: &Attacked, client: &Client) -> Vec<Result<(), CallError>> {
    KEYS.iter().map(|key| client.put_object(attacked.ledger(), key, b"{}")).collect()
}

#[track_caller]
fn all_denied(attacked: &Attacked, client: &Client) {
    put_all(attacked, client).into_iter().for_each(denied);
}

#[track_caller]
fn all_accepted(attacked: &Attacked, client: &Client) {
    for answer in put_all(attacked, client) {
        answer.unwrap();
    }
}

#[test]
fn no_one_plants_objects_in_the_ledger() {
    let attacked = &*attacked();
    let Attacked { developer, loader, engineer, .. } = attacked;
    let ledger = Locked::Bucket(attacked.ledger());
    let theirs = engineer.create_key().unwrap();
    let root = attacked.root();
    for client in [developer, loader, engineer, &root] {
        for client in [client, &with_sse_s3(client), &with_key(client, &theirs)] {
            all_denied(attacked, client);
        }
    }
    assert!(
        !attacked
            .root()
            .list_objects(attacked.ledger())
            .unwrap()
            .iter()
            .any(|key| KEYS.contains(&key.as_str()))
    );

    // Without the lock on who writes, there is the one on how: only with the stack's key, which denies its use for the
    // ledger.
    attacked.without(ledger, &WRITERS, || {
        for client in [loader, engineer] {
            for client in [client, &with_sse_s3(client), &with_key(client, &theirs)] {
                all_denied(attacked, client);
            }
        }
        attacked
            .without(Locked::Key, &["OnlyWritersOfTheLedger"], || all_accepted(attacked, engineer));
    });
    let no_kms = [&WRITERS[..], &["OnlyWithKms"]].concat();
    attacked.without(ledger, &no_kms, || {
        all_accepted(attacked, &with_sse_s3(loader));
        all_denied(attacked, &with_key(engineer, &theirs));
    });
    let any_key = [&WRITERS[..], &["OnlyWithTheStacksKey"]].concat();
    attacked.without(ledger, &any_key, || all_accepted(attacked, &with_key(engineer, &theirs)));
    attacked.without(ledger, &["ObjectsAreOnlyAdded"], || {
        for key in KEYS {
            root.delete_object(attacked.ledger(), key).unwrap();
        }
    });
}

#[test]
fn no_one_deletes_or_changes_objects_of_the_ledger() {
    let attacked = &*attacked();
    let Attacked { developer, .. } = attacked;
    let bucket = attacked.ledger();
    let (key, root) = (KEYS[0], attacked.root());
    let planted = || root.put_version(bucket, key, b"{}").unwrap();
    let open = [&WRITERS[..], &["OnlyWithKms"]].concat();
    let version = attacked.without(Locked::Bucket(bucket), &open, || {
        attacked.without(Locked::Key, &["OnlyWritersOfTheLedger"], planted)
    });
    let attempts = || {
        let object = format!("/{bucket}/{key}");
        let tags = "<Tagging><TagSet/></Tagging>";
        [
            developer.call("s3", "PUT", &format!("{object}?tagging"), tags),
            developer.call("s3", "DELETE", &object, ""),
            developer.call("s3", "DELETE", &format!("{object}?versionId={version}"), ""),
        ]
    };
    attempts().into_iter().for_each(denied);
    denied(root.delete_object(bucket, key));
    assert_eq!(root.get_object(bucket, key).unwrap(), "{}");
    attacked.without(Locked::Bucket(bucket), &["ObjectsAreOnlyAdded"], || {
        for answer in attempts() {
            drop(answer.unwrap());
        }
    });
    assert!(root.get_object(bucket, key).is_err(), "without the lock, it is gone");
}

#[test]
fn no_one_changes_the_settings_of_the_ledger() {
    let attacked = &*attacked();
    let Attacked { developer, .. } = attacked;
    let bucket = attacked.ledger();
    let theirs = json!({ "Version": "2012-10-17", "Statement": [{ "Sid": "Mine", "Effect": "Allow", "Action": "s3:*",
        "Principal": { "AWS": attacked.guarded.account.number() }, "Resource": format!("arn:aws:s3:::{bucket}/*") }] })
    .to_string();
    let encryption = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";
    let lifecycle = "<LifecycleConfiguration><Rule><ID>a</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>";
    let versioning =
        "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";
    let ownership = "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>";
    let before = |subresource: &str| attacked.root().bucket_setting(bucket, subresource).ok();
    let settings = ["encryption", "lifecycle", "ownershipControls", "versioning"];
    let kept = settings.map(before);
    let attempts = || {
        [
            developer.put_bucket_setting(bucket, "encryption", encryption),
            developer.put_bucket_setting(bucket, "lifecycle", lifecycle),
            developer.put_bucket_setting(bucket, "ownershipControls", ownership),
            developer.put_bucket_setting(bucket, "versioning", versioning),
            developer.delete_public_access_block(bucket),
            developer.delete_bucket_setting(bucket, "policy"),
            developer.put_bucket_setting(bucket, "policy", &theirs),
        ]
    };
    attempts().into_iter().for_each(denied);
    denied(developer.delete_bucket(bucket));
    let locks = ["OnlyDeployers", "OnlyDeployersAndTheGuard"];
    attacked.without(Locked::Bucket(bucket), &locks, || {
        for answer in attempts() {
            answer.unwrap();
        }
        for (subresource, before) in settings.into_iter().zip(&kept) {
            assert_ne!(
                &attacked.root().bucket_setting(bucket, subresource).ok(),
                before,
                "{subresource}"
            );
        }
    });
    for (subresource, kept) in settings.into_iter().zip(kept) {
        match kept {
            Some(text) => attacked.root().put_bucket_setting(bucket, subresource, &text).unwrap(),
            None => attacked.root().delete_bucket_setting(bucket, subresource).unwrap(),
        }
    }
    attacked.root().put_public_access_block(bucket, true).unwrap();
    attacked.guarded.rest();
}

#[test]
fn no_one_uses_the_key_for_the_ledger_or_ends_its_use() {
    let attacked = &*attacked();
    let Attacked { engineer, .. } = attacked;
    let key = attacked.guarded.output("KeyArn");
    let ledger = format!("arn:aws:s3:::{}", attacked.ledger());
    let contexts = [ledger.clone(), format!("{ledger}/suppressions/payroll/tls/1.json")];
    let generate = |context: &str| {
        let asked = json!({ "KeyId": key, "KeySpec": "AES_256", "EncryptionContext": { "aws:s3:arn": context } });
        engineer.json("kms", "GenerateDataKey", &asked)
    };
    for context in &contexts {
        denied(generate(context));
    }
    generate("arn:aws:s3:::another-bucket").unwrap();
    attacked.without(Locked::Key, &["OnlyWritersOfTheLedger"], || {
        for context in &contexts {
            drop(generate(context).unwrap());
        }
    });
    let put = || {
        let policy = attacked.policy(Locked::Key).to_string();
        let policy = json!({ "KeyId": key, "PolicyName": "default", "Policy": policy });
        engineer.json("kms", "PutKeyPolicy", &policy)
    };
    denied(put());
    denied(engineer.json("kms", "DisableKey", &json!({ "KeyId": key })));
    denied(engineer.json("kms", "ScheduleKeyDeletion", &json!({ "KeyId": key })));
    attacked.without(Locked::Key, &["OnlyDeployers"], || {
        put().unwrap();
        engineer.json("kms", "DisableKey", &json!({ "KeyId": key })).unwrap();
    });
    attacked.root().json("kms", "EnableKey", &json!({ "KeyId": key })).unwrap();
}
