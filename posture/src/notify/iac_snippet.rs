//! What makes a remediation permanent: a few lines for the tool that configures the bucket, whose next run reverts it
//! otherwise.
//!
//! Only our own settings are described: the statements and notifications that a bucket has already stay where they are.
//!
//! Source: Terraform Registry, hashicorp/aws, the resources `aws_s3_bucket_…`; AWS CloudFormation Template Reference,
//! `AWS::S3::Bucket` and `AWS::S3::BucketPolicy`; AWS CDK API Reference, `aws_s3.BucketProps`.

use serde_json::{Value, json};

use crate::evaluate::tls;
use crate::model::policy::listed;
use crate::model::setting::{Encryption, Key, PublicAccessBlock, Setting, SseC};
use crate::text::shown_json;
use crate::{Action, BucketId, Tool};

struct Snippet {
    /// The end of the Terraform resource's type.
    kind: &'static str,
    /// The arguments of the Terraform resource, spaced as `terraform fmt` does it.
    terraform: String,
    /// The property of the resource in CloudFormation, in YAML.
    cloudformation: String,
    /// The names in the CDK.
    cdk: &'static str,
}

/// The lines that describe what an action has set, in the language of a tool.
///
/// None for a tool that describes nothing or whose lines are not written here, and for a setting that was removed.
pub fn snippet(tool: Tool, bucket: &BucketId, action: &Action) -> Option<String> {
    let name = bucket.name.as_str();
    match tool {
        Tool::Terraform => {
            let Snippet { kind, terraform, .. } = described(&action.set)?;
            let (label, name) = (label(name), quoted(name));
            let (label, arguments) = (label, indented(&terraform, 2));
            Some(format!(
                "resource \"aws_s3_bucket_{kind}\" \"{label}\" {{\n  bucket = {name}\n\n  {arguments}\n}}"
            ))
        }
        Tool::CloudFormation => {
            let Snippet { kind, cloudformation, cdk, .. } = described(&action.set)?;
            let (resource, of) = match kind {
                "policy" => ("AWS::S3::BucketPolicy", format!("Bucket: {}\n  ", quoted(name))),
                _ => ("AWS::S3::Bucket", String::new()),
            };
            let property = indented(&cloudformation, 2);
            Some(format!("# with the CDK: {cdk}\nType: {resource}\nProperties:\n  {of}{property}"))
        }
        Tool::Pulumi | Tool::Console | Tool::Cli | Tool::Service | Tool::Sdk => None,
    }
}

fn described(setting: &Setting) -> Option<Snippet> {
    Some(match setting {
        Setting::Policy(policy) => {
            let (document, has_two) = policy_document(policy.as_deref()?)?;
            let beside = "# beside the statements that the policy has already";
            Snippet {
                kind: "policy",
                terraform: format!("{beside}\npolicy = jsonencode({})", template(&document)),
                cloudformation: format!("PolicyDocument: {}", indented(&document, 2)),
                cdk: if has_two {
                    "enforceSSL: true, minimumTLSVersion: 1.2"
                } else {
                    "enforceSSL: true"
                },
            }
        }
        Setting::PublicAccessBlock(block) => public_access_block((*block)?),
        Setting::Encryption(encryption) => of_encryption(encryption.as_ref()?),
        Setting::Ownership(ownership) => {
            let ownership = (*ownership)?.to_string();
            Snippet {
                kind: "ownership_controls",
                terraform: format!("rule {{\n  object_ownership = \"{ownership}\"\n}}"),
                cloudformation: format!(
                    "OwnershipControls:\n  Rules:\n    - ObjectOwnership: {ownership}"
                ),
                cdk: "objectOwnership",
            }
        }
        Setting::Versioning(versioning) => {
            let status = if (*versioning)?.enabled { "Enabled" } else { "Suspended" };
            Snippet {
                kind: "versioning",
                terraform: format!("versioning_configuration {{\n  status = \"{status}\"\n}}"),
                cloudformation: format!("VersioningConfiguration:\n  Status: {status}"),
                cdk: "versioned: true",
            }
        }
        Setting::AccessLogs(logs) => {
            let logs = logs.as_ref()?;
            let (bucket, prefix) = (quoted(&logs.target_bucket), quoted(&logs.target_prefix));
            Snippet {
                kind: "logging",
                terraform: template(&format!("target_bucket = {bucket}\ntarget_prefix = {prefix}")),
                cloudformation: format!(
                    "LoggingConfiguration:\n  DestinationBucketName: {bucket}\n  LogFilePrefix: {prefix}"
                ),
                cdk: "serverAccessLogsBucket, serverAccessLogsPrefix",
            }
        }
        Setting::Notifications(notifications) => {
            let beside = "# beside the queues, topics and functions that it has already";
            notifications.event_bridge().then(|| Snippet {
                kind: "notification",
                terraform: format!("{beside}\neventbridge = true"),
                cloudformation: "NotificationConfiguration:\n  EventBridgeConfiguration:\n    \
                                 EventBridgeEnabled: true"
                    .to_owned(),
                cdk: "eventBridgeEnabled: true",
            })?
        }
        // It belongs to no bucket, and to no template of one.
        Setting::AccountPublicAccessBlock(_) => return None,
    })
}

