//! Every value that each input of the judgement can have, as far as the judgement distinguishes values.

use super::super::*;
use crate::config::EvaluationContext;
use crate::model::destination::Destination;
use crate::model::observed::{DescribedKey, EncryptionHistory};
use crate::model::setting::{Expiry, ExpiryOf, Lifecycle, Replication, Retention};
use crate::{Age, CallContext, Config, Maker};

/// A key of the account that is not configured.
const ANOTHER: &str = "arn:aws:kms:eu-west-1:111122223333:key/another";
/// A key of another account.
const THEIRS: &str = "arn:aws:kms:eu-west-1:444455556666:key/theirs";

/// How an aspect is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stance {
    Off,
    Reported,
    /// `enforce-new`.
    HeldBack,
    /// `enforce`.
    Enforced,
    /// `enforce-new`, after a call that has changed it.
    Changed,
    /// `enforce-new`, in a bucket that was just created.
    New,
}

impl Stance {
    pub(super) const ALL: [Self; 6] =
        [Self::Off, Self::Reported, Self::HeldBack, Self::Enforced, Self::Changed, Self::New];
    /// Of what cannot be enforced.
    pub(super) const REPORTED: [Self; 2] = [Self::Off, Self::Reported];

    fn apply(self, baseline: &mut Baseline, aspect: Aspect) {
        let mode = match self {
            Self::Off => Mode::Off,
            Self::Reported => Mode::Report,
            Self::HeldBack | Self::Changed | Self::New => Mode::EnforceNew,
            Self::Enforced => Mode::Enforce,
        };
        baseline.set_mode(aspect, mode);
        if self == Self::Changed {
            baseline.call_context.changed.insert(aspect);
            baseline.call_context.exposes |= aspect == Aspect::PublicAccess;
        }
        if self == Self::New {
            baseline.call_context.age = Age::New;
        }
    }
}

/// The baseline of a grade that asks for nothing yet.
pub(super) fn nothing(grade: Grade) -> Baseline {
    only(existing(grade), &[])
}

/// The baseline that asks for these aspects alone.
pub(super) fn only(mut baseline: Baseline, aspects: &[Aspect]) -> Baseline {
    for aspect in Aspect::ALL.into_iter().filter(|aspect| !aspects.contains(aspect)) {
        baseline.set_mode(aspect, Mode::Off);
    }
    baseline
}

/// Each baseline with each combination of stances.
pub(super) fn with(
    bases: impl IntoIterator<Item = Baseline>,
    asked: &[(Aspect, &[Stance])],
) -> Vec<Baseline> {
    let mut baselines: Vec<Baseline> = bases.into_iter().collect();
    for (aspect, stances) in asked {
        let each = |base: &Baseline| {
            let with = |stance: &Stance| {
                let mut baseline = base.clone();
                stance.apply(&mut baseline, *aspect);
                baseline
            };
            stances.iter().map(with).collect::<Vec<_>>()
        };
        baselines = baselines.iter().flat_map(each).collect();
    }
    baselines
}

/// The contexts of calls, but for what was changed.
pub(super) fn call_contexts() -> Vec<CallContext> {
    let makers = [Maker::Unknown, Maker::CloudFormation, Maker::Another];
    let call_context = |maker| {
        [false, true].map(|has_waited| CallContext { maker, has_waited, ..CallContext::default() })
    };
    makers.into_iter().flat_map(call_context).collect()
}

/// The baseline of the stack's own buckets.
pub(super) fn own_bucket() -> Baseline {
    let today = NOW.date();
    let context =
        EvaluationContext { own_buckets: vec![id().name], ..EvaluationContext::new(today) };
    let baseline = Config::default().baseline(&id(), &Reading::Unread, &context);
    assert_eq!(baseline.grade_reason, "the stack's own bucket");
    baseline
}

