//! Every example, replayed, is what is checked in as `examples/events/expected.txt`. `cargo bless` updates it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use expect_test::expect_file;
use flate2::read::GzDecoder;
use s3guard_posture::Grade;

use crate::operations::replay::tests::{parse, run, scene};
use crate::ui::text::plain;

/// The examples that are held to another grade than `speed`.
const GRADES: [(&str, Grade); 2] =
    [("keeping.jsonl", Grade::Security), ("put-encryption-as-list.json", Grade::Hybrid)];

/// The examples, by name.
pub(crate) fn examples() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/events");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("gz") => {
                let mut unpacked = Vec::new();
                GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
                found.push((name, unpacked));
            }
            Some("json" | "jsonl") => found.push((name, bytes)),
            Some(_) | None => {}
        }
    }
    found.sort();
    found
}

#[test]
fn every_example_comes_to_what_is_checked_in() {
    let mut text = String::new();
    for (name, bytes) in examples() {
        let grade = GRADES.iter().find(|(of, _)| *of == name).map_or(Grade::Speed, |(_, g)| *g);
        writeln!(text, "==== {name}, {grade}\n").unwrap();
        for replayed in run(&parse(&bytes).unwrap(), &scene(grade)) {
            writeln!(text, "{}", plain(&replayed)).unwrap();
        }
    }
    expect_file!["../../../../../examples/events/expected.txt"].assert_eq(&text);
}

#[test]
fn every_example_has_its_line_in_the_readme() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/events");
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let listed = readme.lines().filter_map(|line| line.strip_prefix("- `")?.split('`').next());
    let listed: BTreeSet<String> = listed.map(str::to_owned).collect();
    let there: BTreeSet<String> = examples().into_iter().map(|(name, _)| name).collect();
    assert_eq!(listed, there);
}
