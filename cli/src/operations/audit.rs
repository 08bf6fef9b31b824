//! An audit of all buckets of an account: reads, judges, and reports. It changes nothing and needs no stack.

use std::collections::BTreeSet;

use s3guard_audit::facts::{self, AccountFacts, Around, BucketFacts, Depth};
use s3guard_audit::finding::{Finding, Status};
use s3guard_audit::names::{self, Known};
use s3guard_audit::report::{BucketCounts, Report};
use s3guard_audit::{Rule, Severity, rules};
use s3guard_aws::survey::{BucketRead, Survey};
use s3guard_aws::{AwsError, Connection, identity};
use s3guard_posture::config::EvaluationContext;
use s3guard_posture::model::glob::Glob;
use s3guard_posture::{Baseline, BucketId, Config, Mode, Region};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::args::audit::AuditArgs;
use crate::operations::interrupt::{Interrupts, interrupted};
use crate::operations::session;
use crate::ui::output::Output;
use crate::ui::text::TextLine;

pub(crate) mod baseline;
pub(crate) mod explain;
pub(crate) mod files;
pub(crate) mod policy;
mod progress;
pub(crate) mod show;
mod walk;

use self::progress::Progress;
use self::walk::Walk;

/// What is audited and reported.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The buckets; none for all.
    pub(crate) buckets: Vec<Glob>,
    /// The Regions; none for all.
    pub(crate) regions: BTreeSet<Region>,
    /// The rules; none for all.
    pub(crate) rules: BTreeSet<Rule>,
    /// The least severity that is reported.
    pub(crate) severity: Severity,
    /// How much is read of each bucket.
    pub(crate) depth: Depth,
    /// The most requests to a Region at once.
    pub(crate) in_flight_max: usize,
}

/// How the audit ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Every bucket was audited.
    Whole,
    /// By a person.
    Interrupted,
    /// By an error that concerns every bucket.
    Failed(AwsError),
}

/// An audit.
#[derive(Debug)]
pub(crate) struct Audited {
    pub(crate) report: Report,
    pub(crate) ended: Ended,
    /// Buckets that were named, and are not there.
    pub(crate) missing: Vec<String>,
}

impl Wanted {
    /// What these flags ask for.
    pub(crate) fn of(args: &AuditArgs) -> Self {
        Self {
            buckets: args.buckets.iter().map(Glob::new).collect(),
            regions: args.regions.iter().cloned().collect(),
            rules: args.rules.iter().copied().collect(),
            severity: args.severity,
            depth: if args.full { Depth::Full } else { Depth::Core },
            in_flight_max: usize::from(args.max_in_flight),
        }
    }

    fn is_filtered(&self) -> bool {
        !self.buckets.is_empty()
            || !self.regions.is_empty()
            || !self.rules.is_empty()
            || self.severity > Severity::Info
    }

    /// Whether a bucket is audited.
    fn wants(&self, name: &str, region: &Region) -> bool {
        let is_named = self.buckets.is_empty() || self.buckets.iter().any(|one| one.matches(name));
        is_named && (self.regions.is_empty() || self.regions.contains(region))
    }

    /// Whether a finding is reported. What is not known may be of any rule.
    fn reports(&self, finding: &Finding) -> bool {
        let is_of_rule = self.rules.is_empty() || self.rules.contains(&finding.rule);
        (is_of_rule || finding.status == Status::Unknown) && finding.severity >= self.severity
    }
}

/// What the buckets are judged by.
struct Judge {
    config: Config,
    /// Whether there is a configuration; without one, it is the default.
    has_config: bool,
    context: EvaluationContext,
    depth: Depth,
    account: AccountFacts,
}

/// What was found in one bucket.
struct Seen {
    id: BucketId,
    findings: Vec<Finding>,
    /// Where its access logs go, and what to say if that does not exist.
    logs_to: Option<(String, Finding)>,
    is_read: bool,
}

