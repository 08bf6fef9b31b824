//! The parameters, the template and the tags of a stack, all checked before anything is changed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, anyhow};
use s3guard_aws::stacks::Stack;
use s3guard_posture::config::Config;
use s3guard_posture::contract::parameter;
use s3guard_posture::{Region, StackName};
use s3guard_synth::stacks;
use serde_json::Value as Json;

use crate::args::guard::{GuardArgs, rule_advice};
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::deploy::asking::Asking;
use crate::operations::deploy::packaged::Packaged;
use crate::operations::deploy::step::DeployStep;
use crate::operations::deploy::target::DeployTarget;
use crate::operations::deploy::{deployers, guarded, names, set};
use crate::operations::session::STACK_TAG;
use crate::package;
use crate::package::{Architecture, Package};

/// The version of a package that is not uploaded yet, as a comparison shows it.
const NOT_UPLOADED: &str = "not-uploaded";

/// A planned deployment to one Region, checked before the package is built.
pub(crate) struct DeployPlan {
    pub(crate) target: DeployTarget,
    pub(crate) architecture: Architecture,
    pub(crate) template: Json,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) tags: BTreeMap<String, String>,
    /// The principals that may write to the code bucket.
    pub(crate) deployers: BTreeSet<String>,
    /// The version of the package that the stack has, if it has this package.
    pub(crate) pinned: Option<String>,
    /// The settings that only the zip of `--package` has.
    pub(crate) carried: Vec<String>,
    /// The configuration that the functions will read.
    pub(crate) config: Config,
    /// Known [with the package](Self::with).
    pub(crate) is_unchanged: bool,
}

impl DeployPlan {
    /// Checks all that is requested.
    pub(crate) fn new(
        target: DeployTarget,
        guard: &GuardArgs,
        asking: &Asking<'_>,
        packaged: &Packaged,
        guarded: &BTreeSet<Region>,
    ) -> anyhow::Result<Self> {
        let Asking { wanted, configuration, options, .. } = *asking;
        let previous = target.previous();
        let region = target.region();
        let mut parameters = guard.parameters(&target.name, region, &previous)?;
        if let Some(config) = configuration
            && let Some(advice) = rule_advice(config, region, &parameters)
        {
            target.output.warn(advice);
        }
        keeps_configuration(packaged, &previous, wanted.account.config.is_refused())?;
        let bucket = target.account.code_bucket(wanted.code_bucket.as_ref())?;
        let architecture = architecture(wanted.arch, &previous)?;
        parameters.insert(parameter::CODE_BUCKET.to_owned(), bucket.to_string());
        parameters.insert(parameter::ARCHITECTURE.to_owned(), architecture.to_string());
        let roles = options.and_then(|options| options.role_arn.as_deref());
        let added = wanted.deployers.iter().map(String::as_str).chain(roles);
        let deployers = deployers::all(&previous, &target.account.caller, added);
        parameters.insert(parameter::DEPLOYER_ARNS.to_owned(), deployers::value(&deployers));
        let regions = guarded::value(guarded, region);
        if !regions.is_empty() || previous.contains_key(parameter::GUARDED_REGIONS) {
            parameters.insert(parameter::GUARDED_REGIONS.to_owned(), regions);
        }
        // Rendering uses the template up.
        let typed = stacks::guard_with(&packaged.config);
        let template = stacks::guard_with(&packaged.config)
            .render()
            .context("the template cannot be rendered, which is a mistake in s3guard")?;
        set::set(&wanted.set, &typed, &template, &previous, &mut parameters)?;
        let subscribed = (!target.is_new()).then(|| previous.get(parameter::EMAIL)).flatten();
        if let Some(words) = merge_email(&packaged.config, subscribed, &mut parameters)? {
            target.output.say(words);
        }
        // CloudFormation refuses a parameter that only an earlier version of the template had.
        parameters.retain(|name, _| typed.parameters().any(|(id, _)| id.as_str() == name));
        let asked = wanted.tags(configuration.map(Config::deploy));
        let had = target.found.as_ref().map(|stack| stack.tags.clone()).unwrap_or_default();
        Ok(Self {
            tags: tags(&target.name, had, asked),
            target,
            architecture,
            template,
            parameters,
            deployers,
            pinned: None,
            carried: packaged.carried.clone(),
            config: packaged.config.clone(),
            is_unchanged: false,
        })
    }

    /// The plan with this package, which may not be uploaded yet.
    pub(crate) fn with(mut self, package: &Package, reverts_drift: bool) -> Self {
        let (target, parameters) = (&self.target, &mut self.parameters);
        parameters.insert(parameter::CODE_KEY.to_owned(), package.key());
        self.pinned = pinned(&target.previous(), parameters);
        let version = self.pinned.clone().unwrap_or_else(|| NOT_UPLOADED.to_owned());
        parameters.insert(parameter::CODE_VERSION.to_owned(), version);
        let (region, caller) = (target.region(), &target.account.caller);
        names::write_out(&mut self.template, &|name| match name {
            "AWS::AccountId" => Some(caller.account.to_string()),
            "AWS::Region" => Some(region.to_string()),
            "AWS::Partition" => Some(caller.partition().to_owned()),
            name => parameters.get(name).cloned(),
        });
        self.is_unchanged = target.step == DeployStep::Update
            && !reverts_drift
            && target.found.as_ref().is_some_and(|stack| {
                let deployed = target.deployed.as_ref();
                is_unchanged(stack, deployed, &self.template, parameters, &self.tags)
            });
        self
    }
}

