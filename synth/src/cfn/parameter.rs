//! Parameters of a template.

use std::marker::PhantomData;

use serde::Serialize;

use super::{
    Expression, LogicalId, Value,
    kind::{Arns, Text},
};

/// A parameter of the template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    /// The type of its values.
    pub r#type: ParameterType,
    /// Its purpose, as the console shows it.
    pub description: &'static str,
    /// The value that is used if none is given. Without a default, one is required.
    pub default: Option<&'static str>,
    /// The only values it may have.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub allowed_values: &'static [&'static str],
    /// A regular expression that the whole value matches.
    pub allowed_pattern: Option<&'static str>,
    /// The message for a value that breaks a rule above.
    pub constraint_description: Option<&'static str>,
    /// The smallest number.
    pub min_value: Option<i64>,
    /// The largest number.
    pub max_value: Option<i64>,
    /// The fewest characters.
    pub min_length: Option<u32>,
    /// The most characters.
    pub max_length: Option<u32>,
}

impl Parameter {
    /// A required text.
    pub fn new(description: &'static str) -> Self {
        Self { description, ..Self::default() }
    }
}

/// The type of a parameter's values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum ParameterType {
    /// Any text.
    #[default]
    String,
    /// A number, to which references resolve as text.
    Number,
    /// Texts without commas, to which references resolve as a list. The rules of a value are those of each text.
    CommaDelimitedList,
}

/// A parameter of a template, whose value is of the kind `K`. Only
/// [`Template::parameter`](super::Template::parameter) makes one.
pub struct ParameterHandle<K> {
    id: LogicalId,
    kind: PhantomData<fn() -> K>,
}

impl<K> ParameterHandle<K> {
    pub(super) fn of(id: LogicalId) -> Self {
        Self { id, kind: PhantomData }
    }

    /// The parameter's name.
    pub fn id(&self) -> LogicalId {
        self.id
    }

    /// The parameter's value.
    pub fn value(&self) -> Value<K> {
        Value::new(Expression::Ref(self.id.as_str()))
    }
}

impl ParameterHandle<Arns> {
    /// The members, with commas between them.
    pub fn joined(&self) -> Value<Text> {
        Value::new(Expression::Joined(self.id.as_str()))
    }
}

// Not derived: a handle is `Copy` for every `K`.
impl<K> Clone for ParameterHandle<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for ParameterHandle<K> {}
