//! A message to the owner, before it becomes a call to SNS: for each channel what is read there.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

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
pub use sms::sms;

use document::{Body, Bucket, Joined};

/// A message: what people and programs read, and the attributes that subscriptions filter by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The subject of an email: fewer than 100 characters, one line.
    pub subject: String,
    /// The text of an email, at most [`TEXT_BYTES_MAX`] bytes.
    pub text: String,
    /// The text of an SMS: one part.
    pub sms: String,
    /// What programs read.
    pub document: Document,
    /// What filter policies match: `kind`, `bucket`, `grade`, `action`, `severity`, `account`, `region`.
    pub attributes: BTreeMap<String, Attribute>,
}

/// Who tells, and when.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The account that is spoken of.
    pub account: &'a AccountId,
    /// The Region that is spoken of.
    pub region: &'a Region,
    /// The stack that tells.
    pub stack: &'a str,
    /// The time.
    pub now: OffsetDateTime,
}

/// What a notice is made of.
#[derive(Clone, Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) origin: Origin<'a>,
    /// What is the same for each delivery of the same news.
    pub(crate) id: String,
    pub(crate) severity: Severity,
    /// What was done, or happened: the values of the attribute `action`.
    pub(crate) actions: Vec<&'static str>,
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) title: String,
    pub(crate) text: String,
    /// The text of an SMS, made by [`sms()`].
    pub(crate) sms: String,
    pub(crate) body: Body,
}

impl From<Draft<'_>> for Notice {
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

impl Notice {
    /// The message for SNS with `MessageStructure` `json`: what is sent by each protocol.
    ///
    /// People have a text of their own, email and SMS. Every other protocol falls back to `default`, which is the document:
    /// that it stands here once, and not once for each protocol, is what there is room for long lists from.
    ///
    /// Source: Amazon SNS API Reference, `Publish`.
    pub fn message(&self) -> String {
        json!({ "default": self.document.json(), "email": self.text, "sms": self.sms }).to_string()
    }

    /// The message for a topic that Amazon Q Developer in chat applications reads.
    pub fn chat(&self) -> String {
        chat::chat(self)
    }

    /// Makes few notices of many, as few as can be: of the reports of buckets their texts one after the other, their
    /// attributes together. What is no report stays by itself.
    ///
    /// SNS suspends the subscription of an address that gets more than ten mails a second; a sweep can find more.
    ///
    /// Source: Amazon SNS Developer Guide, "Email notifications".
    pub fn joined(notices: Vec<Self>) -> Vec<Self> {
        let is_report = |notice: &Self| matches!(notice.document.body, Body::BucketReport(_));
        let (reports, others): (Vec<Self>, Vec<Self>) = notices.into_iter().partition(is_report);
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

/// One notice of reports of buckets, of which there is at least one.
fn join(notices: &[Notice]) -> Notice {
    let first = notices[0].document.clone();
    let reports = notices.iter().flat_map(|notice| notice.document.reports()).cloned().collect();
    let all = |attribute: &str| {
        let values: BTreeSet<&String> = notices.iter().flat_map(|n| n.list(attribute)).collect();
        values.into_iter().cloned().collect::<Vec<String>>()
    };
    let (actions, names) = (all("action"), all("bucket"));
    let before = format!("s3guard: the sweep found {} buckets to protect: ", notices.len());
    let subject = before.trim_end_matches(": ").to_owned();
    let text: Vec<&str> = notices.iter().map(|notice| notice.text.as_str()).collect();
    let document = Document {
        id: format!("joined:{}", first.id),
        severity: notices.iter().map(|n| n.document.severity).max().unwrap_or(first.severity),
        subject: subject.clone(),
        buckets: notices.iter().flat_map(|notice| notice.document.buckets.clone()).collect(),
        omitted: notices.iter().map(|notice| notice.document.omitted).sum(),
        body: Body::Joined(Joined { reports }),
        ..first
    };
    let (bucket, after) = first_and_others(&names);
    let attributes = attributes::of(&document, actions);
    let (text, sms) = (text.join(SEPARATOR), sms(&before, bucket, &after));
    Notice { subject, text, sms, document, attributes }.fitted()
}

/// The first of some names, and the others as they stand behind it.
pub(crate) fn first_and_others(names: &[String]) -> (&str, String) {
    match names {
        [] => ("", String::new()),
        [first] => (first, String::new()),
        [first, others @ ..] => (first, format!(", {}", others.join(", "))),
    }
}

/// What stands between the texts of joined notices.
const SEPARATOR: &str = "\n----------------------------------------\n\n";

#[cfg(test)]
mod tests;
