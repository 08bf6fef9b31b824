//! What CloudFormation does with a resource, beside its properties.

use serde_json::{Map, Value as Json, json};

use super::{ConditionHandle, Dependency};

/// Where linters and assistants look for the reason of a resource.
pub(super) const CONTEXT: &str = "com.aws.cloudformation.Context";

/// The attributes of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The resource is created only where this holds.
    pub condition: Option<ConditionHandle>,
    /// What must be created before, where no reference says so.
    pub depends_on: Vec<Dependency>,
    /// Whether it is retained when the stack is deleted, or an update replaces it. When the creation of the stack fails,
    /// it is deleted.
    pub is_retained: bool,
    /// Why it is there; written to the metadata.
    pub why: Option<&'static str>,
    /// What must not be changed, because something else relies on it; written to the metadata.
    pub must: Option<&'static str>,
    /// Rules of checkov that it breaks for a reason; written to the metadata.
    pub skips: Vec<Skip>,
}

impl Attributes {
    /// A resource that is deleted with its stack.
    pub fn deleted(why: &'static str) -> Self {
        Self { why: Some(why), ..Self::default() }
    }

    /// A resource that is retained when its stack is deleted.
    pub fn retained(why: &'static str) -> Self {
        Self { is_retained: true, ..Self::deleted(why) }
    }

    pub(super) fn metadata(&self) -> Map<String, Json> {
        let mut context = Map::new();
        context.extend(self.why.map(|why| ("why".into(), json!(why))));
        context.extend(self.must.map(|must| ("must".into(), json!([must]))));
        let mut metadata = Map::new();
        if !context.is_empty() {
            metadata.insert(CONTEXT.into(), Json::Object(context));
        }
        if !self.skips.is_empty() {
            let skip = |skip: &Skip| json!({ "id": skip.rule, "comment": skip.reason });
            let skips: Vec<Json> = self.skips.iter().map(skip).collect();
            metadata.insert("checkov".into(), json!({ "skip": skips }));
        }
        metadata
    }
}

/// A rule of checkov that a resource breaks, and why it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skip {
    /// The rule's id.
    pub rule: &'static str,
    /// Why the rule does not apply here.
    pub reason: &'static str,
}
