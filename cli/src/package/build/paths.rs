//! Replaces the paths of this machine in the program: panic messages and C's `__FILE__` contain the paths of sources, so
//! that another folder would give other bytes.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

/// Folders of this machine and their replacements, the more specific ones last.
pub(crate) struct Mapping(Vec<(String, &'static str)>);

impl Mapping {
    /// Reads the folders from Cargo's metadata.
    pub(crate) fn new(workspace: &Path, metadata: &Value) -> Self {
        let root = metadata["workspace_root"].as_str().unwrap_or_default();
        let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
        // A registry's folder has a hash of its address in its name: that of a mirror differs.
        let registries: BTreeSet<String> = packages
            .iter()
            .filter(|package| !package["source"].is_null())
            .filter_map(|package| Path::new(package["manifest_path"].as_str()?).parent()?.parent())
            .map(|folder| folder.to_string_lossy().into_owned())
            .collect();
        // rustc uses the last match: a target folder inside the workspace has to come after it.
        let mut folders = vec![(root.to_owned(), "/s3guard")];
        if Path::new(root) != workspace {
            folders.push((workspace.to_string_lossy().into_owned(), "/s3guard"));
        }
        folders.extend(registries.into_iter().map(|folder| (folder, "/crates")));
        if let Some(target) = metadata["target_directory"].as_str() {
            folders.push((target.to_owned(), "/target"));
        }
        folders.retain(|(folder, _)| !folder.is_empty());
        Self(folders)
    }

    /// The variables for rustc and the C compiler, after the caller's own flags.
    pub(crate) fn environment(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> [(&'static str, String); 3] {
        // Cargo separates encoded flags with 0x1f, so that a folder name may contain a space.
        let mut rust: Vec<String> = match variable("CARGO_ENCODED_RUSTFLAGS") {
            Some(flags) => flags.split('\x1f').map(str::to_owned).collect(),
            None => variable("RUSTFLAGS")
                .map(|flags| flags.split_whitespace().map(str::to_owned).collect())
                .unwrap_or_default(),
        };
        rust.retain(|flag| !flag.is_empty());
        let mut c: Vec<String> = variable("CFLAGS").into_iter().collect();
        for (folder, name) in &self.0 {
            rust.push(format!("--remap-path-prefix={folder}={name}"));
            c.push(quoted(&format!("-ffile-prefix-map={folder}={name}")));
        }
        [
            ("CARGO_ENCODED_RUSTFLAGS", rust.join("\x1f")),
            ("CFLAGS", c.join(" ")),
            // Without it the crate `cc` splits flags at every space.
            ("CC_SHELL_ESCAPED_FLAGS", "1".to_owned()),
        ]
    }
}

fn quoted(flag: &str) -> String {
    format!("'{}'", flag.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapping() -> Mapping {
        let metadata = json!({
            "workspace_root": "/home/a b/s3guard",
            "target_directory": "/home/a b/s3guard/target",
            "packages": [
                { "source": null, "manifest_path": "/home/a b/s3guard/lambda/Cargo.toml" },
                { "source": "registry+x", "manifest_path": "/cargo/registry/src/mirror-1/serde-1.0.0/Cargo.toml" },
                { "source": "registry+x", "manifest_path": "/cargo/registry/src/mirror-1/time-0.3.0/Cargo.toml" },
            ],
        });
        Mapping::new(Path::new("/home/a b/s3guard"), &metadata)
    }

    #[test]
    fn every_folder_of_the_machine_gets_a_name_and_the_target_folder_comes_last() {
        let [(_, rust), (_, c), _] = mapping().environment(|_| None);
        assert_eq!(
            rust.split('\x1f').collect::<Vec<_>>(),
            [
                "--remap-path-prefix=/home/a b/s3guard=/s3guard",
                "--remap-path-prefix=/cargo/registry/src/mirror-1=/crates",
                "--remap-path-prefix=/home/a b/s3guard/target=/target",
            ]
        );
        assert_eq!(
            c,
            "'-ffile-prefix-map=/home/a b/s3guard=/s3guard' \
             '-ffile-prefix-map=/cargo/registry/src/mirror-1=/crates' \
             '-ffile-prefix-map=/home/a b/s3guard/target=/target'"
        );
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }

    #[test]
    fn the_flags_of_the_caller_are_kept() {
        let flags = |set: (&'static str, &'static str)| {
            let [(_, rust), (_, c), _] =
                mapping().environment(|name| (name == set.0).then(|| set.1.to_owned()));
            (rust, c)
        };
        assert!(flags(("RUSTFLAGS", " -C a -C b ")).0.starts_with("-C\x1fa\x1f-C\x1fb\x1f--remap"));
        assert!(flags(("CARGO_ENCODED_RUSTFLAGS", "-Ca")).0.starts_with("-Ca\x1f--remap"));
        assert!(flags(("CFLAGS", "-O1")).1.starts_with("-O1 '-ffile"));
    }
}
