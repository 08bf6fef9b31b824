//! The rules for documents.

use crate::source::{files, read, root};

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
