//! The settings of the guard in the world of the tests.

use super::*;

impl World {
    pub(super) fn configured(&self) -> Settings {
        let key = self.with(|state| state.key.clone()).map(|key| key.parse().unwrap());
        let guarded = self.with(|state| state.guarded.clone());
        let mut settings = Settings { key, guarded, ..Self::settings() };
        if let Some((grade, config)) = self.with(|state| state.configured.clone()) {
            settings.grade = Some(grade);
            settings.config = Config::from_json(&config).unwrap();
        }
        settings
    }

    pub(super) fn settings() -> Settings {
        Settings {
            account: "111122223333".parse().unwrap(),
            region: "eu-west-1".parse().unwrap(),
            stack: "s3guard".to_owned(),
            // Also a bucket of a stack is to deny what comes without TLS, once the stack is done.
            config: Config::from_json(r#"{"aspects":{"tls":"enforce"}}"#).unwrap(),
            grade: Some(Grade::Speed),
            key: None,
            log_bucket: None,
            own_buckets: vec!["s3guard-ledger".parse().unwrap()],
            role: Some(ROLE.to_owned()),
            deployers: vec![Glob::new("arn:aws:iam::111122223333:role/*/Deployer")],
            guarded: BTreeSet::new(),
            settle_seconds: 15,
        }
    }
}
