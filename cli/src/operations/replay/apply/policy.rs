//! A bucket's policy, which CloudTrail writes as JSON in JSON, and whether it is public.

use s3guard_posture::Observed;
use s3guard_posture::events::field::{at, items};
use s3guard_posture::model::observed::Reading;
use s3guard_posture::model::policy::Policy;
use serde_json::Value as Json;

use crate::operations::replay::apply::Assumed;

/// The keys by which a condition can name who is let in, in small letters.
///
/// Source: Amazon S3 User Guide, "The meaning of \"public\"".
const NARROWING: [&str; 13] = [
    "aws:principalorgid",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceip",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

pub(crate) fn put(bucket: &mut Observed, parameters: &Json) -> Option<Assumed> {
    let policy = at(parameters, &["bucketPolicy"]).or_else(|| at(parameters, &["policy"]))?;
    let policy = match policy {
        Json::Object(_) => Policy::new(policy.to_string()),
        Json::String(text) if !text.is_empty() => Policy::new(text),
        Json::String(_) | Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) => {
            return None;
        }
    };
    let is_public = policy.document().is_some_and(is_public);
    bucket.policy_is_public = Reading::Known(is_public);
    bucket.policy = Reading::Known(policy);
    let is = if is_public { "public" } else { "not public" };
    Some(vec![format!("S3 judges the policy as {is}: no event says so")])
}

/// Whether a statement lets in anybody, and no condition names whom.
fn is_public(policy: &Json) -> bool {
    policy.get("Statement").into_iter().flat_map(items).any(|statement| {
        statement.get("Effect").and_then(Json::as_str) == Some("Allow")
            && statement.get("Principal").is_none_or(is_anybody)
            && !statement.get("Condition").is_some_and(narrows)
    })
}

fn is_anybody(principal: &Json) -> bool {
    let is_wild = |names: &Json| items(names).any(|name| name.as_str() == Some("*"));
    is_wild(principal) || principal.get("AWS").is_some_and(is_wild)
}

/// Whether a condition names those who are let in, by values that stand for nobody else.
fn narrows(condition: &Json) -> bool {
    let tests = condition.as_object().into_iter().flatten();
    let positive = tests.filter(|(operator, _)| !operator.contains("Not"));
    positive.filter_map(|(_, keys)| keys.as_object()).flatten().any(|(key, values)| {
        let is_fixed = |value: &Json| {
            let text = value.as_str().unwrap_or_default();
            !text.is_empty()
                && !text.contains(['*', '?'])
                && !text.contains("${")
                && text != "0.0.0.0/0"
        };
        NARROWING.contains(&key.to_ascii_lowercase().as_str())
            && items(values).count() > 0
            && items(values).all(is_fixed)
    })
}
