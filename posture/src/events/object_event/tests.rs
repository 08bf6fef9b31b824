use proptest::prelude::*;
use time::macros::datetime;

use super::*;
use crate::model::change::DETAIL_TYPES;

fn read(body: &str) -> Result<ObjectEvent, NotAnEvent> {
    let now = datetime!(2026-11-20 12:00:00 UTC);
    super::read(body, &"111122223333".parse().unwrap(), now)
}

fn change_of(body: &str) -> Change {
    read(body).unwrap().change
}

#[test]
fn an_event_is_read_with_all_that_s3_says() {
    let event = read(include_str!("../../../fixtures/object-created.json")).unwrap();
    let expected = ObjectEvent {
        id: "17793124-0000-4000-8000-000000000001".to_owned(),
        change: Change::CreatedOrOverwritten,
        bucket: "reports".parse().unwrap(),
        // Neither `+` nor `%` mean anything here: keys are not URL-encoded.
        key: "q3/Übersicht + plan.pdf".to_owned(),
        version_id: None,
        size_bytes: Some(5),
        sequencer: Some("617f08299329d189".to_owned()),
        retention: None,
        is_acl_unchecked: false,
        requester: Some("111122223333".to_owned()),
        source_ip: Some("192.0.2.1".to_owned()),
        time: datetime!(2026-11-20 12:00:00 UTC),
    };
    assert_eq!(event, expected);
}

#[test]
fn every_type_is_read_as_one_of_its_changes() {
    let event: Value =
        serde_json::from_str(include_str!("../../../fixtures/object-created.json")).unwrap();
    for (name, changes) in DETAIL_TYPES {
        let mut event = event.clone();
        event["detail-type"] = name.into();
        assert!(changes.contains(&change_of(&event.to_string())), "{name}");
    }
}

#[test]
fn a_hold_and_a_retention_are_named() {
    let updated = |data: &str| {
        let mut event: Value =
            serde_json::from_str(include_str!("../../../fixtures/object-created.json")).unwrap();
        event["detail-type"] = "Object Retention Updated".into();
        event["detail"]["object-retention-event-data"] = serde_json::from_str(data).unwrap();
        let event = read(&event.to_string()).unwrap();
        (event.change, event.retention)
    };
    let until = Some(datetime!(2027-01-02 00:00:00 UTC));
    let governed = Some(Retention { mode: RetentionMode::Governance, until });
    let compliant = Some(Retention { mode: RetentionMode::Compliance, until: None });
    for (data, expected) in [
        (
            r#"{"mode":"GOVERNANCE","retain-until-date":"2027-01-02T00:00:00.000Z"}"#,
            (Change::RetentionUpdated, governed),
        ),
        (
            r#"{"mode":"GOVERNANCE","retain-until-date":"2027-01-02T00:00:00.000Z","event-hold":"ON","event-hold-duration":{"days":30}}"#,
            (Change::EventHoldOn, governed),
        ),
        (r#"{"mode":"COMPLIANCE","event-hold":"OFF"}"#, (Change::EventHoldOff, compliant)),
        (r#"{"legal-hold":"ON"}"#, (Change::LegalHoldOn, None)),
        (r#"{"legal-hold":"OFF","event-hold":"ON"}"#, (Change::LegalHoldOff, None)),
        // What is not as documented does not hide the event.
        (
            r#"{"mode":["new"],"retain-until-date":7,"event-hold":{}}"#,
            (Change::RetentionUpdated, None),
        ),
        ("{}", (Change::RetentionUpdated, None)),
        (
            r#"{"mode":"COMPLIANCE","retain-until-date":"soon"}"#,
            (Change::RetentionUpdated, compliant),
        ),
    ] {
        assert_eq!(updated(data), expected, "{data}");
    }
}

#[test]
fn deletion_says_whether_anything_is_kept() {
    assert_eq!(change_of(include_str!("../../../fixtures/object-deleted.json")), Change::Deleted);
    let marker = include_str!("../../../fixtures/object-delete-marker.json");
    assert_eq!(change_of(marker), Change::DeleteMarkerCreated);
    assert_eq!(change_of(include_str!("../../../fixtures/object-expired.json")), Change::Expired);
}

#[test]
fn a_deletion_has_no_size_and_a_lifecycle_rule_no_address() {
    let event = read(include_str!("../../../fixtures/object-expired.json")).unwrap();
    assert_eq!((event.size_bytes, event.source_ip), (None, None));
    assert_eq!(event.requester.as_deref(), Some("s3.amazonaws.com"));
}

#[test]
fn what_is_no_event_says_why() {
    let message = |body: &str| read(body).unwrap_err().to_string();
    assert_eq!(
        message(include_str!("../../../fixtures/object-of-a-new-type.json")),
        "`detail-type` is missing or wrong: `Object Teleported` is not a type of event that s3guard knows"
    );
    assert_eq!(message("poison"), "it is not JSON: expected value at line 1 column 1");
    let forged = include_str!("../../../fixtures/object-created.json").replace("aws.s3", "my.s3");
    let late = include_str!("../../../fixtures/object-created.json")
        .replace("2026-11-20T12:00:00Z", "9999-12-31T23:59:59-01:00");
    assert_eq!(message(&late), "`time` is missing or wrong: it is too far away");
    assert_eq!(message(&forged), "`source` is missing or wrong: `my.s3` is not `aws.s3`");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(body in any::<String>()) {
        let _ = read(&body);
    }
}

#[test]
fn events_of_other_accounts_and_times_and_of_no_bucket_do_not_count() {
    let event: Value =
        serde_json::from_str(include_str!("../../../fixtures/object-created.json")).unwrap();
    let with = |pointer: &str, value: &str| {
        let mut event = event.clone();
        *event.pointer_mut(pointer).unwrap() = value.into();
        read(&event.to_string())
    };
    for (pointer, value) in [("/account", "999900001111"), ("/time", "2026-11-20T12:05:01Z")] {
        let read = with(pointer, value);
        assert!(matches!(read, Err(NotAnEvent::Refused(_))), "{pointer} {value}: {read:?}");
    }
    assert!(matches!(with("/account", ""), Err(NotAnEvent::Field { field: "account", .. })));
    assert!(with("/detail/bucket/name", ".account").is_err());
    assert!(with("/time", "2026-11-20T12:05:00Z").is_ok());
    assert!(with("/time", "2026-10-22T12:00:00Z").is_ok(), "it may have been redriven");
}
