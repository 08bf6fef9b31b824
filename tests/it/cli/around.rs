//! `init`, completions and the manual.

use std::fs;

use expect_test::expect;

use super::terminal::in_terminal;
use super::{check, s3guard};

#[test]
fn a_configuration_is_written_completely_and_never_overwrites_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s3guard.toml");
    let init = |arguments: &[&str]| {
        let mut command = s3guard(&["init"]);
        command.args(arguments).current_dir(folder.path());
        command
    };
    check(
        &mut init(&["--region", "eu-west-1", "--email", "you@example.com"]),
        0,
        &expect![[r#"
            `s3guard.toml` written; every setting is explained in it
            buckets that are created through the global endpoint are detected only in us-east-1, which is not among the Regions
            next: `s3guard deploy`
        "#]],
    );
    let first = fs::read(&path).unwrap();
    let expected = expect![[r#"
        error: `s3guard.toml` exists already

        hint: name another file with `--out`, or replace it with `--force`
    "#]];
    check(&mut init(&[]), 2, &expected);
    assert_eq!(fs::read(&path).unwrap(), first);
    // The configuration applies: the deployment calls its Region, and no other is given.
    let mut deploy = s3guard(&["destroy", "--yes"]);
    deploy.current_dir(folder.path()).env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let stderr = String::from_utf8(deploy.output().unwrap().stderr).unwrap();
    assert!(stderr.contains("Region `eu-west-1`"), "{stderr}");
    assert!(init(&["--force"]).output().unwrap().status.success());
    assert_ne!(fs::read(&path).unwrap(), first);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn on_a_terminal_each_setting_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guard.toml");
    let mut init = s3guard(&["init", "--out"]);
    init.arg(&path);
    let answers = [
        ("stack [s3guard]:", "guard\n"),
        ("Regions to guard", "eu-west-1\n"),
        ("Grade [speed]:", "\n"),
        ("Email address", "you@example.com\n"),
        ("CloudTrail trail", "auto\n"),
        ("Protect the stack", "y\n"),
    ];
    let (sent, exit) = in_terminal(&init, &answers);
    assert_eq!(exit, Some(0), "{sent}");
    let written = fs::read_to_string(&path).unwrap();
    for line in ["stack = \"guard\"", "regions = [\"eu-west-1\"]", "protect = true"] {
        assert!(written.contains(line), "{line}: {written}");
    }
    let (sent, exit) = in_terminal(&init, &[]);
    assert_eq!(exit, Some(2), "it is not asked for a file that exists: {sent}");
    let (sent, exit) = in_terminal(init.args(["--yes", "--force"]), &[]);
    assert_eq!(exit, Some(0), "{sent}");
    assert!(!fs::read_to_string(&path).unwrap().contains("stack = \"guard\""));
}

#[test]
fn a_wrong_setting_writes_no_configuration() {
    let folder = tempfile::tempdir().unwrap();
    check(
        s3guard(&["init", "--email", "nobody"]).current_dir(folder.path()),
        2,
        &expect![[r#"
            error: wrong value for `--email <ADDRESS>`
              caused by: `nobody` is not allowed: it takes an email address, or empty

            hint: `Email`: The email address to notify, which SNS asks to confirm. Empty: none.
        "#]],
    );
    check(
        s3guard(&["init", "--grade", "hybrid"]).current_dir(folder.path()),
        2,
        &expect![[r#"
            error: grade `hybrid` needs a KMS key

            hint: give the ARN of one KMS key in each Region with `--key`
        "#]],
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_expired_login_is_reported_with_its_command_and_profile() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config");
    let written = "[profile work]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Admin\n\
                   region = eu-west-1\n[sso-session corp]\nsso_region = eu-west-1\n\
                   sso_start_url = https://example.awsapps.com/start\n";
    fs::write(&file, written).unwrap();
    let mut command = s3guard(&["status", "--profile", "work"]);
    command.env("AWS_CONFIG_FILE", &file).env("HOME", home.path());
    // No call is made: there are no credentials, and the endpoint has no server.
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    check(
        &mut command,
        1,
        &expect![[r#"
        error: GetCallerIdentity in Region `eu-west-1` failed: no usable credentials: other: an error occurred while loading credentials: an error occurred while loading an access token: failed to load the cached SSO token

        hint: you are not logged in, or the session has expired: run `aws sso login --profile work`, then try again
    "#]],
    );
}

#[test]
fn a_configuration_that_would_not_deploy_is_found_by_its_check() {
    let folder = tempfile::tempdir().unwrap();
    let run = |configuration: &str, arguments: &[&str]| {
        fs::write(folder.path().join("s3guard.toml"), configuration).unwrap();
        let mut command = s3guard(&["config", "check"]);
        let output = command.args(arguments).current_dir(folder.path()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (exit, _, words) = run("grade = \"hybrid\"\n", &[]);
    assert_eq!(exit, Some(2), "{words}");
    assert!(words.contains("error: s3guard.toml:1: grade `hybrid` needs a KMS key"), "{words}");
    let ended = "[[exemption]]\nbucket = \"www-*\"\naspects = [\"tls\"]\nreason = \"a site\"\n\
                 until = 2020-01-31\n";
    let (exit, path, words) = run(ended, &[]);
    assert_eq!((exit, &*path), (Some(0), "s3guard.toml\n"), "{words}");
    assert!(words.ends_with("no mistakes\n"), "{words}");
    assert!(words.contains("warning: s3guard.toml:1: the exemption of bucket `www-*`"), "{words}");
    let (_, json, _) = run(ended, &["--output", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(json["warnings"][0].as_str().unwrap().contains("2020-01-31"), "{json}");
}
