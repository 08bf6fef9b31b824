//! Checks that tags lower nothing: any principal that may tag a bucket could use such a rule.

use super::Place;
use crate::config::Config;
use crate::config::mistake::PathPart;
use crate::config::read::Found;
use crate::config::rule::Rule;
use crate::{Aspect, Mode};

const WHO: &str = "any principal that may tag a bucket";
const INSTEAD: &str = "select the buckets by `bucket` or `account`, or write `trust-tags = true` at the top of the file";

/// Checks a configuration that does not trust tags.
pub(super) fn check(config: &Config, found: &Found) {
    let top = |key: &str| Place { path: vec![PathPart::from(key)], found };
    for (index, exemption) in config.exemptions.iter().enumerate() {
        if !exemption.scope().tags.is_empty() {
            let problem = format!("tags cannot select what is exempt: {WHO} could exempt it");
            top("exemption").at(index).at("tags").wrong(problem, INSTEAD);
        }
    }
    for (index, rule) in config.rules.iter().enumerate() {
        if !rule.scope().tags.is_empty() {
            let place = top("rule").at(index);
            grade(config, index, &place);
            modes(config, index, &place);
        }
    }
}

/// The rules below that may match a bucket of this one, with their numbers.
fn below(config: &Config, index: usize) -> impl Iterator<Item = (usize, &Rule)> {
    let account = config.rules[index].scope().account;
    let all = (1..).zip(&config.rules).skip(index + 1);
    all.filter(move |(_, rule)| {
        let other = rule.scope().account;
        account.is_none() || other.is_none() || account == other
    })
}

fn grade(config: &Config, index: usize, place: &Place<'_>) {
    let Some(grade) = config.rules[index].grade else { return };
    let default = config.grade.unwrap_or_default();
    let place = place.at("grade");
    if grade < default {
        let problem = format!(
            "tags cannot lower a grade: {WHO} could lower it from `{default}`, the default"
        );
        return place.wrong(problem, format!("write `{default}` or higher; or {INSTEAD}"));
    }
    let higher = below(config, index).find(|(_, rule)| rule.grade.is_some_and(|one| one > grade));
    if let Some((number, _)) = higher {
        let problem = format!(
            "tags cannot lower a grade: {WHO} could keep it from rule {number}, which sets a higher one"
        );
        place.wrong(problem, format!("move rule {number} above this one; or {INSTEAD}"));
    }
}

fn modes(config: &Config, index: usize, place: &Place<'_>) {
    let rule = &config.rules[index];
    let grade = rule.grade.or(config.grade).unwrap_or_default();
    for (aspect, mode) in &rule.aspects {
        let default = config.aspects.get(aspect).copied();
        let default = default.unwrap_or_else(|| grade.wants(*aspect).mode);
        let place = place.at("aspects").at(aspect.name());
        if *mode < default {
            let problem = lowers(*aspect, &format!("from `{default}`"));
            place.wrong(problem, format!("write `{default}`; or {INSTEAD}"));
            continue;
        }
        let is_higher = |rule: &Rule| rule.aspects.get(aspect).is_some_and(|one: &Mode| one > mode);
        if let Some((number, _)) = below(config, index).find(|(_, rule)| is_higher(rule)) {
            let problem = lowers(*aspect, &format!("to less than rule {number} sets"));
            place.wrong(problem, format!("move rule {number} above this one; or {INSTEAD}"));
        }
    }
}

fn lowers(aspect: Aspect, by: &str) -> String {
    format!("tags cannot lower a mode: {WHO} could lower `{aspect}` {by}")
}
