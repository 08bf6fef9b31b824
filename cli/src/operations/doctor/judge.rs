//! The assessment of AWS's answers: one line for each check.

use s3guard_aws::AwsError;
use s3guard_aws::identity::{Identity, Principal};
use s3guard_aws::limits::TextMessages;
use s3guard_aws::pause::POLICY;
use s3guard_aws::permissions::{By, Missing};
use s3guard_aws::stacks::Stack;
use s3guard_posture::contract::output;
use s3guard_posture::events::trail::{Recording, recording};
use s3guard_posture::{KeyState, Mode, Region};
use s3guard_synth::stacks;
use time::{Duration, OffsetDateTime};

use crate::config_file::NEEDS_KEY;
use crate::error;
use crate::operations::deploy::deployers::unlocked;
use crate::operations::deploy::names::{GLOBAL_ENDPOINT_FIX, has_account_names};
use crate::operations::deploy::reserved;
use crate::operations::deploy::step;
use crate::operations::deploy::trail;
use crate::operations::doctor::answer::{Checked, failed, known, listed, not_allowed};
use crate::operations::doctor::fetch::{Fetched, Seen};
use crate::operations::doctor::locked;
use crate::operations::doctor::report::{Check, Verdict};
use crate::operations::doctor::rights::Rights;
use crate::operations::doctor::trust::InUse;
use crate::operations::rules::Rule;
use crate::operations::subscribers::{self, Subscriber};
use crate::operations::unguarded;
use crate::ui::lines::utc_time;

/// How far a clock may be off.
///
/// Source: AWS IAM User Guide, "AWS Signature Version 4": "a request must reach AWS within five minutes".
const SKEW_MAX: Duration = Duration::minutes(5);

/// Credentials that expire sooner may expire during a deployment.
const LIFE_MIN: Duration = Duration::minutes(15);

