//! CloudFormation templates as types.
//!
//! Every reference is a handle, and [`Template`] is the only source of handles: a template that names what is not in
//! it, or hands a topic's ARN to a property that wants a role's, does not compile. What the compiler cannot see (a
//! handle of another template, an id used twice, a limit passed) [`Template::render`] finds.
//!
//! Not here: resource types (in [`crate::resources`]) and what s3guard makes of them (in [`crate::stacks`]).

mod attributes;
mod check;
mod condition;
mod handle;
mod id;
pub mod kind;
mod order;
mod parameter;
mod policy;
mod resolve;
mod section;
mod sub;
mod template;
mod value;
mod yaml;

pub use attributes::{Attributes, Skip};
pub use check::RenderError;
pub use condition::{Condition, ConditionHandle, Operand};
pub use handle::{Dependency, Handle, Resource};
pub use id::LogicalId;
pub use parameter::{Parameter, ParameterHandle, ParameterType};
pub use policy::{Effect, PolicyDocument, Principal, Statement, Test};
pub use resolve::{Known, Resolver};
pub use section::{Output, Rule};
pub use sub::Sub;
pub use template::Template;
pub use value::{Pseudo, Value};

pub(crate) use check::intrinsic;
pub(crate) use value::Expression;
