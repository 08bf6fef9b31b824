//! The forms in which events are recorded, and the JSON form of a replay.

use expect_test::{Expect, expect, expect_file};
use s3guard_posture::Grade;
use unicode_width::UnicodeWidthStr as _;

use crate::operations::replay::tests::{parse, replayed, scene};
use crate::operations::replay::{ReplayOutcome, ReplayReport, Scene, run};
use crate::ui::output::Paint;
use crate::ui::text::{Text, plain};

/// A CloudTrail record that no rule matches.
const RECORD: &str = r#"{"eventVersion":"1.11","eventName":"PutBucketCors"}"#;
const BODY: &str = r#"{\"s3guard\":{\"sweep\":{}}}"#;

fn places(text: &str) -> Vec<String> {
    parse(text.as_bytes()).unwrap().into_iter().map(|recorded| recorded.place).collect()
}

#[test]
fn events_are_found_in_every_form_and_their_places_named() {
    assert_eq!(places(RECORD), [""]);
    assert_eq!(places(&format!("\u{feff}[{RECORD},{RECORD}]")), ["[0]", "[1]"]);
    assert_eq!(places(&format!("{RECORD}\n\n{RECORD}\r\n")), ["line 1", "line 3"]);
    assert_eq!(places(&format!(r#"{{"Records":[{RECORD}]}}"#)), ["Records[0]"]);
    let text = serde_json::to_string(RECORD).unwrap();
    let looked_up =
        format!(r#"{{"Events":[{{"CloudTrailEvent":{text}}},{{"CloudTrailEvent":"{{"}}]}}"#);
    assert_eq!(places(&looked_up), ["Events[1]", "Events[0]"]);
    let batch = format!(r#"{{"Records":[{{"messageId":"1","body":"{BODY}"}}]}}"#);
    assert_eq!(
        places(&format!("{batch}\n{batch}\n")),
        ["line 1, Records[0]", "line 2, Records[0]"]
    );
    assert_eq!(places(&format!(r#"{{"Messages":[{{"Body":"{BODY}"}}]}}"#)), ["Messages[0]"]);
    assert_eq!(places("[]"), Vec::<String>::new());
}

#[test]
fn unreadable_input_is_an_error_with_a_reason() {
    let check = |bytes: &[u8], message: &str| {
        assert_eq!(parse(bytes).unwrap_err().to_string(), message);
    };
    check(b" \n", "it is empty");
    check(b"{}\n\xff", "it is not text: line 2 is not UTF-8");
    check(
        b"{\n \"a\": \n",
        "it is neither JSON nor JSON lines: EOF while parsing a value at line 3 column 0",
    );
}

#[test]
fn a_truncated_line_does_not_affect_the_others() {
    let replayed = replayed(&format!("{RECORD}\n{{\"eventName\n{RECORD}\n"), Grade::Speed);
    let wrong: Vec<_> =
        replayed.iter().filter(|one| one.outcome.misunderstood().is_some()).collect();
    assert_eq!(wrong.len(), 1);
    assert_eq!(wrong[0].place, "line 2");
    assert!(matches!(replayed[0].outcome, ReplayOutcome::Ignored { .. }));
}

#[track_caller]
fn check_json(text: &str, expected: &Expect) {
    let replayed = replayed(text, Grade::Speed).remove(0);
    expected.assert_eq(&serde_json::to_string_pretty(&replayed).unwrap());
}

#[test]
fn the_json_form_does_not_change() {
    let event = include_str!("../../../../../examples/events/put-encryption.json");
    let replayed = replayed(event, Grade::Speed).remove(0);
    expect_file!["form.json"].assert_eq(&serde_json::to_string_pretty(&replayed).unwrap());
}

#[test]
fn the_json_form_has_all_fields_also_for_an_ignored_event() {
    check_json(
        RECORD,
        &expect![[r#"
            {
              "number": 1,
              "place": "",
              "name": "PutBucketCors",
              "bucket": null,
              "region": null,
              "time": null,
              "principal": "an unknown principal",
              "tool": "an AWS SDK",
              "delivery": {
                "status": "does-not-match",
                "rule": "BucketChanged",
                "reason": "`account` is `null`, the rule wants `\"111122223333\"`"
              },
              "task": null,
              "settlesSeconds": null,
              "assumed": [],
              "reconciliations": [],
              "notification": null,
              "outcome": {
                "status": "ignored",
                "reason": "the rule does not match"
              }
            }"#]],
    );
}

#[test]
fn a_line_that_is_not_json_is_named_by_its_number() {
    let lines = "{\"eventName\":\"CreateBucket\",\"eventVersion\":\"1.11\"}\n{\"eventName\":";
    assert_eq!(places(lines), ["line 1", "line 2"]);
}

#[test]
fn what_a_terminal_shows_is_wrapped_unless_it_is_one_word() {
    let events = include_str!("../../../../../examples/events/by-terraform.jsonl");
    let report = ReplayReport::new(replayed(events, Grade::Security));
    for columns in [40, 80, 120] {
        let text = Text::of(&report, Some(columns)).painted(Paint::Plain);
        for label in ["finds", "reads", "calls"] {
            assert!(text.lines().any(|line| line.starts_with(&format!("  {label} "))), "{label}");
        }
        for line in text.lines() {
            let is_one_word = line.trim_start_matches([' ', '|']).split(' ').count() == 1;
            assert!(line.width() <= columns || is_one_word, "{columns}: {line}");
        }
    }
}

#[test]
fn the_grade_of_the_command_line_is_named() {
    let event = include_str!("../../../../../examples/events/put-encryption.json");
    let events = parse(event.as_bytes()).unwrap();
    let of_option = plain(&ReplayReport::new(run(&events, &scene(Grade::Security))));
    assert!(of_option.contains("  grade    security (`--grade`), at "), "{of_option}");
    let of_file = Scene { grade: None, ..scene(Grade::Speed) };
    let of_file = plain(&ReplayReport::new(run(&events, &of_file)));
    assert!(of_file.contains("  grade    speed (the default), at "), "{of_file}");
}
