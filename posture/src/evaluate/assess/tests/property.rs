//! What holds of every bucket.

use std::collections::BTreeSet;
use std::fmt;

use proptest::prelude::*;

use super::*;
use crate::Maker;
use crate::reconcile::memory::Step;

fn readings<T: Clone + fmt::Debug + 'static>(
    known: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Reading<T>> {
    prop_oneof![4 => known.prop_map(Reading::Known), 1 => Just(Reading::Absent), 1 => Just(Reading::Denied)]
}

fn any_encryption() -> impl Strategy<Value = Encryption> {
    let key = || {
        prop_oneof![
            Just(Key::AwsManaged),
            Just(Key::Named(KEY.to_owned())),
            Just(Key::Named("arn:aws:kms:eu-west-1:444455556666:key/theirs".to_owned()))
        ]
    };
    let algorithm = prop_oneof![
        Just(Algorithm::SseS3),
        key().prop_map(Algorithm::Kms),
        key().prop_map(Algorithm::Dsse),
        Just(Algorithm::Other("aws:fsx".to_owned()))
    ];
    let sse_c = prop_oneof![Just(SseC::Blocked), Just(SseC::Allowed), Just(SseC::NotSaid)];
    (algorithm, any::<bool>(), sse_c).prop_map(|(algorithm, bucket_key, sse_c)| Encryption {
        algorithm,
        bucket_key,
        sse_c,
    })
}

fn any_block() -> impl Strategy<Value = PublicAccessBlock> {
    any::<[bool; 4]>().prop_map(|[a, b, c, d]| PublicAccessBlock {
        block_public_acls: a,
        ignore_public_acls: b,
        block_public_policy: c,
        restrict_public_buckets: d,
    })
}

