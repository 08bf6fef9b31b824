//! What the configuration requires of an account.

use std::collections::BTreeSet;

use s3guard_posture::config::{Config, Endpoint, TrailChoice};
use s3guard_posture::model::setting::SettingKind;
use s3guard_posture::{Grade, KeyArn, Region, Trusted};
use s3guard_synth::stacks;

#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) regions: Vec<Region>,
    /// The key of the command line, and those of the configuration.
    pub(crate) keys: Vec<KeyArn>,
    pub(crate) grade: Grade,
    pub(crate) has_sms: bool,
    /// Whether it uses a trail that exists, instead of its own.
    pub(crate) relies_on_trail: bool,
    pub(crate) calls_at_once: i32,
    pub(crate) trusted: Trusted,
    pub(crate) config: Config,
    /// What the guard writes, as configured.
    pub(crate) writable: BTreeSet<SettingKind>,
}

impl Wanted {
    pub(crate) fn of(config: &Config, key: Option<&KeyArn>) -> Self {
        let deploy = config.deploy();
        let subscriptions = config.subscriptions();
        let is_sms = |endpoint: &Endpoint| matches!(endpoint, Endpoint::Sms(_));
        Self {
            regions: deploy.regions.clone(),
            keys: key.into_iter().chain(config.keys()).cloned().collect(),
            grade: config.strongest_grade(),
            has_sms: subscriptions.iter().any(|one| is_sms(&one.endpoint())),
            relies_on_trail: deploy.trail == Some(TrailChoice::Existing),
            calls_at_once: i32::try_from(stacks::CONCURRENCY_MAX).unwrap_or(i32::MAX),
            trusted: config.trusted(),
            config: config.clone(),
            writable: config.writable(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_read_from_the_configuration() {
        let config = Config::from_json(
            r#"{"grade": "hybrid", "deploy": {"regions": ["eu-west-1"], "trail": "existing"},
                "subscription": [{"name": "a", "sms": "+4915112345678"}]}"#,
        )
        .unwrap();
        let key: KeyArn = "arn:aws:kms:eu-west-1:111122223333:key/1".parse().unwrap();
        let wanted = Wanted::of(&config, Some(&key));
        assert_eq!((wanted.grade, wanted.keys), (Grade::Hybrid, vec![key]));
        assert!(wanted.has_sms && wanted.relies_on_trail && wanted.regions.len() == 1);
        assert!(wanted.calls_at_once > 2, "both functions: {}", wanted.calls_at_once);
        assert!(wanted.writable.contains(&SettingKind::Encryption), "{:?}", wanted.writable);
        let nothing = Wanted::of(&Config::default(), None);
        assert!(!nothing.has_sms && !nothing.relies_on_trail && nothing.keys.is_empty());
    }
}
