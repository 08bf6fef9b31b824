//! What makes a fix permanent: a few lines for the tool that made the bucket, or it will undo the fix.
//!
//! Each tool has its own names for a bucket's settings; what they say is taken from the action. What is not ours is not
//! in here: the statements and notifications that a bucket has already stay where they are described.

use serde_json::Value;

use crate::evaluate::tls;
use crate::model::policy::listed;
use crate::model::setting::{Encryption, Key, Setting, SseC};
use crate::{Action, BucketId, Tool};

mod cloudformation;
mod terraform;
mod yaml;

/// The lines that describe what an action has set, in the language of a tool.
///
/// None for a tool that describes nothing or whose lines are not written here, and for a setting that was taken away.
pub fn snippet(tool: Tool, bucket: &BucketId, action: &Action) -> Option<String> {
    match tool {
        Tool::Terraform => terraform::snippet(bucket, &action.set),
        Tool::CloudFormation => cloudformation::snippet(bucket, &action.set),
        Tool::Pulumi | Tool::Console | Tool::Cli | Tool::Sdk => None,
    }
}

/// Our own statements in a policy.
fn statements(policy: &str) -> Option<Value> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let sids = [tls::Denied::PlainHttp.sid(), tls::Denied::OldTls.sid()];
    let is_ours = |statement: &&Value| sids.iter().any(|sid| statement["Sid"] == *sid);
    let ours: Vec<Value> = listed(policy.get("Statement")?).filter(is_ours).cloned().collect();
    (!ours.is_empty()).then_some(Value::Array(ours))
}

/// The key that has to be named.
fn key(encryption: &Encryption) -> Option<&str> {
    match encryption.algorithm.key()? {
        Key::AwsManaged => None,
        Key::Named(name) => Some(name),
    }
}

/// What is blocked, as S3 spells it; nothing where S3 says nothing.
fn blocked(sse_c: SseC) -> Option<&'static str> {
    match sse_c {
        SseC::Blocked => Some("SSE-C"),
        SseC::Allowed => Some("NONE"),
        SseC::NotSaid => None,
    }
}

/// What is described of a setting: the parts that every tool has a name for.
enum Described<'a> {
    Policy(Value),
    PublicAccessBlock([bool; 4]),
    Encryption { algorithm: &'a str, encryption: &'a Encryption },
    Ownership(String),
    Versioning(&'static str),
    AccessLogs { bucket: &'a str, prefix: &'a str },
    EventBridge,
}

impl<'a> Described<'a> {
    fn of(setting: &'a Setting) -> Option<Self> {
        Some(match setting {
            Setting::Policy(policy) => Self::Policy(statements(policy.as_deref()?)?),
            Setting::PublicAccessBlock(block) => {
                Self::PublicAccessBlock((*block)?.switches().map(|(_, is_on)| is_on))
            }
            Setting::Encryption(encryption) => {
                let encryption = encryption.as_ref()?;
                Self::Encryption { algorithm: encryption.algorithm.name(), encryption }
            }
            Setting::Ownership(ownership) => Self::Ownership((*ownership)?.to_string()),
            Setting::Versioning(versioning) => {
                Self::Versioning(if (*versioning)?.enabled { "Enabled" } else { "Suspended" })
            }
            Setting::AccessLogs(logs) => {
                let logs = logs.as_ref()?;
                Self::AccessLogs { bucket: &logs.target_bucket, prefix: &logs.target_prefix }
            }
            Setting::Notifications(notifications) => {
                if !notifications.event_bridge() {
                    return None;
                }
                Self::EventBridge
            }
            // It belongs to no bucket, and to no template of one.
            Setting::AccountPublicAccessBlock(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests;
