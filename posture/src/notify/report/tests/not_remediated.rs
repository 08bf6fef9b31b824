//! What is not remediated: left, exempt, undone, stopped, or later.

use super::*;

#[test]
fn what_is_left_is_reported_and_a_public_bucket_is_critical() {
    let findings = vec![not_remediated(Aspect::PublicAccess, Reason::PublicPolicy)];
    message(
        &Run::new(calls("PutBucketWebsite"), findings.clone()),
        &expect![[r#"
            CRITICAL: bucket reports stays public (bucket policy)
            [critical: not-remediated]

            Left as it is
              public access block: its policy makes it public: close it with
                `public-access = "enforce"`, or allow it with `public = true` and a
                reason in a rule of s3guard.toml
        "#]],
    );
    let swept = Run::new(Trigger::Sweep, findings).notification().unwrap();
    assert_eq!(swept.attributes["severity"], Attribute::One("critical".to_owned()));
    for (reason, severity, subject) in [
        (Reason::PublicPolicy, "critical", "CRITICAL: bucket reports stays public (bucket policy)"),
        (Reason::PublicAcl, "critical", "CRITICAL: bucket reports stays public (ACL)"),
        (
            Reason::NotReadable(crate::Question::PublicAccessBlock),
            "high",
            "HIGH: bucket reports: not everything could be read",
        ),
        (Reason::DeniesTls("it".to_owned()), "high", "HIGH: bucket reports: it. Nothing was added"),
        (
            Reason::DeniesEveryRequest("it".to_owned()),
            "critical",
            "CRITICAL: bucket reports: no principal can reach this bucket",
        ),
    ] {
        let findings = vec![sse_c(), not_remediated(Aspect::PublicAccess, reason)];
        let notification = Run::new(Trigger::Sweep, findings).notification().unwrap();
        assert!(notification.subject.starts_with(subject), "{}", notification.subject);
        assert_eq!(notification.attributes["severity"], Attribute::One(severity.to_owned()));
    }
}

#[test]
fn the_subject_the_severity_and_the_sms_are_those_of_the_worst_that_remains() {
    // The guard adds its statement to a policy that gives another account access.
    let outsider = "its policy lets others in: account 444455556666 (statement 1)";
    let name = "account 444455556666 (statement 1)".to_owned();
    let remains = Reason::LetsOthersIn(Severity::High, name);
    for aspect in [Aspect::Policy, Aspect::Replication] {
        let findings = vec![open(), not_remediated(aspect, remains.clone())];
        for trigger in [calls("DeleteBucketPublicAccessBlock"), Trigger::Sweep] {
            let notification = Run::new(trigger, findings.clone()).notification().unwrap();
            assert_eq!(notification.document.severity, Severity::High);
            assert_eq!(notification.subject, format!("HIGH: bucket reports: {outsider}"));
            let sms = format!("s3guard HIGH: bucket reports: {outsider}");
            assert!(notification.sms.starts_with(&sms), "{}", notification.sms);
        }
    }
    // A bucket that is public is worse.
    let findings = vec![
        not_remediated(Aspect::Policy, remains),
        not_remediated(Aspect::PublicAccess, Reason::PublicPolicy),
        not_remediated(Aspect::PublicAccess, Reason::PublicAcl),
    ];
    let notification = Run::new(Trigger::Sweep, findings).notification().unwrap();
    let subject = "CRITICAL: bucket reports stays public (bucket policy, ACL)";
    assert_eq!(notification.subject, subject);
    // What remains is said, and not what was reverted.
    let findings = vec![open(), not_remediated(Aspect::Tls, Reason::WebsiteWithoutTls)];
    let run = Run::new(calls("DeleteBucketPublicAccessBlock"), findings);
    assert_eq!(run.notification().unwrap().subject, "s3guard partially protected reports");
}

#[test]
fn a_partially_remediated_bucket_is_reported_with_what_is_left() {
    let findings = vec![
        sse_c(),
        not_remediated(
            Aspect::Encryption,
            Reason::Outsiders("its policy lets others in".to_owned()),
        ),
    ];
    message(
        &Run::new(calls("CreateBucket"), findings),
        &expect![[r#"
            s3guard partially protected reports
            [warning: protected not-remediated]

            Done
              default encryption: SSE-S3, SSE-C blocked (was: SSE-S3, SSE-C not
                blocked)

            Left as it is
              default encryption: its policy lets others in, and they may not be
                able to use the key; its encryption was not raised
        "#]],
    );
}

#[test]
fn what_waits_for_a_stack_is_reported_when_it_is_done_or_given_up() {
    let website = not_remediated(Aspect::PublicAccess, Reason::PublicPolicy);
    is_silent(&Run::new(calls("CreateBucket"), vec![waiting()]));
    is_silent(&Run::new(calls("CreateBucket"), vec![waiting(), website]));
    let mut run = Run::new(calls("CreateBucket"), vec![waiting(), sse_c()]);
    run.failing = vec![SettingKind::Encryption];
    is_silent(&run);
    // No later run would report what is done meanwhile.
    message(
        &Run::new(calls("CreateBucket"), vec![waiting(), sse_c()]),
        &expect![[r#"
            s3guard protected reports
            [info: protected]

            Done
              default encryption: SSE-S3, SSE-C blocked (was: SSE-S3, SSE-C not
                blocked)

            Later
              TLS only: CloudFormation is still at work on the bucket's stack, which
                may bring a policy
        "#]],
    );
    let given_up = not_remediated(Aspect::Tls, Reason::StackNeverFinished);
    message(
        &Run::new(calls("CreateBucket"), vec![given_up]),
        &expect![[r#"
            s3guard left a bucket as it is: reports
            [warning: not-remediated]

            Left as it is
              TLS only: CloudFormation has been at work on its stack for hours; the
                sweep will check its policy again
        "#]],
    );
}

#[test]
fn what_is_left_to_the_stack_is_reported_with_lines_for_its_template() {
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Sid":"S3GuardTlsOnly","Effect":"Deny","Principal":"*"}]}"#;
    let findings = vec![not_remediated(Aspect::Tls, Reason::OfStack(policy.to_owned()))];
    message(
        &Run::new(calls("CreateBucket"), findings.clone()),
        &expect![[r#"
            s3guard left a bucket as it is: reports
            [warning: not-remediated]

            Left as it is
              TLS only: CloudFormation made it, and its stack could not add a policy
                of its own beside a first one of ours, so none was written: add it
                to the template, or set `tls = "enforce"` for the bucket in
                s3guard.toml

            For the template of its stack
              # with the CDK: enforceSSL: true
              Type: AWS::S3::BucketPolicy
              Properties:
                Bucket: "reports"
                PolicyDocument: {
                    "Version": "2012-10-17",
                    "Statement": [
                      {
                        "Sid": "S3GuardTlsOnly",
                        "Effect": "Deny",
                        "Principal": "*"
                      }
                    ]
                  }
        "#]],
    );
    // Its tags come with it.
    is_silent(&Run::new(calls("PutBucketTagging"), findings.clone()));
    assert!(Run::new(Trigger::Sweep, findings).notification().is_some());
}

#[test]
fn a_call_that_changes_what_is_exempt_is_reported_with_the_reason_and_the_end() {
    let exempt = |until| Exempt {
        aspect: Aspect::Tls,
        reason: "the scanner of 2009 speaks no TLS (TICKET-7)".to_owned(),
        until,
    };
    let run = |name| Run {
        exemptions: vec![exempt(Some(date!(2026 - 12 - 31)))],
        ..Run::new(calls(name), Vec::new())
    };
    message(
        &run("PutBucketPolicy"),
        &expect![[r#"
            s3guard left an exempt bucket as it is: reports
            [info: exempt]

            Exempt
              TLS only, until 2026-12-31: the scanner of 2009 speaks no TLS
                (TICKET-7)
        "#]],
    );
    // A new bucket, a tag and a call about another setting are not reported.
    for name in ["CreateBucket", "PutBucketTagging", "PutBucketEncryption"] {
        is_silent(&run(name));
    }
    is_silent(&Run { trigger: Trigger::Sweep, ..run("PutBucketPolicy") });
    let endless =
        Run { exemptions: vec![exempt(None)], ..Run::new(calls("CreateBucket"), vec![sse_c()]) };
    let text = endless.notification().unwrap().text;
    assert!(text.contains("\nExempt\n  TLS only, without an end: the scanner"), "{text}");
}

#[test]
fn what_was_undone_stays_so_and_is_no_alarm() {
    let findings = vec![not_remediated(Aspect::Tls, Reason::Undone(date!(2026 - 12 - 20)))];
    message(
        &Run::new(calls("PutBucketPolicy"), findings),
        &expect![[r#"
            s3guard left a bucket as it is: reports
            [info: not-remediated]

            Left as it is
              TLS only: it was undone, and stays so until 2026-12-20
        "#]],
    );
}

#[test]
fn that_the_guard_has_stopped_is_not_part_of_the_report() {
    let findings =
        vec![not_remediated(Aspect::Tls, Reason::TooManyWrites(SettingKind::Policy, 20))];
    is_silent(&Run::new(calls("PutBucketPolicy"), findings));
}

#[test]
fn the_account_is_called_by_its_name_and_has_a_page_of_its_own() {
    let mut run = Run::new(calls("DeleteAccountPublicAccessBlock"), Vec::new());
    let reason = Reason::ReportOnly("not set".to_owned());
    run.findings = vec![not_remediated(Aspect::AccountPublicAccess, reason)];
    run.id.name = BucketName::account();
    message(
        &run,
        &expect![[r#"
            s3guard left as it is: the account's public access block
            [warning: not-remediated]

            Left as it is
              the account's public access block: not set; only reported (mode
                "report")
        "#]],
    );
    let text = run.notification().unwrap().text;
    assert!(
        text.starts_with("Account 111122223333, public access block of all its buckets\nEvent ")
    );
    assert!(text.ends_with("amazon.com/s3/settings?region=eu-west-1\n"), "{text}");
}
