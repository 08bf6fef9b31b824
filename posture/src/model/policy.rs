//! Reads bucket policies.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use crate::BucketName;
use crate::model::glob::Glob;

mod unique_keys;

/// The most bytes that a bucket policy may have.
///
/// Source: Amazon S3 User Guide, "Bucket policies for Amazon S3".
pub const BYTES_MAX: usize = 20 * 1024;
/// The most characters of a `Sid` in words.
const SID_MAX: usize = 64;

/// A bucket policy, as S3 gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    text: String,
    document: Option<Value>,
}

impl Policy {
    /// Reads a policy's text; if it is not a JSON object, or a key occurs twice in it, it has no document.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let is_clear = unique_keys::are_unique(&text);
        let document = is_clear.then(|| serde_json::from_str(&text).ok()).flatten();
        let document = document.filter(|document| {
            Value::is_object(document) && statements(document).all(Statement::tests_keys_once)
        });
        Self { text, document }
    }

    /// The text, byte for byte.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The document, if it is a JSON object whose keys are clear.
    pub fn document(&self) -> Option<&Value> {
        self.document.as_ref()
    }

    /// The ids of principals that it names and that do not exist any more: S3 gives them in place of the ARNs, and takes
    /// no policy that has one.
    ///
    /// Source: AWS re:Post, "How do I resolve the Invalid principal in policy error"; IAM User Guide, "IAM identifiers".
    pub fn deleted_principals(&self) -> Vec<String> {
        let statements = self.document.iter().flat_map(statements);
        let principals =
            statements.flat_map(|one| one.each("Principal").chain(one.each("NotPrincipal")));
        let names = principals.flat_map(|one| listed(one.get("AWS").unwrap_or(one)));
        let ids = names.filter_map(Value::as_str).filter(|name| is_unique_id(name));
        ids.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether S3 may judge it to be public: a statement allows everyone something. Conditions are not evaluated.
    pub fn may_be_public(&self) -> bool {
        let allows_everyone = |statement: Statement<'_>| {
            let is_everyone = |name: &Value| name.as_str().is_some_and(|name| name.contains('*'));
            let of = |principal: &Value| match principal {
                Value::Object(kinds) => kinds.values().flat_map(listed).any(is_everyone),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_) => is_everyone(principal),
            };
            statement.effect() != Some("Deny")
                && statement.0.get("Principal").is_none_or(|principal| listed(principal).any(of))
        };
        self.document.as_ref().is_none_or(|policy| statements(policy).any(allows_everyone))
    }

    /// The statement that denies an action on the bucket to principals that it does not except, if there is one.
    ///
    /// A condition on the request, such as its protocol, does not count: the guard's own requests fulfil those.
    pub fn denying(
        &self,
        action: &str,
        bucket: &BucketName,
        role: Option<&str>,
    ) -> Option<Denying> {
        let statements = self.document.iter().flat_map(statements);
        let denies = |statement: &Statement<'_>| {
            let is_of = |name: &Value| {
                name.as_str().is_some_and(|name| {
                    Glob::new(name.to_ascii_lowercase()).matches(&action.to_ascii_lowercase())
                })
            };
            let is_action = match statement.0.get("NotAction") {
                Some(others) => !listed(others).any(is_of),
                None => statement.each("Action").any(is_of),
            };
            let is_bucket = |name: &Value| {
                let name = name.as_str().unwrap_or_default();
                let name = name.split_once(":::").map_or(name, |(_, name)| name);
                Glob::new(name).matches(bucket.as_str())
            };
            let is_resource = match statement.0.get("NotResource") {
                Some(others) => !listed(others).any(is_bucket),
                None => statement.each("Resource").any(is_bucket),
            };
            let excepts = |value: &Value| {
                let names = listed(value).filter_map(Value::as_str);
                role.is_some_and(|role| names.into_iter().any(|name| Glob::new(name).matches(role)))
            };
            let is_role = |name: &Value| {
                let name = name.as_str().unwrap_or_default();
                let account = role.and_then(|role| role.split(':').nth(4));
                let is_root =
                    |account| name == account || name.ends_with(&format!(":{account}:root"));
                name == "*" || account.is_some_and(is_root) || is_of_role(name, role)
            };
            let is_for_role =
                statement.each("Principal").any(|principal| match principal.get("AWS") {
                    Some(names) => listed(names).any(is_role),
                    None => is_role(principal),
                });
            let principal = statement.0.get("NotPrincipal").and_then(|not| not.get("AWS"));
            let is_for_role = is_for_role || principal.is_some();
            let is_excepted = principal.is_some_and(excepts)
                || statement.principal_arns().any(|(_, names)| excepts(names));
            statement.effect() == Some("Deny")
                && is_action
                && is_resource
                && statement.is_about_callers()
                && is_for_role
                && !is_excepted
                && !statement.is_for_others(role)
        };
        let is_narrow = |statement: &Statement<'_>| {
            statement.0.get("NotPrincipal").is_some() || statement.0.get("Condition").is_some()
        };
        let found: Vec<Statement<'_>> = statements.filter(denies).collect();
        // What denies all principals, without a condition, is the plainest.
        let first = found.iter().find(|one| !is_narrow(one)).or_else(|| found.first())?;
        let names_role = found.iter().any(|one| one.names(role));
        Some(Denying { names_role, ..first.denying() })
    }
}

/// A statement that denies something to most principals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denying {
    /// Its `Sid`, if it has one.
    pub sid: Option<String>,
    /// Whom it does not deny it to.
    pub exception: Exception,
    /// Whether a statement that denies it names the guard's role, and not all or most principals.
    pub names_role: bool,
}

