//! Which statement of a policy denies a request, as IAM evaluates denials.

use s3guard_posture::model::glob::Glob;
use serde_json::{Map, Value as Json, json};

use super::reading::{many, texts};

/// The statement that denies the request, if there is one.
pub(super) fn denied<'a>(
    document: &'a Json,
    action: &str,
    resource: &str,
    context: &Map<String, Json>,
) -> Option<&'a str> {
    let matches = |statement: &Json, element: &str, text: &str| {
        let any = |patterns: &Json| texts(patterns).iter().any(|one| Glob::new(*one).matches(text));
        match statement.get(element) {
            Some(patterns) => any(patterns),
            None => !any(&statement[format!("Not{element}")]),
        }
    };
    let denials = many(&document["Statement"]).into_iter().filter(|one| one["Effect"] == "Deny");
    let mut hits = denials.filter(|one| {
        matches(one, "Action", action)
            && matches(one, "Resource", resource)
            && one["Condition"].as_object().into_iter().flatten().all(|(operator, keys)| {
                keys.as_object()
                    .unwrap()
                    .iter()
                    .all(|(key, values)| holds(operator, context.get(key), values))
            })
    });
    hits.next().map(|one| one["Sid"].as_str().unwrap())
}

/// Whether one condition holds. A negated one also holds for a request without the key.
fn holds(operator: &str, is: Option<&Json>, wanted: &Json) -> bool {
    let any = |is: &Json| {
        many(wanted).into_iter().any(|one| match (one.as_str(), is.as_str()) {
            (Some(pattern), Some(text))
                if operator.contains("Like") || operator.starts_with("Arn") =>
            {
                Glob::new(pattern).matches(text)
            }
            _ => one == is,
        })
    };
    match operator {
        "Null" => wanted == &json!(is.is_none()),
        "BoolIfExists" => is.is_none_or(any),
        "ArnNotEquals" | "ArnNotLike" | "StringNotEquals" => !is.is_some_and(any),
        "ArnLike" | "StringLike" | "Bool" => is.is_some_and(any),
        // Requests with TLS.
        "NumericLessThan" => false,
        other => panic!("`{other}` is not evaluated here"),
    }
}

/// The request of a caller.
pub(super) fn context(key: &str, value: &str) -> Map<String, Json> {
    let mut context = Map::new();
    context.insert(key.to_owned(), json!(value));
    context.insert("aws:PrincipalIsAWSService".to_owned(), json!(key == "aws:SourceArn"));
    context.insert("aws:SecureTransport".to_owned(), json!(true));
    context
}
