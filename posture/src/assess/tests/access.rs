//! Who can get at a bucket.

use super::*;

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
    let expected = [whole(), Setting::Encryption(Some(sse_s3(SseC::Blocked)))];
    check(&bare, &baseline(Grade::Speed), &expected);
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
        check(&bucket, &baseline(Grade::Speed), &[whole()]);
    }
}

#[test]
fn a_bucket_meant_to_be_public_is_reported_and_not_broken() {
    let cases = [
        (Observed { website: Reading::Known(()), ..open() }, LeftBecause::Website),
        (Observed { policy_is_public: Reading::Known(true), ..open() }, LeftBecause::PublicPolicy),
        (Observed { acl: public(), ..open() }, LeftBecause::PublicAcl),
        (Observed { acl: Reading::Denied, ..open() }, LeftBecause::NotReadable(Question::Acl)),
    ];
    for (bucket, because) in cases {
        check_left(&bucket, &baseline(Grade::Speed), Aspect::PublicAccess, &because);
    }
}

#[test]
fn a_website_that_can_be_seen_keeps_plain_http_because_its_endpoint_has_nothing_else() {
    let plain = Observed { policy: Reading::Absent, website: Reading::Known(()), ..open() };
    check_left(&plain, &baseline(Grade::Speed), Aspect::Tls, &LeftBecause::WebsiteWithoutTls);
    let closed = Reading::Known(PublicAccessBlock::ALL);
    let closed = Observed { public_access_block: closed, ..plain.clone() };
    assert_eq!(plan(&assess(&closed, &baseline(Grade::Speed))).actions.len(), 1);
    let unread = Observed { website: Reading::Unread, ..plain };
    assert!(questions(&unread, &baseline(Grade::Speed)).contains(&Question::Website));
}

#[test]
fn what_the_account_closes_anyway_is_closed() {
    for bucket in [
        Observed { website: Reading::Known(()), ..open() },
        Observed { policy_is_public: Reading::Known(true), ..open() },
        Observed { acl: public(), ..open() },
    ] {
        let bucket = Observed { account_block: Reading::Known(PublicAccessBlock::ALL), ..bucket };
        check(&bucket, &baseline(Grade::Speed), &[whole()]);
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
        check(&own, &baseline(Grade::Speed), &[whole()]);
        let of_account = Observed { account_block: Reading::Known(block), ..bucket };
        check(&of_account, &baseline(Grade::Speed), &[whole()]);
    }
}

#[test]
fn acls_are_switched_off_only_where_that_locks_nobody_out() {
    let writer =
        Observed { ownership: Reading::Known(Ownership::ObjectWriter), ..safe(Grade::Security) };
    let enforced = Setting::Ownership(Some(Ownership::BucketOwnerEnforced));
    check(&writer, &baseline(Grade::Security), std::slice::from_ref(&enforced));
    let never_set = Observed { ownership: Reading::Absent, ..writer.clone() };
    check(&never_set, &baseline(Grade::Security), &[enforced]);
    let shared = Acl { grants_others: true, ..Acl::default() };
    let shared = Observed { acl: Reading::Known(shared), ..writer.clone() };
    check_left(
        &shared,
        &baseline(Grade::Security),
        Aspect::Ownership,
        &LeftBecause::AclGrantsOthers,
    );
    // Below that grade it is told.
    check(&writer, &baseline(Grade::Hybrid), &[Setting::Encryption(Some(kms(KEY, true)))][..0]);
}

#[test]
fn a_policy_that_lets_other_accounts_in_is_told() {
    let policy = Policy::new(
        r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"s3:*","Resource":"*"}}"#,
    );
    let bucket = Observed { policy: Reading::Known(policy), ..safe(Grade::Speed) };
    let because = LeftBecause::ReportOnly("its policy lets others in: 444455556666".to_owned());
    check_left(&bucket, &baseline(Grade::Speed), Aspect::Policy, &because);
}

#[test]
fn the_accounts_block_is_judged_once_and_kept_where_that_is_wanted() {
    let account = BucketId { name: crate::BucketName::account(), ..id() };
    let keep = Baseline::of_account(Mode::Keep);
    let first = questions(&Observed::unread(account.clone()), &keep);
    assert_eq!(first, [Question::AccountBlock]);
    let open = Observed { account_block: Reading::Absent, ..Observed::unread(account) };
    let whole = Setting::AccountPublicAccessBlock(Some(PublicAccessBlock::ALL));
    check(&open, &keep, &[whole]);
    check(&open, &Baseline::of_account(Mode::Report), &[]);
    assert_eq!(assess(&open, &Baseline::of_account(Mode::Report)).len(), 1);
    // Of a bucket it is no finding.
    let mut bucket = baseline(Grade::Speed);
    bucket.set_mode(Aspect::AccountPublicAccess, Mode::Keep);
    let open = Observed { account_block: Reading::Absent, ..safe(Grade::Speed) };
    check(&open, &bucket, &[]);
}

#[test]
fn an_acl_counts_for_nothing_where_the_owners_word_does() {
    let shared = Acl { grants_others: true, ..Acl::default() };
    let bucket = Observed { acl: Reading::Known(shared), ..safe(Grade::Speed) };
    assert_eq!(assess(&bucket, &baseline(Grade::Speed)), []);
    let writer = Observed { ownership: Reading::Known(Ownership::ObjectWriter), ..bucket };
    let because =
        LeftBecause::ReportOnly("its ACL grants access to others than its owner".to_owned());
    check_left(&writer, &baseline(Grade::Speed), Aspect::Acl, &because);
}
