//! Checks several settings together, which the type of a single one cannot.

use std::collections::BTreeMap;

mod tags;

use super::deploy::check_tag;
use super::mistake::{PathPart, alternatives, below, quoted, wrong_value};
use super::notifications::{Endpoint, Selection, Subscription};
use super::read::Found;
use super::rule::{Exemption, Rule};
use super::scope::Scope;
use super::{Config, Deploy};
use crate::model::severity::Severity;
use crate::{Aspect, KeyArn, Mode, Region};

/// A topic has up to 200 filter policies, some of which are left to the owner. Source: Amazon SNS, "Quotas".
const SUBSCRIPTIONS_MAX: usize = 100;
/// Source: Amazon SNS Developer Guide, "Filter policy constraints": five attributes (there are no more here), and the
/// product of the numbers of their values.
const COMBINATIONS_MAX: usize = 150;
/// CloudFormation allows 50; one is s3guard's own. Source: AWS CloudFormation API Reference, `CreateChangeSet`, `Tags`.
const STACK_TAGS_MAX: usize = 49;
/// Each is part of the role's policy, which has at most 6,144 characters.
const TELL_OVERWRITES_MAX: usize = 20;

pub(super) fn check(config: &Config, found: &Found) {
    let top = |key: &str| Place { path: vec![PathPart::from(key)], found };
    keys(&config.keys, &top("keys"));
    aspects(&config.aspects, &top("aspects"));
    rules(&config.rules, &top("rule"));
    exemptions(&config.exemptions, &top("exemption"));
    if !config.trust_tags {
        tags::check(config, found);
    }
    objects(&config.notifications.objects, &top("notifications").at("objects"));
    subscriptions(&config.subscriptions, &top("subscription"));
    deploy(&config.deploy, &top("deploy"));
}

/// The path that is checked, and where mistakes are added.
struct Place<'a> {
    path: Vec<PathPart>,
    found: &'a Found,
}

impl Place<'_> {
    fn at(&self, part: impl Into<PathPart>) -> Self {
        Self { path: below(&self.path, part), found: self.found }
    }

    fn wrong(&self, problem: impl Into<String>, proposal: impl Into<String>) {
        self.found.add(wrong_value(&self.path, problem, Some(proposal.into())));
    }

    /// A mistake of a table as a whole, unless one of these settings already has a mistake.
    fn wrong_table(&self, problem: impl Into<String>, proposal: impl Into<String>, of: &[&str]) {
        if of.iter().all(|key| self.found.is_whole(&self.at(*key).path)) {
            self.found.add_of_table(wrong_value(&self.path, problem, Some(proposal.into())));
        }
    }

    fn too_many(&self, what: &str, count: usize, max: usize, proposal: &str) {
        if count > max {
            self.wrong(format!("there are {count} {what}, at most {max} are allowed"), proposal);
        }
    }
}

fn keys(keys: &BTreeMap<Region, KeyArn>, place: &Place<'_>) {
    for (region, key) in keys.iter().filter(|(region, key)| key.region() != *region) {
        place.at(region.as_str()).wrong(
            format!("the key is in `{}` and cannot be used in `{region}`", key.region()),
            format!("use the ARN of a key in `{region}`"),
        );
    }
}

fn aspects(aspects: &BTreeMap<Aspect, Mode>, place: &Place<'_>) {
    for (aspect, mode) in aspects {
        if mode.enforces() && aspect.setting().is_none() {
            let problem = format!("`{aspect}` cannot be enforced: s3guard has no write for it");
            place.at(aspect.name()).wrong(problem, "write `report`");
        }
    }
}

fn scope(scope: Scope<'_>, place: &Place<'_>) -> bool {
    let is_empty = scope.buckets.is_empty() && scope.tags.is_empty() && scope.account.is_none();
    if is_empty {
        place.wrong_table(
            "no buckets are selected",
            "add `bucket`, `tags` or `account`; `bucket = \"*\"` selects all",
            &["bucket", "tags", "account"],
        );
    }
    !is_empty
}

