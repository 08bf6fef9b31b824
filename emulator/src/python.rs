//! The virtualenv of the emulated account: created on first use, once for all processes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

/// What the emulated account needs, each package pinned.
const REQUIREMENTS: &str = include_str!("../python/requirements.txt");
const OLDEST: (u32, u32) = (3, 10);
/// Marks a virtualenv whose packages are installed.
const READY: &str = "s3guard-ready";
const INSTALL: &str = "install Python 3.10 or newer (`apt install python3 python3-venv`), \
                       or name one in S3GUARD_PYTHON";

/// The Python of a virtualenv with the emulator's packages.
pub(crate) fn with_emulator() -> Result<PathBuf> {
    virtualenv("emulator", REQUIREMENTS)
}

/// The Python of the virtualenv `venv-<name>-<hash>` with these packages.
pub fn virtualenv(name: &str, requirements: &str) -> Result<PathBuf> {
    let python = env::var("S3GUARD_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let version = version(&python)?;
    let hash = hex::encode(Sha256::digest(format!("{version} {requirements}")));
    let folder = cache().join(format!("venv-{name}-{}", &hash[..12]));
    let ready = folder.join(READY);
    let in_folder = || format!("`{}` could not be used", folder.display());
    // Test processes start together: one creates it, the others wait.
    let _lock = (!ready.exists()).then(|| lock(&folder)).transpose().with_context(in_folder)?;
    if !ready.exists() {
        create(&python, &folder, requirements)?;
        fs::write(&ready, &version).with_context(in_folder)?;
    }
    Ok(folder.join("bin/python"))
}

/// The folder for what is created once and kept: cargo's target folder, if this program is in it; else beside the program,
/// because another user could prepare a virtualenv in the system's temporary folder.
pub fn cache() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    // Cargo marks its target folder so.
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target.or(program.parent()).unwrap_or(Path::new(".")).to_path_buf()
}

fn version(python: &str) -> Result<String> {
    let script = "import sys; print('%d.%d.%d' % sys.version_info[:3])";
    let output = Command::new(python)
        .args(["-c", script])
        .output()
        .with_context(|| format!("`{python}` could not be run; {INSTALL}"))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut parts = version.split('.').filter_map(|part| part.parse::<u32>().ok());
    let known = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    ensure!(known >= OLDEST, "`{python}` is Python `{version}`, which is too old; {INSTALL}");
    Ok(version)
}

fn create(python: &str, folder: &Path, requirements: &str) -> Result<()> {
    // A process that was killed here leaves a part of it.
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    run(Command::new(python).args(["-m", "venv"]).arg(folder)).with_context(|| {
        format!("`{python}` cannot create a virtualenv; try `apt install python3-venv`")
    })?;
    let list = folder.join("requirements.txt");
    fs::write(&list, requirements)?;
    // Each file has a known hash, and none of them runs code while it is installed.
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"];
    let pip = pip.into_iter().chain(["--require-hashes", "--only-binary", ":all:", "-r"]);
    run(without_aws(Command::new(folder.join("bin/python")).args(pip).arg(&list))).context(
        "pip could not install the emulator's packages from the Python package index; \
         check the network, or set PIP_INDEX_URL or HTTPS_PROXY",
    )
}

/// Without the developer's credentials.
fn without_aws(command: &mut Command) -> &mut Command {
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end; the error is its output.
fn run(command: &mut Command) -> Result<()> {
    let output = command.output()?;
    let text = [output.stderr, output.stdout].concat();
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&text).trim());
    Ok(())
}

fn lock(folder: &Path) -> io::Result<File> {
    fs::create_dir_all(cache())?;
    let file = File::create(folder.with_extension("lock"))?;
    file.lock()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_python_is_named_with_the_setting_that_replaces_it() {
        let error = version("/no/such/python").expect_err("there is none").to_string();
        assert!(error.contains("`/no/such/python`") && error.contains("S3GUARD_PYTHON"), "{error}");
    }

    #[test]
    fn a_program_that_prints_no_version_is_too_old() {
        let error = version("true").expect_err("`true` prints none").to_string();
        assert!(error.contains("too old"), "{error}");
    }

    #[test]
    fn every_package_is_pinned_and_has_hashes() {
        let lines: Vec<&str> = REQUIREMENTS.lines().filter(|line| !line.starts_with('#')).collect();
        let packages = lines.join("\n").replace("\\\n", "");
        assert!(packages.lines().count() > 10, "{packages}");
        for line in packages.lines() {
            assert!(line.contains("==") && line.contains("--hash=sha256:"), "{line}");
        }
    }

    #[test]
    fn no_credentials_are_given_to_what_is_installed() {
        let mut command = Command::new("true");
        let removed = without_aws(&mut command);
        let removed: Vec<_> = removed.get_envs().filter(|(_, value)| value.is_none()).collect();
        let aws = env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_"));
        // `.cargo/config.toml` sets one for every test.
        assert!(aws.count() == removed.len() && !removed.is_empty(), "{removed:?}");
    }
}
