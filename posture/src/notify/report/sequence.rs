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
    let what = format!(
        "{count} protections {of} were switched off {took} by {who} ({arn}), the first at {since}."
    );
    let deleted = report.is_gone.then(|| deletion(report, principal));
    let advice = "This is how ransomware prepares. If it is not meant, revoke the sessions of this principal now: \
                  for a role, \"Revoke active sessions\" in the IAM console; for a user, disable the access key.";
    // The objects of a bucket that is gone are gone.
    let look = (*buckets > 1 || !report.is_gone).then(|| {
        format!("Then look for objects that were written, overwritten or deleted since {since}.")
    });
    let items = [Some(what), deleted, Some(advice.to_owned()), look];
    listed("Several protections were switched off", items.into_iter().flatten())
}

/// Who has deleted the bucket, as far as it is known. Tools that remove a bucket switch its protections off before.
fn deletion(report: &Report<'_>, principal: &str) -> String {
    let calls = report.trigger.calls().iter();
    let Some(call) = calls.rev().find(|call| call.event_name == "DeleteBucket") else {
        return "The bucket does not exist any more.".to_owned();
    };
    let time = shown_time(call.time);
    if call.caller() != principal {
        let by = unlinked(&known_as(&call.principal, &report.id.account), 300);
        return format!("The bucket was deleted at {time} by {by}.");
    }
    format!(
        "The same principal then deleted the bucket, at {time}. Tools such as `terraform destroy` do the same: if the \
         bucket was to be removed, nothing is to be done."
    )
}
