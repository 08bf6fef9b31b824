//! Which value counts, of those that the environment, the file and AWS's own configuration give: decided here.

use std::fmt;

use s3guard_posture::config::{self, PathPart};
use s3guard_posture::{Config, Grade};
use serde::Serialize;
use serde_json::Value;

use crate::config_file::Found;

/// A setting, its value as TOML would have it, and where it was said.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    pub(crate) setting: String,
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

/// Where a value was said.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Origin {
    /// In this variable.
    Environment(&'static str),
    /// In this file, in this line.
    File { path: String, line: usize },
    /// In the AWS configuration, which is read when AWS is called.
    Aws,
    /// Nowhere: it is so unless somebody says otherwise.
    Default,
}

/// The settings that a variable may say, too, the variable, and what counts where nobody says anything.
const SETTINGS: [(&str, &str, Option<&str>); 9] = [
    ("deploy.stack", "S3GUARD_STACK", Some("s3guard")),
    ("deploy.regions", "S3GUARD_REGION", None),
    ("deploy.trail", "S3GUARD_TRAIL", Some("create")),
    ("grade", "S3GUARD_GRADE", None),
    ("key", "S3GUARD_KEY", None),
    ("email", "S3GUARD_EMAIL", None),
    ("code-bucket", "S3GUARD_CODE_BUCKET", None),
    ("output", "S3GUARD_OUTPUT", Some("text")),
    ("profile", "AWS_PROFILE", Some("default")),
];

pub(crate) fn rows(found: Option<&Found>, variable: impl Fn(&str) -> Option<String>) -> Vec<Row> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let mut rows = Vec::new();
    let written = found.map(|found| leaves(&found.config)).unwrap_or_default();
    let of_file = |path: &[PathPart]| match found {
        Some(found) => {
            Origin::File { path: found.path.display().to_string(), line: found.line(path) }
        }
        None => Origin::Default,
    };
    for (setting, name, default) in SETTINGS {
        if let Some(value) = set(name) {
            let value = match setting {
                "deploy.regions" => value.split(',').map(Value::from).collect(),
                _ => Value::from(value),
            };
            rows.push(row(setting, value, Origin::Environment(name)));
        } else if !written.iter().any(|(path, _)| words(path) == setting) {
            rows.extend(default.map(|value| row(setting, value.into(), Origin::Default)));
        }
    }
    let is_said = |rows: &[Row], setting: &str| rows.iter().any(|row| row.setting == setting);
    for (path, value) in written {
        let setting = words(&path);
        if !is_said(&rows, &setting) {
            rows.push(row(&setting, value, of_file(&path)));
        }
    }
    for (setting, value) in [
        ("grade", Value::from(Grade::default().name())),
        ("settle-seconds", config::SETTLE_SECONDS.into()),
    ] {
        if !is_said(&rows, setting) {
            rows.push(row(setting, value, Origin::Default));
        }
    }
    if !is_said(&rows, "deploy.regions") {
        let named = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| {
            set(name)
                .map(|region| row("deploy.regions", vec![region].into(), Origin::Environment(name)))
        });
        let asked = || row("deploy.regions", Value::Array(Vec::new()), Origin::Aws);
        rows.push(named.unwrap_or_else(asked));
    }
    if let Some(endpoint) = set("AWS_ENDPOINT_URL") {
        let origin = Origin::Environment("AWS_ENDPOINT_URL");
        rows.push(row("endpoint", endpoint.into(), origin));
    }
    rows.sort_by(|a, b| a.setting.cmp(&b.setting));
    rows
}

fn row(setting: &str, value: Value, origin: Origin) -> Row {
    Row { setting: setting.to_owned(), value, origin }
}

/// Every value of a configuration that was written, with the way to it. Lists of texts are one value.
fn leaves(config: &Config) -> Vec<(Vec<PathPart>, Value)> {
    let mut leaves = Vec::new();
    collect(&config.written(), &mut Vec::new(), &mut leaves);
    leaves
}

