//! ARNs in flags.

use crate::args::matching;
use crate::error::Invalid;

pub(crate) fn topic(text: &str) -> Result<String, Invalid> {
    let pattern = r"^arn:[^:]+:sns:[^:]+:\d{12}:[^:]+$";
    let hint = "write it as `arn:aws:sns:eu-west-1:111122223333:deployments`";
    matching(pattern, text, "is not the ARN of a topic", hint)
}

pub(crate) fn role(text: &str) -> Result<String, Invalid> {
    let pattern = r"^arn:aws[^:]*:iam::\d{12}:role/.+$";
    let hint = "write it as `arn:aws:iam::111122223333:role/deployer`";
    matching(pattern, text, "is not the ARN of a role", hint)
}

/// A principal, as the condition key `aws:PrincipalArn` has it.
pub(crate) fn principal(text: &str) -> Result<String, Invalid> {
    let pattern = r"^arn:aws[^:*?]*:iam::\d{12}:(root|(role|user)/[^*?]+)$";
    let hint = "write it as `arn:aws:iam::111122223333:role/deployer`, with its path and without a session";
    matching(pattern, text, "is not the ARN of a role or user", hint)
}

/// A pattern for `aws:PrincipalArn` that names something.
pub(crate) fn principals(text: &str) -> Result<String, Invalid> {
    let pattern =
        r"^arn:aws[a-z-]*:iam::(\d{12}|\*):(role|user)/[\w+=,.@/*?-]*[\w+=,.@-][\w+=,.@/*?-]*$";
    let hint =
        "write it as `arn:aws:iam::*:role/deployer`: `*` matches anything, but not every name";
    matching(
        pattern,
        text,
        "is not the ARN of a role or user, with its path and without a session",
        hint,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_of_principals_names_some_and_not_all() {
        for good in ["111122223333:role/ci", "*:role/team/*", "*:user/*deploy?", "*:role/*/ci"] {
            assert!(principals(&format!("arn:aws:iam::{good}")).is_ok(), "{good}");
        }
        for bad in ["*:role/*", "*:role/*/*", "*:user/", "*:root", "1:role/ci", "*:*", "?:role/ci"]
        {
            assert!(principals(&format!("arn:aws:iam::{bad}")).is_err(), "{bad}");
        }
        assert!(principals("arn:aws:sts::111122223333:assumed-role/ci/session").is_err());
        assert!(principals("*").is_err());
    }

    #[test]
    fn an_arn_is_checked_before_anything_is_done() {
        for good in ["role/ci", "role/team/ci", "user/jane", "root"] {
            assert!(principal(&format!("arn:aws:iam::111122223333:{good}")).is_ok(), "{good}");
        }
        for bad in ["role/*", "user/", "group/x", "role/a?"] {
            assert!(principal(&format!("arn:aws:iam::111122223333:{bad}")).is_err(), "{bad}");
        }
        assert!(principal("arn:aws:sts::111122223333:assumed-role/ci/session").is_err());
        assert!(role("arn:aws:iam::111122223333:role/a/deployer").is_ok());
        assert!(role("arn:aws-cn:iam::111122223333:role/deployer").is_ok());
        assert!(topic("arn:aws:sns:eu-west-1:111122223333:t").is_ok());
        assert!(topic("arn:aws:sns:eu-west-1:111122223333:").is_err() && topic("t").is_err());
        for bad in ["deployer", "arn:aws:iam::111122223333:user/u", "arn:aws:iam::1:role/r", ""] {
            assert!(role(bad).is_err(), "{bad}");
        }
    }
}
