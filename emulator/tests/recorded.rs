//! S3 refuses in the words that it was recorded to use: codes and messages of `LocalStack`'s tests against AWS.

use s3guard_emulator::{CallError, Client};
use serde_json::{Value, json};

#[path = "setup/new.rs"]
mod new;
#[path = "setup/new_bucket.rs"]
mod new_bucket;

use new::account;
use new_bucket::bucket;

const MALFORMED: &str =
    "The XML you provided was not well-formed or did not validate against our published schema";

fn document(name: &str, inside: &str) -> String {
    format!("<{name} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{inside}</{name}>")
}

/// The status, the code and the message of a refusal, in one text.
fn refusal<T: std::fmt::Debug>(answer: Result<T, CallError>) -> String {
    let error = answer.expect_err("it is refused");
    let message = error.to_string();
    let words = message.split_once("`: ").map(|(_, words)| words).unwrap_or_default();
    format!("{} {}: {words}", error.status, error.code)
}

fn own(client: &Client, bucket: &str, ownership: &str) -> Result<(), CallError> {
    let rule = format!("<Rule><ObjectOwnership>{ownership}</ObjectOwnership></Rule>");
    client.put_bucket_setting(bucket, "ownershipControls", &document("OwnershipControls", &rule))
}

/// A policy that lets these principals read.
fn readers(bucket: &str, principals: &Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": { "AWS": principals },
        "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*") }] })
    .to_string()
}

#[test]
fn settings_that_are_absent_have_their_own_codes() {
    let (_, client, bucket) = bucket();
    client.delete_public_access_block(&bucket).expect("a delete");
    client.delete_bucket_setting(&bucket, "ownershipControls").expect("a delete");
    for (setting, expected) in [
        ("policy", "404 NoSuchBucketPolicy: The bucket policy does not exist"),
        ("policyStatus", "404 NoSuchBucketPolicy: The bucket policy does not exist"),
        (
            "publicAccessBlock",
            "404 NoSuchPublicAccessBlockConfiguration: The public access block configuration was not found",
        ),
        (
            "ownershipControls",
            "404 OwnershipControlsNotFoundError: The bucket ownership controls were not found",
        ),
        (
            "website",
            "404 NoSuchWebsiteConfiguration: The specified bucket does not have a website configuration",
        ),
        (
            "lifecycle",
            "404 NoSuchLifecycleConfiguration: The lifecycle configuration does not exist",
        ),
        ("cors", "404 NoSuchCORSConfiguration: The CORS configuration does not exist"),
        ("tagging", "404 NoSuchTagSet: The TagSet does not exist"),
        (
            "replication",
            "404 ReplicationConfigurationNotFoundError: The replication configuration was not found",
        ),
        (
            "object-lock",
            "404 ObjectLockConfigurationNotFoundError: Object Lock configuration does not exist for this bucket",
        ),
    ] {
        assert_eq!(refusal(client.bucket_setting(&bucket, setting)), expected);
    }
    let missing = refusal(client.bucket_setting("no-bucket-has-this-name", "versioning"));
    assert_eq!(missing, "404 NoSuchBucket: The specified bucket does not exist");
}

