//! What the stack tells the functions, through the environment, and the configuration that the package brings along; read
//! once, at cold start.

use std::fmt;
use std::str::FromStr;

use s3guard_posture::config::{Config, Occasion};
use s3guard_posture::contract::variable;
use s3guard_posture::flow;
use s3guard_posture::model::observed::Reading;
use s3guard_posture::model::setting::Tags;
use s3guard_posture::{AccountId, BucketId, BucketName, Grade, KeyArn, Region};
use thiserror::Error;
use time::Date;

/// The configuration's file in the package.
pub(crate) const CONFIGURATION: &str = "s3guard.json";

/// The longest that a message can be delayed.
const SETTLE_SECONDS_MAX: u16 = 900;

/// The settings of the function that this process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Settings {
    /// Handler `guard`.
    Guard(Box<GuardSettings>),
    /// Handler `notify`.
    Notify(Box<Common>),
}

/// What both functions have to know, and all that notify has to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Common {
    /// The account whose buckets are guarded.
    pub(crate) account: AccountId,
    /// The stack's name, for metrics.
    pub(crate) stack: String,
    /// Where notifications are published.
    pub(crate) topic: String,
    /// Where notifications for chats are published, if the stack has such a topic.
    pub(crate) chat_topic: Option<String>,
    /// The function's own queue, for what has to be done later.
    pub(crate) queue: String,
    /// The bucket of the evidence, and of events until they are published.
    pub(crate) ledger: BucketName,
    /// The stack's own buckets. No event of their objects is published.
    pub(crate) own_buckets: Vec<BucketName>,
    /// What the owner wants of which bucket.
    pub(crate) config: Config,
    /// The grade of buckets for which the configuration has no rule.
    pub(crate) grade: Grade,
}

/// What guard has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GuardSettings {
    /// What notify has to know, too.
    pub(crate) common: Common,
    /// Where access logs go.
    log_bucket: BucketId,
    /// The key for buckets of its Region.
    key: Option<KeyArn>,
    /// How long a new bucket is left to the one who is setting it up.
    settle_seconds: u16,
}

/// Settings that the function cannot run with.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum SettingsError {
    /// A variable is not there, or empty.
    #[error("the environment variable `{0}` is not set")]
    Missing(&'static str),
    /// A variable has a value that it cannot have.
    #[error("the environment variable `{name}` is wrong: {cause}")]
    Wrong {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        cause: String,
    },
    /// The configuration in the package is wrong.
    #[error("`{CONFIGURATION}` in the package is wrong: {0}")]
    Configuration(String),
}

impl GuardSettings {
    /// What the guard's flow has to know.
    pub(crate) fn flow(self) -> flow::Settings {
        let Common { account, stack, own_buckets, config, grade, .. } = self.common;
        flow::Settings {
            account,
            region: self.log_bucket.region.clone(),
            stack,
            config,
            grade: Some(grade),
            key: self.key,
            log_bucket: Some(self.log_bucket),
            own_buckets,
            settle_seconds: self.settle_seconds,
        }
    }
}

impl Common {
    /// The grade of a bucket whose tags these are.
    pub(crate) fn grade_of(&self, bucket: &BucketId, tags: &Reading<Tags>, today: Date) -> Grade {
        let default_grade = Some(self.grade);
        let occasion = Occasion { default_grade, ..Occasion::new(today) };
        self.config.baseline(bucket, tags, &occasion).grade
    }
}

