//! What was measured, for people and as JSON.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::ui::lines::{cut, duration};
use crate::ui::text::{Printable, Text};

/// A longer detail is cut.
const DETAIL_COLUMNS_MAX: usize = 300;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum StepStatus {
    /// It was not begun: the run needs approval.
    Planned,
    /// Its effect was seen in time.
    Ok,
    /// Its effect was not seen in time.
    Late,
    /// The guard failed.
    Failed,
    /// The configuration switches it off, or it could not be begun for a reason that is not the guard's.
    Skipped,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct VerifyStep {
    #[serde(rename = "step")]
    pub(crate) name: String,
    #[serde(rename = "status")]
    pub(crate) state: StepStatus,
    /// From the call to the moment at which its effect was seen, in tenths.
    pub(crate) seconds: Option<f64>,
    /// How long it was waited for at most.
    pub(crate) bound_seconds: Option<f64>,
    pub(crate) detail: Option<String>,
}

/// A link that is probably broken.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Broken {
    pub(crate) link: &'static str,
    pub(crate) text: &'static str,
    /// Commands that show more.
    pub(crate) commands: Vec<String>,
}

/// The result of a run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct VerifyReport {
    pub(crate) stack: String,
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) bucket: String,
    pub(crate) grade: String,
    pub(crate) is_interrupted: bool,
    pub(crate) steps: Vec<VerifyStep>,
    /// What was seen of AWS itself: names of calls, encryption of the ledger, attributes of notifications.
    pub(crate) facts: Vec<String>,
    pub(crate) broken: Vec<Broken>,
    /// What was made and is still there.
    #[serde(rename = "notRemoved")]
    pub(crate) left: Vec<String>,
}

impl StepStatus {
    fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Ok => "ok",
            Self::Late => "late",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl VerifyStep {
    pub(crate) fn new(
        name: impl Into<String>,
        state: StepStatus,
        took: Option<Duration>,
        bound: Duration,
        detail: Option<String>,
    ) -> Self {
        let seconds = took.map(|took| (took.as_secs_f64() * 10.0).round() / 10.0);
        let bound_seconds = Some(bound.as_secs_f64());
        Self { name: name.into(), state, seconds, bound_seconds, detail }
    }

    pub(crate) fn planned(name: impl Into<String>) -> Self {
        let name = name.into();
        Self { name, state: StepStatus::Planned, seconds: None, bound_seconds: None, detail: None }
    }

    pub(crate) fn skipped(name: impl Into<String>, why: String) -> Self {
        let (name, detail) = (name.into(), Some(why));
        Self { name, state: StepStatus::Skipped, seconds: None, bound_seconds: None, detail }
    }
}

impl VerifyReport {
    /// Whether all that was tried was seen in time.
    pub(crate) fn is_well(&self) -> bool {
        self.steps.iter().all(|step| matches!(step.state, StepStatus::Ok | StepStatus::Skipped))
    }
}

impl fmt::Display for VerifyStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |seconds: Option<f64>| seconds.map(|of| duration(Duration::from_secs_f64(of)));
        let (name, state) = (&self.name, self.state.word());
        let took = time(self.seconds).unwrap_or_default();
        let bound = time(self.bound_seconds).map(|bound| format!(" of {bound}"));
        let bound = bound.unwrap_or_default();
        let detail = cut(self.detail.as_deref().unwrap_or_default(), DETAIL_COLUMNS_MAX);
        f.write_str(format!("{name:44} {state:7} {took:>11}{bound:12}  {detail}").trim_end())
    }
}

impl Printable for VerifyStep {
    fn print(&self, text: &mut Text) {
        let line = self.to_string();
        match &self.detail {
            // The table would break where the terminal is narrow.
            Some(detail) if text.columns.is_some_and(|columns| line.width() > columns) => {
                text.line(Self { detail: None, ..self.clone() });
                text.line(format_args!("  {}", cut(detail, DETAIL_COLUMNS_MAX)));
            }
            Some(_) | None => text.line(line),
        }
    }
}

