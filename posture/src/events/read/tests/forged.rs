//! Messages that another principal has written.

use super::*;

#[test]
fn events_of_other_accounts_and_of_the_future_are_refused() {
    let refused = |body: &str| {
        let read = read(body, &account(), NOON);
        assert!(matches!(read, Err(NotAnEvent::Refused(_))), "{body}: {read:?}");
    };
    let body = fixture!("create-bucket");
    refused(&with(body, "/account", json!("999900001111")));
    refused(fixture!("create-bucket-of-another-account"));
    refused(&with(body, "/detail/eventTime", json!("2026-11-20T12:05:01Z")));
    refused(&with(body, "/detail/eventTime", json!("9999-12-31T23:59:59Z")));
    let again = Again { body: with(body, "/account", json!("999900001111")), attempt: 0 };
    refused(&again.body());
    let sweep = json!({
        "source": "aws.events", "detail-type": "Scheduled Event", "account": "999900001111",
    });
    refused(&sweep.to_string());
    changed(&with(body, "/detail/eventTime", json!("2026-11-20T12:05:00Z")));
    changed(&with(body, "/detail/eventTime", json!("2006-11-20T12:05:00Z")));
    let missing = request(&with(body, "/account", Value::Null));
    assert!(matches!(missing, Err(NotAnEvent::Field { field: "account", .. })), "{missing:?}");
}

#[test]
fn no_message_of_s3guard_has_a_text_or_a_strange_name() {
    for own in [
        json!({ "tell": { "subject": "Log in at https://evil.example/", "text": "…" } }),
        json!({ "notify": { "subject": "Log in at https://evil.example/" } }),
        json!({ "reconcile": { "bucket": "reports", "text": "Log in at https://evil.example/" } }),
        json!({ "reconcile": { "bucket": "../victim" } }),
        json!({ "reconcile": { "bucket": "" } }),
        json!({ "reconcile": { "bucket": "reports", "grade": "speed" } }),
        json!({ "sweep": { "after": "https://evil.example/" } }),
        json!({ "sweep": { "buckets": usize::MAX } }),
        json!({ "sweep": { "text": "x" } }),
        json!({ "again": { "body": "{\"s3guard\":{\"again\":{}}}", "attempt": 0 } }),
        json!({ "again": { "body": "{}", "attempt": 0, "text": "x" } }),
        json!("Log in at https://evil.example/"),
    ] {
        let body = json!({ "s3guard": own }).to_string();
        assert!(request(&body).is_err(), "{body}");
    }
}

#[test]
fn the_path_of_a_role_makes_no_call_the_guards_own() {
    let issuer = json!({ "sessionIssuer": {
        "type": "Role", "arn": "arn:aws:iam::111122223333:role/s3guard/x", "userName": "x",
    } });
    let arn = "arn:aws:sts::111122223333:assumed-role/x/dev";
    let by = json!({ "type": "AssumedRole", "arn": arn, "sessionContext": issuer });
    let body = with(fixture!("put-bucket-encryption"), "/detail/userIdentity", by);
    assert_eq!(changed(&body).call.principal, arn);
}

#[test]
fn the_account_itself_is_no_bucket_of_an_event() {
    for (body, pointer, name) in [
        (fixture!("create-bucket"), "/detail/requestParameters/bucketName", ".account"),
        (
            fixture!("tag-resource"),
            "/detail/requestParameters/resourceArn",
            "arn:aws:s3:::.account",
        ),
    ] {
        assert!(request(&with(body, pointer, json!(name))).is_err(), "{name}");
    }
    let own = json!({ "s3guard": { "reconcile": { "bucket": ".account" } } }).to_string();
    assert!(matches!(request(&own), Ok(Request::Own(_))));
}

#[test]
fn a_deployer_is_the_role_of_a_session_and_not_who_has_asked_for_another_one() {
    let arn_of = |identity: Value| {
        changed(&with(fixture!("put-bucket-encryption"), "/detail/userIdentity", identity))
            .call
            .principal_arn
    };
    let session = |kind: &str, arn: &str, issuer: &str| {
        let issuer = json!({ "sessionIssuer": { "type": kind, "arn": issuer } });
        arn_of(json!({ "arn": arn, "sessionContext": issuer }))
    };
    let role = "arn:aws:iam::111122223333:role/ci/Deployer";
    let of_role = "arn:aws:sts::111122223333:assumed-role/Deployer/jane";
    assert_eq!(session("Role", of_role, role).as_deref(), Some(role));
    let federated = "arn:aws:sts::111122223333:federated-user/guest";
    assert_eq!(session("IAMUser", federated, USER).as_deref(), Some(federated));
    assert_eq!(arn_of(json!({ "type": "IAMUser", "arn": USER })).as_deref(), Some(USER));
    assert_eq!(arn_of(json!({ "type": "AWSService", "invokedBy": "a service" })), None);
}
