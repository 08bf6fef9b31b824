//! Builds the zip of the Lambda: the same sources give the same bytes. `build` runs Cargo, `elf` refuses a program that
//! would not start, `archive` zips it.

mod archive;
mod build;
mod elf;
mod embedded;
mod sbom;
mod seal;
pub(crate) mod standalone;
mod workspace;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use s3guard_aws::code_bucket;
use s3guard_posture::Config;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::error::Advice as _;
use crate::exit::Exit;
pub(crate) use crate::package::build::RELEASED;
pub(crate) use crate::package::embedded::{EMBEDDED, long_version};
pub(crate) use crate::package::sbom::sbom;
pub(crate) use crate::package::standalone::build as standalone;
pub(crate) use crate::package::workspace::is_here as is_in_clone;

/// The largest zip that Lambda accepts, and the largest content.
///
/// Source: AWS Lambda Developer Guide, "Lambda quotas" (deployment package: 50 MB zipped, 250 MB unzipped).
const ZIP_SIZE_BYTES_MAX: usize = 50 * 1024 * 1024;
const CONTENT_SIZE_BYTES_MAX: usize = 250 * 1024 * 1024;

/// The suffix in the key of a package with a configuration, so that a stack shows whether it has one.
const CONFIGURED: &str = "-configured";

/// The processor of the Lambda, as CloudFormation spells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum Architecture {
    /// Intel and AMD
    #[default]
    X86_64,
    /// Graviton
    Arm64,
}

impl Architecture {
    pub(crate) fn from_parameter(text: &str) -> Option<Self> {
        [Self::X86_64, Self::Arm64].into_iter().find(|architecture| architecture.as_str() == text)
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    const fn triple(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
        }
    }

    /// The command of `cargo-lambda` that builds for it.
    const fn cargo_lambda(self) -> &'static str {
        match self {
            Self::X86_64 => "cargo lambda build --release",
            Self::Arm64 => "cargo lambda build --release --arm64",
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where the Lambda's binary comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Built from the workspace with this Cargo profile.
    Workspace { cargo_profile: String },
    /// A program.
    Binary(PathBuf),
    /// A package.
    Zip(PathBuf),
    /// The package inside this command.
    Embedded,
}

/// A zip for Lambda.
pub(crate) struct Package {
    pub(crate) architecture: Architecture,
    pub(crate) zip: Vec<u8>,
    pub(crate) sha256: [u8; 32],
    /// Where it is written by default: in Cargo's target folder.
    pub(crate) default_path: PathBuf,
    pub(crate) is_configured: bool,
}

impl Package {
    /// The object's key, which changes with the content, so that CloudFormation sees the change.
    pub(crate) fn key(&self) -> String {
        let configured = if self.is_configured { CONFIGURED } else { "" };
        format!("s3guard/{}-{}{configured}.zip", stem(self.architecture), self.sha256_hex())
    }

