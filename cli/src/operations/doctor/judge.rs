//! What it means that AWS says so: a line for each thing that was looked at.

use s3guard_aws::AwsError;
use s3guard_aws::identity::{Identity, Principal};
use s3guard_aws::limits::TextMessages;
use s3guard_aws::permissions::{By, Missing};
use s3guard_posture::contract::parameter;
use s3guard_posture::events::trail::{Trail, recording, records_bucket_changes};
use s3guard_posture::text::shown;
use s3guard_posture::{KeyState, Reading, Region, StackName};
use time::{Duration, OffsetDateTime};

use crate::error;
use crate::operations::deploy::names::has_account_names;
use crate::operations::doctor::Wanted;
use crate::operations::doctor::look::{Found, Look, Seen};
use crate::operations::doctor::report::{Check, Line};
use crate::operations::doctor::rights::Rights;

/// How far a clock may be off: signatures count five minutes.
///
/// Source: AWS IAM User Guide, "AWS Signature Version 4": "a request must reach AWS within five minutes".
const SKEW_MAX: Duration = Duration::minutes(5);

/// Credentials that end sooner may end during a deployment.
const LIFE_MIN: Duration = Duration::minutes(15);

/// Names that are listed before the rest is counted.
const LISTED_MAX: usize = 6;

/// Who calls.
pub(crate) fn caller(caller: &Identity, end: Option<OffsetDateTime>, now: OffsetDateTime) -> Line {
    let who = format!("`{}`", shown(&caller.arn, 256));
    match end {
        Some(end) if end - now < LIFE_MIN => {
            let minutes = (end - now).whole_minutes().max(0);
            let text = format!("{who}, with credentials that end in {minutes} minutes");
            Line::warning(Check::CALLER, text, "log in again, as with `aws sso login`")
        }
        Some(_) | None if caller.principal() == Principal::Root => {
            let text = format!("{who}: the root user, which should have no access keys");
            Line::warning(Check::CALLER, text, "deploy by a role or a user of your own")
        }
        Some(_) | None => Line::ok(Check::CALLER, who),
    }
}

/// Nobody answered, or with a refusal. If the clock is wrong it is that.
pub(crate) fn no_caller(
    error: &anyhow::Error,
    date: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Line {
    if date.is_some_and(|date| (date - now).abs() > SKEW_MAX) {
        return clock(date, now);
    }
    let fix = error::hint(error).unwrap_or_else(|| "look at the AWS configuration".to_owned());
    Line::failed(Check::CALLER, shown(&format!("{error:#}"), 500), fix)
}

/// Whether the machine's clock goes with AWS's.
pub(crate) fn clock(date: Option<OffsetDateTime>, now: OffsetDateTime) -> Line {
    let Some(date) = date else {
        return Line::ok(Check::CLOCK, "AWS's answer does not tell the time");
    };
    let off = now - date;
    if off.abs() <= SKEW_MAX {
        return Line::ok(Check::CLOCK, "it goes with AWS's");
    }
    let direction = if off.is_positive() { "ahead of" } else { "behind" };
    let minutes = off.whole_minutes().abs();
    let text = format!("it is {minutes} minutes {direction} AWS's: signatures count five");
    Line::failed(Check::CLOCK, text, "set it by a time server, as with `timedatectl set-ntp true`")
}

/// All the rest.
pub(crate) fn lines(
    seen: &Seen,
    region: &Region,
    name: &StackName,
    caller: &Identity,
    wanted: &Wanted,
) -> Vec<Line> {
    let mut lines = vec![names(region), stack(&seen.stack, name, region)];
    lines.extend(functions(seen));
    lines.push(trail(seen, region, name, caller, wanted));
    lines.push(global(&seen.global, name));
    lines.extend(rights(&seen.rights));
    lines.push(key(seen, region, wanted));
    lines.push(concurrency(&seen.concurrency, wanted.calls_at_once));
    lines.extend(seen.text_messages.as_ref().map(text_messages));
    lines
}

fn names(region: &Region) -> Line {
    if has_account_names(region) {
        return Line::ok(Check::NAMES, "only this account can take those of the stack's buckets");
    }
    let text = format!("S3 in `{region}` has none that only one account can take");
    Line::failed(Check::NAMES, text, "choose another Region: s3guard needs them")
}

/// What was seen, nothing if it is not there; or that it could not be looked at.
fn known<'a, T>(check: Check, look: &'a Look<T>, action: &str) -> Result<Option<&'a T>, Line> {
    match look {
        Ok(Reading::Known(seen)) => Ok(Some(seen)),
        Ok(Reading::Absent) => Ok(None),
        Ok(Reading::Unread | Reading::Denied) => Err(not_allowed(check, action)),
        Err(error) => Err(failed_look(check, error)),
    }
}

