//! Checks what settings say together: what no type of a single one can.

use std::collections::BTreeMap;

use super::deploy::check_tag;
use super::mistake::{PathPart, alternatives, below, quoted, wrong_key, wrong_value};
use super::notifications::{Endpoint, Selection, Subscription};
use super::read::Found;
use super::rule::{Exemption, Rule};
use super::scope::Scope;
use super::{Config, Deploy};
use crate::model::severity::Severity;
use crate::{Aspect, KeyArn, Mode, Region};

const RULES_MAX: usize = 200;
const EXEMPTIONS_MAX: usize = 500;
/// A topic has up to 200 filter policies, of which we leave the owner some. Source: Amazon SNS, "Quotas".
const SUBSCRIPTIONS_MAX: usize = 100;
/// Source: Amazon SNS Developer Guide, "Filter policy constraints": five attributes (of which there are no more here), and
/// the product of the numbers of their values.
const COMBINATIONS_MAX: usize = 150;
/// What S3 takes of tags. Source: Amazon S3 User Guide, "Using cost allocation S3 bucket tags".
const BUCKET_TAGS_MAX: usize = 50;
const TAG_KEY_CHARACTERS_MAX: usize = 128;
/// CloudFormation takes fifty; one is s3guard's own.
///
/// Source: AWS CloudFormation API Reference, `CreateChangeSet`, `Tags`.
const STACK_TAGS_MAX: usize = 49;
/// Each stands in the role's policy, which has room for 6,144 characters.
const TELL_OVERWRITES_MAX: usize = 20;

/// Adds what is wrong to what was found.
pub(super) fn check(config: &Config, found: &Found) {
    let top = |key: &str| Place { path: vec![PathPart::from(key)], found };
    keys(&config.keys, &top("keys"));
    aspects(&config.aspects, &top("aspects"));
    rules(&config.rules, &top("rule"));
    exemptions(&config.exemptions, &top("exemption"));
    objects(config.notifications.selection(), &top("notifications").at("objects"));
    subscriptions(&config.subscriptions, &top("subscription"));
    deploy(&config.deploy, &top("deploy"));
}

/// Where something is checked, and where mistakes go.
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

    /// A mistake of a table as a whole, which may only follow from one in these of its settings.
    fn wrong_table(&self, problem: impl Into<String>, proposal: impl Into<String>, of: &[&str]) {
        if of.iter().all(|key| self.found.is_whole(&self.at(*key).path)) {
            self.found.add_of_table(wrong_value(&self.path, problem, Some(proposal.into())));
        }
    }

    fn too_many(&self, what: &str, count: usize, max: usize, proposal: &str) {
        if count > max {
            self.wrong(format!("there are {count} {what}, and {max} are allowed"), proposal);
        }
    }
}

fn keys(keys: &BTreeMap<Region, KeyArn>, place: &Place<'_>) {
    for (region, key) in keys.iter().filter(|(region, key)| key.region() != *region) {
        place.at(region.as_str()).wrong(
            format!("the key is in `{}`, and encrypts nothing in `{region}`", key.region()),
            format!("give the ARN of a key in `{region}`"),
        );
    }
}

fn aspects(aspects: &BTreeMap<Aspect, Mode>, place: &Place<'_>) {
    for (aspect, mode) in aspects {
        if *mode == Mode::Keep && aspect.setting().is_none() {
            let problem = format!("`{aspect}` cannot be kept: s3guard has no write for it");
            place.at(aspect.name()).wrong(problem, "write `report`");
        }
    }
}

/// Whether some buckets are meant, and by what S3 takes.
fn scope(scope: Scope<'_>, place: &Place<'_>) -> bool {
    let is_empty = scope.buckets.is_empty() && scope.tags.is_empty() && scope.account.is_none();
    if is_empty {
        place.wrong_table(
            "nothing says which buckets are meant",
            "add `bucket`, `tags` or `account`; `bucket = \"*\"` means all",
            &["bucket", "tags", "account"],
        );
    }
    let tags = place.at("tags");
    tags.too_many("tags of a bucket", scope.tags.len(), BUCKET_TAGS_MAX, "remove some");
    for key in scope.tags.keys() {
        let count = key.chars().count();
        if !(1..=TAG_KEY_CHARACTERS_MAX).contains(&count) {
            let problem = format!("the key of the tag has {count} characters");
            let proposal = format!("write 1 to {TAG_KEY_CHARACTERS_MAX}, as S3 allows");
            place.found.add(wrong_key(&tags.at(key.as_str()).path, problem, Some(proposal)));
        }
    }
    !is_empty
}

/// What to do about too many rules or exemptions.
const PUT_TOGETHER: &str = "put buckets with the same words into one, by a list of patterns";

fn rules(rules: &[Rule], place: &Place<'_>) {
    place.too_many("rules", rules.len(), RULES_MAX, PUT_TOGETHER);
    for (index, rule) in rules.iter().enumerate() {
        let place_of = place.at(index);
        let is_for_any = scope(rule.scope(), &place_of);
        aspects(&rule.aspects, &place_of.at("aspects"));
        // What is the account's cannot be kept for some of its buckets.
        let aspect = Aspect::AccountPublicAccess;
        let is_for_some = !rule.scope().buckets.is_empty() || !rule.scope().tags.is_empty();
        if is_for_some && rule.aspects.get(&aspect) == Some(&Mode::Keep) {
            place_of.at("aspects").at(aspect.name()).wrong(
                format!("`{aspect}` is the account's, and cannot be kept for some buckets"),
                "set it in `[aspects]`, or in a rule with only an `account`",
            );
        }
        if is_for_any && place.found.is_whole(&place_of.path) {
            has_effect(rule, &rules[..index], place);
        }
    }
}