/// The version of the code that the stack has, if it has this code: the key has the hash of its content.
fn pinned(
    previous: &BTreeMap<String, String>,
    parameters: &BTreeMap<String, String>,
) -> Option<String> {
    let is_same = |name: &&str| previous.get(*name) == parameters.get(*name);
    let has_code = [parameter::CODE_BUCKET, parameter::CODE_KEY].iter().all(is_same);
    previous.get(parameter::CODE_VERSION).filter(|_| has_code).cloned()
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
fn architecture(
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
    packaged: &Packaged,
    previous: &BTreeMap<String, String>,
    is_refused: bool,
) -> anyhow::Result<()> {
    let had = previous.get(parameter::CODE_KEY).is_some_and(|key| package::is_configured(key));
    if !had || packaged.is_configured || is_refused {
        return Ok(());
    }
    Err(anyhow!(
        "the stack has a configuration with rules and exemptions, and this deployment has none"
    ))
    .hint("name the file with `--config`, or give `--no-config` to remove the configuration")
    .exit(Exit::Usage)
}

/// SNS accepts an address once per topic: one that the configuration subscribes is no parameter besides. Returns what to
/// print if that was so.
fn merge_email(
    config: &Config,
    subscribed: Option<&String>,
    parameters: &mut BTreeMap<String, String>,
) -> anyhow::Result<Option<String>> {
    let named = |email: &str| {
        let is_same = |address: &str| !email.is_empty() && address.eq_ignore_ascii_case(email);
        let all = config.subscriptions();
        all.iter().find(|one| is_same(one.endpoint().address())).map(|one| one.name().to_string())
    };
    // The update would create the second subscription, which is the first one, and then delete the first.
    if let Some((email, name)) = subscribed.and_then(|email| Some((email, named(email)?))) {
        return Err(anyhow!(
            "the stack subscribes `{email}` already, and the subscription `{name}` would subscribe it again"
        ))
        .hint(format!(
            "deploy with `--email ''` and without `{name}` first; then add `{name}` and deploy again"
        ))
        .exit(Exit::Usage);
    }
    let email = parameters.get(parameter::EMAIL).cloned().unwrap_or_default();
    let Some(name) = named(&email) else { return Ok(None) };
    parameters.insert(parameter::EMAIL.to_owned(), String::new());
    Ok(Some(format!("`{email}` is the subscription `{name}` of the configuration, which is used")))
}

#[cfg(test)]
mod tests {
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
    fn a_version_is_of_one_object_in_one_bucket() {
        let of = |bucket: &str, key: &str, version: &str| {
            let pairs = [("CodeBucket", bucket), ("CodeKey", key), ("CodeVersion", version)];
            let set = pairs.into_iter().filter(|(_, value)| !value.is_empty());
            set.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        let had: BTreeMap<String, String> = of("code", "a.zip", "v");
        assert_eq!(pinned(&had, &of("code", "a.zip", "")).as_deref(), Some("v"));
        assert_eq!(pinned(&had, &of("code", "b.zip", "")), None);
        assert_eq!(pinned(&had, &of("other", "a.zip", "")), None);
        assert_eq!(pinned(&of("code", "a.zip", ""), &of("code", "a.zip", "")), None);
        assert_eq!(pinned(&BTreeMap::new(), &of("code", "a.zip", "")), None);
    }

    #[test]
    fn a_configuration_is_not_lost_by_accident() {
        let packaged = |is_configured| Packaged { is_configured, ..Packaged::default() };
        let had = |key: &str| BTreeMap::from([("CodeKey".to_owned(), key.to_owned())]);
        let had = |packaged: &Packaged| {
            had(if packaged.is_configured { "s3guard/x-configured.zip" } else { "s3guard/x.zip" })
        };
        let (with, without) = (packaged(true), packaged(false));
        assert!(keeps_configuration(&without, &had(&with), false).is_err());
        assert!(keeps_configuration(&without, &had(&with), true).is_ok());
        assert!(keeps_configuration(&with, &had(&with), false).is_ok());
        assert!(keeps_configuration(&without, &had(&without), false).is_ok());
        assert!(keeps_configuration(&without, &BTreeMap::new(), false).is_ok());
    }

    #[test]
    fn an_address_of_the_configuration_is_no_parameter_besides() {
        let written = r#"{"subscription": [{"name": "a", "email": "a@example.com"}]}"#;
        let config = Config::from_json(written).unwrap();
        let merged = |subscribed: &str, email: &str| {
            let subscribed = (!subscribed.is_empty()).then(|| subscribed.to_owned());
            let mut parameters = BTreeMap::from([("Email".to_owned(), email.to_owned())]);
            let words = merge_email(&config, subscribed.as_ref(), &mut parameters);
            words.map(|words| (words.is_some(), parameters.remove("Email").unwrap())).ok()
        };
        assert_eq!(merged("", "A@example.com"), Some((true, String::new())));
        assert_eq!(merged("", "b@example.com"), Some((false, "b@example.com".to_owned())));
        assert_eq!(merged("b@example.com", ""), Some((false, String::new())));
        assert_eq!(merged("a@example.com", "a@example.com"), None);
        assert_eq!(merged("a@example.com", ""), None, "the update would unsubscribe it");
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
