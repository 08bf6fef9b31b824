use expect_test::expect;
use s3guard_posture::Reading;

use super::*;
use crate::fake::{Fake, error};

fn owner() -> AccountId {
    "111122223333".parse().unwrap()
}

fn canary(fake: &Fake) -> Canary {
    let region = "eu-west-1".parse().unwrap();
    let name = Canary::name_of("0a1b", &owner(), &region).unwrap();
    Canary::new(&fake.connection(), name, owner())
}

fn lines(fake: &Fake) -> Vec<String> {
    fake.asked().into_iter().map(|asked| asked.line).collect()
}

#[tokio::test]
async fn a_canary_has_a_name_of_its_account_alone_and_its_tags() {
    let fake = Fake::answering([(200, ""), (204, "")]);
    let tags = Tags::from([(STACK_TAG.to_owned(), "guard".to_owned())]);
    canary(&fake).create(&tags).await.unwrap();
    let asked = fake.asked();
    assert_eq!(asked[0].header("x-amz-bucket-namespace"), Some("account-regional"));
    assert_eq!(asked[1].header("x-amz-expected-bucket-owner"), Some("111122223333"));
    assert!(asked[1].body.contains("<Key>s3guard:canary</Key><Value>guard</Value>"));
}

#[tokio::test]
async fn a_canary_that_cannot_be_tagged_does_not_stay() {
    let fake =
        Fake::answering([(200, String::new()), error(403, "AccessDenied"), (204, String::new())]);
    let refused = canary(&fake).create(&Tags::new()).await.unwrap_err();
    assert_eq!((refused.call, refused.code()), ("PutBucketTagging", Some("AccessDenied")));
    assert!(lines(&fake)[2].starts_with("DELETE "), "{:?}", lines(&fake));
}

#[tokio::test]
async fn every_version_and_marker_goes_before_the_bucket_and_each_call_names_the_owner() {
    let version = |kind: &str, id: &str| {
        format!("<{kind}><Key>canary</Key><VersionId>{id}</VersionId></{kind}>")
    };
    let page = version("Version", "1") + &version("DeleteMarker", "2");
    let page = format!("<ListVersionsResult>{page}</ListVersionsResult>");
    let fake =
        Fake::answering([(200, page), (200, "<DeleteResult/>".to_owned()), (204, String::new())]);
    canary(&fake).remove().await.unwrap();
    let asked = fake.asked();
    assert!(asked.iter().all(|one| one.header("x-amz-expected-bucket-owner").is_some()));
    for id in ["1", "2"] {
        assert!(
            asked[1].body.contains(&format!("<VersionId>{id}</VersionId>")),
            "{}",
            asked[1].body
        );
    }
    assert!(asked[2].line.starts_with("DELETE "));
}

#[tokio::test]
async fn a_version_that_cannot_be_deleted_is_an_error_and_a_missing_bucket_is_not() {
    let page = "<ListVersionsResult><Version><Key>a</Key><VersionId>1</VersionId></Version></ListVersionsResult>";
    let refusal = "<DeleteResult><Error><Key>a</Key><VersionId>1</VersionId><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>";
    let fake = Fake::answering([(200, page), (200, refusal)]);
    let left = canary(&fake).remove().await.unwrap_err();
    expect!["DeleteObjects on bucket `s3guard-canary-0a1b-111122223333-eu-west-1-an` failed: an object could not be deleted: AccessDenied: no"]
        .assert_eq(&left.to_string());
    let fake = Fake::answering([error(404, "NoSuchBucket")]);
    canary(&fake).remove().await.unwrap();
}

#[tokio::test]
async fn only_names_of_this_account_and_region_are_canaries() {
    let bucket = |name: &str| format!("<Bucket><Name>{name}</Name></Bucket>");
    let ours = "s3guard-canary-1-111122223333-eu-west-1-an";
    let names = [ours, "s3guard-canary-1-999999999999-eu-west-1-an", "reports", "s3guard-canary-2"];
    let list: String = names.iter().map(|name| bucket(name)).collect();
    let list =
        format!("<ListAllMyBucketsResult><Buckets>{list}</Buckets></ListAllMyBucketsResult>");
    let fake = Fake::answering([(200, list), error(404, "NoSuchTagSet")]);
    let found = canaries(&fake.connection(), &owner()).await.unwrap();
    assert_eq!(found, [(ours.parse().unwrap(), Reading::Absent)]);
    let asked = lines(&fake);
    assert_eq!(asked.len(), 2, "no other bucket is asked: {asked:?}");
}