/// Whether a rule says something, and something that an earlier one does not say of the same buckets.
fn has_effect(rule: &Rule, earlier: &[Rule], rules: &Place<'_>) {
    let place = rules.at(earlier.len());
    if rule.grade.is_none() && rule.aspects.is_empty() {
        return place.wrong(
            "the rule says nothing of the buckets that it matches",
            "add a `grade` or `aspects`",
        );
    }
    let says_it_all = |(index, other): (usize, &Rule)| {
        rules.found.is_whole(&rules.at(index).path)
            && other.scope().covers(rule.scope())
            && (rule.grade.is_none() || other.grade.is_some())
            && rule.aspects.keys().all(|aspect| other.aspects.contains_key(aspect))
    };
    if let Some(number) = earlier.iter().enumerate().position(says_it_all).map(|index| index + 1) {
        place.wrong(
            format!("the rule is never reached: rule {number} matches the same buckets first"),
            format!("remove it, or move it above rule {number}"),
        );
    }
}

fn exemptions(exemptions: &[Exemption], place: &Place<'_>) {
    place.too_many("exemptions", exemptions.len(), EXEMPTIONS_MAX, PUT_TOGETHER);
    for (index, exemption) in exemptions.iter().enumerate() {
        let place = place.at(index);
        scope(exemption.scope(), &place);
        if exemption.aspects.is_empty() {
            let aspects = place.at("aspects");
            aspects.wrong("the exemption does not say from what", "add `aspects = [\"…\"]`");
        }
        if exemption.reason.is_none() {
            let reason = place.at("reason");
            reason.wrong("the exemption has no reason", "add `reason = \"…\"`, in words");
        }
        if exemption.until.is_none() {
            let proposal = "add `until = 2027-01-31`, the last day on which it counts";
            place.at("until").wrong("the exemption has no end", proposal);
        }
    }
}

fn objects(selection: &Selection, place: &Place<'_>) {
    if selection.tell_overwrites.len() > TELL_OVERWRITES_MAX {
        let problem = format!("there are more than {TELL_OVERWRITES_MAX} patterns");
        place.at("tell-overwrites").wrong(problem, "find patterns that match more");
    }
    if let Some(name) = selection.exclude().is_everything() {
        place.at("exclude").at(name).wrong(
            "everything is excluded: no object is ever told of",
            "remove the `*`, or set `notifications = \"off\"` in `[aspects]`",
        );
    }
    if selection.detail_types().is_empty() {
        place.wrong(
            "every kind that is included is excluded: no object is ever told of",
            "remove some of `exclude`",
        );
    }
}

fn subscriptions(subscriptions: &[Subscription], place: &Place<'_>) {
    let proposal = "subscribe a queue or a function, and have it tell the others";
    place.too_many("subscriptions", subscriptions.len(), SUBSCRIPTIONS_MAX, proposal);
    for (index, subscription) in subscriptions.iter().enumerate() {
        let place = place.at(index);
        if subscription.name().is_empty() {
            place.wrong_table("the subscription has no name", "add `name = \"…\"`", &["name"]);
        }
        match subscription.endpoints().count() {
            0 => place.wrong_table(
                "the subscription does not say who is told",
                format!("add one of {}", alternatives(&Endpoint::NAMES)),
                &Endpoint::NAMES,
            ),
            1 => {}
            _ => place.wrong_table(
                "the subscription has more than one address",
                "keep one, and write a `[[subscription]]` for each other",
                &[],
            ),
        }
        let least = subscription.least_severity();
        if subscription.severity.is_some_and(|severity| severity < least) {
            let problem =
                format!("a telephone hears only of what is `{}`", Severity::Critical.name());
            place.at("severity").wrong(problem, "write `critical`, or leave the line out");
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
            "the filter has {counts} = {combinations} combinations of values, SNS takes {COMBINATIONS_MAX}"
        ),
        format!("leave some of `{name}` out"),
        &[],
    );
}

/// SNS knows a subscription by its topic and its endpoint: a second one with another filter is refused.
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
            format!("there is a subscription {name} already")
        } else {
            format!("{name} is like {other} in a logical id, which has no `-`")
        };
        place.at("name").wrong(problem, "give it a name of its own");
    }
    for endpoint in subscription.endpoints() {
        let is_same = |other: &Endpoint| {
            other.name() == endpoint.name()
                && other.address().eq_ignore_ascii_case(endpoint.address())
        };
        if let Some(same) = earlier.iter().find(|other| other.endpoints().any(is_same)) {
            let name = quoted(same.name());
            place.at(endpoint.name()).wrong(
                format!("subscription {name} has this address already, and SNS takes it once"),
                "put both into one, or give another address",
            );
        }
    }
}

fn deploy(deploy: &Deploy, place: &Place<'_>) {
    for (index, region) in deploy.regions.iter().enumerate() {
        if deploy.regions[..index].contains(region) {
            let problem = format!("`{region}` is named twice");
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
