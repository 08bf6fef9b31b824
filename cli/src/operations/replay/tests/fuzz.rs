//! For any input, a replay ends, and each event has exactly one outcome.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use s3guard_posture::Grade;
use serde_json::{Map, Value as Json};

use crate::operations::replay::tests::examples::examples;
use crate::operations::replay::tests::{parse, run, scene};
use crate::operations::replay::{Recorded, ReplayOutcome};
use crate::ui::text::plain;

/// The examples as JSON; the lines of one are a list.
static EXAMPLES: LazyLock<Vec<Json>> = LazyLock::new(|| {
    let read = |bytes: &[u8]| serde_json::from_slice(bytes);
    let lines = |bytes: &[u8]| {
        let lines = bytes.split(|byte| *byte == b'\n');
        Json::Array(lines.filter_map(|line| read(line).ok()).take(4).collect())
    };
    examples().iter().map(|(_, bytes)| read(bytes).unwrap_or_else(|_| lines(bytes))).collect()
});

/// Something that is done to a value somewhere within an event.
#[derive(Clone, Debug)]
enum Change {
    Remove,
    Become(Json),
    Wrap,
    Swap,
    Double,
    Move(Index),
}

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any::<String>().prop_map(Json::from),
        prop::sample::select(vec![
            "",
            "*",
            "Enabled",
            "EU",
            "eu-west-1",
            "us-east-1",
            "aws:kms",
            "SSE-C",
            "ObjectWriter",
            "public-read",
            "CreateBucket",
            "PutBucketAcl",
            "UntagResource",
            "Object Deleted",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59-12:00",
            "111122223333",
            "444455556666",
            ".account",
            "arn:aws:s3:::reports",
            "{\"s3guard\":{\"sweep\":{}}}",
            "{\"Statement\":[]}",
            "<NotificationConfiguration/>",
        ])
        .prop_map(Json::from),
    ]
}

fn any_json() -> impl Strategy<Value = Json> {
    let name = prop_oneof![
        any::<String>(),
        prop::sample::select(vec![
            "Records",
            "Events",
            "Messages",
            "CloudTrailEvent",
            "body",
            "s3guard",
            "reconcile",
            "again",
            "sweep",
            "bucket",
            "detail",
            "detail-type",
            "source",
            "eventName",
            "eventSource",
            "eventTime",
            "awsRegion",
            "requestParameters",
            "bucketName",
            "Rule",
            "Tag",
            "Grant",
            "Statement",
            "Principal",
        ])
        .prop_map(str::to_owned),
    ];
    scalar().prop_recursive(5, 32, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((name.clone(), inner), 0..5)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

fn change() -> impl Strategy<Value = (Vec<Index>, Change)> {
    let change = prop_oneof![
        3 => Just(Change::Remove),
        4 => scalar().prop_map(Change::Become),
        1 => any_json().prop_map(Change::Become),
        1 => Just(Change::Wrap),
        1 => Just(Change::Swap),
        1 => Just(Change::Double),
        1 => any::<Index>().prop_map(Change::Move),
    ];
    (prop::collection::vec(any::<Index>(), 1..8), change)
}

fn changed_example() -> impl Strategy<Value = Json> {
    (any::<Index>(), prop::collection::vec(change(), 1..5)).prop_map(|(which, changes)| {
        let mut example = which.get(EXAMPLES.as_slice()).clone();
        for (path, change) in changes {
            alter(&mut example, &path, &change);
        }
        example
    })
}

/// Goes down the path, also into JSON that is in a text, and changes what is there.
fn alter(value: &mut Json, path: &[Index], change: &Change) {
    let Some((index, rest)) = path.split_first() else { return alter_here(value, change) };
    match value {
        Json::Array(items) if !items.is_empty() => {
            let index = index.index(items.len());
            if rest.is_empty() && matches!(change, Change::Remove) {
                items.remove(index);
            } else {
                alter(&mut items[index], rest, change);
            }
        }
        Json::Object(fields) if !fields.is_empty() => {
            let name = fields.keys().nth(index.index(fields.len())).cloned().unwrap();
            match change {
                Change::Remove if rest.is_empty() => drop(fields.shift_remove(&name)),
                Change::Move(to) if rest.is_empty() => {
                    let to = fields.keys().nth(to.index(fields.len())).cloned().unwrap();
                    let moved = fields.shift_remove(&name).unwrap();
                    fields.insert(to, moved);
                }
                Change::Remove
                | Change::Become(_)
                | Change::Wrap
                | Change::Swap
                | Change::Double
                | Change::Move(_) => alter(&mut fields[&name], rest, change),
            }
        }
        Json::String(text) => match serde_json::from_str::<Json>(text) {
            Ok(mut inner) if inner.is_object() => {
                alter(&mut inner, path, change);
                *text = inner.to_string();
            }
            Ok(_) | Err(_) => alter_here(value, change),
        },
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            alter_here(value, change);
        }
    }
}

fn alter_here(value: &mut Json, change: &Change) {
    let was = value.take();
    *value = match (change, was) {
        (Change::Become(other), _) => other.clone(),
        (Change::Wrap, was) => Json::Array(vec![was]),
        (Change::Double, was) => Json::Array(vec![was.clone(), was]),
        (Change::Swap, Json::Array(items)) => {
            let named = items.into_iter().enumerate();
            Json::Object(
                named.map(|(index, item)| (index.to_string(), item)).collect::<Map<_, _>>(),
            )
        }
        (Change::Swap, Json::Object(fields)) => {
            fields.into_iter().map(|(_, field)| field).collect()
        }
        (Change::Remove, _) => Json::Null,
        (Change::Swap | Change::Move(_), was) => was,
    };
}

/// The invariants of every replay.
fn check(recorded: &[Recorded], grade: Grade) -> Result<(), TestCaseError> {
    let replayed = run(recorded, &scene(grade));
    prop_assert_eq!(replayed.len(), recorded.len());
    for replayed in replayed {
        let is_reconciled = !replayed.reconciliations.is_empty();
        match &replayed.outcome {
            ReplayOutcome::Done => {
                let looks = matches!(replayed.task, Some("reconcile" | "reconcile-account"));
                prop_assert!(replayed.task.is_some() && looks == is_reconciled, "{replayed:?}");
            }
            ReplayOutcome::Ignored { reason }
            | ReplayOutcome::DeadLetter { reason }
            | ReplayOutcome::NoEvent { reason } => {
                prop_assert!(!reason.is_empty() && !is_reconciled, "{replayed:?}");
            }
        }
        let text = plain(&replayed);
        prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        prop_assert!(serde_json::to_string(&replayed).is_ok());
    }
    Ok(())
}

fn grade() -> impl Strategy<Value = Grade> {
    prop::sample::select(Grade::ALL.to_vec())
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
        if let Ok(recorded) = parse(&bytes) {
            check(&recorded, Grade::Speed)?;
        }
    }

    #[test]
    fn any_json_is_replayed(json in any_json(), grade in grade()) {
        check(&parse(json.to_string().as_bytes()).unwrap(), grade)?;
    }

    #[test]
    fn any_change_of_an_example_is_replayed(json in changed_example(), grade in grade()) {
        check(&parse(json.to_string().as_bytes()).unwrap(), grade)?;
    }
}
