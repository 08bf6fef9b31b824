//! Logical ids: the names by which CloudFormation knows the parts of a template.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

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
        let bytes = id.as_bytes();
        assert!(
            !bytes.is_empty() && bytes.len() <= CHARACTERS_MAX,
            "a logical id has 1 to 255 characters"
        );
        let mut at = 0;
        while at < bytes.len() {
            assert!(bytes[at].is_ascii_alphanumeric(), "a logical id has only letters and digits");
            at += 1;
        }
        Self(id)
    }

    /// The id of a part that somebody has named; nothing where it cannot be one. It is remembered, once for each name, as
    /// long as the process runs, as if it had been a constant.
    pub fn named(id: &str) -> Option<Self> {
        static NAMED: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        let is_id = (1..=CHARACTERS_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_id {
            return None;
        }
        let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = named.get(id) {
            return Some(Self(id));
        }
        let id: &'static str = Box::leak(id.into());
        named.insert(id);
        Some(Self(id))
    }

    /// The id as CloudFormation reads it.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
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
        assert!(std::ptr::eq(named.as_str(), LogicalId::named("Topic").unwrap().as_str()));
        for id in ["", "my-topic", "Ä", &"a".repeat(256)] {
            assert_eq!(LogicalId::named(id), None, "{id}");
        }
    }
}