fn failed_look(check: Check, error: &AwsError) -> Line {
    let fix = match error.denial() {
        Some(_) => format!("have `{}` allowed, or go on without knowing", error.call),
        None => "try again".to_owned(),
    };
    Line::warning(check, format!("it cannot be looked at: {}", shown(&error.to_string(), 300)), fix)
}

fn not_allowed(check: Check, action: &str) -> Line {
    let text = format!("it may not be looked at: `{action}` is missing");
    Line::warning(check, text, format!("have `{action}` allowed, or go on without knowing"))
}

fn stack(look: &Look<Found>, name: &StackName, region: &Region) -> Line {
    let found = match known(Check::STACK, look, "cloudformation:DescribeStacks") {
        Ok(Some(found)) => found,
        Ok(None) => return Line::ok(Check::STACK, format!("there is no `{name}` yet")),
        Err(line) => return line,
    };
    let status = &found.stack.status;
    let text = format!("`{name}` is in `{status}`");
    if !found.is_guard {
        let text = format!("`{name}` exists and is not one of s3guard's");
        return Line::failed(Check::STACK, text, "choose another name with `--stack`");
    }
    if status.is_success() {
        return Line::ok(Check::STACK, text);
    }
    if !status.is_settled() {
        return Line::warning(Check::STACK, text, "look again when it has come to rest");
    }
    let reason = found.stack.reason.as_deref().filter(|reason| !reason.is_empty());
    let text = match reason {
        Some(reason) => format!("{text}: {}", shown(reason, 300)),
        None => text,
    };
    let fix = format!(
        "`s3guard deploy --stack {name} --region {region}` goes on from there, or says how"
    );
    // What was undone works as before.
    if status.as_str().ends_with("_FAILED") {
        Line::failed(Check::STACK, text, fix)
    } else {
        Line::warning(Check::STACK, text, fix)
    }
}

fn functions(seen: &Seen) -> Option<Line> {
    if seen.functions.is_empty() {
        return None;
    }
    for (function, look) in &seen.functions {
        let (text, fix) = match known(Check::FUNCTIONS, look, "lambda:GetFunctionConfiguration") {
            Ok(Some(None)) => continue,
            Ok(Some(Some(trouble))) => {
                let text = format!("`{function}` cannot be called: {}", shown(trouble, 300));
                (text, "mend the cause, then deploy again")
            }
            Ok(None) => (format!("`{function}` is gone"), "deploy again with `--revert-drift`"),
            Err(line) => return Some(line),
        };
        return Some(Line::failed(Check::FUNCTIONS, text, fix));
    }
    Some(Line::ok(Check::FUNCTIONS, "both can be called"))
}

