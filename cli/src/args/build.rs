//! The source of the Lambda's program, for every command that packages it.

use std::fs;
use std::path::PathBuf;

use crate::error::Invalid;
use crate::package;
use crate::package::{RELEASED, Source};

/// The source of the program.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct BuildArgs {
    /// Zip this program instead of building one
    #[arg(long, value_name = "FILE", conflicts_with = "cargo_profile", help_heading = "Package")]
    #[arg(value_parser = file)]
    bootstrap: Option<PathBuf>,

    /// Cargo profile of the build; only `lambda` is reproducible [default: lambda]
    #[arg(long, value_name = "NAME", help_heading = "Package")]
    cargo_profile: Option<String>,

    /// Use the program inside this command, even in a clone of s3guard
    #[arg(long, conflicts_with_all = ["bootstrap", "cargo_profile"], help_heading = "Package")]
    embedded: bool,
}

impl BuildArgs {
    pub(crate) fn source(&self) -> Source {
        self.choose(package::is_in_clone(), !package::EMBEDDED.is_empty())
    }

    /// A named source first; then the workspace, in a clone of s3guard; then the embedded program.
    fn choose(&self, is_in_clone: bool, has_embedded: bool) -> Source {
        match (&self.bootstrap, &self.cargo_profile) {
            (Some(path), _) => Source::Binary(path.clone()),
            (None, _) if self.embedded => Source::Embedded,
            (None, Some(cargo_profile)) => {
                Source::Workspace { cargo_profile: cargo_profile.clone() }
            }
            (None, None) if !is_in_clone && has_embedded => Source::Embedded,
            (None, None) => Source::Workspace { cargo_profile: RELEASED.to_owned() },
        }
    }
}

/// A file that exists, or a pipe.
pub(crate) fn file(text: &str) -> Result<PathBuf, Invalid> {
    let problem = match fs::metadata(text) {
        Ok(file) if !file.is_dir() => return Ok(PathBuf::from(text)),
        Ok(_) => format!("`{text}` is a folder"),
        Err(error) => format!("`{text}` could not be read: {error}"),
    };
    Err(Invalid::new(problem, "name an existing file that you have permission to read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_clone_its_sources_are_packaged_and_elsewhere_the_embedded_program() {
        let none = BuildArgs { bootstrap: None, cargo_profile: None, embedded: false };
        let forced = BuildArgs { embedded: true, ..none.clone() };
        let profile = BuildArgs { cargo_profile: Some("dev".to_owned()), ..none.clone() };
        let program = BuildArgs { bootstrap: Some(PathBuf::from("b")), ..none.clone() };
        let built = |profile: &str| Source::Workspace { cargo_profile: profile.to_owned() };
        for is_in_clone in [true, false] {
            for has_embedded in [true, false] {
                let chosen = |args: &BuildArgs| args.choose(is_in_clone, has_embedded);
                let own =
                    if !is_in_clone && has_embedded { Source::Embedded } else { built("lambda") };
                assert_eq!(chosen(&none), own, "{is_in_clone} {has_embedded}");
                assert_eq!(chosen(&forced), Source::Embedded);
                assert_eq!(chosen(&profile), built("dev"));
                assert_eq!(chosen(&program), Source::Binary(PathBuf::from("b")));
            }
        }
    }
}
