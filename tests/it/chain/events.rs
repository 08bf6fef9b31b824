//! Buckets that are created and weakened, objects that are created and deleted.

use super::digests::{close, long_window};
use super::guarded::{
    Guarded, OWNER, encryption, has_tls, is_closed_but_to_acls, is_private, new_account,
    sends_object_events, switch_acls_off,
};

const SSE_S3_ALL_ALLOWED: &str = "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>\
     </ApplyServerSideEncryptionByDefault><BlockedEncryptionTypes><EncryptionType>NONE</EncryptionType>\
     </BlockedEncryptionTypes>";

#[test]
fn a_new_bucket_is_remediated_with_one_email() {
    let guarded = Guarded::new(&[]);
    let careless = guarded.careless();
    let reports = guarded.bucket("reports");
    guarded.forget();
    careless.create_bucket(&reports).unwrap();
    guarded.wait("a mail", || guarded.mails().len() == 1);
    guarded.rest();
    assert!(has_tls(&careless, &reports) && sends_object_events(&careless, &reports));
    assert_eq!(
        guarded.guard_writes(),
        ["s3:PutBucketPolicy", "s3:PutBucketNotification"],
        "S3 itself makes new buckets encrypted and private"
    );
    assert_eq!(guarded.runs("GuardFunctionName"), 1, "the guard's own write is no event for it");
    let mail = &guarded.mails()[0];
    assert_eq!(mail.subject, format!("s3guard protected {reports}"));
    let records = guarded.records(&reports);
    for record in &records {
        assert_eq!(record["status"], "verified", "{record}");
        assert_eq!(record["events"][0]["eventName"], "CreateBucket", "{record}");
        let undo = format!("undo: s3guard undo {}", record["id"].as_str().unwrap());
        assert!(mail.text.contains(&undo), "{}", mail.text);
    }
    assert_eq!(records.len(), 2);
}

#[test]
fn a_weakened_bucket_is_remediated_once_and_the_caller_is_reported() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    careless.delete_public_access_block(&reports).unwrap();
    guarded.wait("a private bucket", || is_private(&careless, &reports));
    guarded.wait("a mail", || guarded.mails().len() == 1);
    guarded.rest();
    assert_eq!(guarded.guard_writes(), ["s3:PutBucketPublicAccessBlock"]);
    assert_eq!(guarded.runs("GuardFunctionName"), 1, "the guard's own write is no event for it");
    let mail = &guarded.mails()[0];
    assert_eq!(mail.subject, format!("s3guard reverted a weakening of {reports}"));
    let said = "DeleteBucketPublicAccessBlock by IAM user careless";
    assert!(mail.text.contains(said), "{}", mail.text);
    let arn = format!("arn:aws:iam::{}:user/careless\n", guarded.account.number());
    assert!(mail.text.contains(&arn), "{}", mail.text);
    assert!(mail.text.contains("public access block: on (was: not set)"), "{}", mail.text);

    guarded.forget();
    careless.put_encryption(&reports, SSE_S3_ALL_ALLOWED).unwrap();
    guarded.wait("a second mail", || guarded.mails().len() == 1);
    guarded.rest();
    assert_eq!(guarded.guard_writes(), ["s3:PutEncryptionConfiguration"]);
    assert!(encryption(&careless, &reports).contains("SSE-C"), "SSE-C is blocked again");
}

#[test]
fn an_event_of_a_compliant_bucket_writes_nothing() {
    let guarded = Guarded::new(&[]);
    let (careless, reports) = guarded.with_bucket();
    careless.put_public_access_block(&reports, true).unwrap();
    guarded.wait_for_runs("GuardFunctionName", 1);
    guarded.rest();
    assert_eq!(guarded.runs("GuardFunctionName"), 1);
    let mut asked: Vec<String> =
        guarded.calls("GuardRoleArn").into_iter().filter_map(|call| call.action).collect();
    asked.sort();
    assert_eq!(
        asked,
        [
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketTagging",
            "s3:GetObject",
            "s3:ListBucket",
            "s3:PutObject"
        ],
        "what the call can have weakened, the tags that can raise the grade, the state and the suppressions in the ledger"
    );
    assert_eq!(guarded.mails(), []);
}

