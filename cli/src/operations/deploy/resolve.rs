//! What a template says once its parameters are known: enough of CloudFormation's functions to compare two templates.
//!
//! What cannot be told stays as it is written: the same unknown on both sides is still the same.

use serde_json::{Value as Json, json};

/// What is known of names: parameters and pseudo parameters.
pub(crate) type Known<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The resources of a template with everything written out that is known.
pub(crate) fn resources(template: &Json, known: &Known) -> Json {
    let known = |name: &str| known(name).or_else(|| default(template, name));
    let scope = Scope { conditions: &template["Conditions"], known: &known };
    let resources = template["Resources"].as_object().into_iter().flatten();
    // One whose condition cannot be told may be there.
    let is_there = |resource: &Json| {
        let condition = resource["Condition"].as_str();
        condition.and_then(|name| scope.condition(name)) != Some(false)
    };
    let there = resources.filter(|(_, resource)| is_there(resource));
    Json::Object(there.map(|(id, resource)| (id.clone(), scope.value(resource))).collect())
}

/// The rules of a template that these parameters break, each in the template's words.
pub(crate) fn broken_rules(template: &Json, known: &Known) -> Vec<String> {
    let known = |name: &str| known(name).or_else(|| default(template, name));
    let scope = Scope { conditions: &template["Conditions"], known: &known };
    let rules = template["Rules"].as_object().into_iter().flat_map(|rules| rules.values());
    let applies = |rule: &&Json| match rule.get("RuleCondition") {
        Some(condition) => scope.holds(condition) == Some(true),
        None => true,
    };
    let assertions =
        rules.filter(applies).flat_map(|rule| rule["Assertions"].as_array().into_iter().flatten());
    assertions
        .filter(|assertion| scope.holds(&assertion["Assert"]) == Some(false))
        .map(|assertion| assertion["AssertDescription"].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn default(template: &Json, name: &str) -> Option<String> {
    match &template["Parameters"][name]["Default"] {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

struct Scope<'a> {
    conditions: &'a Json,
    known: &'a Known<'a>,
}

impl Scope<'_> {
    fn value(&self, value: &Json) -> Json {
        match value {
            Json::Array(items) => {
                let items = items.iter().map(|item| self.value(item));
                Json::Array(items.filter(|item| !is_no_value(item)).collect())
            }
            Json::Object(map) => self.function(value).unwrap_or_else(|| {
                let entries = map.iter().map(|(name, value)| (name.clone(), self.value(value)));
                Json::Object(entries.filter(|(_, value)| !is_no_value(value)).collect())
            }),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => value.clone(),
        }
    }

    /// The value of a function, if it is one and can be told.
    fn function(&self, value: &Json) -> Option<Json> {
        let map = value.as_object().filter(|map| map.len() == 1)?;
        let (name, argument) = map.iter().next()?;
        match name.as_str() {
            "Ref" => (self.known)(argument.as_str()?).map(Json::String),
            "Fn::Sub" => self.substituted(argument.as_str()?),
            "Fn::Join" => {
                let parts = self.value(&argument[1]);
                let parts: Option<Vec<&str>> = parts.as_array()?.iter().map(Json::as_str).collect();
                Some(Json::String(parts?.join(argument[0].as_str()?)))
            }
            "Fn::If" => {
                let branch = if self.condition(argument[0].as_str()?)? { 1 } else { 2 };
                Some(self.value(&argument[branch]))
            }
            _ => None,
        }
    }

    /// The text with what is known put in; what is not stays a name.
    fn substituted(&self, text: &str) -> Option<Json> {
        let mut parts = text.split("${");
        let mut written = parts.next()?.to_owned();
        let mut is_whole = true;
        for part in parts {
            let (name, rest) = part.split_once('}')?;
            if let Some(value) = (self.known)(name) {
                written.push_str(&value);
            } else {
                is_whole = false;
                written.extend(["${", name, "}"]);
            }
            written.push_str(rest);
        }
        Some(if is_whole { Json::String(written) } else { json!({ "Fn::Sub": written }) })
    }

    fn condition(&self, name: &str) -> Option<bool> {
        self.holds(self.conditions.get(name)?)
    }

    fn holds(&self, condition: &Json) -> Option<bool> {
        let (name, argument) = condition.as_object()?.iter().next()?;
        match name.as_str() {
            "Condition" => self.condition(argument.as_str()?),
            "Fn::Equals" => {
                let (left, right) = (self.value(&argument[0]), self.value(&argument[1]));
                let is_told = !left.is_object() && !right.is_object();
                is_told.then(|| text_of(&left) == text_of(&right))
            }
            "Fn::Not" => self.holds(&argument[0]).map(|holds| !holds),
            "Fn::And" => argument
                .as_array()?
                .iter()
                .try_fold(true, |all, one| self.holds(one).map(|holds| all && holds)),
            "Fn::Or" => argument
                .as_array()?
                .iter()
                .try_fold(false, |any, one| self.holds(one).map(|holds| any || holds)),
            _ => None,
        }
    }
}

fn is_no_value(value: &Json) -> bool {
    value["Ref"] == "AWS::NoValue"
}

fn text_of(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str) -> Option<String> {
        match name {
            "Grade" => Some("hybrid".to_owned()),
            "AWS::Region" => Some("eu-west-1".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn what_is_known_is_written_out_and_the_rest_stays() {
        let template = json!({
            "Parameters": { "Days": { "Default": 7 } },
            "Conditions": {
                "IsSpeed": { "Fn::Equals": [{ "Ref": "Grade" }, "speed"] },
                "HasKey": { "Fn::Not": [{ "Condition": "IsSpeed" }] },
                "Unclear": { "Fn::Equals": [{ "Ref": "Else" }, "x"] },
            },
            "Resources": {
                "A": { "Ref": "Grade" },
                "B": { "Fn::Sub": "${AWS::Region}-x" },
                "C": { "Fn::Sub": "${AWS::Region}-${Topic}" },
                "D": ["a", { "Fn::If": ["IsSpeed", "b", { "Ref": "AWS::NoValue" }] }],
                "E": { "Fn::If": ["HasKey", { "Ref": "Days" }, "no"] },
                "F": { "Fn::If": ["Unclear", "a", "b"] },
                "G": { "Fn::Join": ["-", ["a", { "Ref": "Grade" }]] },
                "H": { "Fn::GetAtt": ["Role", "Arn"] },
                "I": { "Condition": "IsSpeed", "Type": "T" },
                "J": { "Condition": "HasKey", "Type": "T" },
                "K": { "Condition": "Unclear", "Type": "T" },
            },
        });
        let expected = json!({
            "A": "hybrid",
            "B": "eu-west-1-x",
            "C": { "Fn::Sub": "eu-west-1-${Topic}" },
            "D": ["a"],
            "E": "7",
            "F": { "Fn::If": ["Unclear", "a", "b"] },
            "G": "a-hybrid",
            "H": { "Fn::GetAtt": ["Role", "Arn"] },
            "J": { "Condition": "HasKey", "Type": "T" },
            "K": { "Condition": "Unclear", "Type": "T" },
        });
        assert_eq!(resources(&template, &known), expected);
    }

    #[test]
    fn a_broken_rule_is_told_in_the_templates_words() {
        let template: Json =
            serde_json::from_str(&s3guard_synth::stacks::guard().to_json().unwrap()).unwrap();
        let broken = |grade: &str, key: &str| {
            let known = |name: &str| match name {
                "Grade" => Some(grade.to_owned()),
                "BucketKeyArn" => Some(key.to_owned()),
                _ => None,
            };
            broken_rules(&template, &known).len()
        };
        assert_eq!((broken("hybrid", ""), broken("hybrid", "arn"), broken("speed", "")), (1, 0, 0));
    }
}
