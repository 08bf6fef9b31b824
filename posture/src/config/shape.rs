//! The shape of a configuration: which settings there are and of what kind, before anybody asks what they say.
//!
//! What has another shape is told and left out, so that the rest can be checked in the same go.

use serde_json::{Map, Value};

use super::mistake::{
    Mistake, PathPart, alternatives, below, nearest, quoted, wrong_key, wrong_value,
};
use super::written::Written;
use crate::{Grade, Mode};

/// What kind of value a setting takes.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Text,
    Grade,
    Mode,
    Day,
    Number,
    /// A number, of which there is none where it is left out.
    Count,
    Truth,
    /// A time, as `90s`.
    Time,
    Texts,
    TextOrTexts,
    /// A table whose keys are the owner's choice.
    Named(&'static Shape),
    Table(&'static Table),
    Tables(&'static Table),
}

/// The settings of a table.
#[derive(Debug)]
struct Table {
    words: &'static str,
    settings: &'static [(&'static str, Shape)],
}

const TOP: Table = Table {
    words: "the configuration",
    settings: &[
        ("grade", Shape::Grade),
        ("settle-seconds", Shape::Number),
        ("writes-per-hour", Shape::Number),
        ("keys", Shape::Named(&Shape::Text)),
        ("aspects", Shape::Named(&Shape::Mode)),
        ("rule", Shape::Tables(&RULE)),
        ("exemption", Shape::Tables(&EXEMPTION)),
        ("notifications", Shape::Table(&NOTIFICATIONS)),
        ("subscription", Shape::Tables(&SUBSCRIPTION)),
        ("deploy", Shape::Table(&DEPLOY)),
    ],
};

const DEPLOY: Table = Table {
    words: "the table `[deploy]`",
    settings: &[
        ("stack", Shape::Text),
        ("regions", Shape::Texts),
        ("trail", Shape::Text),
        ("tags", Shape::Named(&Shape::Text)),
        ("protect", Shape::Truth),
    ],
};

const RULE: Table = Table {
    words: "a rule",
    settings: &[
        ("bucket", Shape::TextOrTexts),
        ("tags", Shape::Named(&Shape::Text)),
        ("account", Shape::Text),
        ("grade", Shape::Grade),
        ("aspects", Shape::Named(&Shape::Mode)),
    ],
};

const EXEMPTION: Table = Table {
    words: "an exemption",
    settings: &[
        ("bucket", Shape::TextOrTexts),
        ("tags", Shape::Named(&Shape::Text)),
        ("account", Shape::Text),
        ("aspects", Shape::Texts),
        ("reason", Shape::Text),
        ("until", Shape::Day),
    ],
};

const NOTIFICATIONS: Table = Table {
    words: "the table `[notifications]`",
    settings: &[
        ("window", Shape::Time),
        ("chat", Shape::Text),
        ("alert", Shape::Table(&ALERT)),
        ("objects", Shape::Table(&OBJECTS)),
    ],
};

const ALERT: Table = Table {
    words: "an alert",
    settings: &[
        ("deleted", Shape::Count),
        ("deleted-for-good", Shape::Count),
        ("acl-changed", Shape::Count),
        ("overwritten", Shape::Count),
        ("created", Shape::Count),
    ],
};

const OBJECTS: Table = Table {
    words: "the selection of objects",
    settings: &[
        ("include", Shape::Table(&FIELDS)),
        ("exclude", Shape::Table(&FIELDS)),
        ("tell-overwrites", Shape::TextOrTexts),
    ],
};

const FIELDS: Table = Table {
    words: "what is included or excluded",
    settings: &[
        ("bucket", Shape::TextOrTexts),
        ("key", Shape::TextOrTexts),
        ("kind", Shape::TextOrTexts),
    ],
};

const SUBSCRIPTION: Table = Table {
    words: "a subscription",
    settings: &[
        ("name", Shape::Text),
        ("email", Shape::Text),
        ("sms", Shape::Text),
        ("https", Shape::Text),
        ("sqs", Shape::Text),
        ("lambda", Shape::Text),
        ("about", Shape::TextOrTexts),
        ("action", Shape::TextOrTexts),
        ("bucket", Shape::TextOrTexts),
        ("severity", Shape::Text),
        ("grade", Shape::TextOrTexts),
    ],
};

/// What to do about a setting that stands above all tables, and was written into one.
const MOVE_UP: &str = "move it above the first line with `[`";

/// What was found wrong with the shape.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) mistakes: Vec<Mistake>,
    /// The settings that were left out, or meant: that they are missing is no second mistake.
    hidden: Vec<Vec<PathPart>>,
}

