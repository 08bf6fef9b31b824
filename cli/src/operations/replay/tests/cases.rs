//! The events of `tests/cases`: what the guard finds, writes and publishes of each.

mod changed;
mod policies;
mod security;

use std::fs;
use std::path::Path;

use s3guard_posture::{Config, Grade};
use serde_json::Value as Json;

use crate::operations::replay::tests::{KEY, Replayed, parse, run, scene};
use crate::operations::replay::{ReplayOutcome, Scene};
use crate::ui::text::plain;

/// The text of a case.
fn case(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases").join(name);
    fs::read_to_string(path).unwrap()
}

/// The events of a case.
fn events(name: &str) -> Vec<Json> {
    serde_json::from_str(&case(name)).unwrap()
}

/// What came of each event.
fn at(grade: Grade, text: &str) -> Vec<Answer> {
    in_scene(&scene(grade), text)
}

/// The same with these modes.
fn with_modes(grade: Grade, modes: &str, text: &str) -> Vec<Answer> {
    let config = Config::from_json(&format!(r#"{{"aspects":{{{modes}}}}}"#)).unwrap();
    in_scene(&Scene { config, ..scene(grade) }, text)
}

fn in_scene(scene: &Scene, text: &str) -> Vec<Answer> {
    run(&parse(text.as_bytes()).unwrap(), scene).iter().map(Answer::of).collect()
}

/// What came of an event.
#[derive(Debug)]
struct Answer {
    /// As `--output json` has it.
    json: Json,
    /// As it is printed, on one line.
    text: String,
    is_done: bool,
}

impl Answer {
    fn of(replayed: &Replayed) -> Self {
        let text = plain(replayed);
        let words = text.split_whitespace().filter(|word| *word != "|");
        Self {
            json: serde_json::to_value(replayed).unwrap(),
            text: words.collect::<Vec<_>>().join(" "),
            is_done: replayed.outcome == ReplayOutcome::Done,
        }
    }

    fn reconciliations(&self) -> impl Iterator<Item = &Json> {
        self.json["reconciliations"].as_array().unwrap().iter()
    }

    /// The writes: the call, and what it writes.
    fn writes(&self) -> Vec<(&str, &Json)> {
        let writes = self.reconciliations().flat_map(|one| one["writes"].as_array().unwrap());
        writes.map(|write| (write["call"].as_str().unwrap(), &write["to"]["value"])).collect()
    }

    fn calls(&self) -> Vec<&str> {
        self.writes().into_iter().map(|(call, _)| call).collect()
    }

    /// The policy that it writes.
    fn policy(&self) -> Json {
        let writes = self.writes();
        let policy = writes.iter().find(|(call, _)| *call == "PutBucketPolicy");
        serde_json::from_str(policy.expect("it writes a policy").1.as_str().unwrap()).unwrap()
    }

    fn notifications(&self) -> Vec<&Json> {
        let of_passes = self.reconciliations().map(|one| &one["notification"]);
        of_passes.chain([&self.json["notification"]]).filter(|one| !one.is_null()).collect()
    }

    /// The severity of each notification.
    fn severities(&self) -> Vec<&str> {
        let notifications = self.notifications().into_iter();
        notifications.map(|one| one["document"]["severity"].as_str().unwrap()).collect()
    }

    fn findings(&self) -> usize {
        self.reconciliations().map(|one| one["findings"].as_array().unwrap().len()).sum()
    }

    #[track_caller]
    fn says(&self, words: &[&str]) {
        for words in words {
            assert!(self.text.contains(words), "`{words}` is missing: {}", self.text);
        }
    }

    #[track_caller]
    fn says_not(&self, words: &[&str]) {
        for words in words {
            assert!(!self.text.contains(words), "`{words}` is there: {}", self.text);
        }
    }
}

/// The only one.
#[track_caller]
fn only(mut answers: Vec<Answer>) -> Answer {
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

/// The ids of the statements of a policy; of one without, nothing.
fn sids(policy: &Json) -> Vec<&str> {
    let statements = policy["Statement"].as_array().unwrap();
    statements.iter().map(|one| one["Sid"].as_str().unwrap_or_default()).collect()
}

#[test]
fn every_case_that_is_events_is_understood() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        if !is_json || !case(&name).starts_with('[') {
            continue;
        }
        for grade in Grade::ALL {
            for answer in at(grade, &case(&name)) {
                let is_failed_call = answer.text.contains("the call failed");
                assert!(answer.is_done || is_failed_call, "{name}: {answer:?}");
            }
        }
        count += 1;
    }
    assert_eq!(count, 19);
}