/// Audits the buckets that are wanted.
pub(crate) async fn audit(
    connection: &Connection,
    config: Option<Config>,
    wanted: &Wanted,
    interrupts: &Interrupts,
    output: &Output,
) -> anyhow::Result<(Audited, BaselineView)> {
    let now = OffsetDateTime::now_utc();
    let now = now.replace_nanosecond(0).unwrap_or(now);
    let (survey, account) = tokio::select! {
        () = interrupts.pressed(1) => return Err(interrupted("interrupted", "no bucket was audited")),
        begun = begin(connection, wanted) => begun?,
    };
    let mut report = Report::new(&account, now.format(&Rfc3339)?);
    report.is_filtered = wanted.is_filtered();
    let context = EvaluationContext::new(now.date());
    let has_config = config.is_some();
    let config = config.unwrap_or_default();
    let judge = Judge { config, has_config, context, depth: wanted.depth, account };
    let mut progress = Progress::new(output);
    let mut walk = Walk::new(&survey, wanted, &judge);
    let mut findings = of_account(&judge, connection.region());
    let ended = loop {
        let next = tokio::select! {
            () = interrupts.pressed(1) => break Ended::Interrupted,
            next = walk.next() => next,
        };
        match next {
            None => break Ended::Whole,
            Some(Err(error)) => break Ended::Failed(error),
            Some(Ok(found)) => {
                if progress.is_live() {
                    say_critical(&found, wanted, output);
                }
                findings.extend(found);
                progress.show(walk.counts(), survey.rate());
            }
        }
    };
    drop(progress);
    report.is_complete = matches!(ended, Ended::Whole);
    let walked = walk.finish();
    let is_missing = |one: &&Glob| !walked.names.iter().any(|name| one.matches(name));
    let missing = if report.is_complete {
        wanted.buckets.iter().filter(is_missing).map(ToString::to_string).collect()
    } else {
        Vec::new()
    };
    if report.is_complete {
        findings.extend(walked.logs_to_nowhere());
    }
    findings.extend(walked.guessable(&judge.account));
    let refused = survey.refused_everywhere();
    rules::without_refused(&mut findings, &refused);
    findings.extend(rules::of_refused(&judge.account, &refused));
    findings.retain(|finding| wanted.reports(finding));
    report.calls = survey.rate().calls;
    report.buckets = walked.counts;
    report.regions = walked.regions.iter().map(ToString::to_string).collect();
    report.set_findings(findings);
    let view = BaselineView { names: walked.names, unread: walked.unread };
    Ok((Audited { report, ended, missing }, view))
}

/// Reads what is the same for all buckets.
async fn begin(connection: &Connection, wanted: &Wanted) -> anyhow::Result<(Survey, AccountFacts)> {
    let caller = session::known(identity::identity(connection).await, connection)?;
    let survey = Survey::new(connection, caller.account.clone(), wanted.in_flight_max);
    let block = survey.account_block().await?;
    let multi_region = survey.multi_region().await?;
    let partition = caller.partition().to_owned();
    let account = AccountFacts { id: caller.account, partition, block, multi_region };
    Ok((survey, account))
}

/// What a baseline has to know of the buckets besides the findings.
#[derive(Debug)]
pub(crate) struct BaselineView {
    /// The names of all buckets.
    pub(crate) names: BTreeSet<String>,
    /// The names of those of which something could not be read.
    pub(crate) unread: BTreeSet<String>,
}

fn of_account(judge: &Judge, region: &Region) -> Vec<Finding> {
    let mode = judge.config.account_mode();
    let mut baseline = Baseline::of_account(mode);
    baseline.limit(Mode::Report);
    rules::of_account(&judge.account, region, &baseline)
}

/// Prints what is critical as soon as it is found, to a person who waits.
fn say_critical(findings: &[Finding], wanted: &Wanted, output: &Output) {
    let is_critical =
        |one: &&Finding| one.severity == Severity::Critical && one.status == Status::Fail;
    for one in findings.iter().filter(is_critical).filter(|one| wanted.reports(one)) {
        let words =
            format_args!("  {}  {}: {}", one.rule, one.resource.name, one.reasons.join("; "));
        output.say(TextLine::bad("critical").and(words));
    }
}