fn any_policy() -> impl Strategy<Value = Policy> {
    let statement = prop_oneof![
        Just(r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}"#),
        Just(
            r#"{"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"*"}"#
        ),
        Just(
            r#"{"Sid":"S3GuardTlsOnly","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:*","Resource":"*"}"#
        ),
        Just(
            r#"{"Effect":"Deny","Principal":"*","Action":["s3:*"],"Resource":["arn:aws:s3:::reports","arn:aws:s3:::reports/*"],"Condition":{"Bool":{"aws:SecureTransport":["false"]}}}"#
        ),
        Just(r#"{"Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket","Resource":"*"}"#),
    ];
    prop_oneof![
        4 => prop::collection::vec(statement.clone(), 0..4).prop_map(|all| Policy::new(format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, all.join(",")))),
        2 => statement.prop_map(|one| Policy::new(format!(r#"{{"Statement":{one}}}"#))),
        1 => Just(Policy::new("no policy at all")),
    ]
}

fn any_notifications() -> impl Strategy<Value = Notifications> {
    let element = prop::sample::select(vec!["TopicConfiguration", "QueueConfiguration", "New"]);
    (prop::collection::vec(element, 0..3), any::<bool>()).prop_map(|(mut elements, bridge)| {
        elements.extend(bridge.then_some("EventBridgeConfiguration"));
        let inner: Vec<String> = elements.iter().map(|e| format!("<{e}>x</{e}>")).collect();
        let inner = inner.concat();
        Notifications {
            xml: format!("<NotificationConfiguration>{inner}</NotificationConfiguration>"),
            elements: elements.into_iter().map(str::to_owned).collect(),
        }
    })
}

fn any_observed() -> impl Strategy<Value = Observed> {
    let region = prop::sample::select(vec!["eu-west-1", "us-east-1", "me-south-1"]);
    let ownership = prop::sample::select(vec![
        Ownership::BucketOwnerEnforced,
        Ownership::BucketOwnerPreferred,
        Ownership::ObjectWriter,
    ]);
    let acl = any::<[bool; 3]>().prop_map(|[p, l, o]| Acl {
        is_public: p,
        admits_log_delivery: l,
        grants_others: p || l || o,
        public_writes: false,
    });
    let versioning =
        any::<[bool; 2]>().prop_map(|[enabled, mfa_delete]| Versioning { enabled, mfa_delete });
    let logs =
        Just(AccessLogs { target_bucket: "theirs".to_owned(), target_prefix: String::new() });
    let stack = Just([("aws:cloudformation:stack-id".to_owned(), "arn".to_owned())].into());
    let key =
        prop_oneof![Just(KeyState::Usable), Just(KeyState::Unusable("it is disabled".into()))];
    (
        (region, readings(any_encryption()), readings(any_block()), readings(any_block())),
        (readings(any_policy()), readings(any::<bool>()), readings(acl), readings(Just(()))),
        (readings(ownership), readings(versioning), readings(logs), readings(any_notifications())),
        (readings(stack), readings(any::<bool>()), readings(key)),
    )
        .prop_map(|((region, e, b, ab), (p, pp, acl, w), (o, v, l, n), (t, s, k))| Observed {
            id: in_region(region),
            encryption: e,
            public_access_block: b,
            account_block: ab,
            // A policy that is not there is not public.
            policy_is_public: if p == Reading::Absent { Reading::Absent } else { pp },
            policy: p,
            acl,
            website: w,
            ownership: o,
            versioning: v,
            access_logs: l,
            notifications: n,
            tags: t,
            stack_in_progress: s,
            key: k,
            ..Observed::new_bucket(id())
        })
}

fn any_baseline() -> impl Strategy<Value = Baseline> {
    let modes = prop::collection::vec(prop::sample::select(Mode::ALL.to_vec()), Aspect::ALL.len());
    let grade = prop::sample::select(Grade::ALL.to_vec());
    let makers = [Maker::Unknown, Maker::CloudFormation, Maker::Another];
    let maker = prop::sample::select(makers.to_vec());
    let some = || {
        let aspects = [Aspect::PublicAccess, Aspect::Ownership, Aspect::SseC, Aspect::Tls];
        prop::sample::subsequence(aspects.to_vec(), 0..=4).prop_map(BTreeSet::from_iter)
    };
    let has = any::<[bool; 2]>();
    (grade, prop::option::of(modes), maker, has, some(), some()).prop_map(
        |(grade, modes, maker, [has_key, has_waited], changed, enforced): (
            _,
            _,
            _,
            _,
            _,
            BTreeSet<_>,
        )| {
            let mut baseline = baseline(grade);
            baseline.key = baseline.key.filter(|_| has_key);
            baseline.call_context =
                crate::CallContext { maker, has_waited, changed, ..crate::CallContext::default() };
            for (aspect, mode) in Aspect::ALL.into_iter().zip(modes.into_iter().flatten()) {
                baseline.set_mode(aspect, mode);
            }
            for aspect in enforced {
                baseline.set_mode(aspect, Mode::Enforce);
            }
            baseline
        },
    )
}

/// Whether the bucket has a key of another account.
pub(super) fn is_foreign_key(observed: &Observed) -> bool {
    let key = observed.encryption.known().and_then(|encryption| encryption.algorithm.key());
    key.is_some_and(|key| matches!(key.owner(&observed.id.account), KeyOwner::Another(_)))
}

/// The ways in which a bucket is weaker than before.
pub(super) fn weakened(before: &Observed, after: &Observed) -> Vec<&'static str> {
    let strength = |o: &Observed| match o.encryption.known()?.algorithm {
        // A key of another account protects nothing from it.
        _ if is_foreign_key(o) => None,
        Algorithm::SseS3 | Algorithm::NotSaid => Some(1),
        Algorithm::Kms(_) => Some(2),
        Algorithm::Dsse(_) => Some(3),
        Algorithm::Other(_) => None,
    };
    let switches = |o: &Observed| {
        o.public_access_block.known().map_or([false; 4], |b| b.switches().map(|(_, on)| on))
    };
    let blocked = |o: &Observed| o.encryption.known().is_some_and(|e| e.sse_c == SseC::Blocked);
    let named = |o: &Observed| match o.encryption.known().and_then(|e| e.algorithm.key()) {
        Some(key @ Key::Named(name)) => {
            let is_aws = o.bucket_key.known().is_some_and(|key| key.is_aws_managed)
                || key.owner(&o.id.account) == KeyOwner::Aws;
            (!is_aws && !is_foreign_key(o)).then(|| name.clone())
        }
        Some(Key::AwsManaged) | None => None,
    };
    let denied = |o: &Observed| {
        let document = o.policy.known().and_then(Policy::document);
        [tls::Denied::PlainHttp, tls::Denied::OldTls]
            .map(|what| document.is_some_and(|document| tls::denies(document, what, &o.id)))
    };
    let elements = |o: &Observed| o.notifications.known().map(|n| n.elements.clone());
    let kept = |o: &Observed| o.versioning.known().is_some_and(|v| v.enabled);
    let enforced = |o: &Observed| o.ownership.known() == Some(&Ownership::BucketOwnerEnforced);
    let lost = |was: bool, is: bool| was && !is;
    let any_lost = |was: &[bool], is: &[bool]| was.iter().zip(is).any(|(was, is)| lost(*was, *is));
    let checks = [
        ("encryption", strength(after) < strength(before)),
        ("block", any_lost(&switches(before), &switches(after))),
        ("sse-c", lost(blocked(before), blocked(after))),
        ("key", named(before).is_some() && named(after) != named(before)),
        ("foreign key", is_foreign_key(after) && after.encryption != before.encryption),
        ("tls", any_lost(&denied(before), &denied(after))),
        (
            "notifications",
            elements(before)
                .is_some_and(|was| !elements(after).unwrap_or_default().starts_with(&was)),
        ),
        ("versioning", lost(kept(before), kept(after))),
        ("ownership", lost(enforced(before), enforced(after))),
        (
            "access logs",
            before.access_logs.known().is_some() && before.access_logs != after.access_logs,
        ),
    ];
    checks.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect()
}

/// What a policy says besides our own statements, in its order.
pub(super) fn foreign(observed: &Observed) -> Vec<serde_json::Value> {
    let Some(document) = observed.policy.known().and_then(Policy::document) else {
        return Vec::new();
    };
    let one = &document["Statement"];
    let statements = one.as_array().cloned().unwrap_or_else(|| vec![one.clone()]);
    let is_ours = |sid: &serde_json::Value| sid == "S3GuardTlsOnly" || sid == "S3GuardTls12";
    let is_foreign = |one: &serde_json::Value| !one.is_null() && !is_ours(&one["Sid"]);
    statements.into_iter().filter(is_foreign).collect()
}

proptest! {
    #[test]
    fn carried_out_once_nothing_is_left_to_do_and_nothing_is_weaker(
        before in any_observed(), wanted in any_baseline(),
    ) {
        let bucket = MemoryBucket::new(before.clone());
        let baseline = |_: &Observed| wanted.clone();
        let first = now(inspect(&bucket, &before.id, &baseline)).unwrap().unwrap();
        prop_assert_eq!(questions(&first.observed, &wanted), []);
        let asked: Vec<Question> = bucket.take_steps().into_iter().flat_map(|step| match step {
            Step::Read(questions) => questions,
            Step::Wrote(_) | Step::Kept(_) => Vec::new(),
        }).collect();
        let mut once = BTreeSet::new();
        let twice: Vec<Question> = asked.iter().copied().filter(|ask| !once.insert(*ask)).collect();
        let settings = SettingKind::ALL.map(SettingKind::question);
        let is_setting = twice.iter().all(|ask| settings.contains(ask));
        prop_assert!(is_setting, "only what may be written is asked twice: {:?}", asked);

        let outcome = now(carry_out(&bucket, &first, &baseline, &Trigger::Sweep, || NOW));
        let mut done: Vec<&Action> = outcome.done.iter().map(|(action, _)| action).collect();
        done.sort_by_key(|action| action.kind());
        prop_assert_eq!(done, first.plan.actions.iter().collect::<Vec<_>>());
        for (_, record) in &outcome.done {
            prop_assert_eq!(record.state, crate::reconcile::record::State::Verified);
        }
        let after = bucket.truth();
        prop_assert_eq!(weakened(&before, &after), Vec::<&str>::new(), "{:#?}", after);
        prop_assert_eq!(foreign(&before), foreign(&after));

        let second = now(inspect(&bucket, &before.id, &baseline)).unwrap().unwrap();
        prop_assert_eq!(second.plan.actions, []);
    }

    #[test]
    fn a_sweep_breaks_no_access(before in any_observed(), mut wanted in any_baseline()) {
        // Only the grade asks for it, and there was no call.
        let modes = Aspect::ALL.map(|aspect| (aspect, wanted.mode(aspect)));
        let mut swept = baseline(wanted.grade);
        (swept.key, swept.call_context) = (wanted.key.take(), Trigger::Sweep.call_context(u32::from(wanted.call_context.has_waited), &id().region));
        for (aspect, mode) in modes {
            swept.set_mode(aspect, mode.min(Mode::EnforceNew));
        }
        let bucket = MemoryBucket::new(before.clone());
        guard(&bucket, &swept);
        let after = bucket.truth();

        let is_enforced = before.ownership.known() == Some(&Ownership::BucketOwnerEnforced);
        let blocked = |o: &Observed| o.public_access_block.known().copied().unwrap_or_default();
        let of_account = before.account_block.known().copied().unwrap_or_default();
        let (was, is) = (blocked(&before), blocked(&after));
        if !is_enforced {
            prop_assert_eq!(&after.ownership, &before.ownership);
            if !was.or(of_account).ignore_public_acls {
                prop_assert!(!is.ignore_public_acls, "{:?}", is);
            }
            if !was.or(of_account).block_public_acls {
                prop_assert!(!is.block_public_acls, "{:?}", is);
            }
        }
        let is_of_stack = before.tags.known().is_some_and(|tags| tags.contains_key(STACK_TAG));
        if is_of_stack && before.policy == Reading::Absent {
            prop_assert_eq!(&after.policy, &before.policy);
        }
        let takes_sse_c = |o: &Observed| o.encryption.known().is_none_or(|e| e.sse_c != SseC::Blocked);
        prop_assert_eq!(takes_sse_c(&before), takes_sse_c(&after));
    }

    #[test]
    fn a_setting_that_may_not_be_read_is_never_changed(
        before in any_observed(), wanted in any_baseline(),
    ) {
        let bucket = MemoryBucket::new(before.clone());
        guard(&bucket, &wanted);
        let after = bucket.truth();
        for kind in SettingKind::ALL {
            if before.setting(kind).is_none() {
                prop_assert!(after.setting(kind).is_none(), "{:?}", kind);
            }
        }
    }

    #[test]
    fn the_same_event_again_in_any_order_gives_the_same_bucket(
        before in any_observed(),
        wanted in any_baseline(),
        touched in prop::collection::vec(prop::sample::select(Aspect::ALL.to_vec()), 1..6),
    ) {
        // Each look sees only what its event touched, as far as it is only reported; the last one sees all.
        let once = MemoryBucket::new(before.clone());
        guard(&once, &wanted);
        let often = MemoryBucket::new(before);
        for aspect in touched {
            let mut part = wanted.clone();
            for other in Aspect::ALL {
                if other != aspect && part.mode(other) == Mode::Report {
                    part.set_mode(other, Mode::Off);
                }
            }
            guard(&often, &part);
        }
        guard(&often, &wanted);
        let (mut once, mut often) = (once.truth(), often.truth());
        (once.history, often.history) = (Reading::Absent, Reading::Absent);
        prop_assert_eq!(once, often);
    }

    #[test]
    fn every_setting_survives_the_ledger(observed in any_observed()) {
        for setting in SettingKind::ALL.into_iter().filter_map(|kind| observed.setting(kind)) {
            let text = serde_json::to_string(&setting).unwrap();
            prop_assert_eq!(serde_json::from_str::<Setting>(&text).unwrap(), setting);
        }
    }
}
