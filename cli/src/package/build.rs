//! Builds the Lambda's program with Cargo, independent of this machine.
//!
//! docs/adr/0007-reproducible-package.md says why the flags are as they are.

mod paths;

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, anyhow, bail};
use serde_json::Value;

use crate::error::Advice as _;
use crate::package::build::paths::Mapping;
use crate::package::{Architecture, seal};

/// The crate of the program.
pub(super) const PACKAGE: &str = "s3guard-lambda";
const BINARY: &str = "bootstrap";
/// The Cargo profile of releases, which gives the same bytes everywhere.
pub(crate) const RELEASED: &str = "lambda";

pub(crate) struct Built {
    pub(crate) binary: PathBuf,
    pub(crate) target_folder: PathBuf,
}

/// Builds the Lambda's program for a processor; Cargo's output goes to stderr.
pub(crate) fn bootstrap(
    workspace: &Path,
    cargo_profile: &str,
    architecture: Architecture,
) -> anyhow::Result<Built> {
    let metadata = metadata(workspace)?;
    let target_folder = folder_in(&metadata)?;
    let mut cargo = cargo_build(workspace, &metadata, PACKAGE, BINARY, cargo_profile);
    if let Some(triple) = foreign_triple(workspace, architecture)? {
        cargo.args(["--target", triple]);
    }
    let messages = stdout_of(cargo, "the Lambda could not be built")?;
    let binary = executable(&messages, BINARY).context("cargo built no `bootstrap`")?;
    Ok(Built { binary, target_folder })
}

/// Builds the command with the packages of a folder.
pub(crate) fn command(workspace: &Path, packages: &Path) -> anyhow::Result<PathBuf> {
    let metadata = metadata(workspace)?;
    let mut cargo = cargo_build(workspace, &metadata, "s3guard", "s3guard", RELEASED);
    cargo.args(["--features", "embedded"]).env(seal::VARIABLE, packages);
    let messages = stdout_of(cargo, "the command could not be built")?;
    executable(&messages, "s3guard").context("cargo built no `s3guard`")
}

/// The crates of the Lambda's program, a line for each with its licence. Crates for tests are not among them.
pub(super) fn tree(workspace: &Path, architecture: Architecture) -> anyhow::Result<String> {
    let mut cargo = cargo(workspace);
    cargo.args(["tree", "--locked", "--package", PACKAGE, "--edges", "normal,build"]);
    cargo.args(["--target", architecture.triple(), "--prefix", "none", "--format", "{p}|{l}"]);
    stdout_of(cargo, "cargo cannot list the crates")
}

/// The version of the compiler.
pub(super) fn compiler(workspace: &Path) -> anyhow::Result<String> {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.current_dir(workspace).arg("--version");
    Ok(stdout_of(rustc, "`rustc` did not report its version")?.trim().to_owned())
}

/// A build of one program; a release is independent of this machine.
fn cargo_build(
    workspace: &Path,
    metadata: &Value,
    package: &str,
    binary: &str,
    cargo_profile: &str,
) -> Command {
    let mut cargo = cargo(workspace);
    cargo.args(["build", "--locked", "--package", package, "--bin", binary]);
    cargo.args(["--profile", cargo_profile, "--message-format", "json-render-diagnostics"]);
    if cargo_profile == RELEASED {
        let mapping = Mapping::new(workspace, metadata);
        for (name, value) in mapping.environment(|name| env::var(name).ok()) {
            cargo.env(name, value);
        }
    }
    cargo
}

/// The target, if it is not the machine's own; it has to be installed.
fn foreign_triple(
    workspace: &Path,
    architecture: Architecture,
) -> anyhow::Result<Option<&'static str>> {
    let triple = architecture.triple();
    let rustc = |arguments: &[&str]| {
        let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        rustc.current_dir(workspace).args(arguments);
        stdout_of(rustc, "`rustc` did not report its target")
    };
    if rustc(&["-vV"])?.lines().any(|line| line.strip_prefix("host: ") == Some(triple)) {
        return Ok(None);
    }
    // Checked, not tried: an attempt may make rustup download the target.
    let sysroot = rustc(&["--print", "sysroot"])?;
    if !Path::new(sysroot.trim_end()).join("lib/rustlib").join(triple).join("lib").is_dir() {
        let release = architecture.cargo_lambda();
        return Err(anyhow!("this Rust cannot build for {architecture}: `{triple}` is missing"))
            .hint(format!(
                "`rustup target add {triple}`, or `{release}` and then `--bootstrap FILE`"
            ));
    }
    Ok(Some(triple))
}

/// Cargo's target folder.
pub(super) fn target_folder(workspace: &Path) -> anyhow::Result<PathBuf> {
    folder_in(&metadata(workspace)?)
}

fn folder_in(metadata: &Value) -> anyhow::Result<PathBuf> {
    let folder = metadata["target_directory"].as_str();
    Ok(PathBuf::from(folder.context("cargo names no target folder")?))
}

fn metadata(workspace: &Path) -> anyhow::Result<Value> {
    let mut cargo = cargo(workspace);
    cargo.args(["metadata", "--locked", "--format-version", "1"]);
    let json = stdout_of(cargo, "cargo cannot read the workspace")?;
    serde_json::from_str(&json).context("`cargo metadata` did not answer in JSON")
}

/// Runs in the workspace, where Cargo finds `.cargo/config.toml`.
fn cargo(workspace: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace);
    cargo
}

fn stdout_of(mut command: Command, failed: &'static str) -> anyhow::Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("`{program}` could not be started"))
        .hint("install Rust from https://rustup.rs, or give the program with `--bootstrap FILE`")?;
    if !output.status.success() {
        let arguments = command.get_args().map(OsStr::to_string_lossy).collect::<Vec<_>>();
        return Err(anyhow!("`{program} {}`: {}", arguments.join(" "), output.status))
            .context(failed)
            .hint("its output is above; the README lists what a build needs");
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{program}` did not answer in text"))
}

/// The path of the program, from Cargo's messages.
fn executable(messages: &str, binary: &str) -> anyhow::Result<PathBuf> {
    for line in messages.lines().filter(|line| line.starts_with('{')) {
        let message: Value = serde_json::from_str(line).context("a message is no JSON")?;
        if message["reason"] == "compiler-artifact"
            && message["target"]["name"] == binary
            && let Some(path) = message["executable"].as_str()
        {
            return Ok(PathBuf::from(path));
        }
    }
    bail!("no message names an executable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_among_the_messages() {
        let messages = r#"
{"reason":"compiler-artifact","target":{"name":"s3guard_posture"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"bootstrap"},"executable":"/t/lambda/bootstrap"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages, BINARY).unwrap(), Path::new("/t/lambda/bootstrap"));
        assert!(executable(r#"{"reason":"build-finished","success":true}"#, BINARY).is_err());
        assert!(executable(messages, "s3guard").is_err());
    }
}
