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
    /// Rules of linters that it breaks for a reason; go into the metadata.
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
        for linter in Linter::ALL {
            let skips: Vec<Json> = self
                .skips
                .iter()
                .filter(|skip| skip.linter == linter)
                .map(|skip| json!({ "id": skip.rule, "comment": skip.reason }))
                .collect();
            if !skips.is_empty() {
                metadata.insert(linter.key().into(), json!({ "skip": skips }));
            }
        }
        metadata
    }
}

/// What becomes of a resource that leaves its stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// It is deleted.
    Delete,
    /// It stays, and belongs to nobody.
    Retain,
    /// It stays, unless the stack that made it fails to come up.
    RetainExceptOnCreate,
}

impl DeletionPolicy {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "Delete",
            Self::Retain => "Retain",
            Self::RetainExceptOnCreate => "RetainExceptOnCreate",
        }
    }
}

/// What becomes of the old resource when an update replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateReplacePolicy {
    /// It is deleted.
    Delete,
    /// It stays, and belongs to nobody.
    Retain,
}

impl UpdateReplacePolicy {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "Delete",
            Self::Retain => "Retain",
        }
    }
}

/// A linter's rule that a resource breaks, and why it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skip {
    /// Whose rule it is.
    pub linter: Linter,
    /// The rule's id.
    pub rule: &'static str,
    /// Why the rule does not hold here.
    pub reason: &'static str,
}

impl Skip {
    /// A rule of checkov.
    pub const fn checkov(rule: &'static str, reason: &'static str) -> Self {
        Self { linter: Linter::Checkov, rule, reason }
    }
}

/// A linter that reads its exceptions from the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linter {
    /// checkov
    Checkov,
}

impl Linter {
    const ALL: [Self; 1] = [Self::Checkov];

    const fn key(self) -> &'static str {
        match self {
            Self::Checkov => "checkov",
        }
    }
}
