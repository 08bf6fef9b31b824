//! The ledger: its records when a function fails between a write and its record.

use s3guard_emulator::Fault;

use super::guarded::{Guarded, is_private};

/// Puts by the guard into the ledger's records of buckets.
fn of_guard(fault: Fault) -> Fault {
    Fault { role: "*Guard*".to_owned(), resource: "*/records/*".to_owned(), ..fault }
}

#[test]
fn a_function_killed_between_write_and_record_leaves_the_first_record() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    let already = guarded.records(&reports).len();
    // The first record says that the write starts, the second its result.
    let hold = Fault { skip: 1, ..of_guard(Fault::hold("s3:PutObject")) };
    let hold = guarded.account.add_fault(&hold).unwrap();
    careless.put_public_access_block(&reports, false).unwrap();
    guarded.account.wait_until_held(hold.number).unwrap();
    assert!(is_private(&careless, &reports), "the write is done, its record is not");
    guarded.account.kill_function(guarded.output("GuardFunctionName")).unwrap();
    let records = guarded.records(&reports);
    assert_eq!(records.len(), already + 1);
    let begun = &records[0];
    assert_eq!(begun["status"], "begun", "{begun:#}");
    assert_eq!(begun["setting"], "public-access-block", "{begun:#}");
    assert!(begun["from"].to_string().contains("false"), "what there was before: {begun:#}");
    guarded.account.forget_faults().unwrap();
    guarded.wait("empty queues", || {
        guarded.account.end_visibility_timeouts().unwrap();
        guarded.waiting("GuardQueueUrl") == 0
    });
    assert!(guarded.mail_text().contains("retried"), "{}", guarded.mail_text());
}

#[test]
fn a_bucket_is_remediated_even_if_the_ledger_refuses_the_record() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    let denied = Fault { times: 1_000, ..Fault::fail("s3:PutObject", "AccessDenied") };
    guarded.account.add_fault(&Fault { role: "*Guard*".to_owned(), ..denied }).unwrap();
    careless.delete_public_access_block(&reports).unwrap();
    guarded.wait("a mail", || guarded.mails().len() == 1);
    guarded.rest();
    assert!(is_private(&careless, &reports));
    assert!(!guarded.mail_text().contains("s3guard undo"), "{}", guarded.mail_text());
    assert_eq!(guarded.runs("GuardFunctionName"), 1, "it is not retried indefinitely");
    let runs = guarded.account.runs().unwrap();
    let counted = runs.iter().any(|run| {
        let metrics = run.log.lines().filter_map(|line| {
            serde_json::from_str::<serde_json::Value>(line.get(line.find('{')?..)?).ok()
        });
        metrics.into_iter().any(|line| line["NotRecorded"].as_u64().is_some_and(|count| count > 0))
    });
    assert!(counted, "the alarm NotRecorded counts it: {runs:#?}");
}
