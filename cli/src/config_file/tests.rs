use std::fs;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::config_file::*;
use crate::error;
use crate::ui::output::Paint;

mod mistakes;
mod writing;

#[track_caller]
fn check(text: impl AsRef<[u8]>, expect: &Expect) {
    expect.assert_eq(&report(text.as_ref()));
}

fn report(bytes: &[u8]) -> String {
    match text::read("s3guard.toml", bytes.to_vec()) {
        Ok(_) => "nothing is wrong\n".to_owned(),
        Err(mistakes) => mistakes.render(Paint::Plain),
    }
}

#[test]
fn the_example_is_a_configuration_and_names_its_schema() {
    let example = include_str!("../../../examples/s3guard.toml");
    check(
        example,
        &expect![[r#"
        nothing is wrong
    "#]],
    );
    assert!(example.starts_with("#:schema ../schemas/s3guard.schema.json\n"));
}

#[test]
fn an_empty_file_says_nothing() {
    for empty in ["", "\n\n", "# only words", "\u{feff}", "\u{feff}# words\r\n"] {
        assert_eq!(text::read("x", empty.into()).unwrap().0, Config::default());
    }
}

#[test]
fn a_grade_that_needs_a_key_has_one_in_each_region() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let keys = format!("[keys]\neu-west-1 = \"{key}\"\n");
    let check = |text: &str| {
        let found = Found::of_text("s3guard.toml", text).unwrap();
        found.check_keys().map_err(|error| error.to_string())
    };
    let hybrid = "\ngrade = \"hybrid\"\n";
    assert_eq!(check(""), Ok(()));
    assert_eq!(check(&format!("{hybrid}{keys}")), Ok(()));
    let refused = "s3guard.toml:2: grade `hybrid` needs a KMS key, and `[keys]` has none";
    assert_eq!(check(hybrid), Err(refused.to_owned()));
    let other = format!("{hybrid}{keys}[deploy]\nregions = [\"eu-west-1\", \"us-east-1\"]\n");
    let refused =
        "s3guard.toml:2: grade `hybrid` needs a KMS key in `us-east-1`, and `[keys]` has none";
    assert_eq!(check(&other), Err(refused.to_owned()));
}

fn load_text(named: Option<&Path>, folder: &Path) -> String {
    match load(named, folder) {
        Ok(found) => format!("{:?}\n", found.map(|found| found.config.grade())),
        Err(error) => error::text(&error).replace(&*folder.to_string_lossy(), "HERE"),
    }
}

#[test]
fn the_file_is_found_here_or_above_within_the_repository() {
    let top = tempfile::tempdir().unwrap();
    let (repository, below) = (top.path().join("repository"), top.path().join("repository/a/b"));
    fs::create_dir_all(&below).unwrap();
    fs::write(top.path().join("s3guard.toml"), "grade = \"security\"\n").unwrap();
    assert_eq!(load_text(None, &below), "None\n", "other users may write to a file above");
    assert_eq!(load_text(None, top.path()), "Some(Some(Security))\n");
    fs::create_dir(repository.join(".git")).unwrap();
    assert_eq!(load_text(None, &below), "None\n", "above the repository");
    fs::write(repository.join("s3guard.toml"), "grade = \"hybrid\"\n").unwrap();
    assert_eq!(load_text(None, &below), "Some(Some(Hybrid))\n");
    let found = load(None, &below).unwrap().unwrap();
    assert_eq!(found.path, Path::new("../../s3guard.toml"));
    fs::write(repository.join("s3guard.toml"), "grade = 1\n").unwrap();
    expect![[r#"
        error: expected a string, found an integer
         --> ../../s3guard.toml:1:9
          |
        1 | grade = 1
          |         ^ write `"speed"`, `"hybrid"` or `"security"`
    "#]]
    .assert_eq(&load_text(None, &below));
    fs::write(below.join("s3guard.toml"), "").unwrap();
    assert_eq!(load_text(None, &below), "Some(None)\n");
    let named = top.path().join("s3guard.toml");
    assert_eq!(load_text(Some(&named), &below), "Some(Some(Security))\n");
}

#[test]
fn a_file_that_cannot_be_read_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, expect: &Expect| {
        expect.assert_eq(&load_text(Some(&folder.path().join(name)), folder.path()));
    };
    fs::create_dir(folder.path().join("folder")).unwrap();
    fs::write(folder.path().join("large"), vec![b'#'; 1024 * 1024 + 1]).unwrap();
    fs::write(folder.path().join("largest"), vec![b'#'; 1024 * 1024]).unwrap();
    check(
        "none",
        &expect![[r#"
        error: the configuration `HERE/none` could not be read
          caused by: there is no such file

        hint: give a file with `--config`; without it, `s3guard.toml` is used if there is one
    "#]],
    );
    check(
        "folder",
        &expect![[r#"
        error: the configuration `HERE/folder` could not be read
          caused by: it is a folder

        hint: give a file with `--config`; without it, `s3guard.toml` is used if there is one
    "#]],
    );
    check(
        "large",
        &expect![[r#"
        error: the configuration `HERE/large` could not be read
          caused by: it is larger than 1 MiB, which no configuration is

        hint: give a file with `--config`; without it, `s3guard.toml` is used if there is one
    "#]],
    );
    check(
        "large/inside",
        &expect![[r#"
        error: the configuration `HERE/large/inside` could not be read
          caused by: Not a directory (os error 20)

        hint: give a file with `--config`; without it, `s3guard.toml` is used if there is one
    "#]],
    );
    check(
        "largest",
        &expect![[r#"
        Some(None)
    "#]],
    );
    std::os::unix::fs::symlink("nowhere", folder.path().join("s3guard.toml")).unwrap();
    let report = load_text(None, folder.path());
    assert!(
        report.contains("`s3guard.toml` could not be read\n  caused by: there is no"),
        "{report}"
    );
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes in any::<Vec<u8>>(), text in any::<String>()) {
        for strange in [bytes, text.into_bytes()] {
            prop_assert!(!report(&strange).is_empty());
        }
    }

    #[test]
    fn no_writing_is_too_strange(parts in prop::collection::vec(part(), 0..40)) {
        prop_assert!(!report(parts.concat().as_bytes()).is_empty());
    }
}

/// What configurations are made of, in no order.
fn part() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "grade",
        "keys",
        "aspects",
        "rule",
        "exemption",
        "bucket",
        "tags",
        "until",
        "reason",
        "tls",
        "=",
        " = ",
        ".",
        ",",
        "[",
        "]",
        "{",
        "}",
        "[[rule]]\n",
        "[[exemption]]\n",
        "[aspects]\n",
        "\n",
        "\r\n",
        "\t",
        "\"",
        "'",
        "\"\"\"",
        "#",
        "\"speed\"",
        "\"enforce\"",
        "2027-01-31",
        "15",
        "-1",
        "1.5",
        "true",
        "日本",
        "\u{feff}",
        "\u{0}",
        "bucket = \"a-*\"\n",
        "aspects = [\"tls\"]\n",
        "grade = \"hybrid\"\n",
        "\u{301}",
        "\\u{1b}",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => any::<String>()]
}
