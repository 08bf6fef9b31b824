//! Reads bucket policies.

use std::collections::BTreeSet;

use serde_json::Value;

mod unique_keys;

/// The most bytes that a bucket policy may have.
///
/// Source: Amazon S3 User Guide, "Bucket policies for Amazon S3".
pub const BYTES_MAX: usize = 20 * 1024;

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
}

/// One statement of a policy, as JSON.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'p>(pub &'p Value);

impl<'p> Statement<'p> {
    /// `Allow` or `Deny`.
    pub fn effect(self) -> Option<&'p str> {
        self.0.get("Effect")?.as_str()
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
