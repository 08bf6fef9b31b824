//! The resource scope of an action, as narrow as IAM allows before the stack exists.

use s3guard_posture::{AccountId, Region, StackName};
use serde_json::{Value as Json, json};

/// The stack that the permissions are for.
#[derive(Clone, Debug)]
pub(crate) struct PermissionTarget {
    pub(crate) partition: String,
    pub(crate) account: AccountId,
    /// `None` means every Region.
    pub(crate) region: Option<Region>,
    pub(crate) stack: StackName,
    /// The prefix of the stack's bucket names.
    pub(crate) prefix: String,
    /// The permissions boundary that the stack's roles must have.
    pub(crate) boundary: Option<String>,
}

/// The parts of ARNs; `*` stands for every account or Region.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArnParts<'a> {
    pub(crate) partition: &'a str,
    pub(crate) account: &'a str,
    pub(crate) region: &'a str,
    pub(crate) stack: &'a StackName,
    pub(crate) prefix: &'a str,
}

/// CloudFormation shortens a longer stack name in the names that it generates: as observed, to 24 characters for a role
/// or a function.
const STACK_LENGTH_MAX: usize = 24;

/// A resource scope: the stack and its resources, unless a comment says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    Stack,
    /// The stack of that name in us-east-1, where events of the global endpoint arrive.
    StackInUsEast1,
    CodeBucket,
    /// What is in the bucket for code.
    Code,
    /// What IAM cannot confine, and which only reads.
    ReadAny,
    /// What IAM cannot confine, and which writes.
    WriteAny,
    /// The caller, whose permissions are simulated.
    Caller,
    /// The role of the guard, whose pause is read.
    GuardRole,
    Roles,
    /// What roles can do depends on it: their creation, their policies and their permissions boundary.
    BoundedRoles,
    Policies,
    /// The stack's roles, given to its functions.
    PassedRoles,
    /// A key that is only described.
    AnyKey,
    /// The stack's key, whose id is not known before.
    Keys,
    KeyNames,
    Buckets,
    /// What is in the buckets.
    Objects,
    /// The functions and their event sources.
    Functions,
    /// The event sources of the functions.
    Sources,
    Logs,
    Queues,
    Topics,
    /// Alarms and dashboards.
    Alarms,
    Dashboards,
    Rules,
    Trail,
}

/// What the command itself calls to deploy, inspect and destroy a stack, by service, and not to undo what a guard did;
/// `GetCallerIdentity` needs no permission.
pub(crate) const CALLED: [(Scope, &str, &str); 19] = [
    (
        Scope::Stack,
        "cloudformation",
        "CancelUpdateStack ContinueUpdateRollback CreateChangeSet DeleteChangeSet DeleteStack \
         DescribeChangeSet DescribeEvents DescribeStackEvents DescribeStackResourceDrifts \
         DescribeStacks DetectStackDrift ExecuteChangeSet GetTemplate ListChangeSets \
         ListStackResources RollbackStack TagResource UntagResource UpdateTerminationProtection",
    ),
    (Scope::StackInUsEast1, "cloudformation", "DescribeStacks"),
    (
        Scope::CodeBucket,
        "s3",
        "CreateBucket DeleteBucket GetBucketOwnershipControls GetBucketPolicy \
         GetBucketPublicAccessBlock GetBucketVersioning GetEncryptionConfiguration ListBucket \
         ListBucketMultipartUploads ListBucketVersions PutBucketOwnershipControls PutBucketPolicy \
         PutBucketPublicAccessBlock PutBucketVersioning PutEncryptionConfiguration",
    ),
    // CloudFormation and Lambda read versions of objects with the caller's permissions.
    (Scope::Code, "s3", "DeleteObject DeleteObjectVersion GetObject GetObjectVersion PutObject"),
    (Scope::ReadAny, "cloudformation", "DescribeStackDriftDetectionStatus"),
    // Which trail serves is seen from all of them.
    (Scope::ReadAny, "cloudtrail", "GetEventSelectors GetTrailStatus"),
    (Scope::ReadAny, "lambda", "GetAccountSettings"),
    (Scope::ReadAny, "s3", "GetAccountPublicAccessBlock"),
    (Scope::ReadAny, "sns", "GetSMSAttributes GetSMSSandboxAccountStatus"),
    (Scope::ReadAny, "iam", "ListAccountAliases"),
    (Scope::Caller, "iam", "GetRole SimulatePrincipalPolicy"),
    (Scope::GuardRole, "iam", "GetRolePolicy"),
    (Scope::AnyKey, "kms", "DescribeKey"),
    // Buckets are emptied only on request; what is locked stays. Existing ones are read before a stack imports them.
    (
        Scope::Buckets,
        "s3",
        "DeleteBucketPolicy GetBucketOwnershipControls GetBucketPolicy GetBucketVersioning \
         GetEncryptionConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions \
         PutBucketPolicy",
    ),
    (Scope::Objects, "s3", "AbortMultipartUpload DeleteObject DeleteObjectVersion GetObject"),
    (Scope::Logs, "logs", "FilterLogEvents"),
    (Scope::Functions, "lambda", "GetFunctionConfiguration"),
    // The first sweep.
    (Scope::Queues, "sqs", "SendMessage"),
    (Scope::Topics, "sns", "ConfirmSubscription Subscribe"),
];

