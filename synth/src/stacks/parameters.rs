//! What is asked when the stack is made, so that the template also works when it is uploaded by hand.

use s3guard_posture::config::TrailChoice;
use s3guard_posture::contract::{SETTLE_SECONDS_MAX, parameter};

use crate::cfn::{
    Assertion, Assertions, Condition, ConditionHandle, LogicalId, Parameter, ParameterGroup,
    ParameterHandle, ParameterType, Template,
    kind::{Architecture, KeyArn, ScheduleExpression, Text},
};

const CODE_BUCKET: LogicalId = LogicalId::new(parameter::CODE_BUCKET);
const CODE_KEY: LogicalId = LogicalId::new(parameter::CODE_KEY);
const ARCHITECTURE: LogicalId = LogicalId::new(parameter::ARCHITECTURE);
const EMAIL: LogicalId = LogicalId::new(parameter::EMAIL);
const GRADE: LogicalId = LogicalId::new(parameter::GRADE);
const BUCKET_KEY_ARN: LogicalId = LogicalId::new(parameter::BUCKET_KEY_ARN);
const TRAIL_MODE: LogicalId = LogicalId::new(parameter::TRAIL_MODE);
const SETTLE_SECONDS: LogicalId = LogicalId::new(parameter::SETTLE_SECONDS);
const SWEEP_RATE: LogicalId = LogicalId::new(parameter::SWEEP_RATE);
pub(super) const BUCKET_PREFIX: LogicalId = LogicalId::new(parameter::BUCKET_PREFIX);
/// As its pattern says.
pub(super) const BUCKET_PREFIX_LENGTH_MAX: usize = 25;

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

/// The answers.
pub(super) struct Parameters {
    pub(super) code_bucket: ParameterHandle<Text>,
    pub(super) code_key: ParameterHandle<Text>,
    pub(super) architecture: ParameterHandle<Architecture>,
    pub(super) email: ParameterHandle<Text>,
    pub(super) grade: ParameterHandle<Text>,
    pub(super) bucket_key_arn: ParameterHandle<KeyArn>,
    pub(super) settle_seconds: ParameterHandle<Text>,
    pub(super) sweep_rate: ParameterHandle<ScheduleExpression>,
    pub(super) bucket_prefix: ParameterHandle<Text>,
    /// The stack makes a trail of its own.
    pub(super) own_trail: ConditionHandle,
    /// There is somebody to write to.
    pub(super) has_email: ConditionHandle,
}

