//! The forms that other programs read, and the page.

use boon::{Compiler, Schemas};
use serde_json::Value;

use super::*;
use crate::finding::Missing;
use crate::report::{html, ocsf, sarif};

const UNKNOWN_CAUSE: &str = "not allowed";

/// A report with hostile texts and every kind of finding.
fn every_kind() -> Report {
    let hostile = || {
        let mut finding = finding("hostile", Rule::PublicRead);
        finding.reasons = vec![HOSTILE.to_owned(), "</script><script>alert(2)</script>".to_owned()];
        finding.who = [HOSTILE.to_owned()].into();
        finding
    };
    let unknown = || {
        let mut finding = finding("unread", Rule::Unreadable);
        finding.status = Status::Unknown;
        finding.severity = Severity::Critical;
        let (action, cause) = ("s3:GetBucketPolicy", UNKNOWN_CAUSE.to_owned());
        finding.missing = vec![Missing { action, severity: Severity::Critical, cause }];
        finding
    };
    let exempt = || {
        let mut finding = finding("exempted", Rule::HttpAllowed);
        finding.status = Status::Exempt;
        let (reason, until) = (HOSTILE.to_owned(), Some("2027-01-31".to_owned()));
        finding.exemption = Some(Exemption { reason, until });
        finding
    };
    let latent = || {
        let mut finding = finding("latent", Rule::PublicLatent);
        finding.held_back_by = vec!["account.RestrictPublicBuckets"];
        finding
    };
    let mut accepted = finding("accepted", Rule::AclsEnabled);
    accepted.status = Status::Accepted;
    let of_account = Finding::new(Rule::AccountBlock, &Arc::new(Resource::account(&account())));
    report(vec![hostile(), unknown(), exempt(), latent(), accepted, of_account])
}

#[test]
fn sarif_is_valid_and_has_what_code_scanning_needs() {
    let report = every_kind();
    let text = sarif::sarif(&report);
    let sarif: Value = serde_json::from_str(&text).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let schema: Value =
        serde_json::from_str(include_str!("../../../schemas/sarif-2.1.0.json")).unwrap();
    compiler.add_resource("https://example.com/sarif.json", schema).unwrap();
    let schema = compiler.compile("https://example.com/sarif.json", &mut schemas).unwrap();
    schemas.validate(&sarif, schema).unwrap_or_else(|error| panic!("{error:#}"));
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 6);
    let mut ids: Vec<&str> = Vec::new();
    for result in results {
        let message = result["message"]["text"].as_str().unwrap();
        let name = &result["locations"][0]["logicalLocations"][0]["name"];
        assert!(message.contains(name.as_str().unwrap()), "{message}");
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert_eq!(uri, "s3guard.toml", "no text of others is a URI");
        ids.push(result["partialFingerprints"]["s3guardFinding/v1"].as_str().unwrap());
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 6);
    let kind = |bucket: &str| {
        let of = |one: &&Value| one["locations"][0]["logicalLocations"][0]["name"] == *bucket;
        results.iter().find(of).unwrap()
    };
    assert_eq!(kind("unread")["kind"], "review");
    assert_eq!(kind("exempted")["suppressions"][0]["kind"], "external");
    assert_eq!(kind("hostile")["level"], "error");
    assert_eq!(run["automationDetails"]["id"], "s3guard/111122223333/");
}

#[test]
fn sarif_has_the_worst_of_too_many_and_says_so() {
    let many = (0..5_001).map(|number| finding(&format!("bucket-{number}"), Rule::HttpAllowed));
    let report = report(many.chain([finding("open", Rule::PublicRead)]).collect());
    let sarif: Value = serde_json::from_str(&sarif::sarif(&report)).unwrap();
    let run = &sarif["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 5_000);
    assert_eq!(run["results"][0]["ruleId"], "public-read");
    let note = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert!(note.as_str().unwrap().starts_with("2 findings"), "{note}");
}

/// What OCSF 1.8.0 requires of a Compliance Finding with the profile `cloud`, and of the objects within.
///
/// Source: `ocsf/ocsf-schema`, release 1.8.0.
#[test]
fn an_ocsf_event_has_all_that_its_class_requires() {
    let report = every_kind();
    let text = ocsf::ndjson(&report);
    assert_eq!(text.lines().count(), 6);
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        for pointer in [
            "/activity_id",
            "/category_uid",
            "/class_uid",
            "/compliance/status_id",
            "/compliance/control",
            "/finding_info/uid",
            "/finding_info/title",
            "/finding_info/analytic/type_id",
            "/metadata/product/name",
            "/metadata/version",
            "/severity_id",
            "/time",
            "/type_uid",
            "/remediation/desc",
            "/cloud/provider",
            "/cloud/account/uid",
            "/resources/0/uid",
        ] {
            assert!(
                event.pointer(pointer).is_some_and(|value| !value.is_null()),
                "{pointer}: {event:#}"
            );
        }
        assert_eq!(event["type_uid"], 200_301);
        // Milliseconds: seconds would be in January 1970.
        assert_eq!(event["time"], 1_796_083_200_000_u64);
        let status = event["status_id"].as_u64().unwrap();
        let is_suppressed =
            ["exempted", "accepted"].iter().any(|one| event["resources"][0]["name"] == **one);
        assert_eq!(status, if is_suppressed { 3 } else { 1 });
        let is_unknown = event["resources"][0]["name"] == "unread";
        assert_eq!(event["compliance"]["status_id"], if is_unknown { 2 } else { 3 });
    }
}

#[test]
fn no_text_of_others_is_markup_or_ends_the_script() {
    let page = html::html(&every_kind());
    assert_eq!(page.matches("<script").count(), 2, "the data and the script");
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(!page.contains("alert(1)</") && page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(page.chars().all(|one| !is_unsafe(one) || one == '\n'));
    // Nothing is fetched.
    let outside = page.matches("http").count() - page.matches("http-equiv").count();
    let rules = page.matches("http-allowed").count() + page.matches("Http").count();
    assert!(outside <= rules, "{outside} {rules}");
}

#[test]
fn the_script_is_the_one_that_the_page_allows_and_its_data_are_whole() {
    let report = every_kind();
    let page = html::html(&report);
    let (_, rest) = page.split_once("id=\"data\">").unwrap();
    let (data, rest) = rest.split_once("</script>").unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    let findings = data["findings"].as_array().unwrap();
    assert_eq!(findings.len(), report.findings.len());
    let text = |at: &Value| data["texts"][usize::try_from(at.as_u64().unwrap()).unwrap()].clone();
    let hostile = findings.iter().find(|one| text(&one[1]) == "hostile").unwrap();
    let command = text(&hostile[7]).as_str().unwrap().replace('\u{1}', "hostile");
    assert!(command.contains("--bucket hostile"), "{command}");
    let script = rest.split_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
    let hash = <sha2::Sha256 as sha2::Digest>::digest(script);
    let hash = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, hash);
    assert!(page.contains(&format!("script-src 'sha256-{hash}'")));
}

#[test]
fn a_page_of_ten_thousand_buckets_is_below_ten_megabytes() {
    let rules = [Rule::HttpAllowed, Rule::VersioningOff, Rule::AccessLogOff, Rule::SseCOpen];
    let findings = (0..10_000).flat_map(|number| {
        let name = format!("a-bucket-with-a-long-name-{number:05}");
        rules.map(|rule| finding(&name, rule))
    });
    let page = html::html(&report(findings.collect()));
    assert!(page.len() < 10_000_000, "{}", page.len());
}
