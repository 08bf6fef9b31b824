//! The README shows every command.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The number of commands: a command that the help or this test misses is noticed.
const COMMANDS: usize = 22;

#[test]
fn every_command_is_in_the_readme() {
    let help = Command::new(env!("CARGO_BIN_EXE_s3guard")).arg("--help").output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    let listed = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let listed: BTreeSet<&str> = listed
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
        .collect();
    assert_eq!(listed.len(), COMMANDS, "{listed:?}");
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    assert_eq!(shown(&readme), listed);
}

#[test]
fn a_command_that_is_only_mentioned_does_not_count() {
    let readme = "Try `s3guard undo`:\n    s3guard drift\n\n    s3guard synth --yaml   # or s3guard diff\n\
                  s3guard logs\n    # s3guard status\n\nA list:\n\n    s3guard events\n";
    assert_eq!(shown(readme), BTreeSet::from(["synth", "events"]));
}

/// The commands at the start of a line of a code block. Indented lines are code where they follow an empty line or code.
///
/// Source: `CommonMark` 0.31.2, "Indented code blocks": they cannot interrupt a paragraph.
fn shown(readme: &str) -> BTreeSet<&str> {
    let (mut shown, mut may_begin) = (BTreeSet::new(), true);
    for line in readme.lines() {
        let code = line.strip_prefix("    ").filter(|_| may_begin);
        may_begin = code.is_some() || line.trim().is_empty();
        let command = code.and_then(|code| code.strip_prefix("s3guard ")?.split(' ').next());
        shown.extend(command);
    }
    shown
}
