//! The order of creation. A failed first creation must be deletable, and no event may reach an incomplete stack.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::reading::{configured, of_type, read, read_guard, texts};

#[test]
fn the_guards_order_is_right() {
    assert_eq!(faults(&read_guard()), [] as [String; 0]);
}

#[test]
fn the_order_of_a_whole_configuration_is_right() {
    assert_eq!(faults(&read(&configured().render().unwrap())), [] as [String; 0]);
}

/// Replaces the dependencies of a resource, and expects one fault.
fn check(id: &str, depends_on: &[&str], expected: &str) {
    let mut guard = read_guard();
    let order = guard["Resources"][id].get_mut("DependsOn").unwrap();
    *order = json!(depends_on);
    let faults = faults(&guard);
    assert!(faults.iter().any(|fault| fault == expected), "{expected}: {faults:#?}");
}

#[test]
fn an_order_that_is_wrong_is_found() {
    let trail_before = |id: &str| format!("Trail may be there before {id}");
    check("Trail", &[], &trail_before("TrailBucketPolicy"));
    check("Trail", &["TrailBucketPolicy"], &trail_before("GuardSource"));
    check("Trail", &["TrailBucketPolicy"], &trail_before("NotifyReadPolicy"));
    check("Trail", &["TrailBucketPolicy"], &trail_before("GuardQueuePolicy"));
    check("Trail", &["Dashboard"], &trail_before("ObjectQueuePolicy"));
    check("Trail", &["GuardQueuePolicy"], &trail_before("FailedAlarm"));
    check("GuardSource", &[], "GuardSource may be there before LedgerBucketPolicy");
    check("GuardSource", &["Dashboard"], "GuardSource may be there before NotifySource");
    check(
        "Trail",
        &["TrailBucketPolicy", "TrailBucketPolicy"],
        "Trail depends on TrailBucketPolicy twice",
    );
    check("Trail", &["TrailBucketPolicy", "TrailBucket"], "Trail depends on TrailBucket twice");
    check("TrailBucket", &[], "TrailBucket may be there before LogBucketPolicy");
    check("LedgerBucket", &[], "LedgerBucket may be there before LogBucketPolicy");
}

fn faults(template: &Json) -> Vec<String> {
    [last_faults(template), log_faults(template), needless(template)].concat()
}

/// A trail writes to its bucket at once, and the guard to the ledger. When the creation of a later resource fails, such a
/// bucket is not empty and cannot be deleted. The trail is last, because its events need their rules and queues.
fn last_faults(template: &Json) -> Vec<String> {
    let mut faults = Vec::new();
    let mut last = vec!["GuardSource"];
    last.extend(of_type(template, "AWS::CloudTrail::Trail").map(|(id, _)| id));
    for (at, one) in last.iter().enumerate() {
        let before = awaited(template, one);
        for (id, resource) in template["Resources"].as_object().unwrap() {
            // A resource cannot depend on one that may not exist. An email address fails only if it is invalid, which its pattern
            // prevents; no event needs operators.
            let may_be_missing = match resource["Condition"].as_str() {
                Some("HasEmail" | "HasOperators") => true,
                Some("OwnTrail") => *one == "GuardSource",
                // A function elsewhere has no permission here.
                Some(condition) if condition.ends_with("IsHere") => true,
                Some(_) | None => false,
            };
            if !last[at..].contains(&id.as_str())
                && !may_be_missing
                && !before.contains(id.as_str())
            {
                faults.push(format!("{one} may be there before {id}"));
            }
        }
    }
    faults
}

fn log_faults(template: &Json) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, bucket) in of_type(template, "AWS::S3::Bucket") {
        let Some(logs) = bucket["Properties"]["LoggingConfiguration"].as_object() else { continue };
        let policies = of_type(template, "AWS::S3::BucketPolicy")
            .filter(|(_, policy)| policy["Properties"]["Bucket"] == logs["DestinationBucketName"]);
        for (policy, _) in policies {
            if !awaited(template, id).contains(policy) {
                faults.push(format!("{id} may be there before {policy}"));
            }
        }
    }
    faults
}

/// Redundant entries of `DependsOn`.
fn needless(template: &Json) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, resource) in template["Resources"].as_object().unwrap() {
        let said = texts(&resource["DependsOn"]);
        for (at, one) in said.iter().enumerate() {
            let others = said.iter().enumerate().filter(|(other, _)| *other != at);
            let others = others.map(|(_, other)| *other).chain(referred(template, id));
            let mut implied = others.flat_map(|other| {
                awaited(template, other).into_iter().chain([other]).collect::<Vec<_>>()
            });
            if implied.any(|other| other == *one) {
                faults.push(format!("{id} depends on {one} twice"));
            }
        }
    }
    faults
}

/// What exists before a resource is created.
fn awaited<'a>(template: &'a Json, id: &str) -> BTreeSet<&'a str> {
    let mut awaited = BTreeSet::new();
    let mut open = direct(template, id);
    while let Some(next) = open.pop() {
        if awaited.insert(next) {
            open.extend(direct(template, next));
        }
    }
    awaited
}

fn direct<'a>(template: &'a Json, id: &str) -> Vec<&'a str> {
    let mut direct = referred(template, id);
    direct.extend(texts(&template["Resources"][id]["DependsOn"]));
    direct
}

/// What a resource's properties refer to, as `<Id>` or `<Id.Attribute>`.
fn referred<'a>(template: &'a Json, id: &str) -> Vec<&'a str> {
    let mut leaves = Vec::new();
    find_texts(&template["Resources"][id]["Properties"], &mut leaves);
    let named = leaves.into_iter().flat_map(|text| text.split('<').skip(1));
    let ids = named.filter_map(|rest| rest.split(['.', '>']).next());
    ids.filter(|id| template["Resources"].get(id).is_some()).collect()
}

fn find_texts<'a>(json: &'a Json, found: &mut Vec<&'a str>) {
    match json {
        Json::String(text) => found.push(text),
        Json::Object(map) => map.values().for_each(|value| find_texts(value, found)),
        Json::Array(items) => items.iter().for_each(|item| find_texts(item, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}
