//! The workflows of the hosted CI, and the bill of materials that a release has, by their schemas and a linter of shells.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::chain::package;
use crate::tools::Bench;

/// Checks a workflow by GitHub's schema, which the tool carries.
const SCHEMA: [&str; 2] = ["--builtin-schema", "vendor.github-workflows"];
/// Checks a bill of materials by the schema of `CycloneDX`, which the library carries.
const VALIDATE: &str = "
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
with open(sys.argv[1], encoding='utf-8') as file:
    sys.exit(str(JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read()) or '') or 0)
";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn workflows() -> [(&'static str, Value); 2] {
    [".github/workflows/ci.yml", ".github/workflows/release.yml"]
        .map(|path| (path, serde_yaml::from_str(&read(path)).unwrap()))
}

/// The steps of all jobs.
fn steps(workflow: &Value) -> impl Iterator<Item = &Value> {
    let jobs = workflow["jobs"].as_object().unwrap().values();
    jobs.flat_map(|job| job["steps"].as_array().unwrap())
}

#[test]
fn workflows_are_as_githubs_schema_says() {
    let bench = Bench::new();
    for (path, _) in workflows() {
        let verdict = bench.run("check-jsonschema", &SCHEMA, &[&root().join(path)]);
        assert!(verdict.is_content, "{path}: {}{}", verdict.stdout, verdict.stderr);
        let wrong = bench.lay("wrong.yml", &read(path).replacen("runs-on:", "runs-one:", 1));
        assert!(!bench.run("check-jsonschema", &SCHEMA, &[&wrong]).is_content, "{path}");
    }
}

#[test]
fn scripts_have_no_faults_that_a_linter_of_shells_finds() {
    let bench = Bench::new();
    // Excluded: braces around every name, masked exit codes of what prints, and variables that GitHub sets.
    let exclude = "SC2250,SC2312,SC2154";
    let shellcheck = |script: &str| {
        let file = bench.lay("script.sh", script);
        bench.run(
            "shellcheck",
            &["--shell", "bash", "--enable", "all", "--exclude", exclude],
            &[&file],
        )
    };
    let ci = read(".ci/run");
    let scripts = workflows();
    let scripts = scripts.iter().flat_map(|(_, workflow)| steps(workflow));
    let scripts: Vec<&str> = scripts.filter_map(|step| step["run"].as_str()).collect();
    assert!(scripts.len() > 8, "{scripts:#?}");
    for script in scripts.into_iter().chain([ci.as_str()]) {
        let verdict = shellcheck(script);
        assert!(verdict.is_content, "{script}\n{}", verdict.stdout);
        // An expression of GitHub in a script is text of others that is run.
        assert!(!script.contains("${{"), "{script}");
    }
    assert!(shellcheck("rm $file").stdout.contains("SC2086"));
}

#[test]
fn ci_is_the_script_of_every_machine_and_nothing_may_write_but_the_release() {
    let [(_, ci), (_, release)] = workflows();
    assert!(steps(&ci).any(|step| step["run"] == "bash .ci/run"));
    for workflow in [&ci, &release] {
        assert_eq!(workflow["permissions"].to_string(), r#"{"contents":"read"}"#);
        for step in steps(workflow) {
            let action = step["uses"].as_str().unwrap_or("actions/");
            assert!(action.starts_with("actions/"), "{action} is of a third party");
            let is_checkout = action.starts_with("actions/checkout");
            assert!(!is_checkout || step["with"]["persist-credentials"] == false, "{step}");
        }
        let jobs = workflow["jobs"].as_object().unwrap();
        let writing: Vec<&String> = jobs
            .iter()
            .filter(|(_, job)| !job["permissions"].is_null())
            .map(|(name, _)| name)
            .collect();
        assert!(writing.iter().all(|name| *name == "publish"), "{writing:?}");
        assert!(jobs.values().all(|job| job["timeout-minutes"].is_u64()));
    }
}

#[test]
fn a_release_is_built_by_the_compiler_that_the_documents_name() {
    let [(_, ci), (_, release)] = workflows();
    let compiler = release["env"]["RUST"].as_str().unwrap();
    let installs = format!("rustup toolchain install {compiler}");
    assert!(steps(&ci).any(|step| step["run"].as_str().is_some_and(|run| run.contains(&installs))));
    let image = format!("rust:{compiler}-bookworm");
    let page = read("docs/verifying.md");
    assert!(page.contains(&format!("| Rust | {compiler} ")) && page.contains(&image), "{compiler}");
    assert_eq!(release["jobs"]["package"]["container"], image);
    for one in release["jobs"]["command"]["strategy"]["matrix"]["include"].as_array().unwrap() {
        assert!(one["image"] == image || one["target"] == "arm64-macos", "{one}");
    }
    let oldest = read("Cargo.toml");
    let oldest = oldest.lines().find_map(|line| line.strip_prefix("rust-version = \"")).unwrap();
    assert!(format!("{compiler}\"").starts_with(oldest.trim_end_matches('"')), "{oldest}");
}

#[test]
fn a_release_gives_the_command_flags_that_it_has() {
    // Outside of a clone the command fails only at the sources, so it has accepted the flags.
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("s3guard");
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_s3guard")).arg(&copy).status();
    assert!(copied.unwrap().success());
    fs::create_dir(folder.path().join("out")).unwrap();
    let [_, (_, release)] = workflows();
    let scripts: Vec<String> = steps(&release)
        .filter_map(|step| step["run"].as_str())
        .map(|script| script.replace("\\\n", " ").replace("$ARCH", "x86_64").replace('"', ""))
        .collect();
    let lines = scripts.iter().flat_map(|script| script.lines());
    let calls: Vec<&str> =
        lines.filter_map(|line| Some(line.split_once("--bin s3guard -- ")?.1)).collect();
    assert_eq!(calls.len(), 3, "{calls:?}");
    for call in calls {
        let arguments = call.split(" > ").next().unwrap().split_whitespace();
        let mut command = Command::new(&copy);
        let output = command.args(arguments).env_clear().current_dir(&folder).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let expected = i32::from(call.starts_with("package"));
        assert_eq!(output.status.code(), Some(expected), "{call}: {stderr}");
    }
}

#[test]
fn the_bill_of_materials_of_the_package_is_valid_cyclonedx() {
    let sbom = package().with_extension("cdx.json");
    let bench = Bench::new();
    let verdict = bench.run_script(VALIDATE, &[&sbom]);
    assert!(verdict.is_content, "{}{}", verdict.stdout, verdict.stderr);
    let text = fs::read_to_string(&sbom).unwrap();
    let wrong = bench.lay("wrong.json", &text.replacen("\"library\"", "\"libary\"", 1));
    assert!(!bench.run_script(VALIDATE, &[&wrong]).is_content);
    let document: Value = serde_json::from_str(&text).unwrap();
    let components = document["components"].as_array().unwrap();
    let has = |name: &str| components.iter().any(|one| one["name"] == name);
    assert!(has("aws-sdk-s3") && has("s3guard-posture") && has("lambda_runtime"));
    // Those of the command, of tests and of the emulated account are not in the Lambda.
    assert!(!has("clap") && !has("aws-sdk-cloudtrail") && !has("expect-test"), "{text}");
    for component in components {
        let is_ours = component["name"].as_str().unwrap().starts_with("s3guard-");
        assert_eq!(component["hashes"].is_array(), !is_ours, "{component}");
    }
    let root = root();
    assert!(!text.contains(root.to_str().unwrap()) && !text.contains("serialNumber"), "{text}");
}
