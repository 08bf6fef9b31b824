//! Terraform: a resource beside the bucket's, in HCL, spaced as `terraform fmt` does it.
//!
//! Source: Terraform Registry, hashicorp/aws, the resources `aws_s3_bucket_…`.

use serde_json::{Map, Value, json};

use super::{Described, blocked, key};
use crate::BucketId;
use crate::model::setting::Setting;
use crate::text::escaped;

pub(super) fn snippet(bucket: &BucketId, setting: &Setting) -> Option<String> {
    let (comment, kind, own) = resource(Described::of(setting)?);
    let mut body = Map::new();
    body.insert("bucket".to_owned(), bucket.name.as_str().into());
    if let Value::Object(own) = own {
        body.extend(own);
    }
    let mut lines = Vec::new();
    fields(&body, "  ", true, &mut lines);
    let label = label(bucket.name.as_str());
    let body = lines.join("\n");
    Some(format!("{comment}resource \"aws_s3_bucket_{kind}\" \"{label}\" {{\n{body}\n}}"))
}

/// What has to be said first, the end of the resource's type and its own arguments. An object is a block, except in a
/// policy.
fn resource(described: Described<'_>) -> (&'static str, &'static str, Value) {
    match described {
        Described::Policy(statements) => (
            "# beside the statements that the policy has already\n",
            "policy",
            json!({ JSON: { "Version": "2012-10-17", "Statement": statements } }),
        ),
        Described::PublicAccessBlock([block_acls, ignore_acls, block_policy, restrict]) => (
            "",
            "public_access_block",
            json!({
                "block_public_acls": block_acls,
                "ignore_public_acls": ignore_acls,
                "block_public_policy": block_policy,
                "restrict_public_buckets": restrict,
            }),
        ),
        Described::Encryption { algorithm, encryption } => {
            let mut by_default = json!({ "sse_algorithm": algorithm });
            if let Some(key) = key(encryption) {
                by_default["kms_master_key_id"] = key.into();
            }
            let mut rule = json!({});
            if encryption.algorithm.key().is_some() {
                rule["bucket_key_enabled"] = encryption.bucket_key.into();
            }
            let mut comment = "";
            if let Some(blocked) = blocked(encryption.sse_c) {
                comment = "# blocked_encryption_types needs the provider 6.22 or newer\n";
                rule["blocked_encryption_types"] = json!([blocked]);
            }
            rule["apply_server_side_encryption_by_default"] = by_default;
            (comment, "server_side_encryption_configuration", json!({ "rule": rule }))
        }
        Described::Ownership(ownership) => {
            ("", "ownership_controls", json!({ "rule": { "object_ownership": ownership } }))
        }
        Described::Versioning(status) => {
            ("", "versioning", json!({ "versioning_configuration": { "status": status } }))
        }
        Described::AccessLogs { bucket, prefix } => {
            ("", "logging", json!({ "target_bucket": bucket, "target_prefix": prefix }))
        }
        Described::EventBridge => (
            "# beside the queues, topics and functions that it has already\n",
            "notification",
            json!({ "eventbridge": true }),
        ),
    }
}

/// The one argument whose value is JSON.
const JSON: &str = "policy";

/// The arguments of a block, or the entries of an object. What stands in a row has its `=` in a column.
fn fields(of: &Map<String, Value>, margin: &str, is_block: bool, lines: &mut Vec<String>) {
    let is_nested = |key: &str, value: &Value| is_block && key != JSON && value.is_object();
    let all: Vec<(String, &Value)> = of.iter().map(|(key, value)| (name(key), value)).collect();
    for row in all.chunk_by(|(a, x), (b, y)| is_nested(a, x) == is_nested(b, y)) {
        let width = row.iter().map(|(key, _)| key.len()).max().unwrap_or_default();
        for (key, value) in row {
            let deeper = format!("{margin}  ");
            if let (Value::Object(inner), true) = (*value, is_nested(key, value)) {
                lines.push(format!("{margin}{key} {{"));
                fields(inner, &deeper, true, lines);
                lines.push(format!("{margin}}}"));
                continue;
            }
            let mut text = expression(value, margin);
            if is_block && key == JSON {
                text = format!("jsonencode({text})");
            }
            lines.push(format!("{margin}{key:width$} = {text}"));
        }
    }
}

/// An expression. An object with one scalar stands in the line, every other one in a block.
fn expression(value: &Value, margin: &str) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| expression(item, margin)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(inner) => {
            if let (1, Some((key, value))) = (inner.len(), inner.iter().next()) {
                return format!("{{ {} = {} }}", name(key), expression(value, margin));
            }
            let mut lines = vec!["{".to_owned()];
            fields(inner, &format!("{margin}  "), false, &mut lines);
            lines.push(format!("{margin}}}"));
            lines.join("\n")
        }
    }
}

fn name(key: &str) -> String {
    let is_plain = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if is_plain { key.to_owned() } else { quoted(key) }
}

/// A text in which neither `${` nor `%{` means anything.
fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text).replace("${", "$${").replace("%{", "%%{"))
}

/// A label for a resource, made of the bucket's name.
fn label(bucket: &str) -> String {
    let label = bucket.replace('.', "_");
    if label.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        label
    } else {
        format!("_{label}")
    }
}
