//! What CloudFormation does with a resource, beside its properties.

use serde_json::{Map, Value as Json, json};

use super::{ConditionHandle, Dependency};

/// Where linters and people's assistants look for a resource's reason.
pub(super) const CONTEXT: &str = "com.aws.cloudformation.Context";

/// The attributes of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The resource is made only where this holds.
    pub condition: Option<ConditionHandle>,
    /// What has to be there before, where no reference says so.
    pub depends_on: Vec<Dependency>,
    /// What becomes of it when it leaves the stack.
    pub deletion_policy: Option<DeletionPolicy>,
    /// What becomes of the old one when an update replaces it.
    pub update_replace_policy: Option<UpdateReplacePolicy>,
    /// Why it is there; goes into the metadata.
    pub why: Option<&'static str>,
    /// What must stay so, or something else breaks; goes into the metadata.
    pub must: Vec<&'static str>,
    /// Rules of checkov that it breaks for a reason; go into the metadata.
    pub skips: Vec<Skip>,
}

impl Attributes {
    /// A resource that goes with its stack.
    pub fn deleted(why: &'static str) -> Self {
        Self {
            deletion_policy: Some(DeletionPolicy::Delete),
            update_replace_policy: Some(UpdateReplacePolicy::Delete),
            why: Some(why),
            ..Self::default()
        }
    }

    /// A resource that outlives its stack, but not a creation that failed.
    pub fn kept(why: &'static str) -> Self {
        Self {
            deletion_policy: Some(DeletionPolicy::RetainExceptOnCreate),
            update_replace_policy: Some(UpdateReplacePolicy::Retain),
            why: Some(why),
            ..Self::default()
        }
    }

    pub(super) fn metadata(&self) -> Map<String, Json> {
        let mut context = Map::new();
        if let Some(why) = self.why {
            context.insert("why".into(), json!(why));
        }
        if !self.must.is_empty() {
            context.insert("must".into(), json!(self.must));
        }
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

choices! {
    /// What becomes of a resource that leaves its stack.
    pub enum DeletionPolicy {
        /// It is deleted.
        Delete = "Delete",
        /// It stays, and belongs to nobody.
        Retain = "Retain",
        /// It stays, unless the stack that made it fails to come up.
        RetainExceptOnCreate = "RetainExceptOnCreate",
    }

    /// What becomes of the old resource when an update replaces it.
    pub enum UpdateReplacePolicy {
        /// It is deleted.
        Delete = "Delete",
        /// It stays, and belongs to nobody.
        Retain = "Retain",
    }
}

/// A rule of checkov that a resource breaks, and why it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skip {
    /// The rule's id.
    pub rule: &'static str,
    /// Why the rule does not hold here.
    pub reason: &'static str,
}

impl Skip {
    /// A rule of checkov.
    pub const fn checkov(rule: &'static str, reason: &'static str) -> Self {
        Self { rule, reason }
    }
}
