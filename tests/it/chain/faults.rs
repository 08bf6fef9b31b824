//! Failures: killed functions, denied and throttled calls, messages that are not events.

use s3guard_emulator::Fault;

use super::guarded::{Guarded, encryption, is_private, refuse_emails};

#[test]
fn a_function_killed_between_read_and_write_leaves_no_bucket_unguarded() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    let hold = guarded.account.add_fault(&Fault::hold("s3:PutBucketPublicAccessBlock")).unwrap();
    guarded.account.make_legacy(&reports).unwrap();
    // Another tag could select another grade, so every setting is reconciled.
    let tags = "<Tagging><TagSet><Tag><Key>team</Key><Value>data</Value></Tag></TagSet></Tagging>";
    careless.put_bucket_setting(&reports, "tagging", tags).unwrap();
    guarded.account.wait_until_held(hold.number).unwrap();
    let killed = guarded.account.kill_function(guarded.output("GuardFunctionName")).unwrap();
    assert!(killed >= 1);
    assert!(careless.public_access_block(&reports).is_err(), "nothing is written yet");
    // The held call may still be carried out, as on AWS; a second reconciliation handles the encryption.
    guarded.account.forget_faults().unwrap();
    // Time that passes so fast may have the message handled twice at once, and notified by both: one has remediated the bucket.
    // Who owns its objects is only reported. All may be in one mail, whose subject is that of any of them.
    let done = "default encryption: SSE-S3, SSE-C blocked (was";
    guarded.wait("a mail of the one that remediated", || {
        guarded.account.end_visibility_timeouts().unwrap();
        guarded
            .mails()
            .iter()
            .any(|mail| mail.subject.contains(&reports) && mail.text.contains(done))
    });
    guarded.rest();
    assert!(is_private(&careless, &reports), "it was so before");
    assert!(encryption(&careless, &reports).starts_with("AES256"));
}

#[test]
fn a_function_killed_between_write_and_notification_still_reports_the_caller() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    let hold = guarded.account.add_fault(&Fault::hold("sns:Publish")).unwrap();
    careless.delete_public_access_block(&reports).unwrap();
    guarded.account.wait_until_held(hold.number).unwrap();
    assert!(is_private(&careless, &reports), "the write is done, the notification is not");
    guarded.account.kill_function(guarded.output("GuardFunctionName")).unwrap();
    guarded.account.forget_faults().unwrap();
    // The held call may still be carried out, as on AWS; the expected email is that of the second reconciliation.
    let again = || {
        let subject = format!("s3guard retried {reports}");
        guarded.mails().into_iter().find(|mail| mail.subject == subject)
    };
    guarded.wait("a mail", || {
        guarded.account.end_visibility_timeouts().unwrap();
        again().is_some()
    });
    let text = again().unwrap().text;
    assert!(text.contains("DeleteBucketPublicAccessBlock by"), "{text}");
    assert!(text.contains("user/careless"), "{text}");
}

#[test]
fn a_notification_that_sns_refuses_is_published_with_the_next_delivery() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    refuse_emails(&guarded, 1);
    careless.delete_public_access_block(&reports).unwrap();
    // Once, and not while the run is going on: otherwise the event would be handled twice at the same time.
    guarded.wait_for_runs("GuardFunctionName", 1);
    guarded.account.end_visibility_timeouts().unwrap();
    guarded.wait("a mail", || !guarded.mails().is_empty());
    guarded.rest();
    assert!(is_private(&careless, &reports));
    let mails = guarded.mails();
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert_eq!(mails[0].subject, format!("s3guard reverted a weakening of {reports}"));
    assert!(mails[0].text.contains("user/careless"), "{}", mails[0].text);
}

#[test]
fn a_notification_that_sns_refuses_repeatedly_is_not_lost() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    // The first attempt, and that of the next delivery.
    let fault = refuse_emails(&guarded, 2);
    careless.delete_public_access_block(&reports).unwrap();
    // Not while a run is going on: the event would be received again in flight.
    for runs in 1..=2 {
        guarded.wait_for_runs("GuardFunctionName", runs);
        guarded.account.end_visibility_timeouts().unwrap();
    }
    guarded.wait_for_runs("GuardFunctionName", 3);
    guarded.rest();
    let met =
        guarded.account.faults().unwrap().into_iter().find(|state| state.number == fault.number);
    assert_eq!(met.map(|state| state.met), Some(8), "SNS refused it for two runs");
    let text = guarded.mails().remove(0).text;
    assert!(text.contains("s3guard undo"), "it says what was done: {text}");
}

