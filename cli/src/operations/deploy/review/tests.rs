use expect_test::expect_file;

use crate::operations::deploy::review::*;
use crate::ui::output::Paint;
use crate::ui::text::plain;

fn painted(paint: Paint) -> String {
    Text::of(&review(), None).painted(paint)
}

fn change(action: ResourceAction, resource_type: &str, logical_id: &str) -> Change {
    Change {
        action,
        logical_id: logical_id.to_owned(),
        physical_id: None,
        resource_type: resource_type.to_owned(),
        policy: None,
        properties: Vec::new(),
    }
}

fn property(path: &str, before: Option<&str>, after: Option<&str>) -> PropertyChange {
    let value = |value: Option<&str>| value.map(str::to_owned);
    PropertyChange { path: path.to_owned(), before: value(before), after: value(after) }
}

fn grant(action: &str) -> Grant {
    Grant {
        logical_id: "GuardPolicy".to_owned(),
        is_denial_gone: false,
        principal: String::new(),
        action: action.to_owned(),
        resource: "arn:${AWS::Partition}:s3:::*".to_owned(),
        condition: Some(
            r#"{"StringEquals":{"aws:ResourceAccount":"${AWS::AccountId}"}}"#.to_owned(),
        ),
    }
}

fn review() -> Review {
    let changes = vec![
        Change {
            physical_id: Some("old-queue".to_owned()),
            ..change(ResourceAction::Removed, "AWS::SQS::Queue", "OldQueue")
        },
        Change {
            policy: Some("Retain".to_owned()),
            physical_id: Some("guard-logs-111122223333-eu-west-1-an".to_owned()),
            ..change(ResourceAction::Removed, "AWS::S3::Bucket", "LogBucket")
        },
        Change {
            properties: vec![
                property(
                    "Code.S3Key",
                    Some("s3guard/bootstrap-x86_64-7049a66d.zip"),
                    Some("s3guard/bootstrap-x86_64-90c1f2e3.zip"),
                ),
                property("Timeout", Some("60"), Some("90")),
                property("Environment", None, None),
            ],
            ..change(ResourceAction::Changed, "AWS::Lambda::Function", "GuardFunction")
        },
        Change {
            physical_id: Some("arn:aws:sns:eu-west-1:111122223333:guard-Topic-1".to_owned()),
            policy: Some("ReplaceAndDelete".to_owned()),
            properties: vec![property("TopicName", None, Some("other"))],
            ..change(ResourceAction::Replaced, "AWS::SNS::Topic", "Topic")
        },
        change(ResourceAction::MayBeReplaced, "AWS::Lambda::EventSourceMapping", "GuardEvents"),
        change(ResourceAction::Added, "AWS::CloudWatch::Alarm", "NewAlarm"),
        Change {
            physical_id: Some("guard-trail-111122223333-eu-west-1-an".to_owned()),
            ..change(ResourceAction::Imported, "AWS::S3::Bucket", "TrailBucket")
        },
    ];
    let grants = vec![grant("s3:PutBucketPolicy"), grant("s3:DeleteBucket")];
    Review { changes, grants: Some(grants), ..Review::default() }
}

#[test]
fn the_table_needs_no_colour() {
    expect_file!["../../../golden/changes.txt"].assert_eq(&painted(Paint::Plain));
    expect_file!["../../../golden/changes-colour.txt"].assert_eq(&painted(Paint::Ansi));
}

#[test]
fn what_a_value_has_in_it_moves_no_cursor() {
    let changes = vec![Change {
        properties: vec![property("A", Some("\u{1b}[2J"), Some("b\nc"))],
        ..change(ResourceAction::Changed, "AWS::SQS::Queue", "Queue")
    }];
    let review = Review { changes, grants: Some(Vec::new()), ..Review::default() };
    let text = plain(&review);
    assert!(!text.contains('\u{1b}') && text.lines().count() == 4, "{text}");
}

#[test]
fn a_description_without_values_is_shown_with_the_reason_of_cloudformation() {
    let review = Review {
        changes: vec![change(ResourceAction::Changed, "AWS::IAM::ManagedPolicy", "GuardPolicy")],
        without_values: Some("property value is not valid JSON".to_owned()),
        grants: Some(Vec::new()),
        ..Review::default()
    };
    let text = plain(&review);
    assert!(text.contains("~ AWS::IAM::ManagedPolicy  GuardPolicy"), "{text}");
    assert!(text.contains("without values: property value is not valid JSON"), "{text}");
}

#[test]
fn broadened_and_unknown_permissions_need_approval() {
    let review =
        |grants: Option<Vec<Grant>>, is_new| Review { grants, is_new, ..Review::default() };
    let asked = |review: &Review| {
        [Approve::Never, Approve::Broadening, Approve::Any]
            .map(|approve| review.needs_approval(approve))
    };
    assert_eq!(asked(&review(Some(Vec::new()), false)), [false, false, true]);
    assert_eq!(asked(&review(Some(vec![grant("a")]), false)), [false, true, true]);
    assert_eq!(asked(&review(None, false)), [false, true, true]);
    assert_eq!(asked(&review(Some(vec![grant("a")]), true)), [false, false, true]);
}

#[test]
fn less_protection_is_shown_and_needs_approval() {
    let lowered = vec!["owner@example.com gets no notifications any more".to_owned()];
    let settings = vec!["mode: (not set) -> \"report\"".to_owned()];
    let review = Review { lowered, settings, grants: Some(Vec::new()), ..Review::default() };
    let asked = [Approve::Never, Approve::Broadening, Approve::Any];
    assert_eq!(asked.map(|approve| review.needs_approval(approve)), [false, true, true]);
    let text = plain(&review);
    let lines = "settings in the package that change:\n  mode: (not set) -> \"report\"\n\
                 no permissions are broadened\nless is protected or reported:\n  \
                 owner@example.com gets no notifications any more\n";
    assert!(text.ends_with(lines), "{text}");
}

#[test]
fn what_exists_and_what_a_package_carries_is_shown_and_needs_approval() {
    let imported = Imported {
        bucket: "guard-ledger-111122223333-eu-west-1-an".to_owned(),
        created: Some("2026-11-24 12:00:00 UTC".to_owned()),
        prefixes: ["records/", "state/"].map(str::to_owned).into(),
        findings: vec!["versioning is not enabled".to_owned()],
        policy: None,
    };
    let existing = Review { imported: vec![imported], is_new: true, ..Review::default() };
    assert!(existing.needs_approval(Approve::Broadening));
    assert!(!existing.needs_approval(Approve::Never));
    let text = plain(&existing);
    let lines = "existing bucket `guard-ledger-111122223333-eu-west-1-an` becomes the stack's, created \
                 2026-11-24 12:00:00 UTC: records/, state/\n  versioning is not enabled\n";
    assert!(text.ends_with(lines), "{text}");
    let carried = vec!["grade: \"speed\"".to_owned()];
    let packaged = Review { carried, is_new: true, ..Review::default() };
    assert!(packaged.needs_approval(Approve::Broadening));
    let text = plain(&packaged);
    assert!(text.ends_with("settings in the package:\n  grade: \"speed\"\n"), "{text}");
}
