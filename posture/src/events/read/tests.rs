use proptest::prelude::*;
use serde_json::json;
use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::Tool;
use crate::evaluate::coverage::Known;
use crate::events::request::Changed;

const NOON: OffsetDateTime = datetime!(2026-11-20 12:00:00 UTC);
const ACCOUNT: &str = "111122223333";
const USER: &str = "arn:aws:iam::111122223333:user/careless";

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/", $name, ".json"))
    };
}

mod forged;
mod shapes;

fn account() -> AccountId {
    ACCOUNT.parse().unwrap()
}

fn request(body: &str) -> Result<Request, NotAnEvent> {
    read(body, &account(), NOON).map(|read| read.request)
}

fn changed(body: &str) -> Changed {
    let Ok(Request::Changed(changed)) = request(body) else { panic!("{:?}", request(body)) };
    changed
}

/// A fixture in which one part is another; `null` takes it away.
fn with(body: &str, pointer: &str, part: Value) -> String {
    let mut event: Value = serde_json::from_str(body).unwrap();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = event.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if part.is_null() {
        parent.remove(key);
    } else {
        parent.insert(key.to_owned(), part);
    }
    event.to_string()
}

fn check(body: &str, region: &str, event_name: &str, principal: &str) {
    let Changed { bucket, region: seen, call } = changed(body);
    assert_eq!((bucket.as_str(), seen.as_str()), ("reports", region));
    assert_eq!((call.event_name.as_str(), call.principal.as_str()), (event_name, principal));
    assert_eq!((call.time, call.event_id.is_some()), (NOON, true));
}

#[test]
fn callers_of_every_kind_are_named() {
    check(fixture!("create-bucket"), "eu-west-1", "CreateBucket", USER);
    let root = "arn:aws:iam::111122223333:root";
    let body = fixture!("delete-public-access-block-by-root");
    check(body, "eu-west-1", "DeleteBucketPublicAccessBlock", root);
    let body = fixture!("create-bucket-by-a-service");
    check(body, "eu-west-1", "CreateBucket", "config.amazonaws.com");
    let stranger = "AIDAEXAMPLE of account 444455556666";
    let body = fixture!("delete-encryption-by-another-account");
    check(body, "eu-west-1", "DeleteBucketEncryption", stranger);
    let session = "arn:aws:sts::111122223333:assumed-role/Deployer/session";
    let body = fixture!("create-bucket-us-east-1-2019");
    check(body, "us-east-1", "CreateBucket", session);
    let user = "Identity Center user 544894e8-80c1-707f-60e3-3ba6510dfac1 of account 111122223333";
    let body = fixture!("delete-policy-by-identity-center");
    check(body, "eu-west-1", "DeleteBucketPolicy", user);
    let body = with(fixture!("create-bucket"), "/detail/userIdentity", Value::Null);
    check(&body, "eu-west-1", "CreateBucket", "an unknown principal");
}

#[test]
fn a_call_whose_parameters_are_left_out_is_about_the_bucket_that_it_names_otherwise() {
    let omitted = json!({ "omitted": true, "originalSize": 120_000, "reason": "field exceeded 102400 bytes" });
    let bucket = json!([
        { "type": "AWS::S3::Object", "ARN": "arn:aws:s3:::other/key" },
        { "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::reports", "accountId": "111122223333" },
    ]);
    for (body, event_name) in [
        (fixture!("put-bucket-encryption"), "PutBucketEncryption"),
        (fixture!("create-bucket"), "CreateBucket"),
        (fixture!("tag-resource"), "TagResource"),
    ] {
        for parameters in [omitted.clone(), Value::Null] {
            let body = with(body, "/detail/requestParameters", parameters.clone());
            let unnamed = with(&body, "/detail/resources", Value::Null);
            assert!(request(&unnamed).is_err(), "{event_name}: nothing names the bucket");
            let Changed { bucket, call, .. } =
                changed(&with(&body, "/detail/resources", bucket.clone()));
            assert_eq!((bucket.as_str(), call.event_name.as_str()), ("reports", event_name));
            assert!(!call.makes_default_bucket, "who knows with what it was made");
        }
    }
    let strange = json!([{ "type": "AWS::S3::Bucket", "ARN": "reports" }]);
    let body = with(fixture!("put-bucket-encryption"), "/detail/requestParameters", omitted);
    assert!(request(&with(&body, "/detail/resources", strange)).is_err());
}