/// The histories that matter to these aspects, and to the settings that remediate them.
pub(super) fn histories(aspects: &[Aspect]) -> Vec<Observed> {
    let until = NOW.date();
    let mut known = vec![History::default()];
    // Every set of what is undone.
    for set in 1..1_u32 << aspects.len() {
        let is_in = |index: &usize| set & (1 << index) != 0;
        let of = (0..aspects.len()).filter(is_in).map(|index| (aspects[index], until));
        known.push(History { suppressed: of.collect(), ..History::default() });
    }
    if aspects.contains(&Aspect::Encryption) {
        known.extend(encryption_histories());
    }
    let mut kinds: Vec<SettingKind> = aspects.iter().filter_map(|a| a.setting()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        known.push(History { stopped: [kind].into(), ..History::default() });
        let writes = crate::model::baseline::WRITES_MAX;
        known.push(History { writes: [(kind, writes)].into(), ..History::default() });
        known.push(History { writes: [(kind, writes - 1)].into(), ..History::default() });
    }
    if !aspects.is_empty() {
        known.extend(occasions());
    }
    readings(known, |observed, reading| observed.history = reading)
}

/// What a bucket with a key of another account may have had before.
fn encryption_histories() -> Vec<History> {
    let of = |algorithm| Encryption { algorithm, bucket_key: true, sse_c: SseC::Allowed };
    let [plain, ours, theirs] = [
        of(Algorithm::SseS3),
        of(Algorithm::Kms(Key::Named(KEY.to_owned()))),
        of(Algorithm::Kms(Key::Named(THEIRS.to_owned()))),
    ];
    let history = |first: Option<&Encryption>, existed, latest: &[&Encryption]| History {
        encryption: EncryptionHistory {
            first: first.cloned(),
            existed,
            latest: latest.iter().map(|one| (*one).clone()).collect(),
        },
        ..History::default()
    };
    vec![
        history(Some(&theirs), true, &[&theirs]),
        history(Some(&theirs), false, &[&theirs, &plain]),
        history(Some(&plain), true, &[&theirs, &ours]),
    ]
}

/// What the state of a bucket says about what it was like.
fn occasions() -> Vec<History> {
    let of = |change: &dyn Fn(&mut History)| {
        let mut history = History::default();
        change(&mut history);
        history
    };
    vec![
        of(&|history| history.is_new = true),
        of(&|history| history.owed = Aspect::ALL.into()),
        of(&|history| {
            history.before = earlier(true);
            history.was_public = Some(false);
        }),
        of(&|history| {
            history.before = earlier(false);
            history.was_public = Some(true);
        }),
        of(&|history| {
            history.before = earlier(false);
            history.was_public = Some(false);
            history.known_since = Some(NOW - time::Duration::DAY);
        }),
    ]
}

/// The settings that were read last: all of them right at every grade, or all of them weak.
fn earlier(is_strong: bool) -> std::collections::BTreeMap<SettingKind, Setting> {
    let strong = safe(Grade::Security);
    let mut weak = Observed::new_bucket(id());
    weak.set(&Setting::PublicAccessBlock(None));
    weak.set(&Setting::Ownership(Some(Ownership::ObjectWriter)));
    weak.set(&Setting::Encryption(Some(sse_s3(SseC::Allowed))));
    let mut of = if is_strong { strong } else { weak };
    if is_strong {
        of.set(&Setting::AccountPublicAccessBlock(Some(PublicAccessBlock::ALL)));
    }
    SettingKind::ALL.into_iter().filter_map(|kind| Some((kind, of.setting(kind)?))).collect()
}