/// Adds the parameters, and what has to be so among them.
pub(super) fn add(template: &mut Template) -> Parameters {
    let code_bucket = template.parameter(
        CODE_BUCKET,
        "Bucket of the program",
        Parameter {
            allowed_pattern: Some("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"),
            constraint_description: Some("the name of a bucket in the stack's region"),
            ..Parameter::new("The bucket, in this region, with the functions' program.")
        },
    );
    let code_key = template.parameter(
        CODE_KEY,
        "Key of the program",
        Parameter {
            min_length: Some(1),
            max_length: Some(1_024),
            ..Parameter::new("The key of the functions' program: a zip with one file, bootstrap.")
        },
    );
    let architecture = template.parameter(
        ARCHITECTURE,
        "Processor",
        Parameter {
            default: Some("x86_64"),
            allowed_values: vec!["x86_64", "arm64"],
            ..Parameter::new("The processor that the program was built for.")
        },
    );
    let email = template.parameter(
        EMAIL,
        "Mail address",
        Parameter {
            default: Some(""),
            allowed_pattern: Some(r"^$|^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$"),
            constraint_description: Some("a mail address, or nothing"),
            ..Parameter::new("Who gets mails; SNS asks for confirmation first. Empty: nobody.")
        },
    );
    let trail_mode = template.parameter::<Text>(
        TRAIL_MODE,
        "Trail",
        Parameter {
            default: Some(TrailChoice::default().name()),
            allowed_values: vec!["create", "existing"],
            ..Parameter::new(
                "Whether to make a trail, or to use one there is: it has to record write management events \
                 of this region. A second trail costs 2 USD per 100,000 events.",
            )
        },
    );
    let has_email = template.condition(HAS_EMAIL, !Condition::equals(email, ""));
    let own_trail = template.condition(OWN_TRAIL, Condition::equals(trail_mode, "create"));
    let (grade, bucket_key_arn) = add_grade(template);
    let timing = add_timing(template);
    let bucket_prefix = template.parameter(
        BUCKET_PREFIX,
        "Prefix of buckets",
        Parameter {
            default: Some("s3guard"),
            allowed_pattern: Some("^[a-z0-9][a-z0-9-]{1,24}$"),
            constraint_description: Some("2 to 25 of a-z, 0-9 and -, not beginning with -"),
            ..Parameter::new(
                "What the names of the stack's own buckets begin with. They stay when a stack goes: \
                 where you upload the template by hand, those of an earlier stack must be gone first, or give another prefix.",
            )
        },
    );
    template.group(ParameterGroup::new("Protection").with(grade).with(bucket_key_arn));
    template.group(ParameterGroup::new("Notices").with(email));
    template.group(
        ParameterGroup::new("Events")
            .with(trail_mode)
            .with(timing.settle_seconds)
            .with(timing.sweep_rate)
            .with(bucket_prefix),
    );
    template
        .group(ParameterGroup::new("Program").with(code_bucket).with(code_key).with(architecture));
    Parameters {
        code_bucket,
        code_key,
        architecture,
        email,
        grade,
        bucket_key_arn,
        settle_seconds: timing.settle_seconds,
        sweep_rate: timing.sweep_rate,
        bucket_prefix,
        own_trail,
        has_email,
    }
}

fn add_grade(template: &mut Template) -> (ParameterHandle<Text>, ParameterHandle<KeyArn>) {
    let grade = template.parameter(
        GRADE,
        "Grade",
        Parameter {
            default: Some("speed"),
            allowed_values: vec!["speed", "hybrid", "security"],
            ..Parameter::new(
                "How buckets are protected. speed: SSE-S3. hybrid: a KMS key of yours and a bucket key. \
                 security: a KMS key of yours, in two layers (DSSE).",
            )
        },
    );
    let key = template.parameter(
        BUCKET_KEY_ARN,
        "Key for buckets",
        Parameter {
            default: Some(""),
            allowed_pattern: Some(r"^$|^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$"),
            constraint_description: Some("the ARN of a KMS key (not of an alias), or nothing"),
            ..Parameter::new("The ARN of the KMS key for buckets, from the grade hybrid on.")
        },
    );
    let key_is_given = Assertion {
        assert: !Condition::equals(key, ""),
        description: "The grades hybrid and security need BucketKeyArn, a KMS key of yours.",
    };
    template.rule(
        KEY_FOR_GRADE,
        Assertions {
            when: Some(!Condition::equals(grade, "speed")),
            assertions: vec![key_is_given],
        },
    );
    (grade, key)
}

struct Timing {
    settle_seconds: ParameterHandle<Text>,
    sweep_rate: ParameterHandle<ScheduleExpression>,
}

fn add_timing(template: &mut Template) -> Timing {
    let settle_seconds = template.parameter(
        SETTLE_SECONDS,
        "Settle time",
        Parameter {
            r#type: ParameterType::Number,
            default: Some("15"),
            min_value: Some(0),
            max_value: Some(i64::from(SETTLE_SECONDS_MAX)),
            ..Parameter::new(
                "How old a new bucket is, in seconds, before it is touched: who made it may still be at it.",
            )
        },
    );
    let sweep_rate = template.parameter(
        SWEEP_RATE,
        "Sweep",
        Parameter {
            default: Some("rate(6 hours)"),
            allowed_pattern: Some(SWEEP_RATE_PATTERN),
            constraint_description: Some(
                "rate(6 hours), rate(1 day) or cron(0 3 * * ? *), as EventBridge takes them",
            ),
            ..Parameter::new("How often all buckets are looked at, whether an event told or not.")
        },
    );
    Timing { settle_seconds, sweep_rate }
}
