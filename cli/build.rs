//! Puts the packaged Lambda into the command, with the feature `embedded`, after a check that it is that of these sources.

#[path = "src/package/seal.rs"]
#[cfg(feature = "embedded")]
mod seal;

#[cfg(not(feature = "embedded"))]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}

#[cfg(feature = "embedded")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::fmt::Write as _;
    use std::path::{Path, PathBuf};
    use std::{env, fs};

    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/package/seal.rs");
    println!("cargo::rerun-if-env-changed={}", seal::VARIABLE);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let workspace =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("there is no workspace")?;
    for source in seal::SOURCES {
        println!("cargo::rerun-if-changed={}", workspace.join(source).display());
    }
    let sealed = match env::var_os(seal::VARIABLE).filter(|folder| !folder.is_empty()) {
        Some(folder) => {
            println!("cargo::rerun-if-changed={}", Path::new(&folder).display());
            seal::open(Path::new(&folder), workspace)
        }
        None => Err(format!("the variable `{}` does not say where it is", seal::VARIABLE)),
    };
    match sealed {
        Ok(sealed) => {
            let mut list = String::from("&[\n");
            for (index, one) in sealed.iter().enumerate() {
                let path = out.join(format!("package-{index}.zip"));
                fs::write(&path, &one.zip)?;
                let (name, hash) = (&one.architecture, one.sha256());
                let bytes = format!("include_bytes!({:?})", path.display().to_string());
                writeln!(
                    list,
                    "    Embedded {{ architecture: {name:?}, sha256: {hash:?}, zip: {bytes} }},"
                )?;
            }
            list.push_str("]\n");
            fs::write(out.join("embedded.rs"), list)?;
        }
        Err(problem) => println!(
            "cargo::error=there is no package to put into s3guard: {problem}; `cargo standalone` packages and builds it"
        ),
    }
    Ok(())
}
