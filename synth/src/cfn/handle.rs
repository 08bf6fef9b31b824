//! Handles: the proof that a resource is in a template.

use std::marker::PhantomData;

use serde::Serialize;

use super::{Expression, LogicalId, Value};

/// A resource type: it serializes to its properties.
pub trait Resource: Serialize {
    /// CloudFormation's name of the type, such as `AWS::SNS::Topic`.
    const TYPE: &'static str;
    /// The attributes that its handles give, by CloudFormation's names.
    const ATTRIBUTES: &'static [&'static str];
}

/// A resource `R` of a template. Only [`Template::add`](super::Template::add) makes one, so a reference to a resource that
/// was not added does not compile:
///
/// ```
/// # use s3guard_synth::{cfn::{LogicalId, Template}, resources::sns::Topic};
/// const TOPIC: LogicalId = LogicalId::new("Topic");
/// let mut template = Template::new("a topic");
/// let topic = template.add(TOPIC, Topic::default());
/// let arn = topic.arn();
/// ```
/// ```compile_fail
/// # use s3guard_synth::{cfn::{Handle, LogicalId, Template}, resources::sns::Topic};
/// const TOPIC: LogicalId = LogicalId::new("Topic");
/// let mut template = Template::new("a topic");
/// let topic = Handle::<Topic>::new(TOPIC);
/// let arn = topic.arn();
/// ```
///
/// Nor does a reference to an attribute that the type does not have:
///
/// ```compile_fail,E0599
/// # use s3guard_synth::{cfn::{LogicalId, Template}, resources::sns::Topic};
/// const TOPIC: LogicalId = LogicalId::new("Topic");
/// let mut template = Template::new("a topic");
/// let topic = template.add(TOPIC, Topic::default());
/// let url = topic.url();
/// ```
pub struct Handle<R> {
    id: LogicalId,
    resource: PhantomData<fn() -> R>,
}

impl<R: Resource> Handle<R> {
    pub(super) fn of(id: LogicalId) -> Self {
        Self { id, resource: PhantomData }
    }

    /// The resource as a dependency, for [`Attributes::depends_on`](super::Attributes::depends_on).
    pub fn dependency(&self) -> Dependency {
        Dependency(self.id)
    }

    pub(crate) fn reference<K>(&self) -> Value<K> {
        Value::new(Expression::Ref(self.id.as_str()))
    }

    pub(crate) fn attribute<K>(&self, name: &'static str) -> Value<K> {
        Value::new(Expression::GetAtt(self.id, name))
    }
}

// Not derived: a handle is `Copy` for every `R`.
impl<R> Clone for Handle<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Handle<R> {}

/// A resource that must be created first, although no reference says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Dependency(LogicalId);

impl Dependency {
    pub(super) fn of(id: LogicalId) -> Self {
        Self(id)
    }

    pub(super) fn id(self) -> LogicalId {
        self.0
    }
}
