//! CloudFormation as types, and the stack of s3guard.
//!
//! [`cfn`] has templates, handles, values and policies; [`resources`] the resource types; [`stacks`] the stack. Nothing here
//! calls AWS.

pub mod cfn;
pub mod resources;
pub mod stacks;
