//! Why AWS denies a call: what stands in its words, and what it means for whoever has to do something about it.

use std::fmt;

/// The likely cause of an "access denied". AWS names one cause, also where there are more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Denial {
    /// A deny in the bucket's policy.
    BucketPolicy,
    /// A deny in the policy of something else, as a key or a topic.
    ResourcePolicy,
    /// A service control policy of the organization, by a deny or for want of an allow.
    ServiceControlPolicy,
    /// A deny in a resource control policy of the organization.
    ResourceControlPolicy,
    /// The permissions boundary of the role or user.
    PermissionsBoundary,
    /// The session's own policy.
    SessionPolicy,
    /// The policy of the VPC endpoint that the call went through.
    EndpointPolicy,
    /// A deny in a policy of the role or user.
    IdentityPolicy,
    /// No policy of the role or user allows it.
    NoPermission,
    /// The new bucket policy is public, and public ones are blocked.
    BlockPublicPolicy,
    /// What is denied is the use of a KMS key.
    Kms,
    /// AWS does not say.
    Unknown,
}

impl Denial {
    /// Reads what somebody else passes on of AWS's words, as CloudFormation does in the events of a stack.
    pub fn read(message: &str) -> Self {
        read(message)
    }
}

/// Policies by the name that AWS's words have for them, and what they are when they do not allow.
const POLICIES: [(&str, Denial); 6] = [
    ("service control policy", Denial::ServiceControlPolicy),
    ("resource control policy", Denial::ResourceControlPolicy),
    ("permissions boundary", Denial::PermissionsBoundary),
    ("session policy", Denial::SessionPolicy),
    // So the IAM User Guide has it for explicit denials.
    ("sessions policy", Denial::SessionPolicy),
    ("VPC endpoint policy", Denial::EndpointPolicy),
];

/// Reads AWS's words, because there is no code for it.
///
/// Written for the samples of the IAM User Guide, "Access denied error message examples", and the Amazon S3 User Guide,
/// "Troubleshoot access denied (403 Forbidden) errors in Amazon S3":
///
/// - "User: … is not authorized to perform: s3:GetObject on resource: "…" with an explicit deny in a resource-based policy"
/// - "… with an explicit deny in a service control policy", by now with ": ARN" behind it
/// - "… because no service control policy allows the s3:GetObject action"
/// - "… with an explicit deny in a VPC endpoint policy transitively through a service control policy"
/// - "… because public policies are prevented by the `BlockPublicPolicy` setting in S3 Block Public Access"
/// - "User: … is not authorized to perform: kms:GenerateDataKey on resource: …"
/// - "Access Denied", for everybody outside of the organization
pub(super) fn read(message: &str) -> Denial {
    let action = message.split("not authorized to perform: ").nth(1).unwrap_or_default();
    let is_of = |service: &str| action.trim_start().starts_with(service);
    if is_of("kms:") {
        return Denial::Kms;
    }
    if message.contains("because public policies are prevented by the BlockPublicPolicy setting") {
        return Denial::BlockPublicPolicy;
    }
    let denies = |policy: &str| {
        ["a", "an", "the"].iter().any(|article| {
            message.contains(&format!("with an explicit deny in {article} {policy}"))
        })
    };
    let allows_not = |policy: &str| message.contains(&format!("because no {policy} allows"));
    if denies("resource-based policy") {
        return if is_of("s3:") { Denial::BucketPolicy } else { Denial::ResourcePolicy };
    }
    if denies("identity-based policy") {
        return Denial::IdentityPolicy;
    }
    if allows_not("identity-based policy") {
        return Denial::NoPermission;
    }
    let said = POLICIES.into_iter().find(|(policy, _)| denies(policy) || allows_not(policy));
    said.map_or(Denial::Unknown, |(_, denial)| denial)
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BucketPolicy => {
                "the bucket's policy denies it, also to the account's own roles: \
                 somebody whom it does not deny has to change it, at worst the account's root user"
            }
            Self::ResourcePolicy => {
                "the resource's own policy denies it: whoever owns the resource has to change it"
            }
            Self::ServiceControlPolicy => {
                "a service control policy of the organization does not let this account do it: \
                 only the organization's management account can change that"
            }
            Self::ResourceControlPolicy => {
                "a resource control policy of the organization denies it for this resource: \
                 only the organization's management account can change that"
            }
            Self::PermissionsBoundary => {
                "the permissions boundary of the role or user does not include it: \
                 whoever set the boundary has to add the action"
            }
            Self::SessionPolicy => {
                "the policy of the session does not include it: \
                 log in without one, or with one that has the action"
            }
            Self::EndpointPolicy => {
                "the policy of the VPC endpoint does not let the call through: \
                 add the action to it, or call AWS another way"
            }
            Self::IdentityPolicy => {
                "a policy of the role or user denies it: take the deny away, or use another role"
            }
            Self::NoPermission => {
                "no policy of the role or user allows it: add the action that AWS names to one"
            }
            Self::BlockPublicPolicy => {
                "the policy would be public, and the public access block refuses public policies: \
                 take out what makes it public, or the block's BlockPublicPolicy"
            }
            Self::Kms => {
                "the KMS key may not be used: \
                 both the key's policy and the role or user have to allow the action that AWS names"
            }
            Self::Unknown => {
                "AWS does not say why; so it answers also for what another account owns"
            }
        })
    }
}

#[cfg(test)]
mod tests;
