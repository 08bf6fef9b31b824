//! The inputs of a deployment: checked before anything is changed or built.

use std::fs;

use super::*;
use crate::cli::s3guard;

#[test]
fn invalid_settings_are_refused_before_any_call() {
    for (arguments, words) in [
        (&["deploy", "--set", "Grad=x"][..], "the template has no such parameter"),
        (&["deploy", "--set", "SettleSeconds=9999"], "a number from 0 to 900"),
        (&["deploy", "--set", "Grade=hybrid"], "need BucketKeyArn"),
        (&["deploy", "--set", "BucketPrefix=cd"], "a flag or the configuration sets `ab`"),
        (&["deploy", "--express", "--on-failure", "delete"], "`--express` cannot delete"),
        (&["deploy", "--grade", "hybrid"], "grade `hybrid` needs a KMS key"),
        (&["deploy", "--protect", "--no-protect"], "cannot be used with '--no-protect'"),
        (&["diff", "--set", "Grade=best"], "it takes speed, hybrid, security"),
    ] {
        let aws = Aws::new(Story::default());
        let ended = run(&aws, arguments);
        assert_eq!((ended.exit, aws.count("CreateChangeSet")), (Some(2), 0), "{}", ended.words);
        assert!(ended.words.contains(words), "{words}: {}", ended.words);
        assert_eq!(aws.count("PUT"), 0, "{words}");
    }
}

/// Deploys with this configuration, without a program that could be packaged.
fn deployed_with(aws: &Aws, configuration: &str, arguments: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s3guard.toml"), configuration).unwrap();
    let mut command = in_account(aws, &["deploy", "--stack", "s", "--code-bucket", "code"]);
    command.args(["--bucket-prefix", "ab"]).args(arguments).current_dir(folder.path());
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { exit: status.code(), words: text(stderr), result: text(stdout) }
}

#[test]
fn what_is_wrong_is_found_before_the_package_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("bootstrap");
    fs::write(&program, "no program").unwrap();
    let program = ["--bootstrap", program.to_str().unwrap()];
    for (configuration, arguments, words) in [
        ("", &program[..], "would not start in the Lambda"),
        ("grade = \"hybrid\"\n", &program, "grade `hybrid` needs a KMS key"),
        ("", &[&program[..], &["--set", "Foo=1"]].concat(), "no such parameter"),
        ("", &["--package", "none.zip"], "`none.zip` could not be read"),
        ("", &["--bootstrap", "none"], "`none` could not be read"),
    ] {
        let ended = deployed_with(&Aws::new(Story::default()), configuration, arguments);
        let exit = if words.contains("Lambda") { 1 } else { 2 };
        assert!(ended.words.contains(words), "{words}: {}", ended.words);
        assert_eq!(ended.exit, Some(exit), "{}", ended.words);
    }
}

#[test]
fn an_exemption_that_has_ended_is_a_warning_with_its_line() {
    let configuration = "\n[[exemption]]\nbucket = \"www-*\"\naspects = [\"tls\"]\n\
                         reason = \"a site\"\nuntil = 2020-01-31\n";
    let story = Story { after: "CREATE_COMPLETE", queue_is_open: true, ..Story::default() };
    let folder = tempfile::tempdir().unwrap();
    let program = program(folder.path());
    let arguments = ["--bootstrap", program.to_str().unwrap()];
    let ended = deployed_with(&Aws::new(story), configuration, &arguments);
    assert_eq!(ended.exit, Some(0), "{}", ended.words);
    let warning =
        "warning: s3guard.toml:2: the exemption of bucket `www-*` (tls) has ended on 2020-01-31";
    assert!(ended.words.contains(warning), "{}", ended.words);
}

#[test]
fn an_address_of_the_configuration_is_subscribed_once() {
    let configuration = "[[subscription]]\nname = \"owner\"\nemail = \"you@example.com\"\n";
    let story = Story { after: "CREATE_COMPLETE", queue_is_open: true, ..Story::default() };
    let aws = Aws::new(story);
    let folder = tempfile::tempdir().unwrap();
    let program = program(folder.path());
    let arguments = ["--bootstrap", program.to_str().unwrap(), "--email", "you@example.com"];
    let ended = deployed_with(&aws, configuration, &arguments);
    assert_eq!(ended.exit, Some(0), "{}", ended.words);
    let line = "`you@example.com` is the subscription `owner` of the configuration, which is used";
    assert!(ended.words.contains(line), "{}", ended.words);
    let asked = decoded(&aws.made("CreateChangeSet")[0].body);
    assert!(!asked.contains("you@example.com"), "the parameter is empty: {asked}");
}

#[test]
fn a_package_with_another_configuration_is_not_deployed_by_accident() {
    let folder = tempfile::tempdir().unwrap();
    let program = program(folder.path());
    let (file, zip) = (folder.path().join("old.toml"), folder.path().join("b.zip"));
    fs::write(&file, "writes-per-hour = 7\n").unwrap();
    let [file, zip, program] = [&file, &zip, &program].map(|path| path.to_str().unwrap());
    let packaged =
        s3guard(&["package", "--config", file, "--bootstrap", program, "--out", zip]).output();
    assert!(packaged.unwrap().status.success());
    let deploy = |configuration: &str, more: &[&str]| {
        let story = Story { after: "CREATE_COMPLETE", queue_is_open: true, ..Story::default() };
        let arguments = [&["--package", zip], more].concat();
        deployed_with(&Aws::new(story), configuration, &arguments)
    };
    let other = "writes-per-hour = 8\n";
    let refused = deploy(other, &[]);
    assert_eq!(refused.exit, Some(2), "{}", refused.words);
    let words = "contains another configuration than `s3guard.toml`";
    assert!(refused.words.contains(words), "{}", refused.words);
    assert!(refused.words.contains("writes-per-hour: 8 -> 7"), "{}", refused.words);
    // Settings that no file has are shown, and a person approves them.
    let asked = deploy(other, &["--no-config"]);
    assert_eq!(asked.exit, Some(4), "{}", asked.words);
    assert!(asked.words.contains("settings in the package:\n  "), "{}", asked.words);
    let wrong = deploy(other, &["--no-config", "--package-sha256", &"00".repeat(32)]);
    assert_eq!(wrong.exit, Some(2), "{}", wrong.words);
    assert!(wrong.words.contains("has the SHA-256 `"), "{}", wrong.words);
    for (configuration, more) in [
        ("writes-per-hour = 7\n# the same\n", &[][..]),
        (other, &["--config", "s3guard.toml"]),
        (other, &["--no-config", "--yes"]),
    ] {
        let ended = deploy(configuration, more);
        assert_eq!(ended.exit, Some(0), "{more:?}: {}", ended.words);
        let is_the_packages = ended.words.contains("configuration of the package");
        assert_eq!(is_the_packages, more.first() == Some(&"--no-config"), "{}", ended.words);
    }
}
