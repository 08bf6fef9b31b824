//! What is written wrong is shown where it stands, whatever the writing.

use expect_test::expect;

use crate::config_file::tests::{check, report, text};
use crate::ui::output::Paint;

#[test]
fn what_is_no_toml_is_shown() {
    check(
        "grade = \"speed\nsettle-seconds = 15\n",
        &expect![[r#"
            error: this is not TOML: invalid basic string
             --> s3guard.toml:1:15
              |
            1 | grade = "speed
              |               ^ expected `"`
        "#]],
    );
    check(
        "grade speed\n[aspects\n",
        &expect![[r#"
            error: this is not TOML: key with no value
             --> s3guard.toml:1:7
              |
            1 | grade speed
              |       ^ expected `=`

            error: this is not TOML: unclosed table
             --> s3guard.toml:2:9
              |
            2 | [aspects
              |         ^ expected `]`

            error: `s3guard.toml` has 2 mistakes
        "#]],
    );
    check(
        "grade = \"speed\"\ngrade = \"hybrid\"\n",
        &expect![[r#"
            error: this is not TOML: duplicate key
             --> s3guard.toml:2:1
              |
            2 | grade = "hybrid"
              | ^^^^^ remove it, or the one before
        "#]],
    );
    check(
        "[[rule]]\naccount = 012345678901\n",
        &expect![[r#"
            error: this is not TOML: unexpected leading zero
             --> s3guard.toml:2:11
              |
            2 | account = 012345678901
              |           ^ write it in quotes, if it is not a number
        "#]],
    );
    check(
        "grade = speed\n",
        &expect![[r#"
            error: this is not TOML: string values must be quoted
             --> s3guard.toml:1:9
              |
            1 | grade = speed
              |         ^^^^^ write it in quotes
        "#]],
    );
    check(
        "rule = [\n",
        &expect![[r#"
            error: this is not TOML: unclosed array
             --> s3guard.toml:1:9
              |
            1 | rule = [
              |         ^ expected `]`
        "#]],
    );
}

#[test]
fn the_caret_stands_under_what_is_meant() {
    check(
        "\tgrad\t= 1\n",
        &expect![[r#"
        error: `grad` is not a setting of the configuration
         --> s3guard.toml:1:2
          |
        1 |     grad    = 1
          |     ^^^^ write `grade`
    "#]],
    );
    check(
        "aspects = { \"日本語\" = \"off\", tls = \"of\" }\n",
        &expect![[r#"
            error: `日本語` is not an aspect
             --> s3guard.toml:1:13
              |
            1 | aspects = { "日本語" = "off", tls = "of" }
              |             ^^^^^^^^ write `encryption`, `sse-c`, `public-access`, `tls`, `ownership`, `versioning`, `access-logs`, `notifications`, `policy`, `acl`, `replication`, `lifecycle`, `object-lock`, `account-public-access`, `access-points` or `exports`

            error: `of` is not a mode
             --> s3guard.toml:1:34
              |
            1 | aspects = { "日本語" = "off", tls = "of" }
              |                                     ^^^^ write `off`

            error: `s3guard.toml` has 2 mistakes
        "#]],
    );
    check(
        "\u{feff}grad = 1\r\n\tgrad2 = 2\r\n",
        &expect![[r#"
            error: `grad` is not a setting of the configuration
             --> s3guard.toml:1:1
              |
            1 | grad = 1
              | ^^^^ write `grade`

            error: `grad2` is not a setting of the configuration
             --> s3guard.toml:2:2
              |
            2 |     grad2 = 2
              |     ^^^^^ write `grade`

            error: `s3guard.toml` has 2 mistakes
        "#]],
    );
    check(
        format!("# {}\ngrade = \"{}\"\n", "-".repeat(300), "x".repeat(300)),
        &expect![[r#"
            error: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` is not a grade
             --> s3guard.toml:2:9
              |
            2 | ... = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
              |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^...^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ write `speed`, `hybrid` or `security`
        "#]],
    );
}

#[test]
fn what_would_move_the_cursor_is_not_written_to_a_terminal() {
    let text = "grade = \"\\u001b[2J\\u009b\" # \u{9b}2J \u{202e}\n";
    check(
        text,
        &expect![[r#"
            error: `\u{1b}[2J\u{9b}` is not a grade
             --> s3guard.toml:1:9
              |
            1 | grade = "\u001b[2J\u009b" # ¿2J �
              |         ^^^^^^^^^^^^^^^^^ write `speed`, `hybrid` or `security`
        "#]],
    );
    for bytes in [text.as_bytes(), b"\x1b[2J = 1\n", b"grade = \"\xff\x1b[2J\"\n"] {
        let report = report(bytes);
        let is_plain = |c: char| c == '\n' || !c.is_control();
        assert!(report.chars().all(is_plain) && !report.contains('\u{202e}'), "{report:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_shown() {
    check(
        b"grade = \"speed\"\n[[rule]]\nbucket = \"b\xfcro-*\"\n",
        &expect![[r#"
        error: this is not UTF-8
         --> s3guard.toml:3:12
          |
        3 | bucket = "b�ro-*"
          |            ^ save the file in UTF-8
    "#]],
    );
    check(
        b"\xff\xfeg\0r\0a\0d\0e\0",
        &expect![[r#"
        error: this is not UTF-8
         --> s3guard.toml:1:1
          |
        1 | ��g␀r␀a␀d␀e␀
          | ^ save the file in UTF-8
    "#]],
    );
}

#[test]
fn of_very_many_mistakes_the_first_are_shown() {
    let lines: Vec<String> = (100..150).map(|number| format!("k{number} = 1\n")).collect();
    let text = lines.concat();
    let report = report(text.as_bytes());
    assert_eq!(report.matches("\n  --> ").count() + report.matches("\n --> ").count(), 20);
    assert!(
        report.ends_with("\n\nerror: `s3guard.toml` has 50 mistakes: 30 more than are shown\n"),
        "{report}"
    );
}

#[test]
fn on_a_terminal_there_is_colour() {
    let mistakes = text::read("s3guard.toml", b"grad = 1\n".to_vec()).unwrap_err();
    expect![[r#"
        ^[1m^[31merror^[0m^[1m: `grad` is not a setting of the configuration^[0m
         ^[1m^[94m--> ^[0ms3guard.toml:1:1
          ^[1m^[94m|^[0m
        ^[1m^[94m1^[0m ^[1m^[94m|^[0m grad = 1
          ^[1m^[94m|^[0m ^[1m^[31m^^^^^[0m ^[1m^[31mwrite `grade`^[0m
    "#]]
    .assert_eq(&mistakes.render(Paint::Ansi).replace('\x1b', "^"));
}
