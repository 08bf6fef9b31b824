//! Reading the events of a bucket while waiting for them.

use futures_util::FutureExt as _;

use super::super::Sightings;
use super::*;

/// Reads again; returns for each event whether it is published.
fn read(
    sightings: &mut Sightings,
    world: &World,
    since: OffsetDateTime,
    bucket: &str,
) -> Vec<bool> {
    let length = world.gather().length;
    let bucket = bucket.parse().unwrap();
    let looked = sightings.read(&world.store, (since, length), &bucket);
    looked.now_or_never().unwrap().unwrap();
    sightings.events().map(|event| sightings.is_told(event)).collect()
}

#[test]
fn an_event_is_seen_once_and_published_with_its_window() {
    let world = World::new();
    let events = vec![event(1), event(2), event(1)];
    let batch = Batch { name: "a", events, alarming: 0 };
    let gathered = world.gather().put(&batch, NOON).now_or_never().unwrap().unwrap();
    let (mut ours, mut others) = (Sightings::default(), Sightings::default());
    let later = NOON + Duration::DAY;
    assert_eq!(read(&mut ours, &world, later, "reports"), [false; 0], "that window has ended");
    assert_eq!(read(&mut ours, &world, NOON, "reports"), [false, false]);
    let close = Close::One(gathered.window);
    world.gather().close(close, NOON).now_or_never().unwrap().unwrap();
    assert_eq!(read(&mut ours, &world, NOON, "reports"), [true, true]);
    assert_eq!(read(&mut others, &world, NOON, "another-bucket"), [false; 0]);
}
