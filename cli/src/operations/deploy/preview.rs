//! Before the first deployment: the account, its buckets, and what the guard will change in them at once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal as _};

use futures_util::{StreamExt as _, stream};
use s3guard_aws::{Buckets, Ledger, identity, rules};
use s3guard_posture::config::{Config, EvaluationContext};
use s3guard_posture::contract::parameter;
use s3guard_posture::{
    Account as _, Aspect, Baseline, BucketId, BucketName, Finding, Inspection, Observed, Reading,
    inspect,
};
use s3guard_synth::resources::events::KnownPattern;
use serde::Serialize;
use serde_json::json;

use crate::operations::deploy::asking::Asking;
use crate::operations::deploy::target::DeployTarget;
use crate::operations::session;
use crate::operations::session::Account;
use crate::ui::output::Output;
use crate::ui::text::{Printable, Text, TextLine};

/// How many buckets are read: more would take minutes.
const BUCKETS_MAX: usize = 1_000;
/// How many buckets are read in parallel.
const READS_MAX: usize = 16;
/// How many rules are named.
const RULES_MAX: usize = 10;

/// An account without a guard.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Preview {
    region: String,
    account: String,
    /// Its alias, if it has one that may be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
    /// How many buckets were read.
    buckets: usize,
    /// Whether there are more.
    has_more: bool,
    /// What the first sweep changes, by aspect.
    changes: Vec<AspectCount>,
    /// What it reports and leaves, by aspect.
    reports: Vec<AspectCount>,
    /// What it does not change, because `s3guard undo` suppresses it in the ledger of an earlier stack, by aspect.
    suppressed: Vec<AspectCount>,
    /// The rules of the account that get the object events of every bucket.
    rules: Vec<String>,
    /// What could not be read, and why.
    not_seen: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct AspectCount {
    aspect: Aspect,
    /// In how many buckets.
    buckets: usize,
}

/// Shows what a new guard will find and change. It changes nothing, and what cannot be read is named.
pub(crate) async fn show(targets: &[DeployTarget], asking: &Asking<'_>) -> anyhow::Result<()> {
    for target in targets.iter().filter(|target| target.is_new()) {
        let preview = Preview::of(target, asking).await;
        Text::of(&preview, None).into_lines().into_iter().for_each(|line| target.output.say(line));
        target.output.event("preview", &preview)?;
    }
    Ok(())
}

/// Asks whether a new guard is installed in these accounts. Without a terminal the command line is the answer.
pub(crate) async fn approve(are_new: bool, unchanged: &str, output: &Output) -> anyhow::Result<()> {
    if are_new && io::stdin().is_terminal() {
        let question = "install the guard in this account?";
        session::confirm_leaving(unchanged, "this", question, output).await?;
    }
    Ok(())
}

