//! A notification before it is published to SNS, in the form for each channel.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::contract::Channel;
use crate::model::severity::Severity;
use crate::text::subject;
use crate::{AccountId, Region};

mod attributes;
#[cfg(test)]
pub(crate) mod channels;
mod chat;
pub mod document;
mod fit;
pub mod sms;

pub use attributes::{Attribute, BUCKETS_MAX};
pub use document::Document;
pub use fit::{MESSAGE_BYTES_MAX, TEXT_BYTES_MAX};
pub(crate) use sms::signed;
pub use sms::sms;

use document::{Body, Bucket, Joined};

/// A notification for people and programs, and the attributes that subscriptions filter by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// The subject of an email: fewer than 100 characters, one line.
    pub subject: String,
    /// The text of an email, at most [`TEXT_BYTES_MAX`] bytes.
    pub text: String,
    /// The text of an SMS: one part.
    pub sms: String,
    /// The document for programs.
    pub document: Document,
    /// What filter policies match: `kind`, `bucket`, `grade`, `action`, `severity`, `account`, `region`.
    pub attributes: BTreeMap<String, Attribute>,
}

/// The stack that sends a notification, and when.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The account that the notification is about.
    pub account: &'a AccountId,
    /// The Region that the notification is about.
    pub region: &'a Region,
    /// The stack that sends it.
    pub stack: &'a str,
    /// The time.
    pub now: OffsetDateTime,
}

/// The parts of a notification.
#[derive(Clone, Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) origin: Origin<'a>,
    /// The same for each delivery of the same notification.
    pub(crate) id: String,
    pub(crate) severity: Severity,
    /// The values of the attribute `action`.
    pub(crate) actions: Vec<&'static str>,
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) title: String,
    pub(crate) text: String,
    /// The text of an SMS, made by [`sms()`].
    pub(crate) sms: String,
    pub(crate) body: Body,
}

impl From<Draft<'_>> for Notification {
    fn from(draft: Draft<'_>) -> Self {
        let Draft { origin, id, severity, actions, buckets, title, text, sms, body } = draft;
        let subject = subject(&title);
        let document = Document {
            version: document::VERSION,
            id,
            test: false,
            severity,
            time: document::time(origin.now),
            account: origin.account.to_string(),
            region: origin.region.to_string(),
            stack: origin.stack.to_owned(),
            subject: subject.clone(),
            buckets,
            omitted: 0,
            body,
        };
        let actions = actions.into_iter().map(str::to_owned).collect();
        let attributes = attributes::of(&document, actions);
        Self { subject, text, sms, document, attributes }.fitted()
    }
}

impl Notification {
    /// The message for the topic of a channel.
    pub fn message(&self, channel: Channel) -> Cow<'_, str> {
        match channel {
            Channel::Email => Cow::Borrowed(&self.text),
            Channel::Sms => Cow::Borrowed(&self.sms),
            Channel::Document => Cow::Owned(self.document.json()),
            Channel::Chat => Cow::Owned(chat::chat(self)),
        }
    }

    /// Joins the reports of buckets into as few notifications as possible: their texts one after the other, their
    /// attributes together. All other notifications are left unchanged.
    ///
    /// SNS suspends the subscription of an address that gets more than ten emails a second; a sweep can find more buckets.
    ///
    /// Source: Amazon SNS Developer Guide, "Email notifications".
    pub fn joined(notifications: Vec<Self>) -> Vec<Self> {
        let is_report =
            |notification: &Self| matches!(notification.document.body, Body::BucketReport(_));
        let (mut reports, others): (Vec<Self>, Vec<Self>) =
            notifications.into_iter().partition(is_report);
        reports.sort_by_key(|report| std::cmp::Reverse(report.document.severity));
        let joined = reports.chunks(BUCKETS_MAX).map(|reports| match reports {
            [one] => one.clone(),
            many => join(many),
        });
        joined.chain(others).collect()
    }

    fn list(&self, attribute: &str) -> &[String] {
        match self.attributes.get(attribute) {
            Some(Attribute::Many(values)) => values,
            Some(Attribute::One(_)) | None => &[],
        }
    }
}

/// One notification for several reports of buckets, the worst of which leads.
fn join(notifications: &[Notification]) -> Notification {
    let first = notifications[0].document.clone();
    let worst = first.severity;
    let reports = notifications
        .iter()
        .flat_map(|notification| notification.document.reports())
        .cloned()
        .collect();
    let all = |attribute: &str| {
        let values: BTreeSet<&String> =
            notifications.iter().flat_map(|n| n.list(attribute)).collect();
        values.into_iter().cloned().collect::<Vec<String>>()
    };
    let (actions, names) = (all("action"), all("bucket"));
    let before = format!("s3guard: the sweep found {} buckets to protect: ", notifications.len());
    let leading = first.reports().first().filter(|_| worst >= Severity::High);
    let (subject, before) = match leading.map(|report| report.title(worst)) {
        Some((before, name, after)) => {
            let led =
                |before: &str| led(&format!("{before}{name}{after}"), notifications.len() - 1);
            (led(&before), format!("{}. All: ", led(&signed(&before))))
        }
        None => (before.trim_end_matches(": ").to_owned(), before),
    };
    let text: Vec<&str> =
        notifications.iter().map(|notification| notification.text.as_str()).collect();
    let document = Document {
        id: format!("joined:{}", first.id),
        severity: worst,
        subject: subject.clone(),
        buckets: notifications
            .iter()
            .flat_map(|notification| notification.document.buckets.clone())
            .collect(),
        omitted: notifications.iter().map(|notification| notification.document.omitted).sum(),
        body: Body::Joined(Joined { reports, others: Vec::new(), whole: None }),
        ..first
    };
    let (bucket, after) = first_and_others(&names);
    let attributes = attributes::of(&document, actions);
    let (text, sms) = (text.join(SEPARATOR), sms(&before, bucket, &after));
    Notification { subject, text, sms, document, attributes }.fitted()
}

/// The subject of the worst of several notifications, and how many more there are.
pub(crate) fn led(worst: &str, more: usize) -> String {
    let more = format!(" (and {more} more)");
    format!("{}{more}", crate::text::shown(worst, 98 - more.len()))
}

/// The first of several names, and the others as they follow it.
pub(crate) fn first_and_others(names: &[String]) -> (&str, String) {
    match names {
        [] => ("", String::new()),
        [first] => (first, String::new()),
        [first, others @ ..] => (first, format!(", {}", others.join(", "))),
    }
}

/// The separator between the texts of joined notifications.
pub(crate) const SEPARATOR: &str = "\n----------------------------------------\n\n";

#[cfg(test)]
mod tests;
