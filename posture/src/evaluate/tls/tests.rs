use serde_json::json;

use super::*;

mod faults;
mod reachable;

fn id() -> BucketId {
    BucketId {
        name: "reports".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    }
}

const BOTH: [&str; 2] = ["arn:aws:s3:::reports", "arn:aws:s3:::reports/*"];

fn deny(change: impl FnOnce(&mut Value)) -> Value {
    let mut statement = json!({
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": BOTH,
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    });
    change(&mut statement);
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

#[track_caller]
fn check(policy: &Value, what: Denied, expected: bool) {
    assert_eq!(denies(policy, what, &id()), expected, "{policy:#}");
}

#[test]
fn tls_only_is_recognized_in_any_equivalent_form() {
    use Denied::PlainHttp;
    check(&deny(|_| {}), PlainHttp, true);
    check(&deny(|s| s["Sid"] = json!("AllowSSLRequestsOnly")), PlainHttp, true);
    check(&deny(|s| s["Principal"] = json!({ "AWS": "*" })), PlainHttp, true);
    check(&deny(|s| s["Principal"] = json!({ "AWS": ["*"] })), PlainHttp, true);
    check(&deny(|s| s["Action"] = json!("*")), PlainHttp, true);
    check(&deny(|s| s["Action"] = json!(["s3:GetObject", "S3:*"])), PlainHttp, true);
    check(&deny(|s| s["Resource"] = json!("*")), PlainHttp, true);
    check(&deny(|s| s["Resource"] = json!("arn:aws:s3:::reports*")), PlainHttp, true);
    check(&deny(|s| s["Resource"] = json!("arn:aws:s3:::*")), PlainHttp, true);
    for value in [json!(false), json!(["false"]), json!("False")] {
        let condition = json!({ "BoolIfExists": { "AWS:securetransport": value } });
        check(&deny(|s| s["Condition"] = condition), PlainHttp, true);
    }
    for condition in [
        json!({ "StringEquals": { "aws:SecureTransport": "false" } }),
        json!({ "StringLike": { "aws:SecureTransport": ["f*"] } }),
        json!({ "StringNotEquals": { "aws:SecureTransport": "true" } }),
        json!({ "StringNotEqualsIfExists": { "aws:SecureTransport": ["true"] } }),
        json!({ "StringEqualsIgnoreCase": { "aws:SecureTransport": "FALSE" } }),
        json!({ "ForAnyValue:StringEquals": { "aws:SecureTransport": "false" } }),
        json!({ "Null": { "s3:TlsVersion": true } }),
        // S3 gives a request without TLS no version.
        json!({ "NumericNotEquals": { "s3:tlsversion": ["1.2", 1.3] } }),
        json!({ "NumericLessThanIfExists": { "s3:TlsVersion": "1.2" } }),
        json!({ "Bool": { "aws:SecureTransport": "false" }, "Null": { "s3:TlsVersion": "true" } }),
    ] {
        check(&deny(|s| s["Condition"] = condition), PlainHttp, true);
    }
    for action in [json!("iam:*"), json!(["sts:AssumeRole", "sqs:*"])] {
        let others = |s: &mut Value| {
            s.as_object_mut().unwrap().remove("Action");
            s["NotAction"] = action;
        };
        check(&deny(others), PlainHttp, true);
    }
    let elsewhere = |s: &mut Value| {
        s.as_object_mut().unwrap().remove("Resource");
        s["NotResource"] = json!(["arn:aws:s3:::other", "arn:aws:s3:::other/*"]);
    };
    check(&deny(elsewhere), PlainHttp, true);
    // The two resources in two statements, and a statement that is no list.
    let [of_bucket, of_objects] = BOTH.map(|arn| deny(|s| s["Resource"] = json!(arn)));
    check(&of_bucket, PlainHttp, false);
    check(&of_objects, PlainHttp, false);
    let both = json!({ "Statement": [of_bucket["Statement"][0], of_objects["Statement"][0]] });
    check(&both, PlainHttp, true);
    check(&json!({ "Statement": deny(|_| {})["Statement"][0] }), PlainHttp, true);
}

#[test]
fn what_denies_less_is_not_tls_only() {
    use Denied::PlainHttp;
    check(&deny(|s| s["Effect"] = json!("Allow")), PlainHttp, false);
    check(&deny(|s| s["Principal"] = json!({ "AWS": "111122223333" })), PlainHttp, false);
    check(&deny(|s| s["Action"] = json!("s3:GetObject")), PlainHttp, false);
    check(
        &deny(|s| s["Resource"] = json!(["arn:aws:s3:::other", "arn:aws:s3:::other/*"])),
        PlainHttp,
        false,
    );
    check(
        &deny(|s| s["Resource"] = json!(["arn:aws:s3:::reports", "arn:aws:s3:::reports/a/*"])),
        PlainHttp,
        false,
    );
    check(
        &deny(|s| s["Condition"]["Bool"]["aws:SecureTransport"] = json!("true")),
        PlainHttp,
        false,
    );
    check(
        &deny(|s| s["Condition"]["StringEquals"] = json!({ "aws:PrincipalOrgID": "o-1" })),
        PlainHttp,
        false,
    );
    check(
        &deny(|s| s["Condition"]["Bool"]["aws:ViaAWSService"] = json!("false")),
        PlainHttp,
        false,
    );
    for condition in [
        json!({}),
        json!({ "Null": { "aws:SecureTransport": "true" } }),
        json!({ "StringEquals": { "aws:SecureTransport": "False" } }),
        json!({ "StringEquals": { "aws:SecureTransport": "${aws:username}" } }),
        json!({ "Bool": { "aws:SecureTransport": "no" } }),
        json!({ "Bool": { "aws:SecureTransport": [] } }),
        json!({ "NumericLessThan": { "s3:TlsVersion": "1.2" } }),
        json!({ "ForAnyValue:StringNotEquals": { "s3:TlsVersion": ["1.2", "1.3"] } }),
        json!({ "Bool": "aws:SecureTransport" }),
    ] {
        check(&deny(|s| s["Condition"] = condition), PlainHttp, false);
    }
    for (element, other, value) in [
        ("Action", "NotAction", json!("s3:GetObject")),
        ("Action", "NotAction", json!(["iam:*", "s?:Get*"])),
        ("Resource", "NotResource", json!("arn:aws:s3:::reports/public/*")),
        ("Resource", "NotResource", json!("arn:aws:s3:::rep*")),
        ("Principal", "NotPrincipal", json!({ "AWS": "arn:aws:iam::111122223333:root" })),
    ] {
        let spared = |s: &mut Value| {
            s.as_object_mut().unwrap().remove(element);
            s[other] = value.clone();
        };
        check(&deny(spared), PlainHttp, false);
    }
    check(&json!({}), PlainHttp, false);
    check(&json!({ "Statement": "?" }), PlainHttp, false);
}

#[test]
fn an_old_tls_is_denied_by_a_number_that_is_high_enough() {
    let of = |operator: &str, version: Value| {
        deny(|s| s["Condition"] = json!({ operator: { "s3:TlsVersion": version } }))
    };
    check(&of("NumericLessThan", json!("1.2")), Denied::OldTls, true);
    check(&of("NumericLessThan", json!(1.3)), Denied::OldTls, true);
    check(&of("NumericLessThan", json!("1.20")), Denied::OldTls, true);
    check(&of("NumericLessThanEquals", json!("1.1")), Denied::OldTls, true);
    check(&of("NumericNotEquals", json!(["1.2", "1.3"])), Denied::OldTls, true);
    check(&of("StringEquals", json!(["1.0", "1.1"])), Denied::OldTls, true);
    check(&of("StringNotLike", json!(["1.2", "1.3"])), Denied::OldTls, true);
    check(&of("NumericLessThan", json!("1.1")), Denied::OldTls, false);
    check(&of("NumericLessThan", json!("TLSv1.2")), Denied::OldTls, false);
    check(&of("StringEquals", json!("1.1")), Denied::OldTls, false);
    check(&of("NumericGreaterThan", json!("1.2")), Denied::OldTls, false);
    check(&deny(|_| {}), Denied::OldTls, false);
}

#[test]
fn foreign_statements_stay_as_they_are_and_where_they_are() {
    let theirs = json!({
        "Version": "2008-10-17", "Id": "theirs",
        "Statement": { "Sid": "A", "Effect": "Allow", "Principal": { "AWS": ["b", "a"] }, "Action": "s3:GetObject", "Resource": "*", "Condition": { "NumericLessThan": { "x": 1.50 } } },
    });
    let merged = merged(Some(&theirs), &[Denied::PlainHttp, Denied::OldTls], &id()).unwrap();
    assert_eq!(merged["Statement"][0], theirs["Statement"]);
    assert_eq!(merged["Statement"][1]["Sid"], "S3GuardTlsOnly");
    assert_eq!(merged["Statement"][2]["Sid"], "S3GuardTls12");
    assert_eq!((&merged["Version"], &merged["Id"]), (&theirs["Version"], &theirs["Id"]));
    assert_eq!(super::merged(Some(&merged), &[Denied::PlainHttp, Denied::OldTls], &id()), None);
}

#[test]
fn the_partition_is_the_buckets() {
    let there = BucketId { region: "cn-north-1".parse().unwrap(), ..id() };
    let merged = merged(None, &[Denied::PlainHttp], &there).unwrap();
    assert_eq!(merged["Statement"][0]["Resource"][0], "arn:aws-cn:s3:::reports");
    assert_eq!(merged["Version"], "2012-10-17");
}

#[test]
fn the_statement_comes_behind_the_others_and_everything_stays_in_its_place() {
    let policy =
        json!({ "Statement": { "Sid": "Theirs" }, "Id": "theirs", "Version": "2012-10-17" });
    let merged = merged(Some(&policy), &[Denied::PlainHttp], &id()).unwrap();
    let keys: Vec<&String> = merged.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["Statement", "Id", "Version"]);
    let sids: Vec<&Value> =
        merged["Statement"].as_array().unwrap().iter().map(|one| &one["Sid"]).collect();
    assert_eq!(sids, ["Theirs", Denied::PlainHttp.sid()]);
}

#[test]
fn the_shortest_statements_are_recognized_and_take_the_place_of_ours() {
    let both = [Denied::PlainHttp, Denied::OldTls];
    let theirs = deny(|s| s["Sid"] = json!(Denied::OldTls.sid()));
    let short = merged_short(&theirs, &both, &id()).unwrap();
    assert_eq!(short["Statement"].as_array().unwrap().len(), 2, "{short:#}");
    assert_eq!(merged(Some(&short), &both, &id()), None);
}

#[test]
fn what_a_policy_lets_in_is_named() {
    let bucket = id();
    let of = |denied: &[Denied]| {
        let statements: Vec<Value> = denied.iter().map(|one| one.statement(&bucket)).collect();
        let policy = json!({ "Version": "2012-10-17", "Statement": statements });
        let_in(&policy, &[Denied::PlainHttp, Denied::OldTls], &bucket)
    };
    assert_eq!(of(&[Denied::OldTls]), "plain HTTP");
    assert_eq!(of(&[Denied::PlainHttp]), "TLS older than 1.2");
    assert_eq!(of(&[]), "plain HTTP and TLS older than 1.2");
}
