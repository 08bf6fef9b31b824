//! What is tried on the canary: only what the deployed configuration enforces, and why the rest is skipped.

use s3guard_posture::config::NotificationConfig;
use s3guard_posture::evaluate::downgrade::{Fall, Sequence};
use s3guard_posture::model::change::Change;
use s3guard_posture::model::protection::Protection;
use s3guard_posture::model::setting::{Algorithm, Encryption, Ownership, SseC, Versioning};
use s3guard_posture::{Aspect, Baseline, BucketId, BucketName, Mode, Setting};
use time::OffsetDateTime;

use crate::operations::verify::report::VerifyStep;

/// The key of the canary's first object. A later one has another number.
pub(crate) const KEY: &str = "canary-1";
/// A longer window is not waited for.
const WINDOW_SECONDS_MAX: u32 = 15 * 60;
/// The names of the steps that change an object, and of the one that waits for the window.
pub(crate) const PUT: &str = "record: object put";
pub(crate) const OVERWRITE: &str = "record: object overwritten";
/// Why a step is skipped whose effect only the ledger shows.
const NO_LEDGER: &str = "not checked: no operator role, and the caller may not read the ledger";
/// Why a weakening is skipped with `--no-alarm`.
const ALARMING: &str = "with it, the guard would raise its critical alarm (`--no-alarm`)";
const DELETE: &str = "record: object deleted";
pub(crate) const DIGEST: &str = "publish: the digest of the window";
/// A setting that is made weaker than is wanted, by one call.
#[derive(Clone, Debug)]
pub(crate) struct Weakening {
    pub(crate) aspects: Vec<Aspect>,
    pub(crate) to: Setting,
}

/// All that is tried.
#[derive(Clone, Debug, Default)]
pub(crate) struct VerifyPlan {
    pub(crate) weakenings: Vec<Weakening>,
    /// The steps that change an object.
    pub(crate) changes: Vec<&'static str>,
    /// Whether to wait for the digest of the window.
    pub(crate) waits_for_window: bool,
    pub(crate) skipped: Vec<VerifyStep>,
}

impl VerifyPlan {
    /// The names of the steps that follow the first one, in their order.
    pub(crate) fn steps(&self) -> Vec<String> {
        let others = self.changes.iter().copied().chain(self.waits_for_window.then_some(DIGEST));
        self.weakenings.iter().map(Weakening::name).chain(others.map(str::to_owned)).collect()
    }

    /// The same without what only the ledger shows; the bucket's own settings show the rest.
    pub(crate) fn without_ledger(self) -> Self {
        let skipped = |step| VerifyStep::skipped(step, NO_LEDGER.to_owned());
        let skipped = self.steps().into_iter().map(skipped).collect();
        Self { skipped: [skipped, self.skipped].concat(), ..Self::default() }
    }

    /// The same without the weakenings that together are an alarm.
    pub(crate) fn without_alarm(mut self, bucket: &BucketName) -> Self {
        for weakening in std::mem::take(&mut self.weakenings) {
            self.weakenings.push(weakening);
            if self.is_alarm(bucket)
                && let Some(last) = self.weakenings.pop()
            {
                self.skipped.push(VerifyStep::skipped(last.name(), ALARMING.to_owned()));
            }
        }
        self
    }

    /// The protections that are switched off, as the guard counts them.
    pub(crate) fn protections(&self) -> Vec<Protection> {
        let aspects = self.weakenings.iter().flat_map(|weakening| &weakening.aspects);
        let of = |aspect: &Aspect| Protection::ALL.into_iter().find(|one| one.aspect() == *aspect);
        aspects.filter_map(of).collect()
    }

    /// Whether the guard takes the weakenings, by one caller, for the preparation of an attack.
    pub(crate) fn is_alarm(&self, bucket: &BucketName) -> bool {
        let fall = |protection| Fall {
            time: OffsetDateTime::UNIX_EPOCH,
            protection,
            principal: String::new(),
            event_id: None,
            was_on: true,
        };
        let falls = self.protections().into_iter().map(|one| (bucket.clone(), fall(one)));
        Sequence::of("", bucket, &falls.collect::<Vec<_>>()).is_some()
    }
}

impl Weakening {
    /// The name of its step.
    pub(crate) fn name(&self) -> String {
        let words: Vec<&str> = self.aspects.iter().map(|aspect| aspect.words()).collect();
        format!("remediate: {}", words.join(" and "))
    }
}

