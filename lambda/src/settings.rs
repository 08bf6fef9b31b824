//! The settings of the functions: environment variables of the stack, and the configuration in the package; read once, at
//! cold start.

use std::fmt;
use std::str::FromStr;

use s3guard_posture::config::Config;
use s3guard_posture::contract::{Channel, SETTLE_SECONDS_MAX, variable};
use s3guard_posture::flow;
use s3guard_posture::model::glob::Glob;
use s3guard_posture::{AccountId, BucketId, BucketName, Grade, KeyArn, Region};

/// The configuration's file in the package.
pub(crate) const CONFIGURATION: &str = "s3guard.json";

/// The settings of this function.
#[derive(Debug)]
pub(crate) enum Settings {
    /// Handler `guard`.
    Guard(Box<(Common, flow::Settings)>),
    /// Handler `notify`.
    Notify(Box<Common>),
}

/// The settings of both functions; `notify` has no others.
#[derive(Debug)]
pub(crate) struct Common {
    pub(crate) account: AccountId,
    pub(crate) stack: String,
    /// The ARN of the topic of each channel.
    pub(crate) topics: [(Channel, String); 4],
    /// The function's own queue, for delayed messages.
    pub(crate) queue: String,
    /// The bucket of the records, and of events until they are published.
    pub(crate) ledger: BucketName,
    /// The key that encrypts the ledger.
    pub(crate) ledger_key: KeyArn,
    /// The keys of earlier stacks: what they encrypt in the ledger counts as well.
    pub(crate) earlier_ledger_keys: Vec<KeyArn>,
    /// The stack's own buckets. No event of their objects is published.
    pub(crate) own_buckets: Vec<BucketName>,
    /// The configuration in the package.
    pub(crate) config: Config,
    /// The grade of buckets for which the configuration has no rule.
    pub(crate) grade: Grade,
}

impl Settings {
    /// Reads the settings by `variable`, which gives the value of an environment variable, and the package's configuration,
    /// if it has one. An error names the variable.
    pub(crate) fn read(
        variable: impl Fn(&'static str) -> Option<String>,
        configuration: Option<&str>,
    ) -> Result<Self, String> {
        let given = |name| variable(name).filter(|value| !value.is_empty());
        let needed = |name| {
            given(name).ok_or_else(|| format!("the environment variable `{name}` is not set"))
        };
        let bucket = |name| parse::<BucketName>(name, &needed(name)?);
        let topic = |channel: Channel| Ok::<_, String>((channel, needed(channel.variable())?));
        let [email, sms, document, chat] = Channel::ALL;
        let own = needed(variable::OWN_BUCKETS)?;
        let own = own.split(',').map(|name| parse(variable::OWN_BUCKETS, name));
        let earlier = given(variable::EARLIER_LEDGER_KEYS).unwrap_or_default();
        let earlier = earlier.split(',').filter(|key| !key.is_empty());
        let earlier = earlier.map(|key| parse(variable::EARLIER_LEDGER_KEYS, key));
        let config = match configuration {
            Some(json) => Config::from_json(json)
                .map_err(|error| format!("`{CONFIGURATION}` in the package is wrong: {error}"))?,
            None => Config::default(),
        };
        let common = Common {
            account: parse(variable::ACCOUNT, &needed(variable::ACCOUNT)?)?,
            stack: needed(variable::STACK)?,
            topics: [topic(email)?, topic(sms)?, topic(document)?, topic(chat)?],
            queue: needed(variable::QUEUE)?,
            ledger: bucket(variable::LEDGER)?,
            ledger_key: parse(variable::LEDGER_KEY, &needed(variable::LEDGER_KEY)?)?,
            earlier_ledger_keys: earlier.collect::<Result<_, _>>()?,
            own_buckets: own.collect::<Result<_, _>>()?,
            config,
            grade: parse(variable::GRADE, &needed(variable::GRADE)?)?,
        };
        match needed("_HANDLER")?.as_str() {
            "notify" => return Ok(Self::Notify(Box::new(common))),
            "guard" => {}
            other => {
                return Err(wrong(
                    "_HANDLER",
                    format!("`{other}` is neither `guard` nor `notify`"),
                ));
            }
        }
        let Common { account, stack, own_buckets, config, grade, .. } = &common;
        let (account, name) = (account.clone(), bucket(variable::LOG_BUCKET)?);
        let region: Region = parse("AWS_REGION", &needed("AWS_REGION")?)?;
        let seconds = needed(variable::SETTLE_SECONDS)?;
        let settle_seconds: u16 = parse(variable::SETTLE_SECONDS, &seconds)?;
        if u32::from(settle_seconds) > SETTLE_SECONDS_MAX {
            let cause = format!("{settle_seconds} is more than {SETTLE_SECONDS_MAX}");
            return Err(wrong(variable::SETTLE_SECONDS, cause));
        }
        let deployers = given(variable::DEPLOYERS).unwrap_or_default();
        let deployers = deployers.split(',').filter(|deployer| !deployer.is_empty());
        let guarded = given(variable::GUARDED_REGIONS).unwrap_or_default();
        let guarded = guarded.split(',').filter(|region| !region.is_empty());
        let guarded = guarded.map(|region| parse(variable::GUARDED_REGIONS, region));
        let flow = flow::Settings {
            account: account.clone(),
            region: region.clone(),
            stack: stack.clone(),
            config: config.clone(),
            grade: Some(*grade),
            key: given(variable::KEY).map(|key| parse(variable::KEY, &key)).transpose()?,
            log_bucket: Some(BucketId { name, account, region }),
            own_buckets: own_buckets.clone(),
            role: given(variable::ROLE),
            deployers: deployers.map(Glob::new).collect(),
            guarded: guarded.collect::<Result<_, _>>()?,
            settle_seconds,
        };
        Ok(Self::Guard(Box::new((common, flow))))
    }
}

fn parse<T: FromStr<Err: fmt::Display>>(name: &'static str, text: &str) -> Result<T, String> {
    text.parse().map_err(|error| wrong(name, error))
}

fn wrong(name: &'static str, cause: impl fmt::Display) -> String {
    format!("the environment variable `{name}` is wrong: {cause}")
}

#[cfg(test)]
mod tests {
    use s3guard_posture::Reading;