#[test]
fn the_sweep_remediates_a_bucket_from_before_2023() {
    let account = new_account();
    let root = account.client();
    let reports = format!("old-reports-{}", account.number());
    root.create_bucket(&reports).unwrap();
    account.make_legacy(&reports).unwrap();
    switch_acls_off(&root, &reports);
    assert!(root.encryption(&reports).is_err(), "as S3 answered before 2023");

    let guarded = Guarded::of(account, &[]);
    guarded.wait("a mail", || !guarded.mails().is_empty());
    guarded.rest();
    assert!(is_private(&root, &reports) && !has_tls(&root, &reports));
    assert!(encryption(&root, &reports).starts_with("AES256"));
    assert_eq!(
        guarded.guard_writes(),
        ["s3:PutBucketPublicAccessBlock", "s3:PutEncryptionConfiguration"],
        "what no client notices, in a bucket that was there; the stack's own buckets are right"
    );
    assert!(guarded.mail_text().contains("found by the sweep"), "{}", guarded.mail_text());

    guarded.forget();
    guarded.account.make_legacy(&reports).unwrap();
    switch_acls_off(&root, &reports);
    guarded.wait("a second mail", || guarded.mails().len() == 1);
    guarded.rest();
    assert!(is_private(&root, &reports), "without ACLs all of it can be closed at once");
    assert_eq!(guarded.mails()[0].subject, format!("s3guard protected {reports}"));
    guarded.forget();
    assert_eq!(guarded.account.fire_schedules().unwrap(), 3, "sweep, end of windows, tick");
    guarded.wait("a third mail", || guarded.mails().len() == 1);
    guarded.rest();
    assert_eq!(guarded.guard_writes(), ["s3:PutEncryptionConfiguration"]);
}

#[test]
fn the_sweep_reports_settings_in_use_and_a_weakening_is_reverted_to_what_was_there() {
    let account = new_account();
    let root = account.client();
    let [old, asked] = ["old", "asked"].map(|name| format!("{name}-{}", account.number()));
    for bucket in [&old, &asked] {
        root.create_bucket(bucket).unwrap();
        account.make_legacy(bucket).unwrap();
    }
    let enforces = "[[rule]]\nbucket = \"asked-*\"\naspects = { public-access = \"enforce\", sse-c = \"enforce\" }\n";
    let guarded = Guarded::configured(account, enforces, &[]);
    guarded.wait("a mail", || !guarded.mails().is_empty());
    guarded.rest();
    assert!(is_closed_but_to_acls(&root, &old), "objects can be public by their own ACLs");
    assert!(!encryption(&root, &old).contains("SSE-C"), "it may be in use");
    assert!(root.bucket_setting(&old, "ownershipControls").is_err());
    for reported in ["an object may be public by its own", "left it open here"] {
        assert_eq!(guarded.mail_text().matches(reported).count(), 1, "{}", guarded.mail_text());
    }
    assert!(is_private(&root, &asked) && encryption(&root, &asked).contains("SSE-C"));

    guarded.forget();
    root.delete_public_access_block(&old).unwrap();
    root.put_encryption(&old, SSE_S3_ALL_ALLOWED).unwrap();
    guarded.wait("what was closed before", || is_closed_but_to_acls(&root, &old));
    guarded.rest();
    assert!(!encryption(&root, &old).contains("SSE-C"), "it was not blocked before");
}

