//! `s3guard.toml`: from the file through the package to the remediation of a bucket.

use std::process::Output;

use super::guarded::{
    Guarded, configuration_file, deploy, encryption, has_tls, is_private, new_account,
};

/// A rule by name, a default, and an exemption.
const CONFIGURATION: &str = r#"
[[rule]]
bucket = "payroll-*"
grade = "hybrid"

[[exemption]]
bucket = "www-*"
aspects = ["public-access", "tls"]
reason = "the public web site"
until = 2099-12-31
"#;

fn output_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_rule_and_a_tag_raise_a_grade_and_an_exemption_applies() {
    let account = new_account();
    let key = account.client().create_key().unwrap();
    let guarded = Guarded::configured(account, CONFIGURATION, &["--key", &key]);
    let careless = guarded.careless();
    let [payroll, tagged, www] = ["payroll", "tagged", "www"].map(|name| guarded.bucket(name));
    guarded.forget();
    for bucket in [&payroll, &tagged, &www] {
        careless.create_bucket(bucket).unwrap();
    }
    guarded.rest();
    assert!(encryption(&careless, &payroll).contains(&key), "the rule raises it");
    assert!(encryption(&careless, &tagged).starts_with("AES256"), "the default is speed");
    assert!(has_tls(&careless, &payroll) && !has_tls(&careless, &www));
    assert!(guarded.mail_text().contains("Grade hybrid (rule 1"), "{}", guarded.mail_text());

    guarded.forget();
    let tags = "<Tagging><TagSet><Tag><Key>s3guard:grade</Key><Value>hybrid</Value></Tag></TagSet></Tagging>";
    careless.put_bucket_setting(&tagged, "tagging", tags).unwrap();
    guarded.rest();
    assert!(encryption(&careless, &tagged).contains(&key), "the tag raises it");
    assert!(guarded.mail_text().contains("the tag `s3guard:grade`"), "{}", guarded.mail_text());

    guarded.forget();
    careless.delete_public_access_block(&www).unwrap();
    guarded.wait("a mail", || guarded.mails().len() == 1);
    guarded.rest();
    assert!(!is_private(&careless, &www), "it is exempt");
    let mail = &guarded.mails()[0];
    assert_eq!(mail.subject, format!("s3guard left an exempt bucket as it is: {www}"));
    assert!(mail.text.contains("until 2099-12-31: the public web site"), "{}", mail.text);
    assert_eq!(guarded.guard_writes(), [""; 0]);
}

#[test]
fn a_deployment_changes_the_configuration_and_does_not_drop_it_by_accident() {
    let guarded = Guarded::configured(new_account(), "writes-per-hour = 7\n", &[]);
    let forgotten = deploy(&guarded.account, &[]);
    assert_eq!(forgotten.status.code(), Some(2), "{}", output_of(&forgotten));
    assert!(output_of(&forgotten).contains("--no-config"), "{}", output_of(&forgotten));

    let file = configuration_file(&guarded.account, "writes-per-hour = 8\n");
    let config = ["--config", file.to_str().unwrap()];
    let changed = deploy(&guarded.account, &config);
    assert_eq!(changed.status.code(), Some(0), "{}", output_of(&changed));
    assert!(output_of(&changed).contains("GuardFunction"), "{}", output_of(&changed));
    let again = deploy(&guarded.account, &config);
    assert!(output_of(&again).contains("no change"), "{}", output_of(&again));

    let taken_away = deploy(&guarded.account, &["--no-config"]);
    assert_eq!(taken_away.status.code(), Some(0), "{}", output_of(&taken_away));
    let without = deploy(&guarded.account, &[]);
    assert!(output_of(&without).contains("no change"), "{}", output_of(&without));
}
