//! What AWS or an owner could have written reaches no terminal as it is, whatever command prints it.

use std::fs;
use std::path::Path;

use s3guard_aws::stacks::Change;
use s3guard_aws::stacks::change_set::{PropertyChange, ResourceAction};
use s3guard_aws::{AwsError, Kind};
use s3guard_posture::text::is_unsafe;

use crate::config_file;
use crate::error::{self, Advice as _, Problem};
use crate::operations::deploy::review::Review;
use crate::operations::destroy::report::{Destroyed, InRegion, Item};
use crate::operations::events::EventsReport;
use crate::operations::follow::sample::{event, of_stack};
use crate::operations::verify::report::VerifyStep;
use crate::ui::output::Paint;
use crate::ui::text::{Printable, Text};

/// A title, a cleared screen, colours by a C1 control, turned and hidden text, and a line that looks like one of ours.
const HOSTILE: &str =
    "a\x1b]0;pwn\x07\x1b[2J\u{9b}31m\u{202e}b\u{2066}\u{ad}\u{200b}\r\nerror: forged\u{2028}\x7f";
const COLOURS: [&str; 6] =
    ["\x1b[1;31m", "\x1b[32m", "\x1b[33m", "\x1b[1;33m", "\x1b[36m", "\x1b[0m"];

#[track_caller]
fn is_safe(written: &str) {
    let plain = COLOURS.iter().fold(written.to_owned(), |text, code| text.replace(code, ""));
    let raw = plain.chars().find(|character| is_unsafe(*character) && *character != '\n');
    assert_eq!(raw, None, "{written:?}");
    assert!(!plain.lines().any(|line| line.starts_with("error: forged")), "{written}");
}

#[track_caller]
fn check(view: &impl Printable) {
    for columns in [None, Some(40), Some(80), Some(120)] {
        for paint in [Paint::Plain, Paint::Ansi] {
            let written = Text::of(view, columns).painted(paint);
            assert!(written.contains("forged"), "{written}");
            is_safe(&written);
        }
    }
}

#[test]
fn results_are_safe() {
    let hostile = || HOSTILE.to_owned();
    let change = Change {
        action: ResourceAction::Replaced,
        logical_id: hostile(),
        physical_id: Some(hostile()),
        resource_type: hostile(),
        properties: vec![PropertyChange {
            path: hostile(),
            before: Some(hostile()),
            after: Some(hostile()),
        }],
        policy: Some(hostile()),
    };
    check(&Review { changes: vec![change], ..Review::default() });
    let stay = Item {
        kind: hostile(),
        name: hostile(),
        logical_id: hostile(),
        reason: hostile(),
        is_unplanned: true,
    };
    let region = InRegion { region: hostile(), retained: vec![stay], ..InRegion::default() };
    check(&Destroyed { regions: vec![region.clone(), region], failed: Vec::new() });
    let events =
        [of_stack("CREATE_IN_PROGRESS", HOSTILE), event(HOSTILE, "CREATE_FAILED", HOSTILE)];
    check(&EventsReport::new(HOSTILE, HOSTILE, &events, |_| true));
    let step = VerifyStep::skipped(HOSTILE, hostile());
    let mut text = Text::default();
    text.line(step);
    is_safe(&text.painted(Paint::Ansi));
}

#[test]
fn errors_causes_hints_and_their_json_are_safe() {
    let failed = AwsError {
        call: "GetCallerIdentity",
        object: format!("bucket `{HOSTILE}`"),
        kind: Kind::Service("AccessDenied".to_owned()),
        message: HOSTILE.to_owned(),
        status: None,
        request_id: Some(HOSTILE.to_owned()),
    };
    let error = anyhow::Error::new(failed).context(HOSTILE);
    is_safe(&error::text(&error));
    let error = Err::<(), _>(error).hint(HOSTILE).unwrap_err();
    let text = error::text(&error);
    is_safe(&text);
    assert_eq!(text.lines().count(), 4, "{text}");
    let json = serde_json::to_string(&Problem::of(&error)).unwrap();
    is_safe(&s3guard_posture::text::shown_json(&json));
}

#[test]
fn the_mistakes_of_a_hostile_file_are_safe() {
    let hidden = HOSTILE.replace(['\r', '\n'], "");
    for text in [
        format!("grade = \"{hidden}\"\n"),
        format!("\"{hidden}\" = 1\n"),
        format!("[[rule]]\nbucket = [\"{hidden}\u{e0041}\u{fe0f}\"]\n"),
        format!("# {hidden}\ngrade = {hidden}"),
        "[deploy]\nstack = \"\\u001b[2J\\u202e\\n\\u009b\"\n".to_owned(),
    ] {
        let mistakes = config_file::check(&format!("{HOSTILE}.toml"), &text).unwrap_err();
        for paint in [Paint::Plain, Paint::Ansi] {
            let written = mistakes.render(paint);
            // The renderer's own styles.
            let style = regex_lite::Regex::new("\x1b\\[[0-9;]*m").unwrap();
            let plain = style.replace_all(&written, "");
            is_safe(&plain);
        }
    }
}

/// Only `ui` has the streams, and what is not a line of [`crate::ui::text`] is text of our own.
#[test]
fn no_command_writes_around_the_escaping() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![source.clone()];
    let mut raw = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&source).unwrap().to_str().unwrap().to_owned();
            if name.starts_with("ui/") || name == "hostile.rs" {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap_or_default();
            let writes = ["println!", "eprint", "stdout().lock", "stderr().lock"];
            assert!(!writes.iter().any(|write| text.contains(write)), "{name}");
            if [".raw(", "output::message(", "to_stderr("].iter().any(|raw| text.contains(raw)) {
                raw.push(name);
            }
        }
    }
    raw.sort();
    let commands = ["completions", "config", "man", "synth"];
    let commands = commands.map(|name| format!("commands/{name}.rs"));
    let others = ["error.rs", "lib.rs", "operations/logs.rs", "operations/logs/line.rs"];
    assert_eq!(raw, [&commands[..], &others.map(str::to_owned)].concat());
}