#[test]
fn a_document_that_s3_does_not_take_is_refused_in_its_words() {
    let (_, client, bucket) = bucket();
    let rule = |algorithm: &str, key: &str| {
        format!(
            "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>{algorithm}</SSEAlgorithm>{key}</ApplyServerSideEncryptionByDefault></Rule>"
        )
    };
    let encryption = |rules: &str| document("ServerSideEncryptionConfiguration", rules);
    let tags = |tags: &str| document("Tagging", &format!("<TagSet>{tags}</TagSet>"));
    let tag = |key: &str, value: &str| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>");
    let lifecycle = |inside: &str| {
        let rule = format!("<Rule><ID>a</ID><Status>Enabled</Status>{inside}</Rule>");
        document("LifecycleConfiguration", &rule)
    };
    let queue = |arn: &str| {
        let queue = format!(
            "<QueueConfiguration><Queue>{arn}</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration>"
        );
        document("NotificationConfiguration", &queue)
    };
    let malformed = format!("400 MalformedXML: {MALFORMED}");
    let cases: Vec<(&str, String, &str)> = vec![
        (
            "versioning",
            document("VersioningConfiguration", ""),
            "400 IllegalVersioningConfigurationException: The Versioning element must be specified",
        ),
        ("versioning", document("VersioningConfiguration", "<Status>enabled</Status>"), &malformed),
        ("encryption", encryption(""), &malformed),
        ("encryption", encryption(&[rule("AES256", ""), rule("AES256", "")].concat()), &malformed),
        (
            "encryption",
            encryption(&rule("AES256", "<KMSMasterKeyID>k</KMSMasterKeyID>")),
            "400 InvalidArgument: a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
        ),
        (
            "policy",
            String::new(),
            "400 MalformedPolicy: Policies must be valid JSON and the first byte must be '{'",
        ),
        ("policy", "{}".to_owned(), "400 MalformedPolicy: Missing required field Statement"),
        ("cors", document("CORSConfiguration", ""), &malformed),
        (
            "cors",
            document(
                "CORSConfiguration",
                "<CORSRule><AllowedMethod>MYMETHOD</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule>",
            ),
            "400 InvalidRequest: Found unsupported HTTP method in CORS config. Unsupported method is MYMETHOD",
        ),
        (
            "tagging",
            tags(&tag("Key1,Key2", "a")),
            "400 InvalidTag: The TagKey you have provided is invalid",
        ),
        (
            "tagging",
            tags(&tag("Key1", "Val1,Val2")),
            "400 InvalidTag: The TagValue you have provided is invalid",
        ),
        (
            "tagging",
            tags(&[tag("Key1", "a"), tag("Key1", "b")].concat()),
            "400 InvalidTag: Cannot provide multiple Tags with the same key",
        ),
        (
            "tagging",
            tags(&tag("aws:prefixed", "a")),
            "400 InvalidTag: System tags cannot be added/updated by requester",
        ),
        ("lifecycle", lifecycle("<Expiration><Days>9</Days></Expiration>"), &malformed),
        ("lifecycle", lifecycle("<Filter/><NoncurrentVersionExpiration/>"), &malformed),
        (
            "lifecycle",
            lifecycle("<Filter/><Expiration><Date>2027-01-01T01:00:00Z</Date></Expiration>"),
            "400 InvalidArgument: 'Date' must be at midnight GMT",
        ),
        (
            "website",
            document(
                "WebsiteConfiguration",
                "<IndexDocument><Suffix>/index.html</Suffix></IndexDocument>",
            ),
            "400 InvalidArgument: The IndexDocument Suffix is not well formed",
        ),
        (
            "notification",
            queue("invalid-queue"),
            "400 InvalidArgument: The ARN could not be parsed",
        ),
        (
            "notification",
            queue("arn:aws:sqs:eu-west-1:111122223333:gone"),
            "400 InvalidArgument: Unable to validate the following destination configurations",
        ),
    ];
    for (setting, text, expected) in cases {
        let answer = client.put_bucket_setting(&bucket, setting, &text);
        assert_eq!(refusal(answer), expected, "{setting}: {text}");
    }
}

#[test]
fn an_acl_that_s3_does_not_take_is_refused_in_its_words() {
    let (_, client, bucket) = bucket();
    own(&client, &bucket, "ObjectWriter").expect("a put");
    let malformed = format!("400 MalformedACLError: {MALFORMED}");
    let nothing = document("AccessControlPolicy", "");
    let acl = |headers: &[(&str, &str)], text: &str| {
        let client = headers
            .iter()
            .fold(client.clone(), |client, (name, value)| client.with_header(name, value));
        refusal(client.put_bucket_setting(&bucket, "acl", text))
    };
    let canned = ("x-amz-acl", "private");
    let grant = |to: &'static str| ("x-amz-grant-write", to);
    let logs = grant("uri=\"http://acs.amazonaws.com/groups/s3/LogDelivery\"");
    assert_eq!(
        acl(&[], ""),
        "400 MissingSecurityHeader: Your request was missing a required header"
    );
    assert_eq!(acl(&[], &nothing), malformed);
    assert_eq!(acl(&[], "<a"), malformed);
    assert_eq!(
        acl(&[canned], &nothing),
        "400 UnexpectedContent: This request does not support content"
    );
    assert_eq!(
        acl(&[canned, logs], ""),
        "400 InvalidRequest: Specifying both Canned ACLs and Header Grants is not allowed"
    );
    assert_eq!(acl(&[("x-amz-acl", "fake-acl")], ""), "400 InvalidArgument: ");
    let fake = grant("uri=\"http://acs.amazonaws.com/groups/s3/FakeGroup\"");
    assert_eq!(acl(&[fake], ""), "400 InvalidArgument: Invalid group uri");
    assert_eq!(acl(&[grant("id=\"wrong-id\"")], ""), "400 InvalidArgument: Invalid id");
}

