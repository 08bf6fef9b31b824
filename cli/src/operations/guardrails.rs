//! Policies for an organization: what principals of its accounts may not do to the guard, enforced from outside the account.

use s3guard_posture::StackName;
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::permissions::{ArnParts, Scope};
use crate::ui::text::{Printable, Style, Text, TextLine};

/// Calls that change, use or create parts of the guard. AWS evaluates an action only with the resources of its service.
const SCP_ACTIONS: [(&str, &str); 11] = [
    (
        "cloudformation",
        "Cancel* Continue* Create* Delete* Execute* Rollback* Set* Signal* Tag* Untag* Update*",
    ),
    ("cloudtrail", "Add* Delete* Put* Remove* Stop* Update*"),
    ("cloudwatch", "Delete* Disable* Enable* Put* Set* Tag* Untag*"),
    ("events", "Delete* Disable* Enable* Put* Remove* Tag* Untag*"),
    ("iam", "Attach* Create* Delete* Detach* Pass* Put* Set* Tag* Untag* Update*"),
    ("kms", "CreateAlias DeleteAlias UpdateAlias"),
    ("lambda", "Add* Create* Delete* Invoke* Publish* Put* Remove* Tag* Untag* Update*"),
    ("logs", "Associate* Create* Delete* Disassociate* Put* Tag* Untag*"),
    OBJECTS_AND_BUCKETS,
    ("sns", "Add* Delete* Publish* Put* Remove* Set* Subscribe Tag* Untag*"),
    MESSAGES,
];
const OBJECTS_AND_BUCKETS: (&str, &str) =
    ("s3", "Bypass* Create* Delete* ObjectOwner* Put* Replicate* Tag* Untag* Update*");
const MESSAGES: (&str, &str) =
    ("sqs", "Add* Change* Create* Delete* Purge* Receive* Remove* Send* Set* Tag* Untag*");
/// What ends a key, or gives it to others.
const KEY: (&str, &str) = (
    "kms",
    "CreateAlias CreateGrant Delete* Disable* Put* Replicate* Revoke* Schedule* Tag* Untag* Update*",
);

/// The parts of the stack that have names.
const NAMED: [Scope; 13] = [
    Scope::Stack,
    Scope::Buckets,
    Scope::Objects,
    Scope::CodeBucket,
    Scope::Code,
    Scope::Functions,
    Scope::Queues,
    Scope::Topics,
    Scope::Alarms,
    Scope::Rules,
    Scope::Logs,
    Scope::KeyNames,
    Scope::Trail,
];
/// Those of services whose resources a resource control policy protects.
const NAMED_IN_RCP: [Scope; 5] =
    [Scope::Buckets, Scope::Objects, Scope::CodeBucket, Scope::Code, Scope::Queues];

/// The policies.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Guardrails {
    pub(crate) policies: Vec<Guardrail>,
}

/// A policy of an organization.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Guardrail {
    /// The name of its file.
    pub(crate) name: &'static str,
    /// The type of the policy, as AWS Organizations spells it.
    r#type: &'static str,
    /// What it does.
    purpose: &'static str,
    /// What it makes unnecessary in the guard.
    unnecessary: &'static str,
    /// What it does not prevent.
    limits: &'static str,
    size_characters: usize,
    size_characters_max: usize,
    /// Where it was written to.
    pub(crate) file: Option<String>,
    document: Json,
}

/// The policies for a stack in any account and Region.
pub(crate) fn guardrails(
    stack: &StackName,
    prefix: &str,
    deployers: &[String],
) -> anyhow::Result<Guardrails> {
    let partition = deployers.first().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws");
    let parts = ArnParts { partition, account: "*", region: "*", stack, prefix };
    let policies = [block(), control(parts, deployers), resources(parts, deployers)];
    for policy in &policies {
        if policy.size_characters > policy.size_characters_max {
            return Err(anyhow::anyhow!(
                "the {} has {} characters, and AWS accepts {}",
                policy.r#type,
                policy.size_characters,
                policy.size_characters_max
            ))
            .hint("give fewer `--deployer`, with `*` for what differs between them")
            .exit(Exit::Usage);
        }
    }
    Ok(Guardrails { policies: policies.into() })
}

