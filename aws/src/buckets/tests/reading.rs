//! Every question: which call it is, and the answers "not set" and "denied".

use std::fmt::Write as _;

use s3guard_posture::On;

use super::*;
use crate::fake::{json_error, wrapped_error};

/// The code for "not set", of the questions that have one.
fn absent(question: Question) -> Option<&'static str> {
    match question {
        Question::Encryption => Some("ServerSideEncryptionConfigurationNotFoundError"),
        Question::PublicAccessBlock | Question::AccountBlock => {
            Some("NoSuchPublicAccessBlockConfiguration")
        }
        Question::Policy | Question::PolicyStatus => Some("NoSuchBucketPolicy"),
        Question::Website => Some("NoSuchWebsiteConfiguration"),
        Question::Ownership => Some("OwnershipControlsNotFoundError"),
        Question::Tags => Some("NoSuchTagSet"),
        Question::Replication => Some("ReplicationConfigurationNotFoundError"),
        Question::Lifecycle => Some("NoSuchLifecycleConfiguration"),
        Question::ObjectLock => Some("ObjectLockConfigurationNotFoundError"),
        Question::Key | Question::BucketKey => Some("NotFoundException"),
        Question::Acl
        | Question::Versioning
        | Question::AccessLogs
        | Question::Notifications
        | Question::Stack
        | Question::History => None,
    }
}

/// An error as the service answers it that the question is for.
fn refused(question: Question, status: u16, code: &str) -> (u16, String) {
    match question.permission().1 {
        On::Keys | On::BucketKeys => json_error(code),
        On::Account | On::Stacks => wrapped_error(status, code),
        On::Buckets | On::Ledger => error(status, code),
    }
}

/// The field that answers the question, as text.
fn field(observed: &Observed, question: Question) -> String {
    let mut forgotten = observed.clone();
    forgotten.forget(question);
    let (with, without) = (format!("{observed:#?}"), format!("{forgotten:#?}"));
    let mut lines = with.lines().zip(without.lines()).filter(|(with, without)| with != without);
    let (line, _) = lines.next().unwrap();
    line.split(": ").nth(1).unwrap().trim_end_matches(',').to_owned()
}

/// The questions that are calls of AWS: the ledger answers the other one.
fn asked() -> impl Iterator<Item = Question> {
    Question::ALL.into_iter().filter(|question| *question != Question::History)
}

#[tokio::test]
async fn denied_is_a_reading_and_never_taken_for_not_set() {
    for question in asked() {
        let is_of_kms = [Question::Key, Question::BucketKey].contains(&question);
        let code = if is_of_kms { "AccessDeniedException" } else { "AccessDenied" };
        let fake = Fake::answering([refused(question, 403, code)]);
        let observed = seen(&fake, question).await.unwrap().unwrap();
        assert_eq!(field(&observed, question), "Denied", "{question:?}");
    }
}

#[tokio::test]
async fn not_set_is_a_reading() {
    for question in asked() {
        let Some(code) = absent(question) else { continue };
        let fake = Fake::answering([refused(question, 404, code)]);
        let observed = seen(&fake, question).await.unwrap().unwrap();
        assert_eq!(field(&observed, question), "Absent", "{question:?}");
    }
}

#[tokio::test]
async fn a_bucket_that_is_gone_is_nothing_to_guard() {
    for question in asked().filter(|question| question.is_of_bucket()) {
        let fake = Fake::answering([error(404, "NoSuchBucket")]);
        assert_eq!(seen(&fake, question).await, Ok(None), "{question:?}");
    }
}

#[tokio::test]
async fn any_other_failure_names_call_object_and_code() {
    let mut errors = Vec::new();
    for question in asked() {
        let fake = Fake::answering([refused(question, 409, "OperationAborted")]);
        let error = seen(&fake, question).await.unwrap_err();
        assert_eq!(error.code(), Some("OperationAborted"), "{question:?}");
        errors.push(format!("{} on {}", error.call, error.object));
    }
    expect_test::expect![[r#"
        GetBucketEncryption on bucket `reports`
        GetPublicAccessBlock on bucket `reports`
        GetBucketPolicy on bucket `reports`
        GetBucketPolicyStatus on bucket `reports`
        GetBucketAcl on bucket `reports`
        GetBucketWebsite on bucket `reports`
        GetBucketOwnershipControls on bucket `reports`
        GetBucketVersioning on bucket `reports`
        GetBucketLogging on bucket `reports`
        GetBucketNotificationConfiguration on bucket `reports`
        GetBucketTagging on bucket `reports`
        GetBucketReplication on bucket `reports`
        GetBucketLifecycleConfiguration on bucket `reports`
        GetObjectLockConfiguration on bucket `reports`
        GetPublicAccessBlock on account `111122223333`
        DescribeKey on key `arn:aws:kms:eu-west-1:111122223333:key/1234abcd`
        DescribeKey on key `alias/ours`
        DescribeStacks on stack `web`"#]]
    .assert_eq(&errors.join("\n"));
}

#[tokio::test]
async fn every_question_is_one_call_that_says_whose_bucket_it_expects() {
    let mut wire = String::new();
    for question in asked() {
        let fake = Fake::answering([refused(question, 409, "OperationAborted")]);
        seen(&fake, question).await.unwrap_err();
        let [asked] = &fake.asked()[..] else { panic!("{question:?}") };
        writeln!(wire, "{asked}").unwrap();
    }
    expect_test::expect_file!["reading.http"].assert_eq(&wire);
}

#[tokio::test]
async fn all_questions_are_asked_at_once() {
    let fake = Fake::new(|asked| {
        let of = |service: &str| asked.line.contains(&format!("{service}.eu-west-1"));
        if of("//kms") {
            json_error("AccessDeniedException")
        } else if of(".s3-control") || of("//cloudformation") {
            wrapped_error(403, "AccessDenied")
        } else {
            error(403, "AccessDenied")
        }
    });
    let observed = buckets(&fake, Some("ledger"))
        .observe(&asked().collect::<Vec<_>>(), unread(), &baseline())
        .await
        .unwrap()
        .unwrap();
    for question in asked() {
        assert_eq!(field(&observed, question), "Denied", "{question:?}");
    }
    assert_eq!(fake.asked().len(), asked().count());
}

#[tokio::test]
async fn a_bucket_of_another_region_is_asked_there() {
    let fake = Fake::answering([error(403, "AccessDenied")]);
    let region = "us-east-1".parse().unwrap();
    let there = Observed::unread(BucketId { region, ..reports() });
    let ask = [Question::Policy];
    buckets(&fake, None).observe(&ask, there, &baseline()).await.unwrap().unwrap();
    let line = &fake.asked()[0].line;
    assert_eq!(line, "GET https://reports.s3.us-east-1.amazonaws.com/?policy");
}

#[tokio::test(start_paused = true)]
async fn too_many_calls_are_called_again_by_the_sdk() {
    let fake = Fake::answering([error(503, "SlowDown"), error(404, "NoSuchBucketPolicy")]);
    let observed = seen(&fake, Question::Policy).await.unwrap().unwrap();
    assert_eq!(observed.policy, Reading::Absent);
    let fake = Fake::new(|_| error(503, "SlowDown"));
    let error = seen(&fake, Question::Policy).await.unwrap_err();
    assert!(error.is_throttled() && !error.is_conflict() && fake.asked().len() > 1, "{error}");
}