#[test]
fn who_is_behind_a_role_is_named_with_it() {
    let body = fixture!("put-public-access-block-by-sso");
    let name = "PutBucketPublicAccessBlock";
    let role = "assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@example.com";
    check(body, "eu-west-1", name, &format!("arn:aws:sts::111122223333:{role}"));
    // Without the ARN of the session, that of the issuer and the id have the same information.
    let body = with(body, "/detail/userIdentity/arn", Value::Null);
    let role =
        "role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef";
    let who = format!("arn:aws:iam::111122223333:{role}, session alice@example.com");
    check(&body, "eu-west-1", name, &who);
}

#[test]
fn the_tool_is_recognized_from_the_record() {
    let tool = |body: &str| changed(body).call.tool;
    assert_eq!(tool(fixture!("create-bucket")), Tool::Cli);
    assert_eq!(tool(fixture!("create-bucket-by-terraform")), Tool::Terraform);
    assert_eq!(tool(fixture!("create-bucket-by-cloudformation")), Tool::CloudFormation);
    assert_eq!(tool(fixture!("put-public-access-block-by-sso")), Tool::Console);
    assert_eq!(tool(fixture!("create-bucket-by-a-service")), Tool::Service);
}

#[test]
fn a_service_that_acts_for_a_principal_is_the_source_of_the_call() {
    let source = |body: &str| {
        let body = with(body, "/detail/sourceIPAddress", json!("192.0.2.1"));
        changed(&body).call.source_ip.unwrap()
    };
    assert_eq!(source(fixture!("create-bucket-by-a-service")), "config.amazonaws.com");
    // A deployer of the stack is known by the address alone.
    assert_eq!(source(fixture!("create-bucket-by-cloudformation")), "192.0.2.1");
    assert_eq!(source(fixture!("create-bucket")), "192.0.2.1");
}

#[test]
fn a_host_is_a_text_or_a_list_and_does_not_matter() {
    let body = fixture!("put-bucket-encryption");
    check(body, "eu-west-1", "PutBucketEncryption", USER);
    for host in [json!(["reports.s3.eu-west-1.amazonaws.com"]), json!([]), json!(7), Value::Null] {
        let body = with(body, "/detail/requestParameters/Host", host);
        check(&body, "eu-west-1", "PutBucketEncryption", USER);
    }
}

#[test]
fn a_bucket_is_where_its_constraint_says_else_where_the_call_was_made() {
    // `EU` is eu-west-1, and the call was made in us-east-1.
    check(fixture!("create-bucket-by-way-of-us-east-1"), "eu-west-1", "CreateBucket", USER);
    let pointer = "/detail/requestParameters/CreateBucketConfiguration";
    let constraint = |constraint: Value| with(fixture!("create-bucket"), pointer, constraint);
    let check = |body: &str, region| check(body, region, "CreateBucket", USER);
    check(&constraint(Value::Null), "eu-west-1");
    check(&constraint(json!({ "LocationConstraint": "" })), "eu-west-1");
    check(&constraint(json!({ "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/" })), "eu-west-1");
    check(&constraint(json!([{ "LocationConstraint": ["eu-central-1"] }])), "eu-central-1");
}

#[test]
fn what_looks_like_a_number_or_a_boolean_is_read_all_the_same() {
    // A tag's value `true` is a boolean in the record.
    let name = "PutBucketTagging";
    check(fixture!("put-bucket-tagging"), "eu-west-1", name, USER);
    let pointer = "/detail/requestParameters/bucketName";
    let bucket = |name: Value| changed(&with(fixture!("create-bucket"), pointer, name)).bucket;
    assert_eq!(bucket(json!(2026)).as_str(), "2026");
    assert_eq!(bucket(json!(true)).as_str(), "true");
    assert_eq!(bucket(json!(["reports"])).as_str(), "reports");
}