/// A policy document with our own statements, and whether there are two of them.
fn policy_document(policy: &str) -> Option<(String, bool)> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let ours = [tls::Denied::PlainHttp, tls::Denied::OldTls];
    let is_ours = |statement: &&Value| {
        ours.iter().any(|one| match statement.get("Sid") {
            Some(sid) => sid == one.sid(),
            None => statement["Condition"] == one.condition(),
        })
    };
    let ours: Vec<&Value> = listed(policy.get("Statement")?).filter(is_ours).collect();
    let document = json!({ "Version": "2012-10-17", "Statement": ours });
    (!ours.is_empty()).then(|| (shown_json(&format!("{document:#}")), ours.len() > 1))
}

fn public_access_block(block: PublicAccessBlock) -> Snippet {
    let [block_acls, ignore_acls, block_policy, restrict] = block.switches().map(|(_, on)| on);
    Snippet {
        kind: "public_access_block",
        terraform: format!(
            "block_public_acls       = {block_acls}\n\
             ignore_public_acls      = {ignore_acls}\n\
             block_public_policy     = {block_policy}\n\
             restrict_public_buckets = {restrict}"
        ),
        cloudformation: block
            .switches()
            .iter()
            .fold("PublicAccessBlockConfiguration:".to_owned(), |text, (switch, is_on)| {
                format!("{text}\n  {switch}: {is_on}")
            }),
        // The CDK's default for a switch that is not named has changed, so all four are to be named.
        cdk: if block == PublicAccessBlock::ALL {
            "blockPublicAccess: BlockPublicAccess.BLOCK_ALL"
        } else {
            "blockPublicAccess: new BlockPublicAccess({ … }) with these four switches"
        },
    }
}

fn of_encryption(encryption: &Encryption) -> Snippet {
    let bucket_key = encryption.bucket_key;
    let (terraform_key, key) = match encryption.algorithm.key() {
        Some(Key::Named(key)) => (
            format!("\n    kms_master_key_id = {}", template(&quoted(key))),
            format!("\n        KMSMasterKeyID: {}", quoted(key)),
        ),
        Some(Key::AwsManaged) | None => (String::new(), String::new()),
    };
    let (terraform_blocked, blocked) = match encryption.sse_c {
        SseC::NotSaid => (String::new(), String::new()),
        SseC::Blocked => blocked_types("SSE-C"),
        SseC::Allowed => blocked_types("NONE"),
    };
    let (terraform_default, default) = match encryption.algorithm.name() {
        Some(algorithm) => (
            format!(
                "  apply_server_side_encryption_by_default {{\n    \
                 sse_algorithm     = \"{algorithm}\"{terraform_key}\n  }}\n"
            ),
            format!(
                "ServerSideEncryptionByDefault:\n        SSEAlgorithm: {algorithm}{key}\n      "
            ),
        ),
        None => (String::new(), String::new()),
    };
    Snippet {
        kind: "server_side_encryption_configuration",
        terraform: format!(
            "rule {{\n  bucket_key_enabled = {bucket_key}\n{terraform_blocked}{terraform_default}}}"
        ),
        cloudformation: format!(
            "BucketEncryption:\n  ServerSideEncryptionConfiguration:\n    \
             - {default}BucketKeyEnabled: {bucket_key}{blocked}"
        ),
        cdk: "encryption, encryptionKey, blockedEncryptionTypes",
    }
}

fn blocked_types(types: &str) -> (String, String) {
    (
        format!(
            "  # needs the provider 6.22 or newer\n  blocked_encryption_types = [\"{types}\"]\n"
        ),
        format!("\n      BlockedEncryptionTypes: {{ EncryptionType: [{types}] }}"),
    )
}

fn indented(lines: &str, columns: usize) -> String {
    lines.replace('\n', &format!("\n{}", " ".repeat(columns)))
}

/// A text between double quotes: JSON's are those of YAML and HCL, too.
fn quoted(text: &str) -> String {
    shown_json(&json!(text).to_string())
}

/// Texts in HCL, in which neither `${` nor `%{` means anything.
fn template(quoted: &str) -> String {
    quoted.replace("${", "$${").replace("%{", "%%{")
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

#[cfg(test)]
mod tests;
