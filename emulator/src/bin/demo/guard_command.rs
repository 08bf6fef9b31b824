//! The real `s3guard` command and the Lambda: built as the demo was built, run against the emulated account.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use s3guard_emulator::Account;

use crate::failure::{Doing as _, Failure};
use crate::page::Page;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The command, with the environment of an account.
pub(crate) struct GuardCommand {
    program: PathBuf,
    lambda: PathBuf,
    environment: Vec<(String, String)>,
}

/// Builds the command and the Lambda, by one call of cargo: alone, each would have its dependencies built for itself, because
/// the command asks for more features of them.
pub(crate) fn built(account: &Account) -> Result<GuardCommand, Failure> {
    let demo = env::current_exe().doing("finding the demo's own folder")?;
    let folder = demo.parent().and_then(|folder| folder.file_name()).unwrap_or_default();
    let profile = match folder.to_str() {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(ROOT)
        .args([
            "build",
            "--locked",
            "--profile",
            profile,
            "--package",
            "s3guard",
            "--bin",
            "s3guard",
            "--package",
            "s3guard-lambda",
            "--bin",
            "bootstrap",
        ])
        .stdin(Stdio::null())
        .status()
        .doing("running cargo")?;
    if !status.success() {
        let failure = Failure::new(format!(
            "`s3guard` and the Lambda could not be built: cargo ended with {status}"
        ));
        return Err(failure.hint("cargo's own words above say why"));
    }
    let [program, lambda] = ["s3guard", "bootstrap"].map(|name| demo.with_file_name(name));
    Ok(GuardCommand { program, lambda, environment: account.env() })
}

impl GuardCommand {
    /// Where the Lambda lies, as a person would give it on a command line in the workspace.
    pub(crate) fn lambda(&self) -> String {
        let root = Path::new(ROOT).canonicalize().unwrap_or_default();
        self.lambda.strip_prefix(root).unwrap_or(&self.lambda).display().to_string()
    }

    /// Runs the command; what it writes goes where the demo writes.
    pub(crate) fn run(&self, page: &mut Page, arguments: &[&str]) -> Result<(), Failure> {
        let line = format!("s3guard {}", arguments.join(" "));
        page.typed(&line)?;
        let mut command = Command::new(&self.program);
        // What this person has set for other accounts and stacks must not reach this one.
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("AWS_") || name.starts_with("S3GUARD_") {
                command.env_remove(name.as_ref());
            }
        }
        let status = command
            .current_dir(ROOT)
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .status()
            .doing("running s3guard")?;
        if status.success() {
            Ok(())
        } else {
            Err(Failure::new(format!("`{line}` ended with {status}")))
        }
    }
}
