//! What the deployed guard wants of a bucket: its stack's parameters, and the configuration in the package that it runs.

use std::collections::BTreeSet;
use std::time::Duration;

use s3guard_aws::canary;
use s3guard_aws::stacks::Stack;
use s3guard_posture::config::{Extent, Occasion, SETTLE_SECONDS};
use s3guard_posture::contract::output;
use s3guard_posture::contract::parameter;
use s3guard_posture::model::setting::Tags;
use s3guard_posture::{
    Aspect, Baseline, BucketId, BucketName, Config, Maker, Moment, Observed, Reading,
};
use time::Date;

use crate::operations::session::{Account, AccountArgs};
use crate::package;
use crate::ui::output::Output;

/// What is deployed.
pub(crate) struct Deployed {
    pub(crate) config: Config,
    occasion: Occasion,
    /// How long the guard leaves a new bucket alone.
    pub(crate) settle: Duration,
}

impl Deployed {
    /// The configuration that is deployed. If its package cannot be read that is said, and the configuration that is found
    /// here stands for it.
    pub(crate) async fn config(
        args: &AccountArgs,
        account: &Account,
        stack: &Stack,
        output: &Output,
    ) -> anyhow::Result<Config> {
        let error = match of_package(account, stack).await {
            Ok(config) => return Ok(config),
            Err(error) => error,
        };
        output.warn(format_args!(
            "the configuration that is deployed cannot be read: {error:#}; what stands here is taken for it"
        ));
        Ok(args.config.read(output)?.unwrap_or_default())
    }

    pub(crate) fn new(config: Config, account: &Account, stack: &Stack, today: Date) -> Self {
        let parameter = |name: &str| stack.parameters.get(name).filter(|value| !value.is_empty());
        let log_bucket =
            stack.outputs.get(output::LOG_BUCKET_NAME).and_then(|name| name.parse().ok());
        let occasion = Occasion {
            extent: Extent::Kept,
            moment: Moment {
                maker: Maker::Another,
                has_waited: true,
                changed: BTreeSet::from(Aspect::ALL),
            },
            default_grade: parameter("Grade").and_then(|grade| grade.parse().ok()),
            default_key: parameter(parameter::BUCKET_KEY_ARN).and_then(|key| key.parse().ok()),
            log_bucket: log_bucket.map(|name: BucketName| BucketId {
                name,
                account: account.caller.account.clone(),
                region: account.connection.region().clone(),
            }),
            ..Occasion::new(today)
        };
        let seconds = parameter(parameter::SETTLE_SECONDS).and_then(|seconds| seconds.parse().ok());
        let settle = Duration::from_secs(u64::from(seconds.unwrap_or(SETTLE_SECONDS)));
        Self { config, occasion, settle }
    }

    /// What is wanted of a bucket as it was seen: its tags matter.
    pub(crate) fn baseline(&self, observed: &Observed) -> Baseline {
        self.config.baseline(&observed.id, &observed.tags, &self.occasion)
    }

    /// What is wanted of a bucket that does not exist yet, with these tags.
    pub(crate) fn baseline_of_new(&self, bucket: &BucketId, tags: &Tags) -> Baseline {
        self.config.baseline(bucket, &Reading::Known(tags.clone()), &self.occasion)
    }
}

async fn of_package(account: &Account, stack: &Stack) -> anyhow::Result<Config> {
    let parameter = |name: &str| stack.parameters.get(name).cloned().unwrap_or_default();
    let (bucket, key) = (parameter(parameter::CODE_BUCKET), parameter(parameter::CODE_KEY));
    if key.starts_with("s3guard/") && !package::is_configured(&key) {
        // Our own keys tell it.
        return Ok(Config::default());
    }
    let place = (&bucket.parse()?, key.as_str());
    let zip = canary::package(&account.connection, &account.caller.account, place).await?;
    package::configuration(&zip)
}
