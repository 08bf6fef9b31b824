mod exchange;

use std::sync::Arc;

use s3guard_posture::model::setting::{Algorithm, Encryption, Key, Setting, SseC};
use s3guard_posture::text::is_unsafe;
use s3guard_posture::{BucketId, Reading};

use super::*;

const HOSTILE: &str =
    "=cmd|'/c calc'!A1 <script>alert(1)</script> @team | `x` \"q\" \u{1b}[2J\u{202e}\r\nforged";

fn account() -> AccountFacts {
    AccountFacts {
        id: "111122223333".parse().unwrap(),
        partition: "aws".to_owned(),
        block: Reading::Absent,
        multi_region: Reading::Absent,
    }
}

fn finding(bucket: &str, rule: Rule) -> Finding {
    let id = BucketId {
        name: bucket.parse().unwrap(),
        account: account().id,
        region: "eu-west-1".parse().unwrap(),
    };
    let mut finding = Finding::new(rule, &Arc::new(Resource::bucket(&id)));
    finding.reasons.push("a reason".to_owned());
    finding
}

fn report(findings: Vec<Finding>) -> Report {
    let mut report = Report::new(&account(), "2026-12-01T00:00:00Z".to_owned());
    report.buckets = BucketCounts { listed: 3, audited: 3, ..BucketCounts::default() };
    report.set_findings(findings);
    report
}

#[test]
fn the_worst_comes_first_and_the_order_of_reading_is_nothing() {
    let names = |findings: Vec<Finding>| {
        let report = report(findings);
        let of = |one: &Observed| format!("{} {}", one.finding.rule, one.finding.resource.name);
        report.findings.iter().map(of).collect::<Vec<_>>()
    };
    let all = || {
        vec![
            finding("aaa", Rule::AccessLogOff),
            finding("bbb", Rule::PublicRead),
            finding("aaa", Rule::HttpAllowed),
            finding("aaa", Rule::PublicRead),
        ]
    };
    let expected = ["public-read aaa", "public-read bbb", "http-allowed aaa", "access-log-off aaa"];
    assert_eq!(names(all()), expected);
    assert_eq!(names(all().into_iter().rev().collect()), expected);
}

#[test]
fn one_rule_and_one_resource_are_one_finding_wherever_it_was_found() {
    let unreadable = |reason: &str| {
        let mut finding = Finding::new(Rule::Unreadable, &Arc::new(Resource::account(&account())));
        finding.status = Status::Unknown;
        finding.reasons.push(reason.to_owned());
        finding
    };
    let all = vec![
        unreadable("in eu-west-1"),
        finding("aaa", Rule::PublicRead),
        unreadable("in us-east-1"),
    ];
    let report = report(all);
    assert_eq!(report.findings.len(), 2);
    let reasons = &report.findings[1].finding.reasons;
    assert_eq!(
        (&reasons[..], report.counts.unknown),
        (&["in eu-west-1", "in us-east-1"].map(str::to_owned)[..], 1)
    );
}

#[test]
fn a_finding_has_what_is_needed_to_act_on_it() {
    let json = serde_json::to_value(report(vec![finding("photos", Rule::PublicRead)])).unwrap();
    expect_test::expect_file!["tests/report.json"]
        .assert_eq(&(serde_json::to_string_pretty(&json).unwrap() + "\n"));
}

#[test]
fn the_command_blocks_sse_c_and_keeps_the_key_in_one_argument() {
    let mut finding = finding("photos", Rule::SseCOpen);
    let key = Key::Named("alias/it's; rm -rf /".to_owned());
    let encryption =
        Encryption { algorithm: Algorithm::Kms(key), bucket_key: true, sse_c: SseC::Blocked };
    finding.setting = Some(Box::new(Setting::Encryption(Some(encryption))));
    let command = remedy::of(&finding).aws_cli.unwrap();
    let quoted = command.split_once("--server-side-encryption-configuration ").unwrap().1;
    assert_eq!(
        quoted,
        "'{\"Rules\":[{\"BucketKeyEnabled\":true,\"ApplyServerSideEncryptionByDefault\":\
         {\"SSEAlgorithm\":\"aws:kms\",\"KMSMasterKeyID\":\"alias/it'\\''s; rm -rf /\"},\
         \"BlockedEncryptionTypes\":{\"EncryptionType\":[\"SSE-C\"]}}]}'"
    );
}