fn rules(rules: &[Rule], place: &Place<'_>) {
    for (index, rule) in rules.iter().enumerate() {
        let place_of = place.at(index);
        let is_for_any = scope(rule.scope(), &place_of);
        aspects(&rule.aspects, &place_of.at("aspects"));
        let aspect = Aspect::AccountPublicAccess;
        let is_for_some = !rule.scope().buckets.is_empty() || !rule.scope().tags.is_empty();
        if is_for_some && rule.aspects.get(&aspect).is_some_and(|mode| mode.enforces()) {
            place_of.at("aspects").at(aspect.name()).wrong(
                format!(
                    "`{aspect}` belongs to the account and cannot be enforced for some buckets"
                ),
                "set it in `[aspects]`, or in a rule with only an `account`",
            );
        }
        public(rule, &place_of);
        if is_for_any && place.found.is_whole(&place_of.path) {
            has_effect(rule, &rules[..index], place);
        }
    }
}

/// Checks that a bucket is public only for a reason, and not by its tags.
fn public(rule: &Rule, place: &Place<'_>) {
    let may_be_public = rule.public == Some(true);
    if may_be_public && rule.reason.is_none() {
        place.at("reason").wrong("`public = true` has no reason", "add `reason = \"…\"`");
    }
    if !may_be_public && rule.reason.is_some() {
        place.at("reason").wrong("only `public = true` has a reason", "remove the line");
    }
    if may_be_public && !rule.scope().tags.is_empty() {
        let problem = "tags cannot select buckets that may be public: any principal that may tag a bucket could open it";
        place.at("public").wrong(problem, "select the buckets by `bucket` only");
    }
}

/// Checks that a rule sets something, and something that no earlier rule sets for the same buckets.
fn has_effect(rule: &Rule, earlier: &[Rule], rules: &Place<'_>) {
    let place = rules.at(earlier.len());
    if rule.grade.is_none() && rule.aspects.is_empty() && rule.public.is_none() {
        return place.wrong(
            "the rule sets nothing for the buckets that it matches",
            "add a `grade`, `aspects` or `public`",
        );
    }
    let sets_all = |(index, other): (usize, &Rule)| {
        rules.found.is_whole(&rules.at(index).path)
            && other.scope().covers(rule.scope())
            && (rule.grade.is_none() || other.grade.is_some())
            && (rule.public.is_none() || other.public.is_some())
            && rule.aspects.keys().all(|aspect| other.aspects.contains_key(aspect))
    };
    if let Some(number) = earlier.iter().enumerate().position(sets_all).map(|index| index + 1) {
        place.wrong(
            format!("the rule is never reached: rule {number} matches the same buckets first"),
            format!("remove it, or move it above rule {number}"),
        );
    }
}

fn exemptions(exemptions: &[Exemption], place: &Place<'_>) {
    for (index, exemption) in exemptions.iter().enumerate() {
        let place = place.at(index);
        scope(exemption.scope(), &place);
        if exemption.aspects.is_empty() {
            let aspects = place.at("aspects");
            aspects.wrong("the exemption has no aspects", "add `aspects = [\"…\"]`");
        }
        if exemption.reason.is_none() {
            let reason = place.at("reason");
            reason.wrong("the exemption has no reason", "add `reason = \"…\"`");
        }
        if exemption.until.is_none() {
            let proposal = "add `until = 2027-01-31`, the last day on which it counts";
            place.at("until").wrong("the exemption has no end", proposal);
        }
    }
}

fn objects(selection: &Selection, place: &Place<'_>) {
    if selection.report_overwrites.len() > TELL_OVERWRITES_MAX {
        let problem = format!("there are more than {TELL_OVERWRITES_MAX} patterns");
        place.at("report-overwrites").wrong(problem, "use patterns that match more buckets");
    }
    if let Some(name) = selection.exclude.is_everything() {
        place.at("exclude").at(name).wrong(
            "everything is excluded: no object is ever reported",
            "remove the `*`, or set `notifications = \"off\"` in `[aspects]`",
        );
    }
    if selection.detail_types().is_empty() {
        place.wrong(
            "every included kind is excluded: no object is ever reported",
            "remove some of `exclude`",
        );
    }
}

