use super::*;

fn region() -> Region {
    "eu-west-1".parse().unwrap()
}

/// A trail of this Region alone that records all management events.
fn good() -> Trail {
    Trail {
        name: "audit".to_owned(),
        arn: "arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit".to_owned(),
        home: region(),
        is_multi_region: false,
        is_organization: false,
        status: Reading::Known(TrailStatus { is_logging: true, ..TrailStatus::default() }),
        selectors: Reading::Known(vec![Selector::management()]),
    }
}

fn management(more: &[Condition]) -> Selector {
    let Selector(first) = Selector::management();
    Selector(first.iter().chain(more).cloned().collect())
}

#[track_caller]
fn check(trail: &Trail, verdict: &Verdict) {
    assert_eq!(&records_bucket_changes(trail, &region()), verdict, "{trail:?}");
}

#[test]
fn a_trail_counts_where_it_records_and_only_while_it_is_logging() {
    let elsewhere = Trail { home: "us-east-1".parse().unwrap(), ..good() };
    let everywhere = Trail { is_multi_region: true, ..elsewhere.clone() };
    check(&good(), &Verdict::Records);
    check(&elsewhere, &Verdict::Elsewhere);
    check(&everywhere, &Verdict::Records);
    check(&Trail { is_organization: true, ..everywhere.clone() }, &Verdict::Records);
    check(&Trail { is_organization: true, ..elsewhere }, &Verdict::Elsewhere);
    let stopped = Reading::Known(TrailStatus::default());
    check(&Trail { status: stopped, ..everywhere.clone() }, &Verdict::Stopped);
    // A trail whose files do not arrive still records.
    let failing = TrailStatus { is_logging: true, delivery_error: Some("NoSuchBucket".to_owned()) };
    check(&Trail { status: Reading::Known(failing), ..everywhere }, &Verdict::Records);
}

#[test]
fn what_may_not_be_read_is_not_taken_for_a_trail_that_records() {
    for denied in [Reading::Denied, Reading::Absent, Reading::Unread] {
        let trail = Trail { status: denied, ..good() };
        check(&trail, &Verdict::Unreadable("cloudtrail:GetTrailStatus"));
    }
    for denied in [Reading::Denied, Reading::Absent, Reading::Unread] {
        let trail = Trail { selectors: denied, ..good() };
        check(&trail, &Verdict::Unreadable("cloudtrail:GetEventSelectors"));
    }
}

#[test]
fn a_selector_has_to_choose_every_write_of_s3() {
    let of = |selectors: &[Selector], verdict: Verdict| {
        let selectors = Reading::Known(selectors.to_vec());
        check(&Trail { selectors, ..good() }, &verdict);
    };
    let one = |more: &[Condition], verdict| of(&[management(more)], verdict);
    let source = |condition: Condition| Condition { field: "eventSource".to_owned(), ..condition };
    let words = |word: &str| vec![word.to_owned()];
    one(&[], Verdict::Records);
    one(&[Condition::equals("readOnly", "false")], Verdict::Records);
    one(&[Condition::equals("readOnly", "true")], Verdict::LeavesOut);
    one(&[Condition::equals("eventSource", "s3.amazonaws.com")], Verdict::Records);
    one(&[Condition::equals("eventSource", "ec2.amazonaws.com")], Verdict::LeavesOut);
    one(&[Condition::equals("eventType", "AwsApiCall")], Verdict::Records);
    one(&[Condition::equals("eventType", "AwsConsoleSignIn")], Verdict::LeavesOut);
    let kms = words("kms.amazonaws.com");
    let not = |not_equals| source(Condition { not_equals, ..Condition::default() });
    one(&[not(kms)], Verdict::Records);
    one(&[not(words(S3))], Verdict::LeavesOut);
    let begins = |begins| source(Condition { starts_with: begins, ..Condition::default() });
    one(&[begins(words("s3"))], Verdict::Records);
    one(&[begins(words("ec2"))], Verdict::LeavesOut);
    let ends = |ends_with| source(Condition { ends_with, ..Condition::default() });
    one(&[ends(words(".amazonaws.com"))], Verdict::Records);
    one(&[ends(words(".example"))], Verdict::LeavesOut);
    let begins_not = |not| source(Condition { not_starts_with: not, ..Condition::default() });
    one(&[begins_not(words("s3"))], Verdict::LeavesOut);
    one(&[begins_not(words("kms"))], Verdict::Records);
    let ends_not = |not| source(Condition { not_ends_with: not, ..Condition::default() });
    one(&[ends_not(words("amazonaws.com"))], Verdict::LeavesOut);
    one(&[ends_not(words("kms.amazonaws.com"))], Verdict::Records);
    let named = Condition { field: "eventName".to_owned(), ..Condition::default() };
    one(std::slice::from_ref(&named), Verdict::Partly("eventName".to_owned()));
    one(&[named.clone(), Condition::equals("readOnly", "true")], Verdict::LeavesOut);
    // Data events alone, as a trail for objects has them.
    let data = Selector(vec![Condition::equals("eventCategory", "Data")]);
    of(std::slice::from_ref(&data), Verdict::LeavesOut);
    of(&[Selector(Vec::new())], Verdict::LeavesOut);
    of(&[], Verdict::LeavesOut);
    // Of several, the best counts.
    of(&[data, management(&[named]), management(&[])], Verdict::Records);
}

#[test]
fn of_several_trails_the_accounts_own_is_used_first() {
    let account: AccountId = "111122223333".parse().unwrap();
    let theirs = Trail {
        name: "org".to_owned(),
        arn: "arn:aws:cloudtrail:us-east-1:999999999999:trail/org".to_owned(),
        is_organization: true,
        is_multi_region: true,
        ..good()
    };
    let stopped = Trail { status: Reading::Known(TrailStatus::default()), ..good() };
    let found =
        |trails: &[Trail]| recording(trails, &region(), &account).map(|trail| trail.name.clone());
    assert_eq!(found(&[theirs.clone(), good()]).as_deref(), Some("audit"));
    assert_eq!(found(&[stopped.clone(), theirs.clone()]).as_deref(), Some("org"));
    assert_eq!(found(&[stopped]), None);
    assert_eq!(found(&[]), None);
    let words = [theirs.to_string(), good().to_string()];
    let org = "`org` of the organization, which records every Region";
    assert_eq!(words, [org, "`audit`, which records eu-west-1"]);
}
