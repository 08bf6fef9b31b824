//! The parameters of the template, with which it also works when it is uploaded by hand.

use s3guard_posture::config::TrailChoice;
use s3guard_posture::contract::{SETTLE_SECONDS_MAX, parameter};

use crate::cfn::{
    Condition, ConditionHandle, LogicalId, Operand, Parameter, ParameterHandle, ParameterType,
    Rule, Template,
    kind::{Architecture, Arns, KeyArn, PolicyArn, ScheduleExpression, Text},
};

const CODE_BUCKET: LogicalId = LogicalId::new(parameter::CODE_BUCKET);
const CODE_KEY: LogicalId = LogicalId::new(parameter::CODE_KEY);
const CODE_VERSION: LogicalId = LogicalId::new(parameter::CODE_VERSION);
const OPERATOR_ARNS: LogicalId = LogicalId::new(parameter::OPERATOR_ARNS);
const DEPLOYER_ARNS: LogicalId = LogicalId::new(parameter::DEPLOYER_ARNS);
const EARLIER_KEY_ARNS: LogicalId = LogicalId::new(parameter::EARLIER_KEY_ARNS);
const PERMISSIONS_BOUNDARY: LogicalId = LogicalId::new(parameter::PERMISSIONS_BOUNDARY);
const OBJECT_LOCK: LogicalId = LogicalId::new(parameter::OBJECT_LOCK);
const ARCHITECTURE: LogicalId = LogicalId::new(parameter::ARCHITECTURE);
const EMAIL: LogicalId = LogicalId::new(parameter::EMAIL);
const GRADE: LogicalId = LogicalId::new(parameter::GRADE);
const BUCKET_KEY_ARN: LogicalId = LogicalId::new(parameter::BUCKET_KEY_ARN);
const TRAIL_MODE: LogicalId = LogicalId::new(parameter::TRAIL_MODE);
const SETTLE_SECONDS: LogicalId = LogicalId::new(parameter::SETTLE_SECONDS);
const SWEEP_RATE: LogicalId = LogicalId::new(parameter::SWEEP_RATE);
const RESERVED_CONCURRENCY: LogicalId = LogicalId::new(parameter::RESERVED_CONCURRENCY);
const GUARDED_REGIONS: LogicalId = LogicalId::new(parameter::GUARDED_REGIONS);
const BUCKET_PREFIX: LogicalId = LogicalId::new(parameter::BUCKET_PREFIX);
/// The longest bucket prefix: with it, the longest name of a bucket has the 63 characters that S3 accepts.
pub(super) const BUCKET_PREFIX_LENGTH_MAX: u32 = 25;

/// A schedule of EventBridge: one of day-of-month and day-of-week is left open.
///
/// Source: Amazon EventBridge User Guide, "Setting a schedule pattern for scheduled rules (legacy)".
const SWEEP_RATE_PATTERN: &str = concat!(
    r"^(rate\((1 (minute|hour|day)|([2-9]|[1-9]\d+) (minutes|hours|days))\)",
    r"|cron\(\S+ \S+ (\? \S+ \S+|\S+ \S+ \?) \S+\))$",
);

const KEY_FOR_GRADE: LogicalId = LogicalId::new("KeyForGrade");
const OWN_TRAIL: LogicalId = LogicalId::new("OwnTrail");
const HAS_EMAIL: LogicalId = LogicalId::new("HasEmail");
const HAS_CODE_VERSION: LogicalId = LogicalId::new("HasCodeVersion");
const HAS_BUCKET_KEY: LogicalId = LogicalId::new("HasBucketKey");
const HAS_OPERATORS: LogicalId = LogicalId::new("HasOperators");
const NO_OPERATORS: LogicalId = LogicalId::new("NoOperators");
const HAS_DEPLOYERS: LogicalId = LogicalId::new("HasDeployers");
const HAS_EARLIER_KEYS: LogicalId = LogicalId::new("HasEarlierKeys");
const HAS_BOUNDARY: LogicalId = LogicalId::new("HasPermissionsBoundary");
const HAS_OBJECT_LOCK: LogicalId = LogicalId::new("HasObjectLock");
const HAS_RESERVED_CONCURRENCY: LogicalId = LogicalId::new("HasReservedConcurrency");