#[test]
fn a_stronger_setting_or_another_customers_key_is_left_unchanged() {
    let account = new_account();
    let [ours, theirs] = [(); 2].map(|()| account.client().create_key().unwrap());
    let guarded = Guarded::of(account, &["--grade", "hybrid", "--key", &ours]);
    let careless = guarded.careless();
    let reports = guarded.bucket("reports");

    guarded.forget();
    careless.create_bucket(&reports).unwrap();
    guarded.wait("the grade's encryption", || encryption(&careless, &reports).contains(&ours));
    guarded.rest();
    assert_eq!(guarded.runs("GuardFunctionName"), 1, "the guard's own write is no event for it");
    assert_eq!(
        guarded.guard_writes(),
        [
            "s3:PutBucketVersioning",
            "s3:PutBucketPolicy",
            "s3:PutEncryptionConfiguration",
            "s3:PutBucketNotification"
        ]
    );

    for (name, algorithm) in [("finance", "aws:kms:dsse"), ("legal", "aws:kms")] {
        let bucket = &guarded.bucket(name);
        careless.create_bucket(bucket).unwrap();
        guarded.wait("the grade's encryption", || encryption(&careless, bucket).contains(&ours));
        guarded.rest();
        guarded.forget();
        let rule = format!(
            "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>{algorithm}</SSEAlgorithm>\
             <KMSMasterKeyID>{theirs}</KMSMasterKeyID></ApplyServerSideEncryptionByDefault>\
             <BucketKeyEnabled>false</BucketKeyEnabled>\
             <BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes>"
        );
        careless.put_encryption(bucket, &rule).unwrap();
        let before = encryption(&careless, bucket);
        guarded.wait_for_runs("GuardFunctionName", 1);
        guarded.rest();
        assert_eq!(guarded.guard_writes(), [""; 0], "{bucket}");
        assert_eq!(encryption(&careless, bucket), before);
    }
}

#[test]
fn object_changes_are_reported_in_one_email() {
    // One window, no matter how long this takes.
    let guarded = Guarded::configured(new_account(), &long_window(), &[]);
    let (careless, reports) = guarded.with_bucket();
    assert!(sends_object_events(&careless, &reports));
    careless.put_object(&reports, "q3/plan.txt", b"first").unwrap();
    careless.put_object(&reports, "q3/plan.txt", b"second").unwrap();
    careless.delete_object(&reports, "q3/plan.txt").unwrap();
    let reported = || {
        let mails = guarded.mails();
        mails.iter().map(|mail| mail.text.clone()).collect::<String>()
    };
    close(&guarded);
    assert_eq!(
        reported().matches("created or overwritten: q3/plan.txt").count(),
        2,
        "{}",
        reported()
    );
    assert!(reported().contains("deleted for good: q3/plan.txt"), "{}", reported());
    assert!(reported().contains(&format!("Bucket {reports}")), "{}", reported());
    assert!(reported().contains("    6 bytes\n    by account"), "{}", reported());
    let mails = guarded.mails();
    assert!(mails.len() == 1 && mails[0].to == OWNER, "{mails:#?}");
}

#[test]
fn a_new_bucket_settles_before_it_is_reconciled() {
    // So long that a new bucket has not settled, even on a slow machine.
    let guarded = Guarded::new(&["--settle-seconds", "300"]);
    let careless = guarded.careless();
    let reports = guarded.bucket("reports");
    guarded.forget();
    careless.create_bucket(&reports).unwrap();
    let depth = || guarded.account.client().depth(guarded.output("GuardQueueUrl")).unwrap();
    guarded.wait("the event, sent back", || depth().delayed == 1 && depth().total() == 1);
    let actions = || {
        let calls = guarded.calls("GuardRoleArn").into_iter();
        calls.filter_map(|call| call.action).collect::<Vec<_>>()
    };
    assert!(actions().contains(&"sqs:SendMessage".to_owned()), "{:?}", actions());
    assert!(!actions().iter().any(|action| action.starts_with("s3:")), "{:?}", actions());
    // It is reconciled once it has settled, which is at once now.
    let changed = guarded.deploy(&["--settle-seconds", "0"]);
    assert!(changed.status.success(), "{}", String::from_utf8_lossy(&changed.stderr));
    guarded.wait("a reconciliation of the bucket", || {
        guarded.account.end_delays().unwrap();
        has_tls(&careless, &reports)
    });
    guarded.rest();
}
