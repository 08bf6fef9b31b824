//! How a deployment goes about it: what has to be agreed to, what becomes of a failure, what the stack is given besides.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;
use s3guard_aws::stacks::{Manner, OnFailure};
use s3guard_posture::config::{Deploy, deploy};

use crate::cli::Invalid;

/// How to go about it.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Deployment")]
pub(crate) struct OptionArgs {
    /// Which changes need a yes: with no terminal to ask on, the table is printed, and the exit code is 4
    #[arg(long, value_name = "WHICH", default_value = "broadening")]
    pub(super) approve: Approve,

    /// Say yes to whatever is asked
    #[arg(long)]
    pub(super) yes: bool,

    /// Have the change set made and shown, and print its id; `--change-set` carries it out
    #[arg(long)]
    pub(super) no_execute: bool,

    /// Carry out this change set, which `--no-execute` has made
    #[arg(long, value_name = "ID", conflicts_with = "no_execute")]
    pub(super) change_set: Option<String>,

    /// What becomes of a change that fails: `delete` is for new stacks
    #[arg(long, value_name = "WHAT", default_value = "rollback")]
    on_failure: Failure,

    /// Be done when everything is configured, without waiting for it to be ready; what is used at once may still fail
    #[arg(long)]
    pub(super) express: bool,

    /// Set back what somebody has changed by hand, also where the template says nothing new
    #[arg(long)]
    pub(super) revert_drift: bool,

    /// Wait for what is going on with the stack, then deploy
    #[arg(long)]
    pub(super) wait: bool,

    /// Protect the stack against deletion
    #[arg(long, overrides_with = "no_protect")]
    protect: bool,

    /// Protect the stack no longer
    #[arg(long, overrides_with = "protect")]
    no_protect: bool,

    /// Role that `CloudFormation` takes [default: the one that the stack has, else the caller's own permissions]
    #[arg(long, value_name = "ARN", value_parser = role)]
    role_arn: Option<String>,

    /// Tag of the stack and all that it is made of; as often as wanted
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    tags: Vec<(String, String)>,

    /// Parameter of the template; as often as wanted. What is not given keeps its value
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    pub(super) set: Vec<(String, String)>,

    /// Make resources anew, instead of taking back what an earlier installation has left
    #[arg(long, overrides_with = "import_existing")]
    no_import_existing: bool,

    /// Take back what an earlier installation has left, as the trail's bucket: it is so unless `--no-import-existing`
    #[arg(long, hide_short_help = true)]
    import_existing: bool,

    /// Write the stack's outputs to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) outputs_file: Option<PathBuf>,
}

/// Which changes somebody has to agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Approve {
    /// None
    Never,
    /// Those that let somebody do more than before
    Broadening,
    /// All
    Any,
}

/// What becomes of a change that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Failure {
    /// It is undone
    Rollback,
    /// A new stack is deleted
    Delete,
    /// What was done stays, to be looked at
    Keep,
}

impl OptionArgs {
    pub(super) fn manner(&self) -> Manner {
        Manner {
            role: self.role_arn.clone(),
            on_failure: match self.on_failure {
                Failure::Rollback => OnFailure::Rollback,
                Failure::Delete => OnFailure::Delete,
                Failure::Keep => OnFailure::Keep,
            },
            is_express: self.express,
            reverts_drift: self.revert_drift,
            imports: !self.no_import_existing,
        }
    }

    /// Whether the stack is to be protected; `None` leaves it as it is.
    pub(super) fn protection(&self, configured: Option<&Deploy>) -> Option<bool> {
        match (self.protect, self.no_protect) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => configured.and_then(|deploy| deploy.protect),
        }
    }

    /// The tags that are asked for, those of the command line before those of the configuration.
    pub(super) fn tags(&self, configured: Option<&Deploy>) -> BTreeMap<String, String> {
        let mut tags = configured.map(|deploy| deploy.tags.clone()).unwrap_or_default();
        tags.extend(self.tags.iter().cloned());
        tags
    }
}

pub(crate) fn pair(text: &str) -> Result<(String, String), Invalid> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        Some(_) | None => Err(Invalid::new(
            format!("`{text}` is not a name, `=` and a value"),
            "write `NAME=VALUE`",
        )),
    }
}

fn tag(text: &str) -> Result<(String, String), Invalid> {
    let (key, value) = pair(text)?;
    deploy::check_tag(&key, &value)
        .map_err(|problem| Invalid::new(problem, "write another, as `team=storage`"))?;
    Ok((key, value))
}

pub(crate) fn role(text: &str) -> Result<String, Invalid> {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    match fields[..] {
        ["arn", partition, "iam", "", account, role]
            if partition.starts_with("aws")
                && account.len() == 12
                && role.strip_prefix("role/").is_some_and(|name| !name.is_empty()) =>
        {
            Ok(text.to_owned())
        }
        _ => Err(Invalid::new(
            format!("`{text}` is not the ARN of a role"),
            "write it as `arn:aws:iam::111122223333:role/deployer`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_command_line_takes_is_checked_at_the_door() {
        assert_eq!(pair("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert_eq!(pair("A="), Ok(("A".to_owned(), String::new())));
        assert!(pair("A").is_err() && pair("=b").is_err() && pair("").is_err());
        assert!(tag("team=storage").is_ok() && tag("aws:x=y").is_err() && tag("team=").is_err());
        assert!(role("arn:aws:iam::111122223333:role/a/deployer").is_ok());
        assert!(role("arn:aws-cn:iam::111122223333:role/deployer").is_ok());
        for bad in ["deployer", "arn:aws:iam::111122223333:user/u", "arn:aws:iam::1:role/r", ""] {
            assert!(role(bad).is_err(), "{bad}");
        }
    }
}
