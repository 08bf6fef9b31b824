//! Logical ids: the names by which CloudFormation knows the parts of a template.

use std::fmt;

/// The longest id. Source: AWS CloudFormation User Guide, "CloudFormation quotas".
const CHARACTERS_MAX: usize = 255;

/// A logical id: one to 255 ASCII letters and digits.
///
/// It is checked while compiling when it is a constant, as it should be: ids are forever, a renamed one replaces the
/// resource.
///
/// ```
/// # use s3guard_synth::cfn::LogicalId;
/// const TOPIC: LogicalId = LogicalId::new("Topic");
/// ```
/// ```compile_fail,E0080
/// # use s3guard_synth::cfn::LogicalId;
/// const TOPIC: LogicalId = LogicalId::new("my-topic");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogicalId(&'static str);

impl LogicalId {
    /// The id `id`; anything but letters and digits stops the compiler.
    pub const fn new(id: &'static str) -> Self {
        assert!(is_id(id), "a logical id has 1 to 255 letters and digits");
        Self(id)
    }

    /// An id that is known only at run time; `None` where it is not a valid one. It is never freed, like a constant.
    pub fn named(id: &str) -> Option<Self> {
        is_id(id).then(|| Self(Box::leak(id.into())))
    }

    /// The id as CloudFormation reads it.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

const fn is_id(id: &str) -> bool {
    let mut bytes = id.as_bytes();
    let is_short = !bytes.is_empty() && bytes.len() <= CHARACTERS_MAX;
    while let [first, rest @ ..] = bytes {
        if !first.is_ascii_alphanumeric() {
            return false;
        }
        bytes = rest;
    }
    is_short
}

impl fmt::Display for LogicalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_id_that_a_constant_would_be() {
        const TOPIC: LogicalId = LogicalId::new("Topic");
        let named = LogicalId::named("Topic").unwrap();
        assert_eq!((named, named.as_str()), (TOPIC, "Topic"));
        for id in ["", "my-topic", "Ä", &"a".repeat(256)] {
            assert_eq!(LogicalId::named(id), None, "{id}");
        }
    }
}
