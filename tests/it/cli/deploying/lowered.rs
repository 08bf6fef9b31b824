//! Updates that take away protection, or recipients of notifications.

use std::fs;

use super::{Answer, Aws, Ended, Story, answered, guard, refusal, run, sent};

const EMAIL: [&str; 2] = ["--email", "owner@example.com"];

/// An account whose guard was deployed with these flags; its package has this key, if one is given.
fn deployed(flags: &[&str], key: Option<&str>) -> Aws {
    let (template, mut parameters, tags) = sent(flags);
    parameters.extend(key.map(|key| ("CodeKey".to_owned(), key.to_owned())));
    let story =
        Story { before: Some("UPDATE_COMPLETE"), after: "UPDATE_COMPLETE", ..Story::default() };
    Aws::answering(story, move |request, before| match request.call.as_str() {
        "DescribeStacks" if before == 0 => Some(guard("UPDATE_COMPLETE", &parameters, &tags)),
        "GetTemplate" if !request.body.contains("ChangeSetName") => Some(template_of(&template)),
        "GET" if request.path.contains("-configured.zip") => {
            Some(refusal(403, "AccessDenied", "no"))
        }
        _ => None,
    })
}

fn template_of(template: &str) -> Answer {
    let body = template.replace('&', "&amp;").replace('<', "&lt;");
    answered("GetTemplate", &format!("<TemplateBody>{body}</TemplateBody>"))
}

/// Updates the guard with this configuration.
fn with_config(aws: &Aws, config: &str, flags: &[&str]) -> Ended {
    let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    fs::write(file.path(), config).unwrap();
    let path = file.path().to_str().unwrap();
    run(aws, &[&["deploy", "--config", path], flags].concat())
}

#[test]
fn a_recipient_that_is_removed_needs_approval() {
    let aws = deployed(&EMAIL, None);
    let ended = run(&aws, &["deploy", "--email", ""]);
    assert_eq!((ended.exit, aws.count("ExecuteChangeSet")), (Some(4), 0), "{}", ended.words);
    for part in ["less is protected", "owner@example.com gets no notifications any more"] {
        assert!(ended.words.contains(part), "{part}: {}", ended.words);
    }
    for agreement in [&["--yes"][..], &["--approve", "never"]] {
        let aws = deployed(&EMAIL, None);
        let ended = run(&aws, &[&["deploy", "--email", ""], agreement].concat());
        assert_eq!((ended.exit, aws.count("ExecuteChangeSet")), (Some(0), 1), "{}", ended.words);
    }
    // Another recipient beside it takes nothing away.
    let aws = deployed(&EMAIL, None);
    let added = "[[subscription]]\nname = \"team\"\nemail = \"team@example.com\"\n";
    let ended = with_config(&aws, added, &[]);
    assert!(!ended.words.contains("less is protected"), "{}", ended.words);
}

#[test]
fn a_configuration_that_protects_less_is_named_and_needs_approval() {
    let aws = deployed(&[], None);
    let ended = with_config(&aws, "mode = \"report\"\n", &[]);
    assert_eq!((ended.exit, aws.count("ExecuteChangeSet")), (Some(4), 0), "{}", ended.words);
    for part in
        ["mode: (not set) -> \"report\"", "the guard will no longer change any bucket: `mode` is"]
    {
        assert!(ended.words.contains(part), "{part}: {}", ended.words);
    }
    // What only protects more is named and not asked for.
    let aws = deployed(&[], None);
    let ended = with_config(&aws, "[aspects]\ntls = \"enforce\"\n", &[]);
    assert_eq!((ended.exit, aws.count("ExecuteChangeSet")), (Some(0), 1), "{}", ended.words);
    assert!(ended.words.contains("aspects.tls: (not set) -> \"enforce\""), "{}", ended.words);
}

#[test]
fn a_configuration_that_cannot_be_read_has_to_be_approved() {
    let key = format!("s3guard/bootstrap-x86_64-{}-configured.zip", "00".repeat(32));
    let aws = deployed(&[], Some(&key));
    let ended = with_config(&aws, "[aspects]\ntls = \"enforce\"\n", &[]);
    assert_eq!((ended.exit, aws.count("ExecuteChangeSet")), (Some(4), 0), "{}", ended.words);
    let part = "the configuration cannot be compared with the stack's: GetObject";
    assert!(ended.words.contains(part), "{}", ended.words);
}
