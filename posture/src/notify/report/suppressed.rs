//! The first use of a suppression: an operator has undone a remediation, and the guard now leaves the bucket weaker.

use super::{about, called, section};
use crate::model::attributes::SUPPRESSED;
use crate::model::principal::known_as;
use crate::model::severity::Severity;
use crate::notify::links::console_link;
use crate::notify::notification::document::{self, Body, Bucket, SuppressionsUsed};
use crate::notify::notification::{Draft, Origin, sms};
use crate::reconcile::ledger::RecordId;
use crate::reconcile::ledger::suppression::{Note, Suppression};
use crate::text::{shown, unbroken, unlinked};
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
            unlinked(reason, 300),
        )
    });
    let mut text = format!("{}\n", about(id));
    text += &section("Not remediated", items);
    // What an operator has written is only part of a command if it is the id of a record.
    let records = used.iter().filter_map(|one| {
        let record: RecordId = one.note.undone.parse().ok()?;
        let stack = origin.stack;
        let end = format!("s3guard undo {record} --stack {stack} --region {region} --end");
        Some(format!("If it is not intended, end it: {}", unbroken(&end)))
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

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    /// The text for a suppression whose note names this record.
    fn text(undone: &str) -> String {
        let (account, region) = ("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap());
        let now = datetime!(2026-11-24 12:00 UTC);
        let origin = Origin { account: &account, region: &region, stack: "guard", now };
        let name = "reports".parse().unwrap();
        let id = BucketId { name, account: account.clone(), region: region.clone() };
        let (aspect, until) = (Aspect::Tls, date!(2026 - 12 - 24));
        let suppression = Suppression { aspect, made: now, until };
        let by = "arn:aws:iam::111122223333:user/mary".to_owned();
        let reason = "see https://evil.example/".to_owned();
        let note = Note { undone: undone.to_owned(), reason, by, ..Note::default() };
        let key = suppression.key(&id.name);
        suppressions_used(&id, &[UsedSuppression { key, suppression, note }], &origin).text
    }

    #[test]
    fn only_a_records_id_becomes_part_of_a_command() {
        let record = "reports@20261124T110000.000Z-policy";
        let of_record = text(record);
        assert!(of_record.contains(&format!("s3guard undo {record} --stack guard")), "{of_record}");
        for strange in ["", "x`; rm -rf /; `", "reports@now-policy"] {
            let text = text(strange);
            assert!(!text.contains("s3guard undo"), "{text}");
            assert!(text.contains("mary") && !text.contains("https://evil"), "{text}");
        }
    }
}