fn trail(
    seen: &Seen,
    region: &Region,
    name: &StackName,
    caller: &Identity,
    wanted: &Wanted,
) -> Line {
    let trails = match known(Check::TRAIL, &seen.trails, "cloudtrail:DescribeTrails") {
        Ok(trails) => trails.map(Vec::as_slice).unwrap_or_default(),
        Err(line) => return line,
    };
    if let Some(trail) = recording(trails, region, &caller.account) {
        return recorded(trail);
    }
    let guard = seen.stack.as_ref().ok().and_then(Reading::known).filter(|found| found.is_guard);
    let mode = guard
        .and_then(|found| found.stack.parameters.get(parameter::TRAIL_MODE))
        .map(String::as_str);
    let own = format!("{name}-{region}");
    let why = trails.iter().map(|trail| {
        format!("`{}` {}", shown(&trail.name, 128), records_bucket_changes(trail, region))
    });
    let why = listed(why.collect());
    let why = if why.is_empty() { "there is none".to_owned() } else { why };
    let text = format!("none records the changes of buckets in `{region}`: {why}");
    let deploy = format!("`s3guard deploy --stack {name} --region {region} --trail auto`");
    match mode {
        Some("create") if trails.iter().any(|trail| trail.name == own) => {
            let fix = format!("`aws cloudtrail start-logging --name {own} --region {region}`");
            Line::failed(Check::TRAIL, text, format!("{fix}, or {deploy}"))
        }
        Some("create") => {
            let fix = "the stack's own is gone: `s3guard deploy --revert-drift` makes it again";
            Line::failed(Check::TRAIL, text, fix)
        }
        Some(_) => Line::failed(Check::TRAIL, text, format!("{deploy} makes one")),
        None if wanted.relies_on_trail => {
            Line::failed(Check::TRAIL, text, "set `trail = \"auto\"` in `[deploy]`, or start it")
        }
        None => {
            let text =
                format!("none records the changes of buckets in `{region}`: the stack makes one");
            Line::ok(Check::TRAIL, text)
        }
    }
}

fn recorded(trail: &Trail) -> Line {
    let text = format!("{trail}, tells of the changes of buckets");
    let delivery = trail.status.known().and_then(|status| status.delivery_error.as_deref());
    match delivery {
        None => Line::ok(Check::TRAIL, text),
        Some(error) => Line::warning(
            Check::TRAIL,
            format!("{text}, but its files do not reach its bucket: {}", shown(error, 100)),
            "mend the bucket, its policy or the key: CloudTrail keeps on trying for 30 days, and charges for it",
        ),
    }
}

fn global(look: &Look<bool>, name: &StackName) -> Line {
    match known(Check::GLOBAL, look, "cloudformation:DescribeStacks") {
        Ok(Some(true)) => {
            Line::ok(Check::GLOBAL, "buckets made through the global endpoint are seen")
        }
        Ok(Some(false) | None) => Line::warning(
            Check::GLOBAL,
            "buckets made through the global endpoint are seen there alone, and there is no guard",
            format!("`s3guard deploy --stack {name} --region us-east-1 --trail auto`"),
        ),
        Err(line) => line,
    }
}

fn rights(rights: &Result<Rights, AwsError>) -> Vec<Line> {
    const TO_ADMIN: &str =
        "hand what `s3guard doctor --print-policy` prints to who gives out permissions";
    let all_but = match rights {
        Ok(Rights::Root) => {
            return vec![Line::ok(Check::PERMISSIONS, "the root user needs none")];
        }
        Ok(Rights::Unknowable) => {
            let text = "IAM does not simulate this kind of caller, so what is missing shows when it is needed";
            return vec![Line::warning(Check::PERMISSIONS, text, TO_ADMIN)];
        }
        Ok(Rights::Denied(action)) => return vec![not_allowed(Check::PERMISSIONS, action)],
        Ok(Rights::AllBut(missing)) => missing,
        Err(error) => return vec![failed_look(Check::PERMISSIONS, error)],
    };
    let (by_organization, others): (Vec<&Missing>, Vec<&Missing>) =
        all_but.iter().partition(|one| one.by == By::Organization);
    let permissions = if others.is_empty() {
        Line::ok(Check::PERMISSIONS, "all that a deployment needs")
    } else {
        let names = others.iter().map(|one| format!("`{}`{}", one.action, kept(one.by)));
        Line::failed(Check::PERMISSIONS, format!("missing: {}", listed(names.collect())), TO_ADMIN)
    };
    let organization = if by_organization.is_empty() {
        Line::ok(Check::ORGANIZATION, "no policy of it is in the way")
    } else {
        let names = by_organization.iter().map(|one| format!("`{}`", one.action));
        let text = format!("its policies do not let this account do: {}", listed(names.collect()));
        let fix =
            "have its management account allow them, at least for CloudFormation in this account";
        Line::failed(Check::ORGANIZATION, text, fix)
    };
    vec![permissions, organization]
}

