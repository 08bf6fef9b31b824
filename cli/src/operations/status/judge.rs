//! What a person has to do, from the status of a guard.

use std::collections::BTreeMap;

use s3guard_aws::alarms::Alarm;
use s3guard_aws::stacks::Stack;
use s3guard_posture::contract::{Channel, parameter};
use s3guard_posture::reconcile::last_sweep;

use crate::operations::deploy::deployers::unlocked;
use crate::operations::deploy::step::{self, DeployStep};
use crate::operations::deploy::trail;
use crate::operations::status::show::{QueueStatus, Status, age};
use crate::operations::subscribers::{self, ALERTS, Declared, Subscriber};
use crate::operations::unguarded;

/// Every problem, with what to do about it.
pub(crate) fn to_do(seen: &Status, stack: &Stack) -> Vec<String> {
    let flags = step::place(&seen.stack, &seen.region);
    let mut all = Vec::new();
    let is_success = stack.status.is_success() && !stack.status.is_deleted();
    if stack.status.is_settled() && !is_success {
        let reason = stack.reason.as_deref();
        let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
        let next = match step::next(Some(&stack.status)) {
            DeployStep::Failed | DeployStep::Stuck => step::hint(&flags, Some(&stack.status)),
            DeployStep::Create | DeployStep::Update | DeployStep::Remake | DeployStep::Busy => {
                format!("`s3guard deploy {flags}` repeats it")
            }
        };
        all.push(format!("the last operation on the stack failed{reason}: {next}"));
    }
    if is_success && let Some((what, fix)) = unlocked(stack, &seen.stack, &seen.region) {
        all.push(format!("{what}: {fix}"));
    }
    all.extend(seen.functions.iter().filter_map(|function| {
        let trouble = function.trouble.as_ref()?;
        Some(format!("function {}: {trouble}", function.name))
    }));
    let troubles = seen.rules.iter().filter_map(|rule| rule.trouble(&seen.stack, &seen.region));
    all.extend(troubles.map(|(what, fix)| format!("{what}: {fix}")));
    all.extend(seen.paused_until.as_ref().map(|until| {
        format!(
            "the guard is paused until {until} and writes to no bucket: `s3guard pause --end {flags}` ends the pause"
        )
    }));
    all.extend(seen.dead_letters().map(|queue| dead_letters(queue, &flags)));
    all.extend(seen.alarms.iter().filter(|alarm| alarm.is_off()).map(alarmed));
    if let Some(problems) = &seen.trail_problems {
        let why =
            if problems.is_empty() { "there is none".to_owned() } else { problems.join("; ") };
        let own = format!("`{}`", trail::own_name(&stack.parameters, &seen.region));
        let has_own = problems.iter().any(|problem| problem.starts_with(&own));
        all.push(format!(
            "no trail records the changes of buckets ({why}): the guard finds them only in its sweep; {}",
            trail::repair(&seen.stack, &seen.region, &stack.parameters, has_own)
        ));
    }
    if let Some(problem) = &seen.own_trail_problem {
        let has_own = !problem.ends_with("was deleted");
        all.push(format!(
            "the stack's own trail {problem}, and it is not known whether another one records the changes of buckets: {}",
            trail::repair(&seen.stack, &seen.region, &stack.parameters, has_own)
        ));
    }
    all.extend(late_sweep(seen, stack, &flags));
    if let Some(there) = &seen.subscriptions {
        all.extend(unconfirmed(there, seen, stack));
        let vanished = vanished(there, seen, stack);
        let is_named = !vanished.is_empty();
        all.extend(vanished);
        all.extend(unsubscribed(there, seen, stack, is_named));
    }
    let revert = format!("`s3guard deploy {flags} --revert-drift` reverts it");
    match (&seen.drifted, &seen.drift) {
        (Some(drift), _) if !drift.drifted.is_empty() => {
            all.push(format!("the stack was changed outside CloudFormation: {revert}"));
        }
        (None, Some(last)) if last.status == "DRIFTED" => all.push(format!(
            "the stack was changed outside CloudFormation: `s3guard status --drift {flags}` shows what, {revert}"
        )),
        (Some(_) | None, Some(_) | None) => {}
    }
    all
}

