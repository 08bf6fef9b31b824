//! Finds the sources: the clone of s3guard that contains the current folder, or the command.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::anyhow;

use crate::error::Advice as _;

/// Finds the workspace upward from the current folder, then from the executable.
pub(crate) fn find() -> anyhow::Result<PathBuf> {
    let here = env::current_dir().ok();
    let executable = env::current_exe().ok();
    [here.as_deref(), executable.as_deref()]
        .into_iter()
        .flatten()
        .find_map(above)
        .ok_or_else(|| {
            let place = here.as_deref().unwrap_or(Path::new(".")).display();
            anyhow!("the sources of the Lambda are not in `{place}` nor in a folder above")
        })
        .hint(
            "run the command in a clone of s3guard, give the Lambda's program with \
             `--bootstrap FILE`, or use a command that `cargo standalone` built",
        )
}

/// Whether the current folder is in a clone.
pub(crate) fn is_here() -> bool {
    env::current_dir().is_ok_and(|here| above(&here).is_some())
}

fn above(start: &Path) -> Option<PathBuf> {
    start.ancestors().find(|folder| is_workspace(folder)).map(Path::to_owned)
}

/// A folder called `lambda` is not enough.
fn is_workspace(folder: &Path) -> bool {
    let says = |file: &str, line: &str| {
        fs::read_to_string(folder.join(file))
            .is_ok_and(|text| text.lines().any(|found| found.trim() == line))
    };
    says("Cargo.toml", "[workspace]") && says("lambda/Cargo.toml", r#"name = "s3guard-lambda""#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_found_from_deep_inside_and_from_nowhere_else() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        assert_eq!(above(&root.join("cli/src/no/such/folder")).as_deref(), Some(root));
        assert_eq!(above(root.parent().unwrap()), None);
    }
}
