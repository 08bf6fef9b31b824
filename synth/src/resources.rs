//! The CloudFormation resource types of the stack, with the properties that it sets.
//!
//! They are written by hand; `tests/it` checks what is rendered against the official schemas.

/// Declares a type of resource: what `Ref` returns, and what `Fn::GetAtt` does.
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