    pub(crate) fn sha256_hex(&self) -> String {
        hex::encode(self.sha256)
    }
}

/// The configuration in a zip that is a package.
pub(crate) fn configuration(zip: &[u8]) -> anyhow::Result<Config> {
    Ok(written_in(zip)?.unwrap_or_default())
}

/// The configuration in the zip of this file, if there is one.
pub(crate) fn configuration_of_file(path: &Path) -> anyhow::Result<Option<Config>> {
    written_in(&read(path)?)
        .with_context(|| format!("`{}` cannot be deployed", path.display()))
        .exit(Exit::Usage)
}

fn written_in(zip: &[u8]) -> anyhow::Result<Option<Config>> {
    let Some(json) = archive::configuration_of(zip)
        .context("it is no package")
        .hint("`s3guard package` makes one")?
    else {
        return Ok(None);
    };
    let config = Config::from_json(&json)
        .context("the package has a configuration that this s3guard cannot use")
        .hint("provide the configuration again with `--config`")?;
    Ok(Some(config))
}

/// Whether the object of this key has a configuration in it.
pub(crate) fn is_configured(key: &str) -> bool {
    key.strip_suffix(".zip").is_some_and(|stem| stem.ends_with(CONFIGURED))
}

/// Makes the package from its source, with this configuration (JSON) in it.
pub(crate) fn make(
    source: &Source,
    architecture: Architecture,
    configuration: Option<&str>,
) -> anyhow::Result<Package> {
    let file = format!("{}.zip", stem(architecture));
    let (zip, default_path) = match source {
        Source::Workspace { cargo_profile } => {
            let built = build::bootstrap(&workspace::find()?, cargo_profile, architecture)?;
            (zipped(&built.binary, architecture)?, built.target_folder.join("s3guard").join(file))
        }
        Source::Binary(path) => (zipped(path, architecture)?, PathBuf::from(file)),
        Source::Zip(path) => {
            let zip = read(path)?;
            let binary = archive::bootstrap_of(&zip, CONTENT_SIZE_BYTES_MAX)
                .with_context(|| format!("`{}` is no package", path.display()))
                .hint("`s3guard package` makes one")?;
            check(&binary, path, architecture)?;
            (zip, PathBuf::from(file))
        }
        Source::Embedded => (embedded::zip(EMBEDDED, architecture)?, PathBuf::from(file)),
    };
    finished(architecture, zip, default_path, configuration)
}

/// The package of a zip, with this configuration in it.
fn finished(
    architecture: Architecture,
    zip: Vec<u8>,
    default_path: PathBuf,
    configuration: Option<&str>,
) -> anyhow::Result<Package> {
    let zip = match configuration {
        Some(json) => archive::with_configuration(&zip, json)
            .context("the configuration could not be put into the package")?,
        None => zip,
    };
    if zip.len() > ZIP_SIZE_BYTES_MAX {
        bail!("the zip has {} bytes, Lambda accepts {ZIP_SIZE_BYTES_MAX}", zip.len());
    }
    let sha256 = Sha256::digest(&zip).into();
    let is_configured = archive::configuration_of(&zip)?.is_some();
    Ok(Package { architecture, zip, sha256, default_path, is_configured })
}

/// Compares a package with a published hash, hexadecimal or as Lambda's `CodeSha256`.
pub(crate) fn verify(package: &Package, source: &Source, expected: &str) -> anyhow::Result<()> {
    let is_expected = |zip: &[u8]| {
        let sha256 = Sha256::digest(zip).into();
        expected == hex::encode(sha256) || expected == code_bucket::checksum(&sha256)
    };
    if is_expected(&package.zip) {
        return Ok(());
    }
    let program = archive::bootstrap_of(&package.zip, CONTENT_SIZE_BYTES_MAX)?;
    let hint = if is_expected(&archive::of_bootstrap(&program)?) {
        "the program is the same, the configuration in the package is not: `--no-config` leaves it out".to_owned()
    } else {
        let compiler = match source {
            Source::Workspace { .. } => build::compiler(&workspace::find()?)?,
            Source::Binary(_) | Source::Zip(_) | Source::Embedded => "no compiler".to_owned(),
        };
        format!(
            "the program, or the configuration in the package, is another one: this is version {} for {}, by `{compiler}`; \
             docs/verifying.md lists what the bytes depend on",
            env!("CARGO_PKG_VERSION"),
            package.architecture
        )
    };
    Err(anyhow::anyhow!("the package has the SHA-256 `{}`, not `{expected}`", package.sha256_hex()))
        .hint(hint)
}

/// Checks the hash of the zip in this file.
pub(crate) fn check_sha256(path: &Path, expected: &str) -> anyhow::Result<()> {
    let found = hex::encode(Sha256::digest(read(path)?));
    if found == expected {
        return Ok(());
    }
    Err(anyhow::anyhow!("the package `{}` has the SHA-256 `{found}`", path.display()))
        .hint(format!(
            "`--package-sha256` wants `{expected}`: nothing was uploaded; get the package again"
        ))
        .exit(Exit::Usage)
}

fn zipped(path: &Path, architecture: Architecture) -> anyhow::Result<Vec<u8>> {
    let binary = read(path)?;
    check(&binary, path, architecture)?;
    archive::of_bootstrap(&binary).context("the zip could not be made")
}

fn check(binary: &[u8], path: &Path, architecture: Architecture) -> anyhow::Result<()> {
    if binary.len() > CONTENT_SIZE_BYTES_MAX {
        return Err(anyhow::anyhow!(
            "`{}` has {} bytes, Lambda accepts {CONTENT_SIZE_BYTES_MAX}",
            path.display(),
            binary.len()
        ))
        .hint("strip its debug information, as the Cargo profile `lambda` does");
    }
    elf::check(binary, architecture).or_else(|refusal| {
        let hint = refusal.hint(architecture);
        Err(refusal)
            .with_context(|| format!("`{}` would not start in the Lambda", path.display()))
            .hint(hint)
    })
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path)
        .with_context(|| format!("`{}` could not be read", path.display()))
        .hint("name an existing file that you have permission to read")
        .exit(Exit::Usage)
}

