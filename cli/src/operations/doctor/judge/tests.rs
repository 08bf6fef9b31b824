use std::collections::{BTreeMap, BTreeSet};

use s3guard_aws::Kind;
use s3guard_aws::stacks::{Stack, StackStatus};
use s3guard_aws::subscriptions::Subscription;
use s3guard_posture::Config;
use s3guard_posture::events::trail::{Selector, Trail, TrailStatus};
use s3guard_posture::model::setting::PublicAccessBlock;
use s3guard_posture::{Grade, KeyArn, Reading};
use time::macros::datetime;

use crate::config_file;
use crate::operations::doctor::Wanted;
use crate::operations::doctor::fetch::FoundStack;
use crate::operations::doctor::judge::*;
use crate::operations::doctor::report::CheckStatus;
use crate::operations::unguarded::{Unguarded, UnguardedRegion};
use crate::ui::output::Paint;
use crate::ui::text::Text;

const NOW: OffsetDateTime = datetime!(2026-11-25 12:00 UTC);

fn region() -> Region {
    "eu-west-1".parse().unwrap()
}

fn who(arn: &str) -> Identity {
    Identity { account: "111122223333".parse().unwrap(), arn: arn.to_owned() }
}

/// Checks an account without a stack, in which all else is well but for this change.
fn checked(
    wanted: &Wanted,
    change: impl FnOnce(&mut Seen<'_>),
    check: fn(&Seen<'_>) -> Checked,
) -> Verdict {
    let mut seen = Seen {
        region: &region(),
        name: &"s".parse().unwrap(),
        caller: &who("arn:aws:iam::111122223333:user/u"),
        wanted,
        end: None,
        stack: Ok(Reading::Absent),
        functions: Vec::new(),
        rules: None,
        pause: None,
        subscribers: None,
        trails: Ok(Reading::Known(Vec::new())),
        global: Ok(Reading::Known(true)),
        unguarded: Ok(Unguarded::default()),
        rights: Ok(simulated(&[], &[])),
        account_block: Ok(Reading::Known(PublicAccessBlock::ALL)),
        buckets: Ok(BTreeSet::new()),
        key: None,
        concurrency: Ok(Reading::Known(1000)),
        text_messages: None,
        trust: Some(Ok(InUse::default())),
    };
    change(&mut seen);
    check(&seen).unwrap_or_else(|unread| unread)
}

fn guard(status: StackStatus, trail_mode: &str) -> FoundStack {
    let deployer = "arn:aws:iam::111122223333:role/ci";
    let parameters =
        [("TrailMode", trail_mode), ("DeployerArns", deployer), ("BucketPrefix", "ab")];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let stack = Stack {
        id: String::new(),
        status,
        reason: Some("a reason".to_owned()),
        parameters,
        outputs: BTreeMap::new(),
        tags: BTreeMap::new(),
        updated: None,
        protected: true,
    };
    FoundStack { stack, is_guard: true }
}

fn stopped(name: &str) -> Trail {
    Trail {
        name: name.to_owned(),
        arn: format!("arn:aws:cloudtrail:eu-west-1:111122223333:trail/{name}"),
        home: region(),
        is_multi_region: true,
        is_organization: false,
        status: Reading::Known(TrailStatus::default()),
        selectors: Reading::Known(vec![Selector::management()]),
    }
}

/// What the line says: its state, and that its words have this in them.
#[track_caller]
fn check(line: &Verdict, state: CheckStatus, part: &str) {
    assert_eq!(line.state, state, "{line:?}");
    let fix = line.fix.as_deref().unwrap_or_default();
    assert!(format!("{} {fix}", line.text).contains(part), "{line:?}");
    assert_eq!(line.fix.is_none(), state == CheckStatus::Ok, "{line:?}");
}

#[test]
fn m7_regions_without_a_guard_are_a_warning_unless_they_are_configured() {
    let regions = || {
        let one = |region: &str| UnguardedRegion { region: region.to_owned(), buckets: 1 };
        let regions = vec![one("eu-north-1"), one("us-east-1")];
        Ok(Unguarded { regions, unknown: None })
    };
    let nothing = Wanted::default();
    let of = |wanted: &Wanted| checked(wanted, |seen| seen.unguarded = regions(), unguarded);
    check(&of(&nothing), CheckStatus::Warning, "2 buckets are in Regions without a guard");
    let one = Wanted { regions: vec!["us-east-1".parse().unwrap()], ..Wanted::default() };
    check(&of(&one), CheckStatus::Warning, "--region eu-north-1,eu-west-1");
    let codes = ["eu-north-1", "us-east-1"].map(|code| code.parse().unwrap());
    check(&of(&Wanted { regions: codes.into(), ..nothing }), CheckStatus::Ok, "no buckets are");
}

#[test]
fn a_stack_without_termination_protection_is_a_warning() {
    let of = |protected| {
        let mut found = guard("UPDATE_COMPLETE".into(), "create");
        found.stack.protected = protected;
        let change = |seen: &mut Seen<'_>| seen.stack = Ok(Reading::Known(found));
        checked(&Wanted::default(), change, stack)
    };
    check(&of(true), CheckStatus::Ok, "UPDATE_COMPLETE");
    check(&of(false), CheckStatus::Warning, "`s3guard deploy --protect --stack s");
}

#[test]
fn what_is_reserved_for_the_guard_is_not_needed_besides() {
    let of = |value: &str| {
        let mut found = guard("UPDATE_COMPLETE".into(), "create");
        found.stack.parameters.insert("ReservedConcurrency".to_owned(), value.to_owned());
        let wanted = Wanted { calls_at_once: 7, ..Wanted::default() };
        let change = |seen: &mut Seen<'_>| {
            seen.stack = Ok(Reading::Known(found));
            seen.concurrency = Ok(Reading::Known(3));
        };
        checked(&wanted, change, concurrency)
    };
    check(&of("off"), CheckStatus::Warning, "the guard can use 7: events would wait");
    check(&of("on"), CheckStatus::Ok, "the guard uses up to 2 besides its own 5");
}

#[test]
fn credentials_that_expire_soon_and_the_root_user_are_warnings() {
    let of = |arn: &str, end| caller(&who(arn), end, NOW);
    let user = "arn:aws:iam::111122223333:user/u";
    check(&of(user, None), CheckStatus::Ok, "user/u");
    check(&of(user, Some(NOW + Duration::hours(1))), CheckStatus::Ok, "user/u");
    check(&of(user, Some(NOW + Duration::minutes(7))), CheckStatus::Warning, "expire in 7 minutes");
    check(&of(user, Some(NOW - Duration::minutes(7))), CheckStatus::Warning, "expire in 0 minutes");
    check(&of("arn:aws:iam::111122223333:root", None), CheckStatus::Warning, "the root user");
}

#[test]
fn notifications_that_reach_nobody_are_a_failure() {
    let subscribed = |is_pending| {
        let (protocol, endpoint) = ("email".to_owned(), "owner@example.com".to_owned());
        Subscriber { topic: "email", subscription: Subscription { protocol, endpoint, is_pending } }
    };
    let of = |all: Vec<Subscriber>| {
        checked(
            &Wanted::default(),
            |seen| seen.subscribers = Some(Ok(Reading::Known(all))),
            |seen| notified(seen, seen.subscribers.as_ref().unwrap()),
        )
    };
    check(&of(Vec::new()), CheckStatus::Warning, "`s3guard subscribe --email ADDRESS --stack s");
    check(&of(vec![subscribed(true)]), CheckStatus::Failed, "reach nobody");
    check(&of(vec![subscribed(true), subscribed(false)]), CheckStatus::Ok, "1 of 2 subscriptions");
    check(&of(vec![subscribed(false)]), CheckStatus::Ok, "all 1 subscriptions are confirmed");
}

#[test]
fn a_guard_that_only_reports_is_a_warning() {
    let mut stack = guard(StackStatus::from("UPDATE_COMPLETE"), "create").stack;
    assert!(mode(&stack).is_none());
    for (text, words) in
        [("report", "only reports, and changes no bucket"), ("off", "checks no bucket")]
    {
        stack.outputs.insert("Mode".to_owned(), text.to_owned());
        check(&mode(&stack).unwrap(), CheckStatus::Warning, words);
    }
    stack.outputs.insert("Mode".to_owned(), "enforce-new".to_owned());
    assert!(mode(&stack).is_none());
}

#[test]
fn a_pause_is_a_warning_until_it_is_over() {
    let of = |read| {
        let change = |seen: &mut Seen<'_>| seen.pause = Some(Ok(read));
        checked(&Wanted::default(), change, |seen| pause(seen, seen.pause.as_ref().unwrap(), NOW))
    };
    let paused = of(Reading::Known(NOW + Duration::hours(2)));
    check(&paused, CheckStatus::Warning, "until 2026-11-25T14:00:00.000Z the guard writes to no");
    check(&paused, CheckStatus::Warning, "`s3guard pause --end --stack s --region eu-west-1`");
    check(&of(Reading::Known(NOW)), CheckStatus::Ok, "is not paused");
    check(&of(Reading::Absent), CheckStatus::Ok, "is not paused");
    check(&of(Reading::Denied), CheckStatus::Warning, "`iam:GetRolePolicy` is missing");
}

#[test]
fn a_clock_may_be_five_minutes_off_and_is_not_checked_without_a_time() {
    check(&clock(Some(NOW - Duration::minutes(5)), NOW), CheckStatus::Ok, "agrees with");
    let off = Duration::seconds(301);
    check(&clock(Some(NOW - off), NOW), CheckStatus::Failed, "5 minutes ahead of");
    check(&clock(Some(NOW + off), NOW), CheckStatus::Failed, "5 minutes behind");
    check(&clock(None, NOW), CheckStatus::Ok, "has no time");
    let refused = anyhow::anyhow!("no");
    assert_eq!(no_caller(&refused, Some(NOW + off), NOW).check, "clock");
    assert_eq!(no_caller(&refused, Some(NOW), NOW).check, "caller");
    assert_eq!(no_caller(&refused, None, NOW).check, "caller");
}

#[test]
fn every_status_of_a_stack_is_ok_a_warning_or_failed() {
    let of = |found: Reading<FoundStack>| {
        checked(&Wanted::default(), |seen| seen.stack = Ok(found), stack)
    };
    for status in StackStatus::all() {
        let line = of(Reading::Known(guard(status.clone(), "create")));
        let state = if status.as_str().ends_with("_FAILED") {
            CheckStatus::Failed
        } else if status.is_success() {
            CheckStatus::Ok
        } else {
            CheckStatus::Warning
        };
        check(&line, state, status.as_str());
    }
    let theirs =
        FoundStack { is_guard: false, ..guard(StackStatus::from("CREATE_COMPLETE"), "create") };
    check(&of(Reading::Known(theirs)), CheckStatus::Failed, "choose another name");
    check(&of(Reading::Denied), CheckStatus::Warning, "DescribeStacks");
    check(&of(Reading::Absent), CheckStatus::Ok, "no `s` yet");
}

#[test]
fn a_missing_trail_fails_only_where_the_guard_relies_on_one() {
    let of = |mode: Option<&str>, trails: &[Trail], relies_on_trail| {
        let stack = mode.map_or(Reading::Absent, |mode| {
            Reading::Known(guard(StackStatus::from("CREATE_COMPLETE"), mode))
        });
        let trails = Ok(Reading::Known(trails.to_vec()));
        let wanted = Wanted { relies_on_trail, ..Wanted::default() };
        checked(&wanted, |seen| (seen.stack, seen.trails) = (Ok(stack), trails), trail)
    };
    check(&of(None, &[], false), CheckStatus::Ok, "the stack creates one");
    check(&of(None, &[stopped("audit")], false), CheckStatus::Ok, "the stack creates one");
    check(&of(None, &[stopped("audit")], true), CheckStatus::Failed, "`trail = \"auto\"`");
    let own = [stopped("ab-eu-west-1")];
    check(
        &of(Some("create"), &own, false),
        CheckStatus::Failed,
        "start-logging --name ab-eu-west-1",
    );
    check(&of(Some("create"), &[], false), CheckStatus::Failed, "--revert-drift");
    check(&of(Some("existing"), &[stopped("audit")], false), CheckStatus::Failed, "--trail auto");
    let hidden = Trail {
        arn: "arn:aws:cloudtrail:us-east-1:999999999999:trail/org".to_owned(),
        is_organization: true,
        status: Reading::Denied,
        ..stopped("org")
    };
    for (mode, relies_on_trail) in
        [(Some("existing"), false), (Some("create"), false), (None, true)]
    {
        let verdict = of(mode, std::slice::from_ref(&hidden), relies_on_trail);
        check(
            &verdict,
            CheckStatus::Warning,
            "not known whether one records the changes of buckets",
        );
        check(&verdict, CheckStatus::Warning, "in account `999999999999`");
    }
}

#[test]
fn a_caller_that_iam_does_not_simulate_is_a_warning_and_root_is_ok() {
    for (unsimulated, status, text) in [
        (Rights::Root, CheckStatus::Ok, "all permissions"),
        (Rights::Unknowable, CheckStatus::Warning, "--print-policy"),
        (Rights::Denied("iam:GetRole"), CheckStatus::Warning, "`iam:GetRole` is missing"),
    ] {
        let [permissions, organization] = &rights(&Ok(unsimulated))[..] else { panic!() };
        check(&permissions.verdict, status, text);
        check(&organization.verdict, CheckStatus::Ok, "not checked: only IAM's simulation");
    }
    let missing = |action: &str, by| Missing { action: action.to_owned(), by };
    let all = [missing("sqs:A", By::Deny), missing("sqs:B", By::Organization)];
    let [permissions, organization, _] = &rights(&Ok(simulated(&all, &[])))[..] else { panic!() };
    check(&permissions.verdict, CheckStatus::Failed, "missing: `sqs:A` (a policy denies it)");
    check(&organization.verdict, CheckStatus::Failed, "deny this account: `sqs:B`");
    let many: Vec<_> = (0..9).map(|at| missing(&format!("sqs:A{at}"), By::NoAllow)).collect();
    let [line, ..] = &rights(&Ok(simulated(&many, &[])))[..] else { panic!() };
    check(&line.verdict, CheckStatus::Failed, "`sqs:A5` and 3 more");
}

#[test]
fn what_the_organization_denies_the_guard_is_named_beforehand() {
    let of = |denied: &[&str]| rights(&Ok(simulated(&[], denied))).pop().unwrap();
    let line = of(&["s3:PutEncryptionConfiguration", "s3:PutBucketPolicy"]);
    assert_eq!(line.check, "remediation");
    let names = "deny what the guard writes: `s3:PutEncryptionConfiguration`, `s3:PutBucketPolicy`";
    check(&line.verdict, CheckStatus::Warning, names);
    check(&line.verdict, CheckStatus::Warning, "`mode = \"report\"`");
    check(
        &of(&[]).verdict,
        CheckStatus::Ok,
        "IAM simulates neither other policies of the organization",
    );
}

fn simulated(missing: &[Missing], denied_writes: &[&str]) -> Rights {
    let denied_writes = denied_writes.iter().map(|&action| action.to_owned()).collect();
    Rights::AllBut { missing: missing.to_vec(), denied_writes }
}

#[test]
fn a_grade_that_needs_a_key_has_to_have_one_of_the_region() {
    let of = |grade, state: Option<KeyState>| {
        let arn: KeyArn = "arn:aws:kms:eu-west-1:111122223333:key/1".parse().unwrap();
        let key = state.map(|state| (arn, Ok(Reading::Known(state))));
        let wanted = Wanted { grade, ..Wanted::default() };
        checked(&wanted, |seen| seen.key = key, super::key)
    };
    check(&of(Grade::Speed, None), CheckStatus::Ok, "needs no key");
    check(&of(Grade::Hybrid, None), CheckStatus::Failed, "needs a key in `eu-west-1`");
    check(&of(Grade::Hybrid, Some(KeyState::Usable)), CheckStatus::Ok, "can encrypt");
    let elsewhere = KeyState::Unusable("it is in `us-east-1`".to_owned());
    check(&of(Grade::Hybrid, Some(elsewhere)), CheckStatus::Failed, "it is in `us-east-1`");
}

#[test]
fn a_region_without_reserved_bucket_names_fails() {
    check(&names(&region()), CheckStatus::Ok, "reserved for this account");
    check(&names(&"me-south-1".parse().unwrap()), CheckStatus::Failed, "choose another Region");
}

#[test]
fn who_decides_the_accounts_block_is_asked_of_the_organization() {
    let is_asked = |verdict: &Verdict| {
        let command = "`aws organizations describe-effective-policy --policy-type S3_POLICY`";
        let fix = verdict.fix.as_ref();
        verdict.state == CheckStatus::Ok && fix.is_some_and(|fix| fix.contains(command))
    };
    let enforced = Config::from_json(r#"{"aspects": {"account-public-access": "enforce"}}"#);
    let wanted = Wanted::of(&enforced.unwrap(), None);
    let all = checked(&wanted, |_| {}, locked::account_block);
    check(&all, CheckStatus::Ok, "all four switches are on; S3 does not say");
    assert_eq!(all.fix, None);
    let open = PublicAccessBlock { block_public_acls: false, ..PublicAccessBlock::ALL };
    for answer in [Reading::Absent, Reading::Known(open)] {
        let verdict =
            checked(&wanted, |seen| seen.account_block = Ok(answer), locked::account_block);
        let words = "the guard turns all on, unless the organization refuses it";
        assert!(is_asked(&verdict) && verdict.text.contains(words), "{verdict:?}");
        let fix = verdict.fix.unwrap();
        assert!(fix.contains("set `account-public-access = \"report\"` in `[aspects]`"), "{fix}");
    }
    let reported = Wanted::of(&Config::default(), None);
    let absent = |seen: &mut Seen<'_>| seen.account_block = Ok(Reading::Absent);
    let verdict = checked(&reported, absent, locked::account_block);
    assert!(verdict.text.contains("and the guard only reports it"), "{verdict:?}");
    assert!(is_asked(&verdict) && !verdict.fix.unwrap().contains("report\""));
    let denied = |seen: &mut Seen<'_>| seen.account_block = Ok(Reading::Denied);
    let verdict = checked(&reported, denied, locked::account_block);
    check(&verdict, CheckStatus::Warning, "`s3:GetAccountPublicAccessBlock` is missing");
}

#[test]
fn buckets_of_control_tower_are_named_with_the_exemption_that_ends_their_reports() {
    let control_tower = |seen: &Seen<'_>| locked::control_tower(seen, NOW).unwrap();
    let its = |seen: &mut Seen<'_>| {
        let names = [
            "aws-controltower-logs-111122223333-eu-west-1",
            "aws-controltower-s3-access-logs-111122223333-eu-west-1",
            "aws-controltower-logs-444455556666-eu-west-1",
            "reports",
        ];
        seen.buckets = Ok(names.iter().map(|name| name.parse().unwrap()).collect());
    };
    let verdict = checked(&Wanted::default(), its, control_tower);
    assert_eq!(verdict.state, CheckStatus::Ok);
    let words = "only Control Tower may change `aws-controltower-logs-111122223333-eu-west-1`";
    assert!(verdict.text.starts_with(words), "{verdict:?}");
    assert!(!verdict.text.contains("4444") && !verdict.text.contains("reports`"), "{verdict:?}");
    // Wrapped for a narrow terminal it is the same.
    let shown = Text::of(&verdict.clone().of("Control Tower"), Some(80)).painted(Paint::Plain);
    let (_, file) = shown.split_once("s3guard.toml:\n").unwrap();
    let config = config_file::check("s3guard.toml", file).unwrap();
    let exempt = checked(&Wanted::of(&config, None), its, control_tower);
    assert_eq!((exempt.text, exempt.fix), (verdict.text, None), "{file}");
    let later = |seen: &Seen<'_>| locked::control_tower(seen, NOW + Duration::days(366)).unwrap();
    assert!(checked(&Wanted::of(&config, None), its, later).fix.is_some(), "it has ended");
}

#[test]
fn without_a_bucket_of_control_tower_there_is_no_line() {
    let none = |seen: &Seen<'_>| {
        assert!(locked::control_tower(seen, NOW).is_none());
        Ok(Verdict::ok("none"))
    };
    checked(&Wanted::default(), |_| {}, none);
}

#[test]
fn buckets_that_may_not_be_listed_are_not_known() {
    let denied = |seen: &mut Seen<'_>| {
        seen.buckets = Err(AwsError {
            call: "ListBuckets",
            object: "account `111122223333`".to_owned(),
            kind: Kind::Service("AccessDenied".to_owned()),
            message: String::new(),
            status: Some(403),
            request_id: None,
        });
    };
    let control_tower = |seen: &Seen<'_>| locked::control_tower(seen, NOW).unwrap();
    let verdict = checked(&Wanted::default(), denied, control_tower);
    check(&verdict, CheckStatus::Warning, "it cannot be read: ListBuckets");
    assert_eq!(verdict.fix.as_deref(), Some("allow `s3:ListAllMyBuckets`"));
}