#[test]
fn no_command_replaces_a_policy_that_exists() {
    let remediation = remedy::of(&finding("photos", Rule::HttpAllowed));
    assert_eq!(remediation.aws_cli, None);
    assert!(remediation.terraform.unwrap().contains("aws:SecureTransport"));
}

#[test]
fn hostile_texts_are_harmless_in_every_form() {
    let mut hostile = finding("photos", Rule::StrangerAccess);
    hostile.reasons = vec![HOSTILE.to_owned()];
    hostile.who.insert(HOSTILE.to_owned());
    hostile.exemption = Some(Exemption { reason: HOSTILE.to_owned(), until: None });
    let report = report(vec![hostile]);
    let csv = csv::csv(&report);
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(!csv.contains(",=") && !csv.contains("\"="), "{csv}");
    let markdown = markdown::markdown(&report);
    for raw in ["<script", "@team", "`x`"] {
        assert!(!markdown.contains(raw), "{markdown}");
    }
    for text in [csv, markdown] {
        let raw = text.chars().find(|one| is_unsafe(*one) && !"\r\n".contains(*one));
        assert_eq!(raw, None, "{text:?}");
    }
}

#[test]
fn markdown_fits_a_comment_however_many_findings_there_are() {
    let rules = [Rule::PublicRead, Rule::HttpAllowed, Rule::AccessLogOff];
    let all =
        (0..3000).flat_map(|number| rules.map(|rule| finding(&format!("bucket-{number}"), rule)));
    let markdown = markdown::markdown(&report(all.collect()));
    let count = markdown.chars().count();
    assert!((30_000..60_000).contains(&count), "{count}");
    assert_eq!(markdown.matches("<details>").count(), markdown.matches("</details>").count());
    assert!(markdown.contains("3000 resources are left out"), "{}", &markdown[..3000]);
}

#[test]
fn csv_has_as_many_cells_as_columns() {
    let csv = csv::csv(&report(vec![finding("photos", Rule::PublicRead)]));
    let cells = |line: &str| {
        let mut is_quoted = false;
        let is_end = |one: &char| {
            is_quoted ^= *one == '"';
            *one == ',' && !is_quoted
        };
        line.chars().filter(is_end).count()
    };
    let counts: Vec<usize> = csv.lines().map(cells).collect();
    assert_eq!(counts, [22, 22], "{csv}");
}

#[test]
fn findings_are_grouped_by_rule_and_one_has_its_reason() {
    let mut unknown = finding("kms-vault", Rule::Unreadable);
    unknown.status = Status::Unknown;
    unknown.severity = Severity::Critical;
    let mut exempt = finding("aaa", Rule::PublicList);
    exempt.status = Status::Exempt;
    let mut all = vec![finding("aaa", Rule::PublicRead), unknown, exempt];
    all.extend((0..6).map(|number| finding(&format!("bucket-{number}"), Rule::HttpAllowed)));
    let groups = table::groups(&report(all));
    let words: Vec<String> = groups
        .iter()
        .map(|one| format!("{} {} {} {}", one.severity, one.count, one.rule, one.words))
        .collect();
    assert_eq!(
        words,
        [
            "critical 1 public-read aaa (eu-west-1): a reason",
            "medium 6 http-allowed The bucket answers requests without TLS: bucket-0 (eu-west-1), bucket-1 (eu-west-1), \
             bucket-2 (eu-west-1), bucket-3 (eu-west-1) and 2 more",
            "critical 1 unreadable kms-vault (eu-west-1): a reason",
        ]
    );
    assert!(groups[2].is_unknown);
}
