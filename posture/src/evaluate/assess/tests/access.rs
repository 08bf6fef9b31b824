//! Who can get at a bucket.

use serde_json::{Value, json};

use super::*;
use crate::model::severity::Severity;

fn open() -> Observed {
    Observed { public_access_block: Reading::Absent, ..safe(Grade::Speed) }
}

fn whole() -> Setting {
    Setting::PublicAccessBlock(Some(PublicAccessBlock::ALL))
}

fn public() -> Reading<Acl> {
    Reading::Known(Acl { is_public: true, grants_others: true, ..Acl::default() })
}

#[test]
fn a_bucket_without_any_setting_as_before_2023_is_set() {
    let bare = Observed { encryption: Reading::Absent, ..open() };
    let encryption = |sse_c| Setting::Encryption(Some(sse_s3(sse_c)));
    check(&bare, &existing(Grade::Speed), &[whole(), encryption(SseC::NotSaid)]);
    let enforces = enforcing(Grade::Speed, Aspect::SseC);
    check(&bare, &enforces, &[whole(), encryption(SseC::Blocked)]);
}

/// A bucket whose objects may have ACLs of their own.
fn with_acls(ownership: Reading<Ownership>) -> Observed {
    Observed { ownership, ..open() }
}

#[test]
fn where_acls_count_a_sweep_leaves_the_switches_that_could_cut_readers_of_objects_off() {
    let policies = Setting::PublicAccessBlock(Some(PublicAccessBlock::POLICIES));
    for (ownership, reason) in [
        (Reading::Absent, Reason::PublicObjects),
        (Reading::Known(Ownership::ObjectWriter), Reason::PublicObjects),
        (Reading::Known(Ownership::BucketOwnerPreferred), Reason::PublicObjects),
        (Reading::Denied, Reason::NotReadable(Question::Ownership)),
    ] {
        let bucket = with_acls(ownership);
        let findings = assess(&bucket, &kept(Grade::Speed));
        let left = Finding::NotRemediated { aspect: Aspect::PublicAccess, reason };
        assert_eq!(findings.len(), 2, "{findings:#?}");
        assert_eq!((&findings[0].remediated_by(), &findings[1]), (&Some(policies.kind()), &left));
        check(&bucket, &existing(Grade::Speed), std::slice::from_ref(&policies));
        // Once they are on, the rest is only reported.
        let remediated = Reading::Known(PublicAccessBlock::POLICIES);
        let remediated = Observed { public_access_block: remediated, ..bucket };
        assert_eq!(assess(&remediated, &kept(Grade::Speed)), [left]);
    }
}

#[test]
fn the_switches_about_acls_are_kept_where_a_call_has_switched_them_off_or_the_mode_is_enforce() {
    let bucket = with_acls(Reading::Known(Ownership::ObjectWriter));
    let aspect = Aspect::PublicAccess;
    for baseline in [changed(Grade::Speed, aspect), enforcing(Grade::Speed, aspect)] {
        check(&bucket, &baseline, &[whole()]);
        // Nothing more has to be read for that.
        let unread = Observed { ownership: Reading::Unread, ..bucket.clone() };
        let mut kept = baseline;
        kept.set_mode(Aspect::Ownership, Mode::Off);
        kept.set_mode(Aspect::Acl, Mode::Off);
        assert_eq!(questions(&unread, &kept), []);
    }
    // A website is no licence.
    let website = Observed { website: Reading::Known(()), ..bucket.clone() };
    check(&website, &enforcing(Grade::Speed, Aspect::PublicAccess), &[whole()]);
    // What is only reported is reported as a whole.
    let mut reported = kept(Grade::Speed);
    reported.set_mode(Aspect::PublicAccess, Mode::Report);
    let reason = Reason::ReportOnly("not set (wanted: on)".to_owned());
    assert_eq!(
        assess(&bucket, &reported),
        [Finding::NotRemediated { aspect: Aspect::PublicAccess, reason }]
    );
}

