//! What a person has to do, from the status of a guard.

use s3guard_aws::alarms::Alarm;
use s3guard_aws::stacks::Stack;
use s3guard_aws::subscriptions::Subscription;
use s3guard_posture::contract::output;
use s3guard_posture::text::shown;

use crate::operations::status::show::{QueueStatus, Status};

/// Every problem, with what to do about it.
pub(crate) fn to_do(seen: &Status, stack: &Stack) -> Vec<String> {
    let flags = format!("--stack {} --region {}", seen.stack, seen.region);
    let topic = stack.outputs.get(output::TOPIC_ARN).map_or("", String::as_str);
    let mut all = Vec::new();
    if !stack.status.is_settled() {
        all.push(format!(
            "an operation on the stack is in progress: `s3guard events --follow {flags}` shows it"
        ));
    } else if !stack.status.is_success() || stack.status.is_deleted() {
        let reason = stack.reason.as_deref();
        let reason = reason.map(|reason| format!(" ({})", shown(reason, 300))).unwrap_or_default();
        all.push(format!(
            "the last operation on the stack failed{reason}: `s3guard deploy {flags}` repeats it"
        ));
    }
    all.extend(seen.functions.iter().filter_map(|function| {
        let trouble = function.trouble.as_ref()?;
        Some(format!("function {}: {}", function.name, shown(trouble, 600)))
    }));
    let troubles = seen.rules.iter().filter_map(|rule| rule.trouble(&seen.stack, &seen.region));
    all.extend(troubles.map(|(what, fix)| format!("{what}: {fix}")));
    all.extend(seen.dead_letters().map(|queue| dead_letters(queue, &flags)));
    all.extend(seen.alarms.iter().filter(|alarm| alarm.is_off()).map(alarmed));
    if let Some(problems) = &seen.trail_problems {
        let why =
            if problems.is_empty() { "there is none".to_owned() } else { problems.join("; ") };
        all.push(format!(
            "no trail records the changes of buckets ({}): the guard finds them only in its sweep; `s3guard deploy \
             {flags} --trail auto` creates one",
            shown(&why, 400)
        ));
    }
    if let Some(subscriptions) = &seen.subscriptions {
        let pending = subscriptions.iter().filter(|one| one.is_pending);
        all.extend(pending.map(|one| confirm(one, topic)));
        if subscriptions.is_empty() {
            all.push(format!(
                "nothing is subscribed to the notifications: pass `--email ADDRESS` to `s3guard deploy`, or subscribe \
                 to {topic}"
            ));
        }
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
    format!(
        "alarm {} is in state ALARM{since}: {}",
        shown(&alarm.name, 256),
        shown(&alarm.reason, 300)
    )
}

/// How a subscription is confirmed.
///
/// Source: Amazon SNS Developer Guide, "Subscribing an endpoint": the token is good for two days, and subscribing once
/// more sends a new one.
fn confirm(subscription: &Subscription, topic: &str) -> String {
    let Subscription { protocol, endpoint, .. } = subscription;
    let endpoint = shown(endpoint, 256);
    let how = match protocol.as_str() {
        "email" | "email-json" => "open the mail of SNS and follow \"Confirm subscription\"",
        "http" | "https" => "have the endpoint open the `SubscribeURL` that SNS has sent to it",
        _ => {
            "the owner of the endpoint has to call `ConfirmSubscription` with the token that SNS has sent"
        }
    };
    format!(
        "{protocol} {endpoint} is not confirmed and gets nothing: {how}; after two days a new token is sent by `aws sns \
         subscribe --topic-arn {topic} --protocol {protocol} --notification-endpoint {endpoint}`"
    )
}
