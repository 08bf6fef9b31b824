//! One line of a function's log.
//!
//! Ours are JSON (`time`, `level`, `fields`); Lambda's own are JSON of another form, or text.

use std::fmt::Write as _;

use s3guard_aws::logs::LogLine;
use s3guard_posture::BucketName;
use s3guard_posture::text::shown_json;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::ui::lines::{cut, utc_time};
use crate::ui::text::{Style, TextLine};

/// How many characters of a line are shown.
const CHARACTERS_MAX: usize = 4000;
/// How many characters of a field are shown in text; `--raw` and `--output json` show all.
const FIELD_MAX: usize = 200;
/// How many characters of an object or a list.
const NESTED_MAX: usize = 60;
/// The field with the definitions of a line of metrics (CloudWatch embedded metric format).
const METRICS: &str = "_aws";

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Line {
    function: &'static str,
    time: String,
    level: Option<String>,
    message: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    fields: Map<String, Value>,
    #[serde(skip)]
    raw: String,
}

impl Line {
    pub(crate) fn of(function: &'static str, line: &LogLine) -> Self {
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(line.at_ms) * 1_000_000);
        let time = at.map(utc_time).unwrap_or_default();
        let raw = line.text.trim_end().to_owned();
        let Ok(Value::Object(mut json)) = serde_json::from_str::<Value>(&raw) else {
            return Self {
                function,
                time,
                level: None,
                message: raw.clone(),
                fields: Map::new(),
                raw,
            };
        };
        let text = |value: Option<Value>| match value {
            Some(Value::String(text)) => Some(text),
            Some(Value::Null) | None => None,
            Some(other) => Some(other.to_string()),
        };
        let level = text(json.shift_remove("level"));
        let mut fields = match json.shift_remove("fields") {
            Some(Value::Object(fields)) => fields,
            Some(_) | None => Map::new(),
        };
        let message = text(fields.shift_remove("message").or_else(|| json.shift_remove("message")));
        // The time is shown already, and the place in the code is of no interest.
        for known in ["timestamp", "time", "target", "span", "spans"] {
            json.shift_remove(known);
        }
        fields.extend(json);
        // Lambda's own lines have `type` and `record`.
        let message = message.or_else(|| text(fields.shift_remove("type"))).unwrap_or_default();
        Self { function, time, level, message, fields, raw }
    }

    /// The line as the function wrote it; within JSON, what is escaped is the same JSON.
    pub(crate) fn raw(&self) -> TextLine {
        let is_json = serde_json::from_str::<IgnoredAny>(&self.raw).is_ok();
        if is_json {
            shown_json(&self.raw.replace(['\r', '\n', '\t'], " ")).into()
        } else {
            (&self.raw).into()
        }
    }

    pub(crate) fn text(&self) -> TextLine {
        let level = self.level.as_deref().unwrap_or("");
        let style = match level {
            "ERROR" => Style::Bad,
            "WARN" => Style::Notable,
            _ => Style::Plain,
        };
        let is_metrics = self.message.is_empty() && self.fields.contains_key(METRICS);
        let message = if is_metrics { "metrics" } else { &self.message };
        // Lambda separates the parts of its reports with tabs.
        let mut text = format!(" {}", cut(&message.replace('\t', "  "), CHARACTERS_MAX));
        for (name, value) in self.fields.iter().filter(|(name, _)| *name != METRICS) {
            let _ = write!(text, "  {name}={}", field(name, value));
        }
        TextLine::from(format_args!("{}  {:6} ", self.time, self.function))
            .and(TextLine::styled(style, format_args!("{level:5}")))
            .and(text)
    }
}

