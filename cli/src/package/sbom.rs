//! The crates in the Lambda's program, as a `CycloneDX` bill of materials. The same sources give the same bytes: it has
//! no serial number and no time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::Context as _;
use serde_json::{Value as Json, json};

use crate::package::build::{self, PACKAGE};
use crate::package::{Package, workspace};

/// The bill of materials of a package that was built from the workspace.
pub(crate) fn sbom(package: &Package) -> anyhow::Result<String> {
    let workspace = workspace::find()?;
    let tree = build::tree(&workspace, package.architecture)?;
    let lock = fs::read_to_string(workspace.join("Cargo.lock"))
        .context("`Cargo.lock` could not be read")?;
    let json = document(&tree, &lock, &package.sha256_hex())?;
    Ok(serde_json::to_string_pretty(&json)? + "\n")
}

/// Source: `CycloneDX` 1.6, "JSON Reference"; the package URL specification, type `cargo`.
fn document(tree: &str, lock: &str, sha256: &str) -> anyhow::Result<Json> {
    let checksums = checksums(lock);
    let (mut program, mut components) = (Json::Null, Vec::new());
    // Cargo repeats a crate in each place of the tree.
    let lines: BTreeSet<&str> = tree.lines().filter(|line| !line.ends_with("(*)")).collect();
    for line in lines {
        let mut words = line.split(['|', ' ']);
        let name = words.next().unwrap_or_default();
        let version = words.next().and_then(|version| version.strip_prefix('v'));
        let version = version.with_context(|| format!("`cargo tree` printed `{line}`"))?;
        let licenses = line.rsplit('|').next().unwrap_or_default().replace('/', " OR ");
        let checksum = checksums.get(&(name, version));
        let checksum = checksum.with_context(|| format!("`{name}` is not in `Cargo.lock`"))?;
        let purl = format!("pkg:cargo/{name}@{version}");
        let mut component = json!({
            "type": "library", "bom-ref": purl, "name": name, "version": version,
            "licenses": [{ "expression": licenses }], "purl": purl,
        });
        if let Some(checksum) = checksum {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        }
        if name == PACKAGE {
            component["type"] = json!("application");
            component["hashes"] = json!([{ "alg": "SHA-256", "content": sha256 }]);
            program = component;
        } else {
            components.push(component);
        }
    }
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": program },
        "components": components,
    }))
}

/// The SHA-256 of each crate in the registry, by name and version, in a `Cargo.lock`; our own crates have none.
fn checksums(lock: &str) -> BTreeMap<(&str, &str), Option<&str>> {
    let packages = lock.split("[[package]]").skip(1);
    let checksum = |package| {
        let named = (field(package, "name")?, field(package, "version")?);
        Some((named, field(package, "checksum")))
    };
    packages.filter_map(checksum).collect()
}

fn field<'a>(package: &'a str, name: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix(" = \"")?.strip_suffix('"');
    package.lines().find_map(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "s3guard-lambda v0.1.0 (/home/x/s3guard/lambda)|MIT OR Apache-2.0\n\
        a v1.2.3|MIT/Apache-2.0\nb v0.1.0 (proc-macro)|MIT\na v1.2.3|MIT/Apache-2.0 (*)\n";
    const LOCK: &str = "version = 4\n\
        [[package]]\nname = \"s3guard-lambda\"\nversion = \"0.1.0\"\n\
        [[package]]\nname = \"a\"\nversion = \"1.2.3\"\nchecksum = \"aa\"\n\
        [[package]]\nname = \"a\"\nversion = \"2.0.0\"\nchecksum = \"bb\"\n\
        [[package]]\nname = \"b\"\nversion = \"0.1.0\"\nchecksum = \"cc\"\n";

    #[test]
    fn each_crate_is_listed_once_with_its_checksum_and_no_folder_of_the_machine() {
        let document = document(TREE, LOCK, "dd").unwrap();
        let program = &document["metadata"]["component"];
        assert_eq!((&program["name"], &program["type"]), (&json!(PACKAGE), &json!("application")));
        assert_eq!(program["hashes"][0]["content"], "dd");
        let components = document["components"].as_array().unwrap();
        let all: Vec<_> =
            components.iter().map(|one| (&one["purl"], &one["hashes"][0]["content"])).collect();
        let expected = [("pkg:cargo/a@1.2.3", "aa"), ("pkg:cargo/b@0.1.0", "cc")];
        assert_eq!(
            all,
            expected
                .map(|(purl, sha256)| (json!(purl), json!(sha256)))
                .each_ref()
                .map(|(a, b)| (a, b))
        );
        assert_eq!(components[0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert!(!document.to_string().contains("/home"), "{document}");
    }

    #[test]
    fn a_crate_that_is_not_locked_is_an_error() {
        let error = document("c v1.0.0|MIT", LOCK, "dd").unwrap_err();
        assert_eq!(error.to_string(), "`c` is not in `Cargo.lock`");
        assert!(document("c", LOCK, "dd").is_err());
    }
}
