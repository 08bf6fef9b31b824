//! In which ways a configuration protects less, or reports less, than the one before it.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::iter;

use super::Config;
use super::notifications::{Fields, NotificationConfig};
use super::rule::{Exemption, Rule};
use super::values::Bounded;
use crate::model::baseline::WRITES_MAX;
use crate::model::severity::Severity;
use crate::text::shown;
use crate::{Aspect, Grade, Mode};

/// A longer reason is cut.
const REASON_CHARACTERS_MAX: usize = 100;

impl Config {
    /// Each way in which this configuration protects less, or reports less, than the one before it, in words; in case of
    /// doubt it does. `default` is the grade of buckets without a rule.
    ///
    /// The grade, the settle time, the keys and the subscriptions are not compared here: they are parameters and resources
    /// of the stack.
    pub fn lowered_since(&self, before: &Self, default: Grade) -> Vec<String> {
        let Self {
            grade: _,
            mode: _,
            settle_seconds: _,
            writes_per_hour: _,
            trusted_accounts,
            trusted_organizations,
            trusted_canonical_ids,
            trust_tags,
            keys: _,
            aspects: _,
            rules: _,
            exemptions,
            notifications,
            subscriptions: _,
            deploy: _,
        } = self;
        let mut lines: Vec<String> = self.lower_limit(before).into_iter().collect();
        lines.extend(self.lower_modes(before, default));
        lines.extend(self.lower_rules(before, default));
        let is_new = |one: &&Exemption| !before.exemptions.iter().any(|old| old.includes(one));
        lines.extend(exemptions.iter().filter(is_new).map(|exemption| {
            let aspects: Vec<&str> = exemption.aspects.iter().map(|one| one.words()).collect();
            let (aspects, until) = (aspects.join(", "), exemption.until());
            let reason = shown(exemption.reason(), REASON_CHARACTERS_MAX);
            let place = place(&exemption.scope().words(None));
            format!("an exemption is added, {place}: {aspects}, until {until}: {reason}")
        }));
        lines.extend(trusted("account", trusted_accounts, &before.trusted_accounts));
        let organizations = (trusted_organizations, &before.trusted_organizations);
        lines.extend(trusted("organization", organizations.0, organizations.1));
        let ids = (trusted_canonical_ids, &before.trusted_canonical_ids);
        lines.extend(trusted("canonical user", ids.0, ids.1));
        if *trust_tags && !before.trust_tags {
            let what = "tags are trusted: who may tag a bucket decides which rules apply to it";
            lines.push(what.to_owned());
        }
        lines.extend(notifications.fewer_than(&before.notifications));
        let writes = |config: &Self| config.writes_per_hour.map_or(WRITES_MAX, Bounded::get);
        let (then, now) = (writes(before), writes(self));
        if now < then {
            lines.push(format!(
                "the guard gives up a setting after {now} writes within an hour, instead of {then}"
            ));
        }
        lines
    }

    /// The most that is done about any aspect.
    fn limit(&self) -> Mode {
        self.mode.unwrap_or(Mode::Enforce)
    }

    fn lower_limit(&self, before: &Self) -> Option<String> {
        let (then, now) = (before.limit(), self.limit());
        let what = match now {
            _ if now >= then => return None,
            Mode::Off => "the guard no longer checks any bucket",
            Mode::Report if then.enforces() => "the guard will no longer change any bucket",
            Mode::Report => return None,
            Mode::EnforceNew | Mode::Enforce => {
                "the guard makes only those changes to existing buckets that are silent for clients"
            }
        };
        Some(format!("{what}: `mode` is `{now}`"))
    }

    fn lower_modes(&self, before: &Self, default: Grade) -> Vec<String> {
        let mode = move |config: &Self, aspect| {
            config.aspects.get(&aspect).copied().unwrap_or_else(|| default.wants(aspect).mode)
        };
        let lower = Aspect::ALL.into_iter().filter_map(|aspect| {
            let (then, now) = (mode(before, aspect), mode(self, aspect));
            let words = aspect.words();
            (now < then).then(|| format!("{words}: the mode is `{now}` instead of `{then}`"))
        });
        lower.collect()
    }