/// A field as a person reads it.
fn field(name: &str, value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if name == "bucket" && text == BucketName::account().as_str() {
        return "(the account)".to_owned();
    }
    // `s3guard undo` takes the id of a record.
    if name == "record"
        && let Ok(Value::Object(record)) = serde_json::from_str::<Value>(&text)
        && let Some(id) = record.get("id").and_then(Value::as_str)
    {
        return cut(id, FIELD_MAX);
    }
    // Also JSON in a string, as the record of a write is.
    let nested = [("{", "{…}"), ("[", "[…]")].into_iter().find(|(open, _)| text.starts_with(open));
    match nested {
        Some((_, short)) if text.len() > NESTED_MAX => short.to_owned(),
        Some(_) | None if value.is_string() && text.contains([' ', '"', '=']) => {
            cut(&value.to_string(), FIELD_MAX)
        }
        Some(_) | None => cut(&text, FIELD_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::output::Paint;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let line = LogLine { id: "1".to_owned(), at_ms: 1_700_000_000_123, text: text.to_owned() };
        assert_eq!(Line::of("guard", &line).text().painted(Paint::Plain), expected);
    }

    #[test]
    fn ours_and_lambdas_lines_are_read_and_text_is_left_as_it_is() {
        check(
            r#"{"timestamp":"t","level":"INFO","fields":{"message":"remediated","bucket":"reports","count":2},"target":"x"}"#,
            "2023-11-14T22:13:20.123Z  guard  INFO  remediated  bucket=reports  count=2",
        );
        check(
            r#"{"time":"t","type":"platform.report","record":{"requestId":"1"}}"#,
            "2023-11-14T22:13:20.123Z  guard        platform.report  record={\"requestId\":\"1\"}",
        );
        check(
            "REPORT RequestId: 1\tDuration: 5 ms\n",
            "2023-11-14T22:13:20.123Z  guard        REPORT RequestId: 1  Duration: 5 ms",
        );
    }

    #[test]
    fn text_is_readable_and_json_is_whole() {
        check(
            r#"{"_aws":{"Timestamp":1,"CloudWatchMetrics":[]},"Stack":"guard","Compliant":3}"#,
            "2023-11-14T22:13:20.123Z  guard        metrics  Stack=guard  Compliant=3",
        );
        let record = format!(r#"{{"key":"{}"}}"#, "x".repeat(1000));
        let text = format!(
            r#"{{"level":"INFO","fields":{{"message":"m","record":{record},"list":[1]}}}}"#
        );
        check(&text, "2023-11-14T22:13:20.123Z  guard  INFO  m  record={…}  list=[1]");
        let in_a_string = format!(r#"{{"message":"m","record":{}}}"#, Value::String(record));
        check(&in_a_string, "2023-11-14T22:13:20.123Z  guard        m  record={…}");
        let line = LogLine { id: "1".to_owned(), at_ms: 0, text: text.clone() };
        let line = Line::of("guard", &line);
        assert_eq!(line.raw().painted(Paint::Plain), text);
        assert_eq!(
            serde_json::to_value(&line).unwrap()["fields"]["record"]["key"],
            "x".repeat(1000)
        );
    }

    #[test]
    fn a_record_is_its_id_and_a_value_with_spaces_is_quoted() {
        let id = "reports@20261124T231502.123Z-encryption";
        let record = Value::String(format!(r#"{{"id":"{id}","to":"{}"}}"#, "x".repeat(100)));
        check(
            &format!(r#"{{"message":"remediated","bucket":".account","record":{record}}}"#),
            &format!(
                "2023-11-14T22:13:20.123Z  guard        remediated  bucket=(the account)  record={id}"
            ),
        );
        check(
            r#"{"message":"m","why":"it was \"off\"","count":2}"#,
            r#"2023-11-14T22:13:20.123Z  guard        m  why="it was \"off\""  count=2"#,
        );
    }

    #[test]
    fn what_a_line_has_in_it_moves_no_cursor() {
        let of = |text: &str| {
            let line = LogLine { id: "1".to_owned(), at_ms: 0, text: text.to_owned() };
            let line = Line::of("guard", &line);
            (line.text().painted(Paint::Plain), line.raw().painted(Paint::Plain))
        };
        let (text, raw) = of("a\u{1b}[2J\nb");
        assert!(text.ends_with(r"a\u{1b}[2J\u{a}b") && raw == r"a\u{1b}[2J\u{a}b", "{text}");
        let (text, raw) = of("{\"message\":\n\"a\u{202e}\u{9b}b\"}");
        assert!(text.ends_with(r"a\u{202e}\u{9b}b"), "{text}");
        assert_eq!(raw, r#"{"message": "a\u202e\u009bb"}"#);
    }
}