#[test]
fn tags_are_a_buckets_if_their_arn_is_one() {
    check(fixture!("tag-resource"), "eu-west-1", "TagResource", USER);
    let tag = |arn: &str| {
        with(fixture!("tag-resource"), "/detail/requestParameters/resourceArn", json!(arn))
    };
    check(&tag("arn%3Aaws%3As3%3A%3A%3Areports"), "eu-west-1", "TagResource", USER);
    check(&tag("arn:aws-cn:s3:::reports"), "eu-west-1", "TagResource", USER);
    for other in [
        "arn:aws:s3:eu-west-1:111122223333:accesspoint/reports",
        "arn:aws:s3:eu-west-1:111122223333:storage-lens/reports",
        "arn:aws:s3:::reports/2026.pdf",
        "arn:aws:ec2:::reports",
        "reports",
    ] {
        let ignored = Request::Ignore("the tags are not a bucket's");
        assert_eq!(request(&tag(other)).unwrap(), ignored, "{other}");
    }
}

#[test]
fn the_accounts_public_access_block_has_no_bucket() {
    let check = |body: &str, event_name: &str| {
        let Changed { bucket, call, .. } = changed(body);
        assert!(bucket.is_account());
        assert_eq!((call.event_name.as_str(), call.principal.as_str()), (event_name, USER));
    };
    check(fixture!("put-account-public-access-block"), "PutAccountPublicAccessBlock");
    // By the other name of the service, and with a list for a text.
    let body = fixture!("delete-account-public-access-block");
    check(body, "DeleteAccountPublicAccessBlock");
    check(&with(body, "/source", json!("aws.s3-control")), "DeleteAccountPublicAccessBlock");
}

#[test]
fn a_call_that_lets_everybody_in_says_so() {
    let exposes = |body: &str| changed(body).call.exposes;
    assert!(exposes(fixture!("put-bucket-acl-one-grant")), "one grant is an object");
    assert!(exposes(fixture!("put-bucket-acl-many-grants")), "many grants are a list");
    assert!(!exposes(fixture!("create-bucket")) && !exposes(fixture!("put-bucket-encryption")));
    let create = |header: &str, value: Value| {
        let pointer = format!("/detail/requestParameters/{header}");
        exposes(&with(fixture!("create-bucket"), &pointer, value))
    };
    for acl in ["public-read", "public-read-write", "authenticated-read"] {
        assert!(create("x-amz-acl", json!(acl)) && create("x-amz-acl", json!([acl])), "{acl}");
    }
    assert!(!create("x-amz-acl", json!("log-delivery-write")));
    let everybody = "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\"";
    assert!(create("x-amz-grant-read", json!(everybody)));
    assert!(!create("x-amz-grant-read", json!("id=\"79a59df900b949e5\"")));
    // An ACL is nothing that this call could set.
    let body = with(
        fixture!("put-bucket-encryption"),
        "/detail/requestParameters/x-amz-acl",
        json!("public-read"),
    );
    assert!(!exposes(&body));
}

#[test]
fn a_bucket_is_a_default_one_if_nothing_says_otherwise() {
    let is_default = |body: &str| changed(body).call.makes_default_bucket;
    assert!(is_default(fixture!("create-bucket")), "`private` is the default");
    assert!(is_default(fixture!("create-bucket-by-cloudformation")));
    assert!(!is_default(fixture!("put-bucket-encryption")));
    let create = |header: &str, value: Value| {
        let pointer = format!("/detail/requestParameters/{header}");
        is_default(&with(fixture!("create-bucket"), &pointer, value))
    };
    assert!(create("x-amz-acl", json!(["bucket-owner-full-control"])));
    assert!(create("x-amz-object-ownership", json!("BucketOwnerEnforced")));
    assert!(create("x-amz-grant-read", json!([""])));
    assert!(!create("x-amz-acl", json!("log-delivery-write")) && !create("x-amz-acl", json!(1)));
    assert!(!create("x-amz-object-ownership", json!("ObjectWriter")));
    assert!(!create("x-amz-grant-full-control", json!("id=\"79a59df900b949e5\"")));
}

#[test]
fn a_bucket_of_us_east_1_may_be_an_old_one() {
    // Making a bucket again that one has already succeeds there: its ACL is reset, its ownership stays.
    let call = changed(fixture!("create-bucket-us-east-1-2019")).call;
    assert!(!call.makes_default_bucket);
    let call = changed(fixture!("create-bucket-by-way-of-us-east-1")).call;
    assert!(call.makes_default_bucket, "this one is in eu-west-1");
}

