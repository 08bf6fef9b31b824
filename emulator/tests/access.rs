//! Access to a bucket: policies, ACLs and the public access blocks that refuse public ones.

use s3guard_emulator::{CallError, Client, Fault};
use serde_json::{Value, json};

#[path = "setup/new.rs"]
mod new;
#[path = "setup/new_bucket.rs"]
mod new_bucket;
#[path = "setup/trail.rs"]
mod trail;

use new::account;
use new_bucket::bucket;
use trail::{record, watch};

const OWNERSHIP: &str = "ownershipControls";

fn own(client: &Client, bucket: &str, ownership: &str) -> Result<(), CallError> {
    let rule = format!("<Rule><ObjectOwnership>{ownership}</ObjectOwnership></Rule>");
    let document = format!(
        "<OwnershipControls xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{rule}</OwnershipControls>"
    );
    client.put_bucket_setting(bucket, OWNERSHIP, &document)
}

fn statement(bucket: &str) -> Value {
    json!({ "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*") })
}

fn policy(statements: &Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn code<T: std::fmt::Debug>(answer: Result<T, CallError>) -> String {
    answer.expect_err("it is refused").code
}

#[test]
fn a_public_access_block_refuses_a_public_policy() {
    let (_, client, bucket) = bucket();
    let public = policy(&statement(&bucket));
    let refused = || {
        let error = client.put_bucket_setting(&bucket, "policy", &public).expect_err("a block");
        let message = error.to_string();
        assert_eq!(error.code, "AccessDenied", "{message}");
        let reason = "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.";
        assert!(message.contains("is not authorized to perform: s3:PutBucketPolicy"), "{message}");
        assert!(message.ends_with(reason), "{message}");
    };
    refused();
    client.put_account_block(true).expect("a put");
    client.delete_public_access_block(&bucket).expect("a delete");
    refused();
    client.delete_account_block().expect("a delete");
    client.put_bucket_setting(&bucket, "policy", &public).expect("nothing is blocked");
    // An existing policy is kept; only a new one is refused.
    client.put_public_access_block(&bucket, true).expect("a put");
    let status = client.bucket_setting(&bucket, "policyStatus").expect("there is a policy");
    assert!(status.contains("<IsPublic>true</IsPublic>"), "{status}");
    refused();
}

#[test]
fn a_malformed_policy_is_refused() {
    let (_, client, bucket) = bucket();
    let with = |name: &str, value: Value| {
        let mut statement = statement(&bucket);
        statement["Principal"] = json!({ "AWS": "arn:aws:iam::111122223333:root" });
        statement[name] = value;
        policy(&json!([statement]))
    };
    let without = |name: &str| {
        let mut statement = statement(&bucket);
        statement.as_object_mut().expect("an object").remove(name);
        policy(&json!([statement]))
    };
    for (text, expected) in [
        ("nonsense".to_owned(), "MalformedPolicy"),
        ("[]".to_owned(), "MalformedPolicy"),
        (policy(&json!([])), "MalformedPolicy"),
        (without("Principal"), "MalformedPolicy"),
        (without("Action"), "MalformedPolicy"),
        (without("Resource"), "MalformedPolicy"),
        (without("Effect"), "MalformedPolicy"),
        (with("Resource", json!("arn:aws:s3:::another-bucket/*")), "MalformedPolicy"),
        (with("Action", json!("sqs:SendMessage")), "MalformedPolicy"),
        (with("Sid", json!("a".repeat(20 * 1024))), "PolicyTooLarge"),
    ] {
        let answer = client.put_bucket_setting(&bucket, "policy", &text);
        assert_eq!(code(answer), expected, "{}", &text[..text.len().min(200)]);
    }
    client.put_bucket_setting(&bucket, "policy", &with("Sid", json!("fine"))).expect("a policy");
}

#[test]
fn a_bucket_with_bucket_owner_enforced_refuses_acls() {
    let (account, client, bucket) = bucket();
    let queue = watch(&account);
    for canned in ["public-read", "private"] {
        assert_eq!(code(client.put_acl(&bucket, canned)), "AccessControlListNotSupported");
    }
    let refused = record(&client, &queue, "PutBucketAcl");
    assert_eq!(refused["errorCode"], "AccessControlListNotSupported");
    assert_eq!(refused["requestParameters"]["x-amz-acl"], "public-read");

    own(&client, &bucket, "ObjectWriter").expect("a put");
    assert_eq!(code(client.put_acl(&bucket, "public-read")), "AccessDenied");
    client.put_public_access_block(&bucket, false).expect("a put");
    client.put_account_block(true).expect("a put");
    assert_eq!(code(client.put_acl(&bucket, "public-read")), "AccessDenied");
    client.delete_account_block().expect("a delete");
    client.put_acl(&bucket, "public-read").expect("no block is on");
    let acl = client.bucket_setting(&bucket, "acl").expect("an ACL");
    assert!(acl.contains("groups/global/AllUsers"), "{acl}");
    let error = code(own(&client, &bucket, "BucketOwnerEnforced"));
    assert_eq!(error, "InvalidBucketAclWithObjectOwnership");
    client.put_acl(&bucket, "private").expect("a put");
    own(&client, &bucket, "BucketOwnerEnforced").expect("the owner has the only grant");
}

#[test]
fn grants_are_returned_as_they_were_put() {
    let (_, client, bucket) = bucket();
    own(&client, &bucket, "BucketOwnerPreferred").expect("a put");
    let private = client.bucket_setting(&bucket, "acl").expect("an ACL");
    assert_eq!(private.matches("<Permission>").count(), 1);
    let group = "<Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"Group\"><URI>http://acs.amazonaws.com/groups/s3/LogDelivery</URI></Grantee><Permission>WRITE</Permission></Grant>";
    let given = private.replace("</AccessControlList>", &format!("{group}</AccessControlList>"));
    client.put_bucket_setting(&bucket, "acl", &given).expect("a put");
    let kept = client.bucket_setting(&bucket, "acl").expect("an ACL");
    assert!(kept.contains(group) && kept.contains("FULL_CONTROL"), "{kept}");
}

#[test]
fn a_bucket_from_before_2023_has_no_object_ownership_and_accepts_acls() {
    let (account, client, bucket) = bucket();
    account.make_legacy(&bucket).expect("the hook");
    assert_eq!(code(client.bucket_setting(&bucket, OWNERSHIP)), "OwnershipControlsNotFoundError");
    client.put_acl(&bucket, "public-read").expect("a put");
}

#[test]
fn the_accounts_block_has_its_own_permissions_and_events() {
    let account = account();
    let queue = watch(&account);
    let root = account.client();
    assert_eq!(code(root.account_block()), "NoSuchPublicAccessBlockConfiguration");
    let policy = |action: &str| json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": action, "Resource": "*" } });
    let reader = account.user("reader", &policy("s3:GetAccountPublicAccessBlock")).expect("a user");
    let writer = account.user("writer", &policy("s3:PutAccountPublicAccessBlock")).expect("a user");
    let (reader, writer) = (account.client_of(reader), account.client_of(writer));
    writer.put_account_block(true).expect("a put");
    let put = record(&root, &queue, "PutAccountPublicAccessBlock");
    assert_eq!(reader.account_block().expect("it is there").matches("true").count(), 4);
    assert_eq!(code(reader.put_account_block(false)), "AccessDenied");
    account.add_fault(&Fault::fail("s3:GetAccountPublicAccessBlock", "SlowDown")).expect("a fault");
    assert_eq!(code(reader.account_block()), "SlowDown");
    assert_eq!(code(reader.delete_account_block()), "AccessDenied");
    writer.delete_account_block().expect("a delete");
    assert_eq!(code(reader.account_block()), "NoSuchPublicAccessBlockConfiguration");
    record(&root, &queue, "DeleteAccountPublicAccessBlock");
    assert_eq!(put["eventSource"], "s3.amazonaws.com");
    let parameters = &put["requestParameters"];
    assert_eq!(parameters["PublicAccessBlockConfiguration"]["BlockPublicAcls"], true);
    assert_eq!(parameters.get("bucketName"), None);
    let host = format!("{}.s3-control.eu-west-1.amazonaws.com", account.number());
    assert_eq!(parameters["Host"], Value::String(host));
    let calls = account.calls().expect("the calls");
    let read =
        calls.iter().find(|call| call.action.as_deref() == Some("s3:GetAccountPublicAccessBlock"));
    assert_eq!(read.map(|call| call.resource.as_str()), Some("*"));
}
