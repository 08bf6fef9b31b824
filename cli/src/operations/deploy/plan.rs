//! What is wanted of a stack: parameters, template and tags, all checked before anything is done.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow};
use s3guard_aws::stacks::Value;
use s3guard_posture::StackName;
use s3guard_posture::config::Config;
use s3guard_posture::contract::parameter;
use s3guard_synth::stacks;
use serde_json::Value as Json;

use crate::args::guard::GuardArgs;
use crate::args::wanted::WantedArgs;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::deploy::step::Step;
use crate::operations::deploy::target::Target;
use crate::operations::deploy::unchanged;
use crate::operations::deploy::unchanged::Wanted;
use crate::operations::deploy::{names, set};
use crate::operations::session::STACK_TAG;
use crate::package;
use crate::package::{Architecture, Package};

/// A deployment to one Region, thought through.
pub(crate) struct Plan {
    pub(crate) target: Target,
    pub(crate) template: Json,
    pub(crate) parameters: BTreeMap<String, Value>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) is_unchanged: bool,
}

impl Plan {
    /// Thinks a deployment through, with a package that may not be uploaded yet.
    pub(crate) fn make(
        target: Target,
        guard: &GuardArgs,
        wanted: &WantedArgs,
        configuration: Option<&Config>,
        package: &Package,
    ) -> anyhow::Result<Self> {
        let previous = target.previous();
        let region = target.region();
        let mut parameters = guard.parameters(&target.name, region, &previous)?;
        if let Some(config) = configuration
            && let Some(advice) = guard.rule_advice(config, region, &previous)
        {
            target.output.warn(advice);
        }
        keeps_configuration(package, &previous, wanted.account.config.is_refused())?;
        let bucket = target.account.code_bucket(wanted.code_bucket.as_ref())?;
        for (parameter, value) in [
            (parameter::CODE_BUCKET, bucket.to_string()),
            (parameter::CODE_KEY, package.key()),
            (parameter::ARCHITECTURE, package.architecture.to_string()),
        ] {
            parameters.insert(parameter.to_owned(), Value::New(value));
        }
        let config = package.configuration()?;
        let typed = stacks::guard_with(&config);
        let mut template = typed
            .render()
            .context("the template cannot be rendered, which is a mistake in s3guard")?;
        set::set(&wanted.set, &typed, &mut parameters)?;
        set::check_rules(&wanted.set, &template, &values(&parameters, &previous))?;
        told_once(&config, parameters.get(parameter::EMAIL), &previous)?;
        if target.step == Step::Remake {
            // What the shell was given is given again: the new stack has no previous values.
            for (parameter, value) in &mut parameters {
                if *value == Value::Previous {
                    *value = Value::New(previous[parameter].clone());
                }
            }
        }
        let (account, values) = (&target.account, values(&parameters, &previous));
        names::write_out(&mut template, &|name| match name {
            "AWS::AccountId" => Some(account.caller.account.to_string()),
            "AWS::Region" => Some(region.to_string()),
            "AWS::Partition" => Some(account.caller.partition().to_owned()),
            name => values.get(name).cloned(),
        });
        // A parameter that an earlier version had is none of this template's, and AWS would refuse it.
        parameters.retain(|name, _| typed.parameters().any(|(id, _)| id.as_str() == name));
        let asked = wanted.tags(configuration.map(Config::deploy));
        let had = target.found.as_ref().map(|stack| stack.tags.clone()).unwrap_or_default();
        let tags = tags(&target.name, had, asked);
        let to_be = Wanted { template: &template, parameters: &parameters, tags: &tags };
        let is_unchanged = target.step == Step::Update
            && !wanted.revert_drift
            && target.found.as_ref().is_some_and(|stack| {
                unchanged::is_unchanged(stack, target.deployed.as_ref(), &to_be)
            });
        Ok(Self { target, template, parameters, tags, is_unchanged })
    }

    /// The parameters' values as far as they are given or kept.
    pub(crate) fn values(&self) -> BTreeMap<String, String> {
        values(&self.parameters, &self.target.previous())
    }
}

/// The processor that was asked for, else the one that the stack has.
pub(crate) fn architecture(
    asked: Option<Architecture>,
    previous: &BTreeMap<String, String>,
) -> anyhow::Result<Architecture> {
    match (asked, previous.get(parameter::ARCHITECTURE)) {
        (Some(architecture), _) => Ok(architecture),
        (None, Some(text)) => Architecture::from_parameter(text)
            .ok_or_else(|| anyhow!("the stack runs on `{text}`, which this s3guard does not know"))
            .hint("choose a processor with `--arch`"),
        (None, None) => Ok(Architecture::default()),
    }
}

fn values(
    parameters: &BTreeMap<String, Value>,
    previous: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let value = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::New(value) => Some(value),
            Value::Previous => previous.get(name),
        };
        Some((name.clone(), value?.clone()))
    };
    parameters.iter().filter_map(value).collect()
}

