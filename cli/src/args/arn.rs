//! ARNs in flags.

use crate::error::Invalid;

/// Parses the ARN of a topic.
pub(crate) fn topic(text: &str) -> Result<String, Invalid> {
    let fields: Vec<&str> = text.split(':').collect();
    match fields[..] {
        ["arn", _, "sns", region, account, name]
            if !region.is_empty() && account.len() == 12 && !name.is_empty() =>
        {
            Ok(text.to_owned())
        }
        _ => Err(Invalid::new(
            format!("`{text}` is not the ARN of a topic"),
            "write it as `arn:aws:sns:eu-west-1:111122223333:deployments`",
        )),
    }
}

/// Parses the ARN of a role.
pub(crate) fn role(text: &str) -> Result<String, Invalid> {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    match fields[..] {
        ["arn", partition, "iam", "", account, role]
            if partition.starts_with("aws")
                && account.len() == 12
                && role.strip_prefix("role/").is_some_and(|name| !name.is_empty()) =>
        {
            Ok(text.to_owned())
        }
        _ => Err(Invalid::new(
            format!("`{text}` is not the ARN of a role"),
            "write it as `arn:aws:iam::111122223333:role/deployer`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_checked_before_anything_is_done() {
        assert!(role("arn:aws:iam::111122223333:role/a/deployer").is_ok());
        assert!(role("arn:aws-cn:iam::111122223333:role/deployer").is_ok());
        assert!(topic("arn:aws:sns:eu-west-1:111122223333:t").is_ok());
        assert!(topic("arn:aws:sns:eu-west-1:111122223333:").is_err() && topic("t").is_err());
        for bad in ["deployer", "arn:aws:iam::111122223333:user/u", "arn:aws:iam::1:role/r", ""] {
            assert!(role(bad).is_err(), "{bad}");
        }
    }
}
