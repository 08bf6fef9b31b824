//! Why AWS denies a call, read from its message, and what to do about it.

/// The likely cause of an "access denied" and what to do about it; `None` if AWS does not say. AWS names one cause, even if
/// there are several. There is no code.
///
/// Written for the samples of the IAM User Guide, "Access denied error message examples", and the Amazon S3 User Guide,
/// "Troubleshoot access denied (403 Forbidden) errors in Amazon S3":
///
/// - "User: … is not authorized to perform: s3:GetObject on resource: "…" with an explicit deny in a resource-based policy"
/// - "… with an explicit deny in a service control policy", now followed by ": ARN"
/// - "… because no service control policy allows the s3:GetObject action"
/// - "… with an explicit deny in a VPC endpoint policy transitively through a service control policy"
/// - "… because public policies are prevented by the `BlockPublicPolicy` setting in S3 Block Public Access"
/// - "User: … is not authorized to perform: kms:GenerateDataKey on resource: …"
/// - "Access Denied", for every caller outside of the organization
pub(crate) fn explain(message: &str) -> Option<&'static str> {
    let action = message.split("not authorized to perform: ").nth(1).unwrap_or_default();
    let is_of = |service: &str| action.trim_start().starts_with(service);
    if is_of("kms:") {
        return Some(
            "the KMS key cannot be used: \
             the key policy and the caller's policies must allow the action that AWS names",
        );
    }
    if is_by_block(message) {
        return Some(
            "the policy is public, and the public access block rejects public policies: \
             remove the public statements, or turn BlockPublicPolicy off",
        );
    }
    Some(match kind(message)? {
        ("resource-based policy", true) if is_of("s3:") => {
            "the bucket policy denies it, also to roles of the account: \
             a principal that it does not deny, or the root user, must change the policy"
        }
        ("resource-based policy", true) => {
            "the resource's policy denies it: the owner of the resource must change the policy"
        }
        ("identity-based policy", true) => {
            "a policy of the role or user denies it: remove the deny, or use another role"
        }
        ("identity-based policy", false) => {
            "no policy of the role or user allows it: add the action that AWS names to one"
        }
        ("service control policy", _) => {
            "a service control policy of the organization does not allow it in this account: \
             only the organization's management account can change that"
        }
        ("resource control policy", _) => {
            "a resource control policy of the organization denies it for this resource: \
             only the organization's management account can change that"
        }
        ("permissions boundary", _) => {
            "the permissions boundary of the role or user does not include it: \
             the administrator of the boundary must add the action"
        }
        // The IAM User Guide writes "sessions policy" for explicit denials.
        ("session policy" | "sessions policy", _) => {
            "the session policy does not include it: \
             log in without one, or with one that includes the action"
        }
        ("VPC endpoint policy", _) => {
            "the VPC endpoint policy does not allow it: \
             add the action to the policy, or call AWS another way"
        }
        // Within an account a role's policy is enough, so a resource-based policy that does not allow it is another account's.
        _ => return None,
    })
}

/// The kind of policy that AWS names, and whether it denies the call, as opposed to not allowing it.
pub(super) fn kind(message: &str) -> Option<(&str, bool)> {
    let (is_deny, rest) = match message.split_once("with an explicit deny in ") {
        // Without the article.
        Some((_, rest)) => (true, rest.split_once(' ')?.1),
        None => (false, message.split_once("because no ")?.1),
    };
    let end = ["policy", "boundary"].map(|last| rest.find(last).map(|at| at + last.len()));
    Some((&rest[..end.into_iter().flatten().min()?], is_deny))
}

/// Whether `BlockPublicPolicy` rejects the policy that was put.
pub(super) fn is_by_block(message: &str) -> bool {
    message.contains("because public policies are prevented by the BlockPublicPolicy setting")
}

#[cfg(test)]
mod tests;
