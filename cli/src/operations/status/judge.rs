//! What somebody has to do, from what was seen of a guard.

use s3guard_aws::alarms::Alarm;
use s3guard_aws::subscriptions::Subscription;
use s3guard_posture::contract::output;
use s3guard_posture::text::shown;
use time::format_description::well_known::Rfc3339;

use crate::operations::status::gather::{QUEUES, QueueSeen, Seen, Trail};

/// Everything that is not as it should be, with what to do about it.
pub(crate) fn to_do(seen: &Seen, stack: &str) -> Vec<String> {
    let region = &seen.region;
    let flags = format!("--stack {stack} --region {region}");
    let mut all = Vec::new();
    let status = &seen.stack.status;
    if !status.is_settled() {
        all.push(format!("the stack is being changed: `s3guard events --follow {flags}` shows it"));
    } else if !status.is_success() || status.is_deleted() {
        let reason = seen.stack.reason.as_deref();
        let reason = reason.map(|reason| format!(" ({})", shown(reason, 300))).unwrap_or_default();
        all.push(format!(
            "the stack is not as it was last wanted{reason}: `s3guard deploy {flags}`"
        ));
    }
    for (name, trouble) in &seen.functions {
        if let Ok(Some(trouble)) = trouble {
            all.push(format!("function {name}: {}", shown(trouble, 600)));
        }
    }
    all.extend(seen.queues.iter().filter_map(|queue| dead_letters(queue, &flags)));
    let alarms = seen.alarms.as_deref().unwrap_or_default();
    all.extend(alarms.iter().filter(|alarm| alarm.is_off()).map(gone_off));
    if let Ok(Trail::None(why)) = &seen.trail {
        let why = if why.is_empty() { "there is none".to_owned() } else { why.join("; ") };
        all.push(format!(
            "no trail records the changes of buckets ({}): the guard learns of them only by its sweep; `s3guard \
             deploy {flags} --trail auto` makes one",
            shown(&why, 400)
        ));
    }
    if let Ok(subscriptions) = &seen.subscriptions {
        let topic = seen.stack.outputs.get(output::TOPIC_ARN).map_or("", String::as_str);
        let pending = subscriptions.iter().filter(|one| one.is_pending);
        all.extend(pending.map(|one| confirm(one, topic)));
        if subscriptions.is_empty() {
            all.push(format!(
                "nobody hears of anything: give `--email ADDRESS` to `s3guard deploy`, or subscribe to {topic}"
            ));
        }
    }
    if let Ok(drift) = &seen.drift
        && drift.status == "DRIFTED"
    {
        all.push(format!(
            "somebody has changed the stack by hand: `s3guard drift {flags}` says what, `s3guard deploy {flags} \
             --revert-drift` sets it back"
        ));
    }
    all
}

fn dead_letters(queue: &QueueSeen, flags: &str) -> Option<String> {
    let waiting = queue.depth.as_ref().ok()?.waiting;
    if !queue.is_dead_letters || waiting == 0 {
        return None;
    }
    let name = queue.name;
    if name == QUEUES[4].0 {
        return Some(format!("{waiting} {name}: an endpoint does not take them; look at its logs"));
    }
    Some(format!(
        "{waiting} {name}: mend the cause (`s3guard logs --errors {flags}` says it), then `s3guard redrive {flags}`"
    ))
}

fn gone_off(alarm: &Alarm) -> String {
    let since = alarm.since.and_then(|since| since.format(&Rfc3339).ok());
    let since = since.map(|since| format!(" since {since}")).unwrap_or_default();
    format!("alarm {} has gone off{since}: {}", shown(&alarm.name, 256), shown(&alarm.reason, 300))
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
            "whoever owns the endpoint has to call `ConfirmSubscription` with the token that SNS has sent"
        }
    };
    format!(
        "{protocol} {endpoint} is not confirmed and gets nothing: {how}; after two days a new one is sent by `aws sns \
         subscribe --topic-arn {topic} --protocol {protocol} --notification-endpoint {endpoint}`"
    )
}
