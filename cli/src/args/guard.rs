//! The settings of the guard that become parameters of the stack, checked before anything is changed.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow};
use s3guard_posture::config::{Config, TrailChoice};
use s3guard_posture::contract::parameter;
use s3guard_posture::{Grade, KeyArn, Region, StackName};
use s3guard_synth::cfn::{Parameter, ParameterType};
use s3guard_synth::stacks;

use crate::args::parsed;
use crate::config_file::NEEDS_KEY;
use crate::error::{Advice as _, Invalid};
use crate::exit::Exit;

/// The settings of the guard. A setting that is not given keeps its value, or has the template's default.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Guard")]
pub(crate) struct GuardArgs {
    /// Email address to notify of findings and changed objects (SNS asks it to confirm); pass `''` to remove it
    #[arg(long, value_name = "ADDRESS", env = "S3GUARD_EMAIL")]
    #[arg(value_parser = declared(parameter::EMAIL))]
    email: Option<String>,

    /// Protection of the buckets: `speed`, `hybrid` or `security` [new stacks: speed]
    #[arg(long, value_name = "GRADE", env = "S3GUARD_GRADE", value_parser = grade)]
    grade: Option<Grade>,

    /// KMS key for the buckets, for the grades `hybrid` and `security`; in the stack's Region
    #[arg(long, value_name = "ARN", env = "S3GUARD_KEY", value_parser = key)]
    key: Option<KeyArn>,

    /// Trail for the events: `create` one, use an `existing` one, or `auto`: use an existing one if it records what the
    /// guard needs, otherwise create one [new stacks: create]
    #[arg(long, value_name = "TRAIL", env = "S3GUARD_TRAIL", value_parser = trail)]
    pub(crate) trail: Option<TrailChoice>,

    /// Age of a new bucket before it is changed [new stacks: 15]
    #[arg(long, value_name = "SECONDS", value_parser = declared(parameter::SETTLE_SECONDS))]
    settle_seconds: Option<String>,

    /// Schedule of the sweep over all buckets, such as `rate(6 hours)` or `cron(0 3 * * ? *)`
    #[arg(long, value_name = "EXPRESSION", value_parser = declared(parameter::SWEEP_RATE))]
    sweep_rate: Option<String>,

    /// Prefix of the names of the stack's own buckets [new stacks: the stack's name]
    #[arg(long, value_name = "PREFIX", value_parser = declared(parameter::BUCKET_PREFIX))]
    bucket_prefix: Option<String>,

    /// IAM role or user that may assume the operator role, to undo, to redrive and to verify; can be repeated, and replaces
    /// those of the stack; `*` matches anything; pass `''` to remove the role
    #[arg(long = "operator", value_name = "ARN")]
    #[arg(value_parser = declared(parameter::OPERATOR_ARNS))]
    operators: Vec<String>,

    /// Permissions boundary of the stack's roles; pass `''` to remove it
    #[arg(long, value_name = "ARN", value_parser = declared(parameter::PERMISSIONS_BOUNDARY))]
    permissions_boundary: Option<String>,
}

impl GuardArgs {
    /// The grade and the key of buckets, completed by the configuration.
    pub(crate) fn wanted(
        &self,
        config: &Config,
        region: &Region,
    ) -> (Option<Grade>, Option<KeyArn>) {
        let all = self.over(config, region);
        (all.grade, all.key)
    }

    /// The flags, completed by the configuration.
    pub(crate) fn over(&self, config: &Config, region: &Region) -> Self {
        let mut keys = config.keys().filter(|key| key.region() == region);
        Self {
            grade: self.grade.or(config.grade()),
            key: self.key.clone().or_else(|| keys.next().cloned()),
            settle_seconds: (self.settle_seconds.clone())
                .or_else(|| config.settle_seconds().map(|seconds| seconds.to_string())),
            trail: self.trail.or(config.deploy().trail),
            ..self.clone()
        }
    }

