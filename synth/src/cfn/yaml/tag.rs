//! CloudFormation's short tags: `!Ref Topic` for `{"Ref": "Topic"}`.

use std::borrow::Cow;

use serde_json::Value as Json;

/// A tag, its name in JSON, and the form of its argument.
const TAGS: [(&str, &str, Argument); 14] = [
    ("!Ref", "Ref", Argument::Text),
    ("!Condition", "Condition", Argument::Text),
    ("!GetAtt", "Fn::GetAtt", Argument::Attribute),
    ("!Sub", "Fn::Sub", Argument::TextOrList),
    ("!If", "Fn::If", Argument::List),
    ("!Equals", "Fn::Equals", Argument::List),
    ("!Not", "Fn::Not", Argument::List),
    ("!And", "Fn::And", Argument::List),
    ("!Or", "Fn::Or", Argument::List),
    ("!Join", "Fn::Join", Argument::List),
    ("!Select", "Fn::Select", Argument::List),
    ("!Split", "Fn::Split", Argument::List),
    ("!FindInMap", "Fn::FindInMap", Argument::List),
    ("!ImportValue", "Fn::ImportValue", Argument::Text),
];

#[derive(Clone, Copy)]
enum Argument {
    Text,
    List,
    TextOrList,
    /// An id and an attribute, written with a dot between them.
    Attribute,
}

/// The short tag of a function and its argument; or no tag, and the JSON itself.
///
/// A function whose argument is a function keeps its long form (`Fn::ImportValue: !Sub …`): YAML does not allow two tags.
pub(super) fn shortened(json: &Json) -> (Option<&'static str>, Cow<'_, Json>) {
    let long = (None, Cow::Borrowed(json));
    let Some(map) = json.as_object().filter(|map| map.len() == 1) else { return long };
    let Some((key, value)) = map.iter().next() else { return long };
    let Some((tag, _, argument)) = TAGS.iter().find(|(_, name, _)| name == key) else {
        return long;
    };
    let fits = match argument {
        Argument::Text => value.is_string(),
        Argument::List => value.is_array(),
        Argument::TextOrList => value.is_string() || value.is_array(),
        Argument::Attribute => {
            return match attribute(value) {
                Some(text) => (Some(tag), Cow::Owned(Json::String(text))),
                None => long,
            };
        }
    };
    if fits { (Some(tag), Cow::Borrowed(value)) } else { long }
}

fn attribute(value: &Json) -> Option<String> {
    match value.as_array()?.as_slice() {
        // The reader splits at the first dot.
        [Json::String(id), Json::String(attribute)] if !id.contains('.') => {
            Some(format!("{id}.{attribute}"))
        }
        _ => None,
    }
}
