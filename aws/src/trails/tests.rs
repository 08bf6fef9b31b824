use aws_sdk_cloudtrail::types::ReadWriteType;
use aws_sdk_cloudtrail::types::builders::EventSelectorBuilder;
use s3guard_posture::events::trail::{Verdict, records_bucket_changes};

use super::*;
use crate::fake::{Asked, Fake, json_error};

const ARN: &str = "arn:aws:cloudtrail:us-east-1:999999999999:trail/org";
const LISTED: &str = r#"{"trailList":[{"Name":"org","TrailARN":"arn:aws:cloudtrail:us-east-1:999999999999:trail/org","HomeRegion":"us-east-1","IsMultiRegionTrail":true,"IsOrganizationTrail":true}]}"#;
const STATUS: &str =
    r#"{"IsLogging":true,"LatestDeliveryError":"NoSuchBucket","LatestDeliveryTime":1764028800.5}"#;
const ADVANCED: &str = r#"{"TrailARN":"a","AdvancedEventSelectors":[{"Name":"m","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"eventSource","NotEquals":["kms.amazonaws.com"]}]}]}"#;
const BASIC: &str = r#"{"TrailARN":"a","EventSelectors":[{"ReadWriteType":"ReadOnly","IncludeManagementEvents":true,"DataResources":[],"ExcludeManagementEventSources":["kms.amazonaws.com"]}]}"#;

/// A CloudTrail that answers each call in one way.
fn cloudtrail(status: (u16, String), selectors: (u16, String)) -> Fake {
    Fake::new(move |asked: &Asked| match asked.header("x-amz-target") {
        Some(target) if target.ends_with(".DescribeTrails") => (200, LISTED.to_owned()),
        Some(target) if target.ends_with(".GetTrailStatus") => status.clone(),
        Some(target) if target.ends_with(".GetEventSelectors") => selectors.clone(),
        other => panic!("{other:?}"),
    })
}

fn ok(body: &str) -> (u16, String) {
    (200, body.to_owned())
}

async fn one(fake: &Fake) -> Trail {
    let Reading::Known(mut trails) = trails(&fake.connection()).await.unwrap() else { panic!() };
    trails.remove(0)
}

#[tokio::test]
async fn a_trail_of_the_organization_is_asked_for_by_its_arn() {
    let fake = cloudtrail(ok(STATUS), ok(ADVANCED));
    let trail = one(&fake).await;
    let mut bodies: Vec<_> = fake.asked().into_iter().map(|asked| asked.body).collect();
    bodies.sort();
    let (name, trail_name) =
        (format!(r#"{{"Name":"{ARN}"}}"#), format!(r#"{{"TrailName":"{ARN}"}}"#));
    assert_eq!(bodies, [name, trail_name, r#"{"includeShadowTrails":true}"#.to_owned()]);
    assert!(trail.is_multi_region && trail.is_organization);
    assert_eq!((trail.name.as_str(), trail.home.as_str()), ("org", "us-east-1"));
    let status = trail.status.known().unwrap();
    assert!(status.is_logging);
    assert_eq!(status.delivery_error.as_deref(), Some("NoSuchBucket"));
    let verdict = records_bucket_changes(&trail, &"eu-west-1".parse().unwrap());
    assert_eq!(verdict, Verdict::Records);
}

#[tokio::test]
async fn selectors_of_both_kinds_are_read() {
    let trail = one(&cloudtrail(ok(STATUS), ok(BASIC))).await;
    let without_kms = Condition {
        field: "eventSource".to_owned(),
        not_equals: vec!["kms.amazonaws.com".to_owned()],
        ..Condition::default()
    };
    let basic = Selector(vec![
        Condition::equals("eventCategory", "Management"),
        without_kms,
        Condition::equals("readOnly", "true"),
    ]);
    assert_eq!(trail.selectors, Reading::Known(vec![basic]));
    let trail = one(&cloudtrail(ok(STATUS), ok(ADVANCED))).await;
    let selectors = trail.selectors.known().unwrap();
    let conditions = &selectors[0].0;
    assert_eq!(
        (&*conditions[0].equals[0], &*conditions[1].not_equals[0]),
        ("Management", "kms.amazonaws.com")
    );
}

#[test]
fn a_basic_selector_has_to_choose_writes_of_management_and_not_leave_out_s3() {
    let verdict = |selector: EventSelectorBuilder| {
        let trail = Trail {
            name: "audit".to_owned(),
            arn: ARN.to_owned(),
            home: "eu-west-1".parse().unwrap(),
            is_multi_region: false,
            is_organization: false,
            status: Reading::Known(TrailStatus { is_logging: true, ..TrailStatus::default() }),
            selectors: Reading::Known(vec![basic(&selector.build())]),
        };
        records_bucket_changes(&trail, &trail.home)
    };
    let all = EventSelector::builder;
    assert_eq!(verdict(all()), Verdict::Records);
    for (kind, expected) in [
        (ReadWriteType::All, Verdict::Records),
        (ReadWriteType::WriteOnly, Verdict::Records),
        (ReadWriteType::ReadOnly, Verdict::LeavesOut),
        (ReadWriteType::from("New"), Verdict::LeavesOut),
    ] {
        assert_eq!(verdict(all().read_write_type(kind)), expected);
    }
    assert_eq!(verdict(all().include_management_events(false)), Verdict::LeavesOut);
    let without = |source| verdict(all().exclude_management_event_sources(source));
    assert_eq!(without("kms.amazonaws.com"), Verdict::Records);
    assert_eq!(without("s3.amazonaws.com"), Verdict::LeavesOut);
}

#[tokio::test]
async fn what_is_not_shown_is_a_reading_and_what_fails_is_an_error() {
    let denied = Fake::answering([json_error("AccessDeniedException")]);
    assert_eq!(trails(&denied.connection()).await.unwrap(), Reading::Denied);
    for code in ["AccessDeniedException", "OperationNotPermittedException"] {
        let trail = one(&cloudtrail(json_error(code), json_error(code))).await;
        assert_eq!((trail.status, trail.selectors), (Reading::Denied, Reading::Denied), "{code}");
    }
    let gone = json_error("TrailNotFoundException");
    let trail = one(&cloudtrail(gone.clone(), gone)).await;
    assert_eq!((trail.status, trail.selectors), (Reading::Absent, Reading::Absent));
    let broken = cloudtrail(ok(STATUS), json_error("InvalidTrailNameException"));
    let error = trails(&broken.connection()).await.unwrap_err();
    assert!(error.to_string().contains(ARN), "{error}");
}