#[test]
fn what_is_not_ours_to_answer_is_ignored_with_a_reason() {
    let check = |body: &str, reason: &'static str| {
        assert_eq!(request(body).unwrap(), Request::Ignore(reason));
    };
    check(fixture!("create-bucket-failed"), "the call failed");
    check(fixture!("put-bucket-cors"), "the call is not one that is watched");
    let copy = "the event is another account's";
    let other = with(fixture!("create-bucket-of-another-account"), "/account", json!(ACCOUNT));
    check(&other, copy);
    let foreign = "the bucket is another account's";
    check(fixture!("delete-encryption-of-another-account"), foreign);
    let one = json!({ "type": "AWS::S3::Bucket", "accountId": "444455556666" });
    check(&with(fixture!("put-bucket-encryption"), "/detail/resources", one), foreign);
    check(fixture!("create-directory-bucket"), "directory buckets have other settings");
    let express = json!("s3express.amazonaws.com");
    let express = with(fixture!("create-directory-bucket"), "/detail/eventSource", express);
    check(&express, "the call is another service's");
    let account = fixture!("put-account-public-access-block");
    check(&with(account, "/detail/recipientAccountId", json!("444455556666")), copy);
}

#[test]
fn the_schedule_starts_a_sweep() {
    let sweep = Request::Own(OwnMessage::Sweep(Sweep::default()));
    assert_eq!(request(fixture!("sweep")).unwrap(), sweep);
}

