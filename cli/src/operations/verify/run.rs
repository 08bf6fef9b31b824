//! What every step needs: the canary, the clients that observe it, the time limits, and the steps so far.

use std::cell::RefCell;
use std::pin::pin;
use std::time::Duration;

use anyhow::anyhow;
use s3guard_aws::canary::Canary;
use s3guard_aws::stacks::Stack;
use s3guard_aws::wait::{self, Pace};
use s3guard_aws::{AwsError, Buckets, Kind, Ledger};
use s3guard_posture::config::EvaluationContext;
use s3guard_posture::model::setting::Tags;
use s3guard_posture::{Aspect, BucketId, Config, Finding, Observed, inspect};
use thiserror::Error;
use tokio::time::Instant;

use crate::args::verify::Options;
use crate::operations::interrupt::Interrupts;
use crate::operations::session::Account;
use crate::operations::verify::clean::{Leftovers, Made};
use crate::operations::verify::plan::VerifyPlan;
use crate::operations::verify::report::{StepStatus, VerifyReport, VerifyStep};
use crate::ui::lines::duration;
use crate::ui::output::Output;

/// How often a throttled call is made, each time with the SDK's own retries.
const CALLS_MAX: usize = 8;

/// The command was interrupted.
#[derive(Debug, Error)]
#[error("interrupted")]
pub(crate) struct Interrupted;

/// The canary does not exist any more.
#[derive(Debug, Error)]
#[error("bucket `{0}` was deleted during the run")]
pub(crate) struct Gone(String);

/// A run: what was fetched before anything is created, and the results.
pub(crate) struct VerifyRun<'a> {
    pub(crate) options: &'a Options,
    pub(crate) interrupts: &'a Interrupts,
    pub(crate) output: &'a Output,
    pub(crate) account: Account,
    pub(crate) stack: Stack,
    /// The configuration that is deployed, and the stack's part of what is wanted of the canary.
    pub(crate) config: Config,
    pub(crate) context: EvaluationContext,
    pub(crate) plan: VerifyPlan,
    pub(crate) grade: String,
    pub(crate) bounds: Bounds,
    pub(crate) topic: String,
    pub(crate) leftovers: Leftovers,
    /// A unique part of the names of what the run creates.
    pub(crate) canary_id: String,
    pub(crate) id: BucketId,
    pub(crate) canary: Canary,
    pub(crate) buckets: Buckets,
    /// `None` if neither the caller may read it nor the operator role can be assumed.
    pub(crate) ledger: Option<Ledger>,
    pub(crate) tags: Tags,
    /// What was created so far, noted before it is created.
    pub(crate) made: RefCell<Vec<Made>>,
    pub(crate) steps: RefCell<Vec<VerifyStep>>,
    /// What only AWS can show, as far as it was seen.
    pub(crate) facts: RefCell<Vec<String>>,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// For a new bucket to be brought to its grade.
    pub(crate) protect: Duration,
    /// For a weakening to be reverted, and for a change of an object to be recorded.
    pub(crate) each: Duration,
    /// For the digest of the window.
    pub(crate) digest: Duration,
}

impl Bounds {
    pub(crate) fn new(timeout: Duration, settle: Duration, window: Duration) -> Self {
        Self { protect: timeout + settle, each: timeout, digest: timeout + window }
    }

    /// How long the whole run can take, with time to clean up.
    pub(crate) fn total(self) -> Duration {
        let Self { protect, each, digest } = self;
        protect + each * 4 + digest * 3 + Duration::from_mins(30)
    }
}

#[derive(Debug)]
pub(crate) enum Waited<T> {
    /// It was seen after this time.
    Seen(T, Duration),
    /// It was not seen; with the failure of the last attempt to see it.
    Late(Option<String>),
}

/// How a bucket compares to its grade.
pub(crate) struct Standing {
    /// What the guard would still remediate.
    pub(crate) weak: Vec<Aspect>,
    /// What it leaves, and why.
    pub(crate) left: Vec<String>,
}

