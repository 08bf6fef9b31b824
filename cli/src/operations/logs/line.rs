//! One line of a function's log.
//!
//! Ours are JSON (`time`, `level`, `fields`); Lambda's own are JSON of another form, or text.

use std::fmt::Write as _;

use s3guard_aws::logs::LogLine;
use s3guard_posture::text::shown;
use serde::Serialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::ui::lines::moment;
use crate::ui::output::Paint;

/// How many characters of a line are shown.
const CHARACTERS_MAX: usize = 4000;

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
        let time = at.map(moment).unwrap_or_default();
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

    pub(crate) fn raw(&self) -> String {
        shown(&self.raw, CHARACTERS_MAX)
    }

    pub(crate) fn text(&self, paint: Paint) -> String {
        let level = self.level.as_deref().unwrap_or("");
        let painted = match level {
            "ERROR" => paint.bad(format_args!("{level:5}")),
            "WARN" => paint.notable(format_args!("{level:5}")),
            _ => format!("{:5}", shown(level, 8)),
        };
        let mut text = format!(
            "{}  {:6} {painted} {}",
            self.time,
            self.function,
            shown(&self.message, CHARACTERS_MAX)
        );
        for (name, value) in &self.fields {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let (name, value) = (shown(name, 80), shown(&value, CHARACTERS_MAX));
            let _ = write!(text, "  {name}={value}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let line = LogLine { id: "1".to_owned(), at_ms: 1_700_000_000_123, text: text.to_owned() };
        assert_eq!(Line::of("guard", &line).text(Paint::Plain), expected);
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
            "REPORT RequestId: 1\n",
            "2023-11-14T22:13:20.123Z  guard        REPORT RequestId: 1",
        );
    }

    #[test]
    fn what_a_line_has_in_it_moves_no_cursor() {
        let line = LogLine { id: "1".to_owned(), at_ms: 0, text: "a\u{1b}[2Jb".to_owned() };
        let line = Line::of("guard", &line);
        assert!(!line.text(Paint::Plain).contains('\u{1b}') && !line.raw().contains('\u{1b}'));
    }
}
