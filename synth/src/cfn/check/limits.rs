//! Limits that make a deployment fail late, long after the template was accepted: they are checked here.

use std::fmt::{self, Write as _};

use serde_json::Value as Json;

use super::{RenderError, intrinsic};
use crate::cfn::{
    Pseudo, Template,
    sub::{Piece, pieces},
    template::Entry,
};

const TEMPLATE_BYTES_MAX: usize = 1_048_576;
const DESCRIPTION_BYTES_MAX: usize = 1_024;

/// Properties whose JSON, written without spaces, has a maximum length: type, pointer, limit.
const LENGTHS: [(&str, &str, usize); 8] = [
    ("AWS::Events::Rule", "/EventPattern", 2_048),
    ("AWS::IAM::ManagedPolicy", "/PolicyDocument", 6_144),
    ("AWS::IAM::Role", "/AssumeRolePolicyDocument", 2_048),
    ("AWS::KMS::Key", "/KeyPolicy", 32_768),
    ("AWS::Lambda::Function", "/Environment/Variables", 4_096),
    ("AWS::S3::BucketPolicy", "/PolicyDocument", 20_480),
    ("AWS::SNS::TopicPolicy", "/PolicyDocument", 30_720),
    // Source: Amazon SQS Developer Guide, "Amazon SQS policy quotas".
    ("AWS::SQS::QueuePolicy", "/PolicyDocument", 8_192),
];

/// The assumed maximum length of a reference: the longest names that services generate are shorter.
const REFERENCE_LENGTH: usize = 128;

/// Checks the numbers of parts.
pub(super) fn check_counts(template: &Template) -> Result<(), RenderError> {
    let counts = [
        ("the number of parameters", template.parameters.len(), 200),
        ("the number of resources", template.resources.len(), 500),
        ("the number of outputs", template.outputs.len(), 200),
    ];
    counts.into_iter().try_for_each(|(what, is, max)| within(what.to_owned(), is, max))
}

/// Checks the size of the rendered template.
pub(in crate::cfn) fn check_size(template: &Json) -> Result<(), RenderError> {
    let description = template["Description"].as_str().unwrap_or_default();
    within("the description in bytes".into(), description.len(), DESCRIPTION_BYTES_MAX)?;
    let mut bytes = Bytes(0);
    // Counting does not fail.
    let _ = write!(bytes, "{template}");
    within("the template in bytes".into(), bytes.0, TEMPLATE_BYTES_MAX)
}

/// Counts what is written.
struct Bytes(usize);

impl fmt::Write for Bytes {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

/// Checks the lengths that the services allow.
pub(super) fn check_resource(entry: &Entry) -> Result<(), RenderError> {
    let Ok(properties) = &entry.properties else { return Ok(()) };
    for (_, pointer, max) in LENGTHS.iter().filter(|(r#type, ..)| *r#type == entry.r#type) {
        if let Some(property) = properties.pointer(pointer) {
            let what =
                format!("the length of {} of `{}`", pointer.trim_start_matches('/'), entry.id);
            within(what, length_max(property), *max)?;
        }
    }
    Ok(())
}

fn within(what: String, is: usize, max: usize) -> Result<(), RenderError> {
    if is > max { Err(RenderError::Limit(what, is, max)) } else { Ok(()) }
}

/// The maximum length of JSON once CloudFormation has resolved its functions.
fn length_max(json: &Json) -> usize {
    const QUOTES: usize = 2;
    if let Some(("Fn::If", argument)) = intrinsic(json) {
        return length_max(&argument[1]).max(length_max(&argument[2]));
    }
    if let Some((function, argument)) = intrinsic(json) {
        return QUOTES
            + match (function, argument) {
                ("Fn::Sub", Json::String(text)) => substituted_length_max(text),
                ("Ref", Json::String(name)) => reference_length_max(name),
                _ => REFERENCE_LENGTH,
            };
    }
    match json {
        Json::Object(map) => {
            let one = |(key, value): (&String, &Json)| key.len() + 4 + length_max(value);
            1 + map.iter().map(one).sum::<usize>().max(1)
        }
        Json::Array(items) => {
            let one = |item: &Json| length_max(item) + 1;
            1 + items.iter().map(one).sum::<usize>().max(1)
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => json.to_string().len(),
    }
}

fn substituted_length_max(text: &str) -> usize {
    let length = |piece| match piece {
        Piece::Text(text) => text.len(),
        Piece::Name(name) => reference_length_max(name),
    };
    pieces(text).map(length).sum()
}

fn reference_length_max(name: &str) -> usize {
    const LONGEST: [(&str, usize); 5] = [
        ("AWS::NoValue", 0),
        (Pseudo::AccountId.as_str(), 12),
        (Pseudo::Partition.as_str(), "aws-us-gov".len()),
        (Pseudo::Region.as_str(), "ap-southeast-1".len()),
        (Pseudo::UrlSuffix.as_str(), "amazonaws.com.cn".len()),
    ];
    let known = LONGEST.iter().find(|(pseudo, _)| *pseudo == name);
    known.map_or(REFERENCE_LENGTH, |(_, length)| *length)
}
