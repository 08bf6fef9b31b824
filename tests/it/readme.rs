//! The README shows every command.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// How many commands there are: one that the help no longer lists, or that this test no longer finds there, is noticed.
const COMMANDS: usize = 27;

#[test]
fn every_command_is_in_the_readme() {
    let help = Command::new(env!("CARGO_BIN_EXE_s3guard")).arg("--help").output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    let (groups, _) = help.split_once("\nOptions:\n").unwrap();
    let listed: BTreeSet<&str> = groups
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty())
        .collect();
    assert_eq!(listed.len(), COMMANDS, "{listed:?}");
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    assert_eq!(shown(&readme), listed);
}

#[test]
fn a_command_that_is_only_mentioned_is_not_shown() {
    let readme = "Try `s3guard undo`:\ns3guard status\n\n```sh\ns3guard synth --yaml   # or s3guard diff\n\
                  # s3guard status\n```\ns3guard logs\n\n```\ns3guard events\n```\n";
    assert_eq!(shown(readme), BTreeSet::from(["synth", "events"]));
}

/// The commands at the start of a line of a fenced code block.
fn shown(readme: &str) -> BTreeSet<&str> {
    let blocks = readme.split("\n```").skip(1).step_by(2).flat_map(str::lines);
    blocks.filter_map(|line| line.strip_prefix("s3guard ")?.split(' ').next()).collect()
}
