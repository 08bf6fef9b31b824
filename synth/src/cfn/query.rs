//! What a template has in it, asked by type.

use super::{Attributes, LogicalId, Parameter, Resource, Template};

/// A resource of a template.
#[derive(Clone, Copy, Debug)]
pub struct Member<'t, R> {
    /// Its logical id.
    pub id: LogicalId,
    /// What CloudFormation does with it.
    pub attributes: &'t Attributes,
    /// Its properties.
    pub resource: &'t R,
}

impl Template {
    /// The logical ids of all resources, and what CloudFormation does with them.
    pub fn attributes(&self) -> impl Iterator<Item = (LogicalId, &Attributes)> {
        self.resources.iter().map(|entry| (entry.id, &entry.attributes))
    }

    /// The resources of a type.
    pub fn resources<R: Resource>(&self) -> impl Iterator<Item = Member<'_, R>> {
        self.resources.iter().filter_map(|entry| {
            let resource = entry.resource.downcast_ref()?;
            Some(Member { id: entry.id, attributes: &entry.attributes, resource })
        })
    }

    /// The parameters by their names.
    pub fn parameters(&self) -> impl Iterator<Item = (LogicalId, &Parameter)> {
        self.parameters.iter().map(|(id, parameter)| (*id, parameter))
    }
}
