//! A conflict: another party weakens a bucket again each time that the guard has remediated it.

use super::guarded::{Guarded, has_tls, is_private, new_account, refuse_emails};

/// How often the other side weakens the bucket.
const ROUNDS: usize = 25;
/// How many records `history` shows.
const HISTORY_MAX: usize = 20;
/// After so many writes within an hour there is a conflict.
const WRITES_MAX: usize = 7;

#[test]
fn a_conflict_over_public_access_is_one_alert_and_the_bucket_stays_closed() {
    let guarded = Guarded::configured(new_account(), "writes-per-hour = 7\n", &[]);
    let (careless, reports) = guarded.with_bucket();
    let already = guarded.records(&reports).len();
    for round in 0..ROUNDS {
        let runs = guarded.runs("GuardFunctionName");
        careless.delete_public_access_block(&reports).unwrap();
        if round < WRITES_MAX {
            guarded.rest();
        } else {
            guarded.wait_for_runs("GuardFunctionName", runs + 1);
            guarded.rest_in_conflict();
        }
    }
    let writes = guarded.guard_writes();
    assert_eq!(writes, ["s3:PutBucketPublicAccessBlock"; ROUNDS], "each time");
    assert_eq!(guarded.records(&reports).len(), (already + ROUNDS).min(HISTORY_MAX));
    assert!(is_private(&careless, &reports), "the other side never wins");
    let alert = format!("conflict over {reports}");
    let mails = guarded.mails();
    let alerts: Vec<_> = mails.iter().filter(|mail| mail.subject.contains(&alert)).collect();
    assert_eq!(alerts.len(), 1, "{mails:#?}");
    assert_eq!(mails.len(), 4 + 1, "the 1st, 2nd, 4th and 8th remediation: {mails:#?}");
    assert!(alerts[0].text.contains("IAM user careless"), "{}", alerts[0].text);

    // The sweep has nothing to do.
    guarded.forget();
    guarded.account.fire_schedules().unwrap();
    guarded.wait_for_runs("GuardFunctionName", 1);
    guarded.rest_in_conflict();
    assert_eq!(guarded.guard_writes(), [""; 0]);
    assert_eq!(guarded.mails(), []);

    // A setting without a conflict is remediated as before.
    careless.delete_bucket_setting(&reports, "policy").unwrap();
    guarded.wait("a policy", || has_tls(&careless, &reports));
    guarded.rest_in_conflict();
    assert_eq!(guarded.guard_writes(), ["s3:PutBucketPolicy"]);
}

#[test]
fn a_failed_report_of_a_conflict_is_retried_with_the_message() {
    let guarded = Guarded::configured(new_account(), "writes-per-hour = 7\n", &[]);
    let (careless, reports) = guarded.with_bucket();
    for _ in 0..7 {
        careless.delete_public_access_block(&reports).unwrap();
        guarded.rest();
    }
    guarded.forget();
    refuse_emails(&guarded, 1);
    careless.delete_public_access_block(&reports).unwrap();
    let alert = format!("conflict over {reports}");
    guarded.wait("an alert", || {
        guarded.account.end_visibility_timeouts().unwrap();
        guarded.mails().iter().any(|mail| mail.subject.contains(&alert))
    });
}