fn collect(value: &Value, path: &mut Vec<PathPart>, leaves: &mut Vec<(Vec<PathPart>, Value)>) {
    match value {
        Value::Object(settings) => {
            for (key, value) in settings {
                path.push(PathPart::from(key.as_str()));
                collect(value, path, leaves);
                path.pop();
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (index, value) in items.iter().enumerate() {
                path.push(PathPart::from(index));
                collect(value, path, leaves);
                path.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            leaves.push((path.clone(), value.clone()));
        }
    }
}

fn words(path: &[PathPart]) -> String {
    let mut words = String::new();
    for part in path {
        match part {
            PathPart::Key(key) if words.is_empty() => words.push_str(key),
            PathPart::Key(key) => words.extend([".", key]),
            PathPart::Index(index) => words.extend(["[", &index.to_string(), "]"]),
        }
    }
    words
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "{name}"),
            Self::File { path, line } => write!(f, "{path}:{line}"),
            Self::Aws => f.write_str("the AWS configuration, when AWS is called"),
            Self::Default => f.write_str("default"),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(file: Option<&str>, environment: &[(&str, &str)], expected: &Expect) {
        let found = file.map(|text| Found::of_text("s3guard.toml", text).unwrap());
        let rows = rows(found.as_ref(), |name| {
            let value = environment.iter().find(|(known, _)| *known == name);
            value.map(|(_, value)| (*value).to_owned())
        });
        let lines: Vec<String> = (rows.iter())
            .map(|Row { setting, value, origin }| format!("{setting} = {value}  # {origin}\n"))
            .collect();
        expected.assert_eq(&lines.concat());
    }

    #[test]
    fn without_anything_said_the_defaults_count() {
        check(
            None,
            &[("S3GUARD_STACK", "")],
            &expect![[r#"
                deploy.regions = []  # the AWS configuration, when AWS is called
                deploy.stack = "s3guard"  # default
                deploy.trail = "create"  # default
                grade = "speed"  # default
                output = "text"  # default
                profile = "default"  # default
                settle-seconds = 15  # default
            "#]],
        );
    }

    #[test]
    fn the_environment_comes_before_the_file_and_the_file_before_aws_and_the_defaults() {
        let file = "grade = \"hybrid\"\n[keys]\neu-west-1 = \"arn:aws:kms:eu-west-1:111122223333:key/1\"\n\
                    [[rule]]\nbucket = [\"a-*\", \"bcd\"]\ngrade = \"security\"\n[deploy]\nstack = \"guard\"\n\
                    regions = [\"eu-west-1\"]\n";
        check(
            Some(file),
            &[
                ("S3GUARD_STACK", "other"),
                ("AWS_REGION", "us-east-2"),
                ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
            ],
            &expect![[r#"
                deploy.regions = ["eu-west-1"]  # s3guard.toml:9
                deploy.stack = "other"  # S3GUARD_STACK
                deploy.trail = "create"  # default
                endpoint = "http://127.0.0.1:4566"  # AWS_ENDPOINT_URL
                grade = "hybrid"  # s3guard.toml:1
                keys.eu-west-1 = "arn:aws:kms:eu-west-1:111122223333:key/1"  # s3guard.toml:3
                output = "text"  # default
                profile = "default"  # default
                rule[0].bucket = ["a-*","bcd"]  # s3guard.toml:5
                rule[0].grade = "security"  # s3guard.toml:6
                settle-seconds = 15  # default
            "#]],
        );
        check(
            None,
            &[("S3GUARD_REGION", "eu-west-1,us-east-1"), ("AWS_REGION", "us-east-2")],
            &expect![[r#"
                deploy.regions = ["eu-west-1","us-east-1"]  # S3GUARD_REGION
                deploy.stack = "s3guard"  # default
                deploy.trail = "create"  # default
                grade = "speed"  # default
                output = "text"  # default
                profile = "default"  # default
                settle-seconds = 15  # default
            "#]],
        );
    }
}
