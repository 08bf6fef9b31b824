//! The settings that `s3guard init` writes.

use s3guard_posture::config::TrailChoice;
use s3guard_posture::contract::parameter;
use s3guard_posture::{Grade, KeyArn, Region, StackName};

use crate::args::account::{STACK, stack_name};
use crate::args::guard::{declared, grade, key, trail};
use crate::args::region::region;

/// The settings to write.
// The names are not `stack` and `regions`: the values of the configuration that is replaced are no defaults here.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Settings")]
pub(crate) struct InitArgs {
    /// Name of the stack
    #[arg(long = "stack", value_name = "NAME", value_parser = stack_name, default_value = STACK)]
    pub(crate) named: StackName,

    /// Regions to guard, as `eu-west-1,us-east-1`; without it, the Region of the AWS configuration
    #[arg(long = "region", value_name = "REGIONS", value_parser = region, value_delimiter = ',')]
    pub(crate) guarded: Vec<Region>,

    /// How well buckets are protected: `speed`, `hybrid` or `security`
    #[arg(long, value_name = "GRADE", value_parser = grade, default_value = Grade::default().name())]
    pub(crate) grade: Grade,

    /// KMS keys for the buckets, one for each Region; required from grade `hybrid` on
    #[arg(long = "key", value_name = "ARNS", value_parser = key, value_delimiter = ',')]
    pub(crate) keys: Vec<KeyArn>,

    /// Email address to notify
    #[arg(long, value_name = "ADDRESS", value_parser = declared(parameter::EMAIL))]
    #[arg(default_value = "")]
    pub(crate) email: String,

    /// Trail that records changes: `auto`, `create` or `existing`
    #[arg(long, value_name = "TRAIL", value_parser = trail)]
    #[arg(default_value = TrailChoice::default().name())]
    pub(crate) trail: TrailChoice,

    /// Protect the stack against deletion
    #[arg(long)]
    pub(crate) protect: bool,
}
