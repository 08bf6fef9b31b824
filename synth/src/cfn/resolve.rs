//! Resolves the functions in a template's JSON, as CloudFormation does.
//!
//! It is used for our templates and for those that CloudFormation returns. A function with an unknown name is left as it
//! is: the same unknown on two sides is still equal. Not here: functions that we do not use.

use serde_json::{Map, Value as Json, json};

use super::{
    Sub,
    check::intrinsic,
    sub::{Piece, pieces},
};

/// What stands for a value that is left out: no name has it.
const NO_VALUE: &str = "AWS::NoValue";

/// The values of names: parameters, pseudo parameters, resources and, as `Id.Attribute`, their attributes.
pub type Known<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// A template, and the known values of names in it.
#[derive(Clone, Copy)]
pub struct Resolver<'a> {
    template: &'a Json,
    known: &'a Known<'a>,
}

impl<'a> Resolver<'a> {
    /// Takes a rendered template. An unknown parameter has its default.
    pub fn new(template: &'a Json, known: &'a Known<'a>) -> Self {
        Self { template, known }
    }

    /// The resolved resources, without those whose condition does not hold. An unknown condition may hold.
    pub fn resources(&self) -> Map<String, Json> {
        let is_there = |resource: &Json| {
            let condition = resource["Condition"].as_str();
            condition.and_then(|name| self.condition(name)) != Some(false)
        };
        let resources = self.template["Resources"].as_object().into_iter().flatten();
        let there = resources.filter(|(_, resource)| is_there(resource));
        there.map(|(id, resource)| (id.clone(), self.value(resource))).collect()
    }

    /// The messages of the rules that are broken.
    pub fn broken_rules(&self) -> impl Iterator<Item = &'a str> {
        let rules = self.template["Rules"].as_object().into_iter().flat_map(Map::values);
        let applies = |rule: &&Json| {
            rule.get("RuleCondition").is_none_or(|condition| self.holds(condition) == Some(true))
        };
        rules
            .filter(applies)
            .filter_map(|rule| rule["Assertions"].as_array())
            .flatten()
            .filter(|assertion| self.holds(&assertion["Assert"]) == Some(false))
            .map(|assertion| assertion["AssertDescription"].as_str().unwrap_or_default())
    }

    /// A part of the template, resolved.
    pub fn value(&self, value: &Json) -> Json {
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

    /// The value of a function, if it is one and can be resolved.
    fn function(&self, value: &Json) -> Option<Json> {
        let (name, argument) = intrinsic(value)?;
        match name {
            "Ref" => {
                let name = argument.as_str()?;
                let text = self.named(name).filter(|_| name != NO_VALUE)?;
                let is_list = self.template["Parameters"][name]["Type"] == "CommaDelimitedList";
                Some(if is_list { text.split(',').map(str::trim).collect() } else { text.into() })
            }
            "Fn::Join" => {
                let (separator, items) = (argument[0].as_str()?, self.value(&argument[1]));
                let texts: Option<Vec<&str>> = items.as_array()?.iter().map(Json::as_str).collect();
                Some(texts?.join(separator).into())
            }
            "Fn::GetAtt" => {
                let (id, attribute) = (argument[0].as_str()?, argument[1].as_str()?);
                self.named(&format!("{id}.{attribute}")).map(Json::from)
            }
            "Fn::Sub" => {
                let sub = pieces(argument.as_str()?).fold(Sub::new(), |sub, piece| match piece {
                    Piece::Text(text) => sub.text(text),
                    Piece::Name(name) => match self.named(name) {
                        Some(value) => sub.text(&value),
                        None => sub.variable(name),
                    },
                });
                Some(sub.into_expression().to_json())
            }
            "Fn::If" => {
                let (then, otherwise) = (self.value(&argument[1]), self.value(&argument[2]));
                Some(match self.condition(argument[0].as_str()?) {
                    Some(true) => then,
                    Some(false) => otherwise,
                    None => json!({ "Fn::If": [argument[0], then, otherwise] }),
                })
            }
            _ => None,
        }
    }

    fn named(&self, name: &str) -> Option<String> {
        (self.known)(name).or_else(|| match &self.template["Parameters"][name]["Default"] {
            Json::String(text) => Some(text.clone()),
            Json::Number(number) => Some(number.to_string()),
            Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
        })
    }

    fn condition(&self, name: &str) -> Option<bool> {
        self.holds(self.template["Conditions"].get(name)?)
    }

    fn holds(&self, condition: &Json) -> Option<bool> {
        let (name, argument) = condition.as_object()?.iter().next()?;
        match name.as_str() {
            "Condition" => self.condition(argument.as_str()?),
            "Fn::Equals" => {
                let (left, right) = (self.value(&argument[0]), self.value(&argument[1]));
                let is_known = !left.is_object() && !right.is_object();
                is_known.then(|| text_of(&left) == text_of(&right))
            }
            "Fn::Not" => self.holds(&argument[0]).map(|holds| !holds),
            "Fn::And" => {
                let conditions = argument.as_array()?.iter().map(|one| self.holds(one));
                conditions.reduce(|all, one| Some(all? && one?))?
            }
            _ => None,
        }
    }
}

