//! Somebody who weakens a bucket again, each time that the guard has mended it.

use super::guarded::{Guarded, is_private, new_account};

/// How often the other side weakens the bucket.
const ROUNDS: usize = 25;

#[test]
fn a_tug_of_war_ends_in_one_alert_and_no_further_writes() {
    let guarded = Guarded::configured(new_account(), "writes-per-hour = 7\n", &[]);
    let (careless, reports) = guarded.with_bucket();
    let already = guarded.records(&reports).len();
    for _ in 0..ROUNDS {
        careless.delete_public_access_block(&reports).unwrap();
        guarded.rest();
    }
    let writes = guarded.guard_writes();
    assert_eq!(
        writes,
        vec!["s3:PutBucketPublicAccessBlock"; 7 - already],
        "seven with those before"
    );
    assert_eq!(guarded.records(&reports).len(), 7);
    assert!(!is_private(&careless, &reports), "the other side has won");
    let alert = format!("are changing {reports} in turn");
    let mails = guarded.mails();
    let alerts: Vec<_> = mails.iter().filter(|mail| mail.subject.contains(&alert)).collect();
    assert_eq!(alerts.len(), 1, "{mails:#?}");
    assert_eq!(mails.len(), writes.len() + 1, "one for each time it was mended: {mails:#?}");
    assert!(alerts[0].text.contains("IAM user careless"), "{}", alerts[0].text);

    // The sweep stays out of it as well.
    guarded.forget();
    guarded.account.fire_schedules().unwrap();
    guarded.wait_for_runs("GuardFunctionName", 1);
    guarded.rest();
    assert_eq!(guarded.guard_writes(), [""; 0]);
    assert_eq!(guarded.mails(), []);
}
