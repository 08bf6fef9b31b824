//! Rules for the lines of every tool.

use super::*;

#[test]
fn what_describes_nothing_gets_nothing() {
    for kind in SettingKind::ALL {
        for tool in [Tool::Pulumi, Tool::Console, Tool::Cli, Tool::Sdk] {
            assert_eq!(lines(tool, setting(kind)), None, "{tool}");
        }
    }
    let gone = [
        Setting::Policy(None),
        Setting::Policy(Some(r#"{"Statement":[]}"#.to_owned())),
        Setting::Policy(Some("?".to_owned())),
        Setting::PublicAccessBlock(None),
        Setting::Encryption(None),
        Setting::Ownership(None),
        Setting::Versioning(None),
        Setting::AccessLogs(None),
        Setting::Notifications(Notifications::default()),
    ];
    for set in gone {
        assert_eq!(IAC.map(|tool| lines(tool, set.clone())), [const { None }; 2], "{set}");
    }
}

#[test]
fn a_block_that_is_on_in_part_is_described_as_it_is() {
    let part = PublicAccessBlock { block_public_policy: true, ..PublicAccessBlock::default() };
    for tool in IAC {
        let text = lines(tool, Setting::PublicAccessBlock(Some(part))).unwrap();
        assert!(!text.contains("BLOCK_ALL"), "{text}");
        assert_eq!((text.matches("true").count(), text.matches("false").count()), (1, 3), "{text}");
    }
}

#[test]
fn snippets_are_short() {
    for (tool, kind) in IAC.into_iter().flat_map(|tool| SettingKind::ALL.map(|kind| (tool, kind))) {
        let Some(text) = lines(tool, setting(kind)) else { continue };
        assert!(text.lines().count() <= 45 && text.len() < 1200, "{text}");
    }
}

fn parsed(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn cloudformation_would_know_every_property() {
    let properties = |kind| {
        let resource = parsed(&lines(Tool::CloudFormation, setting(kind)).unwrap());
        let of =
            if kind == SettingKind::Policy { "AWS::S3::BucketPolicy" } else { "AWS::S3::Bucket" };
        assert_eq!(resource["Type"], of);
        resource["Properties"].clone()
    };
    let rule = &properties(SettingKind::Encryption)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        [0];
    assert_eq!(rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"], "aws:kms");
    assert_eq!(rule["BlockedEncryptionTypes"]["EncryptionType"][0], "SSE-C");
    assert_eq!(rule["BucketKeyEnabled"], true);
    let block = &properties(SettingKind::PublicAccessBlock)["PublicAccessBlockConfiguration"];
    for (switch, is_on) in PublicAccessBlock::ALL.switches() {
        assert_eq!(block[switch], is_on, "{switch}");
    }
    let document = &properties(SettingKind::Policy)["PolicyDocument"];
    let wanted = [tls::Denied::PlainHttp, tls::Denied::OldTls];
    assert!(wanted.iter().all(|what| tls::denies(document, *what, &bucket("reports"))));
    assert_eq!(document["Statement"].as_array().unwrap().len(), 2, "theirs is not in it");
    let versioning = &properties(SettingKind::Versioning)["VersioningConfiguration"];
    assert_eq!(versioning["Status"], "Enabled");
    let ownership = &properties(SettingKind::Ownership)["OwnershipControls"]["Rules"][0];
    assert_eq!(ownership["ObjectOwnership"], "BucketOwnerEnforced");
    let logs = &properties(SettingKind::AccessLogs)["LoggingConfiguration"];
    assert_eq!(logs["DestinationBucketName"], "s3guard-logs");
    let notifications = &properties(SettingKind::Notifications)["NotificationConfiguration"];
    assert_eq!(notifications["EventBridgeConfiguration"]["EventBridgeEnabled"], true);
}

#[test]
fn a_name_that_is_no_word_is_quoted_and_a_label_begins_with_a_letter() {
    let set = Setting::Versioning(Some(Versioning { enabled: false, mfa_delete: false }));
    let action = Action { set, aspects: Vec::new() };
    let of = |tool, name| snippet(tool, &bucket(name), &action).unwrap();
    check(
        &of(Tool::Terraform, "2026.reports"),
        &expect![[r#"
            resource "aws_s3_bucket_versioning" "_2026_reports" {
              bucket = "2026.reports"

              versioning_configuration {
                status = "Suspended"
              }
            }"#]],
    );
    let action = Action { set: setting(SettingKind::Policy), aspects: Vec::new() };
    let resource = snippet(Tool::CloudFormation, &bucket("true"), &action).unwrap();
    assert_eq!(parsed(&resource)["Properties"]["Bucket"], "true");
}

/// All but the invisible characters beyond U+FFFF, which JSON escapes as two code units: YAML reads them as two characters.
const VISIBLE: &str = "[^\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]{0,60}";

proptest! {
    #[test]
    fn whatever_a_prefix_says_is_text_and_nothing_else(prefix in VISIBLE) {
        let set = Setting::AccessLogs(Some(AccessLogs {
            target_bucket: "s3guard-logs".to_owned(),
            target_prefix: prefix.clone(),
        }));
        let text = lines(Tool::CloudFormation, set.clone()).unwrap();
        let logs = &parsed(&text)["Properties"]["LoggingConfiguration"];
        prop_assert_eq!(logs["LogFilePrefix"].as_str(), Some(prefix.as_str()));
        for tool in IAC {
            let text = lines(tool, set.clone()).unwrap();
            let is_safe = |line: &str| crate::text::shown(line, usize::MAX) == line;
            prop_assert!(text.lines().all(is_safe), "{}", text);
            let unescaped = text.replace("$${", "").replace("%%{", "");
            let is_code = tool != Tool::CloudFormation && unescaped.contains("${");
            prop_assert!(!is_code, "{}", text);
        }
    }
}
