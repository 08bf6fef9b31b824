//! The effective settings, from the environment, the file and the AWS configuration.

use std::collections::BTreeMap;
use std::fmt;

use s3guard_posture::config::{self, NotificationConfig, PathPart};
use s3guard_posture::model::baseline::WRITES_MAX;
use s3guard_posture::{Aspect, Grade};
use serde::Serialize;
use serde_json::Value;

use crate::config_file::Found;

/// A setting, its value, and where it is set.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Row {
    pub(crate) setting: String,
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

/// Where a value is set.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "source")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum Origin {
    Environment {
        variable: &'static str,
    },
    File {
        #[serde(rename = "file")]
        path: String,
        line: usize,
    },
    /// In the AWS configuration, which is read when AWS is called.
    Aws,
    Default,
}

/// Settings with their variables and defaults.
const SETTINGS: [(&str, &str, Option<&str>); 8] = [
    ("deploy.stack", "S3GUARD_STACK", Some("s3guard")),
    ("deploy.trail", "S3GUARD_TRAIL", Some("create")),
    ("grade", "S3GUARD_GRADE", Some("speed")),
    ("key", "S3GUARD_KEY", None),
    ("email", "S3GUARD_EMAIL", None),
    ("code-bucket", "S3GUARD_CODE_BUCKET", None),
    ("output", "S3GUARD_OUTPUT", Some("text")),
    ("profile", "AWS_PROFILE", Some("default")),
];

pub(crate) fn rows(found: Option<&Found>, variable: impl Fn(&str) -> Option<String>) -> Vec<Row> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let mut rows: BTreeMap<String, (Value, Origin)> = defaults(found, set)
        .into_iter()
        .map(|(setting, value)| (setting, (value, Origin::Default)))
        .collect();
    rows.insert("deploy.regions".to_owned(), (Value::Array(Vec::new()), Origin::Aws));
    let mut say = |setting: &str, value: Value, origin| {
        rows.insert(setting.to_owned(), (value, origin));
    };
    for name in ["AWS_DEFAULT_REGION", "AWS_REGION"] {
        if let Some(region) = set(name) {
            say("deploy.regions", vec![region].into(), Origin::Environment { variable: name });
        }
    }
    if let Some(found) = found {
        let mut written = Vec::new();
        collect(&found.config.written(), &mut Vec::new(), &mut written);
        for (path, value) in written {
            let (file, line) = (found.path.display().to_string(), found.line(&path));
            say(&words(&path), value, Origin::File { path: file, line });
        }
    }
    for (setting, name, _) in SETTINGS {
        if let Some(value) = set(name) {
            say(setting, value.into(), Origin::Environment { variable: name });
        }
    }
    if let Some(regions) = set("S3GUARD_REGION") {
        let regions = regions.split(',').map(Value::from).collect();
        say("deploy.regions", regions, Origin::Environment { variable: "S3GUARD_REGION" });
    }
    if let Some(endpoint) = set("AWS_ENDPOINT_URL") {
        say("endpoint", endpoint.into(), Origin::Environment { variable: "AWS_ENDPOINT_URL" });
    }
    let rows = rows.into_iter();
    rows.map(|(setting, (value, origin))| Row { setting, value, origin }).collect()
}

/// What counts where nothing else is set.
fn defaults(
    found: Option<&Found>,
    set: impl Fn(&str) -> Option<String>,
) -> BTreeMap<String, Value> {
    let mut defaults = BTreeMap::from([
        ("settle-seconds".to_owned(), config::SETTLE_SECONDS.into()),
        ("writes-per-hour".to_owned(), WRITES_MAX.into()),
    ]);
    for (setting, _, default) in SETTINGS {
        defaults.extend(default.map(|value| (setting.to_owned(), value.into())));
    }
    // The access key of the environment counts before a profile.
    if set("AWS_ACCESS_KEY_ID").is_some() {
        defaults.remove("profile");
    }
    let usual = NotificationConfig::default();
    defaults.insert("notifications.window".to_owned(), usual.window().to_string().into());
    for (threshold, count) in usual.alert() {
        defaults.insert(format!("notifications.alert.{}", threshold.name()), count.into());
    }
    let grade = set("S3GUARD_GRADE").and_then(|grade| Grade::from_name(&grade));
    let grade = grade.or_else(|| found.and_then(|found| found.config.grade())).unwrap_or_default();
    for aspect in Aspect::ALL {
        defaults.insert(format!("aspects.{aspect}"), grade.wants(aspect).mode.name().into());
    }
    defaults
}

