//! The rules for documents.

use crate::source::{files, inside, read, root};

/// Generated documents, and decision records, which are not rewritten.
const NOT_OURS: [&str; 3] = ["docs/adr/", "docs/notifications.md", "docs/watched.md"];

#[test]
fn every_decision_has_a_number_and_a_status() {
    for (count, path) in files("docs/adr", ".md").into_iter().enumerate() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let number = format!("{:04}", count + 1);
        assert!(name.starts_with(&number), "`{name}` is not number {number}");
        let text = read(&path);
        assert!(text.starts_with(&format!("# {number}: ")), "`{name}` has another title");
        for section in ["\nStatus: ", "\n## Context\n", "\n## Decision\n", "\n## Consequences\n"] {
            assert!(text.contains(section), "`{name}` has no `{}`", section.trim());
        }
    }
}

#[test]
fn the_changelog_has_a_place_for_the_next_change() {
    assert!(read(root().join("CHANGELOG.md")).contains("\n## [Unreleased]\n"));
}

#[test]
fn ci_runs_the_test_command_of_the_readme() {
    let command = "cargo test --workspace --locked";
    assert!(read(root().join("README.md")).contains(&format!("\n```sh\n{command}\n```\n")));
    assert!(read(root().join(".ci/run")).contains(&format!("\nstep {command}\n")));
}

/// The longest line of prose.
const COLUMNS_MAX: usize = 100;

#[test]
fn no_line_of_prose_is_long() {
    let mut found = Vec::new();
    for path in files("", ".md") {
        let text = read(&path);
        let long = long(&text).into_iter();
        found.extend(long.map(|(at, line)| format!("{}:{at}: {line}", inside(&path).display())));
    }
    assert!(found.is_empty(), "longer than {COLUMNS_MAX} columns:\n{}", found.join("\n"));
}

/// The long lines of a text, with their numbers, outside of tables and blocks of code. A link cannot be broken.
fn long(text: &str) -> Vec<(usize, &str)> {
    let mut is_code = false;
    let is_long = |(_, line): &(usize, &str)| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        let is_link = line.contains("://") || line.contains("](");
        let is_one_link = is_link && line.trim_start_matches(['-', ' ']).split(' ').count() == 1;
        let is_block = is_code || is_fence || line.starts_with('|') || line.starts_with("    ");
        !is_block && !is_one_link && line.chars().count() > COLUMNS_MAX
    };
    (1..).zip(text.lines()).filter(is_long).collect()
}

#[test]
fn a_long_line_is_found_where_it_can_be_broken() {
    let long_line = "a word ".repeat(20);
    let link = format!("- [s3guard](https://example.com/{})", "long/".repeat(20));
    let text = format!(
        "{long_line}\n```\n{long_line}\n```\n| {long_line} |\n    {long_line}\n{link}\n  {long_line}\n"
    );
    let numbers: Vec<usize> = long(&text).into_iter().map(|(at, _)| at).collect();
    assert_eq!(numbers, [1, 8]);
}

/// Words of sentences that have to be rewritten in plain technical English. They are whole words, in any case.
const WORDS: [&str; 10] =
    ["whoever", "somebody", "nobody", "hear", "hears", "anew", "mended", "tell", "tells", "told"];
/// More of them are a habit. Names in tests may use one.
const WORDS_MAX: usize = 60;

#[test]
fn the_language_is_plain() {
    let mut found = Vec::new();
    for path in files("", ".rs").into_iter().chain(files("", ".md")) {
        let shown = inside(&path).display().to_string();
        let is_old = shown.starts_with("docs/adr/") || shown == "CHANGELOG.md";
        if is_old || shown == "tests/tidy/documents.rs" {
            continue;
        }
        for (at, line) in (1..).zip(read(&path).lines()) {
            found.extend(poor(line).map(|word| format!("{shown}:{at}: {word}")));
        }
    }
    let count = found.len();
    assert!(count <= WORDS_MAX, "{count} words, at most {WORDS_MAX}:\n{}", found.join("\n"));
}

/// The words of the list that are in a line.
fn poor(line: &str) -> impl Iterator<Item = String> {
    let words = line.split(|one: char| !(one.is_alphanumeric() || one == '_'));
    words.map(str::to_lowercase).filter(|word| WORDS.contains(&word.as_str()))
}

#[test]
fn a_word_of_the_list_is_found_as_a_whole_word() {
    let line = "Nobody foretells what `told_once` is; TELLS.";
    assert_eq!(poor(line).collect::<Vec<_>>(), ["nobody", "tells"]);
}

#[test]
fn no_line_of_prose_stands_twice() {
    for path in files("", ".md") {
        let shown = path.strip_prefix(root()).unwrap().display().to_string();
        if NOT_OURS.iter().any(|name| shown.starts_with(name)) {
            continue;
        }
        let text = read(&path);
        let twice = twice(&text);
        assert!(twice.is_empty(), "{shown} says twice:\n{}", twice.join("\n"));
    }
}

/// The lines of prose that are in a text more than once, as after a wrong merge.
fn twice(text: &str) -> Vec<&str> {
    let is_prose = |line: &&str| line.len() > 60 && !line.starts_with(['|', '#', ' ']);
    let lines: Vec<&str> = text.lines().filter(is_prose).collect();
    let again = lines.iter().enumerate().filter(|(index, line)| lines[..*index].contains(line));
    again.map(|(_, line)| *line).collect()
}

#[test]
fn a_line_that_stands_twice_is_found() {
    let line = "CloudFormation through `aws::stacks`, by decisions that are pure and long.";
    let row = "| a row of a table may well stand twice, because it says so little by itself |";
    assert_eq!(twice(&format!("{line}\n{row}\nother\n{row}\n{line}\n")), [line]);
}