impl Found {
    /// Whether a mistake only follows from one that was already found.
    pub(super) fn explains(&self, mistake: &Mistake) -> bool {
        self.hidden
            .iter()
            .any(|hidden| hidden.starts_with(&mistake.path) || mistake.path.starts_with(hidden))
    }
}

/// Reads what has the right shape.
pub(super) fn read(value: &Value) -> (Written, Found) {
    let mut found = Found::default();
    let read = shaped(value, Shape::Table(&TOP), &[], &mut found);
    let written = read.map_or(Ok(Written::default()), serde_json::from_value);
    let written = written.unwrap_or_else(|error| {
        found.mistakes.push(wrong_value(&[], error.to_string(), None));
        Written::default()
    });
    (written, found)
}

/// Whether a setting stands above all tables, and is easily written into one by mistake.
fn is_at_the_top(key: &str) -> bool {
    let is_it = |(name, shape): &(&str, Shape)| {
        *name == key && matches!(shape, Shape::Grade | Shape::Number)
    };
    TOP.settings.iter().any(is_it)
}

fn shaped(value: &Value, shape: Shape, path: &[PathPart], found: &mut Found) -> Option<Value> {
    match (shape, value) {
        (
            Shape::Text
            | Shape::Grade
            | Shape::Mode
            | Shape::Day
            | Shape::Time
            | Shape::TextOrTexts,
            Value::String(_),
        )
        | (Shape::Truth, Value::Bool(_)) => Some(value.clone()),
        (Shape::Number | Shape::Count, Value::Number(number)) if number.is_i64() => {
            Some(value.clone())
        }
        (Shape::Texts | Shape::TextOrTexts, Value::Array(items)) => {
            Some(items_shaped(items, Shape::Text, &Value::from(""), path, found))
        }
        (Shape::Tables(table), Value::Array(items)) => {
            let empty = Value::Object(Map::new());
            Some(items_shaped(items, Shape::Table(table), &empty, path, found))
        }
        (Shape::Named(shape), Value::Object(settings)) => {
            Some(names_shaped(settings, *shape, path, found))
        }
        (Shape::Table(table), Value::Object(settings)) => {
            Some(settings_shaped(settings, table, path, found))
        }
        (shape, value) => {
            found.mistakes.push(wrong_kind(value, shape, path));
            found.hidden.push(path.to_vec());
            None
        }
    }
}

fn items_shaped(
    items: &[Value],
    shape: Shape,
    empty: &Value,
    path: &[PathPart],
    found: &mut Found,
) -> Value {
    let shaped = items.iter().enumerate().map(|(index, item)| {
        // What is left out keeps its place, so that the indices of the others stay right.
        shaped(item, shape, &below(path, index), found).unwrap_or_else(|| empty.clone())
    });
    Value::Array(shaped.collect())
}

fn names_shaped(
    settings: &Map<String, Value>,
    shape: Shape,
    path: &[PathPart],
    found: &mut Found,
) -> Value {
    let named = settings.iter().filter_map(|(key, value)| {
        let path = below(path, &**key);
        if matches!(shape, Shape::Mode) && is_at_the_top(key) {
            let problem = format!("{} is not an aspect of a bucket's protection", quoted(key));
            found.mistakes.push(wrong_key(&path, problem, Some(MOVE_UP.to_owned())));
            found.hidden.push(path);
            return None;
        }
        Some((key.clone(), shaped(value, shape, &path, found)?))
    });
    Value::Object(named.collect())
}

fn settings_shaped(
    settings: &Map<String, Value>,
    table: &Table,
    path: &[PathPart],
    found: &mut Found,
) -> Value {
    let mut read = Map::new();
    for (key, value) in settings {
        let below_it = below(path, &**key);
        if let Some((_, shape)) = table.settings.iter().find(|(name, _)| name == key) {
            let value = shaped(value, *shape, &below_it, found);
            read.extend(value.map(|value| (key.clone(), value)));
        } else {
            let meant = meant(key, settings, table);
            found.mistakes.push(unknown(key, meant, table, &below_it));
            found.hidden.push(below(path, meant.unwrap_or(key)));
        }
    }
    Value::Object(read)
}

/// The setting that was probably meant; one that is there was not.
fn meant(key: &str, settings: &Map<String, Value>, table: &Table) -> Option<&'static str> {
    let names = table.settings.iter().map(|(name, _)| *name);
    let open: Vec<&str> = names.filter(|name| !settings.contains_key(*name)).collect();
    nearest(key, &open)
}