/// Collects every value with its path. A list of texts is one value.
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
            Self::Environment { variable } => write!(f, "{variable}"),
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

    fn lines(file: Option<&str>, environment: &[(&str, &str)]) -> Vec<String> {
        let found = file.map(|text| Found::of_text("s3guard.toml", text).unwrap());
        let rows = rows(found.as_ref(), |name| {
            let value = environment.iter().find(|(known, _)| *known == name);
            value.map(|(_, value)| (*value).to_owned())
        });
        (rows.iter())
            .map(|Row { setting, value, origin }| format!("{setting} = {value}  # {origin}\n"))
            .collect()
    }

    /// Checks the settings that are not defaults.
    #[track_caller]
    fn check(file: Option<&str>, environment: &[(&str, &str)], expected: &Expect) {
        let lines = lines(file, environment).into_iter();
        let set: String = lines.filter(|line| !line.ends_with("# default\n")).collect();
        expected.assert_eq(&set);
    }

    #[test]
    fn without_anything_said_the_defaults_count() {
        let lines = lines(None, &[("S3GUARD_STACK", "")]);
        expect![[r#"
            aspects.access-logs = "off"  # default
            aspects.access-points = "report"  # default
            aspects.account-public-access = "report"  # default
            aspects.acl = "report"  # default
            aspects.encryption = "enforce-new"  # default
            aspects.exports = "report"  # default
            aspects.lifecycle = "report"  # default
            aspects.notifications = "enforce-new"  # default
            aspects.object-lock = "report"  # default
            aspects.ownership = "report"  # default
            aspects.policy = "report"  # default
            aspects.public-access = "enforce-new"  # default
            aspects.replication = "report"  # default
            aspects.sse-c = "enforce-new"  # default
            aspects.tls = "enforce-new"  # default
            aspects.versioning = "off"  # default
            deploy.regions = []  # the AWS configuration, when AWS is called
            deploy.stack = "s3guard"  # default
            deploy.trail = "create"  # default
            grade = "speed"  # default
            notifications.alert.deleted = 100  # default
            notifications.alert.deleted-for-good = 10  # default
            notifications.window = "1m"  # default
            output = "text"  # default
            profile = "default"  # default
            settle-seconds = 15  # default
            writes-per-hour = 20  # default
        "#]]
        .assert_eq(&lines.concat());
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
                endpoint = "http://127.0.0.1:4566"  # AWS_ENDPOINT_URL
                grade = "hybrid"  # s3guard.toml:1
                keys.eu-west-1 = "arn:aws:kms:eu-west-1:111122223333:key/1"  # s3guard.toml:3
                rule[0].bucket = ["a-*","bcd"]  # s3guard.toml:5
                rule[0].grade = "security"  # s3guard.toml:6
            "#]],
        );
        let with_key = lines(None, &[("AWS_ACCESS_KEY_ID", "key")]);
        assert!(!with_key.iter().any(|line| line.starts_with("profile")), "{with_key:?}");
        check(
            None,
            &[("S3GUARD_REGION", "eu-west-1,us-east-1"), ("AWS_REGION", "us-east-2")],
            &expect![[r#"
                deploy.regions = ["eu-west-1","us-east-1"]  # S3GUARD_REGION
            "#]],
        );
    }
}
