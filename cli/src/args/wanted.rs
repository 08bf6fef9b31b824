//! The wanted state of the guard, for every command that plans a deployment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use s3guard_posture::BucketName;
use s3guard_posture::config::{Deploy, deploy};

use crate::args::account::AccountsArgs;
use crate::args::arn::principal;
use crate::args::build::{BuildArgs, file};
use crate::args::guard::GuardArgs;
use crate::args::parsed;
use crate::error::Invalid;
use crate::package::{Architecture, Source};

/// The wanted state of the guard.
#[derive(Debug, clap::Args)]
pub(crate) struct WantedArgs {
    #[command(flatten)]
    pub(crate) account: AccountsArgs,

    #[command(flatten)]
    pub(crate) guard: GuardArgs,

    #[command(flatten)]
    build: BuildArgs,

    /// Upload this zip, which `s3guard package` made
    #[arg(long, value_name = "FILE", conflicts_with_all = ["bootstrap", "cargo_profile", "embedded"])]
    #[arg(help_heading = "Package", value_parser = file)]
    package: Option<PathBuf>,

    /// SHA-256 that the zip of `--package` must have, in hexadecimal digits
    #[arg(long, value_name = "HEX", requires = "package", help_heading = "Package", value_parser = sha256)]
    pub(crate) package_sha256: Option<String>,

    /// Processor of the Lambda [new stacks: `x86_64`]
    #[arg(long, value_name = "ARCH", help_heading = "Package")]
    pub(crate) arch: Option<Architecture>,

    /// Existing bucket for the code, which is not changed; without it, a bucket is created and hardened
    #[arg(long, value_name = "BUCKET", env = "S3GUARD_CODE_BUCKET", help_heading = "Package")]
    #[arg(value_parser = parsed::<BucketName>("name a bucket of the stack's Region, without `s3://`"))]
    pub(crate) code_bucket: Option<BucketName>,

    /// Further principal that may deploy, by the ARN of a role or user; can be repeated. The caller is always added
    #[arg(long = "deployer", value_name = "ARN", value_parser = principal, help_heading = "Deployment")]
    pub(crate) deployers: Vec<String>,

    /// Tag of the stack and its resources; can be repeated
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag, help_heading = "Deployment")]
    tags: Vec<(String, String)>,

    /// Parameter of the template; can be repeated. Other parameters keep their values
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair, help_heading = "Deployment")]
    pub(crate) set: Vec<(String, String)>,

    /// Also revert manual changes of the resources
    #[arg(long, help_heading = "Deployment")]
    pub(crate) revert_drift: bool,
}

impl WantedArgs {
    pub(crate) fn source(&self) -> Source {
        match &self.package {
            Some(path) => Source::Zip(path.clone()),
            None => self.build.source(),
        }
    }

    /// The requested tags; the command line overrides the configuration.
    pub(crate) fn tags(&self, configured: Option<&Deploy>) -> BTreeMap<String, String> {
        let mut tags = configured.map(|deploy| deploy.tags.clone()).unwrap_or_default();
        tags.extend(self.tags.iter().cloned());
        tags
    }
}

fn sha256(text: &str) -> Result<String, Invalid> {
    let text = text.to_ascii_lowercase();
    match hex::decode(&text) {
        Ok(bytes) if bytes.len() == 32 => Ok(text),
        Ok(_) | Err(_) => Err(Invalid::new(
            format!("`{text}` is no SHA-256"),
            "write its 64 hexadecimal digits, as `s3guard package` or `sha256sum` prints them",
        )),
    }
}

fn pair(text: &str) -> Result<(String, String), Invalid> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        Some(_) | None => Err(Invalid::new(
            format!("`{text}` is not of the form `NAME=VALUE`"),
            "write it as `team=storage`",
        )),
    }
}

fn tag(text: &str) -> Result<(String, String), Invalid> {
    let (key, value) = pair(text)?;
    deploy::check_tag(&key, &value)
        .map_err(|problem| Invalid::new(problem, "choose another, such as `team=storage`"))?;
    Ok((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_has_64_digits() {
        let upper = "AB".repeat(32);
        assert_eq!(sha256(&upper).as_deref(), Ok(&*"ab".repeat(32)));
        assert!(sha256("ab").is_err() && sha256(&"xy".repeat(32)).is_err() && sha256("").is_err());
    }

    #[test]
    fn a_pair_has_a_name_and_a_tag_is_one_that_a_stack_can_have() {
        assert_eq!(pair("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert_eq!(pair("A="), Ok(("A".to_owned(), String::new())));
        assert!(pair("A").is_err() && pair("=b").is_err() && pair("").is_err());
        assert!(tag("team=storage").is_ok() && tag("aws:x=y").is_err() && tag("team=").is_err());
    }
}
