use proptest::prelude::*;
use time::macros::datetime;

use super::*;

fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

fn read(body: &str) -> Result<Request, NotAnEvent> {
    Request::read(body, &account())
}

fn check(body: &str, region: &str, event_name: &str, principal: &str) {
    let Ok(Request::Changed(changed)) = read(body) else { panic!("{:?}", read(body)) };
    let call = Call {
        event_name: event_name.to_owned(),
        time: datetime!(2026-11-20 12:00:00 UTC),
        principal: principal.to_owned(),
    };
    let (bucket, region) = ("reports".parse().unwrap(), region.parse().unwrap());
    assert_eq!(changed, Changed { bucket, region, call });
}

#[test]
fn records_of_every_age_and_caller_are_read() {
    let user = "arn:aws:iam::111122223333:user/careless";
    let fixture = include_str!("../../fixtures/create-bucket.json");
    check(fixture, "eu-west-1", "CreateBucket", user);
    // `host` is a list, and there is no configuration: an old record of us-east-1.
    let session = "arn:aws:sts::111122223333:assumed-role/Deployer/session";
    let fixture = include_str!("../../fixtures/create-bucket-us-east-1-2019.json");
    check(fixture, "us-east-1", "CreateBucket", session);
    let root = "arn:aws:iam::111122223333:root";
    let fixture = include_str!("../../fixtures/delete-public-access-block-by-root.json");
    check(fixture, "eu-west-1", "DeleteBucketPublicAccessBlock", root);
    let fixture = include_str!("../../fixtures/create-bucket-by-a-service.json");
    check(fixture, "eu-west-1", "CreateBucket", "config.amazonaws.com");
    let fixture = include_str!("../../fixtures/delete-encryption-by-another-account.json");
    let stranger = "AIDAEXAMPLE of account 444455556666";
    check(fixture, "eu-west-1", "DeleteBucketEncryption", stranger);
    let fixture = include_str!("../../fixtures/put-bucket-encryption.json");
    check(fixture, "eu-west-1", "PutBucketEncryption", user);
}

#[test]
fn a_bucket_made_by_way_of_us_east_1_is_where_its_constraint_says() {
    let fixture = include_str!("../../fixtures/create-bucket-by-way-of-us-east-1.json");
    check(fixture, "eu-west-1", "CreateBucket", "arn:aws:iam::111122223333:user/careless");
}

#[test]
fn what_is_not_ours_to_answer_is_ignored_with_a_reason() {
    let check = |body: &str, reason: &'static str| {
        assert_eq!(read(body).unwrap(), Request::Ignore(reason));
    };
    check(include_str!("../../fixtures/create-bucket-failed.json"), "the call failed");
    check(
        include_str!("../../fixtures/put-bucket-tagging.json"),
        "the call is not one that is watched",
    );
    check(
        include_str!("../../fixtures/create-bucket-of-another-account.json"),
        "the event is another account's",
    );
    check(
        include_str!("../../fixtures/delete-encryption-of-another-account.json"),
        "the bucket is another account's",
    );
    check(
        include_str!("../../fixtures/create-directory-bucket.json"),
        "directory buckets have other settings",
    );
}

#[test]
fn the_schedule_starts_a_sweep() {
    let fixture = include_str!("../../fixtures/sweep.json");
    assert_eq!(read(fixture).unwrap(), Request::Sweep(None));
}

#[test]
fn what_the_guard_sends_itself_comes_back_the_same() {
    let body = OwnMessage::LookAt { bucket: "reports".to_owned() }.body();
    assert_eq!(body, r#"{"s3guard":{"lookAt":{"bucket":"reports"}}}"#);
    assert_eq!(read(&body).unwrap(), Request::LookAt("reports".parse().unwrap()));
    let body = OwnMessage::Sweep { continuation: "next".to_owned() }.body();
    assert_eq!(read(&body).unwrap(), Request::Sweep(Some("next".to_owned())));
    let notice = Notice {
        subject: "s3guard protected reports".to_owned(),
        text: "Bucket  reports\n".to_owned(),
        attributes: BTreeMap::from([
            ("bucket".to_owned(), Attribute::Many(vec!["reports".to_owned()])),
            ("kind".to_owned(), Attribute::One("bucket".to_owned())),
        ]),
    };
    let body = OwnMessage::Tell((&notice).into()).body();
    assert_eq!(read(&body).unwrap(), Request::Tell(notice));
}

#[test]
fn what_is_no_event_says_why() {
    let check = |body: &str, message: &str| {
        assert_eq!(read(body).unwrap_err().to_string(), message);
    };
    let unknown = "it is neither an event of EventBridge nor a message of s3guard";
    check("poison", "it is not JSON: expected value at line 1 column 1");
    check("{}", unknown);
    check("[1]", unknown);
    check(r#"{"s3guard":{"lookAt":{"bucket":"reports","force":true}}}"#, unknown);
    check(r#"{"source":"aws.ec2","detail-type":"AWS API Call via CloudTrail"}"#, unknown);
    // Whoever may put events on the bus cannot use the source `aws.s3`; who tries another one is not heard.
    let forged = include_str!("../../fixtures/create-bucket.json").replace("aws.s3", "my.s3");
    check(&forged, unknown);
    let nameless = include_str!("../../fixtures/create-bucket.json").replace("bucketName", "name");
    check(&nameless, "`detail.requestParameters.bucketName` is missing or wrong: it is not a text");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(body in any::<String>()) {
        let _ = read(&body);
    }

    #[test]
    fn no_broken_event_makes_the_reader_panic(cut in 0..2_000usize, with in any::<String>()) {
        let mut body = include_str!("../../fixtures/create-bucket.json").to_owned();
        let cut = body.floor_char_boundary(cut.min(body.len()));
        let end = body.floor_char_boundary((cut + with.len()).min(body.len()));
        body.replace_range(cut..end, &with);
        let _ = read(&body);
    }
}