/// Users, roles and the root user of an account, as `aws:PrincipalArn` has them; `*` matches anything.
const PRINCIPALS_PATTERN: &str =
    r"^$|^arn:aws[a-z-]*:iam::\d{12}:(root|(user|role)/[A-Za-z0-9_+=.@*?/-]+)$";
const PRINCIPALS: &str = "ARNs of IAM users or roles (not of sessions) with commas between them, or empty; * matches anything";

/// The same without the root user, who can assume no role.
///
/// Source: AWS STS API Reference, `AssumeRole`: root users cannot call it.
const OPERATORS_PATTERN: &str =
    r"^$|^arn:aws[a-z-]*:iam::\d{12}:(user|role)/[A-Za-z0-9_+=.@*?/-]+$";
const OPERATORS: &str = "ARNs of IAM users or roles (not of sessions, and not of the root user, who cannot assume a role) \
                         with commas between them, or empty; * matches anything";

/// The parameters, and the conditions on them.
pub(super) struct Parameters {
    pub(super) code_bucket: ParameterHandle<Text>,
    pub(super) code_key: ParameterHandle<Text>,
    pub(super) code_version: ParameterHandle<Text>,
    pub(super) operator_arns: ParameterHandle<Arns>,
    pub(super) deployer_arns: ParameterHandle<Arns>,
    pub(super) earlier_key_arns: ParameterHandle<Arns>,
    pub(super) permissions_boundary: ParameterHandle<PolicyArn>,
    pub(super) architecture: ParameterHandle<Architecture>,
    pub(super) email: ParameterHandle<Text>,
    pub(super) grade: ParameterHandle<Text>,
    pub(super) bucket_key_arn: ParameterHandle<KeyArn>,
    pub(super) settle_seconds: ParameterHandle<Text>,
    pub(super) sweep_rate: ParameterHandle<ScheduleExpression>,
    pub(super) bucket_prefix: ParameterHandle<Text>,
    pub(super) guarded_regions: ParameterHandle<Text>,
    /// The stack creates a trail.
    pub(super) own_trail: ConditionHandle,
    /// An email address is given.
    pub(super) has_email: ConditionHandle,
    /// The version of the code is given.
    pub(super) has_code_version: ConditionHandle,
    /// The stack has a KMS key for buckets.
    pub(super) has_bucket_key: ConditionHandle,
    /// There are operators.
    pub(super) has_operators: ConditionHandle,
    /// There are none.
    pub(super) no_operators: ConditionHandle,
    /// There are deployers.
    pub(super) has_deployers: ConditionHandle,
    /// There are keys of earlier stacks.
    pub(super) has_earlier_keys: ConditionHandle,
    /// The roles have a permissions boundary.
    pub(super) has_boundary: ConditionHandle,
    /// Versions are locked.
    pub(super) has_object_lock: ConditionHandle,
    /// The guard function has concurrent executions of its own.
    pub(super) has_reserved_concurrency: ConditionHandle,
}

