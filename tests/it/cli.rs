//! The command's output, its streams and its exit codes. These tests need no account.

mod account;
mod around;
mod audit;
mod aws;
mod deploying;
mod destroy;
mod doctor;
mod failures;
mod forged;
mod hostile;
mod monitoring;
mod operators;
mod replay;
mod trails;

pub(crate) use self::account::in_account;
pub(crate) use self::aws::{Aws, Story};
mod following;
mod rollback;
mod terminal;

use std::fs::{self, OpenOptions};
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use expect_test::{Expect, expect};

/// The command in a clean environment: no credentials, no configuration, and only the loopback network.
pub(crate) fn s3guard(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_s3guard"));
    command
        .args(arguments)
        .env_clear()
        .envs([
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ])
        .stdin(Stdio::null());
    command
}

#[track_caller]
fn check(command: &mut Command, exit: i32, stderr: &Expect) {
    let output = command.output().unwrap();
    stderr.assert_eq(&String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(exit));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "words belong on stderr");
}

#[test]
fn an_invalid_stack_name_is_refused_with_a_hint() {
    check(
        &mut s3guard(&["deploy", "--stack", "1st"]),
        2,
        &expect![[r#"
            error: wrong value for `--stack <NAME>`
              caused by: `1st` is not the name of a stack: a letter, then letters, digits and `-`, at most 30 characters

            hint: choose a name such as `s3guard` or `prod-guard-2`
        "#]],
    );
}

#[test]
fn a_region_that_is_none_is_refused_with_an_example() {
    check(
        &mut s3guard(&["destroy", "--stack", "s3guard", "--region", "Europe"]),
        2,
        &expect![[r#"
            error: wrong value for `--region <REGION>`
              caused by: `Europe` is not a Region's code, such as `eu-west-1`

            hint: give the code, such as `eu-west-1`, not the name
        "#]],
    );
}

#[test]
fn an_unknown_flag_is_a_usage_error_with_a_suggestion() {
    check(
        &mut s3guard(&["synth", "--colr", "never"]),
        2,
        &expect![[r#"
            error: unexpected argument '--colr' found

            hint: a similar argument exists: '--color'

            Usage: s3guard synth --color <WHEN>

            For more information, try '--help'.
        "#]],
    );
}

#[test]
fn without_a_region_no_call_is_made() {
    check(
        &mut s3guard(&["deploy", "--stack", "s3guard"]),
        1,
        &expect![[r#"
            error: no Region is set

            hint: give one with `--region`, or set `AWS_REGION`
        "#]],
    );
}

#[test]
fn the_configurations_deployment_settings_are_the_defaults_of_the_flags() {
    let folder = tempfile::tempdir().unwrap();
    let words = |written: &str, arguments: &[&str]| {
        fs::write(folder.path().join("s3guard.toml"), written).unwrap();
        let mut command = s3guard(arguments);
        let command =
            command.current_dir(folder.path()).env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let written = "[deploy]\nstack = \"of-the-file\"\nregions = [\"eu-west-9\"]\n";
    let (_, help) = words(written, &["history", "--help", "--color", "never"]);
    assert_eq!(help, "");
    let (exit, refused) = words(written, &["destroy"]);
    assert_eq!(exit, Some(1), "{refused}");
    assert!(refused.contains("Region `eu-west-9`"), "{refused}");
    let (_, refused) = words(written, &["destroy", "--region", "eu-west-8"]);
    assert!(refused.contains("Region `eu-west-8`"), "{refused}");
    let (_, refused) = words(written, &["destroy", "--no-config"]);
    assert!(refused.contains("no Region is set"), "{refused}");
    let broken = "[deploy]\nstak = \"of-the-file\"\n";
    let (exit, refused) = words(broken, &["status", "--region", "eu-west-1"]);
    assert_eq!(exit, Some(2), "{refused}");
    assert!(refused.contains("write `stack`"), "{refused}");
}

#[test]
fn an_empty_variable_counts_as_unset_and_an_empty_flag_does_not() {
    let empty = ["AWS_REGION", "AWS_PROFILE", "S3GUARD_EMAIL", "S3GUARD_GRADE", "S3GUARD_OUTPUT"];
    check(
        s3guard(&["deploy", "--stack", "s3guard"]).envs(empty.map(|name| (name, ""))),
        1,
        &expect![[r#"
            error: no Region is set

            hint: give one with `--region`, or set `AWS_REGION`
        "#]],
    );
    let output = s3guard(&["destroy"]).env("S3GUARD_STACK", "").output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("no Region is set"), "the stack is `s3guard` then: {stderr}");
    check(
        &mut s3guard(&["deploy", "--stack", "s3guard", "--region", ""]),
        2,
        &expect![[r#"
            error: wrong value for `--region <REGION>`
              caused by: the Region is empty

            hint: give one, as `eu-west-1`, or omit the flag to use `AWS_REGION` or the profile
        "#]],
    );
}

#[test]
fn a_missing_profile_is_named() {
    let expected = expect![[r#"
        error: there is no profile `nobody` in the AWS configuration

        hint: `aws configure list-profiles` lists the profiles
    "#]];
    let arguments = ["deploy", "--stack", "s3guard", "--region", "eu-west-1"];
    check(s3guard(&arguments).args(["--profile", "nobody"]), 1, &expected);
    check(s3guard(&arguments).env("AWS_PROFILE", "nobody"), 1, &expected);
}

#[test]
fn an_invalid_endpoint_url_is_refused_before_a_call() {
    let expected = expect![[r#"
        error: the endpoint `garbage` is not a URL

        hint: it comes from `AWS_ENDPOINT_URL` or the profile's `endpoint_url`: write it as `https://HOST`, or leave it out
    "#]];
    let arguments = ["deploy", "--stack", "s3guard", "--region", "eu-west-1"];
    check(s3guard(&arguments).env("AWS_ENDPOINT_URL", "garbage"), 1, &expected);
    let mut of_one_service = s3guard(&arguments);
    // An empty value counts as unset.
    of_one_service.env("AWS_ENDPOINT_URL", "").env("AWS_ENDPOINT_URL_STS", "garbage");
    check(&mut of_one_service, 1, &expected);
}

#[test]
fn without_credentials_the_ways_to_get_them_are_listed() {
    check(
        &mut s3guard(&["deploy", "--stack", "s3guard", "--region", "eu-west-1"]),
        1,
        &expect![[r#"
            error: GetCallerIdentity in Region `eu-west-1` failed: no usable credentials: none were found

            hint: log in with `aws sso login` or `aws configure`, choose a profile with `--profile`, or set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`
        "#]],
    );
}

#[test]
fn an_unreachable_endpoint_is_named_with_its_origin() {
    let mut command = s3guard(&["destroy", "--stack", "s3guard", "--region", "eu-west-1"]);
    command.envs([
        ("AWS_ACCESS_KEY_ID", "111122223333"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
    ]);
    check(
        &mut command,
        1,
        &expect![[r#"
            error: GetCallerIdentity in Region `eu-west-1` failed: AWS could not be reached: io error: client error (Connect): tcp connect error: Connection refused (os error 111)

            hint: check `http://127.0.0.1:1`, which comes from `AWS_ENDPOINT_URL` or the profile's `endpoint_url`
        "#]],
    );
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    check(
        &mut s3guard(&["synth", "--out", "/no/such/folder/guard.yaml"]),
        1,
        &expect![[r#"
            error: `/no/such/folder/guard.yaml` could not be written
              caused by: there is no folder `/no/such/folder`

            hint: name a file in an existing folder that you may write to
        "#]],
    );
}

#[test]
fn a_file_that_is_not_a_program_is_not_packaged() {
    check(
        &mut s3guard(&["package", "--bootstrap", "/dev/null"]),
        1,
        &expect![[r#"
            error: `/dev/null` would not start in the Lambda
              caused by: it is not a 64-bit Linux program (ELF)

            hint: give the program itself, as `cargo lambda build --release` makes it, with `--bootstrap FILE`
        "#]],
    );
}

#[test]
fn outside_a_clone_the_sources_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    let command = folder.path().join("s3guard");
    // A copy, because the program in the workspace would find its sources.
    // Copied by another process: a child of another test could inherit the open file, and an open file cannot be executed.
    let copy = Command::new("cp").arg(env!("CARGO_BIN_EXE_s3guard")).arg(&command).status();
    assert!(copy.unwrap().success());
    let output = Command::new(&command).arg("package").current_dir(folder.path()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.starts_with("error: the sources of the Lambda are not in `"), "{stderr}");
    assert!(stderr.contains("\nhint: run the command in a clone of s3guard"), "{stderr}");
}

#[test]
fn a_command_without_a_package_explains_how_to_get_one() {
    check(
        &mut s3guard(&["package", "--embedded"]),
        1,
        &expect![[r#"
            error: this s3guard carries no package

            hint: `cargo standalone` in a clone of s3guard makes one that does
        "#]],
    );
    check(
        &mut s3guard(&["package", "--arch", "x86_64,arm64"]),
        2,
        &expect![[r#"
            error: a package is for one processor

            hint: run the command once for each `--arch`
        "#]],
    );
}

#[test]
fn a_package_with_another_hash_than_the_published_one_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let program = account::program(folder.path());
    let verified = |hash: &str| {
        let mut command = s3guard(&["package", "--no-config", "--verify", hash, "--bootstrap"]);
        command.arg(&program).current_dir(folder.path()).output().unwrap()
    };
    let zeros = "00".repeat(32);
    let output = verified(&zeros);
    assert_eq!(output.status.code(), Some(1));
    let stdout = String::from_utf8(output.stdout).unwrap();
    let sha256 = stdout.lines().find_map(|line| line.strip_prefix("sha256")).unwrap().trim();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with(&format!("error: the package has the SHA-256 `{sha256}`, not")));
    assert_eq!(verified(sha256).status.code(), Some(0));
    assert_eq!(verified("abc").status.code(), Some(2));
}

#[test]
fn the_readmes_command_for_a_standalone_s3guard_is_an_alias_of_cargo() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let aliases = fs::read_to_string(root.join(".cargo/config.toml")).unwrap();
    let alias = aliases.lines().find_map(|line| line.strip_prefix("standalone = \"run "));
    let asked = alias.and_then(|line| line.split(" -- ").nth(1)).unwrap().trim_end_matches('"');
    // Outside a workspace the command fails only at the sources, so it has accepted the flags.
    let folder = tempfile::tempdir().unwrap();
    let command = folder.path().join("s3guard");
    // Another process copies it: a file that this one has open for writing could be inherited by a process that
    // another test starts just then, and would be busy.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_s3guard")).arg(&command).status();
    assert!(copied.unwrap().success());
    let output =
        Command::new(&command).args(asked.split(' ')).current_dir(folder.path()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("error: the sources of the Lambda are not in `"), "{stderr}");
    assert!(fs::read_to_string(root.join("README.md")).unwrap().contains("\ncargo standalone "));
}

#[test]
fn colour_is_only_used_on_request() {
    let stderr = |arguments: &[&str], variable: &str| {
        let mut command = s3guard(arguments);
        String::from_utf8(command.env(variable, "1").output().unwrap().stderr).unwrap()
    };
    let failing = ["synth", "--out", "/no/such/folder/guard.yaml"];
    assert!(!stderr(&failing, "IRRELEVANT").contains('\x1b'));
    assert!(stderr(&failing, "CLICOLOR_FORCE").starts_with("\x1b[1;31merror:\x1b[0m "));
    let asked = ["synth", "--color", "always", "--out", "/no/such/folder/guard.yaml"];
    assert!(stderr(&asked, "NO_COLOR").contains('\x1b'));
    let wrong = ["synth", "--formt"];
    assert!(!stderr(&wrong, "IRRELEVANT").contains('\x1b'));
    assert!(stderr(&wrong, "CLICOLOR_FORCE").starts_with("\x1b[1;31merror:\x1b[0m "));
    let refused = [&["--color", "never"], &wrong[..]].concat();
    assert!(!stderr(&refused, "CLICOLOR_FORCE").contains('\x1b'));
    let asked = [&["--color=always"], &wrong[..]].concat();
    assert!(stderr(&asked, "NO_COLOR").contains('\x1b'));
    for (color, is_coloured) in [("always", true), ("never", false)] {
        let help = s3guard(&["--color", color, "--help"]).env("CLICOLOR_FORCE", "1").output();
        assert_eq!(help.unwrap().stdout.contains(&b'\x1b'), is_coloured, "--color {color}");
    }
}

#[test]
fn the_template_is_the_checked_in_one_from_any_folder_in_both_formats() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (notation, file) in [("text", "guard.yaml"), ("json", "guard.json")] {
        let expected = fs::read(root.join("templates").join(file)).unwrap();
        let output = s3guard(&["synth", "--output", notation]).current_dir("/").output().unwrap();
        assert!(output.status.success() && output.stdout == expected, "{notation} on stdout");
        let path = folder.path().join(file);
        let mut command = s3guard(&["synth", "--output", notation, "--out", file]);
        let output = command.current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        // Neither fits into the call any more, and the output has to say so.
        let said = format!(
            "the template has {} bytes, and CloudFormation takes 51200 in a call: upload it as a file, or give its \
             URL in S3\n",
            expected.len()
        );
        assert_eq!(String::from_utf8_lossy(&output.stderr), said, "{notation}");
        assert!(fs::read(path).unwrap() == expected, "{notation} in a file");
    }
}

#[test]
fn a_closed_pipe_is_not_a_failure() {
    let mut command = s3guard(&["synth"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The pipe is closed before the first write or after it: both are fine.
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn every_command_prints_its_help_on_stdout() {
    for command in ["synth", "package", "deploy", "destroy"] {
        let output = s3guard(&[command, "--help"]).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && output.stderr.is_empty());
        assert!(stdout.contains("Examples:") && stdout.contains("Exit codes:"), "{stdout}");
    }
}

#[test]
fn the_command_prints_its_name_and_version() {
    let output = s3guard(&["--version"]).output().unwrap();
    let expected = concat!("s3guard ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn a_failed_write_of_the_help_is_a_failure() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    check(
        s3guard(&["--help"]).stdout(full),
        1,
        &expect![[r#"
            error: stdout could not be written
              caused by: No space left on device (os error 28)
        "#]],
    );
}

#[test]
fn manual_uploads_list_the_retained_buckets() {
    let output = s3guard(&["synth", "--help"]).env("COLUMNS", "100").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("another `BucketPrefix`"), "{help}");
}