impl VerifyRun<'_> {
    /// The result with these steps.
    pub(crate) fn report(&self, steps: Vec<VerifyStep>) -> VerifyReport {
        VerifyReport {
            stack: self.options.account.stack.to_string(),
            region: self.id.region.to_string(),
            account: self.id.account.to_string(),
            bucket: self.id.name.to_string(),
            grade: self.grade.clone(),
            is_interrupted: false,
            steps,
            facts: self.facts.borrow().clone(),
            broken: Vec::new(),
            left: Vec::new(),
        }
    }

    pub(crate) fn command(&self, command: &str) -> String {
        let (stack, region) = (&self.options.account.stack, &self.id.region);
        format!("s3guard {command} --stack {stack} --region {region}")
    }

    /// Calls `probe` until it sees something, or until `bound` after `begun`. A missing permission is a failure at once;
    /// throttled calls and lost answers are retried.
    pub(crate) async fn wait<T>(
        &self,
        begun: Instant,
        bound: Duration,
        probe: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<Waited<T>> {
        let schedule = (Pace::default(), begun + bound);
        let passes = |error: &anyhow::Error| !is_final(error);
        match wait::until_or(schedule, self.interrupted(), passes, probe).await {
            Ok(Some(seen)) => Ok(Waited::Seen(seen, begun.elapsed())),
            Ok(None) => Ok(Waited::Late(None)),
            Err(error) if is_final(&error) || error.is::<Interrupted>() => Err(error),
            Err(error) => Ok(Waited::Late(Some(format!("the last attempt: {error:#}")))),
        }
    }

    /// Makes a call, and retries it while it is throttled; makes none after an interrupt.
    pub(crate) async fn call<T>(
        &self,
        call: impl AsyncFnMut() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        if self.interrupts.count() > 0 {
            return Err(Interrupted.into());
        }
        let pauses = Pace::default().take(CALLS_MAX - 1);
        let is_throttled = |error: &anyhow::Error| {
            error.downcast_ref::<AwsError>().is_some_and(AwsError::is_throttled)
        };
        wait::retry_or(pauses, self.interrupted(), is_throttled, call).await
    }

    pub(crate) async fn pause(&self, pace: &mut Pace) -> anyhow::Result<()> {
        wait::sleep_or(pace.next().unwrap_or_default(), pin!(self.interrupted())).await
    }

    async fn interrupted(&self) -> anyhow::Error {
        self.interrupts.pressed(1).await;
        Interrupted.into()
    }

    /// Assesses the canary as the guard does; changes nothing.
    pub(crate) async fn standing(&self) -> anyhow::Result<Standing> {
        let (config, context) = (&self.config, &self.context);
        let wanted = |observed: &Observed| config.baseline(&observed.id, &observed.tags, context);
        let seen = inspect(&self.buckets, &self.id, &wanted).await?;
        let seen = seen.ok_or_else(|| anyhow!(Gone(self.id.name.to_string())))?;
        let mut standing = Standing { weak: Vec::new(), left: Vec::new() };
        for finding in &seen.findings {
            let aspect = finding.aspect();
            match finding {
                Finding::Weak { .. } | Finding::Later { .. } => standing.weak.push(aspect),
                Finding::NotRemediated { reason, .. } => {
                    standing.left.push(format!("{}: {reason}", aspect.words()));
                }
            }
        }
        Ok(standing)
    }

    /// Notes what was seen that no emulator can show.
    pub(crate) fn fact(&self, fact: String) {
        let mut facts = self.facts.borrow_mut();
        if !facts.contains(&fact) {
            facts.push(fact);
        }
    }

    pub(crate) fn say_waiting(&self, what: &str, bound: Duration) {
        self.output.say(format_args!("  waiting until {what}, up to {}", duration(bound)));
    }

    /// Notes a step that has ended, and prints it.
    pub(crate) fn note(&self, step: VerifyStep) -> anyhow::Result<()> {
        self.output.part_of_result(&step)?;
        self.output.event("step", &step)?;
        self.steps.borrow_mut().push(step);
        Ok(())
    }

    /// Notes the step of a wait. Returns whether its effect was seen at all.
    pub(crate) fn ended<T>(
        &self,
        name: &str,
        bound: Duration,
        waited: &Waited<T>,
        detail: Option<String>,
    ) -> anyhow::Result<bool> {
        let (took, detail) = match waited {
            Waited::Seen(_, took) => (Some(*took), detail),
            Waited::Late(failure) => (None, failure.clone().or(detail)),
        };
        let is_in_time = took.is_some_and(|took| took <= bound);
        let state = if is_in_time { StepStatus::Ok } else { StepStatus::Late };
        self.note(VerifyStep::new(name, state, took, bound, detail))?;
        Ok(took.is_some())
    }
}

/// Whether another attempt would not help: the caller has no permission, or AWS does not accept the credentials.
fn is_final(error: &anyhow::Error) -> bool {
    let aws = error.downcast_ref::<AwsError>();
    error.is::<Gone>()
        || aws.is_some_and(|error| {
            error.is_denied() || error.is_unauthenticated() || error.kind == Kind::Credentials
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_that_stay_end_the_waiting() {
        let error = |kind| {
            anyhow!(AwsError {
                call: "GetBucketPolicy",
                object: "bucket `b`".to_owned(),
                kind,
                message: String::new(),
                status: None,
                request_id: None,
            })
        };
        let service = |code: &str| error(Kind::Service(code.to_owned()));
        assert!(is_final(&error(Kind::Credentials)));
        assert!(is_final(&service("ExpiredToken")) && is_final(&service("AccessDenied")));
        assert!(is_final(&anyhow!(Gone("b".to_owned()))));
        for passing in [
            service("SlowDown"),
            service("InternalError"),
            error(Kind::Timeout),
            error(Kind::Unreachable),
        ] {
            assert!(!is_final(&passing), "{passing}");
        }
    }

    #[test]
    fn settle_time_and_window_are_added_to_the_timeout() {
        let [timeout, settle, window] = [900, 15, 60].map(Duration::from_secs);
        let bounds = Bounds::new(timeout, settle, window);
        assert_eq!(bounds.protect, Duration::from_secs(915));
        assert_eq!(bounds.each, timeout);
        assert_eq!(bounds.digest, Duration::from_mins(16));
        assert!(bounds.total() > bounds.protect + bounds.each * 4 + bounds.digest * 3);
    }
}