impl Preview {
    async fn of(target: &DeployTarget, asking: &Asking<'_>) -> Self {
        let connection = &target.account.connection;
        let account = &target.account.caller.account;
        let mut preview = Self {
            region: connection.region().to_string(),
            account: account.to_string(),
            alias: identity::alias(connection).await.ok().flatten(),
            ..Self::default()
        };
        let buckets = Buckets::new(connection, account.clone(), None);
        let default = Config::default();
        let config = asking.configuration.unwrap_or(&default);
        let (grade, key) = asking.wanted.guard.wanted(config, connection.region());
        let context = EvaluationContext {
            default_grade: grade,
            default_key: key,
            log_bucket: log_bucket(target),
            ..EvaluationContext::new(asking.run.now.date())
        };
        let (listed, rules) =
            futures_util::join!(preview.names(&buckets), rules::patterns(connection));
        let names = match listed {
            Ok((names, has_more)) => {
                preview.has_more = has_more;
                names
            }
            Err(error) => {
                preview.not_seen.push(format!("buckets: {error}"));
                Vec::new()
            }
        };
        let suppressed = preview.suppressions(target, asking, &names).await;
        let id = |name: BucketName| BucketId {
            name,
            account: account.clone(),
            region: connection.region().clone(),
        };
        let read = stream::iter(names.into_iter().map(id)).map(|id| {
            let (buckets, context) = (&buckets, &context);
            async move {
                let wanted = |seen: &Observed| config.baseline(&id, &seen.tags, context);
                (id.name.clone(), inspect(buckets, &id, &wanted).await)
            }
        });
        let read: Vec<_> = read.buffer_unordered(READS_MAX).collect().await;
        let mut seen: Vec<(BucketName, Inspection)> = Vec::new();
        for (name, inspection) in read {
            match inspection {
                Ok(inspection) => seen.extend(inspection.map(|one| (name, one))),
                Err(error) => preview.not_seen.push(format!("bucket `{name}`: {error}")),
            }
        }
        preview.buckets = seen.len();
        let of_account = id(BucketName::account());
        let mode = config.account_mode();
        let wanted = |_: &Observed| Baseline::of_account(mode);
        let inspection = inspect(&buckets, &of_account, &wanted).await.ok().flatten();
        seen.extend(inspection.map(|one| (BucketName::account(), one)));
        preview.count(&seen, &suppressed);
        match rules {
            Ok(Reading::Known(rules)) => preview.rules = of_every_bucket(rules, &preview.account),
            Ok(_) => {
                preview.not_seen.push("rules: missing permission `events:ListRules`".to_owned());
            }
            Err(error) => preview.not_seen.push(format!("rules: {error}")),
        }
        preview
    }

    async fn names(
        &self,
        buckets: &Buckets,
    ) -> Result<(Vec<BucketName>, bool), s3guard_aws::AwsError> {
        let mut page = buckets.list(None).await?;
        let mut names = std::mem::take(&mut page.buckets);
        while names.len() < BUCKETS_MAX
            && let Some(next) = page.continuation.take()
        {
            page = buckets.list(Some(next)).await?;
            names.append(&mut page.buckets);
        }
        let has_more = names.len() > BUCKETS_MAX || page.continuation.is_some();
        names.truncate(BUCKETS_MAX);
        Ok((names, has_more))
    }

    /// What is suppressed in a ledger of an earlier stack, which the new one takes over. Its keys say it.
    async fn suppressions(
        &mut self,
        target: &DeployTarget,
        asking: &Asking<'_>,
        buckets: &[BucketName],
    ) -> BTreeSet<(BucketName, Aspect)> {
        let Account { connection, caller } = &target.account;
        let (region, previous) = (connection.region(), BTreeMap::new());
        let parameters = asking.wanted.guard.parameters(&target.name, region, &previous).ok();
        let prefix = parameters.and_then(|mut all| all.remove(parameter::BUCKET_PREFIX));
        let is_ledger = |name: &&BucketName| {
            prefix.as_ref().is_some_and(|prefix| {
                name.as_str() == format!("{prefix}-ledger-{}-{region}-an", caller.account)
            })
        };
        let Some(ledger) = buckets.iter().find(is_ledger) else { return BTreeSet::new() };
        let ledger = Ledger::new(connection, ledger.clone(), caller.account.clone());
        match ledger.suppressed_by_key(asking.run.now).await {
            Ok(Some(found)) => found.into_iter().map(|(name, one)| (name, one.aspect)).collect(),
            Ok(None) => {
                self.not_seen.push("suppressions of the ledger: there are too many".to_owned());
                BTreeSet::new()
            }
            Err(error) => {
                self.not_seen.push(format!("suppressions of the ledger: {error}"));
                BTreeSet::new()
            }
        }
    }

