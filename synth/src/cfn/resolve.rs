//! Rendered JSON with its functions worked out, as CloudFormation would, by who knows what the names stand for.
//!
//! Not here: conditions, and functions that we write nowhere.

use serde_json::{Map, Value as Json};
use thiserror::Error;

/// What could not be worked out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Unresolved {
    #[error("nothing is known of `{0}`")]
    Name(String),
    #[error("`{0}` is not a function that is worked out here, or not in this form")]
    Function(String),
}

/// Works out `Ref`, `Fn::GetAtt` and `Fn::Sub`. An attribute's name is the resource's, a dot and its own.
pub(crate) fn resolved(
    json: &Json,
    named: &impl Fn(&str) -> Option<String>,
) -> Result<Json, Unresolved> {
    let known = |name: &str| named(name).ok_or_else(|| Unresolved::Name(name.to_owned()));
    match json {
        Json::Object(map) => match function(map) {
            Some((name, argument)) => match (name, argument, attribute(argument)) {
                ("Ref", Json::String(name), _) => known(name).map(Json::from),
                ("Fn::Sub", Json::String(text), _) => substituted(text, &known).map(Json::from),
                ("Fn::GetAtt", _, Some(attribute)) => known(&attribute).map(Json::from),
                _ => Err(Unresolved::Function(name.to_owned())),
            },
            None => map
                .iter()
                .map(|(name, value)| Ok((name.clone(), resolved(value, named)?)))
                .collect::<Result<Map<_, _>, _>>()
                .map(Json::from),
        },
        Json::Array(items) => items.iter().map(|item| resolved(item, named)).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Ok(json.clone()),
    }
}

fn function(map: &Map<String, Json>) -> Option<(&str, &Json)> {
    map.iter()
        .map(|(name, argument)| (name.as_str(), argument))
        .find(|(name, _)| *name == "Ref" || name.starts_with("Fn::"))
}

fn attribute(argument: &Json) -> Option<String> {
    Some(format!("{}.{}", argument.get(0)?.as_str()?, argument.get(1)?.as_str()?))
}

fn substituted(
    text: &str,
    known: &impl Fn(&str) -> Result<String, Unresolved>,
) -> Result<String, Unresolved> {
    let mut parts = text.split("${");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) =
            part.split_once('}').ok_or_else(|| Unresolved::Function("Fn::Sub".to_owned()))?;
        match name.strip_prefix('!') {
            Some(literal) => whole.extend(["${", literal, "}"]),
            None => whole.push_str(&known(name)?),
        }
        whole.push_str(rest);
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// With `Name` and `Name.Arn` known.
    fn check(json: &Json, expected: &Result<Json, Unresolved>) {
        let named = |name: &str| name.starts_with("Name").then(|| format!("<{name}>"));
        assert_eq!(&resolved(json, &named), expected);
    }

    #[test]
    fn names_are_worked_out_wherever_they_are() {
        check(
            &json!({ "a": [{ "Ref": "Name" }, { "b": { "Fn::GetAtt": ["Name", "Arn"] } }], "c": [1, null] }),
            &Ok(json!({ "a": ["<Name>", { "b": "<Name.Arn>" }], "c": [1, null] })),
        );
        check(
            &json!({ "Fn::Sub": "a ${Name} b ${Name.Arn}${!Name} }" }),
            &Ok(json!("a <Name> b <Name.Arn>${Name} }")),
        );
    }

    #[test]
    fn what_is_not_known_is_said() {
        let unknown = &Err(Unresolved::Name("Other".to_owned()));
        check(&json!({ "a": { "Ref": "Other" } }), unknown);
        check(&json!({ "Fn::Sub": "a ${Other}" }), unknown);
        for (function, argument) in [
            ("Fn::If", json!(["Own", 1, 2])),
            ("Fn::Sub", json!(["a ${B}", { "B": 1 }])),
            ("Fn::Sub", json!("a ${Name")),
            ("Fn::GetAtt", json!("Name.Arn")),
            ("Ref", json!(["Name"])),
        ] {
            let expected = Err(Unresolved::Function(function.to_owned()));
            check(&json!([{ function: argument }]), &expected);
        }
    }
}
