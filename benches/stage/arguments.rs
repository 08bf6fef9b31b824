//! The command line of a benchmark.

use std::path::PathBuf;

/// What a person wants of a benchmark.
pub(crate) struct Wanted {
    /// How often everything is measured.
    pub(crate) runs: usize,
    /// The package, if it is not to be made.
    pub(crate) zip: Option<PathBuf>,
    /// The flags that were given.
    flags: Vec<String>,
}

impl Wanted {
    /// Reads the arguments. `known` are the flags without a value.
    pub(crate) fn read(
        given: impl Iterator<Item = String>,
        runs: usize,
        known: &[&str],
    ) -> Result<Self, String> {
        let mut wanted = Self { runs, zip: None, flags: Vec::new() };
        let mut given = given;
        while let Some(flag) = given.next() {
            let mut value = || given.next().ok_or_else(|| format!("`{flag}` needs a value"));
            match flag.as_str() {
                // Cargo says this to every benchmark.
                "--bench" => {}
                "--zip" => wanted.zip = Some(value()?.into()),
                "--runs" => {
                    let runs = value()?;
                    let number = runs.parse().ok().filter(|number| *number > 0);
                    wanted.runs =
                        number.ok_or_else(|| format!("`{runs}` is not a number of runs"))?;
                }
                _ if known.contains(&flag.as_str()) => wanted.flags.push(flag),
                _ => {
                    let flags = known.join(", ");
                    return Err(format!(
                        "`{flag}` is unknown: there are --runs N, --zip FILE, {flags}"
                    ));
                }
            }
        }
        Ok(wanted)
    }

    /// Whether a flag was given.
    pub(crate) fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|given| given == flag)
    }
}
