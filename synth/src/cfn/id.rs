//! Logical ids: the names of the parts of a template.

use std::fmt;

use serde::Serialize;

/// The longest id. Source: AWS CloudFormation User Guide, "CloudFormation quotas".
const CHARACTERS_MAX: usize = 255;

/// A logical id: one to 255 ASCII letters and digits.
///
/// As a constant, it is checked at compile time. Ids must not change: CloudFormation replaces a resource whose id is new.
///
/// ```
/// # use s3guard_synth::cfn::LogicalId;
/// const TOPIC: LogicalId = LogicalId::new("Topic");
/// ```
/// ```compile_fail,E0080
/// # use s3guard_synth::cfn::LogicalId;
/// const TOPIC: LogicalId = LogicalId::new("my-topic");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LogicalId(&'static str);

impl LogicalId {
    /// The id `id`. Anything but letters and digits is a compile error.
    pub const fn new(id: &'static str) -> Self {
        let mut bytes = id.as_bytes();
        assert!(
            !bytes.is_empty() && bytes.len() <= CHARACTERS_MAX,
            "a logical id has 1 to 255 characters"
        );
        while let [first, rest @ ..] = bytes {
            assert!(first.is_ascii_alphanumeric(), "a logical id has only letters and digits");
            bytes = rest;
        }
        Self(id)
    }

    /// An id that is known only at run time. Like a constant, it is never freed.
    pub fn named(id: &str) -> Self {
        Self::new(Box::leak(id.into()))
    }

    /// The id as text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for LogicalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
