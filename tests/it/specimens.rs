//! Every resource type that we model, with every property set.
//!
//! Nothing here uses `..`: a property that is added to the model does not compile until it is here, and is then
//! checked against the official schema.

mod compute;
mod messages;
mod storage;
mod watching;

use s3guard_synth::{
    cfn::{LogicalId, PolicyDocument, Principal, Resource, Statement, Template, Value},
    resources::Tag,
};
use serde_json::{Value as Json, json};

/// A resource type with examples of it.
pub(crate) struct Specimen {
    pub(crate) r#type: &'static str,
    /// The attributes of its handles.
    pub(crate) attributes: &'static [&'static str],
    /// The properties that `new` sets.
    pub(crate) least: Json,
    /// The properties of examples that together have all properties.
    pub(crate) most: Vec<Json>,
}

/// All resource types that we model.
pub(crate) fn all() -> Vec<Specimen> {
    [compute::all(), messages::all(), storage::all(), watching::all()]
        .into_iter()
        .flatten()
        .collect()
}

/// CloudFormation's values of a property: each pointer with all values of our types.
pub(crate) fn vocabulary() -> Vec<(&'static str, &'static str, Vec<Json>)> {
    [compute::vocabulary(), messages::vocabulary(), storage::vocabulary(), watching::vocabulary()]
        .into_iter()
        .flatten()
        .collect()
}

fn specimen<R: Resource>(least: R, most: impl IntoIterator<Item = R>) -> Specimen {
    Specimen {
        r#type: R::TYPE,
        attributes: R::ATTRIBUTES,
        least: properties(least),
        most: most.into_iter().map(properties).collect(),
    }
}

fn properties<R: Resource>(resource: R) -> Json {
    const ID: LogicalId = LogicalId::new("Specimen");
    let mut template = Template::new("a specimen");
    template.add(ID, resource);
    let rendered = template.render().unwrap();
    rendered["Resources"]["Specimen"].get("Properties").cloned().unwrap_or_else(|| json!({}))
}

/// The values of an enumeration.
macro_rules! words {
    ($type:ty) => {
        <$type>::ALL.iter().map(|one| serde_json::json!(one.as_str())).collect::<Vec<_>>()
    };
}
use words;

fn tags() -> Vec<Tag> {
    vec![Tag::new("team", "reports")]
}

fn arn<K>(rest: &str) -> Value<K> {
    Value::literal(format!("arn:aws:{rest}"))
}

fn key<K>() -> Value<K> {
    arn("kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555")
}

fn document() -> PolicyDocument {
    PolicyDocument::new([Statement {
        principal: Some(Principal::ThisAccount),
        ..Statement::allow(["sqs:SendMessage"], [Value::literal("*")])
    }])
}
