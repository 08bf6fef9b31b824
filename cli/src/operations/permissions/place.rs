//! What an action is about: as closely as IAM lets it be said before the stack is there.

use s3guard_posture::{AccountId, Region, StackName};
use serde_json::{Value as Json, json};

/// The stack that the permissions are for.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) partition: String,
    pub(crate) account: AccountId,
    /// None stands for every Region.
    pub(crate) region: Option<Region>,
    pub(crate) stack: StackName,
    /// What the names of the stack's buckets begin with.
    pub(crate) prefix: String,
}

/// Of a longer name CloudFormation takes only the beginning for the names of what it makes, where they have to be short:
/// as observed, 24 characters of it for a role or a function.
const STACK_LENGTH_MAX: usize = 24;

/// What an action is about: the stack and what it is made of, unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Stack,
    /// The stack of that name in us-east-1: calls through the global endpoint are seen only there.
    StackInUsEast1,
    CodeBucket,
    /// What is in the bucket for code.
    Code,
    /// What IAM cannot confine, and which only reads.
    Looks,
    /// What IAM cannot confine, and which writes.
    Unconfined,
    /// The caller, whose permissions are simulated.
    Caller,
    Roles,
    Policies,
    /// The stack's roles, given to its functions.
    PassedRoles,
    /// A key that is only described.
    Key,
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
pub(crate) const CALLED: [(Place, &str, &str); 15] = [
    (
        Place::Stack,
        "cloudformation",
        "CancelUpdateStack ContinueUpdateRollback CreateChangeSet DeleteChangeSet DeleteStack \
         DescribeChangeSet DescribeEvents DescribeStackEvents DescribeStackResourceDrifts \
         DescribeStacks DetectStackDrift ExecuteChangeSet GetTemplate ListChangeSets \
         ListStackResources RollbackStack TagResource UntagResource UpdateTerminationProtection",
    ),
    (Place::StackInUsEast1, "cloudformation", "DescribeStacks"),
    (
        Place::CodeBucket,
        "s3",
        "CreateBucket DeleteBucket GetBucketOwnershipControls GetBucketPolicy \
         GetBucketPublicAccessBlock GetBucketVersioning GetEncryptionConfiguration ListBucket \
         ListBucketMultipartUploads ListBucketVersions PutBucketOwnershipControls PutBucketPolicy \
         PutBucketPublicAccessBlock PutBucketVersioning PutEncryptionConfiguration",
    ),
    (Place::Code, "s3", "DeleteObject DeleteObjectVersion GetObject PutObject"),
    (Place::Looks, "cloudformation", "DescribeStackDriftDetectionStatus"),
    // Which trail serves is seen from all of them.
    (Place::Looks, "cloudtrail", "GetEventSelectors GetTrailStatus"),
    (Place::Looks, "lambda", "GetAccountSettings"),
    (Place::Looks, "sns", "GetSMSAttributes GetSMSSandboxAccountStatus"),
    (Place::Caller, "iam", "GetRole SimulatePrincipalPolicy"),
    (Place::Key, "kms", "DescribeKey"),
    // Buckets are emptied only on request; what is locked stays.
    (Place::Buckets, "s3", "ListBucketMultipartUploads ListBucketVersions"),
    (Place::Objects, "s3", "AbortMultipartUpload DeleteObject DeleteObjectVersion"),
    (Place::Logs, "logs", "FilterLogEvents"),
    (Place::Functions, "lambda", "GetFunctionConfiguration"),
    // The first sweep.
    (Place::Queues, "sqs", "SendMessage"),
];

/// What IAM knows no resource for, or what is asked of all at once.
///
/// Source: Service Authorization Reference, the services' "Actions"; a test holds it against a copy.
const LOOKS: &str = "cloudtrail:DescribeTrails cloudtrail:ListTrails cloudwatch:DescribeAlarms \
     cloudwatch:ListDashboards events:ListRules iam:ListPolicies iam:ListRoles kms:ListAliases \
     kms:ListKeys lambda:ListEventSourceMappings lambda:ListFunctions logs:DescribeIndexPolicies \
     logs:DescribeLogGroups logs:DescribeResourcePolicies s3:ListAllMyBuckets \
     sns:ListSubscriptions sns:ListTopics sqs:ListQueues";

/// The same, of what writes or is about one thing.
const UNCONFINED: &str = "kms:CreateKey lambda:CreateEventSourceMapping \
     sns:GetSubscriptionAttributes sns:SetSubscriptionAttributes sns:Unsubscribe";

