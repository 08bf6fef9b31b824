use aws_sdk_s3::error::ErrorMetadata;
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::operation::head_object::{HeadObjectError, HeadObjectOutput};
use aws_smithy_mocks::{Rule, mock, mock_client};
use expect_test::expect;

use super::*;

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/stack";
const OTHER: &str = "arn:aws:kms:eu-west-1:999900001111:key/theirs";

async fn read(rules: &[&Rule], max_bytes: u64) -> Result<Encrypted, AwsError> {
    let client = mock_client!(aws_sdk_s3, rules);
    let id = BucketId {
        name: "ledger".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    };
    let bucket = Bucket { client, id };
    Ok(bucket.get_encrypted("state/b.json", &[KEY.parse().unwrap()], max_bytes).await?.0)
}

fn found(algorithm: &'static str, key: Option<&'static str>) -> Rule {
    mock!(Client::get_object).then_output(move || {
        GetObjectOutput::builder()
            .server_side_encryption(algorithm.into())
            .set_ssekms_key_id(key.map(str::to_owned))
            .content_length(2)
            .body(b"{}".to_vec().into())
            .build()
    })
}

fn refused(code: &'static str) -> Rule {
    mock!(Client::get_object)
        .then_error(move || GetObjectError::generic(ErrorMetadata::builder().code(code).build()))
}

fn head(key: &'static str) -> Rule {
    mock!(Client::head_object).then_output(move || {
        let head = HeadObjectOutput::builder().server_side_encryption(ServerSideEncryption::AwsKms);
        head.ssekms_key_id(key).build()
    })
}

fn reason(read: Result<Encrypted, AwsError>) -> String {
    match read {
        Ok(Encrypted::Foreign(cause)) => cause,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_object_counts_only_if_the_key_encrypts_it() {
    let content = Encrypted::Content(b"{}".to_vec());
    assert_eq!(read(&[&found("aws:kms", Some(KEY))], 2).await, Ok(content));
    let causes = [
        reason(read(&[&found("AES256", None)], 2).await),
        reason(read(&[&found("aws:kms", Some(OTHER))], 2).await),
        reason(read(&[&found("aws:kms:dsse", Some(KEY))], 2).await),
        reason(read(&[&found("aws:kms", Some(KEY))], 1).await),
    ];
    expect![[r"
        its encryption is AES256, and not aws:kms with the stack's key
        its encryption is aws:kms with key `arn:aws:kms:eu-west-1:999900001111:key/theirs`, and not aws:kms with the stack's key
        its encryption is aws:kms:dsse with key `arn:aws:kms:eu-west-1:111122223333:key/stack`, and not aws:kms with the stack's key
        it has 2 bytes, and at most 1 are valid"]]
    .assert_eq(&causes.join("\n"));
}

#[tokio::test]
async fn an_object_that_another_key_makes_unreadable_does_not_count() {
    for code in ["AccessDenied", "KMS.DisabledException"] {
        let cause = reason(read(&[&refused(code), &head(OTHER)], 2).await);
        assert!(cause.contains(OTHER), "{cause}");
        // If it is the stack's own key, the guard lacks a permission, or the key is disabled.
        let error = read(&[&refused(code), &head(KEY)], 2).await.unwrap_err();
        assert_eq!(error.code(), Some(code));
    }
    let cause = reason(read(&[&refused("InvalidRequest")], 2).await);
    assert_eq!(cause, "the key of its encryption is with its writer");
}

#[tokio::test]
async fn a_failure_to_read_is_not_a_foreign_object() {
    assert_eq!(read(&[&refused("NoSuchKey")], 2).await, Ok(Encrypted::Absent));
    let error = read(&[&refused("InternalError")], 2).await.unwrap_err();
    assert_eq!(error.code(), Some("InternalError"));
    let denied = mock!(Client::head_object).then_error(|| {
        HeadObjectError::generic(ErrorMetadata::builder().code("AccessDenied").build())
    });
    assert!(read(&[&refused("AccessDenied"), &denied], 2).await.unwrap_err().is_denied());
}
