//! A notification as JSON, as it goes through the queue and is kept with a digest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Attribute, Document, Notice};

/// A notice on its way through the queue.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireNotice {
    subject: String,
    text: String,
    sms: String,
    document: Document,
    one: BTreeMap<String, String>,
    many: BTreeMap<String, Vec<String>>,
}

impl From<&Notice> for WireNotice {
    fn from(notice: &Notice) -> Self {
        let (mut one, mut many) = (BTreeMap::new(), BTreeMap::new());
        for (name, attribute) in &notice.attributes {
            match attribute {
                Attribute::One(value) => drop(one.insert(name.clone(), value.clone())),
                Attribute::Many(values) => drop(many.insert(name.clone(), values.clone())),
            }
        }
        let Notice { subject, text, sms, document, attributes: _ } = notice.clone();
        Self { subject, text, sms, document, one, many }
    }
}

impl From<Notice> for WireNotice {
    fn from(notice: Notice) -> Self {
        (&notice).into()
    }
}

impl From<WireNotice> for Notice {
    fn from(wire: WireNotice) -> Self {
        let WireNotice { subject, text, sms, document, one, many } = wire;
        let one = one.into_iter().map(|(name, value)| (name, Attribute::One(value)));
        let many = many.into_iter().map(|(name, values)| (name, Attribute::Many(values)));
        Self { subject, text, sms, document, attributes: one.chain(many).collect() }
    }
}
