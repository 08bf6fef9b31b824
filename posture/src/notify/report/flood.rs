//! Very many calls by one principal: events of others may wait behind theirs.

use super::section;
use crate::Notification;
use crate::model::attributes::FLOOD;
use crate::model::principal::{known_as, short};
use crate::model::severity::Severity;
use crate::notify::notification::document::{self, Body, Flood};
use crate::notify::notification::{Draft, Origin, sms};
use crate::text::{shown, wrapped};

/// The notification that a principal has made at least so many calls within so many minutes.
pub fn flood(principal: &str, (events, minutes): (u64, u64), origin: &Origin<'_>) -> Notification {
    let Origin { account, region, now, .. } = *origin;
    let who = known_as(principal, account);
    let rest = format!(" has made {events} calls on buckets within {minutes} minutes");
    let title = format!("s3guard: {}{rest}", short(principal));
    let mut text = format!("Account {account}, {region}\n\n");
    text += &wrapped(
        &format!(
            "{who}{rest}. Each of them is handled. Events of others may wait longer than usual, and what they weaken is \
             reverted later. It is reported once an hour."
        ),
        "",
        "",
    );
    text.push('\n');
    let advice = [
        "If a deployment makes them: nothing.".to_owned(),
        "Otherwise stop the principal, and check what else it has called meanwhile: many calls can hide a few.".to_owned(),
    ];
    text += &section("What to do", advice);
    let draft = Draft {
        origin: *origin,
        id: format!("flood:{account}:{region}:{}:{}", shown(principal, 300), document::time(now)),
        severity: Severity::Warning,
        actions: vec![FLOOD],
        buckets: Vec::new(),
        sms: sms("s3guard: ", &short(principal), &format!("{rest}. {account} {region}")),
        title,
        text,
        body: Body::Flood(Flood { principal: principal.to_owned(), who, events, minutes }),
    };
    draft.into()
}