    /// A rule that is added may let a bucket have less than any rule before, or than no rule; one that is removed may have
    /// demanded more than what remains. Of those that remain the first that matches a bucket counts.
    fn lower_rules(&self, before: &Self, default: Grade) -> Vec<String> {
        let mut lines = Vec::new();
        let (old, new) = (&before.rules, &self.rules);
        for rule in new.iter().filter(|rule| !old.contains(rule)) {
            let less = rule.less_than(old, default, before);
            if !less.is_empty() {
                let place = place(&rule.scope().words(None));
                lines.push(format!("a rule is added, {place}: {}", less.join(", ")));
            }
        }
        for rule in old.iter().filter(|rule| !new.contains(rule)) {
            let more = rule.more_than(new, default, self);
            if !more.is_empty() {
                let place = place(&rule.scope().words(None));
                lines.push(format!("a rule is removed, {place}: {}", more.join(", ")));
            }
        }
        let kept_then = old.iter().filter(|rule| new.contains(rule));
        let kept_now = new.iter().filter(|rule| old.contains(rule));
        if !kept_then.eq(kept_now) {
            lines.push(
                "the rules are in another order, and the first that matches a bucket wins"
                    .to_owned(),
            );
        }
        lines
    }
}

impl Rule {
    /// What this rule sets that is lower than with these rules, or with none.
    fn less_than(&self, rules: &[Self], default: Grade, config: &Config) -> Vec<String> {
        let highest = rules.iter().filter_map(|rule| rule.grade).chain([default]).max();
        let grade = self.grade.filter(|grade| Some(*grade) < highest);
        let modes = self.aspects.iter().filter(|(aspect, mode)| {
            modes(rules, default, config, **aspect).into_iter().any(|other| **mode < other)
        });
        let public = (self.public == Some(true)).then(|| {
            let reason = shown(self.reason(), REASON_CHARACTERS_MAX);
            format!("its buckets may be public: {reason}")
        });
        public.into_iter().chain(words(grade, modes)).collect()
    }

    /// What this rule sets that is higher than with these rules, or with none.
    fn more_than(&self, rules: &[Self], default: Grade, config: &Config) -> Vec<String> {
        let lowest = rules.iter().filter_map(|rule| rule.grade).chain([default]).min();
        let grade = self.grade.filter(|grade| Some(*grade) > lowest);
        let modes = self.aspects.iter().filter(|(aspect, mode)| {
            modes(rules, default, config, **aspect).into_iter().any(|other| **mode > other)
        });
        let public = (self.public == Some(false)).then(|| "its buckets must be private".to_owned());
        public.into_iter().chain(words(grade, modes)).collect()
    }
}

/// The modes of an aspect by these rules, and without one.
fn modes(rules: &[Rule], default: Grade, config: &Config, aspect: Aspect) -> Vec<Mode> {
    let usual = config.aspects.get(&aspect).copied();
    let usual = usual.unwrap_or_else(|| default.wants(aspect).mode);
    rules.iter().filter_map(|rule| rule.aspects.get(&aspect).copied()).chain([usual]).collect()
}

fn words<'a>(
    grade: Option<Grade>,
    modes: impl Iterator<Item = (&'a Aspect, &'a Mode)>,
) -> Vec<String> {
    let grade = grade.map(|grade| format!("grade `{grade}`"));
    let modes = modes.map(|(aspect, mode)| format!("{} `{mode}`", aspect.words()));
    grade.into_iter().chain(modes).collect()
}

fn place(scope: &str) -> String {
    if scope.is_empty() { "every bucket".to_owned() } else { scope.to_owned() }
}

