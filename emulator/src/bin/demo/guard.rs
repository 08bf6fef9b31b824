//! The real `s3guard` command and the Lambda, built from this workspace.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use s3guard_emulator::Account;
use serde_json::json;

use crate::output::typed;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The command, with the environment of an account.
pub(crate) struct Guard {
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

/// The user who deploys the guard and operates it.
const USER: &str = "owner";

/// The user's ARN.
pub(crate) fn operator(account: &Account) -> String {
    format!("arn:aws:iam::{}:user/{USER}", account.number())
}

/// Creates the user. Returns the environment of commands that call as it.
///
/// Not the root user, who cannot assume the operator role.
pub(crate) fn environment(account: &Account) -> Result<Vec<(String, String)>> {
    let everything = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }],
    });
    Ok(account.env_of(&account.user(USER, &everything)?))
}

impl Guard {
    /// Builds the command and the Lambda in one call of cargo: alone, the Lambda would build another
    /// variant of their dependencies, with fewer features.
    pub(crate) fn build(account: &Account) -> Result<Self> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let packages = ["--package", "s3guard", "--package", "s3guard-lambda"];
        let status = Command::new(cargo)
            .current_dir(ROOT)
            .args(["build", "--locked", "--bin", "s3guard", "--bin", "bootstrap"])
            .args(packages)
            .stdin(Stdio::null())
            .status()
            .context("cargo could not be run")?;
        ensure!(
            status.success(),
            "`s3guard` and the Lambda could not be built: cargo ended with {status}"
        );
        let folder = env::current_exe()?.with_file_name("");
        Ok(Self { folder, environment: environment(account)? })
    }

    /// The path of the Lambda.
    pub(crate) fn bootstrap(&self) -> String {
        self.folder.join("bootstrap").display().to_string()
    }

    /// Runs the command; its output is shown.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<()> {
        let line = format!("s3guard {}", arguments.join(" "));
        typed(&line)?;
        let mut command = Command::new(self.folder.join("s3guard"));
        // The person's settings for other accounts and stacks do not apply here.
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("AWS_") || name.starts_with("S3GUARD_") {
                command.env_remove(name.as_ref());
            }
        }
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        let status = command
            .current_dir(ROOT)
            .args(arguments)
            .envs(environment)
            .stdin(Stdio::null())
            .status()
            .context("`s3guard` could not be run")?;
        ensure!(status.success(), "`{line}` ended with {status}");
        Ok(())
    }
}
