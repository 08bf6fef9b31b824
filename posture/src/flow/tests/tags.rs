//! A tag that exempts a bucket, or lowers what is wanted of it, is reported once, with the call that has set it.

use super::refused::{later, severity, sweep};
use super::*;
use crate::model::setting::Tags;

const EXEMPT: &str = r#"{"trust-tags":true,"exemption":[{"tags":{"team":"web"},"aspects":["tls","policy"],
    "reason":"old browsers","until":"2027-01-31"}]}"#;
const LOWER: &str = r#"{"trust-tags":true,"rule":[{"tags":{"team":"web"},"grade":"speed"},
    {"bucket":"reports","grade":"hybrid"}]}"#;

fn tag(world: &World, value: Option<&str>) {
    let tags: Option<Tags> = value.map(|value| [("team".to_owned(), value.to_owned())].into());
    world.bucket.change(|truth| truth.tags = tags.map_or(Reading::Absent, Reading::Known));
}

fn tagged(world: &'static World) -> Vec<Notification> {
    let at = world.now() - time::Duration::minutes(2);
    assert!(world.handle(&[call("PutBucketTagging", at, None)]).failed.is_empty());
    world.outgoing.take().notifications
}

/// A bucket that is as wanted without the tag.
fn bucket(config: &'static str) -> &'static World {
    let world = World::new();
    world.with(|state| state.config = Some(config));
    tag(world, None);
    world.handle(&[task_for()]);
    world.outgoing.take();
    later(world, time::Duration::hours(1));
    world
}

#[test]
fn m3_the_moment_a_tag_exempts_or_lowers_is_reported_once_with_who_set_it() {
    for (config, words) in [
        (EXEMPT, "it is exempt from tls, policy (old browsers), by tag `team=web`"),
        (LOWER, "the grade is `speed` in place of `hybrid`, by rule 1, tag `team=web`"),
    ] {
        let world = bucket(config);
        tag(world, Some("web"));
        let published = tagged(world);
        assert_eq!(published.len(), 1, "{words}");
        let text = published[0].text.replace("\n    ", " ");
        assert!(text.contains(words) && text.contains("PutBucketTagging"), "{text}");
        assert!(text.contains("arn:aws:iam::111122223333:root"), "{text}");
        assert_eq!(severity(&published[0]), "warning");
        // Once.
        assert!(tagged(world).iter().all(|one| !one.text.contains("a tag of the bucket")));
        later(world, time::Duration::days(40));
        assert!(sweep(world).iter().all(|one| !one.text.contains("a tag of the bucket")));
        // Once more if the tag goes and comes back.
        tag(world, None);
        tagged(world);
        tag(world, Some("web"));
        assert!(tagged(world)[0].text.contains("a tag of the bucket"), "{words}");
    }
}

#[test]
fn m3_a_tag_whose_event_was_lost_is_reported_by_the_sweep() {
    let world = bucket(EXEMPT);
    tag(world, Some("web"));
    let swept = sweep(world);
    assert_eq!(swept.len(), 1);
    assert!(swept[0].text.contains("a tag of the bucket counts"), "{}", swept[0].text);
    assert_eq!(sweep(world), []);
}

#[test]
fn m3_what_could_not_be_published_is_reported_by_the_next_pass() {
    let world = bucket(EXEMPT);
    tag(world, Some("web"));
    world.with(|state| state.is_published = false);
    let at = world.now() - time::Duration::minutes(2);
    world.handle(&[call("PutBucketTagging", at, None)]);
    world.with(|state| state.is_published = true);
    assert_eq!(world.outgoing.take().notifications, []);
    assert!(tagged(world)[0].text.contains("a tag of the bucket"));
}

#[test]
fn m3_tags_that_are_not_trusted_exempt_nothing() {
    let refused = EXEMPT.replace(r#""trust-tags":true,"#, "");
    assert!(Config::from_json(&refused).is_err());
    let world = bucket(r#"{"rule":[{"tags":{"team":"web"},"grade":"hybrid"}]}"#);
    world
        .with(|state| state.configured = Some((Grade::Security, state.config.unwrap().to_owned())));
    tag(world, Some("web"));
    assert!(tagged(world).iter().all(|one| !one.text.contains("a tag of the bucket")));
}