/// Plans what is tried on a bucket with this baseline.
pub(crate) fn plan(
    baseline: &Baseline,
    bucket: &BucketId,
    config: &NotificationConfig,
) -> VerifyPlan {
    let mut plan = VerifyPlan::default();
    let blocks_sse_c = baseline.mode(Aspect::SseC).enforces() && bucket.region.can_block_sse_c();
    let sse_s3 = Setting::Encryption(Some(Encryption {
        algorithm: Algorithm::SseS3,
        bucket_key: false,
        sse_c: if blocks_sse_c { SseC::Allowed } else { SseC::NotSaid },
    }));
    let suspended = Versioning { enabled: false, mfa_delete: false };
    let weaker = [
        (Aspect::PublicAccess, Setting::PublicAccessBlock(None)),
        (Aspect::Encryption, sse_s3.clone()),
        (Aspect::SseC, sse_s3),
        (Aspect::Tls, Setting::Policy(None)),
        (Aspect::Ownership, Setting::Ownership(Some(Ownership::BucketOwnerPreferred))),
        (Aspect::Versioning, Setting::Versioning(Some(suspended))),
        (Aspect::AccessLogs, Setting::AccessLogs(None)),
    ];
    for (aspect, to) in weaker {
        let why = why_not(baseline, aspect).or_else(|| why_not_weaker(baseline, bucket, aspect));
        match why {
            None => match plan.weakenings.iter_mut().find(|one| one.to.kind() == to.kind()) {
                Some(same) => same.aspects.push(aspect),
                None => plan.weakenings.push(Weakening { aspects: vec![aspect], to }),
            },
            Some(why) => {
                plan.skipped
                    .push(VerifyStep::skipped(format!("remediate: {}", aspect.words()), why));
            }
        }
    }
    let off = why_not(baseline, Aspect::Notifications);
    let deleted = match baseline.mode(Aspect::Versioning) {
        Mode::EnforceNew | Mode::Enforce => Change::DeleteMarkerCreated,
        Mode::Report | Mode::Off => Change::Deleted,
    };
    let created = Change::CreatedOrOverwritten;
    for (step, change) in [(PUT, created), (OVERWRITE, created), (DELETE, deleted)] {
        let is_wanted = config.objects.wants(bucket.name.as_str(), KEY, change);
        let unwanted = "s3guard.toml does not select these changes of its objects";
        match off.clone().or_else(|| (!is_wanted).then(|| unwanted.to_owned())) {
            None => plan.changes.push(step),
            Some(why) => plan.skipped.push(VerifyStep::skipped(step, why)),
        }
    }
    let window = config.window();
    if plan.changes.is_empty() {
        let why = "no change of an object is tried".to_owned();
        plan.skipped.push(VerifyStep::skipped(DIGEST, why));
    } else if window.seconds() > WINDOW_SECONDS_MAX {
        let why = format!("the window is {window}: its digest would come too late");
        plan.skipped.push(VerifyStep::skipped(DIGEST, why));
    } else {
        plan.waits_for_window = true;
    }
    plan
}

/// Why an aspect is not enforced, if it is not.
fn why_not(baseline: &Baseline, aspect: Aspect) -> Option<String> {
    if let Some(exempt) = baseline.exemptions.iter().find(|exempt| exempt.aspect == aspect) {
        return Some(format!("s3guard.toml exempts it: {}", exempt.reason));
    }
    match baseline.mode(aspect) {
        Mode::EnforceNew | Mode::Enforce => None,
        Mode::Report => Some("it is reported only (mode \"report\")".to_owned()),
        Mode::Off => Some("it is switched off (mode \"off\")".to_owned()),
    }
}

/// Why an aspect that is enforced cannot be weakened, if it cannot.
fn why_not_weaker(baseline: &Baseline, bucket: &BucketId, aspect: Aspect) -> Option<String> {
    let region = &bucket.region;
    if aspect == Aspect::Encryption && !baseline.grade.needs_key() {
        return Some("the grade requires the weakest setting".to_owned());
    }
    if aspect == Aspect::Encryption && baseline.key.is_none() {
        return Some(format!("no KMS key is configured for {region}"));
    }
    if aspect == Aspect::SseC && !region.can_block_sse_c() {
        return Some(format!("S3 in {region} cannot block SSE-C"));
    }
    let has_no_logs = aspect == Aspect::AccessLogs && baseline.log_bucket.is_none();
    has_no_logs.then(|| "the stack has no bucket for access logs".to_owned())
}

#[cfg(test)]
mod tests;
