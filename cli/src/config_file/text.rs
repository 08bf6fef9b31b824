//! Reads TOML, and finds the position of each mistake.

use std::ops::Range;

use s3guard_posture::Config;
use s3guard_posture::config::{At, Mistake, PathPart};
use s3guard_synth::stacks;
use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::error::{Mistakes, Placed};

/// No setting is nested deeper; what is deeper is invalid, and is not read.
const DEPTH_MAX: usize = 8;

/// Reads a file's bytes, and returns its text, too.
pub(crate) fn read(name: &str, bytes: Vec<u8>) -> Result<(Config, String), Mistakes> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let start = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let placed = Placed {
            span: start..start + char::REPLACEMENT_CHARACTER.len_utf8(),
            problem: "this is not UTF-8".to_owned(),
            proposal: Some("save the file in UTF-8".to_owned()),
        };
        Mistakes::new(name, text, vec![placed])
    })?;
    // Some editors write a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match parse(text) {
        Ok(config) => Ok((config, text.to_owned())),
        Err(placed) => Err(Mistakes::new(name, text.to_owned(), placed)),
    }
}

/// The line of the text, from 1, with a setting.
pub(crate) fn line(text: &str, path: &[PathPart]) -> usize {
    let (table, _) = DeTable::parse_recoverable(text);
    let top = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
    let start = span(&top, path, At::Key).start;
    text[..start].lines().count() + usize::from(text[..start].ends_with('\n') || start == 0)
}

fn parse(text: &str) -> Result<Config, Vec<Placed>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors.iter().map(no_toml).collect());
    }
    let top = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
    Config::read(&json(top.get_ref(), 0))
        .and_then(fitting)
        .map_err(|mistakes| mistakes.into_iter().map(|mistake| placed(&top, mistake)).collect())
}

/// The selection has to fit into a rule: EventBridge would refuse a longer pattern during the deployment.
fn fitting(config: Config) -> Result<Config, Vec<Mistake>> {
    let length = stacks::object_pattern_length_max(&config.notifications().objects);
    let max = stacks::PATTERN_LENGTH_MAX;
    if length <= max {
        return Ok(config);
    }
    Err(vec![Mistake {
        path: ["notifications", "objects"].map(PathPart::from).into(),
        at: At::Value,
        problem: format!(
            "the selection makes a rule of {length} characters, and EventBridge accepts {max}"
        ),
        proposal: Some("write fewer or shorter patterns".to_owned()),
    }])
}

/// A syntax error.
fn no_toml(error: &toml::de::Error) -> Placed {
    let message = error.message();
    let (problem, expected) = match message.split_once(", expected ") {
        Some((problem, expected)) => (problem, Some(format!("expected {expected}"))),
        None => (message, None),
    };
    Placed {
        span: error.span().unwrap_or_default(),
        problem: format!("this is not TOML: {problem}"),
        proposal: remedy(problem).map(str::to_owned).or(expected),
    }
}

fn remedy(problem: &str) -> Option<&'static str> {
    match problem {
        "string values must be quoted" => Some("write it in quotes"),
        "unexpected leading zero" => Some("write it in quotes, if it is not a number"),
        "duplicate key" => Some("remove it, or the one before"),
        _ => None,
    }
}

fn placed(top: &Spanned<DeValue<'_>>, mistake: Mistake) -> Placed {
    let Mistake { path, at, problem, proposal } = mistake;
    Placed { span: span(top, &path, at), problem, proposal }
}

/// The position of a path, or of the table that lacks it.
fn span(top: &Spanned<DeValue<'_>>, path: &[PathPart], at: At) -> Range<usize> {
    let mut value = top;
    let mut span = top.span();
    for (step, part) in path.iter().enumerate() {
        let found = match (part, value.get_ref()) {
            (PathPart::Key(key), DeValue::Table(table)) => {
                table.get_key_value(key.as_str()).map(|(key, value)| (key.span(), value))
            }
            (PathPart::Index(index), DeValue::Array(items)) => {
                items.get(*index).map(|item| (item.span(), item))
            }
            _ => None,
        };
        let Some((key, below)) = found else { break };
        value = below;
        span = if at == At::Key && step + 1 == path.len() { key } else { value.span() };
    }
    span
}

fn json(value: &DeValue<'_>, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(number) => Value::from(integer(number)),
        DeValue::Float(number) => {
            let number = number.as_str().parse().ok().and_then(Number::from_f64);
            number.map_or(Value::Null, Value::Number)
        }
        DeValue::Boolean(is_true) => Value::from(*is_true),
        DeValue::Datetime(time) => Value::from(time.to_string()),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref(), depth + 1)).collect(),
        DeValue::Table(table) => {
            let settings = table.iter().map(|(key, value)| {
                (key.get_ref().as_ref().to_owned(), json(value.get_ref(), depth + 1))
            });
            Value::Object(settings.collect::<Map<String, Value>>())
        }
    }
}

/// The number, or the nearest that fits.
fn integer(number: &DeInteger<'_>) -> i64 {
    let text = number.as_str();
    let nearest = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    i64::from_str_radix(text, number.radix()).unwrap_or(nearest)
}
