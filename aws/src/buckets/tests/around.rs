//! The wanted key, the bucket's stack, and the ledger.

use s3guard_posture::KeyState;
use s3guard_posture::model::observed::DescribedKey;

use super::*;
use crate::fake::json_error;

#[tokio::test]
async fn a_key_is_usable_if_s3_can_encrypt_with_it() {
    let unusable = |why: &str| KeyState::Unusable(why.to_owned());
    let good = ("Enabled", "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT");
    for ((state, usage, spec), expected) in [
        (good, KeyState::Usable),
        (("Disabled", good.1, good.2), unusable("its state is `Disabled`")),
        (("PendingDeletion", good.1, good.2), unusable("its state is `PendingDeletion`")),
        (
            (good.0, "GENERATE_VERIFY_MAC", good.2),
            unusable("its usage is `GENERATE_VERIFY_MAC`, not encryption"),
        ),
        ((good.0, good.1, "RSA_2048"), unusable("its key spec is `RSA_2048`, not symmetric")),
    ] {
        // A key of another account may be the organization's.
        for account in [OWNER, "444455556666"] {
            let answer = format!(
                r#"{{"KeyMetadata":{{"KeyId":"1234abcd","AWSAccountId":"{account}","KeyState":"{state}","KeyUsage":"{usage}","KeySpec":"{spec}"}}}}"#
            );
            check(Question::Key, (200, &answer), |observed| {
                observed.key = Reading::Known(expected.clone());
            })
            .await;
        }
    }
}

#[tokio::test]
async fn kms_says_whose_the_key_of_a_bucket_is() {
    let observe = async |name: &str, answer: (u16, String)| {
        let fake = Fake::answering([answer]);
        let algorithm = Algorithm::Kms(Key::Named(name.to_owned()));
        let encryption = Encryption { algorithm, bucket_key: true, sse_c: SseC::Blocked };
        let bucket = Observed { encryption: Reading::Known(encryption), ..unread() };
        let baseline = Baseline::new(Grade::Hybrid, None);
        let ask = [Question::BucketKey];
        let observed = buckets(&fake, None).observe(&ask, bucket, &baseline).await.unwrap();
        (observed.unwrap().bucket_key, fake.asked().len())
    };
    let arn = "arn:aws:kms:eu-west-1:111122223333:key/0a0a0a0a-0000-4000-8000-00000000a55e";
    for (manager, is_aws_managed) in [("AWS", true), ("CUSTOMER", false)] {
        let metadata = format!(r#"{{"KeyId":"0a0a","Arn":"{arn}","KeyManager":"{manager}"}}"#);
        let described = DescribedKey { arn: arn.to_owned(), is_aws_managed };
        for name in [arn, "alias/ours", "0a0a0a0a-0000-4000-8000-00000000a55e"] {
            let answer = (200, format!(r#"{{"KeyMetadata":{metadata}}}"#));
            let found = observe(name, answer).await;
            assert_eq!(found, (Reading::Known(described.clone()), 1), "{name}");
        }
    }
    // S3 takes any text for a key.
    for code in ["NotFoundException", "InvalidArnException", "ValidationException"] {
        assert_eq!(observe("x y", json_error(code)).await, (Reading::Absent, 1), "{code}");
    }
    let denied = json_error("AccessDeniedException");
    assert_eq!(observe("alias/ours", denied).await, (Reading::Denied, 1));
    // A key of another account is not asked for, nor one that is AWS's by its name.
    for name in ["arn:aws:kms:eu-west-1:444455556666:key/1", "alias/aws/s3"] {
        assert_eq!(observe(name, (200, "{}".to_owned())).await, (Reading::Absent, 0), "{name}");
    }
}

#[tokio::test]
async fn a_key_of_another_region_or_none_need_not_be_asked_for() {
    let fake = Fake::answering([(200, "")]);
    let elsewhere = "arn:aws:kms:us-east-1:111122223333:key/1234abcd".parse().unwrap();
    let why = "it is in `us-east-1`, the bucket in `eu-west-1`".to_owned();
    for (key, expected) in
        [(Some(elsewhere), Reading::Known(KeyState::Unusable(why))), (None, Reading::Absent)]
    {
        let baseline = Baseline::new(Grade::Hybrid, key);
        let observed =
            buckets(&fake, None).observe(&[Question::Key], unread(), &baseline).await.unwrap();
        assert_eq!(observed.unwrap().key, expected);
    }
    assert_eq!(fake.asked().len(), 0);
}

fn stack(status: &str) -> String {
    format!(
        "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>web</StackName>\
         <CreationTime>2026-11-24T23:15:02Z</CreationTime><StackStatus>{status}</StackStatus>\
         </member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
    )
}

#[tokio::test]
async fn a_stack_is_in_progress_while_it_may_still_write() {
    for (status, expected) in [
        ("CREATE_IN_PROGRESS", Reading::Known(true)),
        ("UPDATE_ROLLBACK_IN_PROGRESS", Reading::Known(true)),
        ("NEW_IN_PROGRESS", Reading::Known(true)),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Reading::Known(false)),
        ("CREATE_COMPLETE", Reading::Known(false)),
        ("DELETE_COMPLETE", Reading::Absent),
    ] {
        check(Question::Stack, (200, &stack(status)), |observed| {
            observed.stack_in_progress = expected;
        })
        .await;
    }
}

#[tokio::test]
async fn a_bucket_can_outlive_its_stack_or_have_none() {
    let gone = "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>\
                <Message>Stack with id arn:aws:cloudformation:eu-west-1:111122223333:stack/web/0f1e \
                does not exist</Message></Error></ErrorResponse>";
    check(Question::Stack, (400, gone), |observed| observed.stack_in_progress = Reading::Absent)
        .await;
    let fake = Fake::answering([(200, "")]);
    let tags = Reading::Known([("team".to_owned(), "a".to_owned())].into());
    for tags in [tags, Reading::Absent, Reading::Unread, Reading::Denied] {
        let observed = Observed { tags, ..unread() };
        let observed =
            buckets(&fake, None).observe(&[Question::Stack], observed, &baseline()).await.unwrap();
        assert_eq!(observed.unwrap().stack_in_progress, Reading::Absent);
    }
    assert_eq!(fake.asked().len(), 0);
}

#[tokio::test]
async fn the_stack_is_asked_for_in_its_own_region() {
    let fake = Fake::answering([(200, stack("CREATE_COMPLETE"))]);
    let stack = "arn:aws:cloudformation:us-east-1:111122223333:stack/web/0f1e";
    let tags = [("aws:cloudformation:stack-id".to_owned(), stack.to_owned())];
    let observed = Observed { tags: Reading::Known(tags.into()), ..unread() };
    buckets(&fake, None).observe(&[Question::Stack], observed, &baseline()).await.unwrap();
    assert!(fake.asked()[0].line.contains("//cloudformation.us-east-1."), "{}", fake.wire());
}

#[tokio::test]
async fn there_is_no_history_here_and_without_a_ledger_nothing_is_kept() {
    let fake = Fake::answering([(200, "")]);
    let buckets = buckets(&fake, None);
    let observed = buckets.observe(&[Question::History], unread(), &baseline()).await.unwrap();
    assert_eq!(observed.unwrap().history, Reading::Absent);
    buckets.keep(&crate::ledger::tests::record()).await.unwrap();
    assert_eq!(fake.asked().len(), 0);
}