#[test]
fn a_policy_cannot_name_whom_nobody_knows_and_shows_who_was_deleted_by_id() {
    let (account, client, bucket) = bucket();
    let put = |principals: Value| {
        client.put_bucket_setting(&bucket, "policy", &readers(&bucket, &principals))
    };
    let number = account.number();
    let refused = "400 MalformedPolicy: Invalid principal in policy";
    for unknown in [
        "AROAEXAMPLEEXAMPLE123".to_owned(),
        "AIDAEXAMPLEEXAMPLE123".to_owned(),
        format!("arn:aws:iam::{number}:role/gone"),
        format!("arn:aws:iam::{number}:user/gone"),
        format!("arn:aws:iam::{number}:role/*"),
    ] {
        assert_eq!(refusal(put(json!([number, unknown]))), refused, "{unknown}");
    }
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Principal": { "AWS": number }, "Action": "sts:AssumeRole" }] });
    let nothing = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Action": "sts:GetCallerIdentity", "Resource": "*" }] });
    let role = account.role("reader", "/team/", &trust, &nothing).expect("a role");
    let without_path = format!("arn:aws:iam::{number}:role/reader");
    assert_eq!(refusal(put(json!(without_path))), refused, "the path is a part of the name");
    put(json!([role, "arn:aws:iam::444455556666:role/theirs"])).expect("both are taken");
    client.put_object(&bucket, "a", b"1").expect("an object");
    let session = account.assume(&account.root(), &role).expect("a session");
    assert_eq!(account.client_of(session).get_object(&bucket, "a").expect("it may"), "1");

    let iam = |action: &str, more: &[(&str, &str)]| {
        let given = [&[("Action", action), ("RoleName", "reader")], more].concat();
        client.query("iam", "2010-05-08", &given).expect("an answer")
    };
    let _ = iam("DeleteRolePolicy", &[("PolicyName", "given")]);
    let _ = iam("DeleteRole", &[]);
    let kept = client.bucket_setting(&bucket, "policy").expect("a policy");
    assert!(kept.contains("\"AROA") && !kept.contains("role/team/reader"), "{kept}");
    assert_eq!(refusal(client.put_bucket_setting(&bucket, "policy", &kept)), refused);
    // Who has the name next is somebody else.
    let next = account.role("reader", "/team/", &trust, &nothing).expect("a role");
    let session = account.assume(&account.root(), &next).expect("a session");
    let answer = account.client_of(session).get_object(&bucket, "a");
    assert_eq!(answer.expect_err("it may not").code, "AccessDenied");
}

