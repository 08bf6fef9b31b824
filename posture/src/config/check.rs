//! Checks what a configuration says, setting by setting, and tells of every mistake.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::RangeInclusive;

use time::Date;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::mistake::{Mistake, PathPart, below, quoted, write_one_of, wrong_key, wrong_value};
use super::written::{Written, WrittenExemption, WrittenRule};
use super::{Config, Exemption, Rule, deploy, notifications, selectors};
use crate::model::names::InvalidKeyArn;
use crate::{Aspect, Grade, KeyArn, Mode, Region};

/// How long a new bucket may be left alone. SQS delays a message by no more than a quarter of an hour.
const SETTLE_SECONDS: RangeInclusive<u16> = 0..=900;
/// How often the guard may write one setting of a bucket. Fewer a tool reaches that only sets a bucket up by and by.
const WRITES_PER_HOUR: RangeInclusive<u32> = 7..=1000;
const RULES_MAX: usize = 200;
const EXEMPTIONS_MAX: usize = 500;
const REASON_CHARACTERS_MAX: usize = 256;
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

pub(super) fn check(written: &Written) -> Result<Config, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let top = |key: &str| vec![PathPart::from(key)];
    let config = Config {
        grade: grade(written.grade.as_deref(), &top("grade"), &mut mistakes),
        settle_seconds: number(
            written.settle_seconds,
            SETTLE_SECONDS,
            &top("settle-seconds"),
            &mut mistakes,
        ),
        writes_per_hour: number(
            written.writes_per_hour,
            WRITES_PER_HOUR,
            &top("writes-per-hour"),
            &mut mistakes,
        ),
        keys: keys(&written.keys, &top("keys"), &mut mistakes),
        aspects: aspects(&written.aspects, &top("aspects"), &mut mistakes),
        rules: rules(&written.rules, &top("rule"), &mut mistakes),
        exemptions: exemptions(&written.exemptions, &top("exemption"), &mut mistakes),
        notifications: notifications::check(
            &written.notifications,
            &written.subscriptions,
            &mut mistakes,
        ),
        deploy: deploy::check(&written.deploy, &top("deploy"), &mut mistakes),
    };
    if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
}

fn grade(text: Option<&str>, path: &[PathPart], mistakes: &mut Vec<Mistake>) -> Option<Grade> {
    let text = text?;
    let grade = text.parse();
    if grade.is_err() {
        let proposal = write_one_of(text, &Grade::ALL.map(Grade::name));
        let problem = format!("{} is not a grade", quoted(text));
        mistakes.push(wrong_value(path, problem, Some(proposal)));
    }
    grade.ok()
}

fn number<N: TryFrom<i64> + PartialOrd + fmt::Display>(
    number: Option<i64>,
    range: RangeInclusive<N>,
    path: &[PathPart],
    mistakes: &mut Vec<Mistake>,
) -> Option<N> {
    let number = number?;
    let found = N::try_from(number).ok().filter(|number| range.contains(number));
    if found.is_none() {
        let (least, most) = range.into_inner();
        let problem = format!("{number} is not between {least} and {most}");
        let nearest = if number < 0 || N::try_from(number).is_ok_and(|number| number < least) {
            least
        } else {
            most
        };
        mistakes.push(wrong_value(path, problem, Some(format!("write `{nearest}`"))));
    }
    found
}

fn keys(
    written: &BTreeMap<String, String>,
    path: &[PathPart],
    mistakes: &mut Vec<Mistake>,
) -> BTreeMap<Region, KeyArn> {
    let mut keys = BTreeMap::new();
    for (name, arn) in written {
        let path = below(path, &**name);
        let region: Option<Region> = name.parse().ok();
        if region.is_none() {
            let problem = format!("{} is not a Region's code", quoted(name));
            let proposal = "write it as `eu-west-1`".to_owned();
            mistakes.push(wrong_key(&path, problem, Some(proposal)));
        }
        match (arn.parse::<KeyArn>(), region) {
            (Ok(key), Some(region)) if *key.region() == region => {
                keys.insert(region, key);
            }
            (Ok(key), Some(region)) => {
                let problem =
                    format!("the key is in `{}`, and encrypts nothing in `{region}`", key.region());
                let proposal = format!("give the ARN of a key in `{region}`");
                mistakes.push(wrong_value(&path, problem, Some(proposal)));
            }
            (Ok(_), None) => {}
            (Err(error), region) => mistakes.push(not_a_key(arn, &error, region.as_ref(), &path)),
        }
    }
    keys
}

