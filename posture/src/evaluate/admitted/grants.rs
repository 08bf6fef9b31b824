//! What a statement allows with objects.

use serde_json::Value;

use crate::model::glob::Glob;
use crate::model::policy::{Statement, listed};

/// Actions that show the names of objects.
const LISTS: [&str; 3] =
    ["s3:listbucket", "s3:listbucketversions", "s3:listbucketmultipartuploads"];
/// Actions that show the content of objects.
const READS: [&str; 2] = ["s3:getobject", "s3:getobjectversion"];
/// Actions that create, change or delete objects.
///
/// Source: AWS Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3", access levels Write
/// and Permissions management on the resource type object.
const WRITES: [&str; 10] = [
    "s3:putobject",
    "s3:deleteobject",
    "s3:deleteobjectversion",
    "s3:putobjectacl",
    "s3:putobjectversionacl",
    "s3:putobjectretention",
    "s3:putobjectlegalhold",
    "s3:bypassgovernanceretention",
    "s3:replicateobject",
    "s3:replicatedelete",
];

/// What a statement allows with objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Listing them.
    pub lists: bool,
    /// Reading them.
    pub reads: bool,
    /// Creating, changing or deleting them.
    pub writes: bool,
}

impl Grants {
    pub(super) fn of(statement: Statement<'_>) -> Self {
        let globs = |names: &mut dyn Iterator<Item = &Value>| -> Vec<Glob> {
            let names = names.filter_map(Value::as_str);
            names.map(|name| Glob::new(name.to_ascii_lowercase())).collect()
        };
        let not = statement.0.get("NotAction").map(|others| globs(&mut listed(others)));
        let named = globs(&mut statement.each("Action"));
        let is_allowed = |action: &&str| match &not {
            Some(others) => !others.iter().any(|other| other.matches(action)),
            None => named.iter().any(|name| name.matches(action)),
        };
        let any = |actions: &[&str]| actions.iter().any(&is_allowed);
        Self { lists: any(&LISTS), reads: any(&READS), writes: any(&WRITES) }
    }

    /// What both allow together.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            lists: self.lists || other.lists,
            reads: self.reads || other.reads,
            writes: self.writes || other.writes,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_and_exceptions_count() {
        let check = |statement: Value, expected: [bool; 3]| {
            let Grants { lists, reads, writes } = Grants::of(Statement(&statement));
            assert_eq!([lists, reads, writes], expected, "{statement}");
        };
        check(json!({ "Action": "s3:GetObject" }), [false, true, false]);
        check(json!({ "Action": ["S3:List*", "s3:getObjectTagging"] }), [true, false, false]);
        check(json!({ "Action": "*" }), [true, true, true]);
        check(json!({ "NotAction": "s3:Get*" }), [true, false, true]);
        check(json!({ "Action": "s3:NotASupportedAction" }), [false; 3]);
        check(json!({}), [false; 3]);
    }
}