#[test]
fn a_switch_for_acls_that_is_on_for_the_account_breaks_no_access() {
    let off = PublicAccessBlock::default();
    let ignores = PublicAccessBlock { ignore_public_acls: true, ..off };
    let acls = PublicAccessBlock { block_public_acls: true, ..ignores };
    let bucket = with_acls(Reading::Known(Ownership::ObjectWriter));
    let account = |block| Observed { account_block: Reading::Known(block), ..bucket.clone() };
    check(&account(acls), &existing(Grade::Speed), &[whole()]);
    // Public objects can still be uploaded, although they cannot be read.
    let policies = Setting::PublicAccessBlock(Some(PublicAccessBlock::POLICIES));
    check(&account(ignores), &existing(Grade::Speed), &[policies]);
}

#[test]
fn acls_that_are_switched_off_in_the_same_plan_leave_the_whole_block_on() {
    let writer = Reading::Known(Ownership::ObjectWriter);
    let bucket = Observed {
        ownership: writer,
        public_access_block: Reading::Absent,
        ..safe(Grade::Security)
    };
    let enforced = Setting::Ownership(Some(Ownership::BucketOwnerEnforced));
    let baseline = enforcing(Grade::Security, Aspect::Ownership);
    check(&bucket, &baseline, &[whole(), enforced]);
}

#[test]
fn every_switch_counts() {
    for off in 0..4 {
        let mut block = PublicAccessBlock::ALL;
        *[
            &mut block.block_public_acls,
            &mut block.ignore_public_acls,
            &mut block.block_public_policy,
            &mut block.restrict_public_buckets,
        ][off] = false;
        let bucket = Observed { public_access_block: Reading::Known(block), ..open() };
        check(&bucket, &existing(Grade::Speed), &[whole()]);
    }
}

#[test]
fn a_bucket_that_was_public_before_is_reported_and_closed_only_by_enforce() {
    let cases = [
        (Observed { policy_is_public: Reading::Known(true), ..open() }, Reason::PublicPolicy),
        (Observed { acl: public(), ..writer() }, Reason::PublicAcl),
        (Observed { acl: Reading::Denied, ..writer() }, Reason::NotReadable(Question::Acl)),
    ];
    for (bucket, reason) in cases {
        check_not_remediated(&bucket, &existing(Grade::Speed), Aspect::PublicAccess, &reason);
        check(&bucket, &enforcing(Grade::Speed, Aspect::PublicAccess), &[whole()]);
        check(&bucket, &baseline(Grade::Speed), &[whole()]);
        let mut reported = existing(Grade::Speed);
        reported.set_mode(Aspect::PublicAccess, Mode::Report);
        check_not_remediated(&bucket, &reported, Aspect::PublicAccess, &reason);
    }
}

fn writer() -> Observed {
    with_acls(Reading::Known(Ownership::ObjectWriter))
}

/// A history in which the bucket was public, or was not.
fn was_public(value: bool) -> Reading<History> {
    Reading::Known(History { was_public: Some(value), ..History::default() })
}

#[test]
fn a_bucket_that_becomes_public_is_closed_whichever_way_it_did() {
    for grade in Grade::ALL {
        for public in [
            Observed { policy_is_public: Reading::Known(true), ..open() },
            Observed { acl: public(), ..writer() },
            // What makes it public is hidden from the guard.
            Observed { policy_is_public: Reading::Denied, ..open() },
            Observed {
                website: Reading::Known(()),
                policy_is_public: Reading::Known(true),
                ..open()
            },
        ] {
            let mut swept = kept(grade);
            for aspect in Aspect::ALL.into_iter().filter(|aspect| *aspect != Aspect::PublicAccess) {
                swept.set_mode(aspect, Mode::Off);
            }
            // Found by a sweep: it was not public when it was judged last.
            let history = was_public(false);
            check(&Observed { history, ..public.clone() }, &swept, &[whole()]);
            // It was public already, whatever a call says.
            let mut called = swept.clone();
            called.call_context.exposes = true;
            let history = was_public(true);
            check(&Observed { history, ..public.clone() }, &called, &[]);
            // By a call, and nothing is known of it.
            check(&public, &called, &[whole()]);
            check(&public, &swept, &[]);
            // It could not be closed the first time.
            let owed = History {
                owed: [Aspect::PublicAccess].into(),
                was_public: Some(true),
                ..History::default()
            };
            check(
                &Observed { history: Reading::Known(owed), ..public.clone() },
                &swept,
                &[whole()],
            );
        }
    }
}