#[test]
fn what_the_guard_sends_itself_comes_back_the_same() {
    let check = |message: OwnMessage, body: &str| {
        assert_eq!(message.body(), body);
        let read = read(body, &account(), NOON).unwrap();
        let request = Request::Own(message);
        assert_eq!(read, Read { request, attempt: 0, body: body.to_owned() });
    };
    for (known, text) in [
        (None, ""),
        (Some(Known::Before), r#","known":"before""#),
        (Some(Known::Swept), r#","known":"swept""#),
    ] {
        check(
            OwnMessage::Reconcile { bucket: "reports".parse().unwrap(), known },
            &format!(r#"{{"s3guard":{{"reconcile":{{"bucket":"reports"{text}}}}}}}"#),
        );
    }
    let (next, last) = (Some("next".to_owned()), Some("photos".to_owned()));
    check(
        OwnMessage::Sweep(Sweep { continuation: next, after: None, buckets: 1_000 }),
        r#"{"s3guard":{"sweep":{"continuation":"next","buckets":1000}}}"#,
    );
    check(
        OwnMessage::Sweep(Sweep { continuation: None, after: last, buckets: 7 }),
        r#"{"s3guard":{"sweep":{"after":"photos","buckets":7}}}"#,
    );
}

#[test]
fn a_message_that_was_sent_back_is_the_message_itself_and_counts() {
    let first = fixture!("create-bucket-by-cloudformation");
    let again = Again { body: first.to_owned(), attempt: 3 }.body();
    let once = read(first, &account(), NOON).unwrap();
    assert_eq!(read(&again, &account(), NOON).unwrap(), Read { attempt: 3, ..once });
    let look = OwnMessage::Reconcile { bucket: "reports".parse().unwrap(), known: None }.body();
    let again = |body: String| Again { body, attempt: 1 }.body();
    let read = read(&again(look.clone()), &account(), NOON).unwrap();
    assert_eq!((read.attempt, read.body), (1, look.clone()));
    // Once wrapped is enough.
    assert!(matches!(request(&again(again(look))), Err(NotAnEvent::Unknown)));
}

#[test]
fn what_is_no_event_says_why() {
    let check = |body: &str, message: &str| {
        assert_eq!(request(body).unwrap_err().to_string(), message);
    };
    let unknown = "it is neither an event of EventBridge nor a message of s3guard";
    check("poison", "it is not JSON: expected value at line 1 column 1");
    check("{}", unknown);
    check("[1]", unknown);
    check(r#"{"s3guard":{"reconcile":{"bucket":"reports","force":true}}}"#, unknown);
    check(r#"{"source":"aws.ec2","detail-type":"AWS API Call via CloudTrail"}"#, unknown);
    // Only AWS can use the source `aws.s3`; events with another one are rejected.
    check(&with(fixture!("create-bucket"), "/source", json!("my.s3")), unknown);
    let missing = |body: &str, field: &str| {
        let body = with(body, &format!("/{}", field.replace('.', "/")), Value::Null);
        check(&body, &format!("`{field}` is missing or wrong: it is not a text"));
    };
    missing(fixture!("create-bucket"), "detail.requestParameters.bucketName");
    missing(fixture!("create-bucket"), "detail.eventName");
    missing(fixture!("create-bucket"), "detail.eventTime");
    missing(fixture!("put-bucket-encryption"), "detail.awsRegion");
    missing(fixture!("tag-resource"), "detail.requestParameters.resourceArn");
    // In UTC, this is a year that there is not.
    let late = json!("9999-12-31T23:59:59-01:00");
    check(
        &with(fixture!("create-bucket"), "/detail/eventTime", late),
        "`detail.eventTime` is missing or wrong: it is too far away",
    );
}

/// Any JSON, with the names in it that the reader looks for.
fn any_json() -> impl Strategy<Value = Value> {
    let known = [
        "reports",
        "CreateBucket",
        "PutBucketAcl",
        "TagResource",
        "arn:aws:s3:::reports",
        "aws.s3",
        "public-read",
        "EU",
        "2026-11-20T12:00:00Z",
        "111122223333",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        proptest::sample::select(known.to_vec()).prop_map(Value::from),
    ];
    let keys = [
        "s3guard",
        "reconcile",
        "again",
        "body",
        "attempt",
        "source",
        "detail-type",
        "detail",
        "requestParameters",
        "userIdentity",
        "bucketName",
        "x-amz-acl",
        "AccessControlPolicy",
    ];
    let key = prop_oneof![proptest::sample::select(keys.to_vec()).prop_map(str::to_owned), ".*"];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|fields| fields.into_iter().collect::<Value>()),
        ]
    })
}

/// Puts something else in the place of one part of an event, however deep.
fn mutate(event: &mut Value, path: &[u8], part: Value) {
    let Some((step, rest)) = path.split_first() else { return *event = part };
    let inner = match event {
        Value::Object(fields) => {
            let count = fields.len().max(1);
            fields.values_mut().nth(usize::from(*step) % count)
        }
        Value::Array(items) => {
            let count = items.len().max(1);
            items.get_mut(usize::from(*step) % count)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    };
    match inner {
        Some(inner) => mutate(inner, rest, part),
        None => *event = part,
    }
}

/// Reads whatever it is: a request, a reason or an error that says something.
fn never_panics(body: &str) -> Result<(), TestCaseError> {
    match request(body) {
        Ok(Request::Ignore(reason)) => prop_assert!(!reason.is_empty()),
        Ok(_) => {}
        Err(error) => prop_assert!(!error.to_string().is_empty()),
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(body in any::<String>()) {
        never_panics(&body)?;
    }

    #[test]
    fn no_json_makes_the_reader_panic(value in any_json()) {
        never_panics(&value.to_string())?;
        never_panics(&with(fixture!("create-bucket"), "/detail", value))?;
    }

    #[test]
    fn no_event_with_other_parts_makes_the_reader_panic(
        body in proptest::sample::select(vec![
            fixture!("create-bucket"),
            fixture!("tag-resource"),
            fixture!("put-bucket-acl-many-grants"),
            fixture!("put-public-access-block-by-sso"),
            fixture!("delete-encryption-by-another-account"),
            fixture!("delete-account-public-access-block"),
        ]),
        path in proptest::collection::vec(any::<u8>(), 0..6),
        part in any_json(),
    ) {
        let mut event: Value = serde_json::from_str(body).unwrap();
        mutate(&mut event, &path, part);
        never_panics(&event.to_string())?;
        never_panics(&Again { body: event.to_string(), attempt: 1 }.body())?;
    }

    #[test]
    fn no_broken_event_makes_the_reader_panic(cut in 0..2_000usize, with in any::<String>()) {
        let mut body = fixture!("create-bucket").to_owned();
        let cut = body.floor_char_boundary(cut.min(body.len()));
        let end = body.floor_char_boundary((cut + with.len()).min(body.len()));
        body.replace_range(cut..end, &with);
        never_panics(&body)?;
    }
}
