//! What the guard is to be, as far as an account can have it or not.

use s3guard_posture::config::{Config, Endpoint, TrailChoice};
use s3guard_posture::{Grade, KeyArn, Region};
use s3guard_synth::resources::lambda::EventSourceMapping;
use s3guard_synth::stacks;

/// What the guard is to be, as far as it can be had or not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// The Regions that get a stack.
    pub(crate) regions: Vec<Region>,
    /// The key that somebody named, and those of the configuration.
    pub(crate) keys: Vec<KeyArn>,
    /// The strongest grade that is asked for.
    pub(crate) grade: Grade,
    /// Whether somebody is told by text message.
    pub(crate) has_sms: bool,
    /// Whether the trail is to be one that is there.
    pub(crate) relies_on_trail: bool,
    /// How many calls of functions run at once at most.
    pub(crate) calls_at_once: i32,
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
            calls_at_once: calls_at_once(config),
        }
    }
}

/// How many calls the sources of the functions let run at once.
fn calls_at_once(config: &Config) -> i32 {
    let template = stacks::guard_with(config);
    let sources = template.resources::<EventSourceMapping>();
    let most = sources.filter_map(|source| source.resource.scaling_config);
    i32::try_from(most.map(|scaling| scaling.concurrency_max).sum::<u32>()).unwrap_or(i32::MAX)
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
        let nothing = Wanted::of(&Config::default(), None);
        assert!(!nothing.has_sms && !nothing.relies_on_trail && nothing.keys.is_empty());
    }
}
