//! What the events of calls say beside the settings of a bucket.

use serde_json::Value as Json;

use super::*;

/// A call of this source with these parameters.
fn event(source: &str, name: &str, parameters: &Json) -> String {
    let mut event: Json = serde_json::from_str(&call(name, NOON, None)).unwrap();
    event["source"] = json!(format!("aws.{source}"));
    event["detail"]["eventSource"] = json!(format!("{source}.amazonaws.com"));
    event["detail"]["requestParameters"] = parameters.clone();
    event.to_string()
}

/// What is published for a call.
fn reported(world: &'static World, body: String) -> Vec<String> {
    assert!(world.handle(&[body]).failed.is_empty());
    let sent = world.outgoing.take().notifications.into_iter();
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    sent.map(|one| words(format!("{} {} {}", one.document.severity, one.subject, one.text)))
        .collect()
}

fn inventory(destination: &Json) -> String {
    let inventory = json!({ "Id": "all", "Destination": { "S3BucketDestination": destination } });
    let parameters = json!({ "bucketName": "reports", "InventoryConfiguration": inventory });
    event("s3", "PutBucketInventoryConfiguration", &parameters)
}

#[test]
fn an_export_is_reported_unless_it_stays_in_the_account() {
    let bucket = "arn:aws:s3:::collector";
    let of = |account: &str| json!({ "AccountId": account, "Bucket": bucket });
    let world = World::new();
    let theirs = reported(world, inventory(&of("444455556666")));
    let [text] = &theirs[..] else { panic!("{theirs:?}") };
    assert!(text.contains("is sent to collector of account 444455556666"), "{text}");
    assert_eq!(reported(world, inventory(&of("111122223333"))), [""; 0]);
    let unknown = reported(world, inventory(&json!({ "Bucket": bucket })));
    assert!(unknown[0].contains("whose account the call does not name"), "{unknown:?}");
    // A bucket with a state is ours, and the name of a deleted one may be another account's.
    let id = BucketId { name: "collector".parse().unwrap(), ..world.id() };
    let state = BucketState::new(&id);
    world.ledger.put("state/collector.json", state.json());
    assert_eq!(reported(world, inventory(&json!({ "Bucket": bucket }))), [""; 0]);
    let deleted = state.updated(&Update { closed: Some(NOON), ..Update::new(NOON) });
    world.ledger.put("state/collector.json", deleted.json());
    let deleted = reported(world, inventory(&json!({ "Bucket": bucket })));
    assert!(deleted[0].contains("whose account the call does not name"), "{deleted:?}");
}

#[test]
fn another_way_to_objects_is_reported_of_its_bucket_or_of_the_account() {
    let world = World::new();
    let made = json!({ "name": "ap-1", "CreateAccessPointRequest": { "Bucket": "reports" } });
    let made = reported(world, event("s3", "CreateAccessPoint", &made));
    assert!(made[0].contains("a change of reports") && made[0].contains("ap-1"), "{made:?}");
    let policy = reported(world, event("s3", "PutAccessPointPolicy", &json!({ "name": "ap-1" })));
    assert!(policy[0].contains("a change of the account"), "{policy:?}");
    assert!(!policy[0].contains("public access block"), "{policy:?}");
}

#[test]
fn only_the_keys_of_the_guard_are_reported() {
    let world = World::new();
    let of = |id: &str| json!({ "keyId": id });
    assert_eq!(reported(world, event("kms", "ScheduleKeyDeletion", &of("another"))), [""; 0]);
    world.with(|state| state.key = Some("arn:aws:kms:eu-west-1:111122223333:key/k-1".to_owned()));
    let lost = reported(world, event("kms", "ScheduleKeyDeletion", &of("k-1")));
    assert!(lost[0].starts_with("high") && lost[0].contains("will be deleted"), "{lost:?}");
    let policy = reported(world, event("kms", "PutKeyPolicy", &of("k-1")));
    assert!(policy[0].starts_with("warning"), "{policy:?}");
}

#[test]
fn a_deleted_website_is_reported_and_its_state_is_closed() {
    let world = World::new();
    let website = json!({ "bucketName": "reports", "WebsiteConfiguration": {} });
    world.handle(&[call("CreateBucket", NOON - time::Duration::HOUR, None)]);
    world.handle(&[event("s3", "PutBucketWebsite", &website)]);
    world.outgoing.take();
    world.with(|state| state.is_there = false);
    let deleted = call("DeleteBucket", NOON, None);
    let reports = reported(world, deleted.clone());
    let [text] = &reports[..] else { panic!("{reports:?}") };
    assert!(text.starts_with("high") && text.contains("it was a website"), "{text}");
    assert!(text.contains("remove its DNS records and CloudFront origins"), "{text}");
    assert!(world.state().unwrap().closed.is_some());
    assert_eq!(reported(world, deleted), [""; 0], "once");
    // A bucket of the same name begins from the start.
    world.with(|state| state.is_there = true);
    world.handle(&[call("CreateBucket", NOON - time::Duration::MINUTE, None)]);
    let state = world.state().unwrap();
    assert!(state.closed.is_none() && state.protections.website != Some(true));
}

#[test]
fn a_bucket_that_was_no_website_is_deleted_without_a_report() {
    let world = World::new();
    world.handle(&[call("CreateBucket", NOON - time::Duration::HOUR, None)]);
    world.outgoing.take();
    world.with(|state| state.is_there = false);
    assert_eq!(reported(world, call("DeleteBucket", NOON, None)), [""; 0]);
    assert!(world.state().unwrap().closed.is_some());
}

#[test]
fn the_end_of_a_delivery_of_logs_is_reported_although_the_grade_asks_for_no_logs() {
    let world = World::new();
    let ended = reported(world, event("logs", "DeleteDelivery", &json!({ "id": "x" })));
    assert!(ended[0].contains("access logs end"), "{ended:?}");
    let to = |account: &str| {
        let arn = format!("arn:aws:logs:eu-west-1:{account}:delivery-destination:there");
        event("logs", "CreateDelivery", &json!({ "deliveryDestinationArn": arn }))
    };
    assert_eq!(reported(world, to("111122223333")), [""; 0]);
    assert!(reported(world, to("444455556666"))[0].contains("of account 444455556666"));
}
