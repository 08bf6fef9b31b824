//! How a finding is remediated: in words, for the AWS CLI, for Terraform and for CloudFormation.

use s3guard_posture::evaluate::tls::Denied;
use s3guard_posture::model::finding::Action;
use s3guard_posture::model::setting::{
    Encryption, Key, Ownership, PublicAccessBlock, Setting, SseC, Versioning,
};
use s3guard_posture::notify::iac_snippet::snippet;
use s3guard_posture::{BucketId, Tool};
use serde::Serialize;
use serde_json::{Value, json};

use crate::finding::{Finding, Resource, ResourceKind};
use crate::rule::{Rule, row};

/// How a finding is remediated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Remediation {
    /// In words.
    pub summary: &'static str,
    /// A command of the AWS CLI, if one is enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_cli: Option<String>,
    /// Lines for Terraform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terraform: Option<String>,
    /// Lines for CloudFormation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloudformation: Option<String>,
}

pub(super) fn of(finding: &Finding) -> Remediation {
    let summary = row(finding.rule).fix;
    let resource = &*finding.resource;
    if finding.rule == Rule::AccountBlock {
        return of_account(resource, summary);
    }
    let nothing = Remediation { summary, aws_cli: None, terraform: None, cloudformation: None };
    let Some(bucket) = bucket(resource) else { return nothing };
    let of_rule = || setting(finding.rule, &bucket);
    let Some(setting) = finding.setting.as_deref().cloned().or_else(of_rule) else {
        return nothing;
    };
    // A policy that exists has to be kept: no single command adds a statement.
    let replaces = matches!(setting, Setting::Policy(_)) && finding.setting.is_none();
    let aws_cli = if replaces { None } else { command(&setting, &bucket) };
    let action = Action { set: setting, aspects: Vec::new() };
    Remediation {
        aws_cli,
        terraform: snippet(Tool::Terraform, &bucket, &action),
        cloudformation: snippet(Tool::CloudFormation, &bucket, &action),
        ..nothing
    }
}

fn bucket(resource: &Resource) -> Option<BucketId> {
    if resource.kind != ResourceKind::Bucket {
        return None;
    }
    Some(BucketId {
        name: resource.name.parse().ok()?,
        account: resource.account.clone(),
        region: resource.region.parse().ok()?,
    })
}

/// The setting that a rule asks for, where it is the same for every bucket.
fn setting(rule: Rule, bucket: &BucketId) -> Option<Setting> {
    let statement = |denied: Denied| {
        let policy = json!({ "Version": "2012-10-17", "Statement": [denied.statement(bucket)] });
        Some(Setting::Policy(Some(policy.to_string())))
    };
    match rule {
        Rule::PublicWrite
        | Rule::PublicAclWrite
        | Rule::PublicRead
        | Rule::PublicList
        | Rule::WebsitePublic
        | Rule::BucketBlock => Some(Setting::PublicAccessBlock(Some(PublicAccessBlock::ALL))),
        Rule::AclsEnabled => Some(Setting::Ownership(Some(Ownership::BucketOwnerEnforced))),
        Rule::VersioningOff | Rule::VersioningSuspended => {
            Some(Setting::Versioning(Some(Versioning { enabled: true, mfa_delete: false })))
        }
        Rule::HttpAllowed => statement(Denied::PlainHttp),
        Rule::OldTls => statement(Denied::OldTls),
        // These depend on what was read, or on what is meant.
        Rule::AccessPointPublic
        | Rule::MrapPublic
        | Rule::PublicLatent
        | Rule::StrangerAdmin
        | Rule::ServiceWithoutSource
        | Rule::DataLeaves
        | Rule::KeyForeign
        | Rule::KeyUnusable
        | Rule::LockedOut
        | Rule::StrangerAccess
        | Rule::DeletedPrincipal
        | Rule::PolicyUnclear
        | Rule::AccountBlock
        | Rule::ObjectAclPossible
        | Rule::AclGrantsOthers
        | Rule::EncryptionWeak
        | Rule::SseCOpen
        | Rule::VersionsExpireFast
        | Rule::LogTargetGone
        | Rule::AccessLogOff
        | Rule::NameGuessable
        | Rule::MfaDeleteOff
        | Rule::EventsOff
        | Rule::Unreadable => None,
    }
}

const ALL_ON: &str =
    "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true";

fn command(setting: &Setting, bucket: &BucketId) -> Option<String> {
    let (call, arguments) = match setting {
        Setting::PublicAccessBlock(Some(block)) if *block == PublicAccessBlock::ALL => {
            ("put-public-access-block", format!("--public-access-block-configuration {ALL_ON}"))
        }
        Setting::Ownership(Some(ownership)) => (
            "put-bucket-ownership-controls",
            format!("--ownership-controls 'Rules=[{{ObjectOwnership={ownership}}}]'"),
        ),
        Setting::Versioning(Some(Versioning { enabled: true, .. })) => {
            ("put-bucket-versioning", "--versioning-configuration Status=Enabled".to_owned())
        }
        Setting::Encryption(Some(encryption)) => {
            let rules = quoted(&rules(encryption).to_string());
            ("put-bucket-encryption", format!("--server-side-encryption-configuration {rules}"))
        }
        Setting::Policy(Some(policy)) => {
            ("put-bucket-policy", format!("--policy {}", quoted(policy)))
        }
        Setting::PublicAccessBlock(_)
        | Setting::Ownership(None)
        | Setting::Versioning(_)
        | Setting::Encryption(None)
        | Setting::Policy(None)
        | Setting::AccessLogs(_)
        | Setting::Notifications(_)
        | Setting::AccountPublicAccessBlock(_) => return None,
    };
    let BucketId { name, account, region } = bucket;
    Some(format!(
        "aws s3api {call} --region {region} --bucket {name} --expected-bucket-owner {account} {arguments}"
    ))
}

fn rules(encryption: &Encryption) -> Value {
    let mut rule = json!({ "BucketKeyEnabled": encryption.bucket_key });
    if let Some(name) = encryption.algorithm.name() {
        let mut default = json!({ "SSEAlgorithm": name });
        if let Some(Key::Named(key)) = encryption.algorithm.key() {
            default["KMSMasterKeyID"] = json!(key);
        }
        rule["ApplyServerSideEncryptionByDefault"] = default;
    }
    if encryption.sse_c == SseC::Blocked {
        rule["BlockedEncryptionTypes"] = json!({ "EncryptionType": ["SSE-C"] });
    }
    json!({ "Rules": [rule] })
}

/// A text as one argument of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", s3guard_posture::text::shown_json(text).replace('\'', r"'\''"))
}

fn of_account(resource: &Resource, summary: &'static str) -> Remediation {
    let account = &resource.account;
    Remediation {
        summary,
        aws_cli: Some(format!(
            "aws s3control put-public-access-block --account-id {account} --public-access-block-configuration {ALL_ON}"
        )),
        terraform: Some(
            "resource \"aws_s3_account_public_access_block\" \"account\" {\n  \
             block_public_acls       = true\n  ignore_public_acls      = true\n  \
             block_public_policy     = true\n  restrict_public_buckets = true\n}"
                .to_owned(),
        ),
        // CloudFormation has no resource type for it.
        cloudformation: None,
    }
}
