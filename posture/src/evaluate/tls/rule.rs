//! A statement that tests how requests come, and what is wrong with it.

use serde_json::Value;

use super::transport::{Holds, Key, Transport, holds, spares_a_version_to_come, tested};
use crate::BucketId;
use crate::model::glob::Glob;
use crate::model::policy::{Statement, statements};
use crate::text::shown;

/// The most characters of a `Sid` in a text.
const SID_MAX: usize = 60;

/// A statement that tests how requests come.
pub(super) struct Rule<'p> {
    statement: Statement<'p>,
    condition: &'p Value,
    place: usize,
    pub(super) is_deny: bool,
    keys: Vec<Key>,
    holds: [Holds; Transport::ALL.len()],
}

/// The statements of a policy that test how requests come.
pub(super) fn rules(policy: &Value) -> impl Iterator<Item = Rule<'_>> {
    statements(policy).enumerate().filter_map(|(place, statement)| {
        let condition = statement.0.get("Condition")?;
        let keys = tested(condition);
        let is_deny = match statement.effect() {
            Some("Deny") => true,
            Some("Allow") => false,
            _ => return None,
        };
        let holds = Transport::ALL.map(|transport| holds(condition, transport));
        let rule = Rule { statement, condition, place, is_deny, keys, holds };
        (!rule.keys.is_empty()).then_some(rule)
    })
}

