use proptest::prelude::*;
use time::macros::datetime;

use super::*;

const NOON: OffsetDateTime = datetime!(2026-11-20 12:00:00 UTC);

fn at(seconds: i64, sequencer: Option<&str>, change: Change) -> ObjectEvent {
    ObjectEvent {
        id: format!("{seconds}{sequencer:?}{change:?}"),
        change,
        bucket: "reports".parse().unwrap(),
        key: "k".to_owned(),
        version_id: None,
        size_bytes: None,
        sequencer: sequencer.map(str::to_owned),
        retention: None,
        is_acl_unchecked: false,
        requester: None,
        source_ip: None,
        time: NOON + Duration::seconds(seconds),
    }
}

fn order_of(events: Vec<ObjectEvent>) -> Vec<Option<String>> {
    let merged = merged(vec![Part::new(events)]);
    merged.into_iter().map(|event| event.sequencer).collect()
}

fn created(events: &[(i64, &str)]) -> Vec<String> {
    let of = |(seconds, sequencer): &(i64, &str)| {
        at(*seconds, Some(sequencer), Change::CreatedOrOverwritten)
    };
    order_of(events.iter().map(of).collect()).into_iter().flatten().collect()
}

#[test]
fn sequencers_order_events_of_the_same_seconds() {
    assert_eq!(created(&[(0, "0B"), (0, "0A")]), ["0A", "0B"]);
    assert_eq!(created(&[(0, "0B"), (2, "0A")]), ["0A", "0B"]);
    assert_eq!(created(&[(0, "0b"), (1, "0A")]), ["0A", "0b"]);
    // One that is longer is later by both readings, if it begins as the other one does.
    assert_eq!(created(&[(0, "0A1"), (1, "0A")]), ["0A", "0A1"]);
    // These are the same number.
    assert_eq!(created(&[(0, "00A"), (1, "A")]), ["00A", "A"]);
}

#[test]
fn the_times_decide_where_the_readings_of_the_sequencers_disagree() {
    // By the digits from the left the first is the earlier one, by the numbers it is the later one.
    let (short, long) = ("617f08299329d189", "00617F0829932A0000");
    assert_eq!(created(&[(0, short), (1, long)]), [short, long]);
    assert_eq!(created(&[(1, short), (0, long)]), [long, short]);
    // In the same second the guide of today decides.
    assert_eq!(created(&[(0, long), (0, short)]), [short, long]);
}

#[test]
fn sequencers_do_not_contradict_times_that_are_further_apart() {
    assert_eq!(created(&[(0, "0B"), (3, "0A")]), ["0B", "0A"]);
    // The last is before the second by its sequencer, but not close to the first.
    assert_eq!(created(&[(0, "0C"), (2, "0B"), (4, "0A")]), ["0B", "0C", "0A"]);
}

#[test]
fn only_creations_and_deletions_are_identified_by_their_sequencers() {
    for change in Change::ALL {
        let mut again = at(0, Some("0A"), change);
        again.id = "another".to_owned();
        let events = vec![at(0, Some("0A"), change), again];
        let is_one = merged(vec![Part::new(events)]).len() == 1;
        assert_eq!(is_one, change.is_sequenced(), "{change}");
    }
    // What was found out about an event does not change which one it is.
    let [delivered, looked_up] = [Change::CreatedOrOverwritten, Change::CreatedPublic]
        .map(|change| identity(&at(0, Some("0A"), change)));
    assert_eq!(delivered, looked_up);
}

fn events() -> impl Strategy<Value = Vec<ObjectEvent>> {
    let change = prop::sample::select(&[Change::CreatedOrOverwritten, Change::TagsAdded][..]);
    let one = (0_i64..8, "0{0,2}[1-3]{1,2}0{0,2}", change);
    prop::collection::vec(one, 0..9).prop_map(|all| {
        let numbered = all.into_iter().enumerate();
        let event = |(number, (seconds, sequencer, change)): (usize, (i64, String, Change))| {
            let id = number.to_string();
            ObjectEvent { id, ..at(seconds, Some(&sequencer), change) }
        };
        numbered.map(event).collect()
    })
}

proptest! {
    #[test]
    fn the_order_is_the_same_however_events_are_delivered_and_close_to_their_times(
        (events, shuffled) in events().prop_flat_map(|all| {
            // Of two with one identity the first that is delivered counts.
            let mut seen = BTreeSet::new();
            let all: Vec<_> = all.into_iter().filter(|one| seen.insert(identity(one))).collect();
            (Just(all.clone()), Just(all).prop_shuffle())
        }),
    ) {
        let order = merged(vec![Part::new(events)]);
        prop_assert_eq!(&order, &merged(vec![Part::new(shuffled)]));
        for (place, later) in order.iter().enumerate() {
            for earlier in &order[..place] {
                prop_assert!(earlier.time - later.time <= CORRECTION_MAX);
                // Against their times only if both readings say so, or another event is between them.
                if let (Some(a), Some(b)) = (Sequence::of(earlier), Sequence::of(later)) {
                    prop_assert!(earlier.time <= later.time || a.is_before(&b));
                }
            }
        }
        // Neighbours are in the order of their sequencers.
        let sequenced: Vec<_> =
            order.iter().filter_map(|one| Some((Sequence::of(one)?, one.time))).collect();
        for pair in sequenced.windows(2) {
            let [(a, a_time), (b, b_time)] = pair else { unreachable!() };
            let is_close = (*b_time - *a_time).abs() <= CORRECTION_MAX;
            prop_assert!(!is_close || !b.is_before(a));
        }
    }
}