/// What an action is about that CloudFormation needs for a resource.
pub(crate) fn of(action: &str) -> Place {
    let is_among = |actions: &str| actions.split_whitespace().any(|one| one == action);
    if is_among(LOOKS) {
        return Place::Looks;
    }
    if is_among(UNCONFINED) {
        return Place::Unconfined;
    }
    let (service, name) = action.split_once(':').unwrap_or((action, ""));
    match service {
        "cloudtrail" => Place::Trail,
        "cloudwatch" if name.contains("Dashboard") => Place::Dashboards,
        "cloudwatch" => Place::Alarms,
        "events" => Place::Rules,
        "iam" if name == "PassRole" => Place::PassedRoles,
        "iam" if name.contains("Role") => Place::Roles,
        "iam" => Place::Policies,
        "kms" if name.contains("Alias") => Place::KeyNames,
        "kms" => Place::Keys,
        "lambda" if name.contains("EventSourceMapping") => Place::Sources,
        "lambda" => Place::Functions,
        "logs" => Place::Logs,
        // Lambda fetches the code.
        "s3" if ["GetObject", "GetObjectVersion"].contains(&name) => Place::Code,
        "s3" if name.contains("Object") && !name.contains("Lock") => Place::Objects,
        "s3" => Place::Buckets,
        "sns" => Place::Topics,
        "sqs" => Place::Queues,
        // A service that the template does not use yet: a test of the policy finds it.
        _ => Place::Unconfined,
    }
}

impl Place {
    /// The ARNs, with `*` for what nobody knows before.
    pub(crate) fn resources(self, target: &Target) -> Vec<String> {
        let Target { partition, account, region, stack, prefix } = target;
        let part = match stack.as_str().get(..STACK_LENGTH_MAX) {
            Some(beginning) => format!("{beginning}*"),
            None => format!("{stack}-*"),
        };
        let region = region.as_ref().map_or("*", Region::as_str);
        let of = |service: &str, rest: String| {
            format!("arn:{partition}:{service}:{region}:{account}:{rest}")
        };
        let iam = |rest: String| format!("arn:{partition}:iam::{account}:{rest}");
        let s3 = |rest: String| format!("arn:{partition}:s3:::{rest}");
        match self {
            Self::Stack => vec![of("cloudformation", format!("stack/{stack}/*"))],
            Self::StackInUsEast1 => {
                vec![format!("arn:{partition}:cloudformation:us-east-1:{account}:stack/{stack}/*")]
            }
            Self::CodeBucket => vec![s3(format!("s3guard-code-{account}-{region}-an"))],
            Self::Code => vec![s3(format!("s3guard-code-{account}-{region}-an/*"))],
            Self::Looks | Self::Unconfined => vec!["*".to_owned()],
            Self::Caller => vec![iam("role/*".to_owned()), iam("user/*".to_owned())],
            Self::Roles | Self::PassedRoles => vec![iam(format!("role/s3guard/{part}"))],
            Self::Policies => vec![iam(format!("policy/s3guard/{part}"))],
            Self::Key | Self::Keys => vec![of("kms", "key/*".to_owned())],
            Self::KeyNames => {
                vec![of("kms", format!("alias/{stack}")), of("kms", "key/*".to_owned())]
            }
            Self::Buckets => vec![s3(format!("{prefix}-*-{account}-{region}-an"))],
            Self::Objects => vec![s3(format!("{prefix}-*-{account}-{region}-an/*"))],
            Self::Functions => vec![
                of("lambda", format!("function:{part}")),
                of("lambda", "event-source-mapping:*".to_owned()),
            ],
            Self::Sources => vec![of("lambda", "event-source-mapping:*".to_owned())],
            Self::Logs => vec![of("logs", format!("log-group:{part}"))],
            Self::Queues => vec![of("sqs", part)],
            Self::Topics => vec![of("sns", part)],
            Self::Alarms => {
                let alarms = of("cloudwatch", format!("alarm:{part}"));
                [vec![alarms], Self::Dashboards.resources(target)].concat()
            }
            Self::Dashboards => {
                vec![format!("arn:{partition}:cloudwatch::{account}:dashboard/{part}")]
            }
            Self::Rules => vec![of("events", format!("rule/{part}"))],
            Self::Trail => vec![of("cloudtrail", format!("trail/{part}"))],
        }
    }

    /// What else has to hold.
    ///
    /// Whoever may make a role can be anybody: that, and what is done to any key, is done by CloudFormation alone, which
    /// says so in `aws:CalledVia`. Source: AWS IAM User Guide, "AWS global condition context keys".
    pub(crate) fn condition(self) -> Option<Json> {
        let is_for_cloudformation_alone = matches!(
            self,
            Self::Roles | Self::Policies | Self::Keys | Self::KeyNames | Self::Unconfined
        );
        if is_for_cloudformation_alone {
            let called_via = json!({ "aws:CalledVia": "cloudformation.amazonaws.com" });
            return Some(json!({ "ForAnyValue:StringEquals": called_via }));
        }
        (self == Self::PassedRoles)
            .then(|| json!({ "StringEquals": { "iam:PassedToService": "lambda.amazonaws.com" } }))
    }
}