fn is_no_value(value: &Json) -> bool {
    value["Ref"] == NO_VALUE
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
            "Topic.Arn" => Some("<Topic.Arn>".to_owned()),
            _ => None,
        }
    }

    #[track_caller]
    fn check(value: &Json, expected: &Json) {
        let template = json!({
            "Parameters": {
                "Days": { "Default": 7 },
                "Names": { "Type": "CommaDelimitedList", "Default": "a, b" },
                "None": { "Type": "CommaDelimitedList", "Default": "" },
            },
            "Conditions": {
                "IsSpeed": { "Fn::Equals": [{ "Ref": "Grade" }, "speed"] },
                "HasKey": { "Fn::Not": [{ "Condition": "IsSpeed" }] },
                "Both": { "Fn::And": [{ "Condition": "IsSpeed" }, { "Condition": "HasKey" }] },
                "Unclear": { "Fn::Equals": [{ "Ref": "Else" }, "x"] },
                "HasNames": { "Fn::Not": [{ "Fn::Equals": [{ "Fn::Join": [",", { "Ref": "Names" }] }, ""] }] },
                "HasNone": { "Fn::Equals": [{ "Fn::Join": [",", { "Ref": "None" }] }, ""] },
            },
        });
        assert_eq!(&Resolver::new(&template, &known).value(value), expected);
    }

    #[test]
    fn what_is_known_is_written_out_and_the_rest_stays() {
        check(&json!({ "a": [{ "Ref": "Grade" }, 1, null] }), &json!({ "a": ["hybrid", 1, null] }));
        check(&json!({ "Ref": "Days" }), &json!("7"));
        check(&json!({ "Ref": "Else" }), &json!({ "Ref": "Else" }));
        check(&json!({ "Fn::GetAtt": ["Topic", "Arn"] }), &json!("<Topic.Arn>"));
        check(&json!({ "Fn::GetAtt": ["Role", "Arn"] }), &json!({ "Fn::GetAtt": ["Role", "Arn"] }));
    }

    #[test]
    fn a_list_parameter_is_a_list_and_can_be_joined() {
        check(&json!({ "a": { "Ref": "Names" } }), &json!({ "a": ["a", "b"] }));
        check(&json!({ "Fn::Join": ["+", { "Ref": "Names" }] }), &json!("a+b"));
        check(
            &json!({ "Fn::Join": [",", ["a", { "Ref": "Else" }]] }),
            &json!({ "Fn::Join": [",", ["a", { "Ref": "Else" }]] }),
        );
    }

    #[test]
    fn in_text_too_what_is_known_is_written_out_and_the_rest_stays() {
        let check = |text: &str, expected: Json| check(&json!({ "Fn::Sub": text }), &expected);
        check("${AWS::Region}-x ${Topic.Arn}${!Name} }", json!("eu-west-1-x <Topic.Arn>${Name} }"));
        check("${AWS::Region}-${Topic}", json!({ "Fn::Sub": "eu-west-1-${Topic}" }));
        check("${!Name} ${Topic}", json!({ "Fn::Sub": "${!Name} ${Topic}" }));
    }

    #[test]
    fn a_branch_is_taken_where_its_condition_is_known() {
        let check = |condition: &str, expected: Json| {
            check(
                &json!(["a", { "Fn::If": [condition, "b", { "Ref": "AWS::NoValue" }] }]),
                &expected,
            );
        };
        check("HasKey", json!(["a", "b"]));
        check("IsSpeed", json!(["a"]));
        check("Both", json!(["a"]));
        check("HasNames", json!(["a", "b"]));
        check("HasNone", json!(["a", "b"]));
        check("Unclear", json!(["a", { "Fn::If": ["Unclear", "b", { "Ref": "AWS::NoValue" }] }]));
    }

    #[test]
    fn a_resource_is_there_unless_its_condition_does_not_hold() {
        let template = json!({
            "Conditions": {
                "IsSpeed": { "Fn::Equals": [{ "Ref": "Grade" }, "speed"] },
                "Unclear": { "Fn::Equals": [{ "Ref": "Else" }, "x"] },
            },
            "Resources": {
                "A": { "Condition": "IsSpeed" }, "B": { "Condition": "Unclear" }, "C": {},
            },
        });
        let resources = Resolver::new(&template, &known).resources();
        assert_eq!(resources.keys().collect::<Vec<_>>(), ["B", "C"]);
    }
}