/// Source: AWS Organizations User Guide, "Amazon S3 policy syntax and examples".
fn block() -> Guardrail {
    Guardrail {
        name: "s3-policy",
        r#type: "S3_POLICY",
        purpose: "Blocks public access to every bucket; the accounts cannot change it.",
        unnecessary: "Remediation of the public access block, of buckets and of the account, and the seconds in which a \
                      bucket is public before the guard closes it.",
        limits: "Buckets with `public = true` become private, too. No event in the account shows that the policy \
                 changes: the sweep finds it.",
        ..Guardrail::new(json!({
            "s3_attributes": { "public_access_block_configuration": { "@@assign": "all" } }
        }))
    }
}

fn control(parts: ArnParts<'_>, deployers: &[String]) -> Guardrail {
    let exempt = exempt(parts, deployers);
    let unless_exempt = json!({ "aws:PrincipalArn": exempt });
    let ArnParts { partition, .. } = parts;
    let mut named = named(&NAMED, parts);
    named.extend(["role", "policy"].map(|kind| format!("arn:{partition}:iam::*:{kind}/s3guard/*")));
    let functions = named.iter().filter(|arn| arn.contains(":function:"));
    let functions: Vec<&String> = functions.collect();
    Guardrail {
        name: "scp",
        r#type: "SERVICE_CONTROL_POLICY",
        purpose: "Denies every principal of the accounts, also administrators and root users, to change or use the \
                  parts of the guard, and to create roles on its path. Deployers and the guard's own roles are exempt.",
        unnecessary: "Trust in the administrators of the accounts: for all but deployers, the locks in policies and the \
                      alarms about tampering become a second line.",
        limits: "Names that begin with the stack's name are reserved in these accounts. The management account is not \
                 restricted. AWS has no resource for `sns:Unsubscribe` and `sns:SetSubscriptionAttributes`. A trail that \
                 the stack has not created is not covered. The policy of a bucket can still keep the guard from reading \
                 it, which is reported.",
        ..Guardrail::new(json!({ "Version": "2012-10-17", "Statement": [
            {
                "Sid": "Guard",
                "Effect": "Deny",
                "Action": SCP_ACTIONS.iter().flat_map(actions).collect::<Vec<_>>(),
                "Resource": named,
                "Condition": { "ArnNotLike": unless_exempt },
            },
            {
                "Sid": "EventSources",
                "Effect": "Deny",
                "Action": [
                    "lambda:CreateEventSourceMapping",
                    "lambda:DeleteEventSourceMapping",
                    "lambda:UpdateEventSourceMapping",
                ],
                "Resource": "*",
                "Condition": {
                    "ArnNotLike": unless_exempt,
                    "ArnLike": { "lambda:FunctionArn": functions },
                },
            },
            {
                "Sid": "Key",
                "Effect": "Deny",
                "Action": actions(&KEY).collect::<Vec<_>>(),
                "Resource": "*",
                "Condition": { "ArnNotLike": unless_exempt, "ForAnyValue:StringEquals": alias(parts) },
            },
        ] }))
    }
}