/// What is not as it will be, and ends by itself or with a mail.
pub(crate) fn remarks(seen: &Status, stack: &Stack) -> Vec<String> {
    let mut all = Vec::new();
    if !stack.status.is_settled() {
        all.push(format!(
            "an operation on the stack is in progress: `s3guard events --follow --stack {} --region {}` shows it",
            seen.stack, seen.region
        ));
    }
    let changing = seen.functions.iter().filter(|function| function.is_changing);
    all.extend(changing.map(|one| format!("function {} is being created or updated", one.name)));
    let there = seen.subscriptions.as_deref().unwrap_or_default();
    if !subscribers::is_nobody_notified(there) {
        all.extend(pending(there, seen, stack));
    }
    let unguarded = unguarded::advice(&seen.unguarded_regions, &seen.stack, &seen.region);
    all.extend(unguarded.map(|(what, fix)| format!("{what}: {fix}")));
    if stack.status.is_settled() && !stack.protected {
        all.push(format!(
            "termination protection of the stack is off: `s3guard deploy --protect {}` enables it",
            step::place(&seen.stack, &seen.region)
        ));
    }
    all.extend(seen.limited().map(|limited| {
        format!(
            "the guard changes no bucket ({limited}): `mode` in the `s3guard.toml` that was deployed says so"
        )
    }));
    all
}

/// How each subscription that waits for it is confirmed, once for each address.
fn pending(there: &[Subscriber], seen: &Status, stack: &Stack) -> Vec<String> {
    let mut topics: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for Subscriber { topic, subscription } in there.iter().filter(|one| one.subscription.is_pending)
    {
        let name = (subscription.protocol.as_str(), subscription.endpoint.as_str());
        topics.entry(name).or_default().push(topic);
    }
    let lines = topics.into_iter().map(|(name, topics)| confirm(name, &topics, seen, stack));
    lines.collect()
}

/// A guard whose notifications reach nobody.
fn unconfirmed(there: &[Subscriber], seen: &Status, stack: &Stack) -> Option<String> {
    let how = || pending(there, seen, stack).join("; ");
    subscribers::is_nobody_notified(there).then(|| {
        format!("no subscription is confirmed, so no notification reaches anybody: {}", how())
    })
}

/// A sweep that is missing for twice its interval. An update of the stack may have changed the interval, so it starts the count.
fn late_sweep(seen: &Status, stack: &Stack, flags: &str) -> Option<String> {
    let interval = last_sweep::interval(stack.parameters.get(parameter::SWEEP_RATE)?)?;
    let unswept = seen.unswept.filter(|unswept| *unswept > interval.saturating_add(interval))?;
    Some(format!(
        "no sweep has ended for {}, though one starts every {}: `s3guard logs --errors {flags}` shows the cause",
        age(unswept),
        age(interval)
    ))
}

/// The subscriptions of the deployed configuration that SNS no longer lists, one line for each endpoint.
///
/// CloudFormation does not notice it. Source:
/// <https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2548>.
fn vanished(there: &[Subscriber], seen: &Status, stack: &Stack) -> Vec<String> {
    let email = stack.parameters.get(parameter::EMAIL);
    let is_parameter = |one: &Declared| email.is_some_and(|email| *email == one.endpoint);
    let mut gone: BTreeMap<(&str, &str), Vec<&Declared>> = BTreeMap::new();
    for one in seen.declared.iter().filter(|one| !is_parameter(one) && !one.is_among(there)) {
        gone.entry((&one.protocol, &one.endpoint)).or_default().push(one);
    }
    let place = step::place(&seen.stack, &seen.region);
    let line = |((protocol, endpoint), all): (_, Vec<&Declared>)| {
        let topics: Vec<String> = all.iter().map(|one| format!("`{}`", one.topic)).collect();
        // `subscribe` gives an address all notifications.
        let again = if protocol == "email" && !all.iter().any(|one| one.has_settings) {
            format!(
                "`s3guard subscribe --email {endpoint} {place}` subscribes it again, then confirm each email"
            )
        } else {
            format!("`s3guard deploy {place} --revert-drift` subscribes it again, with its filter")
        };
        format!(
            "{protocol} {endpoint} of the configuration is not subscribed to {} any more and gets nothing from there: {again}",
            topics.join(" and ")
        )
    };
    gone.into_iter().map(line).collect()
}