impl Exemption {
    /// Whether what the other exempts is exempt by this one, and as long.
    fn includes(&self, other: &Self) -> bool {
        self.scope().covers(other.scope())
            && self.aspects.is_superset(&other.aspects)
            && self.until() >= other.until()
    }
}

fn trusted<T: Ord + Display>(what: &str, now: &BTreeSet<T>, then: &BTreeSet<T>) -> Vec<String> {
    let said =
        |one| format!("{what} `{one}` is trusted: what is granted or copied to it is not reported");
    now.difference(then).map(said).collect()
}

impl NotificationConfig {
    fn fewer_than(&self, before: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        let least = |config: &Self| config.chat.unwrap_or(Severity::Info);
        if least(self) > least(before) {
            let least = least(self);
            lines.push(format!("chats get notifications only from severity `{least}`"));
        }
        let (then, now) = (before.alert(), self.alert());
        for (threshold, count) in then {
            match now.get(&threshold) {
                Some(now) if *now <= count => {}
                Some(now) => lines.push(format!(
                    "`{threshold}` objects are an alarm only from {now} within a window, instead of {count}"
                )),
                None => lines.push(format!("`{threshold}` objects are no alarm any more")),
            }
        }
        let (old, new) = (&before.objects, &self.objects);
        let overwrites: Vec<&str> = self.report_overwrites().collect();
        if new.include.is_narrower_than(&old.include)
            || new.exclude.has_more_than(&old.exclude)
            || !before.report_overwrites().all(|pattern| overwrites.contains(&pattern))
        {
            lines.push(
                "fewer changes of objects are reported: `[notifications.objects]`".to_owned(),
            );
        }
        lines
    }
}

impl Fields {
    /// Whether, as what is included, it leaves out something that the other includes. An empty field includes everything.
    fn is_narrower_than(&self, other: &Self) -> bool {
        fn narrower<T: PartialEq>(
            now: impl Iterator<Item = T>,
            mut then: impl Iterator<Item = T>,
        ) -> bool {
            let now: Vec<T> = now.collect();
            let Some(first) = then.next() else { return !now.is_empty() };
            !now.is_empty() && !iter::once(first).chain(then).all(|one| now.contains(&one))
        }
        narrower(self.buckets(), other.buckets())
            || narrower(self.keys(), other.keys())
            || narrower(self.kinds(), other.kinds())
    }

