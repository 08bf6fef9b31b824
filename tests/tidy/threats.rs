//! Every story of the threat model has a test.

use std::collections::BTreeSet;

use crate::source::{files, read, root};

/// The stories of the review.
const CRITICAL: usize = 2;
const HIGH: usize = 8;
const MEDIUM: usize = 12;
const LOW: usize = 9;

/// What the name of a test begins with that is being written: without it, the test exists.
const PENDING: &str = "adversary::";
/// The stories with such tests.
const STORIES_PENDING: [&str; 7] = ["H3", "H6", "M2", "M3", "M6", "M7", "M8"];

fn page() -> String {
    read(root().join("docs/threat-model.md"))
}

/// The stories of a page: the id, and the names in the last column.
fn stories(page: &str) -> Vec<(&str, Vec<&str>)> {
    let (_, table) = page.split_once("\n## Stories\n").unwrap();
    let table = table.split("\n## ").next().unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [id, _, answer, tests] = cells[..] else { panic!("`{row}` has other columns") };
        assert!(answer.len() > 20, "{id} has no answer");
        (id, tests.split('`').skip(1).step_by(2).collect())
    })
    .collect()
}

/// The names of all tests.
fn tests() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in files("", ".rs") {
        let text = read(&path);
        for after in text.split("test]\n").skip(1) {
            let (before, name) = after.split_once("fn ").unwrap_or_default();
            // Other attributes may stand between.
            if before.len() < 200 {
                found.insert(name.split('(').next().unwrap_or_default().to_owned());
            }
        }
    }
    found
}

/// What is wrong with the stories.
fn mistakes(page: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let mut mistakes = Vec::new();
    for (id, names) in stories(page) {
        if names.is_empty() {
            mistakes.push(format!("{id} has no test"));
        }
        for name in names {
            match name.strip_prefix(PENDING) {
                Some(name) if tests.contains(name) => {
                    mistakes.push(format!("{id}: `{name}` exists: remove `{PENDING}`"));
                }
                Some(_) if STORIES_PENDING.contains(&id) => {}
                None if tests.contains(name) => {}
                Some(_) | None => mistakes.push(format!("{id}: there is no test `{name}`")),
            }
        }
    }
    mistakes
}

#[test]
fn every_story_of_the_threat_model_has_a_test() {
    let page = page();
    let found: Vec<&str> = stories(&page).iter().map(|(id, _)| *id).collect();
    let ids = [("C", CRITICAL), ("H", HIGH), ("M", MEDIUM), ("L", LOW)].into_iter();
    let ids = ids.flat_map(|(kind, count)| (1..=count).map(move |id| format!("{kind}{id}")));
    assert_eq!(found, ids.collect::<Vec<_>>());
    assert_eq!(mistakes(&page, &tests()), [] as [&str; 0]);
    let is_pending =
        |(_, names): &&(&str, Vec<&str>)| names.iter().any(|name| name.starts_with(PENDING));
    let pending: Vec<&str> = stories(&page).iter().filter(is_pending).map(|(id, _)| *id).collect();
    assert_eq!(pending, STORIES_PENDING, "stories with tests that are being written");
}

#[test]
fn a_story_without_a_test_is_found() {
    let page = "\n## Stories\n\n| story | attack | answer | test |\n|---|---|---|---|\n\
        | C1 | a | it is answered in this way | `one` |\n\
        | C2 | a | it is answered in this way | `gone`, `one` |\n\
        | H3 | a | it is answered in this way | `adversary::later` |\n\
        | H6 | a | it is answered in this way | `adversary::one` |\n\
        | M1 | a | it is answered in this way | `adversary::never` |\n\
        | M2 | a | it is answered in this way | none |\n\n## What remains\n| x |\n";
    let tests = BTreeSet::from(["one".to_owned()]);
    let expected = [
        "C2: there is no test `gone`",
        "H6: `one` exists: remove `adversary::`",
        "M1: there is no test `adversary::never`",
        "M2 has no test",
    ];
    assert_eq!(mistakes(page, &tests), expected);
}

#[test]
fn the_threat_model_says_where_object_keys_are() {
    let (_, remains) = page()
        .split_once("\n## What remains\n")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    assert!(remains.contains("Object keys can be personal data"), "{remains}");
    // The prefix of the ledger and its days are those of the template.
    let template = read(root().join("templates/guard.yaml"));
    let rule = "            Prefix: windows/\n            ExpirationInDays: 30\n";
    assert!(template.contains(rule) && remains.contains("`windows/` for 30\n  days"), "{remains}");
}

#[test]
fn the_readme_installs_what_was_tested() {
    for path in files("", ".md") {
        for line in
            read(&path).lines().filter(|line| line.trim_start().starts_with("cargo install"))
        {
            assert!(line.contains("--locked"), "{}: {line}", path.display());
        }
    }
}
