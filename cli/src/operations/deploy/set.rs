//! Parameters by name: the values of `--set`, checked against the template before anything is changed.

use std::collections::BTreeMap;

use anyhow::anyhow;
use s3guard_synth::cfn::{Parameter, Resolver, Template};
use serde_json::Value as Json;

use crate::args::guard::allowed;
use crate::error::Advice as _;
use crate::exit::Exit;
use s3guard_posture::contract::parameter;

/// The parameters that the command itself sets.
const OURS: [&str; 5] = [
    parameter::CODE_BUCKET,
    parameter::CODE_KEY,
    parameter::CODE_VERSION,
    parameter::ARCHITECTURE,
    parameter::DEPLOYER_ARNS,
];

/// Sets the requested parameters, and checks that all together obey the template's rules.
pub(crate) fn set(
    asked: &[(String, String)],
    template: &Template,
    rendered: &Json,
    previous: &BTreeMap<String, String>,
    parameters: &mut BTreeMap<String, String>,
) -> anyhow::Result<()> {
    for (name, value) in asked {
        let declared = template.parameters().find(|(id, _)| id.as_str() == name);
        let declared = declared.map(|(_, parameter)| parameter);
        let given = parameters.get(name).filter(|given| previous.get(name) != Some(given));
        check(name, value, declared, given)
            .map_err(|problem| anyhow!("`--set {name}={value}`: {problem}"))
            .hint(hint(name, declared, template))
            .exit(Exit::Usage)?;
        parameters.insert(name.clone(), value.clone());
    }
    // Flags have their own checks and messages.
    let known = |name: &str| parameters.get(name).cloned();
    match Resolver::new(rendered, &known).broken_rules().next() {
        Some(words) if !asked.is_empty() => Err(anyhow!("the parameters contradict each other"))
            .hint(format!("the template says: {words}"))
            .exit(Exit::Usage),
        Some(_) | None => Ok(()),
    }
}

fn check(
    name: &str,
    value: &str,
    declared: Option<&Parameter>,
    given: Option<&String>,
) -> Result<(), String> {
    let declared = declared.ok_or("the template has no such parameter")?;
    if OURS.contains(&name) {
        return Err("s3guard sets it itself".to_owned());
    }
    match given {
        Some(other) if other != value => Err(format!("a flag or the configuration sets `{other}`")),
        Some(_) | None => allowed(value, declared),
    }
}

fn hint(name: &str, declared: Option<&Parameter>, template: &Template) -> String {
    if let Some(declared) = declared {
        return format!("`{name}`: {}", declared.description);
    }
    let names: Vec<String> = template.parameters().map(|(id, _)| id.to_string()).collect();
    let names: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| !OURS.contains(name)).collect();
    format!("the template's parameters are {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use s3guard_synth::cfn::{LogicalId, ParameterType, kind::Text};

    use super::*;
    use crate::error;

    fn template() -> Template {
        let mut template = Template::new("");
        let texts = |allowed_values: &'static [&'static str]| Parameter {
            allowed_values,
            ..Parameter::new("how well")
        };
        for (id, parameter) in [
            (LogicalId::new("Grade"), texts(&["speed", "hybrid"])),
            (
                LogicalId::new("Settle"),
                Parameter {
                    r#type: ParameterType::Number,
                    min_value: Some(0),
                    max_value: Some(900),
                    ..texts(&[])
                },
            ),
            (
                LogicalId::new("Prefix"),
                Parameter { min_length: Some(2), max_length: Some(4), ..texts(&[]) },
            ),
            (LogicalId::new("CodeKey"), texts(&[])),
            (
                LogicalId::new("Mail"),
                Parameter {
                    allowed_pattern: Some(r"^$|^[^@\s]+@.+$"),
                    constraint_description: Some("an address"),
                    ..texts(&[])
                },
            ),
        ] {
            template.parameter::<Text>(id, "", parameter);
        }
        template
    }

    #[track_caller]
    fn check(asked: (&str, &str), problem: Option<&str>) {
        let previous = BTreeMap::from([("Grade".to_owned(), "speed".to_owned())]);
        let mut parameters = previous.clone();
        parameters.insert("Prefix".to_owned(), "abc".to_owned());
        let asked = [(asked.0.to_owned(), asked.1.to_owned())];
        match (set(&asked, &template(), &Json::Null, &previous, &mut parameters), problem) {
            (Ok(()), None) => assert_eq!(parameters[&asked[0].0], asked[0].1),
            (Err(error), Some(problem)) => {
                let text = error::text(&error);
                assert!(text.contains(problem) && text.contains("hint: "), "{text}");
            }
            (result, problem) => panic!("{result:?} {problem:?}"),
        }
    }

    #[test]
    fn a_parameter_takes_what_the_template_allows_and_nothing_is_said_twice() {
        check(("Grade", "hybrid"), None);
        check(("Grade", "best"), Some("it takes speed, hybrid\n\nhint: `Grade`: how well"));
        check(("Settle", "900"), None);
        check(("Settle", "901"), Some("a number from 0 to 900"));
        check(("Settle", "-1"), Some("a number from 0 to 900"));
        check(("Settle", "soon"), Some("it takes a number"));
        check(("Prefix", "abc"), None);
        check(("Prefix", "abcd"), Some("a flag or the configuration sets `abc`"));
        check(("Mail", "a@b"), None);
        check(("Mail", ""), None);
        check(("Mail", "a b@c"), Some("it takes an address"));
        check(("CodeKey", "x"), Some("s3guard sets it itself"));
        check(
            ("Grad", "x"),
            Some(
                "no such parameter\n\nhint: the template's parameters are Grade, Settle, Prefix, Mail",
            ),
        );
    }

    #[test]
    fn what_does_not_go_together_is_refused_in_the_templates_words() {
        let template = s3guard_synth::stacks::guard();
        let rendered = s3guard_synth::stacks::guard().render().unwrap();
        let check = |asked: &[(&str, &str)], previous: &[(&str, &str)]| {
            let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
                pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
            };
            let previous: BTreeMap<_, _> = own(previous).into_iter().collect();
            let mut parameters = previous.clone();
            let done = set(&own(asked), &template, &rendered, &previous, &mut parameters);
            done.map_err(|error| error::text(&error))
        };
        let key = "arn:aws:kms:eu-west-1:111122223333:key/1";
        let refused = check(&[("Grade", "hybrid")], &[("BucketKeyArn", "")]).unwrap_err();
        assert!(refused.contains("The grades hybrid and security need BucketKeyArn"), "{refused}");
        assert_eq!(check(&[("Grade", "hybrid"), ("BucketKeyArn", key)], &[]), Ok(()));
        assert_eq!(check(&[("Grade", "hybrid")], &[("BucketKeyArn", key)]), Ok(()));
        assert_eq!(check(&[], &[("Grade", "hybrid"), ("BucketKeyArn", "")]), Ok(()));
    }
}