/// Actions without resource-level permissions in IAM, or that concern all resources.
///
/// Source: Service Authorization Reference, the services' "Actions"; a test holds it against a copy.
const READ_ANY: &str = "cloudtrail:DescribeTrails cloudtrail:ListTrails cloudwatch:DescribeAlarms \
     cloudwatch:ListDashboards events:ListRules iam:ListPolicies iam:ListRoles kms:ListAliases \
     kms:ListKeys lambda:ListEventSourceMappings lambda:ListFunctions logs:DescribeIndexPolicies \
     logs:DescribeLogGroups logs:DescribeResourcePolicies s3:ListAllMyBuckets \
     sns:ListSubscriptions sns:ListTopics sqs:ListQueues";

/// The same, for actions that write or concern one resource.
const WRITE_ANY: &str = "kms:CreateKey lambda:CreateEventSourceMapping \
     sns:GetSubscriptionAttributes sns:SetSubscriptionAttributes sns:Unsubscribe";

/// Actions that IAM restricts by the permissions boundary of the role.
///
/// Source: Service Authorization Reference, "AWS Identity and Access Management", `iam:PermissionsBoundary`.
const BOUNDED: &str = "iam:AttachRolePolicy iam:CreateRole iam:DeleteRolePolicy iam:DetachRolePolicy \
     iam:PutRolePermissionsBoundary iam:PutRolePolicy";

/// The scope of an action that CloudFormation needs.
pub(crate) fn of(action: &str) -> Scope {
    let is_among = |actions: &str| actions.split_whitespace().any(|one| one == action);
    if is_among(READ_ANY) {
        return Scope::ReadAny;
    }
    if is_among(WRITE_ANY) {
        return Scope::WriteAny;
    }
    if is_among(BOUNDED) {
        return Scope::BoundedRoles;
    }
    let (service, name) = action.split_once(':').unwrap_or((action, ""));
    match service {
        "cloudtrail" => Scope::Trail,
        "cloudwatch" if name.contains("Dashboard") => Scope::Dashboards,
        "cloudwatch" => Scope::Alarms,
        "events" => Scope::Rules,
        "iam" if name == "PassRole" => Scope::PassedRoles,
        "iam" if name.contains("Role") => Scope::Roles,
        "iam" => Scope::Policies,
        "kms" if name.contains("Alias") => Scope::KeyNames,
        "kms" => Scope::Keys,
        "lambda" if name.contains("EventSourceMapping") => Scope::Sources,
        "lambda" => Scope::Functions,
        "logs" => Scope::Logs,
        // Lambda fetches the code.
        "s3" if ["GetObject", "GetObjectVersion"].contains(&name) => Scope::Code,
        "s3" if name.contains("Object") && !name.contains("Lock") => Scope::Objects,
        "s3" => Scope::Buckets,
        "sns" => Scope::Topics,
        "sqs" => Scope::Queues,
        // A service that the template does not use yet; a test of the policy finds it.
        _ => Scope::WriteAny,
    }
}

impl Scope {
    /// The ARNs, with `*` for unknown parts.
    pub(crate) fn resources(self, target: &PermissionTarget) -> Vec<String> {
        self.arns(ArnParts {
            partition: &target.partition,
            account: target.account.as_str(),
            region: target.region.as_ref().map_or("*", Region::as_str),
            stack: &target.stack,
            prefix: &target.prefix,
        })
    }

