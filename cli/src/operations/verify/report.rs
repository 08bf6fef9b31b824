//! What was measured, as a table and as JSON.

use std::fmt;
use std::time::Duration;

use s3guard_posture::text::shown;
use serde::{Serialize, Serializer};

use crate::operations::verify::links::Link;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// It was seen in time.
    Ok,
    /// It was not seen in time.
    Late,
    /// It was seen to go wrong.
    Failed,
    /// The configuration switches it off, or it could not be begun for a reason that is not the guard's.
    Skipped,
    /// An earlier step has failed, or somebody has interrupted.
    NotTried,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Step {
    #[serde(rename = "step")]
    pub(crate) name: String,
    pub(crate) state: State,
    /// From the call to the moment at which its effect was seen.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub(crate) took: Option<Duration>,
    /// How long it was to be waited for.
    #[serde(rename = "boundSeconds", serialize_with = "seconds")]
    pub(crate) bound: Option<Duration>,
    pub(crate) detail: Option<String>,
}

/// A link that is probably broken.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Broken {
    pub(crate) link: &'static Link,
    pub(crate) says: &'static str,
    /// Commands that show more.
    pub(crate) look: Vec<String>,
}

/// What came of it all.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) stack: String,
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) bucket: String,
    pub(crate) grade: String,
    pub(crate) is_interrupted: bool,
    pub(crate) steps: Vec<Step>,
    pub(crate) broken: Vec<Broken>,
    /// What was made and is still there.
    pub(crate) left: Vec<String>,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Late => "late",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::NotTried => "not tried",
        }
    }
}

impl Step {
    /// In a line, as soon as it is known.
    pub(crate) fn said(&self) -> String {
        let state = self.state.name();
        let took = self.took.map(|took| format!(" after {}", measured(took))).unwrap_or_default();
        let detail = self.detail.as_ref().filter(|_| self.state != State::Ok);
        let detail = detail.map(|detail| format!(": {}", shown(detail, 300))).unwrap_or_default();
        format!("  {} is {state}{took}{detail}", self.name)
    }

    /// A step that is not waited for.
    pub(crate) fn without_wait(name: impl Into<String>, state: State, why: &str) -> Self {
        let detail = Some(why.to_owned());
        Self { name: name.into(), state, took: None, bound: None, detail }
    }
}

impl Report {
    /// Whether all that was tried was seen in time.
    pub(crate) fn is_well(&self) -> bool {
        let well = |step: &Step| match step.state {
            State::Ok | State::Skipped => true,
            State::Late | State::Failed | State::NotTried => false,
        };
        self.steps.iter().all(well)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let took = self.took.map_or_else(String::new, measured);
        let bound = self.bound.map_or_else(String::new, bound);
        write!(f, "{:44} {:>9} {took:>9} {bound:>9}", self.name, self.state.name())?;
        match &self.detail {
            Some(detail) => write!(f, "  {}", shown(detail, 300)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:44} {:>9} {:>9} {:>9}", "step", "", "took", "bound")?;
        for step in &self.steps {
            writeln!(f, "{}", step.to_string().trim_end())?;
        }
        for Broken { says, look, .. } in &self.broken {
            writeln!(f, "\nProbably {says}")?;
            for command in look {
                writeln!(f, "  look further: {command}")?;
            }
        }
        if !self.left.is_empty() {
            writeln!(f, "\nStill there")?;
            for left in &self.left {
                writeln!(f, "  {left}")?;
            }
        }
        Ok(())
    }
}

/// A measured time, in tenths of seconds so that a person can compare.
pub(crate) fn measured(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// A bound: whole minutes, or seconds.
pub(crate) fn bound(duration: Duration) -> String {
    match duration.as_secs() {
        seconds if seconds >= 60 && seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

#[expect(clippy::ref_option, reason = "serde asks for it")]
fn seconds<S: Serializer>(duration: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => to.serialize_some(&((duration.as_secs_f64() * 10.0).round() / 10.0)),
        None => to.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::operations::verify::links;

    fn step(name: &str, state: State, took: Option<u64>, detail: Option<&str>) -> Step {
        Step {
            name: name.to_owned(),
            state,
            took: took.map(Duration::from_millis),
            bound: Some(Duration::from_mins(15)),
            detail: detail.map(str::to_owned),
        }
    }

    fn report(steps: Vec<Step>) -> Report {
        let link = &links::GUARD[2];
        let look = link.look.iter().map(|command| format!("s3guard {command}")).collect();
        Report {
            stack: "s3guard".to_owned(),
            region: "eu-west-1".to_owned(),
            account: "111122223333".to_owned(),
            bucket: "s3guard-canary-1".to_owned(),
            grade: "speed".to_owned(),
            is_interrupted: false,
            steps,
            broken: vec![Broken { link, says: link.says, look }],
            left: vec!["bucket `s3guard-canary-1`".to_owned()],
        }
    }

    #[test]
    fn a_person_reads_a_table_and_what_to_do_next() {
        let report = report(vec![
            step("protect: the new bucket", State::Ok, Some(61_234), None),
            step("mend: public access block", State::Late, None, Some("nothing was seen")),
            Step::without_wait("mend: TLS only", State::Skipped, "it is not kept"),
        ]);
        expect![[r#"
            step                                                        took     bound
            protect: the new bucket                             ok    61.2 s    15 min
            mend: public access block                         late              15 min  nothing was seen
            mend: TLS only                                 skipped                      it is not kept

            Probably events wait in the guard's queue and nobody takes them out: the event source of the guard is disabled, or its concurrency is used up
              look further: s3guard status
              look further: s3guard status --drift

            Still there
              bucket `s3guard-canary-1`
        "#]]
        .assert_eq(&report.to_string());
    }

    #[test]
    fn a_step_is_told_in_a_line_when_it_ends() {
        let said = |state, took, detail| step("mend: TLS only", state, took, detail).said();
        assert_eq!(said(State::Ok, Some(600), Some("x")), "  mend: TLS only is ok after 0.6 s");
        assert_eq!(said(State::Late, None, Some("why")), "  mend: TLS only is late: why");
    }

    #[test]
    fn all_is_well_only_if_all_that_was_tried_was_seen_in_time() {
        let is_well = |state| report(vec![step("a", state, None, None)]).is_well();
        assert!(is_well(State::Ok) && is_well(State::Skipped));
        assert!(!is_well(State::Late) && !is_well(State::Failed) && !is_well(State::NotTried));
    }

    #[test]
    fn a_program_reads_seconds() {
        let json = serde_json::to_value(step("a", State::Ok, Some(1_249), None)).unwrap();
        assert_eq!((&json["seconds"], &json["boundSeconds"]), (&1.2.into(), &900.0.into()));
        assert_eq!(json["state"], "ok");
    }

    #[test]
    fn a_time_has_a_unit() {
        let bounds = [1, 59, 60, 90, 900, 915].map(|seconds| bound(Duration::from_secs(seconds)));
        assert_eq!(bounds, ["1 s", "59 s", "1 min", "90 s", "15 min", "915 s"]);
        assert_eq!(measured(Duration::from_millis(61_234)), "61.2 s");
    }
}