/// All answers to a question, each as a bucket of which just this is known.
pub(super) fn answers(question: Question) -> Vec<Observed> {
    match question {
        Question::Encryption => readings(encryptions(), |o, reading| o.encryption = reading),
        Question::PublicAccessBlock => {
            readings(blocks(), |o, reading| o.public_access_block = reading)
        }
        Question::AccountBlock => readings(blocks(), |o, reading| o.account_block = reading),
        Question::Policy => readings(policies(), |o, reading| o.policy = reading),
        Question::PolicyStatus => {
            readings(vec![false, true], |o, reading| o.policy_is_public = reading)
        }
        Question::Acl => readings(acls(), |o, reading| o.acl = reading),
        Question::Website => readings(vec![()], |o, reading| o.website = reading),
        Question::Ownership => readings(
            vec![
                Ownership::BucketOwnerEnforced,
                Ownership::BucketOwnerPreferred,
                Ownership::ObjectWriter,
            ],
            |o, reading| o.ownership = reading,
        ),
        Question::Versioning => {
            let of = |[enabled, mfa_delete]: [bool; 2]| Versioning { enabled, mfa_delete };
            readings(switches().map(of).collect(), |o, reading| o.versioning = reading)
        }
        Question::AccessLogs => {
            let to = |bucket: &str, prefix: &str| AccessLogs {
                target_bucket: bucket.to_owned(),
                target_prefix: prefix.to_owned(),
            };
            let all = vec![to("theirs", ""), to("our-logs", "access/reports/")];
            readings(all, |o, reading| o.access_logs = reading)
        }
        Question::Notifications => {
            readings(notifications(), |o, reading| o.notifications = reading)
        }
        Question::Tags => {
            let tag = |name: &str| [(name.to_owned(), "arn".to_owned())].into();
            readings(vec![tag("team"), tag(STACK_TAG)], |o, reading| o.tags = reading)
        }
        Question::Replication => {
            let to = |account, without_kms| {
                let own = "111122223333".parse().unwrap();
                let copy = Destination::new("arn:aws:s3:::copies", Some(account), &own);
                Replication { destinations: [copy].into(), without_kms }
            };
            let all = vec![to("111122223333", false), to("444455556666", true)];
            readings(all, |o, reading| o.replication = reading)
        }
        Question::Lifecycle => {
            let after = |days: Option<u32>| {
                Lifecycle::new(days.map(|days| Expiry::after(ExpiryOf::Objects, days)))
            };
            let all = [None, Some(0), Some(7), Some(8)].map(after);
            readings(all.into(), |o, reading| o.lifecycle = reading)
        }
        Question::ObjectLock => {
            let retention = Retention { compliance: false, days: 1 };
            readings(vec![retention], |o, reading| o.object_lock = reading)
        }
        Question::Key => readings(
            vec![KeyState::Usable, KeyState::Unusable("it is disabled".to_owned())],
            |o, reading| o.key = reading,
        ),
        Question::BucketKey => {
            let of = |is_aws_managed| DescribedKey { arn: ANOTHER.to_owned(), is_aws_managed };
            readings(vec![of(false), of(true)], |o, reading| o.bucket_key = reading)
        }
        Question::Stack => readings(vec![false, true], |o, reading| o.stack_in_progress = reading),
        Question::History => histories(&Aspect::ALL[..4]),
    }
}

fn readings<T>(known: Vec<T>, set: impl Fn(&mut Observed, Reading<T>)) -> Vec<Observed> {
    let all =
        [Reading::Absent, Reading::Denied].into_iter().chain(known.into_iter().map(Reading::Known));
    all.map(|reading| {
        let mut observed = Observed::unread(id());
        set(&mut observed, reading);
        observed
    })
    .collect()
}

/// Every way in which so many switches can be.
fn switches<const N: usize>() -> impl Iterator<Item = [bool; N]> {
    (0..1_usize << N).map(|bits| std::array::from_fn(|switch| bits & (1 << switch) != 0))
}

pub(super) fn blocks() -> Vec<PublicAccessBlock> {
    let of = |[acls, ignored, policies, restricted]: [bool; 4]| PublicAccessBlock {
        block_public_acls: acls,
        ignore_public_acls: ignored,
        block_public_policy: policies,
        restrict_public_buckets: restricted,
    };
    switches().map(of).collect()
}

