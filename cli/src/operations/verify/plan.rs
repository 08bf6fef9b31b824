//! What is tried on the canary: only what the deployed configuration keeps, and why the rest is left out.

use s3guard_posture::config::Notifications;
use s3guard_posture::model::change::Change;
use s3guard_posture::model::setting::{Algorithm, Encryption, Ownership, SseC, Versioning};
use s3guard_posture::{Aspect, Baseline, BucketId, Mode, Setting};

/// The key of the canary's first object. A later one has another number.
pub(crate) const KEY: &str = "canary-1";
/// A longer window is not waited for.
pub(crate) const WINDOW_SECONDS_MAX: u32 = 15 * 60;
/// Aspects that are weakened, in the order in which it is done.
const WEAKENED: [Aspect; 7] = [
    Aspect::PublicAccess,
    Aspect::Encryption,
    Aspect::SseC,
    Aspect::Tls,
    Aspect::Ownership,
    Aspect::Versioning,
    Aspect::AccessLogs,
];

/// A setting that is made weaker than is wanted, by one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Weakening {
    /// What it weakens.
    pub(crate) aspects: Vec<Aspect>,
    /// To what it is set.
    pub(crate) to: Setting,
}

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
    Put,
    Overwrite,
    Delete,
}

/// What is not tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Skipped {
    pub(crate) step: String,
    pub(crate) why: String,
}

/// All that is tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) weakenings: Vec<Weakening>,
    pub(crate) deeds: Vec<Deed>,
    /// Whether it is waited until the window of the deeds is told.
    pub(crate) waits_for_window: bool,
    pub(crate) skipped: Vec<Skipped>,
}

impl Plan {
    /// The names of the steps that follow the first one, in their order.
    pub(crate) fn steps(&self) -> Vec<String> {
        let weakenings = self.weakenings.iter().map(Weakening::name);
        let deeds = self.deeds.iter().map(|deed| deed.name().to_owned());
        weakenings.chain(deeds).chain(self.waits_for_window.then(|| TOLD.to_owned())).collect()
    }
}

impl Weakening {
    /// Its name, as steps have it.
    pub(crate) fn name(&self) -> String {
        let words: Vec<&str> = self.aspects.iter().map(|aspect| aspect.words()).collect();
        format!("mend: {}", words.join(" and "))
    }
}

impl Deed {
    const ALL: [Self; 3] = [Self::Put, Self::Overwrite, Self::Delete];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Put => "gather: object put",
            Self::Overwrite => "gather: object overwritten",
            Self::Delete => "gather: object deleted",
        }
    }

    /// The change as S3 tells it. Without versions a deletion is for good.
    pub(crate) const fn change(self, has_versions: bool) -> Change {
        match self {
            Self::Put | Self::Overwrite => Change::CreatedOrOverwritten,
            Self::Delete if has_versions => Change::DeleteMarkerCreated,
            Self::Delete => Change::Deleted,
        }
    }
}

/// The name of the step that waits for the window.
pub(crate) const TOLD: &str = "tell: the window's digest";

/// Plans what is tried on a bucket that is held to this.
pub(crate) fn plan(baseline: &Baseline, bucket: &BucketId, tells: &Notifications) -> Plan {
    let mut plan = Plan::default();
    for aspect in WEAKENED {
        let to = match why_not(baseline, aspect) {
            None => weaker(baseline, bucket, aspect),
            Some(why) => Err(why),
        };
        match to {
            Ok(to) => match plan.weakenings.iter_mut().find(|one| one.to.kind() == to.kind()) {
                Some(same) => same.aspects.push(aspect),
                None => plan.weakenings.push(Weakening { aspects: vec![aspect], to }),
            },
            Err(why) => {
                let step = format!("mend: {}", aspect.words());
                plan.skipped.push(Skipped { step, why });
            }
        }
    }
    objects(baseline, bucket, tells, &mut plan);
    plan
}

fn objects(baseline: &Baseline, bucket: &BucketId, tells: &Notifications, plan: &mut Plan) {
    let off = why_not(baseline, Aspect::Notifications);
    let has_versions = baseline.mode(Aspect::Versioning) == Mode::Keep;
    for deed in Deed::ALL {
        let change = deed.change(has_versions);
        let unwanted = "s3guard.toml selects no such changes of its objects";
        let is_wanted = tells.objects.wants(bucket.name.as_str(), KEY, change);
        match off.clone().or_else(|| (!is_wanted).then(|| unwanted.to_owned())) {
            None => plan.deeds.push(deed),
            Some(why) => plan.skipped.push(Skipped { step: deed.name().to_owned(), why }),
        }
    }
    let window = tells.window();
    let why = if plan.deeds.is_empty() {
        "no change of its objects is tried".to_owned()
    } else if window.seconds() > WINDOW_SECONDS_MAX {
        format!("changes of objects are told at the end of a window of {window}")
    } else {
        plan.waits_for_window = true;
        return;
    };
    plan.skipped.push(Skipped { step: TOLD.to_owned(), why });
}

/// Why an aspect is not kept, if it is not.
fn why_not(baseline: &Baseline, aspect: Aspect) -> Option<String> {
    if let Some(exempt) = baseline.exemptions.iter().find(|exempt| exempt.aspect == aspect) {
        return Some(format!("s3guard.toml exempts it: {}", exempt.reason));
    }
    match baseline.mode(aspect) {
        Mode::Keep => None,
        Mode::Report => Some("it is only told of, not kept".to_owned()),
        Mode::Off => Some("it is not kept".to_owned()),
    }
}

/// What is weaker than what is kept, or why nothing is.
fn weaker(baseline: &Baseline, bucket: &BucketId, aspect: Aspect) -> Result<Setting, String> {
    let keeps_sse_c = baseline.mode(Aspect::SseC) == Mode::Keep && bucket.region.can_block_sse_c();
    let plain = Setting::Encryption(Some(Encryption {
        algorithm: Algorithm::SseS3,
        bucket_key: false,
        sse_c: if keeps_sse_c { SseC::Allowed } else { SseC::NotSaid },
    }));
    match aspect {
        Aspect::Encryption if !baseline.grade.needs_key() => {
            Err("nothing weaker exists than what the grade asks for".to_owned())
        }
        Aspect::Encryption if baseline.key.is_none() => {
            Err(format!("no KMS key is configured for {}", bucket.region))
        }
        Aspect::SseC if !keeps_sse_c => Err(format!("S3 in {} cannot block it", bucket.region)),
        Aspect::Encryption | Aspect::SseC => Ok(plain),
        Aspect::PublicAccess => Ok(Setting::PublicAccessBlock(None)),
        Aspect::Tls => Ok(Setting::Policy(None)),
        Aspect::Ownership => Ok(Setting::Ownership(Some(Ownership::BucketOwnerPreferred))),
        Aspect::Versioning => {
            Ok(Setting::Versioning(Some(Versioning { enabled: false, mfa_delete: false })))
        }
        Aspect::AccessLogs if baseline.log_bucket.is_none() => {
            Err("the stack has no bucket for access logs".to_owned())
        }
        Aspect::AccessLogs => Ok(Setting::AccessLogs(None)),
        Aspect::Notifications
        | Aspect::Policy
        | Aspect::Acl
        | Aspect::Replication
        | Aspect::Lifecycle
        | Aspect::ObjectLock
        | Aspect::AccountPublicAccess => Err("it is not weakened here".to_owned()),
    }
}

#[cfg(test)]
mod tests;
