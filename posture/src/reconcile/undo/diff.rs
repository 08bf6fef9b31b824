//! What writing a setting changes, line by line.

use serde_json::Value;

use super::policy::meaning;
use crate::model::policy::{Policy, statements};
use crate::model::setting::{Notifications, PublicAccessBlock, Setting};
use crate::text::{shown, shown_json};

/// The longest line.
const COLUMNS_MAX: usize = 1_000;

/// The lines that are removed, with a `-`, and those that are added, with a `+`. They are escaped.
pub fn diff(now: &Setting, to: &Setting) -> Vec<String> {
    match (now, to) {
        (Setting::Policy(now), Setting::Policy(to)) => policies(now.as_deref(), to.as_deref()),
        (Setting::Notifications(now), Setting::Notifications(to)) => notifications(now, to),
        (
            Setting::PublicAccessBlock(now) | Setting::AccountPublicAccessBlock(now),
            Setting::PublicAccessBlock(to) | Setting::AccountPublicAccessBlock(to),
        ) => switches(now.unwrap_or_default(), to.unwrap_or_default()),
        (now, to) if now == to => Vec::new(),
        (now, to) => vec![line('-', &now.to_string()), line('+', &to.to_string())],
    }
}

fn line(sign: char, text: &str) -> String {
    format!("{sign} {}", shown(text, COLUMNS_MAX))
}

fn policies(now: Option<&str>, to: Option<&str>) -> Vec<String> {
    let document = |text: Option<&str>| match text {
        Some(text) => Policy::new(text).document().cloned(),
        None => Some(Value::Null),
    };
    let (Some(before), Some(after)) = (document(now), document(to)) else {
        let whole = |sign, text: Option<&str>| text.map(|text| line(sign, text));
        return whole('-', now).into_iter().chain(whole('+', to)).collect();
    };
    // A whole document is read better than its parts.
    match (now, to) {
        (None, Some(_)) => return pretty('+', &after),
        (Some(_), None) => return pretty('-', &before),
        (Some(_), Some(_)) | (None, None) => {}
    }
    let [before, after] = [&before, &after].map(parts);
    let only = |sign, some: &[Value], others: &[Value]| -> Vec<String> {
        let others: Vec<Value> = others.iter().map(meaning).collect();
        let some = some.iter().filter(|one| !others.contains(&meaning(one)));
        some.flat_map(|one| pretty(sign, one)).collect()
    };
    [only('-', &before, &after), only('+', &after, &before)].concat()
}

/// The statements of a policy, and each of its other elements.
fn parts(document: &Value) -> Vec<Value> {
    let elements = document.as_object().into_iter().flatten();
    let others = elements
        .filter(|(key, _)| *key != "Statement")
        .map(|(key, value)| Value::Object([(key.clone(), value.clone())].into_iter().collect()));
    others.chain(statements(document).map(|statement| statement.0.clone())).collect()
}

fn pretty(sign: char, json: &Value) -> Vec<String> {
    let text = serde_json::to_string_pretty(json).unwrap_or_else(|_| json.to_string());
    shown_json(&text).lines().map(|text| line(sign, text)).collect()
}

fn notifications(now: &Notifications, to: &Notifications) -> Vec<String> {
    let (Some(before), Some(after)) = (now.configurations(), to.configurations()) else {
        if now.is_same(to) {
            return Vec::new();
        }
        return vec![line('-', &now.xml), line('+', &to.xml)];
    };
    let removed = before.iter().filter(|one| !after.contains(one)).map(|one| ('-', one));
    let added = after.iter().filter(|one| !before.contains(one)).map(|one| ('+', one));
    removed.chain(added).map(|(sign, one)| line(sign, &one.to_string())).collect()
}

fn switches(now: PublicAccessBlock, to: PublicAccessBlock) -> Vec<String> {
    let word = |is_on: bool| if is_on { "on" } else { "off" };
    let pairs = now.switches().into_iter().zip(to.switches());
    let changed = pairs.filter(|((_, before), (_, after))| before != after);
    let lines = changed.flat_map(|((name, before), (_, after))| {
        [('-', before), ('+', after)]
            .map(|(sign, is_on)| line(sign, &format!("{name}: {}", word(is_on))))
    });
    lines.collect()
}
