//! The policy without what a write has added, and with what it has replaced.

use serde_json::{Map, Value};

use super::merge::{Merged, Part, Source, merged};
use crate::model::policy::{Policy, statements};

const STATEMENT: &str = "Statement";

/// Reverts a write to the policy that there is now. Returns the policy, and what was changed since; `None` if one of them is
/// not a JSON object.
pub(super) fn reverted(
    [from, to, now]: [Option<&str>; 3],
) -> Option<(Option<String>, Vec<String>)> {
    let [before, written, current] = [document(from)?, document(to)?, document(now)?];
    let [old, new, all] = [&before, &written, &current].map(of);
    let Merged { parts, mut conflicts } = merged(&meant(&old), &meant(&new), &meant(&all));
    let mut result = match now {
        Some(_) => current.clone(),
        None => before.clone(),
    };
    let is_as_now = now.is_some() && parts.iter().copied().eq((0..all.len()).map(Source::Now));
    if !is_as_now {
        let statement = |source: Source| match source {
            Source::Now(place) => all[place].clone(),
            Source::From(place) => old[place].clone(),
        };
        let list = parts.iter().copied().map(statement).collect();
        result.insert(STATEMENT.to_owned(), Value::Array(list));
    }
    // A first policy brings its version, which the statements of others need, too.
    if from.is_some() && to.is_some() && now.is_some() {
        elements([&before, &written, &current], &mut result, &mut conflicts);
    }
    let text = match now {
        // A policy needs a statement.
        _ if parts.is_empty() => None,
        Some(now) if result == current => Some(now.to_owned()),
        Some(_) | None => Some(Value::Object(result).to_string()),
    };
    Some((text, conflicts))
}

/// The other elements, such as `Version`.
fn elements(
    [before, written, current]: [&Map<String, Value>; 3],
    result: &mut Map<String, Value>,
    conflicts: &mut Vec<String>,
) {
    let added = written.keys().filter(|key| !before.contains_key(*key));
    for key in before.keys().chain(added).filter(|key| *key != STATEMENT) {
        let (old, new, now) = (before.get(key), written.get(key), current.get(key));
        if old == new || now == old {
            continue;
        }
        if now != new {
            conflicts.push(key.clone());
        }
        match old {
            Some(old) => drop(result.insert(key.clone(), old.clone())),
            None => drop(result.shift_remove(key)),
        }
    }
}

fn document(policy: Option<&str>) -> Option<Map<String, Value>> {
    let Some(text) = policy else { return Some(Map::new()) };
    Policy::new(text).document()?.as_object().cloned()
}

fn of(document: &Map<String, Value>) -> Vec<Value> {
    let document = Value::Object(document.clone());
    statements(&document).map(|statement| statement.0.clone()).collect()
}

fn meant(statements: &[Value]) -> Vec<Part<Value>> {
    let part = |statement: &Value| Part {
        name: statement.get("Sid").and_then(Value::as_str).map(str::to_owned),
        meaning: meaning(statement),
    };
    statements.iter().map(part).collect()
}

/// A value regardless of the order of lists, of which policies have only sets, and of lists with one value.
pub(in crate::reconcile) fn meaning(value: &Value) -> Value {
    match value {
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(meaning).collect();
            list.sort_by_cached_key(Value::to_string);
            list.dedup();
            match <[Value; 1]>::try_from(list) {
                Ok([one]) => one,
                Err(list) => Value::Array(list),
            }
        }
        Value::Object(object) => {
            let mut object: Vec<_> =
                object.iter().map(|(key, value)| (key.clone(), meaning(value))).collect();
            object.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(object.into_iter().collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