fn encryptions() -> Vec<Encryption> {
    let keys = [
        Key::AwsManaged,
        Key::Named(KEY.to_owned()),
        Key::Named(ANOTHER.to_owned()),
        Key::Named(THEIRS.to_owned()),
    ];
    let mut algorithms =
        vec![Algorithm::SseS3, Algorithm::NotSaid, Algorithm::Other("aws:fsx".to_owned())];
    algorithms.extend(keys.iter().cloned().map(Algorithm::Kms));
    algorithms.extend(keys.into_iter().map(Algorithm::Dsse));
    let mut all = Vec::new();
    for algorithm in algorithms {
        for bucket_key in [false, true] {
            for sse_c in [SseC::Blocked, SseC::Allowed, SseC::NotSaid] {
                all.push(Encryption { algorithm: algorithm.clone(), bucket_key, sse_c });
            }
        }
    }
    all
}

/// Each grantee counts as another one.
fn acls() -> Vec<Acl> {
    let of = |[is_public, admits_log_delivery, others]: [bool; 3]| Acl {
        is_public,
        admits_log_delivery,
        grants_others: is_public || admits_log_delivery || others,
        public_writes: false,
    };
    let mut all: Vec<Acl> = Vec::new();
    for acl in switches().map(of) {
        if !all.contains(&acl) {
            all.push(acl);
        }
    }
    all
}

/// Policies by whom they let in, and by how they ask for TLS.
fn policies() -> Vec<Policy> {
    let allow = |principal: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":{principal},"Action":"s3:GetObject","Resource":"*"}}"#
        )
    };
    let deny = |condition: &str, resource: &str| {
        format!(
            r#"{{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":{resource},"Condition":{condition}}}"#
        )
    };
    let both = r#"["arn:aws:s3:::reports","arn:aws:s3:::reports/*"]"#;
    let (http, old) = (
        r#"{"Bool":{"aws:SecureTransport":"false"}}"#,
        r#"{"NumericLessThan":{"s3:TlsVersion":"1.2"}}"#,
    );
    let admitted = [
        None,
        Some(allow("\"*\"")),
        Some(allow(r#"{"AWS":"arn:aws:iam::444455556666:root"}"#)),
        Some(allow(r#"{"AWS":"arn:aws:iam::111122223333:role/app"}"#)),
        Some(allow(r#"{"Service":"logging.s3.amazonaws.com"}"#)),
    ];
    let denied = [
        vec![],
        vec![deny(http, both)],
        vec![deny(r#"{"BoolIfExists":{"AWS:securetransport":[false]}}"#, "\"*\"")],
        vec![deny(old, both)],
        vec![deny(http, both), deny(old, both)],
        // Of the objects alone.
        vec![deny(http, r#""arn:aws:s3:::reports/*""#)],
        // Of ours nothing but the name.
        vec![r#"{"Sid":"S3GuardTlsOnly","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}"#.to_owned()],
    ];
    let mut all = Vec::new();
    for admitted in admitted {
        for denied in &denied {
            let statements: Vec<&str> = admitted.iter().chain(denied).map(String::as_str).collect();
            let text = format!(r#"{{"Statement":[{}]}}"#, statements.join(","));
            all.push(Policy::new(text));
        }
    }
    let large =
        allow("\"*\"").replace("Allow\"", &format!("Allow\",\"Sid\":\"{}\"", "x".repeat(20_300)));
    all.extend([large, "{}".to_owned(), "no policy at all".to_owned()].map(Policy::new));
    all
}

fn notifications() -> Vec<Notifications> {
    let names = ["TopicConfiguration", "EventBridgeConfiguration", "NewConfiguration"];
    let of = |has: [bool; 3]| {
        let elements = names.into_iter().zip(has).filter(|(_, has)| *has).map(|(name, _)| name);
        let elements: Vec<String> = elements.map(str::to_owned).collect();
        let inner: Vec<String> = elements.iter().map(|e| format!("<{e}>x</{e}>")).collect();
        let inner = inner.concat();
        let xml = format!("<NotificationConfiguration>{inner}</NotificationConfiguration>");
        Notifications { xml, elements }
    };
    let strange = Notifications { xml: "<Other>".to_owned(), elements: Vec::new() };
    switches().map(of).chain([strange]).collect()
}
