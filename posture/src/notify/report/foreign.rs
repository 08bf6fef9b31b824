//! Objects of the ledger that the guard has not written, or that say something else than their keys.

use super::section;
use crate::Notification;
use crate::model::attributes::FOREIGN_OBJECT;
use crate::model::severity::Severity;
use crate::notify::notification::document::{self, Body, ForeignObjects};
use crate::notify::notification::{Draft, Origin, sms};
use crate::reconcile::ledger::ForeignObject;
use crate::text::{shown, wrapped};

/// How long a key is shown.
const KEY_MAX: usize = 300;

/// The notification that objects of the ledger do not count, and where their writer can be found.
pub fn foreign_objects(objects: &[ForeignObject], origin: &Origin<'_>) -> Notification {
    let Origin { account, region, .. } = *origin;
    let (count, first) = (objects.len(), &objects[0]);
    let what = if count == 1 { "an object".to_owned() } else { format!("{count} objects") };
    let title = format!("s3guard ignores {what} in its ledger that it has not written");
    let listed = objects.iter().map(|object| document::ForeignObject {
        key: shown(&object.key, KEY_MAX),
        cause: shown(&object.cause, KEY_MAX),
    });
    let listed: Vec<document::ForeignObject> = listed.collect();
    let mut text = format!("Account {account}, {region}\n\n");
    text += &wrapped(
        "Only the stack's roles may write to the ledger. An object that another principal has written, or whose content is \
         not that of its key, does not count: the guard goes on as if it were not there.",
        "",
        "",
    );
    text.push('\n');
    text += &section("Objects", listed.iter().map(|one| format!("{}: {}", one.key, one.cause)));
    let advice = [
        "Find the writer: the access logs of the ledger bucket, under `ledger/` in the stack's bucket for access logs, name \
         the principal of each PutObject; so do data events of CloudTrail, if a trail logs them.",
        "Run `s3guard status` and `s3guard drift`: the policy of the ledger bucket or of its key was changed, or the writer \
         has the rights of a role of the stack.",
    ];
    text += &section("What to do", advice.map(str::to_owned));
    let draft = Draft {
        origin: *origin,
        id: format!("foreign-object:{account}:{region}:{}", shown(&first.id(), KEY_MAX)),
        severity: Severity::Critical,
        actions: vec![FOREIGN_OBJECT],
        buckets: Vec::new(),
        sms: sms(
            "s3guard ignores a foreign object in its ledger: ",
            &first.key,
            &format!(". {account} {region}"),
        ),
        title,
        text,
        body: Body::ForeignObjects(ForeignObjects { objects: listed }),
    };
    draft.into()
}
