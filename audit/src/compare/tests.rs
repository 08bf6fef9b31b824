use std::sync::Arc;

use s3guard_posture::BucketId;

use super::*;
use crate::AccountFacts;
use crate::finding::Resource;
use crate::report::Report;
use crate::rule::Rule;

fn account() -> AccountFacts {
    AccountFacts {
        id: "111122223333".parse().unwrap(),
        partition: "aws".to_owned(),
        block: s3guard_posture::Reading::Absent,
        multi_region: s3guard_posture::Reading::Absent,
    }
}

fn finding(bucket: &str, rule: Rule, who: &[&str]) -> Finding {
    let id = BucketId {
        name: bucket.parse().unwrap(),
        account: account().id,
        region: "eu-west-1".parse().unwrap(),
    };
    let mut finding = Finding::new(rule, &Arc::new(Resource::bucket(&id)));
    finding.who = who.iter().map(|&one| one.to_owned()).collect();
    finding
}

fn written(findings: Vec<Finding>, change: impl FnOnce(&mut Report)) -> String {
    let mut report = Report::new(&account(), "2026-10-01T00:00:00Z".to_owned());
    report.set_findings(findings);
    change(&mut report);
    serde_json::to_string(&report).unwrap()
}

fn earlier(findings: Vec<Finding>) -> Earlier {
    Earlier::read(&written(findings, |_| {}), &account().id).unwrap()
}

#[test]
fn only_what_is_new_or_worse_counts() {
    let earlier = earlier(vec![
        finding("same", Rule::StrangerAccess, &["account 1"]),
        finding("more", Rule::StrangerAccess, &["account 1"]),
        finding("less", Rule::StrangerAccess, &["account 1", "account 2"]),
        finding("fixed", Rule::HttpAllowed, &[]),
        finding("deleted", Rule::HttpAllowed, &[]),
        finding("hidden", Rule::HttpAllowed, &[]),
    ]);
    let mut severe = finding("severe", Rule::HttpAllowed, &[]);
    severe.severity = Severity::Critical;
    let mut now = vec![
        finding("same", Rule::StrangerAccess, &["account 1"]),
        finding("more", Rule::StrangerAccess, &["account 1", "account 2"]),
        finding("less", Rule::StrangerAccess, &["account 1"]),
        severe,
    ];
    let exists = |arn: &str| !arn.ends_with("deleted");
    let is_read = |arn: &str| !arn.ends_with("hidden");
    let changes = earlier.compare(&mut now, exists, is_read);
    let statuses: Vec<Status> = now.iter().map(|one| one.status).collect();
    assert_eq!(statuses, [Status::Accepted, Status::Fail, Status::Accepted, Status::Fail]);
    assert_eq!(changes.since, "2026-10-01T00:00:00Z");
    assert_eq!(
        (&changes.new, &changes.worse, changes.same),
        (&vec![now[3].uid()], &vec![now[1].uid()], 2)
    );
    let mut gone: Vec<_> =
        changes.gone.iter().map(|one| (one.name.as_str(), one.is_resource_gone)).collect();
    gone.sort_unstable();
    assert_eq!(gone, [("deleted", true), ("fixed", false)]);
    assert_eq!(changes.now_unknown[0].name, "hidden");
}

#[test]
fn a_finding_that_became_more_severe_is_worse() {
    let mut latent = finding("photos", Rule::AccessPointPublic, &["everyone"]);
    latent.severity = Severity::High;
    latent.held_back_by = vec!["bucket.RestrictPublicBuckets"];
    let mut now = [finding("photos", Rule::AccessPointPublic, &["everyone"])];
    let changes = earlier(vec![latent.clone()]).compare(&mut now, |_| true, |_| true);
    assert_eq!(changes.worse.len(), 1);
    let now_better = &mut [latent];
    let before = finding("photos", Rule::AccessPointPublic, &["everyone"]);
    let changes = earlier(vec![before]).compare(now_better, |_| true, |_| true);
    assert_eq!((changes.worse.len(), changes.same), (0, 1));
}

#[test]
fn what_was_exempt_was_not_accepted() {
    let mut exempt = finding("reports", Rule::HttpAllowed, &[]);
    exempt.status = Status::Exempt;
    let mut now = [finding("reports", Rule::HttpAllowed, &[])];
    let changes = earlier(vec![exempt]).compare(&mut now, |_| true, |_| true);
    assert_eq!((changes.new.len(), now[0].status), (1, Status::Fail));
}

#[test]
fn what_is_no_whole_audit_of_this_account_is_no_baseline() {
    let refused = |change: fn(&mut Report)| {
        Earlier::read(&written(Vec::new(), change), &account().id).unwrap_err().to_string()
    };
    assert_eq!(refused(|one| one.is_complete = false), "that audit was not complete");
    assert!(refused(|one| one.is_filtered = true).contains("filtered"));
    assert!(refused(|one| one.account = "999988887777".to_owned()).contains("999988887777"));
    assert!(refused(|one| one.schema_version = VERSION + 1).contains("version is 2"));
    let error = Earlier::read("{\"a\": \"\u{1b}[2J\"", &account().id).unwrap_err().to_string();
    assert!(error.starts_with("it is not a report") && !error.contains('\u{1b}'), "{error}");
}