fn subscriptions(subscriptions: &[Subscription], place: &Place<'_>) {
    let proposal = "subscribe a queue or a function that notifies the others";
    place.too_many("subscriptions", subscriptions.len(), SUBSCRIPTIONS_MAX, proposal);
    for (index, subscription) in subscriptions.iter().enumerate() {
        let place = place.at(index);
        if subscription.name().is_empty() {
            place.wrong_table("the subscription has no name", "add `name = \"…\"`", &["name"]);
        }
        match subscription.addresses().count() {
            0 => place.wrong_table(
                "the subscription has no endpoint",
                format!("add one of {}", alternatives(&Endpoint::NAMES)),
                &Endpoint::NAMES,
            ),
            1 => {}
            _ => place.wrong_table(
                "the subscription has more than one endpoint",
                "keep one, and add a `[[subscription]]` for each of the others",
                &[],
            ),
        }
        for (name, text) in subscription.addresses() {
            if let Err((problem, proposal)) = Endpoint::read(name, text) {
                place.at(name).wrong(format!("{} {problem}", quoted(text)), proposal);
            }
        }
        let least = subscription.least_severity();
        if subscription.severity.is_some_and(|severity| severity < least) {
            let problem = format!("SMS is sent only for `{}`", Severity::Critical.name());
            place.at("severity").wrong(problem, "write `critical`, or remove the line");
        }
        combinations(subscription, &place);
        differs(subscription, &subscriptions[..index], &place);
    }
}

fn combinations(subscription: &Subscription, place: &Place<'_>) {
    let combinations = subscription.combinations();
    if combinations <= COMBINATIONS_MAX {
        return;
    }
    let counts = subscription.filters().into_iter().map(|(_, values)| values.len().to_string());
    let counts = counts.collect::<Vec<_>>().join(" × ");
    let name =
        if subscription.action.len() > subscription.bucket.len() { "action" } else { "bucket" };
    place.wrong_table(
        format!(
            "the filter has {counts} = {combinations} combinations of values, SNS allows {COMBINATIONS_MAX}"
        ),
        format!("remove some values of `{name}`"),
        &[],
    );
}

/// SNS identifies a subscription by its topic and endpoint: it rejects a second one with another filter.
///
/// Source: Amazon SNS API Reference, `Subscribe` (`InvalidParameter`: "Subscription already exists with different attributes").
fn differs(subscription: &Subscription, earlier: &[Subscription], place: &Place<'_>) {
    let plain =
        |subscription: &Subscription| subscription.name().replace('-', "").to_ascii_lowercase();
    let name = plain(subscription);
    let same = earlier.iter().find(|other| !name.is_empty() && plain(other) == name);
    if let Some(same) = same {
        let [name, other] = [subscription, same].map(|it| quoted(it.name()));
        let problem = if name == other {
            format!("there is already a subscription {name}")
        } else {
            format!("{name} and {other} have the same logical id, which has no `-`")
        };
        place.at("name").wrong(problem, "use another name");
    }
    for (name, address) in subscription.addresses() {
        let is_same =
            |other: (&str, &str)| other.0 == name && other.1.eq_ignore_ascii_case(address);
        if let Some(same) = earlier.iter().find(|other| other.addresses().any(is_same)) {
            let same = quoted(same.name());
            place.at(name).wrong(
                format!("subscription {same} already has this endpoint, and SNS accepts it once"),
                "merge both, or use another endpoint",
            );
        }
    }
}

fn deploy(deploy: &Deploy, place: &Place<'_>) {
    for (index, region) in deploy.regions.iter().enumerate() {
        if deploy.regions[..index].contains(region) {
            let problem = format!("`{region}` is listed twice");
            place.at("regions").wrong_table(problem, "remove one", &[]);
        }
    }
    let tags = place.at("tags");
    tags.too_many("tags", deploy.tags.len(), STACK_TAGS_MAX, "remove some");
    for (key, value) in &deploy.tags {
        if let Err(problem) = check_tag(key, value) {
            place.found.add(wrong_value(&tags.at(key.as_str()).path, problem, None));
        }
    }
}
