//! The configuration in the package, which is known before the package is built.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::anyhow;
use s3guard_aws::code_bucket::CodeBucket;
use s3guard_posture::BucketName;
use s3guard_posture::config::Config;
use s3guard_posture::contract::parameter;
use s3guard_posture::text::shown;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use crate::args::wanted::WantedArgs;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::session::Account;
use crate::package;
use crate::package::Source;
use crate::ui::output::Output;

/// A longer value is cut.
const VALUE_CHARACTERS_MAX: usize = 100;

/// The configuration that the functions will read.
#[derive(Debug, Default)]
pub(crate) struct Packaged {
    pub(crate) config: Config,
    pub(crate) is_configured: bool,
    /// The settings that come from the zip of `--package` alone: a person has to approve them.
    pub(crate) carried: Vec<String>,
}

impl Packaged {
    /// That of the file, else that of the zip of `--package`. A file that was only found does not replace another one in the
    /// zip, nor the other way round.
    pub(crate) fn new(
        wanted: &WantedArgs,
        configuration: Option<&Config>,
        output: &Output,
    ) -> anyhow::Result<Self> {
        let of = |config: &Config| Self {
            config: config.clone(),
            is_configured: true,
            carried: Vec::new(),
        };
        let Source::Zip(path) = wanted.source() else {
            return Ok(configuration.map(of).unwrap_or_default());
        };
        if let Some(expected) = &wanted.package_sha256 {
            package::check_sha256(&path, expected)?;
        }
        let inside = package::configuration_of_file(&path)?;
        let is_same = |config: &Config, inside: &Config| inside.to_json() == config.to_json();
        match (configuration, inside) {
            (Some(config), Some(inside)) if !is_same(config, &inside) => {
                output.say(format_args!("the package `{}` has other settings:", path.display()));
                for line in differences(Some(config), &inside) {
                    output.say(format_args!("  {line}"));
                }
                if wanted.account.config.is_named() {
                    output.say("the settings of `--config` replace them");
                    return Ok(of(config));
                }
                Err(anyhow!(
                    "the package `{}` contains another configuration than `s3guard.toml`",
                    path.display()
                ))
                .hint(
                    "to use the file, package it with `s3guard package`, or name it with `--config`; to use the package's, \
                     pass `--no-config`",
                )
                .exit(Exit::Usage)
            }
            (Some(config), _) => Ok(of(config)),
            (None, Some(inside)) => {
                output.say(format_args!("configuration of the package `{}`", path.display()));
                Ok(Self { carried: differences(None, &inside), ..of(&inside) })
            }
            (None, None) => Ok(Self::default()),
        }
    }
}

/// The configuration in the package of these parameters, or why it is not known. The key has the hash of the package.
pub(crate) async fn deployed(
    account: &Account,
    parameters: &BTreeMap<String, String>,
) -> Result<Config, String> {
    let of = |name: &str| parameters.get(name).map_or("", String::as_str);
    let key = of(parameter::CODE_KEY);
    if !package::is_configured(key) {
        return Ok(Config::default());
    }
    let bucket: BucketName =
        of(parameter::CODE_BUCKET).parse().map_err(|error| format!("{error}"))?;
    let bucket = CodeBucket::new(&account.connection, bucket, &account.caller);
    let version = Some(of(parameter::CODE_VERSION)).filter(|version| !version.is_empty());
    let zip = bucket.content(key, version).await.map_err(|error| error.to_string())?;
    let zip = zip.ok_or_else(|| format!("the package `{key}` does not exist any more"))?;
    if !key.contains(&hex::encode(Sha256::digest(&zip))) {
        return Err(format!("the package `{key}` has another content than its name says"));
    }
    package::configuration(&zip).map_err(|error| format!("{error:#}"))
}

/// The settings that differ, one a line; without an old configuration all of them.
pub(crate) fn differences(old: Option<&Config>, new: &Config) -> Vec<String> {
    let (before, after) = (old.map(settings).unwrap_or_default(), settings(new));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let value = |value: Option<&String>| {
        value.map_or_else(|| "(not set)".to_owned(), |value| shown(value, VALUE_CHARACTERS_MAX))
    };
    let lines = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    lines
        .map(|name| {
            let (then, now) = (value(before.get(name)), value(after.get(name)));
            let name = shown(name, VALUE_CHARACTERS_MAX);
            match old {
                Some(_) => format!("{name}: {then} -> {now}"),
                None => format!("{name}: {now}"),
            }
        })
        .collect()
}

/// Each setting by its path, as `rule[0].grade`.
fn settings(config: &Config) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    let json = serde_json::from_str(&config.to_json()).unwrap_or(Json::Null);
    flatten("", &json, &mut settings);
    settings
}

fn flatten(path: &str, json: &Json, settings: &mut BTreeMap<String, String>) {
    match json {
        Json::Object(entries) => {
            for (name, value) in entries {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, value, settings);
            }
        }
        Json::Array(items) if items.iter().any(Json::is_object) => {
            for (index, item) in items.iter().enumerate() {
                flatten(&format!("{path}[{index}]"), item, settings);
            }
        }
        Json::Array(_) | Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            settings.insert(path.to_owned(), json.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json: &str) -> Config {
        Config::from_json(json).unwrap()
    }

    #[test]
    fn settings_differ_by_their_paths() {
        let one =
            config(r#"{"grade":"speed","subscription":[{"name":"a","email":"a@example.com"}]}"#);
        let other =
            config(r#"{"grade":"hybrid","subscription":[{"name":"a","email":"b@example.com"}]}"#);
        let lines = differences(Some(&one), &other);
        let grade = r#"grade: "speed" -> "hybrid""#.to_owned();
        let email = r#"subscription[0].email: "a@example.com" -> "b@example.com""#.to_owned();
        assert_eq!(lines, [grade, email]);
        assert!(differences(Some(&one), &one).is_empty());
        let all = differences(None, &one);
        assert!(all.contains(&r#"grade: "speed""#.to_owned()), "{all:?}");
        let less = differences(Some(&one), &config("{}"));
        assert!(less.iter().any(|line| line.ends_with("-> (not set)")), "{less:?}");
    }
}