/// All checks of a Region.
pub(crate) fn lines(
    seen: &Seen<'_>,
    date: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Vec<Check> {
    let line = |check, checked: Checked| checked.unwrap_or_else(|unread| unread).of(check);
    let mut lines = vec![
        caller(seen.caller, seen.end, now).of("caller"),
        clock(date, now).of("clock"),
        names(seen.region).of("bucket names"),
        line("stack", stack(seen)),
    ];
    if !seen.functions.is_empty() {
        lines.push(line("functions", functions(seen)));
    }
    lines.extend(seen.rules.as_ref().map(|read| line("rules", rules(seen, read))));
    lines.extend(seen.pause.as_ref().map(|read| line("pause", pause(seen, read, now))));
    lines.extend(seen.guard().and_then(mode).map(|verdict| verdict.of("mode")));
    let subscribers = seen.subscribers.as_ref();
    lines.extend(subscribers.map(|read| line("notifications", notified(seen, read))));
    lines.push(line("trail", trail(seen)));
    lines.push(line("us-east-1", global(seen)));
    lines.push(line("other Regions", unguarded(seen)));
    lines.extend(rights(&seen.rights));
    lines.push(line("account block", locked::account_block(seen)));
    lines.extend(locked::control_tower(seen, now).map(|one| line("Control Tower", one)));
    lines.push(line("key", key(seen)));
    lines.push(line("concurrency", concurrency(seen)));
    lines.extend(
        seen.text_messages.as_ref().map(|fetched| line("text messages", text_messages(fetched))),
    );
    // It is asked only of those who may read policies.
    let trust = seen.trust.iter().flatten();
    lines.extend(trust.flat_map(InUse::lines));
    lines
}

fn caller(caller: &Identity, end: Option<OffsetDateTime>, now: OffsetDateTime) -> Verdict {
    let who = format!("`{}`", caller.arn);
    match end {
        Some(end) if end - now < LIFE_MIN => {
            let minutes = (end - now).whole_minutes().max(0);
            let text = format!("{who}, with credentials that expire in {minutes} minutes");
            Verdict::warning(text, "log in again, as with `aws sso login`")
        }
        Some(_) | None if caller.principal() == Principal::Root => {
            let text = format!("{who}: the root user, which should have no access keys");
            Verdict::warning(text, "use a role or an IAM user")
        }
        Some(_) | None => Verdict::ok(who),
    }
}

/// AWS did not name the caller, perhaps because the clock is wrong.
pub(crate) fn no_caller(
    error: &anyhow::Error,
    date: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Check {
    if date.is_some_and(|date| (date - now).abs() > SKEW_MAX) {
        return clock(date, now).of("clock");
    }
    let fix = error::hint(error).unwrap_or_else(|| "check the AWS configuration".to_owned());
    Verdict::failed(format!("{error:#}"), fix).of("caller")
}

/// Whether the machine's clock agrees with AWS's.
fn clock(date: Option<OffsetDateTime>, now: OffsetDateTime) -> Verdict {
    let Some(date) = date else { return Verdict::ok("not checked: AWS's answer has no time") };
    let off = now - date;
    if off.abs() <= SKEW_MAX {
        return Verdict::ok("it agrees with AWS's");
    }
    let direction = if off.is_positive() { "ahead of" } else { "behind" };
    let minutes = off.whole_minutes().abs();
    let text = format!("it is {minutes} minutes {direction} AWS's; signatures allow five");
    Verdict::failed(text, "synchronize it, as with `timedatectl set-ntp true`")
}

fn names(region: &Region) -> Verdict {
    if has_account_names(region) {
        return Verdict::ok("the names of the stack's buckets are reserved for this account");
    }
    let text = format!("S3 in `{region}` does not reserve bucket names for an account");
    Verdict::failed(text, "choose another Region: s3guard needs reserved names")
}

/// IAM does not know who has put the policy into the role.
fn pause(seen: &Seen<'_>, read: &Fetched<OffsetDateTime>, now: OffsetDateTime) -> Checked {
    let until = known(read, "iam:GetRolePolicy")?.filter(|until| **until > now);
    let Some(until) = until else { return Ok(Verdict::ok("the guard is not paused")) };
    let text = format!(
        "until {} the guard writes to no bucket; CloudTrail names who has paused it: `PutRolePolicy` with policy `{POLICY}`",
        utc_time(*until)
    );
    let (name, region) = (seen.name, seen.region);
    let fix = format!("`s3guard pause --end --stack {name} --region {region}` ends the pause");
    Ok(Verdict::warning(text, fix))
}

/// A guard that changes no bucket, because its configuration says so.
fn mode(stack: &Stack) -> Option<Verdict> {
    let mode = Mode::from_name(stack.outputs.get(output::MODE)?)?;
    let what = match mode {
        Mode::Off => "checks no bucket",
        Mode::Report => "only reports, and changes no bucket",
        Mode::EnforceNew | Mode::Enforce => return None,
    };
    let text = format!("the guard {what}: `mode` of its configuration is `{mode}`");
    Some(Verdict::warning(text, "remove `mode` from `s3guard.toml`, and deploy again"))
}

/// Whether the notifications reach anybody.
fn notified(seen: &Seen<'_>, read: &Fetched<Vec<Subscriber>>) -> Checked {
    let all = known(read, "sns:ListSubscriptionsByTopic")?.map_or(&[][..], Vec::as_slice);
    let place = step::place(seen.name.as_str(), seen.region.as_str());
    if all.is_empty() {
        let text = "nothing is subscribed to them";
        return Ok(Verdict::warning(text, format!("`s3guard subscribe --email ADDRESS {place}`")));
    }
    if subscribers::is_nobody_notified(all) {
        let text = "no subscription is confirmed, so they reach nobody";
        let fix = format!("`s3guard status {place}` shows how each is confirmed");
        return Ok(Verdict::failed(text, fix));
    }
    let pending = all.iter().filter(|one| one.subscription.is_pending).count();
    Ok(Verdict::ok(match pending {
        0 => format!("all {} subscriptions are confirmed", all.len()),
        _ => format!("{pending} of {} subscriptions are not confirmed yet", all.len()),
    }))
}

fn stack(seen: &Seen<'_>) -> Checked {
    let name = seen.name;
    let Some(found) = known(&seen.stack, "cloudformation:DescribeStacks")? else {
        return Ok(Verdict::ok(format!("there is no `{name}` yet")));
    };
    let status = &found.stack.status;
    let mut text = format!("`{name}` is in `{status}`");
    if !found.is_guard {
        let text = format!("`{name}` exists and is not a stack of s3guard");
        return Ok(Verdict::failed(text, "choose another name with `--stack`"));
    }
    if status.is_success() {
        return Ok(match unlocked(&found.stack, name, seen.region) {
            Some((what, fix)) => Verdict::warning(format!("{text}, but {what}"), fix),
            None if !found.stack.protected => Verdict::warning(
                format!("{text}, but its termination protection is off"),
                format!(
                    "`s3guard deploy --protect {}`",
                    step::place(name.as_str(), seen.region.as_str())
                ),
            ),
            None => Verdict::ok(text),
        });
    }
    if !status.is_settled() {
        return Ok(Verdict::warning(text, "check again when the operation has ended"));
    }
    if let Some(reason) = found.stack.reason.as_deref().filter(|reason| !reason.is_empty()) {
        text = format!("{text}: {reason}");
    }
    let fix = format!(
        "`s3guard deploy --stack {name} --region {}` continues, or explains how",
        seen.region
    );
    // After a rollback the stack works as before.
    let is_failed = status.as_str().ends_with("_FAILED");
    Ok(if is_failed { Verdict::failed(text, fix) } else { Verdict::warning(text, fix) })
}

fn functions(seen: &Seen<'_>) -> Checked {
    for (function, fetched) in &seen.functions {
        match known(fetched, "lambda:GetFunctionConfiguration")? {
            Some(None) => {}
            Some(Some(trouble)) => {
                let text = format!("`{function}` cannot be called: {trouble}");
                return Ok(Verdict::failed(text, "fix the cause, then deploy again"));
            }
            None => {
                let text = format!("`{function}` does not exist");
                return Ok(Verdict::failed(text, "deploy again with `--revert-drift`"));
            }
        }
    }
    Ok(Verdict::ok("both can be called"))
}

fn rules(seen: &Seen<'_>, read: &Fetched<Vec<Rule>>) -> Checked {
    let rules = known(read, "events:DescribeRule")?.map_or(&[][..], Vec::as_slice);
    let troubles =
        rules.iter().filter_map(|rule| rule.trouble(seen.name.as_str(), seen.region.as_str()));
    let (what, fixes): (Vec<String>, Vec<String>) = troubles.unzip();
    if !what.is_empty() {
        return Ok(Verdict::failed(what.join("; "), fixes.join(", ")));
    }
    Ok(Verdict::ok(format!("all {} are enabled", rules.len())))
}

fn trail(seen: &Seen<'_>) -> Checked {
    let Seen { region, name, .. } = seen;
    let trails = known(&seen.trails, "cloudtrail:DescribeTrails")?;
    let trails = trails.map(Vec::as_slice).unwrap_or_default();
    let why = listed(trail::problems(trails, region).into_iter());
    let none = match recording(trails, region, &seen.caller.account) {
        Recording::Yes(trail) => {
            let text = format!("{trail}, records the changes of buckets");
            let status = trail.status.known();
            let Some(error) = status.and_then(|status| status.delivery_error.as_deref()) else {
                return Ok(Verdict::ok(text));
            };
            return Ok(Verdict::warning(
                format!("{text}, but its files do not reach its bucket: {error}"),
                "fix the bucket, its policy or the key: CloudTrail retries for 30 days, and charges for it",
            ));
        }
        Recording::Unknown => {
            let text = format!("it is not known whether one records the changes of buckets: {why}");
            return Ok(Verdict::warning(
                text,
                format!(
                    "ask the owner of the trail whether it records write management events of `{region}`; if not, \
                     `s3guard deploy --stack {name} --region {region} --trail create`"
                ),
            ));
        }
        Recording::No => format!("none records the changes of buckets in `{region}`"),
    };
    let why = if why.is_empty() { "there is none".to_owned() } else { why };
    let fix = match seen.guard() {
        Some(stack) => {
            let own = trail::own_name(&stack.parameters, region.as_str());
            let has_own = trails.iter().any(|trail| trail.name == own);
            trail::repair(name.as_str(), region.as_str(), &stack.parameters, has_own)
        }
        None if seen.wanted.relies_on_trail => {
            "set `trail = \"auto\"` in `[deploy]`, or start the trail".to_owned()
        }
        None => return Ok(Verdict::ok(format!("{none}: the stack creates one"))),
    };
    Ok(Verdict::failed(format!("{none}: {why}"), fix))
}

fn global(seen: &Seen<'_>) -> Checked {
    if known(&seen.global, "cloudformation:DescribeStacks")? == Some(&true) {
        return Ok(Verdict::ok("buckets created through the global endpoint are seen"));
    }
    Ok(Verdict::warning(
        "events of buckets created through the global endpoint come to us-east-1 only, where there is no guard",
        GLOBAL_ENDPOINT_FIX,
    ))
}

fn unguarded(seen: &Seen<'_>) -> Checked {
    let found = seen.unguarded.as_ref().map_err(failed)?;
    // This one may be about to get its guard.
    let wanted = |region: &str| seen.wanted.regions.iter().any(|one| one.as_str() == region);
    let regions: Vec<_> =
        found.regions.iter().filter(|one| !wanted(&one.region)).cloned().collect();
    if let Some((what, fix)) = unguarded::advice(&regions, seen.name.as_str(), seen.region.as_str())
    {
        return Ok(Verdict::warning(what, fix));
    }
    match &found.unknown {
        Some(error) => Err(failed(error)),
        None => Ok(Verdict::ok("no buckets are in Regions without a guard")),
    }
}

fn rights(rights: &Result<Rights, AwsError>) -> Vec<Check> {
    const TO_ADMIN: &str =
        "give the output of `s3guard doctor --print-policy` to the account's administrator";
    let verdict = match rights {
        Ok(Rights::AllBut { missing, denied_writes }) => {
            let [permissions, organization] = missing_rights(missing, TO_ADMIN);
            return vec![permissions, organization, remediation(denied_writes)];
        }
        Ok(Rights::Root) => Verdict::ok("the root user has all permissions"),
        Ok(Rights::Unknowable) => {
            let text = "not checked: IAM does not simulate this kind of caller";
            Verdict::warning(text, TO_ADMIN)
        }
        Ok(Rights::Denied(action)) => not_allowed(action),
        Err(error) => failed(error),
    };
    let unseen = "not checked: only IAM's simulation shows what its policies deny";
    vec![verdict.of("permissions"), Verdict::ok(unseen).of("organization")]
}

/// What the organization lets the guard write.
///
/// Source: AWS IAM API Reference, `OrganizationsDecisionDetail`: service control policies, and no others; with conditions
/// they break the simulation (aws/aws-sdk#102).
fn remediation(denied: &[String]) -> Check {
    let verdict = if denied.is_empty() {
        Verdict::ok(
            "no service control policy is known to deny what the guard writes; IAM simulates neither other policies of \
             the organization nor, reliably, those with conditions: `s3guard verify` shows what they deny",
        )
    } else {
        let names = listed(denied.iter().map(|action| format!("`{action}`")));
        Verdict::warning(
            format!(
                "service control policies deny what the guard writes: {names}: such findings stay open"
            ),
            "exempt the guard's role in the policy, or set `mode = \"report\"` for these aspects in `s3guard.toml`",
        )
    };
    verdict.of("remediation")
}

fn missing_rights(missing: &[Missing], fix: &str) -> [Check; 2] {
    let (by_organization, others): (Vec<&Missing>, Vec<&Missing>) =
        missing.iter().partition(|one| one.by == By::Organization);
    let named = |all: &[&Missing]| {
        listed(all.iter().map(|one| {
            let by = match one.by {
                By::Boundary => " (the permissions boundary)",
                By::Deny => " (a policy denies it)",
                By::NoAllow | By::Organization => "",
            };
            format!("`{}`{by}", one.action)
        }))
    };
    let permissions = if others.is_empty() {
        Verdict::ok("the caller has all that a deployment needs")
    } else {
        Verdict::failed(format!("missing: {}", named(&others)), fix)
    };
    let organization = if by_organization.is_empty() {
        Verdict::ok("its policies deny nothing that a deployment needs")
    } else {
        Verdict::failed(
            format!("its policies deny this account: {}", named(&by_organization)),
            "allow them in the management account, at least for CloudFormation in this account",
        )
    };
    [permissions.of("permissions"), organization.of("organization")]
}

fn key(seen: &Seen<'_>) -> Checked {
    let (grade, region) = (seen.wanted.grade, seen.region);
    let Some((key, fetched)) = &seen.key else {
        if !grade.needs_key() {
            return Ok(Verdict::ok(format!("grade `{grade}` needs no key")));
        }
        let what = format!("grade `{grade}` needs a key in `{region}`");
        return Ok(Verdict::failed(what, NEEDS_KEY));
    };
    Ok(match known(fetched, "kms:DescribeKey")? {
        Some(KeyState::Usable) => Verdict::ok(format!("`{key}` can encrypt")),
        Some(KeyState::Unusable(why)) => {
            let text = format!("`{key}` cannot encrypt: {why}");
            Verdict::failed(text, "enable it, or set another one, of the stack's Region")
        }
        None => {
            let fix = "set one that exists, of the stack's Region";
            Verdict::failed(format!("`{key}` does not exist"), fix)
        }
    })
}

fn concurrency(seen: &Seen<'_>) -> Checked {
    let (mut needed, mut own) = (seen.wanted.calls_at_once, String::new());
    if seen.guard().is_some_and(|stack| reserved::is_on(&stack.parameters)) {
        let reserved = i32::try_from(stacks::GUARD_CONCURRENCY_MAX).unwrap_or(i32::MAX);
        needed -= reserved;
        own = format!(" besides its own {reserved}");
    }
    let fix = "raise \"Concurrent executions\" of Lambda in Service Quotas, or reduce reserved concurrency";
    Ok(match known(&seen.concurrency, "lambda:GetAccountSettings")? {
        Some(free) if *free < 1 => {
            let text = "no function without reserved concurrency can run in the account";
            Verdict::failed(text, fix)
        }
        Some(free) if *free < needed => {
            let text = format!(
                "{free} concurrent executions are unreserved, the guard can use {needed}{own}: events would wait"
            );
            Verdict::warning(text, fix)
        }
        Some(free) => Verdict::ok(format!(
            "{free} concurrent executions are unreserved, the guard uses up to {needed}{own}"
        )),
        None => Verdict::ok("not checked: Lambda returned no limit"),
    })
}

/// Source: Amazon SNS Developer Guide, "Setting SMS messaging preferences" (1 USD a month unless it is raised), and "Using
/// the Amazon SNS SMS sandbox".
fn text_messages(fetched: &Fetched<TextMessages>) -> Checked {
    let text = known(fetched, "sns:GetSMSAttributes")?;
    if text.is_some_and(|text| text.is_in_sandbox) {
        return Ok(Verdict::warning(
            "the account is in the SMS sandbox of SNS: only verified numbers receive messages",
            "verify the numbers, or leave the sandbox, in the SNS console",
        ));
    }
    let limit = text.and_then(|text| text.limit).unwrap_or(1.0);
    if limit > 1.0 {
        return Ok(Verdict::ok(format!("the spending limit is {limit} USD a month")));
    }
    Ok(Verdict::warning(
        format!(
            "the spending limit is {limit} USD a month; beyond it SNS discards messages silently"
        ),
        "raise \"Account spend limit\" of SNS in Service Quotas, then `MonthlySpendLimit`",
    ))
}

#[cfg(test)]
mod tests;