fn not_a_key(
    arn: &str,
    error: &InvalidKeyArn,
    region: Option<&Region>,
    path: &[PathPart],
) -> Mistake {
    let region = region.map_or("eu-west-1", Region::as_str);
    let (what, verb) = match error {
        InvalidKeyArn::Alias(_) => (
            "is an alias, which S3 resolves in the account of whoever calls",
            "give the key's ARN,",
        ),
        InvalidKeyArn::Form(_) => ("is not the ARN of a KMS key", "write it"),
    };
    let proposal = format!("{verb} as `arn:aws:kms:{region}:111122223333:key/…`");
    wrong_value(path, format!("{} {what}", quoted(arn)), Some(proposal))
}

fn aspects(
    written: &BTreeMap<String, String>,
    path: &[PathPart],
    mistakes: &mut Vec<Mistake>,
) -> BTreeMap<Aspect, Mode> {
    let mut aspects = BTreeMap::new();
    for (name, text) in written {
        let path = below(path, &**name);
        let aspect: Option<Aspect> = name.parse().ok();
        if aspect.is_none() {
            let proposal = write_one_of(name, &Aspect::ALL.map(Aspect::name));
            mistakes.push(wrong_key(&path, not_an_aspect(name), Some(proposal)));
        }
        let mode = Mode::ALL.into_iter().find(|mode| mode.name() == text);
        match (mode, aspect) {
            (None, _) => {
                let problem = format!("{} is not what can be done about an aspect", quoted(text));
                let proposal = write_one_of(text, &Mode::ALL.map(Mode::name));
                mistakes.push(wrong_value(&path, problem, Some(proposal)));
            }
            (Some(Mode::Keep), Some(aspect)) if !aspect.can_be_kept() => {
                let problem =
                    format!("{} cannot be kept: s3guard has no write for it", quoted(name));
                mistakes.push(wrong_value(&path, problem, Some("write `report`".to_owned())));
            }
            (Some(mode), Some(aspect)) => {
                aspects.insert(aspect, mode);
            }
            (Some(_), None) => {}
        }
    }
    aspects
}

fn not_an_aspect(name: &str) -> String {
    format!("{} is not an aspect of a bucket's protection", quoted(name))
}

fn rules(written: &[WrittenRule], path: &[PathPart], mistakes: &mut Vec<Mistake>) -> Vec<Rule> {
    if written.len() > RULES_MAX {
        mistakes.push(too_many("rules", written.len(), RULES_MAX, path));
    }
    let mut rules: Vec<Rule> = Vec::new();
    for (index, written) in written.iter().enumerate().take(RULES_MAX) {
        let path = below(path, index);
        let count = mistakes.len();
        let rule = Rule {
            scope: selectors::scope(
                written.bucket.as_ref(),
                &written.tags,
                written.account.as_deref(),
                &path,
                mistakes,
            ),
            grade: grade(written.grade.as_deref(), &below(&path, "grade"), mistakes),
            aspects: aspects(&written.aspects, &below(&path, "aspects"), mistakes),
        };
        keeps_the_account(&rule, &path, mistakes);
        if mistakes.len() == count {
            mistakes.extend(without_effect(&rule, &rules, &path));
        }
        rules.push(rule);
    }
    rules
}

/// What is the account's cannot be kept for some of its buckets.
fn keeps_the_account(rule: &Rule, path: &[PathPart], mistakes: &mut Vec<Mistake>) {
    let is_for_some = !rule.scope.buckets.is_empty() || !rule.scope.tags.is_empty();
    let aspect = Aspect::AccountPublicAccess;
    if is_for_some && rule.aspects.get(&aspect) == Some(&Mode::Keep) {
        let path = below(&below(path, "aspects"), aspect.name());
        let problem = format!("`{aspect}` is the account's, and cannot be kept for some buckets");
        let proposal = "set it in `[aspects]`, or in a rule with only an `account`".to_owned();
        mistakes.push(wrong_value(&path, problem, Some(proposal)));
    }
}