fn unknown(key: &str, meant: Option<&str>, table: &Table, path: &[PathPart]) -> Mistake {
    let proposal = match meant {
        Some(name) => format!("write `{name}`"),
        None if is_at_the_top(key) => MOVE_UP.to_owned(),
        None => {
            let names: Vec<&str> = table.settings.iter().map(|(name, _)| *name).collect();
            format!("{} has {}", table.words, alternatives(&names).replace(" or ", " and "))
        }
    };
    wrong_key(path, format!("{} is not a setting of {}", quoted(key), table.words), Some(proposal))
}

fn wrong_kind(value: &Value, shape: Shape, path: &[PathPart]) -> Mistake {
    let due = match shape {
        Shape::Text | Shape::Grade | Shape::Mode => "a text",
        Shape::Day => "a day",
        Shape::Truth => "a truth value",
        Shape::Time => "a time",
        Shape::Number | Shape::Count => "a whole number",
        Shape::Texts => "a list of texts",
        Shape::TextOrTexts => "a text or a list of texts",
        Shape::Named(_) | Shape::Table(_) => "a table",
        Shape::Tables(_) => "a list of tables",
    };
    let is = match value {
        Value::Null => "nothing that a setting can be",
        Value::Bool(_) => "a truth value",
        Value::Number(number) if number.is_f64() => "a number with a point",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    };
    let name = match path.last() {
        Some(PathPart::Key(key)) => quoted(key),
        Some(PathPart::Index(_)) => "what is in the list".to_owned(),
        None => "the configuration".to_owned(),
    };
    let problem = format!("{name} has to be {due}, and is {is}");
    wrong_value(path, problem, instead(value, shape, path))
}

/// What to write instead of a value of another kind.
fn instead(value: &Value, shape: Shape, path: &[PathPart]) -> Option<String> {
    let key = path.iter().rev().find_map(|part| match part {
        PathPart::Key(key) => Some(key.as_str()),
        PathPart::Index(_) => None,
    });
    match (shape, value) {
        (Shape::Grade, _) => Some(one_of(&Grade::ALL.map(Grade::name))),
        (Shape::Mode, _) => Some(one_of(&Mode::ALL.map(Mode::name))),
        (Shape::Day, _) => Some("write it as `2027-01-31`".to_owned()),
        (Shape::Truth, _) => Some("write `true` or `false`, without quotes".to_owned()),
        (Shape::Time, Value::Number(number)) if number.is_u64() => {
            Some(format!("write `\"{number}s\"`, in quotes and with its unit"))
        }
        (Shape::Time, _) => Some("write it as `\"5m\"`".to_owned()),
        (Shape::Count, Value::Bool(_)) => Some("write a number, or leave the line out".to_owned()),
        (Shape::Count, Value::String(text)) if text.trim().parse::<i64>().is_err() => {
            Some("write a number, or leave the line out".to_owned())
        }
        (Shape::Text | Shape::TextOrTexts, Value::Number(_) | Value::Bool(_)) => {
            Some(format!("write `\"{value}\"`, in quotes"))
        }
        (Shape::Number | Shape::Count, Value::Number(number)) => {
            let text = number.to_string();
            text.strip_suffix(".0").map(|whole| format!("write `{whole}`"))
        }
        (Shape::Number | Shape::Count, Value::String(text)) => {
            let number: i64 = text.trim().parse().ok()?;
            Some(format!("write `{number}`, without quotes"))
        }
        (Shape::Texts, Value::String(text)) => {
            Some(format!("write {}", quoted(&format!("[\"{text}\"]"))))
        }
        (Shape::Named(_), _) => {
            key.map(|key| format!("write `[{key}]` on a line of its own, and the settings below"))
        }
        (Shape::Table(_), _) if matches!(path.last(), Some(PathPart::Key(_))) => {
            let keys = path.iter().map(|part| match part {
                PathPart::Key(key) => key.clone(),
                PathPart::Index(index) => index.to_string(),
            });
            let keys = keys.collect::<Vec<_>>().join(".");
            Some(format!("write `[{keys}]` on a line of its own, and the settings below"))
        }
        (Shape::Table(_) | Shape::Tables(_), _) => {
            key.map(|key| format!("write `[[{key}]]` on a line of its own, and the settings below"))
        }
        (_, _) => None,
    }
}

fn one_of(texts: &[&str]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    format!("write {}", alternatives(&texts))
}

/// The tables and their settings, sorted.
#[cfg(test)]
pub(super) fn tables() -> [(&'static str, Vec<String>); 9] {
    let all = [
        &TOP,
        &DEPLOY,
        &RULE,
        &EXEMPTION,
        &NOTIFICATIONS,
        &ALERT,
        &OBJECTS,
        &FIELDS,
        &SUBSCRIPTION,
    ];
    all.map(|table| {
        let mut names: Vec<String> =
            table.settings.iter().map(|(name, _)| (*name).to_owned()).collect();
        names.sort();
        (table.words, names)
    })
}