    /// The stack's parameters: the given settings, else those of the stack (`previous`), else the defaults (omitted).
    pub(crate) fn parameters(
        &self,
        stack: &StackName,
        region: &Region,
        previous: &BTreeMap<String, String>,
    ) -> anyhow::Result<BTreeMap<String, String>> {
        let mut parameters = previous.clone();
        let given = [
            (parameter::EMAIL, self.email.clone()),
            (parameter::GRADE, self.grade.map(|grade| grade.to_string())),
            (parameter::BUCKET_KEY_ARN, self.key.as_ref().map(ToString::to_string)),
            (parameter::TRAIL_MODE, self.trail.and_then(mode).map(str::to_owned)),
            (parameter::SETTLE_SECONDS, self.settle_seconds.clone()),
            (parameter::SWEEP_RATE, self.sweep_rate.clone()),
            (parameter::BUCKET_PREFIX, self.bucket_prefix.clone()),
            (parameter::OPERATOR_ARNS, operators(&self.operators)),
            (parameter::PERMISSIONS_BOUNDARY, self.permissions_boundary.clone()),
        ];
        let given = given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        parameters.extend(given);
        if !parameters.contains_key(parameter::BUCKET_PREFIX) {
            parameters.insert(parameter::BUCKET_PREFIX.to_owned(), prefix_of(stack)?);
        }
        self.check_key(region, &parameters)?;
        check_names(&parameters[parameter::BUCKET_PREFIX], region)?;
        Ok(parameters)
    }

