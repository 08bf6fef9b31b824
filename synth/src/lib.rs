//! CloudFormation as types, and the stacks of s3guard over them.
//!
//! [`cfn`] is the language: templates, handles, values, policies. [`resources`] are the words: the resource types that
//! s3guard needs. [`stacks`] is what s3guard says. Nothing here talks to AWS; the command `s3guard` does.

pub mod cfn;
pub mod resources;
pub mod stacks;