    /// Whether, as what is excluded, it excludes something that the other does not.
    fn has_more_than(&self, other: &Self) -> bool {
        fn more<T: PartialEq>(
            mut now: impl Iterator<Item = T>,
            then: impl Iterator<Item = T>,
        ) -> bool {
            let then: Vec<T> = then.collect();
            now.any(|one| !then.contains(&one))
        }
        more(self.buckets(), other.buckets())
            || more(self.keys(), other.keys())
            || more(self.kinds(), other.kinds())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(before: Value, after: Value, expected: &[&str]) {
        let config = |value: Value| Config::from_json(&value.to_string()).unwrap();
        let (before, after) = (config(before), config(after));
        let found = after.lowered_since(&before, Grade::Speed);
        assert_eq!(found, expected);
        assert_eq!(after.lowered_since(&after, Grade::Speed), [""; 0]);
    }

    #[test]
    fn a_lower_mode_is_said_and_a_higher_one_is_not() {
        let limit = |mode: &str| json!({ "mode": mode });
        let no_change = "the guard will no longer change any bucket: `mode` is `report`";
        check(json!({}), limit("report"), &[no_change]);
        check(limit("enforce-new"), limit("report"), &[no_change]);
        check(limit("report"), json!({}), &[]);
        let silent = "the guard makes only those changes to existing buckets that are silent for clients: `mode` is \
                      `enforce-new`";
        check(json!({}), limit("enforce-new"), &[silent]);
        let aspect = |mode: &str| json!({ "aspects": { "tls": mode } });
        let line = ["TLS only: the mode is `report` instead of `enforce-new`"];
        check(json!({}), aspect("report"), &line);
        check(aspect("report"), json!({}), &[]);
        let line = ["TLS only: the mode is `enforce-new` instead of `enforce`"];
        check(aspect("enforce"), json!({}), &line);
    }

    #[test]
    fn rules_that_lower_are_said() {
        let rule = |bucket: &str, grade: &str| json!({ "bucket": bucket, "grade": grade });
        let rules = |rules: &[&Value]| json!({ "rule": rules });
        let (logs, money) = (rule("logs-*", "speed"), rule("money-*", "hybrid"));
        check(json!({}), rules(&[&logs]), &[]);
        check(json!({}), rules(&[&money]), &[]);
        let removed = "a rule is removed, bucket `money-*`: grade `hybrid`";
        check(rules(&[&money]), json!({}), &[removed]);
        // It may match a bucket before the other rule does.
        let added = "a rule is added, bucket `logs-*`: grade `speed`";
        check(rules(&[&money]), rules(&[&logs, &money]), &[added]);
        let order = "the rules are in another order, and the first that matches a bucket wins";
        check(rules(&[&money, &logs]), rules(&[&logs, &money]), &[order]);
        let public = json!({ "bucket": "site", "public": true, "reason": "a website" });
        let line = "a rule is added, bucket `site`: its buckets may be public: a website";
        check(json!({}), rules(&[&public]), &[line]);
        let off = json!({ "bucket": "*", "aspects": { "encryption": "off" } });
        let line = "a rule is added, bucket `*`: default encryption `off`";
        check(json!({}), rules(&[&off]), &[line]);
    }

    #[test]
    fn exemptions_and_trust_that_are_added_are_said() {
        let exemption = |until: &str, aspects: &[&str]| {
            let (bucket, reason) = ("old", "moves");
            json!({ "exemption": [{ "bucket": bucket, "aspects": aspects, "reason": reason, "until": until }] })
        };
        let both = exemption("2027-01-31", &["encryption", "tls"]);
        let line = "an exemption is added, bucket `old`: default encryption, TLS only, until 2027-01-31: moves";
        check(json!({}), both.clone(), &[line]);
        check(both.clone(), exemption("2027-01-01", &["tls"]), &[]);
        let line = "an exemption is added, bucket `old`: TLS only, until 2027-03-01: moves";
        check(both, exemption("2027-03-01", &["tls"]), &[line]);
        let line =
            "account `999900001111` is trusted: what is granted or copied to it is not reported";
        check(json!({}), json!({ "trusted-accounts": ["999900001111"] }), &[line]);
    }

    #[test]
    fn fewer_notifications_are_said() {
        let of = |notifications: Value| json!({ "notifications": notifications });
        let chat = "chats get notifications only from severity `high`";
        check(json!({}), of(json!({ "chat": "high" })), &[chat]);
        check(of(json!({ "chat": "high" })), json!({}), &[]);
        let fewer = "`deleted` objects are an alarm only from 500 within a window, instead of 100";
        check(json!({}), of(json!({ "alert": { "deleted": 500 } })), &[fewer]);
        let line = ["fewer changes of objects are reported: `[notifications.objects]`"];
        let include =
            |buckets: &[&str]| of(json!({ "objects": { "include": { "bucket": buckets } } }));
        check(json!({}), include(&["photos"]), &line);
        check(include(&["photos"]), include(&["photos", "films"]), &[]);
        check(include(&["photos", "films"]), include(&["films"]), &line);
        let exclude = of(json!({ "objects": { "exclude": { "key": "tmp/*" } } }));
        check(json!({}), exclude.clone(), &line);
        check(exclude, json!({}), &[]);
        let writes = "the guard gives up a setting after 7 writes within an hour, instead of 20";
        check(json!({}), json!({ "writes-per-hour": 7 }), &[writes]);
    }
}
