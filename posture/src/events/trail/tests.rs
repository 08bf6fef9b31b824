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
    for (denied, verdict) in [
        (Reading::Denied, Verdict::Unreadable("cloudtrail:GetTrailStatus")),
        (Reading::Unread, Verdict::Unreadable("cloudtrail:GetTrailStatus")),
        (Reading::Absent, Verdict::Gone),
    ] {
        check(&Trail { status: denied, ..good() }, &verdict);
    }
    for (denied, verdict) in [
        (Reading::Denied, Verdict::Unreadable("cloudtrail:GetEventSelectors")),
        (Reading::Unread, Verdict::Unreadable("cloudtrail:GetEventSelectors")),
        (Reading::Absent, Verdict::Gone),
    ] {
        check(&Trail { selectors: denied, ..good() }, &verdict);
    }
}

/// The trail of an organization whose management account is another one.
fn theirs() -> Trail {
    Trail {
        name: "org".to_owned(),
        arn: "arn:aws:cloudtrail:us-east-1:999999999999:trail/org".to_owned(),
        is_organization: true,
        is_multi_region: true,
        ..good()
    }
}

#[test]
fn a_trail_of_the_organization_counts_as_far_as_this_account_sees_it() {
    check(&theirs(), &Verdict::Records);
    check(&Trail { is_multi_region: false, ..theirs() }, &Verdict::Records);
    let elsewhere = Trail { home: "us-east-1".parse().unwrap(), ..theirs() };
    check(&Trail { is_multi_region: false, ..elsewhere }, &Verdict::Elsewhere);
    let hidden = |action| Verdict::NotShown { owner: "999999999999".to_owned(), action };
    for read in [Reading::Denied, Reading::Absent, Reading::Unread] {
        check(&Trail { status: read, ..theirs() }, &hidden("cloudtrail:GetTrailStatus"));
    }
    for read in [Reading::Denied, Reading::Absent, Reading::Unread] {
        let verdict = hidden("cloudtrail:GetEventSelectors");
        check(&Trail { selectors: read, ..theirs() }, &verdict);
    }
    let words = hidden("cloudtrail:GetTrailStatus").to_string();
    assert_eq!(
        words,
        "is a trail of the organization in account `999999999999`, which does not show it here, or the permission \
         `cloudtrail:GetTrailStatus` is missing"
    );
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
fn of_several_trails_the_accounts_own_is_used_first_and_no_doubt_is_taken_for_a_no() {
    let account: AccountId = "111122223333".parse().unwrap();
    let stopped = Trail { status: Reading::Known(TrailStatus::default()), ..good() };
    let hidden = Trail { selectors: Reading::Denied, ..theirs() };
    let unreadable = Trail { status: Reading::Denied, ..good() };
    let found = |trails: &[Trail]| match recording(trails, &region(), &account) {
        Recording::Yes(trail) => trail.name.clone(),
        other @ (Recording::Unknown | Recording::No) => format!("{other:?}"),
    };
    assert_eq!(found(&[theirs(), good()]), "audit");
    assert_eq!(found(&[stopped.clone(), theirs()]), "org");
    assert_eq!(found(&[hidden.clone(), good()]), "audit");
    assert_eq!(found(&[stopped.clone(), hidden]), "Unknown");
    assert_eq!(found(&[unreadable]), "Unknown");
    assert_eq!(found(&[stopped]), "No");
    assert_eq!(found(&[]), "No");
    let words = [theirs().to_string(), good().to_string()];
    let org = "`org` of the organization (account `999999999999`), which records every Region";
    assert_eq!(words, [org, "`audit`, which records eu-west-1"]);
}
