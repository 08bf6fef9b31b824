//! The command line of a benchmark.

use std::ops::RangeInclusive;
use std::path::PathBuf;

/// The options of a benchmark.
pub(crate) struct Wanted {
    /// The number of measurements.
    pub(crate) runs: usize,
    /// Whether to run a smoke test: one run, without a comparison.
    pub(crate) is_smoke: bool,
    /// The package; built if not given.
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
        let mut wanted = Self { runs, is_smoke: false, zip: None, flags: Vec::new() };
        let mut given = given;
        while let Some(flag) = given.next() {
            let mut value = || given.next().ok_or_else(|| format!("`{flag}` needs a value"));
            match flag.as_str() {
                // Cargo passes this to every benchmark.
                "--bench" => {}
                "--smoke" => wanted.is_smoke = true,
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
                        "`{flag}` is unknown: there are --runs N, --smoke, --zip FILE, {flags}"
                    ));
                }
            }
        }
        Ok(wanted)
    }

    /// The numbers of the runs. Run 0 only fills the page cache.
    pub(crate) fn numbers(&self) -> RangeInclusive<usize> {
        if self.is_smoke { 1..=1 } else { 0..=self.runs }
    }

    /// Whether a flag was given.
    pub(crate) fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|given| given == flag)
    }
}