/// How a statement that denies names principals to which it does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exception {
    /// By `NotPrincipal`.
    NotPrincipal,
    /// By `aws:PrincipalArn` in a condition with this operator.
    Condition(&'static str),
    /// It names none.
    Other,
}

impl fmt::Display for Denying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.exception {
            Exception::NotPrincipal => "a NotPrincipal deny",
            Exception::Condition(_) | Exception::Other => "a deny",
        })?;
        self.sid.as_ref().map_or(Ok(()), |sid| write!(f, " (statement `{sid}`)"))
    }
}

/// One statement of a policy, as JSON.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'p>(pub &'p Value);

impl<'p> Statement<'p> {
    /// `Allow` or `Deny`.
    pub fn effect(self) -> Option<&'p str> {
        self.0.get("Effect")?.as_str()
    }

    /// The names that conditions except from it, with their operators.
    fn principal_arns(self) -> impl Iterator<Item = (&'static str, &'p Value)> {
        self.tested_arns(["ArnNotLike", "ArnNotEquals", "StringNotLike", "StringNotEquals"])
    }

    /// The names to which conditions limit it.
    fn limited_to(self) -> impl Iterator<Item = &'p Value> {
        let tested = self.tested_arns(["ArnLike", "ArnEquals", "StringLike", "StringEquals"]);
        tested.map(|(_, names)| names)
    }

    /// Whether conditions limit it to other principals than the role.
    fn is_for_others(self, role: Option<&str>) -> bool {
        let matches = |name: &Value| {
            let name = name.as_str().unwrap_or_default();
            role.is_none_or(|role| Glob::new(name).matches(role))
        };
        self.limited_to().any(|names| !listed(names).any(matches))
    }

    /// Whether it names the role, and not all principals.
    fn names(self, role: Option<&str>) -> bool {
        let is_named = |names: &Value| {
            listed(names).filter_map(Value::as_str).any(|name| is_of_role(name, role))
        };
        let mut principals = self.each("Principal");
        principals.any(|principal| principal.get("AWS").is_some_and(is_named))
            || self.limited_to().any(is_named)
    }

    /// The names that conditions with one of these operators test.
    fn tested_arns(
        self,
        operators: [&'static str; 4],
    ) -> impl Iterator<Item = (&'static str, &'p Value)> {
        let tests = self.0.get("Condition").and_then(Value::as_object);
        tests.into_iter().flatten().flat_map(move |(operator, keys)| {
            let base = operator.trim_end_matches("IfExists");
            let known = operators.into_iter().find(|known| known.eq_ignore_ascii_case(base));
            let keys = keys.as_object().into_iter().flatten();
            let keys = keys.filter(|(key, _)| key.eq_ignore_ascii_case("aws:PrincipalArn"));
            keys.filter_map(move |(_, names)| Some((known?, names)))
        })
    }

    /// Whether its conditions, if it has some, are about who calls and from where.
    fn is_about_callers(self) -> bool {
        let tests = self.0.get("Condition").and_then(Value::as_object);
        let keys = tests.into_iter().flatten().filter_map(|(_, keys)| keys.as_object());
        keys.flatten().all(|(key, _)| {
            let key = key.to_ascii_lowercase();
            key.starts_with("aws:") && key != "aws:securetransport"
        })
    }

    fn denying(self) -> Denying {
        let exception = match self.principal_arns().next() {
            _ if self.0.get("NotPrincipal").is_some() => Exception::NotPrincipal,
            Some((operator, _)) => Exception::Condition(operator),
            None => Exception::Other,
        };
        let sid = self.0.get("Sid").and_then(Value::as_str);
        let sid = sid.map(|sid| sid.chars().take(SID_MAX).collect());
        Denying { sid, exception, names_role: false }
    }

    /// The values of an element such as `Action`.
    pub fn each(self, element: &str) -> impl Iterator<Item = &'p Value> {
        self.0.get(element).into_iter().flat_map(listed)
    }

    /// Whether no operator of its condition tests a key twice. Their names are not case-sensitive.
    ///
    /// Source: AWS IAM User Guide, "IAM JSON policy elements: Condition".
    fn tests_keys_once(self) -> bool {
        let operators = self.0.get("Condition").and_then(Value::as_object);
        operators.into_iter().flat_map(|operators| operators.values()).all(|tests| {
            let keys = tests.as_object().into_iter().flat_map(|tests| tests.keys());
            let mut seen = BTreeSet::new();
            keys.map(|key| key.to_ascii_lowercase()).all(|key| seen.insert(key))
        })
    }
}

/// The statements of a policy's document.
pub fn statements(document: &Value) -> impl Iterator<Item = Statement<'_>> {
    Statement(document).each("Statement").map(Statement)
}

/// Whether a name is that of the role, of one of its sessions, or a pattern of it that does not match every role.
fn is_of_role(name: &str, role: Option<&str>) -> bool {
    let Some(role) = role else { return false };
    let Some((account, path)) = role.split_once(":role/") else { return name == role };
    let session = format!("assumed-role/{}/", path.rsplit('/').next().unwrap_or(path));
    let pattern = Glob::new(name);
    let is_everyone = pattern.matches(&format!("{account}:role/-"));
    (pattern.matches(role) && !is_everyone) || name.contains(&session)
}

/// Whether it is the unique id of a role or user.
fn is_unique_id(name: &str) -> bool {
    let is_of = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    ["AROA", "AIDA"].iter().any(|kind| name.starts_with(kind))
        && name.len() >= 16
        && name.bytes().all(is_of)
}

/// One value or a list of values: policies allow both nearly everywhere.
pub fn listed(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(many) => many.as_slice(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            std::slice::from_ref(value)
        }
    }
    .iter()
}
