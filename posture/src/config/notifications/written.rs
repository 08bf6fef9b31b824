//! Who is told what, as it is written.

use std::fmt;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Alert, Endpoint, Fields, Notifications, Subscription};
use crate::config::pattern::Patterns;
#[cfg(test)]
use crate::config::tests::schema;
use crate::model::severity::Severity;

/// Who is told what, and of which objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Notifications"))]
pub struct WrittenNotifications {
    /// How long changes of objects are gathered into one message: `10s` to `300s`, `1m` to `5m`, or exactly `15m`, `1h` or
    /// `1d`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        test,
        schemars(with = "String", regex(pattern = "^[0-9]+[smhd]$"), extend("default" = "60s"))
    )]
    pub window: Option<String>,
    /// From this severity on, messages also go to a topic of their own, in the form that Amazon Q Developer in chat
    /// applications reads. Without it there is no such topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Severity"))]
    pub chat: Option<String>,
    /// So many changes within one window and one bucket make an alert, which is sent at once.
    #[serde(skip_serializing_if = "is_default")]
    pub alert: WrittenAlert,
    /// Which objects are told of.
    #[serde(skip_serializing_if = "is_default")]
    pub objects: WrittenObjects,
}

/// How many changes within one window and one bucket are an alert.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Alert"))]
pub struct WrittenAlert {
    /// Deletions of any kind, but by a lifecycle rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "i64", range(min = 1, max = 1_000_000), extend("default" = 100)))]
    pub deleted: Option<i64>,
    /// Versions deleted for good, but by a lifecycle rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "i64", range(min = 1, max = 1_000_000), extend("default" = 10)))]
    pub deleted_for_good: Option<i64>,
    /// ACLs of objects that were changed. Without it there is no such alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "i64", range(min = 1, max = 1_000_000)))]
    pub acl_changed: Option<i64>,
    /// Objects that were overwritten, in the buckets of `tell-overwrites`. Without it there is no such alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "i64", range(min = 1, max = 1_000_000)))]
    pub overwritten: Option<i64>,
    /// Objects that were created. Without it there is no such alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "i64", range(min = 1, max = 1_000_000)))]
    pub created: Option<i64>,
}

/// Which objects are told of: each field of a change has to be one of those included, if any are, and none of those
/// excluded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Objects"))]
pub struct WrittenObjects {
    /// What is told.
    #[serde(skip_serializing_if = "is_default")]
    pub include: WrittenFields,
    /// What is not told.
    #[serde(skip_serializing_if = "is_default")]
    pub exclude: WrittenFields,
    /// Buckets, by patterns with `*` and `?`, in which a created object is looked up to tell whether it was overwritten.
    /// It can be told only in versioned buckets, and costs a request for each new object.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Patterns"))]
    pub tell_overwrites: Option<Patterns>,
}

/// What is said of each field of a change. Of several values any will do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Fields"))]
pub struct WrittenFields {
    /// The bucket's whole name, or a pattern with `*` and `?`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Patterns"))]
    pub bucket: Option<Patterns>,
    /// The object's whole key, or a pattern with `*` and `?`; `*` also stands for `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Patterns"))]
    pub key: Option<Patterns>,
    /// What happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "schema::OneOrMany<super::ObjectKind>"))]
    pub kind: Option<Patterns>,
}