/// Adds the parameters, and the rule that connects them.
pub(super) fn add(template: &mut Template) -> Parameters {
    let code_bucket = template.parameter(
        CODE_BUCKET,
        "Code bucket",
        Parameter {
            allowed_pattern: Some("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"),
            constraint_description: Some("the name of a bucket in the stack's Region"),
            ..Parameter::new("The bucket in this Region that has the functions' program.")
        },
    );
    let code_key = template.parameter(
        CODE_KEY,
        "Code key",
        Parameter {
            min_length: Some(1),
            max_length: Some(1_024),
            ..Parameter::new(
                "The key of the functions' program, a zip archive with one file, bootstrap.",
            )
        },
    );
    let architecture = template.parameter(
        ARCHITECTURE,
        "Processor",
        Parameter {
            default: Some("x86_64"),
            allowed_values: &["x86_64", "arm64"],
            ..Parameter::new("The processor architecture that the program was built for.")
        },
    );
    let email = add_email(template);
    let trail_mode = add_trail_mode(template);
    let code_version = add_code_version(template);
    let access = add_access(template);
    let has_email = template.condition(HAS_EMAIL, !Condition::equals(email, ""));
    let own_trail = template.condition(OWN_TRAIL, Condition::equals(trail_mode, "create"));
    let (grade, bucket_key_arn) = add_grade(template);
    let (settle_seconds, sweep_rate) = add_timing(template);
    let bucket_prefix = add_bucket_prefix(template);
    let guarded_regions = add_guarded_regions(template);
    let object_lock = add_object_lock(template);
    let given = |template: &mut Template, id, parameter: Operand| {
        template.condition(id, !Condition::equals(parameter, ""))
    };
    let has_bucket_key = given(template, HAS_BUCKET_KEY, bucket_key_arn.into());
    let has_code_version = given(template, HAS_CODE_VERSION, code_version.into());
    let has_boundary = given(template, HAS_BOUNDARY, access.permissions_boundary.into());
    let has_operators =
        template.condition(HAS_OPERATORS, !Condition::is_empty(access.operator_arns));
    let no_operators = template.condition(NO_OPERATORS, Condition::is_empty(access.operator_arns));
    let has_deployers =
        template.condition(HAS_DEPLOYERS, !Condition::is_empty(access.deployer_arns));
    let has_earlier_keys =
        template.condition(HAS_EARLIER_KEYS, !Condition::is_empty(access.earlier_key_arns));
    let has_object_lock = template.condition(HAS_OBJECT_LOCK, Condition::equals(object_lock, "on"));
    let has_reserved_concurrency = add_reserved_concurrency(template);
    template.group("Protection", &[GRADE, BUCKET_KEY_ARN, OBJECT_LOCK]);
    template.group("Notifications", &[EMAIL]);
    template
        .group("Events", &[TRAIL_MODE, SETTLE_SECONDS, SWEEP_RATE, BUCKET_PREFIX, GUARDED_REGIONS]);
    template
        .group("Access", &[OPERATOR_ARNS, DEPLOYER_ARNS, EARLIER_KEY_ARNS, PERMISSIONS_BOUNDARY]);
    template.group(
        "Program",
        &[CODE_BUCKET, CODE_KEY, CODE_VERSION, ARCHITECTURE, RESERVED_CONCURRENCY],
    );
    let Access { operator_arns, deployer_arns, earlier_key_arns, permissions_boundary } = access;
    Parameters {
        code_bucket,
        code_key,
        code_version,
        operator_arns,
        deployer_arns,
        earlier_key_arns,
        permissions_boundary,
        architecture,
        email,
        grade,
        bucket_key_arn,
        settle_seconds,
        sweep_rate,
        bucket_prefix,
        guarded_regions,
        own_trail,
        has_email,
        has_code_version,
        has_bucket_key,
        has_operators,
        no_operators,
        has_deployers,
        has_earlier_keys,
        has_boundary,
        has_object_lock,
        has_reserved_concurrency,
    }
}

fn add_email(template: &mut Template) -> ParameterHandle<Text> {
    template.parameter(
        EMAIL,
        "Email address",
        Parameter {
            default: Some(""),
            allowed_pattern: Some(r"^$|^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$"),
            constraint_description: Some("an email address, or empty"),
            ..Parameter::new("The email address to notify, which SNS asks to confirm. Empty: none.")
        },
    )
}