/// The tags that the stack has, those that are asked for, and ours: what is not named in a change is taken away.
fn tags(
    name: &StackName,
    mut tags: BTreeMap<String, String>,
    asked: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    // Those of AWS itself are not ours to give.
    tags.retain(|key, _| !key.starts_with("aws:"));
    tags.extend(asked);
    tags.insert(STACK_TAG.to_owned(), name.to_string());
    tags
}

/// A stack that has a configuration does not lose it because nobody has thought of the file.
fn keeps_configuration(
    package: &Package,
    previous: &BTreeMap<String, String>,
    is_refused: bool,
) -> anyhow::Result<()> {
    let had = previous.get(parameter::CODE_KEY).is_some_and(|key| package::is_configured(key));
    if !had || package.is_configured || is_refused {
        return Ok(());
    }
    Err(anyhow!("the stack has a configuration, with rules and exemptions, and now there is none"))
        .hint("name the file with `--config`, or give `--no-config` to take the configuration away")
        .exit(Exit::Usage)
}

/// SNS knows a subscription by its topic and its address, and refuses a second one with another filter: better now than when
/// the stack is half made.
fn told_once(
    config: &Config,
    email: Option<&Value>,
    previous: &BTreeMap<String, String>,
) -> anyhow::Result<()> {
    let email = match email {
        Some(Value::New(email)) => email.as_str(),
        Some(Value::Previous) => previous.get(parameter::EMAIL).map_or("", String::as_str),
        None => "",
    };
    let subscriptions = config.subscriptions();
    let is_same = |address: &str| !email.is_empty() && address.eq_ignore_ascii_case(email);
    match subscriptions.iter().find(|one| is_same(one.endpoint().address())) {
        None => Ok(()),
        Some(one) => Err(anyhow!(
            "`{email}` is the stack's mail address and that of the subscription `{}`: SNS takes it once",
            one.name()
        ))
        .hint("leave it to the subscription with `--email ''`, or remove that")
        .exit(Exit::Usage),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_stack_keeps_the_tags_that_others_gave_it() {
        let name: StackName = "s".parse().unwrap();
        let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let ours = tag(STACK_TAG, "s");
        let none = BTreeMap::new();
        assert_eq!(tags(&name, none.clone(), none.clone()), BTreeMap::from([ours.clone()]));
        let had =
            || BTreeMap::from([tag("team", "storage"), tag("aws:x", "y"), tag(STACK_TAG, "old")]);
        assert_eq!(
            tags(&name, had(), none),
            BTreeMap::from([ours.clone(), tag("team", "storage")])
        );
        let asked = BTreeMap::from([tag("team", "other"), tag("cost", "7")]);
        let all = BTreeMap::from([ours, tag("team", "other"), tag("cost", "7")]);
        assert_eq!(tags(&name, had(), asked), all);
    }

    #[test]
    fn a_value_is_the_given_one_else_the_stacks() {
        let parameters = BTreeMap::from([
            ("A".to_owned(), Value::New("given".to_owned())),
            ("B".to_owned(), Value::Previous),
            ("C".to_owned(), Value::Previous),
        ]);
        let previous =
            BTreeMap::from(["A", "B", "D"].map(|name| (name.to_owned(), "had".to_owned())));
        let found: Vec<_> = values(&parameters, &previous).into_iter().collect();
        let value = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(found, [value("A", "given"), value("B", "had")]);
    }

    #[test]
    fn a_configuration_is_not_lost_by_accident() {
        let package = |is_configured| Package {
            architecture: Architecture::X86_64,
            zip: Vec::new(),
            sha256: [0; 32],
            default_path: PathBuf::new(),
            is_configured,
        };
        let had = |package: &Package| BTreeMap::from([("CodeKey".to_owned(), package.key())]);
        let (with, without) = (package(true), package(false));
        assert!(keeps_configuration(&without, &had(&with), false).is_err());
        assert!(keeps_configuration(&without, &had(&with), true).is_ok());
        assert!(keeps_configuration(&with, &had(&with), false).is_ok());
        assert!(keeps_configuration(&without, &had(&without), false).is_ok());
        assert!(keeps_configuration(&without, &BTreeMap::new(), false).is_ok());
    }

    #[test]
    fn an_address_is_not_subscribed_twice() {
        let written = r#"{"subscription": [{"name": "a", "email": "a@example.com"}]}"#;
        let config = Config::from_json(written).unwrap();
        let had = BTreeMap::from([("Email".to_owned(), "A@example.com".to_owned())]);
        let check = |email: Option<Value>| told_once(&config, email.as_ref(), &had).is_ok();
        assert!(!check(Some(Value::New("a@example.com".to_owned()))));
        assert!(!check(Some(Value::Previous)));
        assert!(check(Some(Value::New("b@example.com".to_owned()))));
        assert!(check(Some(Value::New(String::new()))) && check(None));
    }
}