/// A principal of any account in the world can have an exempt name, so other accounts are denied by their number.
///
/// Source: AWS Organizations User Guide, "RCP syntax": a principal is `*`, and an action has a prefix. A call of an AWS
/// service has no `aws:PrincipalArn`.
fn resources(parts: ArnParts<'_>, deployers: &[String]) -> Guardrail {
    let not_a_service = json!({ "aws:PrincipalIsAWSService": "false" });
    let writes: Vec<String> = [OBJECTS_AND_BUCKETS, MESSAGES].iter().flat_map(actions).collect();
    let (writes, key) = (json!(writes), json!(actions(&KEY).collect::<Vec<_>>()));
    let (named, any) = (json!(named(&NAMED_IN_RCP, parts)), json!("*"));
    let others = json!({ "ArnNotLike": { "aws:PrincipalArn": exempt(parts, deployers) } });
    let strangers =
        json!({ "StringNotEquals": { "aws:PrincipalAccount": "${aws:ResourceAccount}" } });
    let deny = |sid: &str, actions: &Json, resources: &Json, condition: &Json| {
        let mut condition = condition.clone();
        condition["BoolIfExists"] = not_a_service.clone();
        if resources == &any {
            condition["ForAnyValue:StringEquals"] = alias(parts);
        }
        json!({
            "Sid": sid, "Effect": "Deny", "Principal": "*", "Action": actions, "Resource": resources,
            "Condition": condition,
        })
    };
    Guardrail {
        name: "rcp",
        r#type: "RESOURCE_CONTROL_POLICY",
        purpose: "Denies changes of the guard's buckets, queues and key to principals of every account, also outside the \
                  organization. Deployers, the guard's own roles and AWS services are exempt.",
        unnecessary: "The review of the guard's bucket, queue and key policies for statements that let another account in.",
        limits: "AWS protects no topics, functions, rules and alarms by such a policy: the service control policy does.",
        ..Guardrail::new(json!({ "Version": "2012-10-17", "Statement": [
            deny("Guard", &writes, &named, &others),
            deny("GuardOtherAccounts", &writes, &named, &strangers),
            deny("Key", &key, &any, &others),
            deny("KeyOtherAccounts", &key, &any, &strangers),
        ] }))
    }
}

impl Guardrail {
    fn new(document: Json) -> Self {
        // Source: AWS Organizations User Guide, "Quotas and service limits"; AWS What's New of 2026-05-15 doubled that of
        // service control policies.
        let size_characters_max =
            match (document.get("Statement"), document.pointer("/Statement/0/Principal")) {
                (None, _) => 10_000,
                (Some(_), None) => 10_240,
                (Some(_), Some(_)) => 5_120,
            };
        let size_characters = document.to_string().chars().count();
        Self {
            name: "",
            r#type: "",
            purpose: "",
            unnecessary: "",
            limits: "",
            size_characters,
            size_characters_max,
            file: None,
            document,
        }
    }

    /// The document without white space, which AWS counts.
    pub(crate) fn text(&self) -> String {
        self.document.to_string()
    }
}

impl Printable for Guardrails {
    fn print(&self, text: &mut Text) {
        for policy in &self.policies {
            policy.print(text);
            text.line("");
        }
    }
}

impl Printable for Guardrail {
    fn print(&self, text: &mut Text) {
        let Self { r#type, size_characters, size_characters_max, .. } = self;
        let size = format!("  {size_characters} of {size_characters_max} characters");
        text.line(TextLine::styled(Style::Notable, r#type).and(size));
        text.line(self.purpose);
        text.line(format_args!("Makes unnecessary: {}", self.unnecessary));
        text.line(format_args!("Limits: {}", self.limits));
        if let Some(file) = &self.file {
            text.line(format_args!("file  {file}"));
        }
    }
}

/// The ARNs, but for keys and event source mappings, which have no names.
fn named(scopes: &[Scope], parts: ArnParts<'_>) -> Vec<String> {
    let arns = scopes.iter().flat_map(|scope| scope.arns(parts));
    let mut named: Vec<String> = Vec::new();
    for arn in arns.filter(|arn| !arn.ends_with(":key/*") && !arn.contains(":event-source-")) {
        if !named.contains(&arn) {
            named.push(arn);
        }
    }
    named
}

fn actions((service, names): &(&str, &str)) -> impl Iterator<Item = String> {
    names.split_whitespace().map(move |name| format!("{service}:{name}"))
}

/// The stack's key, by its alias: its ARN is not known before.
fn alias(parts: ArnParts<'_>) -> Json {
    json!({ "kms:ResourceAliases": format!("alias/{}", parts.stack) })
}

fn exempt(parts: ArnParts<'_>, deployers: &[String]) -> Vec<String> {
    let own = format!("arn:{}:iam::*:role/s3guard/*", parts.partition);
    deployers.iter().cloned().chain([own]).collect()
}