fn add_trail_mode(template: &mut Template) -> ParameterHandle<Text> {
    template.parameter(
        TRAIL_MODE,
        "Trail",
        Parameter {
            default: Some(TrailChoice::default().name()),
            allowed_values: &["create", "existing"],
            ..Parameter::new(
                "Whether to create a trail, or to use an existing one that records write management events \
                 of this Region. A second trail costs 2 USD per 100,000 events.",
            )
        },
    )
}

fn add_bucket_prefix(template: &mut Template) -> ParameterHandle<Text> {
    template.parameter(
        BUCKET_PREFIX,
        "Bucket prefix",
        Parameter {
            default: Some("s3guard"),
            // Two hyphens in a row are not accepted by CloudTrail.
            allowed_pattern: Some("^[a-z0-9](-?[a-z0-9])*$"),
            constraint_description: Some(
                "2 to 25 characters of a-z, 0-9 and single hyphens between them",
            ),
            min_length: Some(2),
            max_length: Some(BUCKET_PREFIX_LENGTH_MAX),
            ..Parameter::new(
                "The prefix of the names of the stack's trail and of its own buckets, which are retained when the stack \
                 is deleted. If you upload the template by hand, delete those of an earlier stack first, or choose \
                 another prefix.",
            )
        },
    )
}

fn add_guarded_regions(template: &mut Template) -> ParameterHandle<Text> {
    template.parameter(
        GUARDED_REGIONS,
        "Regions with a guard",
        Parameter {
            default: Some(""),
            allowed_pattern: Some(r"^$|^[a-z]+(-[a-z]+)+-\d(,[a-z]+(-[a-z]+)+-\d)*$"),
            constraint_description: Some("codes of Regions with commas between them, or empty"),
            ..Parameter::new(
                "The Regions that have a guard, also this one: buckets in others are reported. Empty: only this one. \
                 s3guard deploy sets it.",
            )
        },
    )
}

fn add_code_version(template: &mut Template) -> ParameterHandle<Text> {
    template.parameter(
        CODE_VERSION,
        "Code version",
        Parameter {
            default: Some(""),
            max_length: Some(1_024),
            ..Parameter::new(
                "The version of the functions' program in its bucket, so that no other upload runs. Empty: the latest.",
            )
        },
    )
}

/// Who may do what.
#[derive(Clone, Copy)]
struct Access {
    operator_arns: ParameterHandle<Arns>,
    deployer_arns: ParameterHandle<Arns>,
    earlier_key_arns: ParameterHandle<Arns>,
    permissions_boundary: ParameterHandle<PolicyArn>,
}

fn add_access(template: &mut Template) -> Access {
    let principals = |description| Parameter {
        r#type: ParameterType::CommaDelimitedList,
        default: Some(""),
        allowed_pattern: Some(PRINCIPALS_PATTERN),
        constraint_description: Some(PRINCIPALS),
        ..Parameter::new(description)
    };
    let operators = Parameter {
        allowed_pattern: Some(OPERATORS_PATTERN),
        constraint_description: Some(OPERATORS),
        ..principals(
            "Principals that may assume the operator role: to undo remediations, to process dead letters again and to verify \
             the guard. Empty: there is no such role.",
        )
    };
    let deployers = principals(
        "Principals that deploy this stack: only they, and the account's root user, can change the settings of its buckets, \
         queues, topics and key. Empty: those settings are not locked.",
    );
    let earlier_keys = Parameter {
        r#type: ParameterType::CommaDelimitedList,
        default: Some(""),
        allowed_pattern: Some(r"^$|^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$"),
        constraint_description: Some("ARNs of KMS keys with commas between them, or empty"),
        ..Parameter::new(
            "Keys of earlier stacks whose ledger this stack takes over: what they encrypt there counts as well. \
             s3guard deploy sets it.",
        )
    };
    let boundary = Parameter {
        default: Some(""),
        allowed_pattern: Some(r"^$|^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[A-Za-z0-9_+=,.@/-]+$"),
        constraint_description: Some("the ARN of an IAM policy, or empty"),
        ..Parameter::new("The permissions boundary of the stack's roles. Empty: none.")
    };
    Access {
        operator_arns: template.parameter(OPERATOR_ARNS, "Operators", operators),
        deployer_arns: template.parameter(DEPLOYER_ARNS, "Deployers", deployers),
        earlier_key_arns: template.parameter(EARLIER_KEY_ARNS, "Earlier keys", earlier_keys),
        permissions_boundary: template.parameter(
            PERMISSIONS_BOUNDARY,
            "Permissions boundary",
            boundary,
        ),
    }
}