impl Judge {
    fn baseline(&self, facts: &BucketFacts) -> Baseline {
        let observed = &facts.observed;
        let mut wanted = self.config.baseline(&observed.id, &observed.tags, &self.context);
        // The tag with a grade is for those who use grades.
        wanted.needs_tags &= self.has_config;
        facts::baseline(wanted, observed, self.depth)
    }

    /// Reads and judges a bucket; `None` if it was deleted meanwhile.
    async fn audit(&self, survey: &Survey, id: BucketId) -> Result<Option<Seen>, AwsError> {
        let access_points = survey.access_points(&id.region).await?;
        let mut facts = BucketFacts::unread(id, &self.account);
        let mut baseline = self.baseline(&facts);
        loop {
            let ask = facts.questions(&baseline);
            if ask.is_empty() {
                break;
            }
            match survey.read(&facts.observed, &ask, &baseline).await? {
                BucketRead::Gone => return Ok(None),
                BucketRead::Bucket(observed, failed) => {
                    facts.observed = *observed;
                    // The id of a request is another one each time, and a finding's reasons are compared.
                    let cause = |error| AwsError { request_id: None, ..error }.to_string();
                    let failed = failed.into_iter().map(|(one, error)| (one, cause(error)));
                    facts.failed.extend(failed);
                }
            }
            facts.settle();
            baseline = self.baseline(&facts);
        }
        facts.key = survey.key(&facts.observed).await?;
        let around =
            Around { account: &self.account, access_points: &access_points, baseline: &baseline };
        let findings = rules::of_bucket(&facts, &around);
        let logs_to = facts.observed.access_logs.known().map(|logs| {
            let target = logs.target_bucket.clone();
            let finding = rules::log_target_gone(&facts.observed.id, &target, &baseline);
            (target, finding)
        });
        let is_read = findings.iter().all(|one| one.rule != Rule::Unreadable);
        let id = facts.observed.id;
        Ok(Some(Seen { id, findings, logs_to, is_read }))
    }

    /// What could not be read of a Region.
    async fn of_region(&self, survey: &Survey, region: &Region) -> Result<Vec<Finding>, AwsError> {
        let access_points = survey.access_points(region).await?;
        Ok(rules::of_region(&self.account, region, &access_points))
    }
}

/// What a walk over the buckets has seen.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) names: BTreeSet<String>,
    pub(super) unread: BTreeSet<String>,
    pub(super) regions: BTreeSet<Region>,
    pub(super) counts: BucketCounts,
    /// The buckets whose names say what they hold.
    telling: Vec<BucketId>,
    /// The targets of access logs that were not listed before.
    logs_to: Vec<(String, Finding)>,
}

impl Walked {
    fn logs_to_nowhere(&self) -> Vec<Finding> {
        let is_gone = |(target, _): &&(String, Finding)| !self.names.contains(target);
        self.logs_to.iter().filter(is_gone).map(|(_, finding)| finding.clone()).collect()
    }

    /// What the names of all buckets tell a stranger is known at the end.
    fn guessable(&self, account: &AccountFacts) -> Vec<Finding> {
        let names = self.names.iter().map(String::as_str);
        rules::of_names(&self.telling, &Known::of_buckets(names, account.id.to_string()))
    }

    fn add(&mut self, seen: Seen) -> Vec<Finding> {
        self.counts.audited += 1;
        if names::is_telling(seen.id.name.as_str()) {
            self.telling.push(seen.id.clone());
        }
        if !seen.is_read {
            self.unread.insert(seen.id.name.to_string());
        }
        if let Some(logs_to) = seen.logs_to.filter(|(target, _)| !self.names.contains(target)) {
            self.logs_to.push(logs_to);
        }
        seen.findings
    }
}
