//! The counts that are the same on every machine, compared with the approved baseline.

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::{Value, json};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// The size of the package depends on the compiler: it may differ by one part in this many.
const TOLERANCE: u64 = 50;
const HINT: &str =
    "if that is wanted, run it again with UPDATE_EXPECT=1, and say why in the commit";

/// Compares the counts, and the sizes of the package and the templates, with the baseline; or updates the baseline.
pub(crate) fn check(counts: &Value, zip_bytes: u64) -> Result<(), String> {
    let baseline = Path::new(ROOT).join("benches/baseline.json");
    let found = json!({ "counts": counts, "zipBytes": zip_bytes, "templateBytes": templates()? });
    let text = fs::read_to_string(&baseline).map_err(|error| at(&baseline, &error))?;
    let mut known: Value = serde_json::from_str(&text).map_err(|error| at(&baseline, &error))?;
    if env::var_os("UPDATE_EXPECT").is_some() {
        // Entries of other benchmarks are kept.
        for name in ["counts", "zipBytes", "templateBytes"] {
            known[name] = found[name].clone();
        }
        return fs::write(&baseline, format!("{known:#}\n")).map_err(|error| at(&baseline, &error));
    }
    for name in ["counts", "templateBytes"] {
        if found[name] != known[name] {
            let (found, known) = (&found[name], &known[name]);
            return Err(format!("{name} are {found:#}\nand were {known:#}\n{HINT}"));
        }
    }
    let known = known["zipBytes"].as_u64().unwrap_or_default();
    if zip_bytes.abs_diff(known) > known / TOLERANCE {
        return Err(format!("the package has {zip_bytes} bytes and had {known}\n{HINT}"));
    }
    Ok(())
}

/// The size of each template that is checked in.
fn templates() -> Result<Value, String> {
    let folder = Path::new(ROOT).join("templates");
    let entries = fs::read_dir(&folder).map_err(|error| at(&folder, &error))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let size = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = fs::metadata(file).map_err(|error| at(file, &error))?.len();
        Ok((name, json!(bytes)))
    };
    files.iter().map(size).collect::<Result<serde_json::Map<_, _>, String>>().map(Value::from)
}

fn at(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("`{}`: {error}", path.display())
}