/// How the address of the stack is subscribed again, or any, if there is none and none is named yet.
fn unsubscribed(
    there: &[Subscriber],
    seen: &Status,
    stack: &Stack,
    is_named: bool,
) -> Option<String> {
    let email = stack.parameters.get(parameter::EMAIL).filter(|email| !email.is_empty());
    let Some(email) = email else {
        let hint = format!(
            "nothing is subscribed to the notifications: `s3guard deploy {place} --email ADDRESS`, or `s3guard subscribe \
             --email ADDRESS {place}` without a change of the stack",
            place = step::place(&seen.stack, &seen.region)
        );
        return (there.is_empty() && !is_named).then_some(hint);
    };
    let is_there = |topic: &str| {
        there
            .iter()
            .any(|one| one.topic == topic && one.subscription.endpoint.eq_ignore_ascii_case(email))
    };
    let topics = [Channel::Email.name(), ALERTS].into_iter().filter(|topic| !is_there(topic));
    let topics: Vec<String> = topics.map(|topic| format!("`{topic}`")).collect();
    let again = format!(
        "{email} is not subscribed to {} any more and gets nothing from there: `s3guard subscribe --email {email} --stack \
         {} --region {}` subscribes it again, then confirm each email",
        topics.join(" and "),
        seen.stack,
        seen.region
    );
    (!topics.is_empty()).then_some(again)
}

/// The command that subscribes an endpoint to a topic; it sends a new mail to one that is not confirmed.
fn subscribe(
    seen: &Status,
    stack: &Stack,
    topic: &str,
    (protocol, endpoint): (&str, &str),
) -> String {
    let topics = subscribers::topics(stack);
    let arn = topics.iter().find(|(name, _)| *name == topic).map_or("", |(_, arn)| arn);
    format!(
        "aws sns subscribe --topic-arn {arn} --protocol {protocol} --notification-endpoint {endpoint} --region {}",
        seen.region
    )
}

fn dead_letters(queue: &QueueStatus, flags: &str) -> String {
    let QueueStatus { name, depth, .. } = queue;
    let messages = if depth.waiting == 1 { "message" } else { "messages" };
    let what = format!("{} {messages} in the {name}", depth.waiting);
    if name.starts_with("notification") {
        return format!("{what}: an endpoint does not accept them; check its logs");
    }
    format!(
        "{what}: fix the cause (`s3guard logs --errors {flags}` shows it), then `s3guard redrive {flags}`"
    )
}

fn alarmed(alarm: &Alarm) -> String {
    let since = alarm.since.as_ref().map(|since| format!(" since {since}")).unwrap_or_default();
    format!("alarm {} is in state ALARM{since}: {}", alarm.name, alarm.reason)
}

/// How a subscription is confirmed.
///
/// Source: Amazon SNS Developer Guide, "Subscribing an endpoint": the token is good for two days, and subscribing once
/// more sends a new one.
fn confirm(
    (protocol, endpoint): (&str, &str),
    topics: &[&str],
    seen: &Status,
    stack: &Stack,
) -> String {
    let names: Vec<String> = topics.iter().map(|topic| format!("`{topic}`")).collect();
    let names = names.join(" and ");
    let how = match protocol {
        "email" => {
            let place = step::place(&seen.stack, &seen.region);
            return format!(
                "email {endpoint} is not confirmed and gets nothing from {names}: give the URL of \"Confirm subscription\" in \
                 each email of SNS to `s3guard subscribe --confirm URL`; after two days `s3guard subscribe --email {endpoint} \
                 {place}` sends new ones"
            );
        }
        "http" | "https" => "have the endpoint open the `SubscribeURL` that SNS has sent to it",
        _ => {
            "the owner of the endpoint has to call `ConfirmSubscription` with the token that SNS has sent"
        }
    };
    let again: Vec<String> = topics
        .iter()
        .map(|topic| format!("`{}`", subscribe(seen, stack, topic, (protocol, endpoint))))
        .collect();
    format!(
        "{protocol} {endpoint} is not confirmed and gets nothing from {names}: {how}; after two days a new token is sent by {}",
        again.join(" and ")
    )
}
