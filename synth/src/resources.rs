//! CloudFormation's resource types, those that s3guard needs: hand-written, and checked against the official schemas.
//!
//! A resource is a struct: `new` takes what is required, `..` fills in the rest. Choices that exclude each other are
//! enums. What is not here, CloudFormation has, but we do not use.

/// Declares a type of resource: what `Ref` gives, and what `Fn::GetAtt` does.
macro_rules! resource {
    (
        $resource:ty = $type:literal;
        $( ref { $(#[$ref_doc:meta])* $ref_name:ident: $ref_kind:ident } )?
        $( get { $( $(#[$doc:meta])* $name:ident: $kind:ident = $attribute:literal ),+ } )?
    ) => {
        impl crate::cfn::Resource for $resource {
            const TYPE: &'static str = $type;
            const ATTRIBUTES: &'static [&'static str] = &[$($($attribute),+)?];
        }

        impl crate::cfn::Handle<$resource> {
            $(
                $(#[$ref_doc])*
                pub fn $ref_name(&self) -> crate::cfn::Value<crate::cfn::kind::$ref_kind> {
                    self.reference()
                }
            )?
            $($(
                $(#[$doc])*
                pub fn $name(&self) -> crate::cfn::Value<crate::cfn::kind::$kind> {
                    self.attribute($attribute)
                }
            )+)?
        }
    };
}

pub mod cloudtrail;
pub mod cloudwatch;
pub mod events;
pub mod iam;
pub mod kms;
pub mod lambda;
pub mod logs;
pub mod s3;
pub mod sns;
pub mod sqs;

use serde::Serialize;

use crate::cfn::{Value, kind::Text};

/// A tag of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// The tag's name.
    pub key: String,
    /// Its value.
    pub value: Value<Text>,
}

impl Tag {
    /// A tag.
    pub fn new(key: impl Into<String>, value: impl Into<Value<Text>>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}
