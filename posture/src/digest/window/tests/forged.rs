//! Objects that do not count, because another principal has written them or they are not what their key says, and
//! notifications that are made from the data of a digest.

use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::*;

fn put(world: &World, name: &str, events: Vec<ObjectEvent>, now: OffsetDateTime) -> Window {
    let batch = Batch { name, events, alarming: 0 };
    world.gather().put(&batch, now).now_or_never().unwrap().unwrap().window
}

fn close(world: &World, which: Close, now: OffsetDateTime) -> Published {
    world.store.set_time(now);
    world.gather().close(which, now).now_or_never().unwrap().unwrap()
}

fn write(world: &World, key: &str, body: &[u8]) {
    world.store.put(key, body.to_vec()).now_or_never().unwrap().unwrap();
}

fn read(world: &World, key: &str) -> Value {
    let found = world.store.get(key, u64::MAX).now_or_never().unwrap().unwrap();
    let Fetched::Content(json) = found else { panic!("{found:?}") };
    serde_json::from_slice(&json).unwrap()
}

fn part(window: Window, events: usize, name: &str) -> String {
    window.key(&Entry::Part(events, 0, name.to_owned()))
}

#[test]
fn a_planted_part_does_not_count() {
    let world = World::new();
    let window = put(&world, "a", vec![event(0)], NOON);
    let forged = stored::json(&Part::new(vec![event(1)]));
    world.store.plant(&part(window, 1, "b"), &forged);
    // A key can say anything.
    world.store.plant(&part(window, usize::MAX, "c"), b"{");
    let batch = Batch { name: "d", events: vec![event(2)], alarming: 0 };
    let gathered = world.gather().put(&batch, NOON).now_or_never().unwrap().unwrap();
    assert!(gathered.is_full());
    let published = close(&world, Close::All, NOON);
    assert_eq!((published.events, published.foreign), (2, 2), "{published:?}");
    assert_eq!(published.failures, [""; 0]);
    assert_eq!(world.published().into_keys().collect::<Vec<_>>(), ["key-0", "key-2"]);
}

#[test]
fn a_part_that_is_not_what_its_key_says_does_not_count() {
    let of = |change: fn(&mut ObjectEvent)| {
        let mut event = event(1);
        change(&mut event);
        stored::json(&Part::new(vec![event]))
    };
    let right = of(|_| {});
    for (events, alarming, body) in [
        (2, 0, right.clone()),
        (1, 2, right.clone()),
        (1, 0, of(|event| event.time = NOON + Duration::minutes(7))),
        (1, 0, of(|event| event.bucket = BucketName::account())),
        (1, 0, b"{\"version\":1}".to_vec()),
        (1, 0, b"?".to_vec()),
    ] {
        let world = World::new();
        let window = put(&world, "a", vec![event(0)], NOON);
        let key = window.key(&Entry::Part(events, alarming, "b".to_owned()));
        write(&world, &key, &body);
        let published = close(&world, Close::All, NOON);
        let text = String::from_utf8_lossy(&body);
        assert_eq!((published.events, published.foreign), (1, 1), "{key}: {text}");
    }
}

#[test]
fn a_planted_digest_is_replaced_and_nothing_of_it_is_published() {
    for is_foreign in [true, false] {
        let world = World::new();
        let window = put(&world, "a", vec![event(0)], NOON);
        let other = Window::at(NOON + Duration::MINUTE, 60);
        let forged = stored::json(&Digest::new(other, other.end(), vec![event(1)]));
        if is_foreign {
            world.store.plant(&window.digest_key(), &forged);
        } else {
            // A digest of another window.
            write(&world, &window.digest_key(), &forged);
        }
        // The windows before and after it are published all the same.
        put(&world, "b", vec![event(2)], NOON - Duration::minutes(3));
        put(&world, "c", vec![event(3)], NOON + Duration::MINUTE);
        let published = close(&world, Close::All, NOON + Duration::HOUR);
        assert_eq!(published.failures, [""; 0]);
        assert_eq!((published.events, published.foreign > 0), (3, true), "{published:?}");
        assert_eq!(world.published().into_keys().collect::<Vec<_>>(), ["key-0", "key-2", "key-3"]);
        assert_eq!(read(&world, &window.digest_key())["window"], window.to_string());
    }
}