/// A rule that says nothing, or nothing that an earlier one does not say of the same buckets.
fn without_effect(rule: &Rule, earlier: &[Rule], path: &[PathPart]) -> Option<Mistake> {
    if rule.grade.is_none() && rule.aspects.is_empty() {
        let problem = "the rule says nothing of the buckets that it matches";
        let proposal = "add a `grade` or `aspects`".to_owned();
        return Some(wrong_value(path, problem, Some(proposal)));
    }
    let says_it_all = |other: &Rule| {
        other.scope.covers(&rule.scope)
            && (rule.grade.is_none() || other.grade.is_some())
            && rule.aspects.keys().all(|aspect| other.aspects.contains_key(aspect))
    };
    let number = earlier.iter().position(says_it_all)? + 1;
    let problem =
        format!("the rule is never reached: rule {number} matches the same buckets first");
    let proposal = format!("remove it, or move it above rule {number}");
    Some(wrong_value(path, problem, Some(proposal)))
}

fn exemptions(
    written: &[WrittenExemption],
    path: &[PathPart],
    mistakes: &mut Vec<Mistake>,
) -> Vec<Exemption> {
    if written.len() > EXEMPTIONS_MAX {
        mistakes.push(too_many("exemptions", written.len(), EXEMPTIONS_MAX, path));
    }
    let mut exemptions = Vec::new();
    for (index, written) in written.iter().enumerate().take(EXEMPTIONS_MAX) {
        let path = below(path, index);
        let scope = selectors::scope(
            written.bucket.as_ref(),
            &written.tags,
            written.account.as_deref(),
            &path,
            mistakes,
        );
        let aspects =
            exempt_aspects(written.aspects.as_deref(), &below(&path, "aspects"), mistakes);
        let reason = reason(written.reason.as_deref(), &below(&path, "reason"), mistakes);
        let until = until(written.until.as_deref(), &below(&path, "until"), mistakes);
        if let (Some(reason), Some(until)) = (reason, until) {
            exemptions.push(Exemption { scope, aspects, reason, until });
        }
    }
    exemptions
}

fn exempt_aspects(
    written: Option<&[String]>,
    path: &[PathPart],
    mistakes: &mut Vec<Mistake>,
) -> BTreeSet<Aspect> {
    let written = written.unwrap_or_default();
    if written.is_empty() {
        let proposal = "add `aspects = [\"…\"]`".to_owned();
        mistakes.push(wrong_value(path, "the exemption does not say from what", Some(proposal)));
    }
    let mut aspects = BTreeSet::new();
    for (index, name) in written.iter().enumerate() {
        match name.parse() {
            Ok(aspect) => {
                aspects.insert(aspect);
            }
            Err(_) => mistakes.push(wrong_value(
                &below(path, index),
                not_an_aspect(name),
                Some(write_one_of(name, &Aspect::ALL.map(Aspect::name))),
            )),
        }
    }
    aspects
}

fn reason(text: Option<&str>, path: &[PathPart], mistakes: &mut Vec<Mistake>) -> Option<String> {
    let text = text.unwrap_or_default().trim();
    let count = text.chars().count();
    let (problem, proposal) = if text.is_empty() {
        ("the exemption has no reason".to_owned(), "add `reason = \"…\"`, in words".to_owned())
    } else if count > REASON_CHARACTERS_MAX {
        let problem = format!("the reason has {count} characters");
        (problem, format!("write up to {REASON_CHARACTERS_MAX}"))
    } else if text.chars().any(char::is_control) {
        ("the reason has a control character".to_owned(), "write one line of text".to_owned())
    } else {
        return Some(text.to_owned());
    };
    mistakes.push(wrong_value(path, problem, Some(proposal)));
    None
}

fn until(text: Option<&str>, path: &[PathPart], mistakes: &mut Vec<Mistake>) -> Option<Date> {
    let Some(text) = text else {
        let proposal = "add `until = 2027-01-31`, the last day on which it counts".to_owned();
        mistakes.push(wrong_value(path, "the exemption has no end", Some(proposal)));
        return None;
    };
    let day = |text: &str| {
        let is_plain = text.len() == 10 && text.starts_with(|c: char| c.is_ascii_digit());
        is_plain.then(|| Date::parse(text, DAY).ok()).flatten()
    };
    let found = day(text);
    if found.is_none() {
        // A moment has a day in front.
        let proposal = match text.get(..10).and_then(day) {
            Some(day) => format!("write only the day, `{day}`"),
            None => "write it as `2027-01-31`".to_owned(),
        };
        mistakes.push(wrong_value(path, format!("{} is not a day", quoted(text)), Some(proposal)));
    }
    found
}

fn too_many(what: &str, count: usize, max: usize, path: &[PathPart]) -> Mistake {
    let proposal = "put buckets with the same words into one, by a list of patterns".to_owned();
    wrong_value(path, format!("there are {count} {what}, and {max} are allowed"), Some(proposal))
}
