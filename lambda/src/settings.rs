//! What the stack tells the functions, through the environment; read once, at cold start.

use std::fmt;
use std::str::FromStr;

use s3guard_posture::{AccountId, Baseline, Grade};
use thiserror::Error;

/// The longest that a message can be delayed.
const SETTLE_SECONDS_MAX: u16 = 900;

/// The settings of the function that this process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Settings {
    /// Handler `guard`.
    Guard(GuardSettings),
    /// Handler `notify`.
    Notify(NotifySettings),
}

/// What guard has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GuardSettings {
    /// The account whose buckets are guarded.
    pub(crate) account: AccountId,
    /// The stack's name, for metrics.
    pub(crate) stack: String,
    /// Where notices are published.
    pub(crate) topic: String,
    /// The guard's own queue, for what has to be looked at later.
    pub(crate) queue: String,
    /// What buckets are held to.
    pub(crate) baseline: Baseline,
    /// How long a new bucket is left to whoever is setting it up.
    pub(crate) settle_seconds: u16,
}

/// What notify has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotifySettings {
    /// The account whose objects are reported.
    pub(crate) account: AccountId,
    /// The stack's name, for metrics.
    pub(crate) stack: String,
    /// Where notices are published.
    pub(crate) topic: String,
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
}

impl Settings {
    /// Reads the settings by `variable`, which gives the value of an environment variable.
    pub(crate) fn read(
        variable: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, SettingsError> {
        let given = |name| variable(name).filter(|value| !value.is_empty());
        let needed = |name| given(name).ok_or(SettingsError::Missing(name));
        let account = parse("S3GUARD_ACCOUNT", &needed("S3GUARD_ACCOUNT")?)?;
        let stack = needed("S3GUARD_STACK")?;
        let topic = needed("S3GUARD_TOPIC")?;
        match needed("_HANDLER")?.as_str() {
            "guard" => {
                let queue = needed("S3GUARD_QUEUE")?;
                let grade: Grade = parse("S3GUARD_GRADE", &needed("S3GUARD_GRADE")?)?;
                let key = given("S3GUARD_KEY").map(|key| parse("S3GUARD_KEY", &key)).transpose()?;
                let baseline =
                    Baseline::new(grade, key).map_err(|error| wrong("S3GUARD_KEY", error))?;
                let seconds = needed("S3GUARD_SETTLE_SECONDS")?;
                let settle_seconds: u16 = parse("S3GUARD_SETTLE_SECONDS", &seconds)?;
                if settle_seconds > SETTLE_SECONDS_MAX {
                    let cause = format!("{settle_seconds} is more than {SETTLE_SECONDS_MAX}");
                    return Err(wrong("S3GUARD_SETTLE_SECONDS", cause));
                }
                Ok(Self::Guard(GuardSettings {
                    account,
                    stack,
                    topic,
                    queue,
                    baseline,
                    settle_seconds,
                }))
            }
            "notify" => Ok(Self::Notify(NotifySettings { account, stack, topic })),
            other => Err(wrong("_HANDLER", format!("`{other}` is neither `guard` nor `notify`"))),
        }
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
        ];
        Settings::read(|name| {
            let given = changes.iter().chain(&defaults).find(|(given, _)| *given == name);
            given.map(|(_, value)| (*value).to_owned())
        })
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
            ("S3GUARD_GRADE", "hybrid"),
            "the environment variable `S3GUARD_KEY` is wrong: the grade `hybrid` needs the ARN of a KMS key",
        );
        check(
            ("S3GUARD_SETTLE_SECONDS", "901"),
            "the environment variable `S3GUARD_SETTLE_SECONDS` is wrong: 901 is more than 900",
        );
    }

    #[test]
    fn a_grade_with_its_key_is_a_baseline() {
        let settings = read(&[("S3GUARD_GRADE", "security"), ("S3GUARD_KEY", KEY)]);
        let Ok(Settings::Guard(settings)) = settings else { panic!("{settings:?}") };
        assert_eq!(settings.baseline, Baseline::Security(KEY.parse().unwrap()));
    }
}