#[test]
fn each_field_of_a_digest_is_compared_with_its_key() {
    let window = Window::at(NOON, 60);
    let key = window.digest_key();
    let get = |digest: &Value| {
        let world = World::new();
        write(&world, &key, &serde_json::to_vec(digest).unwrap());
        get::<_, Digest>(&world.store, &key).now_or_never().unwrap().is_ok()
    };
    let right = serde_json::to_value(Digest::new(window, window.end(), vec![event(0)])).unwrap();
    assert!(get(&right));
    for (field, other) in [
        ("window", json!("20261125T120100Z-60s-0")),
        ("from", json!("2026-11-25T12:00:01Z")),
        ("until", json!("2026-11-25T12:01:01Z")),
        ("until", json!("2026-11-25T12:00:30Z")),
        ("generation", json!(1)),
        ("isEarly", json!(true)),
        ("events", json!([{ "bucket": "reports" }])),
        ("known", json!({ "no bucket": {} })),
        ("version", json!(2)),
    ] {
        let mut digest = right.clone();
        digest[field] = other.clone();
        assert!(!get(&digest), "{field}: {other}");
    }
}

#[test]
fn what_a_newer_version_has_put_is_not_left_out() {
    let world = World::new();
    let window = put(&world, "a", vec![event(0)], NOON);
    write(&world, &part(window, 1, "a"), br#"{"version":2,"events":[]}"#);
    let published = close(&world, Close::All, NOON);
    assert_eq!((published.events, published.foreign), (0, 0));
    let failure = &published.failures[0];
    assert!(failure.contains("it has version 2, which this s3guard does not support"), "{failure}");
}

#[test]
fn a_digest_holds_data_and_no_texts() {
    let world = World::new();
    let window = put(&world, "a", vec![event(0)], NOON);
    close(&world, Close::All, NOON);
    let digest = read(&world, &window.digest_key());
    let fields: Vec<&String> = digest.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        ["version", "window", "from", "until", "generation", "isEarly", "known", "events"]
    );
    assert_eq!(digest["known"], json!({ "reports": {} }));
}

#[test]
fn after_a_crash_the_rest_of_the_same_notifications_is_published() {
    let world = World::new();
    let window = put(&world, "a", (0..4).map(event).collect(), NOON);
    world.set_topic(Topic::Throttled);
    assert_eq!(close(&world, Close::One(window), NOON).notifications, 1);
    world.set_topic(Topic::There);
    let later = NOON + LEASE + Duration::MINUTE;
    assert_eq!(close(&world, Close::One(window), later).notifications, 1);
    assert_eq!(world.published(), once(4));
    assert_eq!(close(&world, Close::One(window), later + Duration::HOUR), Published::default());
}

#[test]
fn all_are_published_if_a_new_configuration_makes_another_number_of_notifications() {
    let mut world = World::new();
    let window = put(&world, "a", (0..6).map(event).collect(), NOON);
    world.set_topic(Topic::Throttled);
    assert_eq!(close(&world, Close::One(window), NOON).notifications, 1);
    world.a_notification = 3;
    world.set_topic(Topic::There);
    // The mark of the first of two is not taken for one of three.
    let mut now = NOON;
    for _ in 0..3 {
        now += LEASE + Duration::MINUTE;
        close(&world, Close::One(window), now);
    }
    assert_eq!(world.events_of_notifications(), [3, 2, 2, 2]);
}

#[test]
fn more_events_than_a_function_can_read_are_a_failure() {
    let world = World::new();
    let window = Window::at(NOON, 60);
    let events: Vec<ObjectEvent> = (0..20_000).map(event).collect();
    for name in 0..6 {
        write(
            &world,
            &part(window, events.len(), &name.to_string()),
            &stored::json(&Part::new(events.clone())),
        );
    }
    let published = close(&world, Close::All, NOON);
    assert_eq!(
        published.failures,
        [format!("window {window}: a window has more than {EVENTS_READ_MAX} events")]
    );
}
