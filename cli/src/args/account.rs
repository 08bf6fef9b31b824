//! Which stack, in which account and Region, for every command that calls AWS.
//!
//! Where nothing is said the table `[deploy]` of the configuration speaks: `cli` makes its values the defaults of the
//! flags.

use s3guard_posture::{Region, StackName};

use crate::args::config::ConfigArgs;
use crate::args::region::region;
use crate::error::Invalid;

/// The name of a stack that nobody has named.
const STACK: &str = "s3guard";

/// One stack, for a command that looks at one.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct AccountArgs {
    /// Name of the stack
    #[arg(long, value_name = "NAME", env = "S3GUARD_STACK", value_parser = stack_name)]
    #[arg(default_value = STACK)]
    pub(crate) stack: StackName,

    /// Region of the stack; without it, as the AWS CLI finds it
    #[arg(long, value_name = "REGION", env = "S3GUARD_REGION", value_parser = region)]
    pub(crate) region: Option<Region>,

    /// Profile of the AWS configuration to use
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// The stacks of one name, for a command that can go through several Regions.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct AccountsArgs {
    /// Name of the stack, the same in every Region
    #[arg(long, value_name = "NAME", env = "S3GUARD_STACK", value_parser = stack_name)]
    #[arg(default_value = STACK)]
    pub(crate) stack: StackName,

    /// Region of the stack, or several, as `eu-west-1,us-east-1`; without it, as the AWS CLI finds it
    #[arg(long = "region", value_name = "REGION", env = "S3GUARD_REGION", value_parser = region)]
    #[arg(value_delimiter = ',')]
    pub(crate) regions: Vec<Region>,

    /// Profile of the AWS configuration to use
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

impl AccountsArgs {
    /// What is asked for in each Region, each once and in the order in which they are named.
    pub(crate) fn each(&self) -> Vec<AccountArgs> {
        let mut regions: Vec<Option<Region>> = Vec::new();
        for region in &self.regions {
            if !regions.contains(&Some(region.clone())) {
                regions.push(Some(region.clone()));
            }
        }
        if regions.is_empty() {
            regions.push(None);
        }
        let one = |region| AccountArgs {
            stack: self.stack.clone(),
            region,
            profile: self.profile.clone(),
            config: self.config.clone(),
        };
        regions.into_iter().map(one).collect()
    }
}

fn stack_name(text: &str) -> Result<StackName, Invalid> {
    text.parse().map_err(|problem: s3guard_posture::model::names::InvalidStackName| {
        Invalid::new(problem.to_string(), "choose a name as `s3guard` or `prod-guard-2`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_region_is_gone_through_once_and_no_region_is_the_one_that_aws_finds() {
        let regions = |named: &[&str]| {
            let args = AccountsArgs {
                stack: "s".parse().unwrap(),
                regions: named.iter().map(|region| region.parse().unwrap()).collect(),
                profile: None,
                config: ConfigArgs::default(),
            };
            let each = args.each();
            each.into_iter().map(|one| one.region.map(|region| region.to_string())).collect()
        };
        let some = |region: &str| Some(region.to_owned());
        let each: Vec<_> = regions(&["us-east-1", "eu-west-1", "us-east-1"]);
        assert_eq!(each, [some("us-east-1"), some("eu-west-1")]);
        let each: Vec<_> = regions(&[]);
        assert_eq!(each, [None]);
    }
}
