//! Downgrades in words.

use std::collections::BTreeSet;

use super::{sooner, soonest};
use crate::model::protection::{Protection, Value};
use crate::model::setting::{Expiry, PublicAccessBlock};

/// What has changed: what it is now, and what it was.
pub(super) fn changed(protection: Protection, from: Option<&Value>, to: &Value) -> String {
    match (from, to) {
        (Some(before @ (Value::Soonest(_) | Value::Expiries(_))), now @ Value::Soonest(_))
        | (Some(before @ Value::Soonest(_)), now @ Value::Expiries(_)) => {
            let was = soonest(before).map_or("kept".to_owned(), first);
            format!(
                "{} deleted sooner: {}, was {was}",
                subject(protection),
                first(soonest(now).unwrap_or_default())
            )
        }
        (before, Value::Expiries(now)) => {
            let before = if let Some(Value::Expiries(before)) = before { &before[..] } else { &[] };
            deleted(protection, before, now)
        }
        (before, Value::Copies(now)) => {
            let before = if let Some(Value::Copies(before)) = before { before } else { now };
            copied(before, now)
        }
        (before, Value::Block(now)) => {
            let before = if let Some(Value::Block(before)) = before { before } else { now };
            switched(*before, *now)
        }
        (before, now) => {
            let (is, was) = (value(protection, now), before.map(|from| value(protection, from)));
            let was = was.map_or_else(String::new, |was| format!(", was {was}"));
            format!("{} {is}{was}", subject(protection))
        }
    }
}

/// When the first of many lifecycle rules deletes.
fn first(days: u32) -> String {
    format!("the first of many rules after {days} {}", if days == 1 { "day" } else { "days" })
}

const fn subject(protection: Protection) -> &'static str {
    match protection {
        Protection::Versioning => "versioning is",
        Protection::MfaDelete => "MFA delete is",
        Protection::AccessLogs => "access is",
        Protection::Objects | Protection::Replication => "objects are",
        Protection::OldVersions => "old versions are",
        Protection::ObjectLock => "the default retention of new objects is",
        Protection::EventBridge => "the delivery of events to EventBridge is",
        Protection::Algorithm => "new objects are encrypted with",
        Protection::Key => "the key is",
        Protection::SseC => "the block on uploads with SSE-C is",
        Protection::PublicAccess | Protection::AccountPublicAccess => "the public access block is",
        Protection::Ownership => "the switch that disables ACLs is",
    }
}

fn value(protection: Protection, value: &Value) -> String {
    match (protection, value) {
        (Protection::Versioning, Value::On) => "enabled".to_owned(),
        (Protection::Versioning, Value::Off) => "suspended".to_owned(),
        (Protection::AccessLogs, Value::Off) => "not logged".to_owned(),
        (Protection::ObjectLock, Value::Off) => "gone".to_owned(),
        (_, Value::On) => "on".to_owned(),
        (_, Value::Off) => "off".to_owned(),
        (_, Value::Logs(bucket)) => format!("logged to {bucket}"),
        (_, Value::Retention(retention)) => retention.to_string(),
        (_, Value::Algorithm(name)) => name.clone(),
        (_, Value::Key(key)) => key.to_string(),
        (_, Value::Soonest(days)) => format!("deleted: {}", first(*days)),
        (_, Value::Expiries(_) | Value::Copies(_) | Value::Block(_)) => String::new(),
    }
}

fn deleted(protection: Protection, before: &[Expiry], now: &[Expiry]) -> String {
    let what = subject(protection);
    let Some(now) = sooner(before, now) else { return format!("{what} deleted sooner") };
    let was = before.iter().filter(|expiry| expiry.of == now.of).min_by_key(|expiry| expiry.days);
    let was = was.map_or("kept".to_owned(), |was| format!("deleted {was}"));
    if before.is_empty() {
        return format!("{what} deleted {now}");
    }
    format!("{what} deleted {now}, were {was}")
}

fn copied(before: &BTreeSet<String>, now: &BTreeSet<String>) -> String {
    let gone: Vec<&str> = before.difference(now).map(String::as_str).collect();
    let now: Vec<&str> = now.iter().map(String::as_str).collect();
    match (gone.is_empty(), now.is_empty()) {
        (true, _) => "objects are no longer copied".to_owned(),
        (false, true) => format!("objects are no longer copied to {}", gone.join(", ")),
        (false, false) => {
            format!(
                "objects are copied to {}, and no longer to {}",
                now.join(", "),
                gone.join(", ")
            )
        }
    }
}

fn switched(before: PublicAccessBlock, now: PublicAccessBlock) -> String {
    let switches = before.switches().into_iter().zip(now.switches());
    let off: Vec<&str> = if before == now {
        now.switches().into_iter().filter(|(_, on)| !on).map(|(name, _)| name).collect()
    } else {
        switches.filter(|((_, was), (_, is))| *was && !is).map(|((name, _), _)| name).collect()
    };
    let was = if before == now { "" } else { ", was on" };
    format!("the public access block is off ({}){was}", off.join(", "))
}