#[test]
fn until_a_new_bucket_has_settled_only_public_access_is_closed() {
    let mut settling = baseline(Grade::Security);
    settling.settle();
    let bare = Observed { public_access_block: Reading::Absent, ..Observed::new_bucket(id()) };
    check(&bare, &settling, &[]);
    let public = Observed {
        policy: Reading::Known(Policy::new(r#"{"Statement":[]}"#)),
        policy_is_public: Reading::Known(true),
        ..bare
    };
    check(&public, &settling, &[whole()]);
    settling.set_mode(Aspect::PublicAccess, Mode::Report);
    settling.settle();
    check(&public, &settling, &[]);
}

#[test]
fn a_website_that_can_be_seen_keeps_plain_http_because_its_endpoint_has_nothing_else() {
    let plain = Observed { policy: Reading::Absent, website: Reading::Known(()), ..open() };
    let mut allowed = baseline(Grade::Speed);
    allowed.set_mode(Aspect::PublicAccess, Mode::Off);
    check_not_remediated(&plain, &allowed, Aspect::Tls, &Reason::WebsiteWithoutTls);
    let closed = Reading::Known(PublicAccessBlock::ALL);
    let closed = Observed { public_access_block: closed, ..plain.clone() };
    assert_eq!(plan(&assess(&closed, &baseline(Grade::Speed))).actions.len(), 1);
    let unread = Observed { website: Reading::Unread, ..plain };
    assert!(questions(&unread, &allowed).contains(&Question::Website));
}

#[test]
fn what_the_account_closes_anyway_is_closed() {
    for bucket in [
        Observed { website: Reading::Known(()), ..open() },
        Observed { policy_is_public: Reading::Known(true), ..open() },
        Observed { acl: public(), ..open() },
    ] {
        let bucket = Observed { account_block: Reading::Known(PublicAccessBlock::ALL), ..bucket };
        check(&bucket, &existing(Grade::Speed), &[whole()]);
    }
}

#[test]
fn a_public_policy_or_acl_that_is_void_already_hinders_nothing() {
    let off = PublicAccessBlock::default();
    let restricts = PublicAccessBlock { restrict_public_buckets: true, ..off };
    let ignores = PublicAccessBlock { ignore_public_acls: true, ..off };
    let policy = Observed { policy_is_public: Reading::Known(true), ..open() };
    let acl = Observed { acl: public(), ..open() };
    for (bucket, block) in [(policy, restricts), (acl, ignores)] {
        let own = Observed { public_access_block: Reading::Known(block), ..bucket.clone() };
        check(&own, &existing(Grade::Speed), &[whole()]);
        let of_account = Observed { account_block: Reading::Known(block), ..bucket };
        check(&of_account, &existing(Grade::Speed), &[whole()]);
    }
}

#[test]
fn acls_are_disabled_only_if_that_locks_out_no_one() {
    let writer =
        Observed { ownership: Reading::Known(Ownership::ObjectWriter), ..safe(Grade::Security) };
    let enforced = Setting::Ownership(Some(Ownership::BucketOwnerEnforced));
    let changed = changed(Grade::Security, Aspect::Ownership);
    let never_set = Observed { ownership: Reading::Absent, ..writer.clone() };
    for baseline in [&changed, &enforcing(Grade::Security, Aspect::Ownership)] {
        check(&writer, baseline, std::slice::from_ref(&enforced));
        check(&never_set, baseline, std::slice::from_ref(&enforced));
    }
    // An object's own ACL, which s3guard does not read, may have granted access for years.
    let reason = Reason::SharedObjects;
    for bucket in [&writer, &never_set] {
        check_not_remediated(bucket, &existing(Grade::Security), Aspect::Ownership, &reason);
    }
    let shared = Acl { grants_others: true, ..Acl::default() };
    let shared = Observed { acl: Reading::Known(shared), ..writer.clone() };
    check_not_remediated(&shared, &changed, Aspect::Ownership, &Reason::AclGrantsOthers);
    // Below that grade it is reported.
    check(&writer, &baseline(Grade::Hybrid), &[Setting::Encryption(Some(kms(KEY, true)))][..0]);
}

#[test]
fn a_policy_is_reported_for_outsiders_that_are_not_trusted_and_for_nothing_else() {
    let front = "arn:aws:cloudfront::111122223333:distribution/E1EXAMPLE2XY3Z";
    let identity = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE1AB2C";
    let canonical = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
    let allow = |principal: Value, condition: Value| json!({ "Effect": "Allow", "Principal": principal, "Action": "s3:*", "Condition": condition });
    let source = |key: &str, value: &str| json!({ "StringEquals": { key: value } });
    let org = source("aws:PrincipalOrgID", "o-exampleorgid");
    let service = |name: &str| json!({ "Service": format!("{name}.amazonaws.com") });
    let mut baseline = baseline(Grade::Speed);
    let check = |baseline: &Baseline, statements: Value, expected: Option<(Severity, &str)>| {
        let policy = Policy::new(json!({ "Statement": statements }).to_string());
        let bucket = Observed { policy: Reading::Known(policy), ..safe(Grade::Speed) };
        let judged = policy::others(&bucket, baseline);
        let expected = expected.map_or(Judgement::Right, |(severity, names)| {
            Judgement::NotRemediated(Reason::LetsOthersIn(severity, names.to_owned()))
        });
        assert_eq!(judged, Ok(expected), "{statements}");
    };
    let partner = json!([allow(json!({ "AWS": "444455556666" }), json!({}))]);
    check(&baseline, partner.clone(), Some((Severity::High, "account 444455556666 (statement 1)")));
    // Roles and users that were deleted let no one in.
    let deleted = json!({ "AWS": [
        "arn:aws:iam::111122223333:role/reader", "AROAEXAMPLEDELETED01", "AIDAEXAMPLEDELETED01",
    ] });
    check(&baseline, json!([allow(deleted, json!({}))]), None);
    // Services that act for this account only, and others.
    let logs = json!([
        allow(
            service("delivery.logs"),
            json!({
                "StringEquals": { "aws:SourceAccount": ["111122223333"] },
                "ArnLike": { "aws:SourceArn": ["arn:aws:logs:eu-west-1:111122223333:*"] },
            })
        ),
        allow(service("cloudfront"), source("AWS:SourceArn", front)),
    ]);
    check(&baseline, logs, None);
    check(
        &baseline,
        json!([allow(service("macie"), json!({})), allow(json!({ "AWS": identity }), json!({}))]),
        Some((
            Severity::Warning,
            "AWS service macie, for any account (statement 1); CloudFront E2EXAMPLE1AB2C (origin \
             access identity) (statement 2)",
        )),
    );
    let organization = json!([
        allow(json!("*"), org.clone()),
        allow(service("config"), json!({})),
        allow(json!({ "AWS": "*" }), org),
    ]);
    check(
        &baseline,
        organization.clone(),
        Some((
            Severity::High,
            "organization o-exampleorgid (statement 1); AWS service config, for any account \
             (statement 2)",
        )),
    );
    let provider = json!({ "Federated": "arn:aws:iam::444455556666:saml-provider/Partner" });
    check(
        &baseline,
        json!([
            allow(json!({ "CanonicalUser": canonical }), json!({})),
            allow(provider, json!({})),
        ]),
        Some((
            Severity::High,
            "identity provider arn:aws:iam::444455556666:saml-provider/Partner (statement 2); \
             canonical user 79a59df9…f2be (statement 1)",
        )),
    );
    baseline.trusted.accounts = ["444455556666".parse().unwrap()].into();
    baseline.trusted.organizations = ["o-exampleorgid".parse().unwrap()].into();
    check(&baseline, partner, None);
    let service_only = "AWS service config, for any account (statement 2)";
    check(&baseline, organization, Some((Severity::Warning, service_only)));
    let broken = Observed { policy: Reading::Known(Policy::new("{")), ..safe(Grade::Speed) };
    let reason = Judgement::NotRemediated(Reason::PolicyNotUnderstood);
    assert_eq!(policy::others(&broken, &baseline), Ok(reason));
}

#[test]
fn the_accounts_block_is_judged_once_and_kept_where_that_is_wanted() {
    let account = BucketId { name: crate::BucketName::account(), ..id() };
    let enforce = Baseline::of_account(Mode::Enforce);
    let first = questions(&Observed::unread(account.clone()), &enforce);
    assert_eq!(first, [Question::AccountBlock]);
    let open = Observed { account_block: Reading::Absent, ..Observed::unread(account) };
    let whole = Setting::AccountPublicAccessBlock(Some(PublicAccessBlock::ALL));
    check(&open, &enforce, &[whole]);
    check(&open, &Baseline::of_account(Mode::Report), &[]);
    assert_eq!(assess(&open, &Baseline::of_account(Mode::Report)).len(), 1);
    // Of a bucket it is no finding.
    let mut bucket = baseline(Grade::Speed);
    bucket.set_mode(Aspect::AccountPublicAccess, Mode::Enforce);
    let open = Observed { account_block: Reading::Absent, ..safe(Grade::Speed) };
    check(&open, &bucket, &[]);
}

#[test]
fn an_acl_counts_for_nothing_where_the_owners_word_does() {
    let shared = Acl { grants_others: true, ..Acl::default() };
    let bucket = Observed { acl: Reading::Known(shared), ..safe(Grade::Speed) };
    assert_eq!(assess(&bucket, &baseline(Grade::Speed)), []);
    let writer = Observed { ownership: Reading::Known(Ownership::ObjectWriter), ..bucket };
    let reason = Reason::NeverWritten("its ACL grants access to others than its owner".to_owned());
    check_not_remediated(&writer, &baseline(Grade::Speed), Aspect::Acl, &reason);
}

#[test]
fn whom_only_the_block_keeps_out_of_a_public_policy_is_a_warning() {
    let allow = |principal: Value| json!({ "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject" });
    let everyone = allow(json!("*"));
    let partner = allow(json!({ "AWS": "444455556666" }));
    let service = allow(json!({ "Service": "config.amazonaws.com" }));
    let of = |statements: &[&Value], block: Reading<PublicAccessBlock>, is_public| {
        let policy = Policy::new(json!({ "Statement": statements }).to_string());
        let bucket = Observed {
            policy: Reading::Known(policy),
            public_access_block: block,
            policy_is_public: is_public,
            ..safe(Grade::Speed)
        };
        policy::others(&bucket, &baseline(Grade::Speed)).unwrap()
    };
    let (on, public) = (Reading::Known(PublicAccessBlock::ALL), Reading::Known(true));
    let kept_out = |words: &str| {
        Judgement::NotRemediated(Reason::KeptOut(Severity::Warning, words.to_owned()))
    };
    let let_in = |severity, words: &str| {
        Judgement::NotRemediated(Reason::LetsOthersIn(severity, words.to_owned()))
    };
    assert_eq!(of(&[&everyone], on, public), kept_out("everyone (statement 1)"));
    // Also another account, which a public policy names.
    assert_eq!(
        of(&[&partner, &everyone], on, public),
        kept_out("everyone (statement 2); account 444455556666 (statement 1)")
    );
    let of_aws = "AWS service config, for any account (statement 2)";
    assert_eq!(
        of(&[&everyone, &service], on, public),
        kept_out(&format!("everyone (statement 1); it lets in {of_aws} all the same"))
    );
    // S3's own word counts, and a policy that is not public is not restricted.
    assert_eq!(of(&[&everyone], on, Reading::Unread), Judgement::Ask(vec![Question::PolicyStatus]));
    let everyone_in = let_in(Severity::High, "everyone (statement 1)");
    for (block, is_public) in [
        (on, Reading::Known(false)),
        (on, Reading::Denied),
        (Reading::Absent, public),
        (Reading::Denied, public),
        (Reading::Unread, public),
    ] {
        assert_eq!(of(&[&everyone], block, is_public), everyone_in, "{block:?} {is_public:?}");
    }
    let partner_in = let_in(Severity::High, "account 444455556666 (statement 1)");
    assert_eq!(of(&[&partner], on, Reading::Unread), partner_in, "nothing more is read");
}