    use super::*;

    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/ours";

    fn read(changes: &[(&str, &str)]) -> Result<Settings, String> {
        let defaults = [
            ("_HANDLER", "guard"),
            ("S3GUARD_ACCOUNT", "111122223333"),
            ("S3GUARD_STACK", "s3guard"),
            ("S3GUARD_EMAIL_TOPIC", "arn:aws:sns:eu-west-1:111122223333:email"),
            ("S3GUARD_SMS_TOPIC", "arn:aws:sns:eu-west-1:111122223333:sms"),
            ("S3GUARD_DOCUMENT_TOPIC", "arn:aws:sns:eu-west-1:111122223333:document"),
            ("S3GUARD_CHAT_TOPIC", "arn:aws:sns:eu-west-1:111122223333:chat"),
            ("S3GUARD_QUEUE", "https://sqs.eu-west-1.amazonaws.com/111122223333/queue"),
            ("S3GUARD_GRADE", "speed"),
            ("S3GUARD_KEY", ""),
            ("S3GUARD_SETTLE_SECONDS", "15"),
            ("S3GUARD_LEDGER", "s3guard-ledger-111122223333-eu-west-1-an"),
            ("S3GUARD_LEDGER_KEY", KEY),
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
    fn deployers_are_separated_by_commas_and_may_be_unknown() {
        let deployers = |changes: &[(&str, &str)]| match read(changes) {
            Ok(Settings::Guard(guard)) => guard.1.deployers.iter().map(Glob::to_string).collect(),
            other => panic!("{other:?}"),
        };
        let of = |value| deployers(&[("S3GUARD_DEPLOYERS", value)]);
        let both = "arn:aws:iam::111122223333:role/ci,arn:aws:iam::111122223333:role/*/ci";
        assert_eq!(of(both), both.split(',').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!((of(""), deployers(&[])), (vec![], vec![]));
    }

    #[test]
    fn the_regions_with_a_guard_are_separated_by_commas_and_may_be_unknown() {
        let guarded = |changes: &[(&str, &str)]| -> Vec<String> {
            match read(changes) {
                Ok(Settings::Guard(guard)) => {
                    guard.1.guarded.iter().map(Region::to_string).collect()
                }
                other => panic!("{other:?}"),
            }
        };
        let both = guarded(&[("S3GUARD_GUARDED_REGIONS", "us-east-1,eu-west-1")]);
        assert_eq!(both, ["eu-west-1", "us-east-1"].map(str::to_owned));
        assert_eq!(guarded(&[]), [""; 0]);
    }

    #[test]
    fn every_mistake_names_its_variable() {
        let check = |change: (&str, &str), message: &str| {
            assert_eq!(read(&[change]).unwrap_err(), message);
        };
        check(("S3GUARD_SMS_TOPIC", ""), "the environment variable `S3GUARD_SMS_TOPIC` is not set");
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
            ("S3GUARD_LEDGER_KEY", ""),
            "the environment variable `S3GUARD_LEDGER_KEY` is not set",
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
        let (_, mut settings) = *settings;
        let id = BucketId {
            name: "reports".parse().unwrap(),
            account: settings.account.clone(),
            region: settings.region.clone(),
        };
        let context = settings.context(time::macros::date!(2026 - 11 - 24));
        let baseline = settings.config.baseline(&id, &Reading::Absent, &context);
        assert_eq!(baseline.grade, Grade::Security);
        assert_eq!(baseline.key, Some(KEY.parse().unwrap()));
        let rule = r#"{"rule":[{"bucket":"rep*","grade":"speed"}]}"#;
        settings.config = Config::from_json(rule).unwrap();
        assert_eq!(settings.config.baseline(&id, &Reading::Absent, &context).grade, Grade::Speed);
    }

    #[test]
    fn a_package_with_a_wrong_configuration_does_not_start() {
        let variable = |name: &'static str| match name {
            "_HANDLER" => Some("guard".to_owned()),
            "S3GUARD_ACCOUNT" => Some("111122223333".to_owned()),
            "S3GUARD_GRADE" => Some("speed".to_owned()),
            "S3GUARD_KEY" => None,
            "S3GUARD_LEDGER_KEY" | "S3GUARD_EARLIER_LEDGER_KEYS" => Some(KEY.to_owned()),
            name => Some(name.to_owned()),
        };
        let error = Settings::read(variable, Some("{")).unwrap_err();
        assert!(error.starts_with("`s3guard.json` in the package is wrong: "), "{error}");
    }
}
