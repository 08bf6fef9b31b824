//! Finds the events in what was recorded, in whatever form.

use serde_json::Value as Json;
use thiserror::Error;

use crate::operations::replay::recorded::{Came, Recorded};

/// Why nothing could be read.
#[derive(Debug, Error)]
pub(crate) enum ParseError {
    /// There is nothing.
    #[error("there is nothing in it")]
    Empty,
    /// It is not text.
    #[error("it is not text: line {line} is not UTF-8")]
    NoText {
        /// The line, counted from 1.
        line: usize,
    },
    /// It is not JSON.
    #[error("it is neither JSON nor JSON lines: {0}")]
    NoJson(serde_json::Error),
}

/// Reads recorded events, in the order in which they stand there; of `lookup-events`, which begins with the newest, in
/// the opposite one.
///
/// These forms are known, alone, as a list or one on each line:
///
/// - an event as EventBridge delivers it
/// - a record of CloudTrail, which is put into EventBridge's envelope
/// - a log file of CloudTrail: `{"Records":[…]}`
/// - the output of `aws cloudtrail lookup-events`: `{"Events":[{"CloudTrailEvent":"…"}]}`
/// - the body of a message of the guard: `{"s3guard":…}`
/// - a batch of SQS, as Lambda gets it, and the output of `aws sqs receive-message`
///
/// A line that is not JSON is no event and does not hinder the others.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Recorded>, ParseError> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        ParseError::NoText { line: before.split(|byte| *byte == b'\n').count() }
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let mut found = Vec::new();
    match serde_json::from_str(text) {
        Ok(value) => unfold(value, String::new(), &mut found),
        Err(error) => {
            let mut lines =
                text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()).peekable();
            let Some((first, _)) = lines.peek() else { return Err(ParseError::Empty) };
            if !serde_json::from_str(first).is_ok_and(|first: Json| first.is_object()) {
                return Err(ParseError::NoJson(error));
            }
            for (line, number) in lines {
                let place = format!("line {number}");
                match serde_json::from_str(line) {
                    Ok(value) => unfold(value, place, &mut found),
                    Err(error) => found.push(Recorded::new(place, no_json(&error))),
                }
            }
        }
    }
    Ok(found)
}

/// Takes the events out of what holds many.
fn unfold(value: Json, place: String, found: &mut Vec<Recorded>) {
    match value {
        Json::Array(items) => {
            for (index, item) in items.into_iter().enumerate() {
                unfold_member(item, format!("{place}[{index}]"), found);
            }
        }
        Json::Object(mut fields) => {
            for name in ["Records", "Events", "Messages"] {
                if let Some(Json::Array(items)) = fields.get_mut(name).map(Json::take) {
                    let separator = if place.is_empty() { "" } else { ", " };
                    let before = found.len();
                    for (index, item) in items.into_iter().enumerate() {
                        let place = format!("{place}{separator}{name}[{index}]");
                        unfold_member(item, place, found);
                    }
                    if name == "Events" {
                        found.get_mut(before..).unwrap_or_default().reverse();
                    }
                    return;
                }
            }
            found.push(Recorded::new(place, Came::of(Json::Object(fields))));
        }
        other @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => {
            found.push(Recorded::new(place, Came::of(other)));
        }
    }
}

/// Takes one of many, which may hold its event as text.
fn unfold_member(item: Json, place: String, found: &mut Vec<Recorded>) {
    let came = match item.get("CloudTrailEvent") {
        Some(Json::String(text)) => match serde_json::from_str(text) {
            Ok(record) => Came::of(record),
            Err(error) => no_json(&error),
        },
        Some(_) | None => Came::of(item),
    };
    found.push(Recorded::new(place, came));
}

fn no_json(error: &serde_json::Error) -> Came {
    Came::Unknown(format!("it is not JSON: {error}"))
}