impl Rule<'_> {
    /// Whether it applies to requests that come so.
    pub(super) fn applies(&self, transport: Transport) -> Holds {
        self.holds[transport as usize]
    }

    /// Whether it may apply to requests that come so.
    pub(super) fn may_apply(&self, transport: Transport) -> bool {
        self.applies(transport) > Holds::Never
    }

    fn never_applies(&self) -> bool {
        Transport::ALL.into_iter().all(|transport| !self.may_apply(transport))
    }

    /// Whether it requires a version of TLS that does not exist.
    pub(super) fn requires_a_version_to_come(&self) -> bool {
        self.is_deny
            && Transport::ALL[1..].iter().all(|version| self.may_apply(*version))
            && spares_a_version_to_come(self.condition)
    }

    /// Whether it applies to all principals and all actions of S3.
    pub(super) fn is_for_all(&self) -> bool {
        self.is_for_every_principal() && self.is_for_every_action()
    }

    /// Whether it applies to a bucket, and to each of its objects.
    pub(super) fn is_for(&self, bucket: &BucketId) -> (bool, bool) {
        let arn = bucket.arn();
        let of_bucket = format!("{arn}/");
        if self.statement.0.get("NotResource").is_some() {
            let spares = |text: &str| self.patterns("NotResource").any(|one| overlap(one, text));
            return (!spares(&arn), !spares(&of_bucket));
        }
        let (mut bucket, mut objects) = (false, false);
        for pattern in self.patterns("Resource") {
            let glob = Glob::new(pattern);
            bucket |= glob.matches(&arn);
            // What ends with `*` and matches the bucket's empty key matches every key.
            objects |= pattern.ends_with('*') && glob.matches(&of_bucket);
        }
        (bucket, objects)
    }

    fn is_for_every_principal(&self) -> bool {
        let Some(principal) = self.statement.0.get("Principal") else { return false };
        let is_every = |name: &Value| name == "*";
        principal == "*"
            || principal
                .get("AWS")
                .is_some_and(|names| crate::model::policy::listed(names).any(is_every))
    }

    fn is_for_every_action(&self) -> bool {
        let of_service = |pattern: &str| {
            let pattern = pattern.to_ascii_lowercase();
            let (service, rest) = pattern.split_once(':').unwrap_or((&pattern, "*"));
            (Glob::new(service).matches("s3"), rest.bytes().all(|byte| byte == b'*'))
        };
        if self.statement.0.get("NotAction").is_some() {
            return self.patterns("NotAction").all(|pattern| !of_service(pattern).0);
        }
        self.patterns("Action").any(|pattern| of_service(pattern) == (true, true))
    }

    fn patterns(&self, element: &str) -> impl Iterator<Item = &str> {
        self.statement.each(element).filter_map(Value::as_str)
    }

    /// The statement by its `Sid`, or else by its place.
    pub(super) fn name(&self) -> String {
        match self.statement.0.get("Sid").and_then(Value::as_str) {
            Some(sid) if !sid.is_empty() => format!("its statement `{}`", shown(sid, SID_MAX)),
            Some(_) | None => format!("its statement number {}", self.place + 1),
        }
    }

    /// Why it does not deny one of these to all, if it is about them: it applies to no request, or to a part of them.
    pub(super) fn falls_short(&self, of: &[Transport], bucket: &BucketId) -> Option<String> {
        if !self.is_deny {
            return None;
        }
        let name = self.name();
        if self.never_applies() {
            let why = if self.keys.len() > 1 {
                "no request passes all of its tests at once, so give each test a statement of its own"
            } else {
                "no request passes its test"
            };
            return Some(format!("{name} denies nothing: {why}"));
        }
        if !of.iter().any(|transport| self.may_apply(*transport)) {
            return None;
        }
        let (of_bucket, of_objects) = self.is_for(bucket);
        let is_sometimes = of.iter().any(|transport| self.applies(*transport) == Holds::Sometimes);
        let part = if !self.is_for_every_principal() {
            "for some principals"
        } else if !self.is_for_every_action() {
            "for some actions"
        } else if !(of_bucket && of_objects) {
            "for some resources"
        } else if is_sometimes {
            "under further conditions"
        } else if of.iter().any(|transport| !self.may_apply(*transport)) {
            "for some versions"
        } else {
            return None;
        };
        Some(format!("{name} denies it only {part}"))
    }

    /// What is wrong with it, where it keeps requests by TLS out, and how it is fixed.
    pub(super) fn fault(&self) -> String {
        let name = self.name();
        if !self.is_deny {
            return format!(
                "{name} allows only what does not come by TLS 1.2 or newer: remove its test of {}",
                self.tested()
            );
        }
        if self.requires_a_version_to_come() {
            return format!(
                "{name} requires a version of TLS that does not exist, so it denies every request by \
                 TLS: set {} to \"1.2\" in it",
                Key::TlsVersion.name()
            );
        }
        let part = if self.is_for_all() { "" } else { ", for some principals or actions" };
        let fix = match (self.is_true_for_false(), &self.keys[..]) {
            (true, _) => format!("write \"false\" instead of \"true\" at {}", self.tested()),
            (false, [Key::TlsVersion]) => {
                format!("test NumericLessThan \"1.2\" at {}", self.tested())
            }
            (false, _) => "test Bool \"false\" at aws:SecureTransport".to_owned(),
        };
        let what = if self.may_apply(Transport::PlainHttp) {
            "requests whether they come by TLS or not"
        } else {
            "requests that come by TLS, instead of those that do not"
        };
        format!("{name} denies {what}{part}: {fix}")
    }

    /// Whether its only test is the usual one, with the opposite value.
    fn is_true_for_false(&self) -> bool {
        let test = self.condition.as_object().filter(|operators| operators.len() == 1);
        let test = test.and_then(|operators| operators.iter().next());
        test.is_some_and(|(operator, tests)| {
            operator.to_ascii_lowercase().starts_with("bool")
                && self.keys == [Key::SecureTransport]
                && !tests.to_string().to_ascii_lowercase().contains("false")
        })
    }

    fn tested(&self) -> String {
        let names: Vec<&str> = self.keys.iter().map(|key| key.name()).collect();
        names.join(" and ")
    }
}

/// Whether a pattern may match a text or something that begins with it.
fn overlap(pattern: &str, text: &str) -> bool {
    let literal = pattern.split(['*', '?', '$']).next().unwrap_or_default();
    let (is_open, is_inside) = (literal.len() < pattern.len(), literal.starts_with(text));
    is_inside || (is_open && text.starts_with(literal)) || pattern == text
}
