//! What the guard sends to itself, through its own queue.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{NotAnEvent, Request, name};
use crate::Notice;
use crate::coverage::Mark;
use crate::notice::{Attribute, Document};

/// A message that the guard sends to itself.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum OwnMessage {
    /// Look at a bucket.
    LookAt {
        /// Its name.
        bucket: String,
        /// What the sweep knows of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mark: Option<Mark>,
    },
    /// Look at the account's public access block.
    LookAtAccount,
    /// List the next page.
    Sweep {
        /// Where S3 goes on with its list.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        continuation: Option<String>,
        /// The last bucket that was seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// Publish a notice.
    Tell(Box<WireNotice>),
    /// Read a message again: `CloudFormation` was not done when it was read before.
    Again {
        /// The message as it first came, which is no `Again`.
        body: String,
        /// How often it was sent back.
        attempt: u32,
    },
}

/// A notice on its way through the queue.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WireNotice {
    subject: String,
    text: String,
    sms: String,
    document: Document,
    one: BTreeMap<String, String>,
    many: BTreeMap<String, Vec<String>>,
}

impl OwnMessage {
    /// The body of the message.
    pub fn body(&self) -> String {
        serde_json::json!({ "s3guard": self }).to_string()
    }

    /// What it asks for.
    pub(super) fn request(self) -> Result<Request, NotAnEvent> {
        match self {
            Self::LookAt { bucket, mark } => {
                Ok(Request::LookAt { bucket: name("s3guard.lookAt", &bucket)?, mark })
            }
            Self::LookAtAccount => Ok(Request::LookAtAccount),
            Self::Sweep { continuation, after } => Ok(Request::Sweep { continuation, after }),
            Self::Tell(notice) => Ok(Request::Tell(Box::new((*notice).into()))),
            // A message that is sent back twice is still only wrapped once.
            Self::Again { .. } => Err(NotAnEvent::Unknown),
        }
    }
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
