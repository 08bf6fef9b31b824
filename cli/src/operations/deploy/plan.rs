//! The parameters, the template and the tags of a stack, all checked before anything is changed.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow};
use s3guard_aws::stacks::Stack;
use s3guard_posture::StackName;
use s3guard_posture::config::Config;
use s3guard_posture::contract::parameter;
use s3guard_synth::stacks;
use serde_json::Value as Json;

use crate::args::guard::{GuardArgs, rule_advice};
use crate::args::wanted::WantedArgs;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::deploy::step::Step;
use crate::operations::deploy::target::Target;
use crate::operations::deploy::{names, set};
use crate::operations::session::STACK_TAG;
use crate::package;
use crate::package::{Architecture, Package};

/// A planned deployment to one Region.
pub(crate) struct Plan {
    pub(crate) target: Target,
    pub(crate) template: Json,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) is_unchanged: bool,
}

impl Plan {
    /// Plans a deployment; the package may not be uploaded yet.
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
            && let Some(advice) = rule_advice(config, region, &parameters)
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
            parameters.insert(parameter.to_owned(), value);
        }
        let config = package.configuration()?;
        let typed = stacks::guard_with(&config);
        let mut template = typed
            .render()
            .context("the template cannot be rendered, which is a mistake in s3guard")?;
        set::set(&wanted.set, &typed, &template, &previous, &mut parameters)?;
        check_email(&config, parameters.get(parameter::EMAIL).map_or("", String::as_str))?;
        let account = &target.account;
        names::write_out(&mut template, &|name| match name {
            "AWS::AccountId" => Some(account.caller.account.to_string()),
            "AWS::Region" => Some(region.to_string()),
            "AWS::Partition" => Some(account.caller.partition().to_owned()),
            name => parameters.get(name).cloned(),
        });
        // CloudFormation refuses a parameter that only an earlier version of the template had.
        parameters.retain(|name, _| typed.parameters().any(|(id, _)| id.as_str() == name));
        let asked = wanted.tags(configuration.map(Config::deploy));
        let had = target.found.as_ref().map(|stack| stack.tags.clone()).unwrap_or_default();
        let tags = tags(&target.name, had, asked);
        let is_unchanged = target.step == Step::Update
            && !wanted.revert_drift
            && target.found.as_ref().is_some_and(|stack| {
                is_unchanged(stack, target.deployed.as_ref(), &template, &parameters, &tags)
            });
        Ok(Self { target, template, parameters, tags, is_unchanged })
    }
}

/// Whether the stack is up to date, so that nothing has to be uploaded. In case of doubt a change set decides.
fn is_unchanged(
    stack: &Stack,
    deployed: Option<&Json>,
    template: &Json,
    parameters: &BTreeMap<String, String>,
    tags: &BTreeMap<String, String>,
) -> bool {
    // Tags of AWS itself cannot be set.
    let given = stack.tags.iter().filter(|(key, _)| !key.starts_with("aws:"));
    // After a failure the resources may differ from the template.
    stack.status.is_success()
        && deployed == Some(template)
        && parameters.iter().all(|(name, value)| stack.parameters.get(name) == Some(value))
        && given.eq(tags)
}

/// The requested processor, else that of the stack.
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

/// The tags of the stack, the requested ones, and ours: an update removes every tag that it does not name.
fn tags(
    name: &StackName,
    mut tags: BTreeMap<String, String>,
    asked: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    // Tags of AWS itself cannot be set.
    tags.retain(|key, _| !key.starts_with("aws:"));
    tags.extend(asked);
    tags.insert(STACK_TAG.to_owned(), name.to_string());
    tags
}

/// A stack does not lose its configuration because the file was forgotten.
fn keeps_configuration(
    package: &Package,
    previous: &BTreeMap<String, String>,
    is_refused: bool,
) -> anyhow::Result<()> {
    let had = previous.get(parameter::CODE_KEY).is_some_and(|key| package::is_configured(key));
    if !had || package.is_configured || is_refused {
        return Ok(());
    }
    Err(anyhow!(
        "the stack has a configuration with rules and exemptions, and this deployment has none"
    ))
    .hint("name the file with `--config`, or give `--no-config` to remove the configuration")
    .exit(Exit::Usage)
}

/// SNS identifies a subscription by topic and address, and refuses a second one with another filter, which would make
/// the deployment fail halfway.
fn check_email(config: &Config, email: &str) -> anyhow::Result<()> {
    let subscriptions = config.subscriptions();
    let is_same = |address: &str| !email.is_empty() && address.eq_ignore_ascii_case(email);
    match subscriptions.iter().find(|one| is_same(one.endpoint().address())) {
        None => Ok(()),
        Some(one) => Err(anyhow!(
            "`{email}` is the stack's email address and that of the subscription `{}`: SNS accepts an address once per topic",
            one.name()
        ))
        .hint("leave it to the subscription with `--email ''`, or remove that")
        .exit(Exit::Usage),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use s3guard_aws::stacks::StackStatus;
    use serde_json::json;

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
        assert!(check_email(&config, "A@example.com").is_err());
        assert!(check_email(&config, "b@example.com").is_ok() && check_email(&config, "").is_ok());
    }

    #[test]
    fn a_stack_is_unchanged_if_template_parameters_and_tags_are_the_same() {
        let text = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let stack = Stack {
            id: String::new(),
            status: StackStatus::from("UPDATE_COMPLETE"),
            reason: None,
            parameters: text("CodeKey", "a.zip"),
            outputs: BTreeMap::new(),
            tags: [text("team", "storage"), text("aws:x", "y")].into_iter().flatten().collect(),
            updated: None,
            protected: false,
        };
        let template = json!({ "Resources": { "A": 1 }, "Outputs": {} });
        let deployed = &template;
        let check = |deployed: Option<&Json>, key: &str, tags: &BTreeMap<String, String>| {
            is_unchanged(&stack, deployed, &template, &text("CodeKey", key), tags)
        };
        let tags = text("team", "storage");
        let same = "a.zip";
        assert!(check(Some(deployed), same, &tags));
        assert!(!check(None, same, &tags), "it could not be read");
        let other = json!({ "Resources": { "A": 2 }, "Outputs": {} });
        assert!(!check(Some(&other), same, &tags));
        assert!(!check(Some(deployed), "b.zip", &tags));
        assert!(!check(Some(deployed), same, &text("team", "other")));
        assert!(!check(Some(deployed), same, &BTreeMap::new()));
        for status in StackStatus::all() {
            let of_status = Stack { status: status.clone(), ..stack.clone() };
            let parameters = text("CodeKey", same);
            let is_unchanged =
                is_unchanged(&of_status, Some(deployed), &template, &parameters, &tags);
            assert_eq!(is_unchanged, status.is_success(), "{status}");
        }
    }
}