/// Who is told, by exactly one of `email`, `sms`, `https`, `sqs` and `lambda`, and of what: all that is said has to
/// match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(
    test,
    derive(JsonSchema),
    schemars(rename = "Subscription", extend("oneOf" = schema::exactly_one_endpoint()))
)]
pub struct WrittenSubscription {
    /// Its name, which becomes part of a logical id of the stack: another name is another subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        test,
        schemars(required, with = "String", regex(pattern = "^[A-Za-z][A-Za-z0-9-]{0,31}$"))
    )]
    pub name: Option<String>,
    /// A mail address, whose owner has to confirm.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "String", extend("format" = "email")))]
    pub email: Option<String>,
    /// A telephone number in the form of E.164, as `+4915112345678`. It hears only of what is `critical`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "String", regex(pattern = "^\\+[1-9][0-9]{6,14}$")))]
    pub sms: Option<String>,
    /// An address on the web, which has to confirm.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "String", regex(pattern = "^https://")))]
    pub https: Option<String>,
    /// The ARN of a queue, whose policy has to let the topic send.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "String", regex(pattern = "^arn:aws[a-z-]*:sqs:")))]
    pub sqs: Option<String>,
    /// The ARN of a function. One of another account or Region has to permit the topic itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "String", regex(pattern = "^arn:aws[a-z-]*:lambda:")))]
    pub lambda: Option<String>,
    /// What a notice is about; without it, anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "schema::OneOrMany<crate::model::attributes::Kind>"))]
    pub about: Option<Patterns>,
    /// What was done, or happened; without it, anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "schema::Actions"))]
    pub action: Option<Patterns>,
    /// Bucket's names: whole ones, or with one `*` at the beginning or the end; without it, any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Patterns"))]
    pub bucket: Option<Patterns>,
    /// From this severity on; without it, of any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Severity"))]
    pub severity: Option<String>,
    /// The grades of the buckets; without it, any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "schema::OneOrMany<crate::Grade>"))]
    pub grade: Option<Patterns>,
}

impl WrittenSubscription {
    /// The endpoints that are given: the name of the setting, and what it says.
    pub(super) fn endpoints(&self) -> Vec<(&'static str, &str)> {
        let texts = [&self.email, &self.sms, &self.https, &self.sqs, &self.lambda];
        let all = Endpoint::NAMES.into_iter().zip(texts);
        all.filter_map(|(name, text)| Some((name, text.as_deref()?))).collect()
    }
}

impl Notifications {
    /// The settings as one would write them: each thing in one way.
    pub(in crate::config) fn written(&self) -> WrittenNotifications {
        WrittenNotifications {
            window: self.window.map(|window| window.to_string()),
            chat: self.chat.map(|severity| severity.name().to_owned()),
            alert: alert(&self.alert),
            objects: WrittenObjects {
                include: fields(&self.selection.include),
                exclude: fields(&self.selection.exclude),
                tell_overwrites: patterns(&self.tell_overwrites),
            },
        }
    }
}

impl Subscription {
    /// The subscription as one would write it: each thing in one way.
    pub(in crate::config) fn written(&self) -> WrittenSubscription {
        let address = |name| (self.endpoint.name() == name).then(|| self.endpoint.address().into());
        WrittenSubscription {
            name: Some(self.name.clone()),
            email: address("email"),
            sms: address("sms"),
            https: address("https"),
            sqs: address("sqs"),
            lambda: address("lambda"),
            about: patterns(self.about.iter().map(|about| about.name())),
            action: patterns(&self.actions),
            bucket: patterns(self.buckets.iter().map(super::Filter::pattern)),
            severity: (self.severity > Severity::Info).then(|| self.severity.name().to_owned()),
            grade: patterns(&self.grades),
        }
    }
}

/// What is as without it is left out.
fn alert(alert: &Alert) -> WrittenAlert {
    let usual = Alert::default();
    let other = |count: u32, usual: u32| (count != usual).then_some(i64::from(count));
    WrittenAlert {
        deleted: other(alert.deleted, usual.deleted),
        deleted_for_good: other(alert.deleted_for_good, usual.deleted_for_good),
        acl_changed: alert.acl_changed.map(i64::from),
        overwritten: alert.overwritten.map(i64::from),
        created: alert.created.map(i64::from),
    }
}

fn fields(fields: &Fields) -> WrittenFields {
    WrittenFields {
        bucket: patterns(&fields.buckets),
        key: patterns(&fields.keys),
        kind: patterns(&fields.kinds),
    }
}

fn patterns<T: fmt::Display>(all: impl IntoIterator<Item = T>) -> Option<Patterns> {
    let mut texts: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    match texts.len() {
        0 => None,
        1 => texts.pop().map(Patterns::One),
        _ => Some(Patterns::Many(texts)),
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
