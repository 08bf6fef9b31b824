//! What a template contains, queried by type.

use super::{LogicalId, Parameter, Resource, Template};

impl Template {
    /// The logical ids of the resources that are retained when the stack is deleted.
    pub fn retained(&self) -> impl Iterator<Item = LogicalId> {
        self.resources.iter().filter(|entry| entry.attributes.is_retained).map(|entry| entry.id)
    }

    /// The resources of a type.
    pub fn resources<R: Resource>(&self) -> impl Iterator<Item = &R> {
        self.resources.iter().filter_map(|entry| entry.resource.downcast_ref())
    }

    /// The parameters by their names.
    pub fn parameters(&self) -> impl Iterator<Item = (LogicalId, &Parameter)> {
        self.parameters.iter().map(|(id, parameter)| (*id, parameter))
    }
}
