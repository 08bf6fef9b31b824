//! Work on the stacks of one name in several Regions: the fan-out, and the labels of the output.

use anyhow::anyhow;
use futures_util::future::join_all;
use serde::Serialize;

use crate::args::account::{AccountArgs, AccountsArgs};
use crate::error;
use crate::error::{Advice as _, Problem};
use crate::exit::Exit;
use crate::ui::output::Output;
use crate::ui::text::{Printable, Text};

/// The results by Region. A failure in one does not stop the others.
#[derive(Debug)]
pub(crate) struct ByRegion<T> {
    pub(crate) done: Vec<T>,
    pub(crate) failed: Vec<Failed>,
}

/// A Region in which the work failed.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) region: String,
    pub(crate) error: anyhow::Error,
}

/// Does the work in all Regions at once, each with an output of its own.
pub(crate) async fn each<T>(
    args: &AccountsArgs,
    output: &Output,
    work: impl AsyncFn(AccountArgs, Output) -> anyhow::Result<T>,
) -> ByRegion<T> {
    let each = args.each();
    let (count, work) = (each.len(), &work);
    let works = each.into_iter().map(|one| async move {
        let region = one.region.as_ref().map(ToString::to_string).unwrap_or_default();
        let output = labelled(output, &region, count);
        (region, work(one, output).await)
    });
    join_all(works).await.into_iter().collect()
}

/// The output for one Region: with its name before each line, if there are several.
fn labelled(output: &Output, region: &str, count: usize) -> Output {
    if count == 1 { output.clone() } else { output.labelled(region) }
}

/// A Region in which the work failed, as JSON.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FailedRegion {
    region: String,
    error: Problem,
}

impl Failed {
    pub(crate) fn view(&self) -> FailedRegion {
        FailedRegion { region: self.region.clone(), error: Problem::of(&self.error) }
    }
}

/// The results of all Regions: the same shape for one and for several.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Regions<T> {
    regions: Vec<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<FailedRegion>,
}

impl<T: Printable> Printable for Regions<T> {
    /// One after the other, with an empty line between.
    fn print(&self, text: &mut Text) {
        for (index, one) in self.regions.iter().enumerate() {
            if index > 0 {
                text.gap();
            }
            one.print(text);
        }
    }
}

impl<T> FromIterator<(String, anyhow::Result<T>)> for ByRegion<T> {
    fn from_iter<I: IntoIterator<Item = (String, anyhow::Result<T>)>>(all: I) -> Self {
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        for (region, result) in all {
            match result {
                Ok(one) => done.push(one),
                Err(error) => failed.push(Failed { region, error }),
            }
        }
        Self { done, failed }
    }
}

impl<T> ByRegion<T> {
    /// Whether there is only one Region.
    pub(crate) fn is_one(&self) -> bool {
        self.count() == 1
    }

    fn count(&self) -> usize {
        self.done.len() + self.failed.len()
    }

    /// The results of all Regions, or an error after the failure of each Region was reported.
    pub(crate) fn all(
        self,
        what: &str,
        output: &Output,
        hint: impl FnOnce(&str) -> String,
    ) -> anyhow::Result<Vec<T>> {
        let count = self.count();
        failures(self.failed, count, what, output, hint).map(|()| self.done)
    }

    /// Prints the results of all Regions, then reports the failures.
    pub(crate) fn finish(
        self,
        output: &Output,
        hint: impl FnOnce(&str) -> String,
    ) -> anyhow::Result<()>
    where
        T: Serialize + Printable,
    {
        let count = self.count();
        let failed = self.failed.iter().map(Failed::view).collect();
        output.result(&Regions { regions: self.done, failed })?;
        failures(self.failed, count, "failed", output, hint)
    }

    /// The error of the only Region; several Regions are shown before [`Self::all`].
    pub(crate) fn unless_the_only_one_failed(mut self) -> anyhow::Result<Self> {
        let only = if self.is_one() { self.failed.pop() } else { None };
        only.map_or(Ok(self), |only| Err(only.error))
    }
}

/// The error of the only Region; of several, each error is reported, and the returned one names the Regions.
pub(crate) fn failures(
    mut failed: Vec<Failed>,
    count: usize,
    what: &str,
    output: &Output,
    hint: impl FnOnce(&str) -> String,
) -> anyhow::Result<()> {
    if count == 1 {
        return failed.pop().map_or(Ok(()), |only| Err(only.error));
    }
    if failed.is_empty() {
        return Ok(());
    }
    let mut exits = Vec::new();
    for Failed { region, error } in &failed {
        output.say(format_args!("`{region}`:"));
        exits.push(error::report(error, output));
    }
    // An exit code that all Regions share is that of the command.
    let is_shared = failed.len() == count && exits.windows(2).all(|pair| pair[0] == pair[1]);
    let exit = exits.first().copied().filter(|_| is_shared).unwrap_or(Exit::Failed);
    let regions: Vec<&str> = failed.iter().map(|one| one.region.as_str()).collect();
    let regions = regions.join(",");
    Err(anyhow!("{} of {count} Regions {what}: {regions}", failed.len()))
        .hint(hint(&regions))
        .exit(exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_region_keeps_the_live_lines_and_has_no_label() {
        let output = Output::default().live();
        let one = labelled(&output, "eu-west-1", 1);
        assert!(one.part().is_some() && one.label().is_none());
        let two = labelled(&output, "eu-west-1", 2);
        assert!(two.part().is_some() && two.label() == Some("eu-west-1"));
    }

    #[test]
    fn a_failure_in_one_region_stops_no_other_and_the_only_error_is_unchanged() {
        let of = |regions: &[&str]| -> ByRegion<usize> {
            let result = |region: &&str| match *region {
                "bad" => Err(anyhow!("no")),
                "wrong" => Err(anyhow!("no")).exit(Exit::Usage),
                good => Ok(good.len()),
            };
            regions.iter().map(|region| ((*region).to_owned(), result(region))).collect()
        };
        let all = |regions: &[&str]| {
            let done =
                of(regions).all("failed", &Output::default(), |named| format!("fix {named}"));
            done.map_err(|error| error::text(&error))
        };
        assert_eq!(all(&["a", "bb"]), Ok(vec![1, 2]));
        assert_eq!(all(&["bad"]), Err("error: no\n".to_owned()));
        let both = "error: 1 of 2 Regions failed: bad\n\nhint: fix bad\n";
        assert_eq!(all(&["a", "bad"]), Err(both.to_owned()));
        let exit = |regions: &[&str]| {
            let all = of(regions).all("failed", &Output::default(), str::to_owned);
            error::report(&all.unwrap_err(), &Output::default())
        };
        assert_eq!(exit(&["wrong", "wrong"]), Exit::Usage);
        assert_eq!(exit(&["wrong", "bad"]), Exit::Failed);
        assert_eq!(exit(&["wrong", "a"]), Exit::Failed);
        assert!(of(&["bad"]).unless_the_only_one_failed().is_err());
        assert_eq!(of(&["a", "bad"]).unless_the_only_one_failed().unwrap().failed.len(), 1);
    }
}
