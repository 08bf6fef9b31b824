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

#[cfg(test)]
mod tests {
    use super::*;

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
