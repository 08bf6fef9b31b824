//! The part of a report that says that one principal has switched off several protections.

use super::{Report, section as listed};
use crate::evaluate::downgrade::Sequence;
use crate::model::principal::known_as;
use crate::text::{shown_time, unlinked};

/// Who has switched off how many protections, and what to do now.
pub(super) fn section(report: &Report<'_>) -> String {
    let Some(sequence) = report.sequence else { return String::new() };
    let Sequence { principal, count, buckets, since, .. } = sequence;
    let last = report.trigger.calls().last();
    let session = last.map_or(principal.as_str(), |call| call.principal.as_str());
    let who = unlinked(&known_as(session, &report.id.account), 300);
    let of =
        if *buckets == 1 { "of one bucket".to_owned() } else { format!("of {buckets} buckets") };
    let took = sequence.took();
    let (since, arn) = (shown_time(*since), unlinked(principal, 300));
    listed("Several protections were switched off", [
        format!("{count} protections {of} were switched off {took} by {who} ({arn}), the first at {since}."),
        "This is how ransomware prepares. If it is not meant, revoke the sessions of this principal now: \
         for a role, \"Revoke active sessions\" in the IAM console; for a user, disable the access key."
            .to_owned(),
        format!("Then look for objects that were written, overwritten or deleted since {since}."),
    ])
}