    /// The ARNs, with `*` for unknown parts.
    pub(crate) fn arns(self, parts: ArnParts<'_>) -> Vec<String> {
        let patterns: &[&str] = match self {
            Self::Stack => &["cloudformation:${Region}:${Account}:stack/${Stack}/*"],
            Self::StackInUsEast1 => &["cloudformation:us-east-1:${Account}:stack/${Stack}/*"],
            Self::CodeBucket => &["s3:::s3guard-code-${Account}-${Region}-an"],
            Self::Code => &["s3:::s3guard-code-${Account}-${Region}-an/*"],
            Self::ReadAny | Self::WriteAny => return vec!["*".to_owned()],
            Self::Caller => &["iam::${Account}:role/*", "iam::${Account}:user/*"],
            Self::GuardRole | Self::Roles | Self::BoundedRoles | Self::PassedRoles => {
                &["iam::${Account}:role/s3guard/${Part}"]
            }
            Self::Policies => &["iam::${Account}:policy/s3guard/${Part}"],
            Self::AnyKey | Self::Keys => &["kms:${Region}:${Account}:key/*"],
            Self::KeyNames => {
                &["kms:${Region}:${Account}:alias/${Stack}", "kms:${Region}:${Account}:key/*"]
            }
            Self::Buckets => &["s3:::${Prefix}-*-${Account}-${Region}-an"],
            Self::Objects => &["s3:::${Prefix}-*-${Account}-${Region}-an/*"],
            Self::Functions => &[
                "lambda:${Region}:${Account}:function:${Part}",
                "lambda:${Region}:${Account}:event-source-mapping:*",
            ],
            Self::Sources => &["lambda:${Region}:${Account}:event-source-mapping:*"],
            Self::Logs => &["logs:${Region}:${Account}:log-group:${Part}"],
            Self::Queues => &["sqs:${Region}:${Account}:${Part}"],
            Self::Topics => &["sns:${Region}:${Account}:${Part}"],
            Self::Alarms => &[
                "cloudwatch:${Region}:${Account}:alarm:${Part}",
                "cloudwatch::${Account}:dashboard/${Part}",
            ],
            Self::Dashboards => &["cloudwatch::${Account}:dashboard/${Part}"],
            Self::Rules => &["events:${Region}:${Account}:rule/${Part}"],
            Self::Trail => &["cloudtrail:${Region}:${Account}:trail/${Prefix}-${Region}"],
        };
        let ArnParts { partition, account, region, stack, prefix } = parts;
        let part = match stack.as_str().get(..STACK_LENGTH_MAX) {
            Some(beginning) => format!("{beginning}*"),
            None => format!("{stack}-*"),
        };
        let arn = |pattern: &&str| {
            format!("arn:{partition}:{pattern}")
                .replace("${Region}", region)
                .replace("${Account}", account)
                .replace("${Stack}", stack.as_str())
                .replace("${Prefix}", prefix)
                .replace("${Part}", &part)
        };
        patterns.iter().map(arn).collect()
    }

    /// The condition of the statement.
    ///
    /// Permission to create roles is permission to do anything: roles and keys are changed only through CloudFormation,
    /// which sets `aws:CalledVia`. Source: AWS IAM User Guide, "AWS global condition context keys". The deployer writes the
    /// template, so only a permissions boundary limits what the roles can do.
    pub(crate) fn condition(self, target: &PermissionTarget) -> Option<Json> {
        let is_for_cloudformation_alone = matches!(
            self,
            Self::Roles
                | Self::BoundedRoles
                | Self::Policies
                | Self::Keys
                | Self::KeyNames
                | Self::WriteAny
        );
        if is_for_cloudformation_alone {
            let called_via = json!({ "aws:CalledVia": "cloudformation.amazonaws.com" });
            let mut condition = json!({ "ForAnyValue:StringEquals": called_via });
            if let (Self::BoundedRoles, Some(boundary)) = (self, &target.boundary) {
                condition["ArnEquals"] = json!({ "iam:PermissionsBoundary": boundary });
            }
            return Some(condition);
        }
        (self == Self::PassedRoles)
            .then(|| json!({ "StringEquals": { "iam:PassedToService": "lambda.amazonaws.com" } }))
    }
}