fn kept(by: By) -> &'static str {
    match by {
        By::Boundary => " (the permissions boundary)",
        By::Deny => " (a policy denies it)",
        By::NoAllow | By::Organization => "",
    }
}

fn listed(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(LISTED_MAX);
    names.truncate(LISTED_MAX);
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    names.join(", ") + &rest
}

fn key(seen: &Seen, region: &Region, wanted: &Wanted) -> Line {
    let Some((key, look)) = &seen.key else {
        if !wanted.grade.needs_key() {
            return Line::ok(Check::KEY, format!("grade `{}` needs none", wanted.grade));
        }
        let text = format!("grade `{}` needs one in `{region}`", wanted.grade);
        let fix = "name one in `[keys]`, or with `--key`; `aws kms create-key` makes one";
        return Line::failed(Check::KEY, text, fix);
    };
    match known(Check::KEY, look, "kms:DescribeKey") {
        Ok(Some(KeyState::Usable)) => Line::ok(Check::KEY, format!("`{key}` encrypts")),
        Ok(Some(KeyState::Unusable(why))) => {
            let text = format!("`{key}` does not encrypt: {why}");
            Line::failed(Check::KEY, text, "enable it, or name another one, of the stack's Region")
        }
        Ok(None) => {
            let fix = "name one that is there, of the stack's Region";
            Line::failed(Check::KEY, format!("`{key}` does not exist"), fix)
        }
        Err(line) => line,
    }
}

fn concurrency(look: &Look<i32>, needed: i32) -> Line {
    let fix = "raise \"Concurrent executions\" of Lambda in Service Quotas, or take back what functions reserve";
    match known(Check::CONCURRENCY, look, "lambda:GetAccountSettings") {
        Ok(Some(free)) if *free < 1 => {
            let text = "no function without a reserve of its own can run in the account";
            Line::failed(Check::CONCURRENCY, text, fix)
        }
        Ok(Some(free)) if *free < needed => {
            let text = format!(
                "{free} calls of functions at once, the guard's can be {needed}: events wait"
            );
            Line::warning(Check::CONCURRENCY, text, fix)
        }
        Ok(Some(free)) => Line::ok(
            Check::CONCURRENCY,
            format!("{free} calls of functions at once, of which the guard's are up to {needed}"),
        ),
        Ok(None) => Line::ok(Check::CONCURRENCY, "Lambda names no limit"),
        Err(line) => line,
    }
}

/// Source: Amazon SNS Developer Guide, "Setting SMS messaging preferences" (1 USD a month unless it is raised), and "Using
/// the Amazon SNS SMS sandbox".
fn text_messages(look: &Look<TextMessages>) -> Line {
    let text = match known(Check::TEXT_MESSAGES, look, "sns:GetSMSAttributes") {
        Ok(text) => text,
        Err(line) => return line,
    };
    if text.is_some_and(|text| text.is_in_sandbox) {
        return Line::warning(
            Check::TEXT_MESSAGES,
            "the account is in the sandbox of SNS: only numbers that were verified get them",
            "verify the numbers, or ask to leave it, in the SNS console",
        );
    }
    let limit = text.and_then(|text| text.limit).unwrap_or(1.0);
    if limit > 1.0 {
        return Line::ok(Check::TEXT_MESSAGES, format!("they may cost {limit} USD a month"));
    }
    Line::warning(
        Check::TEXT_MESSAGES,
        format!("they may cost {limit} USD a month, then SNS sends none, and tells nobody"),
        "raise \"Account spend limit\" of SNS in Service Quotas, then `MonthlySpendLimit`",
    )
}

#[cfg(test)]
mod tests;
