//! Every story of the threat model has a test.

use std::collections::BTreeSet;

use crate::source::{files, read, root};

/// The stories of the review.
const CRITICAL: usize = 2;
const HIGH: usize = 8;
const MEDIUM: usize = 12;
const LOW: usize = 9;

/// The stories that have no answer yet, which their rows say.
const NOT_ANSWERED: [&str; 0] = [];

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
        if names.is_empty() && !NOT_ANSWERED.contains(&id) {
            mistakes.push(format!("{id} has no test"));
        }
        let missing = names.into_iter().filter(|name| !tests.contains(*name));
        mistakes.extend(missing.map(|name| format!("{id}: there is no test `{name}`")));
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
    for id in NOT_ANSWERED {
        let row = page.lines().find(|line| line.starts_with(&format!("| {id} |"))).unwrap();
        assert!(row.contains("not answered yet"), "{row}");
    }
}

#[test]
fn a_story_without_a_test_is_found() {
    let page = "\n## Stories\n\n| story | attack | answer | test |\n|---|---|---|---|\n\
        | C1 | a | it is answered in this way | `one` |\n\
        | C2 | a | it is answered in this way | `gone`, `one` |\n\
        | M2 | a | it is answered in this way | none |\n\n## What remains\n| x |\n";
    let tests = BTreeSet::from(["one".to_owned()]);
    let expected = ["C2: there is no test `gone`", "M2 has no test"];
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
