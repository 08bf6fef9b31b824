//! The first use of a suppression: an operator has undone a remediation, and the guard now leaves the bucket weaker.

use super::{about, called, section};
use crate::model::attributes::SUPPRESSED;
use crate::model::principal::known_as;
use crate::model::severity::Severity;
use crate::notify::links::console_link;
use crate::notify::notification::document::{self, Body, Bucket, SuppressionsUsed};
use crate::notify::notification::{Draft, Origin, sms};
use crate::reconcile::ledger::suppression::{Note, Suppression};
use crate::text::shown;
use crate::{Aspect, BucketId, Notification};

/// A suppression that the guard uses for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedSuppression {
    /// Its key in the ledger.
    pub key: String,
    /// The suppression.
    pub suppression: Suppression,
    /// Who suppressed the remediation, and why.
    pub note: Note,
}

/// The notification that the guard does not remediate a bucket because of suppressions.
pub fn suppressions_used(
    id: &BucketId,
    used: &[UsedSuppression],
    origin: &Origin<'_>,
) -> Notification {
    let BucketId { name, account, region } = id;
    let is_open = |one: &UsedSuppression| {
        matches!(one.suppression.aspect, Aspect::PublicAccess | Aspect::AccountPublicAccess)
    };
    let severity = if used.iter().any(is_open) { Severity::Critical } else { Severity::Warning };
    let before = "s3guard applies a suppression to ";
    let by = used.first().map_or_else(String::new, |one| known_as(&one.note.by, account));
    let items = used.iter().map(|one| {
        let UsedSuppression { suppression, note, .. } = one;
        let reason = if note.reason.is_empty() { "not given" } else { &note.reason };
        format!(
            "{}, until {}, by {}. Reason: {}",
            suppression.aspect.words(),
            suppression.until,
            known_as(&note.by, account),
            shown(reason, 300),
        )
    });
    let mut text = format!("{}\n", about(id));
    text += &section("Not remediated", items);
    let records = used.iter().map(|one| {
        format!(
            "If it is not intended: `s3guard undo {} --stack {} --region {region} --end` ends it.",
            shown(&one.note.undone, 300),
            origin.stack,
        )
    });
    text += &section("What to do", records);
    text.push('\n');
    text += &console_link(region, name);
    text.push('\n');
    let listed = used.iter().map(|one| document::SuppressionUsed {
        aspect: one.suppression.aspect,
        until: one.suppression.until.to_string(),
        by: one.note.by.clone(),
        reason: shown(&one.note.reason, 300),
        record: shown(&one.note.undone, 300),
    });
    let bucket = Bucket {
        name: name.to_string(),
        grade: None,
        owner: None,
        console: console_link(region, name),
    };
    let first = used.first().map_or("", |one| &one.key);
    let draft = Draft {
        origin: *origin,
        id: format!("suppression-used:{account}:{name}:{first}"),
        severity,
        actions: vec![SUPPRESSED],
        buckets: vec![bucket],
        sms: sms(before, called(id), &format!(", by {by}. {account} {region}")),
        title: format!("{before}{}", called(id)),
        text,
        body: Body::SuppressionsUsed(SuppressionsUsed {
            bucket: name.to_string(),
            suppressions: listed.collect(),
        }),
    };
    draft.into()
}
