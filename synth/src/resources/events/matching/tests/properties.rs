//! What holds for every event and every pattern.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use crate::resources::events::Matcher;

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any::<String>().prop_map(Json::from),
        "[a-c*\\\\:./0-9]{0,5}".prop_map(Json::from),
    ]
}

/// Names of fields, and of what patterns are made of.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-c]{1,2}",
        1 => any::<String>(),
        2 => prop::sample::select(vec![
            "$or", "prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "cidr",
            "exists", "a.b",
        ])
        .prop_map(str::to_owned),
    ]
}

fn any_json() -> impl Strategy<Value = Json> {
    scalar().prop_recursive(6, 48, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((name(), inner), 0..4)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

fn event() -> impl Strategy<Value = Json> {
    prop::collection::vec((name(), any_json()), 1..4)
        .prop_map(|fields| Json::Object(fields.into_iter().collect()))
}

/// An object of objects and lists of scalars and filters: mostly a pattern.
fn pattern() -> impl Strategy<Value = Json> {
    let text = || "[a-c*]{0,3}".prop_map(Json::from);
    let filter = prop_oneof![
        scalar(),
        any::<bool>().prop_map(|exists| json!({ "exists": exists })),
        text().prop_map(|text| json!({ "prefix": text })),
        text().prop_map(|text| json!({ "wildcard": text })),
        text().prop_map(|text| json!({ "anything-but": text })),
        text().prop_map(|text| json!({ "suffix": { "equals-ignore-case": text } })),
        any::<i32>().prop_map(|number| json!({ "numeric": [">=", number] })),
    ];
    let fields = |of: BoxedStrategy<Json>| {
        prop::collection::vec(("[a-c]", of), 1..4)
            .prop_map(|fields| Json::Object(fields.into_iter().collect()))
    };
    let leaf = prop::collection::vec(filter, 1..3).prop_map(Json::from).boxed();
    let inner = fields(leaf.clone()).boxed();
    let either =
        prop::collection::vec(fields(leaf.clone()), 2..4).prop_map(|of| json!({ "$or": of }));
    fields(prop_oneof![leaf, inner, either].boxed())
}

/// The pattern of an event that has each leaf as it is; of an array, one element. None where there is no leaf.
fn exactly(event: &Json) -> Option<Json> {
    match event {
        Json::Object(fields) => {
            let fields: Map<String, Json> = fields
                .iter()
                .filter(|(name, _)| *name != "$or")
                .filter_map(|(name, value)| Some((name.clone(), exactly(value)?)))
                .collect();
            (!fields.is_empty()).then_some(Json::Object(fields))
        }
        Json::Array(elements) => elements.iter().find_map(exactly),
        scalar @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => {
            Some(json!([scalar]))
        }
    }
}

proptest! {
    #[test]
    fn an_event_matches_the_pattern_that_is_made_of_it(event in event()) {
        if let Some(pattern) = exactly(&event).filter(|it| it.to_string().chars().count() <= 2_048) {
            let mismatch = Matcher::parse(&pattern).unwrap().first_mismatch(&event);
            prop_assert_eq!(mismatch, None, "{}", pattern);
        }
    }

    #[test]
    fn no_json_makes_the_reader_of_patterns_panic(pattern in any_json(), event in any_json()) {
        if let Ok(matcher) = Matcher::parse(&pattern) {
            let _ = matcher.first_mismatch(&event);
        }
    }

    #[test]
    fn no_event_makes_a_pattern_panic_and_one_line_says_why_it_does_not_match(
        pattern in pattern(),
        event in event(),
    ) {
        if let Ok(matcher) = Matcher::parse(&pattern) {
            let mismatch = matcher.first_mismatch(&event);
            prop_assert_eq!(mismatch.is_none(), matcher.matches(&event));
            prop_assert!(!mismatch.is_some_and(|mismatch| mismatch.to_string().contains('\n')));
        }
    }
}
