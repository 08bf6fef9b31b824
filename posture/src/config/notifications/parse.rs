//! Reads values that more than one table of the configuration has.

use std::collections::BTreeSet;

use crate::config::mistake::{Mistake, PathPart, below, quoted, write_one_of, wrong_value};
use crate::config::pattern::Patterns;
use crate::model::severity::Severity;

const VALUES_MAX: usize = 100;

pub(super) fn severity(
    text: Option<&str>,
    path: &[PathPart],
    mistakes: &mut Vec<Mistake>,
) -> Option<Severity> {
    let text = text?;
    let severity = Severity::ALL.into_iter().find(|severity| severity.name() == text);
    if severity.is_none() {
        let proposal = write_one_of(text, &Severity::ALL.map(Severity::name));
        let problem = format!("{} is not a severity", quoted(text));
        mistakes.push(wrong_value(path, problem, Some(proposal)));
    }
    severity
}

/// Checks the values of a setting that may be one or several.
pub(super) fn each<T: Ord>(
    written: Option<&Patterns>,
    path: &[PathPart],
    mistakes: &mut Vec<Mistake>,
    check: impl Fn(&str) -> Result<T, (String, String)>,
) -> BTreeSet<T> {
    let Some(written) = written else { return BTreeSet::new() };
    let texts = written.as_slice();
    if texts.is_empty() {
        let proposal = "add a value, or remove the line".to_owned();
        mistakes.push(wrong_value(path, "the list is empty", Some(proposal)));
    } else if texts.len() > VALUES_MAX {
        let problem = format!("there are more than {VALUES_MAX} values");
        mistakes.push(wrong_value(path, problem, Some("remove some".to_owned())));
    }
    let mut found = BTreeSet::new();
    for (index, text) in texts.iter().enumerate().take(VALUES_MAX) {
        match check(text) {
            Ok(value) => {
                found.insert(value);
            }
            Err((problem, proposal)) => {
                let path = match written {
                    Patterns::One(_) => path.to_vec(),
                    Patterns::Many(_) => below(path, index),
                };
                mistakes.push(wrong_value(&path, problem, Some(proposal)));
            }
        }
    }
    found
}
