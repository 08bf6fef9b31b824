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
    assert_eq!(status.delivered.unwrap().unix_timestamp(), 1_764_028_800);
    let verdict = records_bucket_changes(&trail, &"eu-west-1".parse().unwrap());
    assert_eq!(verdict, Verdict::Records);
}

#[tokio::test]
async fn selectors_of_both_kinds_are_read() {
    let trail = one(&cloudtrail(ok(STATUS), ok(BASIC))).await;
    let without = vec!["kms.amazonaws.com".to_owned()];
    let basic = BasicSelector { management: true, calls: Calls::Read, without };
    assert_eq!(trail.selectors, Reading::Known(Selectors::Basic(vec![basic])));
    let trail = one(&cloudtrail(ok(STATUS), ok(ADVANCED))).await;
    let Some(Selectors::Advanced(selectors)) = trail.selectors.known() else { panic!() };
    let conditions = &selectors[0].0;
    assert_eq!(
        (&*conditions[0].equals[0], &*conditions[1].not_equals[0]),
        ("Management", "kms.amazonaws.com")
    );
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
