//! What the deployed configuration leaves less protected: every exception is a rule with a reason.

use s3guard_posture::config::Exception;
use serde::Serialize;

use super::{FINDING_COLUMNS_MAX, FINDINGS_SHOWN};
use crate::ui::lines::cut;
use crate::ui::text::TextLine;

/// Something that the configuration leaves less protected.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ExceptionStatus {
    /// What, in words.
    what: String,
    /// Which buckets, as in `s3guard.toml`; none means all.
    buckets: Option<String>,
    /// Why, if the configuration has a reason.
    reason: Option<String>,
    /// The last day, if there is one.
    until: Option<String>,
    /// Whether tags select the buckets.
    is_by_tags: bool,
    /// The line as text.
    #[serde(skip)]
    line: String,
}

impl ExceptionStatus {
    pub(crate) fn of(exception: &Exception) -> Self {
        Self {
            what: exception.kind.to_string(),
            buckets: exception.buckets.clone(),
            reason: exception.reason.clone(),
            until: exception.until.map(|until| until.to_string()),
            is_by_tags: exception.is_by_tags,
            line: exception.to_string(),
        }
    }
}

/// The lines about them, as many as are listed.
pub(super) fn lines(exceptions: Option<&[ExceptionStatus]>) -> Vec<TextLine> {
    let all = exceptions.unwrap_or_default();
    let shown = all.iter().take(FINDINGS_SHOWN);
    let mut lines: Vec<TextLine> =
        shown.map(|one| cut(&one.line, FINDING_COLUMNS_MAX).into()).collect();
    let more = all.len() - lines.len();
    lines.extend((more > 0).then(|| format_args!("and {more} more").into()));
    lines
}

#[cfg(test)]
mod tests {
    use s3guard_posture::Config;
    use time::macros::date;

    use crate::ui::output::Paint;

    use super::*;

    #[test]
    fn every_exception_of_the_configuration_is_listed_with_its_reason() {
        let config = Config::from_json(
            r#"{"grade":"hybrid",
                "rule":[{"bucket":"www-*","public":true,"reason":"the website"}],
                "exemption":[{"bucket":"old","aspects":["tls"],"reason":"TICKET-7","until":"2026-12-31"}]}"#,
        )
        .unwrap();
        let all = |today| -> Vec<ExceptionStatus> {
            config.exceptions(today).iter().map(ExceptionStatus::of).collect()
        };
        let seen = all(date!(2026 - 12 - 01));
        let words: Vec<String> =
            lines(Some(&seen)).iter().map(|line| line.painted(Paint::Plain)).collect();
        assert_eq!(words.len(), 2, "{words:?}");
        assert!(words[0].contains("may be public; reason: the website"), "{words:?}");
        assert!(
            words[1].contains("exempt from tls until 2026-12-31; reason: TICKET-7"),
            "{words:?}"
        );
        let json = serde_json::to_value(&seen).unwrap();
        assert_eq!(json[1]["reason"], "TICKET-7");
        assert_eq!(json[1]["until"], "2026-12-31");
        assert_eq!(json[0]["what"], "may be public");
        assert_eq!(all(date!(2027 - 01 - 01)).len(), 1, "it has ended");
        assert!(lines(None).is_empty());
    }
}