#[test]
fn a_message_that_is_not_an_event_ends_in_the_dlq_and_raises_the_alarm() {
    let guarded = Guarded::new(&[]);
    guarded.account.unchecked().send(guarded.output("GuardQueueUrl"), "poison").unwrap();
    guarded.wait("a dead letter", || {
        guarded.account.end_visibility_timeouts().unwrap();
        guarded.waiting("GuardDlqUrl") == 1
    });
    guarded.wait("an alarm", || {
        let alarms = guarded.account.alarms().unwrap();
        alarms.iter().any(|(name, state)| name.contains("GuardDlq") && state == "ALARM")
    });
    assert_eq!(guarded.waiting("GuardQueueUrl"), 0);
}

#[test]
fn a_denied_write_is_reported_and_not_retried_indefinitely() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    let denied = Fault {
        role: "*Guard*".to_owned(),
        times: 100,
        ..Fault::fail("s3:PutBucketPublicAccessBlock", "AccessDenied")
    };
    guarded.account.add_fault(&denied).unwrap();
    careless.delete_public_access_block(&reports).unwrap();
    guarded.wait("a mail", || guarded.mails().len() == 1);
    guarded.rest();
    let mail = &guarded.mails()[0];
    let subject = "may be public (public access could not be blocked)";
    assert_eq!(mail.subject, format!("CRITICAL: bucket {reports} {subject}"));
    assert!(mail.text.contains("AccessDenied"), "{}", mail.text);
    assert_eq!(guarded.runs("GuardFunctionName"), 1);
    assert_eq!(guarded.waiting("GuardDlqUrl"), 0);
}

#[test]
fn a_denial_is_reported_with_its_likely_cause() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    let of = |why: &str| {
        format!(
            "User: guard is not authorized to perform: s3:PutBucketPublicAccessBlock on resource: \"{reports}\" {why}"
        )
    };
    for (words, cause) in [
        ("with an explicit deny in a resource-based policy", "by a deny in its policy"),
        ("with an explicit deny in a service control policy", "service control policy"),
    ] {
        let denied = Fault::fail("s3:PutBucketPublicAccessBlock", "AccessDenied");
        let denied = Fault { role: "*Guard*".to_owned(), message: Some(of(words)), ..denied };
        guarded.account.add_fault(&denied).unwrap();
        guarded.forget();
        careless.delete_public_access_block(&reports).unwrap();
        guarded.wait("a mail", || guarded.mails().len() == 1);
        guarded.rest();
        assert!(guarded.mail_text().contains(cause), "{}", guarded.mail_text());
    }
}

#[test]
fn throttling_and_conflicts_are_retried() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    for (action, error) in [
        ("s3:GetEncryptionConfiguration", "SlowDown"),
        ("s3:PutBucketPublicAccessBlock", "OperationAborted"),
    ] {
        let fault = Fault { role: "*Guard*".to_owned(), times: 2, ..Fault::fail(action, error) };
        guarded.account.add_fault(&fault).unwrap();
    }
    careless.delete_public_access_block(&reports).unwrap();
    guarded.wait("a private bucket", || is_private(&careless, &reports));
    guarded.rest();
    assert_eq!(guarded.runs("GuardFunctionName"), 1, "it is waited out within one run");
    assert_eq!(guarded.mails().len(), 1);
}

#[test]
fn a_deleted_bucket_is_done() {
    let guarded = Guarded::new(&[]);
    guarded.forget();
    let look = r#"{"s3guard":{"reconcile":{"bucket":"long-gone"}}}"#;
    guarded.account.unchecked().send(guarded.output("GuardQueueUrl"), look).unwrap();
    guarded.wait_for_runs("GuardFunctionName", 1);
    guarded.rest();
    assert_eq!(guarded.runs("GuardFunctionName"), 1);
    assert_eq!(guarded.waiting("GuardDlqUrl"), 0);
    assert_eq!(guarded.mails(), []);
}
