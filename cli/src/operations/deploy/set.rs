//! Parameters by name: what `--set` may say, checked against the template before anything is done.

use std::collections::BTreeMap;

use anyhow::anyhow;
use s3guard_aws::stacks::Value;
use serde_json::Value as Json;

use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::deploy::resolve;

/// What the command itself gives the stack.
const OURS: [&str; 3] = ["CodeBucket", "CodeKey", "Architecture"];

/// Puts what was asked for among the parameters; all of them together keep the template's rules then.
///
/// `previous` are the parameters of the stack as it is.
pub(crate) fn set(
    asked: &[(String, String)],
    template: &Json,
    parameters: &mut BTreeMap<String, Value>,
    previous: &BTreeMap<String, String>,
) -> anyhow::Result<()> {
    for (name, value) in asked {
        check(name, value, template, parameters)
            .map_err(|problem| anyhow!("`--set {name}={value}`: {}", problem.0))
            .hint(problem_hint(name, template))
            .exit(Exit::Usage)?;
        parameters.insert(name.clone(), Value::New(value.clone()));
    }
    let known = |name: &str| match parameters.get(name)? {
        Value::New(value) => Some(value.clone()),
        Value::Previous => previous.get(name).cloned(),
    };
    match resolve::broken_rules(template, &known).into_iter().next() {
        // What the flags say is checked by themselves, in their own words.
        Some(words) if !asked.is_empty() => Err(anyhow!("the parameters do not go together"))
            .hint(format!("the template says: {words}"))
            .exit(Exit::Usage),
        Some(_) | None => Ok(()),
    }
}

struct Problem(String);

fn check(
    name: &str,
    value: &str,
    template: &Json,
    parameters: &BTreeMap<String, Value>,
) -> Result<(), Problem> {
    let declared = &template["Parameters"][name];
    if declared.is_null() {
        return Err(Problem("the template has no such parameter".to_owned()));
    }
    if OURS.contains(&name) {
        return Err(Problem("s3guard gives that itself, by the package".to_owned()));
    }
    if let Some(Value::New(other)) = parameters.get(name)
        && other != value
    {
        return Err(Problem(format!("a flag or the configuration says `{other}`")));
    }
    allowed(value, declared).map_err(Problem)
}

/// Whether the template takes the value.
///
/// Source: AWS CloudFormation User Guide, "CloudFormation template Parameters syntax".
fn allowed(value: &str, declared: &Json) -> Result<(), String> {
    if let Some(values) = declared["AllowedValues"].as_array() {
        let texts: Vec<String> = values.iter().map(text).collect();
        if !texts.iter().any(|text| text == value) {
            return Err(format!("it takes {}", texts.join(", ")));
        }
    }
    if let Some(pattern) = declared["AllowedPattern"].as_str()
        // One that this expression's dialect does not know is left to CloudFormation, which refuses before it changes
        // anything.
        && let Ok(expression) = regex_lite::Regex::new(&format!("^(?:{pattern})$"))
        && !expression.is_match(value)
    {
        let words = declared["ConstraintDescription"].as_str();
        return Err(format!("it takes {}", words.unwrap_or(pattern)));
    }
    let limit = |name: &str| text(&declared[name]).parse::<f64>().ok();
    if declared["Type"] == "Number" {
        let number: f64 = value.parse().map_err(|_| "it takes a number".to_owned())?;
        if limit("MinValue").is_some_and(|least| number < least)
            || limit("MaxValue").is_some_and(|most| number > most)
        {
            let (least, most) = (text(&declared["MinValue"]), text(&declared["MaxValue"]));
            return Err(format!("it takes a number from {least} to {most}"));
        }
    } else {
        #[expect(clippy::cast_precision_loss, reason = "no value is that long")]
        let length = value.chars().count() as f64;
        if limit("MinLength").is_some_and(|least| length < least)
            || limit("MaxLength").is_some_and(|most| length > most)
        {
            let (least, most) = (text(&declared["MinLength"]), text(&declared["MaxLength"]));
            return Err(format!("it takes from {least} to {most} characters"));
        }
    }
    Ok(())
}

fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn problem_hint(name: &str, template: &Json) -> String {
    if let Some(words) = template["Parameters"][name]["Description"].as_str() {
        return format!("`{name}`: {words}");
    }
    let names =
        template["Parameters"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let names: Vec<&str> = names.filter(|name| !OURS.contains(name)).collect();
    format!("the template's parameters are {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error;

    fn template() -> Json {
        json!({ "Parameters": {
            "Grade": { "Type": "String", "AllowedValues": ["speed", "hybrid"], "Description": "how well" },
            "Settle": { "Type": "Number", "MinValue": 0, "MaxValue": 900 },
            "Prefix": { "Type": "String", "MinLength": 2, "MaxLength": "4" },
            "CodeKey": { "Type": "String" },
            "Mail": { "Type": "String", "AllowedPattern": "^$|^[^@\\s]+@.+$", "ConstraintDescription": "an address" },
        } })
    }

    #[track_caller]
    fn check(asked: (&str, &str), problem: Option<&str>) {
        let mut parameters = BTreeMap::from([
            ("Grade".to_owned(), Value::Previous),
            ("Prefix".to_owned(), Value::New("abc".to_owned())),
        ]);
        let asked = [(asked.0.to_owned(), asked.1.to_owned())];
        match (set(&asked, &template(), &mut parameters, &BTreeMap::new()), problem) {
            (Ok(()), None) => assert_eq!(parameters[&asked[0].0], Value::New(asked[0].1.clone())),
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
        check(("Settle", "soon"), Some("it takes a number"));
        check(("Prefix", "abc"), None);
        check(("Prefix", "abcd"), Some("a flag or the configuration says `abc`"));
        check(("Mail", "a@b"), None);
        check(("Mail", ""), None);
        check(("Mail", "a b@c"), Some("it takes an address"));
        check(("CodeKey", "x"), Some("s3guard gives that itself"));
        check(
            ("Grad", "x"),
            Some(
                "no such parameter\n\nhint: the template's parameters are Grade, Settle, Prefix, Mail",
            ),
        );
    }

    #[test]
    fn what_does_not_go_together_is_refused_in_the_templates_words() {
        let template: Json =
            serde_json::from_str(&s3guard_synth::stacks::guard().to_json().unwrap()).unwrap();
        let check = |asked: &[(&str, &str)], previous: &[(&str, &str)]| {
            let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
                pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
            };
            let mut parameters: BTreeMap<String, Value> =
                previous.iter().map(|(name, _)| ((*name).to_owned(), Value::Previous)).collect();
            let previous = own(previous).into_iter().collect();
            let done = set(&own(asked), &template, &mut parameters, &previous);
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
