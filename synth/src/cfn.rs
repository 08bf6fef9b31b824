//! CloudFormation templates as types.
//!
//! Every reference is a handle, and [`Template`] is the only source of handles: a template that refers to a resource it
//! does not have, or uses a topic's ARN for that of a role, does not compile. What the compiler cannot check (a handle of
//! another template, a duplicate id, a limit exceeded), [`Template::render`] checks.
//!
//! Not here: resource types (in [`crate::resources`]) and the stack of s3guard (in [`crate::stacks`]).

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
pub use policy::{Effect, PolicyDocument, Principal, Statement, Test, Which};
pub use resolve::{Known, Resolver};
pub use section::{Output, Rule};
pub use sub::Sub;
pub use template::Template;
pub use value::{Pseudo, Value};

pub(crate) use check::intrinsic;
pub(crate) use value::Expression;