fn add_object_lock(template: &mut Template) -> ParameterHandle<Text> {
    template.parameter(
        OBJECT_LOCK,
        "Object lock",
        Parameter {
            default: Some("off"),
            allowed_values: &["off", "on"],
            ..Parameter::new(
                "Whether each version in the ledger and in the trail's bucket is locked for 400 days (governance mode). S3 \
                 cannot turn it off again.",
            )
        },
    )
}

fn add_reserved_concurrency(template: &mut Template) -> ConditionHandle {
    let reserved: ParameterHandle<Text> = template.parameter(
        RESERVED_CONCURRENCY,
        "Reserved concurrency",
        Parameter {
            default: Some("off"),
            allowed_values: &["off", "on"],
            ..Parameter::new(
                "Whether the guard function has its five concurrent executions for itself, so that other functions of the \
                 account cannot use them up. Lambda needs 100 that are not reserved besides.",
            )
        },
    );
    template.condition(HAS_RESERVED_CONCURRENCY, Condition::equals(reserved, "on"))
}

fn add_grade(template: &mut Template) -> (ParameterHandle<Text>, ParameterHandle<KeyArn>) {
    let grade = template.parameter(
        GRADE,
        "Grade",
        Parameter {
            default: Some("speed"),
            allowed_values: &["speed", "hybrid", "security"],
            ..Parameter::new(
                "How buckets are protected. speed: SSE-S3. hybrid: your KMS key, with a bucket key. \
                 security: your KMS key, in two layers (DSSE-KMS).",
            )
        },
    );
    let key = template.parameter(
        BUCKET_KEY_ARN,
        "KMS key for buckets",
        Parameter {
            default: Some(""),
            allowed_pattern: Some(r"^$|^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$"),
            constraint_description: Some("the ARN of a KMS key (not of an alias), or empty"),
            ..Parameter::new(
                "The ARN of your KMS key for buckets, which the grades hybrid and security need.",
            )
        },
    );
    template.rule(
        KEY_FOR_GRADE,
        Rule {
            when: !Condition::equals(grade, "speed"),
            assert: !Condition::equals(key, ""),
            description: "The grades hybrid and security need BucketKeyArn, the ARN of your KMS key.",
        },
    );
    (grade, key)
}

fn add_timing(
    template: &mut Template,
) -> (ParameterHandle<Text>, ParameterHandle<ScheduleExpression>) {
    let settle_seconds = template.parameter(
        SETTLE_SECONDS,
        "Settle time",
        Parameter {
            r#type: ParameterType::Number,
            default: Some("15"),
            min_value: Some(0),
            max_value: Some(i64::from(SETTLE_SECONDS_MAX)),
            ..Parameter::new(
                "How long a new bucket is left unchanged, in seconds: its creator may still be configuring it.",
            )
        },
    );
    let sweep_rate = template.parameter(
        SWEEP_RATE,
        "Sweep schedule",
        Parameter {
            default: Some("rate(6 hours)"),
            allowed_pattern: Some(SWEEP_RATE_PATTERN),
            constraint_description: Some(
                "rate(6 hours), rate(1 day) or cron(0 3 * * ? *), as EventBridge accepts them",
            ),
            ..Parameter::new(
                "How often all buckets are checked, also for changes that no event reported.",
            )
        },
    );
    (settle_seconds, sweep_rate)
}