    /// A grade that needs a key has one, in the stack's Region.
    fn check_key(
        &self,
        region: &Region,
        parameters: &BTreeMap<String, String>,
    ) -> anyhow::Result<()> {
        let grade = parameters.get(parameter::GRADE).and_then(|grade| grade.parse().ok());
        let grade: Grade = grade.unwrap_or_default();
        if grade.needs_key() && !has_key(parameters) {
            return Err(anyhow!("grade `{grade}` needs a KMS key"))
                .hint(NEEDS_KEY)
                .exit(Exit::Usage);
        }
        match &self.key {
            Some(key) if key.region() != region => {
                Err(anyhow!("key `{key}` is in `{}`, the stack is in `{region}`", key.region()))
                    .hint(format!("give a key of `{region}`: a bucket accepts no other"))
                    .exit(Exit::Usage)
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// The value of the parameter, if an operator is given.
fn operators(given: &[String]) -> Option<String> {
    let named: Vec<&str> =
        given.iter().map(String::as_str).filter(|operator| !operator.is_empty()).collect();
    (!given.is_empty()).then(|| named.join(","))
}

/// The warning about a rule that needs a missing key.
pub(crate) fn rule_advice(
    config: &Config,
    region: &Region,
    parameters: &BTreeMap<String, String>,
) -> Option<String> {
    let strongest = config.strongest_grade();
    (strongest.needs_key() && !has_key(parameters)).then(|| {
        format!(
            "a rule requires grade `{strongest}` and `[keys]` has no key for `{region}`: the encryption of its buckets is \
             reported and not changed"
        )
    })
}

fn has_key(parameters: &BTreeMap<String, String>) -> bool {
    parameters.get(parameter::BUCKET_KEY_ARN).is_some_and(|key| !key.is_empty())
}

/// Refuses a prefix with which S3 does not accept the names of the stack's buckets; the template's pattern refuses what S3
/// and CloudTrail accept in no Region.
///
/// Source: Amazon S3 User Guide, "General purpose bucket naming rules".
fn check_names(prefix: &str, region: &Region) -> anyhow::Result<()> {
    const RESERVED: [&str; 2] = ["sthree-", "amzn-s3-demo-"];
    const LENGTH_MAX: usize = 63;
    let bucket = format!("{prefix}-ledger-{}-{region}-an", "0".repeat(12));
    let problem = if RESERVED.iter().any(|reserved| bucket.starts_with(reserved)) {
        "S3 reserves this beginning of a name".to_owned()
    } else if bucket.len() > LENGTH_MAX {
        let room = (LENGTH_MAX + prefix.len()).saturating_sub(bucket.len());
        format!("in `{region}` it can have at most {room} characters")
    } else {
        return Ok(());
    };
    Err(anyhow!("`{prefix}` cannot be a prefix of bucket names: {problem}"))
        .hint("choose a prefix with `--bucket-prefix`")
        .exit(Exit::Usage)
}

/// The parameter's value for a choice; `auto` is resolved before.
fn mode(choice: TrailChoice) -> Option<&'static str> {
    match choice {
        TrailChoice::Auto => None,
        TrailChoice::Create | TrailChoice::Existing => Some(choice.name()),
    }
}

pub(crate) fn trail(text: &str) -> Result<TrailChoice, Invalid> {
    TrailChoice::ALL.into_iter().find(|choice| choice.name() == text).ok_or_else(|| {
        let problem = format!("`{text}` is not a trail setting");
        Invalid::new(problem, "choose `auto`, `create` or `existing`")
    })
}

/// The default prefix: the stack's name, so that two stacks do not need the same bucket.
pub(crate) fn prefix_of(stack: &StackName) -> anyhow::Result<String> {
    let prefix = stack.as_str().to_ascii_lowercase();
    declared(parameter::BUCKET_PREFIX)(&prefix)
        .with_context(|| format!("the name `{stack}` cannot be a prefix of bucket names"))
        .hint("choose a prefix with `--bucket-prefix`")
        .exit(Exit::Usage)
}

/// Checks a value as the template does.
pub(crate) fn declared(
    name: &'static str,
) -> impl Fn(&str) -> Result<String, Invalid> + Clone + Send + Sync {
    move |text| {
        let template = stacks::guard();
        let declared = template.parameters().find(|(id, _)| id.as_str() == name);
        declared.map_or(Ok(()), |(_, declared)| {
            allowed(text, declared).map_err(|problem| {
                Invalid::new(
                    format!("`{text}` is not allowed: {problem}"),
                    format!("`{name}`: {}", declared.description),
                )
            })
        })?;
        Ok(text.to_owned())
    }
}

/// Whether the template accepts the value.
///
/// Source: AWS CloudFormation User Guide, "CloudFormation template Parameters syntax".
pub(crate) fn allowed(value: &str, declared: &Parameter) -> Result<(), String> {
    let values = &declared.allowed_values;
    if !values.is_empty() && !values.contains(&value) {
        return Err(format!("it takes {}", values.join(", ")));
    }
    if declared.r#type == ParameterType::CommaDelimitedList && value.contains(',') {
        return value.split(',').try_for_each(|one| allowed(one.trim(), declared));
    }
    if let Some(pattern) = declared.allowed_pattern
        // A pattern of another dialect is left to CloudFormation, which checks it before it changes anything.
        && let Ok(expression) = regex_lite::Regex::new(&format!("^(?:{pattern})$"))
        && !expression.is_match(value)
    {
        return Err(format!("it takes {}", declared.constraint_description.unwrap_or(pattern)));
    }
    let limits = match declared.r#type {
        ParameterType::Number => {
            let number: i64 = value.parse().map_err(|_| "it takes a number")?;
            let least = declared.min_value.unwrap_or(i64::MIN);
            let most = declared.max_value.unwrap_or(i64::MAX);
            let is_within = (least..=most).contains(&number);
            (!is_within).then(|| format!("a number from {least} to {most}"))
        }
        ParameterType::String | ParameterType::CommaDelimitedList => {
            let length = u32::try_from(value.chars().count()).unwrap_or(u32::MAX);
            let least = declared.min_length.unwrap_or(0);
            let most = declared.max_length.unwrap_or(u32::MAX);
            let is_within = (least..=most).contains(&length);
            (!is_within).then(|| format!("from {least} to {most} characters"))
        }
    };
    limits.map_or(Ok(()), |limits| Err(format!("it takes {limits}")))
}

pub(crate) fn grade(text: &str) -> Result<Grade, Invalid> {
    parsed("`speed` uses SSE-S3, `hybrid` SSE-KMS with your key, `security` DSSE-KMS with your key")(
        text,
    )
}

pub(crate) fn key(text: &str) -> Result<KeyArn, Invalid> {
    parsed("`aws kms describe-key --key-id alias/NAME --query KeyMetadata.Arn` prints it")(text)
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[track_caller]
    fn check<T: fmt::Debug>(
        parse: impl Fn(&str) -> Result<T, Invalid>,
        good: &[&str],
        bad: &[&str],
    ) {
        for text in good {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in bad {
            let invalid = parse(text).unwrap_err();
            assert!(!invalid.hint.is_empty() && invalid.problem.contains('`'), "{text}: {invalid}");
        }
    }

    #[test]
    fn wrong_values_are_refused_before_anything_is_done() {
        check(
            declared(parameter::EMAIL),
            &["a@b.example", "first.last+s3@mail.example.org", ""],
            &[" ", "a", "a@", "@b.c", "a@b", "a@@b.c", "a b@c.d", "a@b..c", "a@b.c\n"],
        );
        check(
            declared(parameter::SWEEP_RATE),
            &[
                "rate(1 hour)",
                "rate(6 hours)",
                "rate(2 days)",
                "cron(0 3 * * ? *)",
                "cron(0/15 8-17 ? * MON-FRI *)",
            ],
            &[
                "",
                "6 hours",
                "rate(6 hour)",
                "rate(1 hours)",
                "rate(0 hours)",
                "rate(1.5 hours)",
                "rate(6 hours",
                "cron(0 3 * * *)",
                "cron(0 3 * * * *)",
                "every(1 hour)",
            ],
        );
        check(declared(parameter::SETTLE_SECONDS), &["0", "15", "900"], &["", "-1", "901", "15s"]);
        check(
            declared(parameter::BUCKET_PREFIX),
            &["ab", "s3guard", "a-1", "abcdefghijklmnopqrstuvwxy"],
            &["a", "-a", "a-", "a--b", "A1", "a_b", "a.b", "abcdefghijklmnopqrstuvwxyz"],
        );
        check(trail, &["auto", "create", "existing"], &["", "Auto", "own"]);
        check(grade, &["speed", "hybrid", "security"], &["", "Speed", "1"]);
        check(
            key,
            &["arn:aws:kms:eu-west-1:111122223333:key/1234abcd"],
            &["alias/x", "1234abcd", "arn:aws:kms:eu-west-1:111122223333:alias/x"],
        );
    }

    #[test]
    fn principals_are_roles_and_users_and_not_sessions() {
        let role =
            "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Ops_*";
        check(
            declared(parameter::OPERATOR_ARNS),
            &["", role, "arn:aws-cn:iam::111122223333:user/ann"],
            &[
                "*",
                "arn:aws:iam::111122223333:root",
                "ops",
                "arn:aws:iam::111122223333:*",
                "arn:aws:sts::111122223333:assumed-role/ops/ann",
            ],
        );
        let list = format!("{role}, arn:aws:iam::111122223333:user/ann");
        check(
            declared(parameter::DEPLOYER_ARNS),
            &[&list, "arn:aws:iam::111122223333:root"],
            &["arn:aws:iam::111122223333:user/ann,ops"],
        );
        check(
            declared(parameter::PERMISSIONS_BOUNDARY),
            &[
                "",
                "arn:aws:iam::111122223333:policy/a/b",
                "arn:aws:iam::aws:policy/PowerUserAccess",
            ],
            &["b", "arn:aws:iam::111122223333:role/b"],
        );
    }

    #[test]
    fn operators_replace_those_of_the_stack_and_can_be_removed() {
        let of = |operators: &[&str]| {
            let operators = operators.iter().map(|one| (*one).to_owned()).collect();
            let args = GuardArgs { operators, ..GuardArgs::default() };
            parameters(&args, "s3guard", &[("BucketPrefix", "p"), ("OperatorArns", "arn:x")])
        };
        assert_eq!(of(&[]), Ok("BucketPrefix=p OperatorArns=arn:x".to_owned()));
        assert_eq!(
            of(&["arn:a", "arn:b"]),
            Ok("BucketPrefix=p OperatorArns=arn:a,arn:b".to_owned())
        );
        assert_eq!(of(&[""]), Ok("BucketPrefix=p OperatorArns=".to_owned()));
    }

    fn parameters(
        args: &GuardArgs,
        stack: &str,
        previous: &[(&str, &str)],
    ) -> Result<String, String> {
        let previous = previous
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let region = "eu-west-1".parse().unwrap();
        let parameters = args
            .parameters(&stack.parse().unwrap(), &region, &previous)
            .map_err(|error| format!("{error}"))?;
        let shown: Vec<_> =
            parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Ok(shown.join(" "))
    }

    #[test]
    fn a_new_stack_gets_what_is_given_and_the_defaults_of_the_template() {
        let args = GuardArgs { email: Some("a@b.example".to_owned()), ..GuardArgs::default() };
        assert_eq!(
            parameters(&args, "Prod", &[]),
            Ok("BucketPrefix=prod Email=a@b.example".to_owned())
        );
    }

    #[test]
    fn what_is_not_given_stays_as_the_stack_has_it() {
        let args = GuardArgs { settle_seconds: Some("0".to_owned()), ..GuardArgs::default() };
        let previous = [("Email", "a@b.example"), ("BucketPrefix", "old"), ("SettleSeconds", "15")];
        assert_eq!(
            parameters(&args, "s3guard", &previous),
            Ok("BucketPrefix=old Email=a@b.example SettleSeconds=0".to_owned())
        );
    }

    #[test]
    fn a_grade_that_needs_a_key_has_one_from_the_caller_or_from_before() {
        let hybrid = GuardArgs { grade: Some(Grade::Hybrid), ..GuardArgs::default() };
        let refused = Err("grade `hybrid` needs a KMS key".to_owned());
        assert_eq!(parameters(&hybrid, "s3guard", &[]), refused);
        assert_eq!(parameters(&hybrid, "s3guard", &[("BucketKeyArn", "")]), refused);
        assert!(parameters(&hybrid, "s3guard", &[("BucketKeyArn", "arn:…")]).is_ok());
        let as_before = GuardArgs::default();
        assert_eq!(parameters(&as_before, "s3guard", &[("Grade", "hybrid")]), refused);
    }

    #[test]
    fn an_address_can_be_taken_away() {
        let args = GuardArgs { email: Some(String::new()), ..GuardArgs::default() };
        let previous = [("BucketPrefix", "p"), ("Email", "a@b.example")];
        let cleared = Ok("BucketPrefix=p Email=".to_owned());
        assert_eq!(parameters(&args, "s3guard", &previous), cleared);
    }

    #[test]
    fn names_that_cloudtrail_or_s3_refuses_are_refused_before_anything_is_deployed() {
        let of = |stack: &str, prefix: Option<&str>| {
            let bucket_prefix = prefix.map(str::to_owned);
            parameters(&GuardArgs { bucket_prefix, ..GuardArgs::default() }, stack, &[])
        };
        // The trail has the prefix in its name, not the stack's name.
        for stack in ["a--b", "a-"] {
            let problem = of(stack, None).unwrap_err();
            assert!(problem.contains("cannot be a prefix of bucket names"), "{problem}");
            assert_eq!(of(stack, Some("ab")), Ok("BucketPrefix=ab".to_owned()));
        }
        for reserved in ["sthree-a", "amzn-s3-demo-a"] {
            let problem = of("s", Some(reserved)).unwrap_err();
            assert!(problem.ends_with("S3 reserves this beginning of a name"), "{problem}");
        }
        let long = "p".repeat(25);
        let in_region = |region: &str| check_names(&long, &region.parse().unwrap());
        assert!(in_region("ap-southeast-1").is_ok(), "63 characters");
        let problem = in_region("ap-southeasterly-1").unwrap_err().to_string();
        assert!(problem.ends_with("it can have at most 21 characters"), "{problem}");
    }

    #[test]
    fn a_key_of_another_region_is_refused() {
        let key: KeyArn = "arn:aws:kms:us-east-1:111122223333:key/1".parse().unwrap();
        let args = GuardArgs { key: Some(key), ..GuardArgs::default() };
        let problem = parameters(&args, "s3guard", &[]).unwrap_err();
        assert!(problem.ends_with("is in `us-east-1`, the stack is in `eu-west-1`"), "{problem}");
    }

    #[test]
    fn a_stacks_name_that_cannot_begin_a_buckets_name_needs_a_prefix() {
        let long = "a-name-of-more-than-25-chars";
        assert!(parameters(&GuardArgs::default(), long, &[]).is_err());
        let args = GuardArgs { bucket_prefix: Some("short".to_owned()), ..GuardArgs::default() };
        assert_eq!(parameters(&args, long, &[]), Ok("BucketPrefix=short".to_owned()));
    }
}