    fn count(
        &mut self,
        seen: &[(BucketName, Inspection)],
        suppressed: &BTreeSet<(BucketName, Aspect)>,
    ) {
        let counted = |aspects: Vec<Aspect>| {
            let mut counts: BTreeMap<Aspect, usize> = BTreeMap::new();
            for aspect in aspects {
                *counts.entry(aspect).or_default() += 1;
            }
            counts.into_iter().map(|(aspect, buckets)| AspectCount { aspect, buckets }).collect()
        };
        let planned = seen.iter().flat_map(|(name, one)| {
            let aspects = one.plan.actions.iter().flat_map(|action| &action.aspects);
            aspects.map(move |aspect| (name.clone(), *aspect))
        });
        let (left, changed): (Vec<_>, Vec<_>) = planned.partition(|one| suppressed.contains(one));
        let aspects =
            |all: Vec<(BucketName, Aspect)>| all.into_iter().map(|(_, one)| one).collect();
        self.changes = counted(aspects(changed));
        self.suppressed = counted(aspects(left));
        let left = seen.iter().flat_map(|(_, one)| {
            let mut aspects: Vec<Aspect> = (one.findings.iter())
                .filter(|finding| matches!(finding, Finding::NotRemediated { .. }))
                .map(Finding::aspect)
                .collect();
            aspects.dedup();
            aspects
        });
        self.reports = counted(left.collect());
    }
}

/// Where the access logs of the Region will go: the bucket of the new stack.
fn log_bucket(target: &DeployTarget) -> Option<BucketId> {
    let account = target.account.caller.account.clone();
    let name = "s3guard-log-bucket-of-the-new-stack".parse().ok()?;
    Some(BucketId { name, account, region: target.region().clone() })
}

/// The rules that match the object events of any bucket.
fn of_every_bucket(rules: Vec<(String, String)>, account: &str) -> Vec<String> {
    let event = json!({
        "source": "aws.s3",
        "detail-type": "Object Created",
        "account": account,
        "resources": ["arn:aws:s3:::any-bucket-at-all"],
        "detail": { "bucket": { "name": "any-bucket-at-all" }, "object": { "key": "any-key" } },
    });
    let matches = |pattern: &str| {
        serde_json::from_str(pattern).is_ok_and(|pattern| KnownPattern::of(pattern).matches(&event))
    };
    let is_ours =
        |pattern: &str| pattern.contains("Object Deleted") && pattern.contains("Object Tags Added");
    let every = rules.into_iter().filter(|(_, pattern)| matches(pattern) && !is_ours(pattern));
    every.map(|(name, _)| name).collect()
}