#[test]
fn an_acl_is_returned_as_it_counts_and_still_bars_object_ownership() {
    let (account, client, bucket) = bucket();
    client.delete_public_access_block(&bucket).expect("a delete");
    own(&client, &bucket, "ObjectWriter").expect("a put");
    client.put_acl(&bucket, "public-read").expect("a put");
    let public = client.with_header("x-amz-acl", "public-read");
    public.put_object(&bucket, "a", b"1").expect("an object");
    let granted = || {
        let of_object = client.call("s3", "GET", &format!("/{bucket}/a?acl"), "").expect("an ACL");
        let of_bucket = client.bucket_setting(&bucket, "acl").expect("an ACL");
        [of_bucket, of_object].map(|acl| {
            assert!(acl.contains("FULL_CONTROL"), "{acl}");
            acl.contains("AllUsers")
        })
    };
    assert_eq!(granted(), [true, true]);
    assert_eq!(account.anonymous().get_object(&bucket, "a").expect("it is public"), "1");

    client.put_public_access_block(&bucket, true).expect("a put");
    assert_eq!(granted(), [false, false]);
    assert_eq!(
        account.anonymous().get_object(&bucket, "a").expect_err("blocked").code,
        "AccessDenied"
    );
    assert_eq!(
        refusal(own(&client, &bucket, "BucketOwnerEnforced")),
        "400 InvalidBucketAclWithObjectOwnership: Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
    );
    client.delete_public_access_block(&bucket).expect("a delete");
    client.put_account_block(true).expect("a put");
    assert_eq!(granted(), [false, false], "the account's block hides it, too");
    client.delete_account_block().expect("a delete");
    assert_eq!(granted(), [true, true], "it was only hidden");
}

#[test]
fn a_deny_of_plain_http_counts_for_everyone_and_against_an_acl() {
    let (account, client, bucket) = bucket();
    client.delete_public_access_block(&bucket).expect("a delete");
    own(&client, &bucket, "ObjectWriter").expect("a put");
    client
        .with_header("x-amz-acl", "public-read")
        .put_object(&bucket, "a", b"1")
        .expect("an object");
    let readable = |client: &Client| client.get_object(&bucket, "a").is_ok();
    let (everyone, root) = (account.anonymous(), client.clone());
    let all = [&everyone, &root, &everyone.over_plain_http(), &root.over_plain_http()];
    assert_eq!(all.map(readable), [true; 4]);
    let tls = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } } }] });
    client.put_bucket_setting(&bucket, "policy", &tls.to_string()).expect("a put");
    assert_eq!(all.map(readable), [true, true, false, false]);
}

#[test]
fn a_key_by_default_needs_the_rights_of_each_caller_and_none_is_nobodys() {
    let (account, client, bucket) = bucket();
    client.delete_public_access_block(&bucket).expect("a delete");
    own(&client, &bucket, "ObjectWriter").expect("a put");
    let key = client.create_key().expect("a key");
    let only_s3 = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Action": "s3:*", "Resource": "*" }] });
    let writer = account.client_of(account.user("writer", &only_s3).expect("a user"));
    writer.put_object(&bucket, "before", b"1").expect("SSE-S3");
    let rule = format!(
        "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>{key}</KMSMasterKeyID></ApplyServerSideEncryptionByDefault>"
    );
    client.put_encryption(&bucket, &rule).expect("a put");
    let public = client.with_header("x-amz-acl", "public-read");
    public.put_object(&bucket, "after", b"2").expect("root may use the key");
    let put = refusal(writer.put_object(&bucket, "mine", b"3"));
    assert!(put.starts_with("403 AccessDenied: ") && put.contains("kms:GenerateDataKey"), "{put}");
    let get = refusal(writer.get_object(&bucket, "after"));
    assert!(get.starts_with("403 AccessDenied: ") && get.contains("kms:Decrypt"), "{get}");
    assert_eq!(writer.get_object(&bucket, "before").expect("it keeps SSE-S3"), "1");
    assert_eq!(
        account.anonymous().get_object(&bucket, "after").expect_err("no right to the key").status,
        403
    );

    let with_key = |key: &str| {
        client
            .with_header("x-amz-server-side-encryption", "aws:kms")
            .with_header("x-amz-server-side-encryption-aws-kms-key-id", key)
    };
    assert_eq!(
        refusal(with_key("fake-key-id").put_object(&bucket, "a", b"")),
        "400 KMS.NotFoundException: Invalid keyId 'fake-key-id'"
    );
    client.json("kms", "DisableKey", &json!({ "KeyId": key })).expect("an answer");
    let disabled = format!("400 KMS.DisabledException: {key} is disabled.");
    assert_eq!(refusal(client.get_object(&bucket, "after")), disabled);
    assert_eq!(refusal(client.put_object(&bucket, "b", b"")), disabled);
}