impl Settings {
    /// Reads the settings by `variable`, which gives the value of an environment variable, and the package's configuration,
    /// if it has one.
    pub(crate) fn read(
        variable: impl Fn(&'static str) -> Option<String>,
        configuration: Option<&str>,
    ) -> Result<Self, SettingsError> {
        let given = |name| variable(name).filter(|value| !value.is_empty());
        let needed = |name| given(name).ok_or(SettingsError::Missing(name));
        let account: AccountId = parse(variable::ACCOUNT, &needed(variable::ACCOUNT)?)?;
        let stack = needed(variable::STACK)?;
        let topic = needed(variable::TOPIC)?;
        let chat_topic = given(variable::CHAT_TOPIC);
        let handler = needed("_HANDLER")?;
        if !["guard", "notify"].contains(&handler.as_str()) {
            return Err(wrong("_HANDLER", format!("`{handler}` is neither `guard` nor `notify`")));
        }
        let queue = needed(variable::QUEUE)?;
        let grade: Grade = parse(variable::GRADE, &needed(variable::GRADE)?)?;
        let config = match configuration {
            Some(json) => Config::from_json(json)
                .map_err(|error| SettingsError::Configuration(error.to_string()))?,
            None => Config::default(),
        };
        let bucket = |name| parse::<BucketName>(name, &needed(name)?);
        let ledger = bucket(variable::LEDGER)?;
        let own = needed(variable::OWN_BUCKETS)?;
        let own = own.split(',').map(|name| parse(variable::OWN_BUCKETS, name));
        let own_buckets: Vec<BucketName> = own.collect::<Result<_, _>>()?;
        let common =
            Common { account, stack, topic, chat_topic, queue, ledger, own_buckets, config, grade };
        if handler == "notify" {
            return Ok(Self::Notify(Box::new(common)));
        }
        let key = given(variable::KEY).map(|key| parse(variable::KEY, &key)).transpose()?;
        let region: Region = parse("AWS_REGION", &needed("AWS_REGION")?)?;
        let account = common.account.clone();
        let log_bucket = BucketId { name: bucket(variable::LOG_BUCKET)?, account, region };
        let seconds = needed(variable::SETTLE_SECONDS)?;
        let settle_seconds: u16 = parse(variable::SETTLE_SECONDS, &seconds)?;
        if settle_seconds > SETTLE_SECONDS_MAX {
            let cause = format!("{settle_seconds} is more than {SETTLE_SECONDS_MAX}");
            return Err(wrong(variable::SETTLE_SECONDS, cause));
        }
        let settings = GuardSettings { common, log_bucket, key, settle_seconds };
        Ok(Self::Guard(Box::new(settings)))
    }
}

fn parse<T: FromStr<Err: fmt::Display>>(
    name: &'static str,
    text: &str,
) -> Result<T, SettingsError> {
    text.parse().map_err(|error| wrong(name, error))
}

fn wrong(name: &'static str, cause: impl fmt::Display) -> SettingsError {
    SettingsError::Wrong { name, cause: cause.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/ours";

    fn read(changes: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let defaults = [
            ("_HANDLER", "guard"),
            ("S3GUARD_ACCOUNT", "111122223333"),
            ("S3GUARD_STACK", "s3guard"),
            ("S3GUARD_TOPIC", "arn:aws:sns:eu-west-1:111122223333:topic"),
            ("S3GUARD_QUEUE", "https://sqs.eu-west-1.amazonaws.com/111122223333/queue"),
            ("S3GUARD_GRADE", "speed"),
            ("S3GUARD_KEY", ""),
            ("S3GUARD_SETTLE_SECONDS", "15"),
            ("S3GUARD_LEDGER", "s3guard-ledger-111122223333-eu-west-1-an"),
            ("S3GUARD_LOG_BUCKET", "s3guard-logs-111122223333-eu-west-1-an"),
            ("S3GUARD_OWN_BUCKETS", "s3guard-ledger-111122223333-eu-west-1-an,code"),
            ("AWS_REGION", "eu-west-1"),
        ];
        let variable = |name| {
            let given = changes.iter().chain(&defaults).find(|(given, _)| *given == name);
            given.map(|(_, value)| (*value).to_owned())
        };
        Settings::read(variable, None)
    }

    #[test]
    fn the_handler_chooses_the_function() {
        assert!(matches!(read(&[]), Ok(Settings::Guard(_))));
        assert!(matches!(read(&[("_HANDLER", "notify")]), Ok(Settings::Notify(_))));
    }

    #[test]
    fn every_mistake_names_its_variable() {
        let check = |change: (&str, &str), message: &str| {
            assert_eq!(read(&[change]).unwrap_err().to_string(), message);
        };
        check(("S3GUARD_TOPIC", ""), "the environment variable `S3GUARD_TOPIC` is not set");
        check(
            ("_HANDLER", "bootstrap"),
            "the environment variable `_HANDLER` is wrong: `bootstrap` is neither `guard` nor `notify`",
        );
        check(
            ("S3GUARD_ACCOUNT", "1"),
            "the environment variable `S3GUARD_ACCOUNT` is wrong: `1` is not an AWS account, which has twelve digits",
        );
        check(
            ("S3GUARD_KEY", "alias/ours"),
            "the environment variable `S3GUARD_KEY` is wrong: `alias/ours` is an alias, which S3 resolves in the \
             caller's account; give the key's ARN",
        );
        check(
            ("S3GUARD_OWN_BUCKETS", "code,!"),
            "the environment variable `S3GUARD_OWN_BUCKETS` is wrong: `!` is not a bucket name, which has 3 to 255 of a-z, A-Z, 0-9, `.`, `-` and `_`",
        );
        check(
            ("S3GUARD_SETTLE_SECONDS", "901"),
            "the environment variable `S3GUARD_SETTLE_SECONDS` is wrong: 901 is more than 900",
        );
    }

    #[test]
    fn the_stacks_grade_and_key_are_the_default_and_the_packages_rules_come_first() {
        let variables = [("S3GUARD_GRADE", "security"), ("S3GUARD_KEY", KEY)];
        let Ok(Settings::Guard(settings)) = read(&variables) else { panic!("no settings") };
        let mut settings = settings.flow();
        let id = BucketId {
            name: "reports".parse().unwrap(),
            account: settings.account.clone(),
            region: settings.region.clone(),
        };
        let occasion = settings.occasion(time::macros::date!(2026 - 11 - 24));
        let baseline = settings.config.baseline(&id, &Reading::Absent, &occasion);
        assert_eq!(baseline.grade, Grade::Security);
        assert_eq!(baseline.key, Some(KEY.parse().unwrap()));
        let rule = r#"{"rule":[{"bucket":"rep*","grade":"speed"}]}"#;
        settings.config = Config::from_json(rule).unwrap();
        assert_eq!(settings.config.baseline(&id, &Reading::Absent, &occasion).grade, Grade::Speed);
    }

    #[test]
    fn a_package_with_a_wrong_configuration_does_not_start() {
        let variable = |name: &'static str| match name {
            "_HANDLER" => Some("guard".to_owned()),
            "S3GUARD_ACCOUNT" => Some("111122223333".to_owned()),
            "S3GUARD_GRADE" => Some("speed".to_owned()),
            "S3GUARD_KEY" => None,
            name => Some(name.to_owned()),
        };
        let error = Settings::read(variable, Some("{")).unwrap_err().to_string();
        assert!(error.starts_with("`s3guard.json` in the package is wrong: "), "{error}");
    }
}