fn stem(architecture: Architecture) -> String {
    format!("bootstrap-{architecture}")
}

#[cfg(test)]
mod tests {
    use super::elf::tests::sample::Sample;
    use super::embedded::Embedded;
    use super::*;

    #[test]
    fn an_embedded_package_has_the_bytes_of_the_same_program_packaged() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("bootstrap");
        fs::write(&program, Sample::default().bytes()).unwrap();
        let architecture = Architecture::X86_64;
        let packaged = |json| make(&Source::Binary(program.clone()), architecture, json).unwrap();
        let plain = packaged(None);
        let inside = [Embedded {
            architecture: "x86_64",
            sha256: plain.sha256_hex().leak(),
            zip: plain.zip.clone().leak(),
        }];
        for json in [None, Some("{\"grade\":\"hybrid\"}")] {
            let zip = embedded::zip(&inside, architecture).unwrap();
            let carried = finished(architecture, zip, PathBuf::new(), json).unwrap();
            assert!(carried.zip == packaged(json).zip, "{json:?}");
            assert_eq!(carried.key(), packaged(json).key());
            assert_eq!(carried.is_configured, json.is_some());
        }
        let version = long_version(&inside);
        assert_eq!(version.lines().count(), 2);
        assert!(version.ends_with(&format!("package x86_64  {}", plain.sha256_hex())), "{version}");
    }

    #[test]
    fn a_package_has_the_hash_that_was_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "zip").unwrap();
        let right = hex::encode(Sha256::digest("zip"));
        assert!(check_sha256(file.path(), &right).is_ok());
        let error = check_sha256(file.path(), &"00".repeat(32)).unwrap_err();
        assert!(error.to_string().ends_with(&format!("has the SHA-256 `{right}`")), "{error}");
    }

    #[test]
    fn a_package_is_compared_with_a_published_hash_in_both_spellings() {
        let zip = archive::of_bootstrap(b"program").unwrap();
        let plain = finished(Architecture::X86_64, zip.clone(), PathBuf::new(), None).unwrap();
        let configured = finished(Architecture::X86_64, zip, PathBuf::new(), Some("{}")).unwrap();
        let sources = Source::Workspace { cargo_profile: RELEASED.to_owned() };
        for package in [&plain, &configured] {
            assert!(verify(package, &sources, &package.sha256_hex()).is_ok());
            assert!(verify(package, &sources, &code_bucket::checksum(&package.sha256)).is_ok());
        }
        let refused = |package: &Package, expected: &str| {
            let error = verify(package, &sources, expected).unwrap_err();
            (error.to_string(), crate::error::hint(&error).unwrap_or_default())
        };
        let (problem, hint) = refused(&configured, &plain.sha256_hex());
        assert!(problem.ends_with(&format!("not `{}`", plain.sha256_hex())), "{problem}");
        assert!(hint.starts_with("the program is the same"), "{hint}");
        let (_, hint) = refused(&plain, &"00".repeat(32));
        assert!(hint.contains("`rustc ") && hint.contains("x86_64"), "{hint}");
    }

    #[test]
    fn a_missing_package_is_named() {
        let one = Embedded { architecture: "x86_64", sha256: "", zip: b"" };
        let error = embedded::zip(&[one], Architecture::Arm64).unwrap_err();
        assert_eq!(error.to_string(), "this s3guard carries a package for x86_64 only");
        let error = embedded::zip(&[], Architecture::X86_64).unwrap_err();
        assert_eq!(error.to_string(), "this s3guard carries no package");
        assert_eq!(long_version(&[]), env!("CARGO_PKG_VERSION"));
    }

    #[test]
    fn the_packages_of_this_command_would_start() {
        for one in EMBEDDED {
            let architecture = Architecture::from_parameter(one.architecture).unwrap();
            let binary = archive::bootstrap_of(one.zip, CONTENT_SIZE_BYTES_MAX).unwrap();
            assert!(elf::check(&binary, architecture).is_ok());
            assert_eq!(hex::encode(Sha256::digest(one.zip)), one.sha256);
            assert_eq!(archive::configuration_of(one.zip).unwrap(), None);
        }
    }
}
