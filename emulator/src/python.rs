//! The virtualenv that the emulated account runs in: made on first use, once for all processes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

use sha2::{Digest as _, Sha256};

use crate::EmulatorError;
use crate::sign::hex;

/// What the emulated account needs, each package pinned.
const REQUIREMENTS: &str = include_str!("../python/requirements.txt");
const OLDEST: (u32, u32) = (3, 10);
/// Stands in a virtualenv whose packages are all there.
const READY: &str = "s3guard-ready";

/// The Python of a virtualenv with the emulator's packages.
pub(crate) fn with_emulator() -> Result<PathBuf, EmulatorError> {
    virtualenv("emulator", REQUIREMENTS)
}

/// The Python of the virtualenv `venv-<name>-<hash>` with these packages.
pub fn virtualenv(name: &str, requirements: &str) -> Result<PathBuf, EmulatorError> {
    let python = env::var("S3GUARD_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let version = version(&python)?;
    let hash = hex(&Sha256::digest(format!("{version} {requirements}")));
    let folder = cache().join(format!("venv-{name}-{}", &hash[..12]));
    let ready = folder.join(READY);
    let found = folder.join("bin/python");
    if ready.exists() {
        return Ok(found);
    }
    // Test processes start together: one makes it, the others wait.
    let _lock = lock(&folder.with_extension("lock"))?;
    if !ready.exists() {
        make(&python, &folder, requirements)?;
        write(&ready, &version)?;
    }
    Ok(found)
}

/// The folder for what is made once and kept: cargo's target folder, if this program lies in it.
pub fn cache() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    // Cargo marks its target folder so.
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target.map_or_else(|| env::temp_dir().join("s3guard"), Path::to_path_buf)
}

fn version(python: &str) -> Result<String, EmulatorError> {
    let script = "import sys; print('%d.%d.%d' % sys.version_info[:3])";
    let output = Command::new(python)
        .args(["-c", script])
        .output()
        .map_err(|source| EmulatorError::NoPython { python: python.to_owned(), source })?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut parts = version.split('.').filter_map(|part| part.parse::<u32>().ok());
    let known = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if known < OLDEST {
        let found = if version.is_empty() { "unknown".to_owned() } else { version };
        return Err(EmulatorError::OldPython { python: python.to_owned(), found });
    }
    Ok(version)
}

fn make(python: &str, folder: &Path, requirements: &str) -> Result<(), EmulatorError> {
    // What a process left that was killed in here is of no use.
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|source| file_error(folder, source))?;
    }
    run(Command::new(python).args(["-m", "venv"]).arg(folder))
        .map_err(|said| EmulatorError::NoVenv { python: python.to_owned(), cause: first(&said) })?;
    let list = folder.join("requirements.txt");
    write(&list, requirements)?;
    let pip =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "-r"];
    run(Command::new(folder.join("bin/python")).args(pip).arg(&list))
        .map_err(|said| EmulatorError::NoPackages { cause: last(&said) })
}

/// Runs a command to its end; the error is what it wrote.
fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stderr, output.stdout].concat();
    Err(String::from_utf8_lossy(&said).into_owned())
}

/// Python's `venv` says the cause first, and then what to do on Debian.
fn first(said: &str) -> String {
    one(said.lines())
}

/// Pip says the cause last, after its warnings.
fn last(said: &str) -> String {
    one(said.lines().rev())
}

fn one<'a>(mut lines: impl Iterator<Item = &'a str>) -> String {
    lines.find(|line| !line.trim().is_empty()).unwrap_or("it said nothing").trim().to_owned()
}

fn lock(path: &Path) -> Result<File, EmulatorError> {
    let locked = || -> io::Result<File> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::create(path)?;
        file.lock()?;
        Ok(file)
    };
    locked().map_err(|source| file_error(path, source))
}

fn write(path: &Path, text: &str) -> Result<(), EmulatorError> {
    fs::write(path, text).map_err(|source| file_error(path, source))
}

fn file_error(path: &Path, source: io::Error) -> EmulatorError {
    EmulatorError::File { path: path.to_path_buf(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_that_is_not_there_is_named() {
        let error = version("/no/such/python").expect_err("there is none");
        assert!(matches!(error, EmulatorError::NoPython { .. }));
        assert!(error.hint().is_some_and(|hint| hint.contains("S3GUARD_PYTHON")));
    }

    #[test]
    fn what_does_not_tell_a_version_is_too_old() {
        let error = version("true").expect_err("`true` tells none");
        assert!(matches!(error, EmulatorError::OldPython { .. }), "{error}");
    }

    #[test]
    fn every_package_is_pinned() {
        for line in REQUIREMENTS.lines().filter(|line| !line.starts_with('#')) {
            assert!(line.contains("=="), "`{line}` has no version");
        }
    }
}