#[test]
fn access_logs_go_to_a_bucket_of_the_same_region_that_lets_s3_write() {
    let (account, client, source) = bucket();
    let target = format!("{source}-logs");
    client.create_bucket(&target).expect("a bucket");
    let log = |target: &str| {
        let inside = format!(
            "<LoggingEnabled><TargetBucket>{target}</TargetBucket><TargetPrefix/></LoggingEnabled>"
        );
        client.put_bucket_setting(&source, "logging", &document("BucketLoggingStatus", &inside))
    };
    assert_eq!(
        refusal(log("no-bucket-has-this-name")),
        "400 InvalidTargetBucketForLogging: The target bucket for logging does not exist"
    );
    log(&target).expect("a put");
    let delivers = || account.delivers_logs(&source, &target).expect("the hook");
    assert!(!delivers(), "nothing lets the service write");
    let allow = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Principal": { "Service": "logging.s3.amazonaws.com" }, "Action": "s3:PutObject",
        "Resource": format!("arn:aws:s3:::{target}/*"),
        "Condition": { "StringEquals": { "aws:SourceAccount": account.number() } } }] });
    client.put_bucket_setting(&target, "policy", &allow.to_string()).expect("a put");
    assert!(delivers());
    let kms = "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault>";
    client.put_encryption(&target, kms).expect("a put");
    assert!(!delivers(), "access logs need SSE-S3");
    client.delete_bucket_setting(&target, "encryption").expect("a delete");
    client.delete_bucket_setting(&target, "policy").expect("a delete");
    own(&client, &target, "ObjectWriter").expect("a put");
    client.put_acl(&target, "log-delivery-write").expect("a put");
    assert!(delivers(), "by its ACL");

    let other = account.in_region("us-east-2").client();
    let elsewhere = format!("{source}-elsewhere");
    other.create_bucket(&elsewhere).expect("a bucket");
    assert_eq!(
        refusal(log(&elsewhere)),
        "403 CrossLocationLoggingProhibitted: Cross S3 location logging not allowed. "
    );
}

#[test]
fn a_presigned_url_has_the_rights_of_its_signer() {
    let (account, client, bucket) = bucket();
    client.put_object(&bucket, "a", b"1").expect("an object");
    let reads = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*") }] });
    let reader = account.user("reader", &reads).expect("a user");
    let url = account.client_of(reader).with_presigned_urls();
    assert_eq!(url.get_object(&bucket, "a").expect("it may"), "1");
    assert_eq!(url.put_object(&bucket, "a", b"2").expect_err("it may not").code, "AccessDenied");
    assert_eq!(url.over_plain_http().get_object(&bucket, "a").expect("nothing forbids it"), "1");
}

#[test]
fn replication_needs_versions_on_both_sides() {
    let account = account();
    let client = account.client();
    let [source, target] = ["source", "target"].map(|name| format!("{name}-{}", account.number()));
    client.create_bucket(&source).expect("a bucket");
    client.create_bucket(&target).expect("a bucket");
    let rule = format!(
        "<Role>arn:aws:iam::111122223333:role/copy</Role><Rule><ID>a</ID><Priority>1</Priority><Status>Enabled</Status><Filter><Prefix></Prefix></Filter><DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication><Destination><Bucket>arn:aws:s3:::{target}</Bucket></Destination></Rule>"
    );
    let replicate = || {
        let document = document("ReplicationConfiguration", &rule);
        client.put_bucket_setting(&source, "replication", &document)
    };
    let enable = |bucket: &str| {
        let document = document("VersioningConfiguration", "<Status>Enabled</Status>");
        client.put_bucket_setting(bucket, "versioning", &document).expect("a put");
    };
    assert_eq!(
        refusal(replicate()),
        "400 InvalidRequest: Versioning must be 'Enabled' on the bucket to apply a replication configuration"
    );
    enable(&source);
    assert_eq!(
        refusal(replicate()),
        "400 InvalidRequest: Destination bucket must have versioning enabled."
    );
    enable(&target);
    replicate().expect("both have versions");
}