/// The steps were printed as they ended.
impl Printable for VerifyReport {
    fn print(&self, text: &mut Text) {
        let counts = [StepStatus::Ok, StepStatus::Late, StepStatus::Failed, StepStatus::Skipped];
        let counts = counts.map(|state| {
            let count = self.steps.iter().filter(|step| step.state == state).count();
            (count > 0).then(|| format!("{count} {}", state.word()))
        });
        text.line(counts.into_iter().flatten().collect::<Vec<_>>().join(", "));
        if !self.facts.is_empty() {
            text.gap();
            text.line("Seen");
            self.facts.iter().for_each(|fact| text.line(format_args!("  {fact}")));
        }
        for Broken { text: cause, commands, .. } in &self.broken {
            text.gap();
            text.line(format_args!("Probably {cause}"));
            for command in commands {
                text.line(format_args!("  see also: {command}"));
            }
        }
        if !self.left.is_empty() {
            text.gap();
            text.line("Not removed");
            self.left.iter().for_each(|left| text.line(format_args!("  {left}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::operations::verify::links;
    use crate::ui::output::Paint;
    use crate::ui::text::plain;

    fn step(name: &str, state: StepStatus, took: Option<u64>, detail: Option<&str>) -> VerifyStep {
        let (took, bound) = (took.map(Duration::from_millis), Duration::from_mins(15));
        VerifyStep::new(name, state, took, bound, detail.map(str::to_owned))
    }

    fn report(steps: Vec<VerifyStep>) -> VerifyReport {
        let link = &links::GUARD[2];
        let commands = link.commands.iter().map(|command| format!("s3guard {command}")).collect();
        VerifyReport {
            stack: "s3guard".to_owned(),
            region: "eu-west-1".to_owned(),
            account: "111122223333".to_owned(),
            bucket: "s3guard-canary-1".to_owned(),
            grade: "speed".to_owned(),
            is_interrupted: false,
            steps,
            facts: vec!["CloudTrail names the change of TLS only: DeleteBucketPolicy".to_owned()],
            broken: vec![Broken { link: link.name, text: link.text, commands }],
            left: vec!["bucket `s3guard-canary-1`".to_owned()],
        }
    }

    #[test]
    fn a_person_reads_each_step_once_and_what_to_do_next() {
        let report = report(vec![
            step("protect: the new bucket", StepStatus::Ok, Some(61_234), None),
            step(
                "remediate: public access block",
                StepStatus::Late,
                None,
                Some("nothing was seen"),
            ),
            VerifyStep::skipped("remediate: TLS only", "it is switched off".to_owned()),
        ]);
        let text: String = report.steps.iter().map(plain).collect();
        expect![[r#"
            protect: the new bucket                      ok        1 min 1 s of 15 min
            remediate: public access block               late                of 15 min    nothing was seen
            remediate: TLS only                          skipped                          it is switched off
            1 ok, 1 late, 1 skipped

            Seen
              CloudTrail names the change of TLS only: DeleteBucketPolicy

            Probably events wait in the guard's queue: the event source of the guard is disabled, or its concurrency is used up
              see also: s3guard status
              see also: s3guard status --drift

            Not removed
              bucket `s3guard-canary-1`
        "#]]
        .assert_eq(&(text + &plain(&report)));
    }

    #[test]
    fn on_a_narrow_terminal_a_detail_has_a_line_of_its_own() {
        let took = "recorded: 0.7 s after the event's whole second";
        let step = step("remediate: TLS only", StepStatus::Ok, Some(300), Some(took));
        let lines = |columns| Text::of(&step, Some(columns)).painted(Paint::Plain);
        let row = VerifyStep { detail: None, ..step.clone() }.to_string();
        assert!(row.width() <= 80 && row.ends_with("0.3 s of 15 min"), "{row}");
        assert_eq!(lines(200).lines().collect::<Vec<_>>(), [step.to_string()]);
        assert_eq!(lines(80).lines().collect::<Vec<_>>(), [row, format!("  {took}")]);
    }

    #[test]
    fn all_is_well_only_if_all_that_was_tried_was_seen_in_time() {
        let is_well = |state| report(vec![step("a", state, None, None)]).is_well();
        assert!(is_well(StepStatus::Ok) && is_well(StepStatus::Skipped));
        assert!(!is_well(StepStatus::Late) && !is_well(StepStatus::Failed));
    }

    #[test]
    fn a_program_reads_seconds() {
        let json = serde_json::to_value(step("a", StepStatus::Ok, Some(1_249), None)).unwrap();
        assert_eq!((&json["seconds"], &json["boundSeconds"]), (&1.2.into(), &900.0.into()));
        assert_eq!(json["status"], "ok");
    }
}