impl Printable for Preview {
    fn print(&self, text: &mut Text) {
        let Self { region, account, alias, buckets, has_more, .. } = self;
        let alias = alias.as_ref().map_or_else(String::new, |alias| format!(" ({alias})"));
        let more = if *has_more { ", and more that were not read" } else { "" };
        let noun = if *buckets == 1 { "bucket" } else { "buckets" };
        text.line(format_args!(
            "no guard yet in account {account}{alias}, {region}: {buckets} {noun}{more}"
        ));
        let listed = |counts: &[AspectCount]| {
            let of = |AspectCount { aspect, buckets }: &AspectCount| {
                let is_account = *aspect == Aspect::AccountPublicAccess;
                let place = if is_account { String::new() } else { format!(" in {buckets}") };
                aspect.words().to_owned() + &place
            };
            counts.iter().map(of).collect::<Vec<_>>().join(", ")
        };
        if self.changes.is_empty() {
            text.line("  the first sweep changes no existing bucket");
        } else {
            let changes = listed(&self.changes);
            text.line(
                TextLine::from("  ")
                    .and(TextLine::notable(format_args!("the first sweep changes: {changes}"))),
            );
        }
        if !self.reports.is_empty() {
            text.line(format_args!("  it leaves and reports: {}", listed(&self.reports)));
        }
        if !self.suppressed.is_empty() {
            text.line(format_args!(
                "  the ledger of an earlier stack suppresses: {}",
                listed(&self.suppressed)
            ));
        }
        for rule in self.rules.iter().take(RULES_MAX) {
            text.line(TextLine::from("  ").and(TextLine::notable(format_args!(
                "rule `{rule}` gets the object events of every bucket, so also of each bucket that the guard sets up"
            ))));
        }
        if let Some(more @ 1..) = self.rules.len().checked_sub(RULES_MAX) {
            text.line(format_args!("  and {more} more rules like it"));
        }
        let not_seen = self.not_seen.iter().take(RULES_MAX);
        not_seen.for_each(|why| text.line(format_args!("  not checked: {why}")));
        if let Some(more @ 1..) = self.not_seen.len().checked_sub(RULES_MAX) {
            text.line(format_args!("  and {more} more that were not checked"));
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use s3guard_posture::{Action, Grade, Plan, Setting};

    use super::*;
    use crate::ui::text::plain;

    #[test]
    fn a_rule_without_a_bucket_gets_the_events_of_every_bucket() {
        let rules = [
            ("all", r#"{"source":["aws.s3"]}"#),
            ("created", r#"{"source":["aws.s3"],"detail-type":["Object Created"]}"#),
            ("one", r#"{"source":["aws.s3"],"detail":{"bucket":{"name":["reports"]}}}"#),
            ("calls", r#"{"source":["aws.s3"],"detail-type":["AWS API Call via CloudTrail"]}"#),
            ("not-json", "?"),
        ];
        let rules = rules.map(|(name, pattern)| (name.to_owned(), pattern.to_owned())).to_vec();
        assert_eq!(of_every_bucket(rules, "111122223333"), ["all", "created"]);
    }

    #[test]
    fn what_a_kept_ledger_suppresses_is_no_change_of_the_first_sweep() {
        let inspected = |name: &str, aspects: &[Aspect]| {
            let id = BucketId {
                name: name.parse().unwrap(),
                account: "111122223333".parse().unwrap(),
                region: "eu-west-1".parse().unwrap(),
            };
            let action = Action { set: Setting::Encryption(None), aspects: aspects.to_vec() };
            let inspection = Inspection {
                observed: Observed::unread(id.clone()),
                baseline: Baseline::new(Grade::Speed, None),
                findings: Vec::new(),
                plan: Plan { actions: vec![action] },
                read_last: Vec::new(),
                reads: 0,
            };
            (id.name, inspection)
        };
        let both = [Aspect::Encryption, Aspect::SseC];
        let seen = [inspected("reports", &both), inspected("photos", &both)];
        let suppressed = BTreeSet::from([("reports".parse().unwrap(), Aspect::Encryption)]);
        let mut preview = Preview::default();
        preview.count(&seen, &suppressed);
        let count = |aspect, buckets| AspectCount { aspect, buckets };
        assert_eq!(preview.changes, [count(Aspect::Encryption, 1), count(Aspect::SseC, 2)]);
        assert_eq!(preview.suppressed, [count(Aspect::Encryption, 1)]);
    }

    #[test]
    fn it_says_what_is_changed_at_once_and_what_is_left() {
        let count = |aspect, buckets| AspectCount { aspect, buckets };
        let preview = Preview {
            region: "eu-west-1".to_owned(),
            account: "111122223333".to_owned(),
            alias: Some("acme-prod".to_owned()),
            buckets: 214,
            has_more: false,
            changes: vec![count(Aspect::PublicAccess, 3), count(Aspect::AccountPublicAccess, 1)],
            reports: vec![count(Aspect::PublicAccess, 1), count(Aspect::Tls, 190)],
            suppressed: vec![count(Aspect::Encryption, 1)],
            rules: vec!["thumbnails".to_owned()],
            not_seen: vec!["bucket `x`: AccessDenied".to_owned()],
        };
        expect![[r#"
            no guard yet in account 111122223333 (acme-prod), eu-west-1: 214 buckets
              the first sweep changes: public access block in 3, the account's public access block
              it leaves and reports: public access block in 1, TLS only in 190
              the ledger of an earlier stack suppresses: default encryption in 1
              rule `thumbnails` gets the object events of every bucket, so also of each bucket that the guard sets up
              not checked: bucket `x`: AccessDenied
        "#]]
        .assert_eq(&plain(&preview));
    }
}
