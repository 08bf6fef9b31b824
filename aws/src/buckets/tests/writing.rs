//! What is written, as it is sent.

use std::fmt::Write as _;

use s3guard_posture::model::setting::{
    AccessLogs, Algorithm, Key, Notifications, Ownership, SseC, Versioning,
};

use super::*;

fn settings() -> Vec<Setting> {
    let encryption = |algorithm, bucket_key, sse_c| {
        Setting::Encryption(Some(Encryption { algorithm, bucket_key, sse_c }))
    };
    let theirs = Key::Named("arn:aws:kms:eu-west-1:111122223333:key/1234abcd".to_owned());
    let logs =
        AccessLogs { target_bucket: "logs".to_owned(), target_prefix: "reports/".to_owned() };
    let xml = "<NotificationConfiguration/>".to_owned();
    vec![
        Setting::Policy(Some("{ \"Statement\": [] }\n".to_owned())),
        Setting::Policy(None),
        Setting::PublicAccessBlock(Some(PublicAccessBlock {
            restrict_public_buckets: false,
            ..PublicAccessBlock::ALL
        })),
        Setting::PublicAccessBlock(None),
        encryption(Algorithm::SseS3, false, SseC::Allowed),
        encryption(Algorithm::NotSaid, false, SseC::Blocked),
        encryption(Algorithm::Kms(Key::AwsManaged), true, SseC::Blocked),
        encryption(Algorithm::Kms(Key::Named("alias/aws/s3".to_owned())), true, SseC::Blocked),
        encryption(Algorithm::Dsse(theirs), false, SseC::Blocked),
        encryption(Algorithm::Other("aws:new".to_owned()), false, SseC::NotSaid),
        Setting::Encryption(None),
        Setting::Ownership(Some(Ownership::BucketOwnerEnforced)),
        Setting::Ownership(Some(Ownership::BucketOwnerPreferred)),
        Setting::Ownership(Some(Ownership::ObjectWriter)),
        Setting::Ownership(None),
        Setting::Versioning(Some(Versioning { enabled: true, mfa_delete: true })),
        Setting::Versioning(Some(Versioning { enabled: false, mfa_delete: false })),
        Setting::Versioning(None),
        Setting::AccessLogs(Some(logs)),
        Setting::AccessLogs(None),
        Setting::Notifications(Notifications { xml, elements: Vec::new() }),
    ]
}

#[tokio::test]
async fn every_setting_is_written_whole_in_one_call_and_only_to_our_own_bucket() {
    let mut wire = String::new();
    for setting in settings() {
        let fake = Fake::answering([(200, "")]);
        assert_eq!(buckets(&fake, None).apply(&reports(), &setting).await, Ok(true), "{setting}");
        let [asked] = &fake.asked()[..] else { panic!("{setting}") };
        assert_eq!(asked.header("x-amz-expected-bucket-owner"), Some(OWNER), "{setting}");
        writeln!(wire, "# {setting}\n{asked}").unwrap();
    }
    expect_test::expect_file!["writing.http"].assert_eq(&wire);
}

#[tokio::test]
async fn a_bucket_that_is_gone_is_not_written_to() {
    for setting in settings() {
        let fake = Fake::answering([error(404, "NoSuchBucket")]);
        assert_eq!(buckets(&fake, None).apply(&reports(), &setting).await, Ok(false), "{setting}");
    }
}

#[tokio::test]
async fn a_write_that_s3_aborts_for_another_is_not_sent_again_unseen() {
    for setting in settings() {
        let fake = Fake::answering([error(409, "OperationAborted")]);
        let error = buckets(&fake, None).apply(&reports(), &setting).await.unwrap_err();
        assert!(error.is_conflict() && !error.is_throttled(), "{error}");
        assert_eq!(fake.asked().len(), 1, "{setting}");
    }
}

#[tokio::test]
async fn a_write_that_is_denied_names_the_call() {
    let mut calls = Vec::new();
    for setting in settings() {
        let fake = Fake::answering([error(403, "AccessDenied")]);
        let error = buckets(&fake, None).apply(&reports(), &setting).await.unwrap_err();
        assert!(error.is_denied(), "{error}");
        if calls.last() != Some(&error.call) {
            calls.push(error.call);
        }
    }
    expect_test::expect![[r#"
        PutBucketPolicy
        DeleteBucketPolicy
        PutPublicAccessBlock
        DeletePublicAccessBlock
        PutBucketEncryption
        DeleteBucketEncryption
        PutBucketOwnershipControls
        DeleteBucketOwnershipControls
        PutBucketVersioning
        PutBucketLogging
        PutBucketNotificationConfiguration"#]]
    .assert_eq(&calls.join("\n"));
}

#[tokio::test]
async fn a_bucket_of_another_region_is_written_to_there() {
    let fake = Fake::answering([(204, "")]);
    let there = BucketId { region: "us-east-1".parse().unwrap(), ..reports() };
    buckets(&fake, None).apply(&there, &Setting::Policy(None)).await.unwrap();
    let line = &fake.asked()[0].line;
    assert_eq!(line, "DELETE https://reports.s3.us-east-1.amazonaws.com/?policy");
}
