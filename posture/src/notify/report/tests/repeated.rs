//! Severities, and how often a remediation is reported.

use super::*;
use crate::contract::Channel;

fn severity(run: &Run) -> Severity {
    run.notification().unwrap().document.severity
}

#[test]
fn what_lets_in_the_public_and_stays_so_is_critical() {
    for reason in [Reason::PublicPolicy, Reason::PublicAcl] {
        let findings = vec![sse_c(), not_remediated(Aspect::PublicAccess, reason)];
        for name in ["CreateBucket", "PutBucketPolicy"] {
            let run = Run::new(calls(name), findings.clone());
            assert_eq!(severity(&run), Severity::Critical, "{name} {findings:?}");
        }
    }
    for reason in
        [Reason::WebsiteWithoutTls, Reason::Outsiders("its policy lets others in".to_owned())]
    {
        let run = Run::new(calls("PutBucketPolicy"), vec![not_remediated(Aspect::Tls, reason)]);
        assert_eq!(severity(&run), Severity::Warning);
    }
}

#[test]
fn what_could_not_be_shut_is_critical_and_what_else_could_not_be_done_is_high() {
    let fails = |name, kind| {
        let mut run = Run::new(calls(name), vec![open(), sse_c()]);
        run.failing = vec![kind];
        severity(&run)
    };
    for name in ["CreateBucket", "DeleteBucketPublicAccessBlock"] {
        assert_eq!(fails(name, SettingKind::PublicAccessBlock), Severity::Critical, "{name}");
        assert_eq!(fails(name, SettingKind::Encryption), Severity::High, "{name}");
    }
}

#[test]
fn the_same_weakening_is_reported_less_and_less_often() {
    let reported: Vec<u32> = (0..=20)
        .filter(|&times| {
            let trigger = calls("DeleteBucketPublicAccessBlock");
            Run { times, ..Run::new(trigger, vec![open()]) }.notification().is_some()
        })
        .collect();
    assert_eq!(reported, [0, 1, 2, 4, 8, 16]);
    // What stays weaker is reported each time.
    let mut run = Run::new(calls("DeleteBucketPublicAccessBlock"), vec![open()]);
    (run.times, run.failing) = (3, vec![SettingKind::PublicAccessBlock]);
    assert_eq!(severity(&run), Severity::Critical);
}

#[test]
fn of_several_settings_the_one_that_is_remediated_the_least_often_counts() {
    let record = |setting: Setting| {
        let action = Action { set: setting, aspects: vec![Aspect::PublicAccess] };
        let inspection = Inspection {
            observed: Observed::unread(id()),
            baseline: Baseline::new(Grade::Speed, None),
            findings: Vec::new(),
            plan: plan(&[]),
            read_last: Vec::new(),
            reads: 0,
        };
        let record = Record::begun(&inspection, &action, &Trigger::Sweep, NOON);
        (action, record)
    };
    let done = [record(Setting::PublicAccessBlock(None)), record(Setting::Encryption(None))];
    let before = |kind| if kind == SettingKind::Encryption { 1 } else { 6 };
    assert_eq!(times_within_hour(&done, before), 2);
    assert_eq!(times_within_hour(&done[..1], before), 7);
    assert_eq!(times_within_hour(&[], before), 1);
}

#[test]
fn the_number_of_times_is_in_every_channel() {
    let trigger = calls("DeleteBucketPublicAccessBlock");
    let notification = Run { times: 4, ..Run::new(trigger, vec![open()]) }.notification().unwrap();
    assert!(
        notification.text.contains("\nRemediated 4 times within the hour, this time included.\n"),
        "{}",
        notification.text
    );
    assert!(
        notification
            .message(Channel::Chat)
            .contains("Remediated 4 times within the hour, this time included.")
    );
    assert_eq!(notification.document.json().matches(r#""timesWithinHour":4"#).count(), 1);
}

#[test]
fn the_owner_is_the_value_of_the_tag_if_it_is_not_empty() {
    let tagged = |name: &str| {
        let mut observed = Observed::unread(id());
        observed.tags = Reading::Known([(OWNER_TAG.to_owned(), name.to_owned())].into());
        owner(&observed.tags).map(str::to_owned)
    };
    assert_eq!(tagged("owner@example.com").as_deref(), Some("owner@example.com"));
    assert_eq!(tagged(" "), None);
    assert_eq!(owner(&Observed::unread(id()).tags), None);
}

#[test]
fn the_caller_has_a_short_name_and_an_arn() {
    let sso = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/jane@example.com";
    let call = Call {
        principal: sso.to_owned(),
        source_ip: Some("192.0.2.1".to_owned()),
        ..call("DeleteBucketPublicAccessBlock")
    };
    let run = Run {
        owner: Some("owner@example.com"),
        ..Run::new(Trigger::Calls(vec![call]), vec![open()])
    };
    let notification = run.notification().unwrap();
    let lines = format!(
        "\nOwner   tag says \"owner@example.com\"\nEvent   DeleteBucketPublicAccessBlock by jane@example.com by SSO (Admin)\n        \
         with the AWS CLI, 2026-11-20 12:00:00 UTC, from 192.0.2.1\n        {sso}\nGrade "
    );
    assert!(notification.text.contains(&lines), "{}", notification.text);
    expect!["s3guard reverted a weakening of reports: DeleteBucketPublicAccessBlock by jane@example.com by SSO (Admin). 111122223333 eu-west-1"].assert_eq(&notification.sms);
}

#[test]
fn the_same_news_has_the_same_id_and_other_news_another() {
    let id = |run: &Run| run.notification().unwrap().document.id;
    let with_event = |event_id: &str| {
        let call = Call { event_id: Some(event_id.to_owned()), ..call("PutBucketWebsite") };
        let findings = vec![not_remediated(Aspect::PublicAccess, Reason::PublicPolicy)];
        Run::new(Trigger::Calls(vec![call]), findings)
    };
    assert_eq!(id(&with_event("e1")), "bucket-report:111122223333:reports:not-remediated:e1");
    assert_ne!(id(&with_event("e1")), id(&with_event("e2")));
    assert_eq!(
        id(&Run::new(calls("CreateBucket"), vec![open(), sse_c()])),
        "bucket-report:111122223333:reports:protected:reports@20261120T120000.000Z-public-access-block"
    );
}
