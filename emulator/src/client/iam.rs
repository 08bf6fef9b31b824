//! Users and roles: the other people in the account.

use serde_json::Value;

use super::{CallError, Client, Credentials};
use crate::xml;

const VERSION: &str = "2010-05-08";

impl Client {
    /// Makes a user without any permission.
    pub fn create_user(&self, name: &str) -> Result<(), CallError> {
        self.iam(&[("Action", "CreateUser"), ("UserName", name)]).map(drop)
    }

    /// Gives the user this policy.
    pub fn put_user_policy(&self, name: &str, policy: &Value) -> Result<(), CallError> {
        let policy = policy.to_string();
        let parameters = [
            ("Action", "PutUserPolicy"),
            ("UserName", name),
            ("PolicyName", "given"),
            ("PolicyDocument", &policy),
        ];
        self.iam(&parameters).map(drop)
    }

    /// Makes an access key for the user.
    pub fn create_access_key(&self, name: &str) -> Result<Credentials, CallError> {
        let answer = self.iam(&[("Action", "CreateAccessKey"), ("UserName", name)])?;
        Ok(Credentials {
            access_key_id: xml::text(&answer, "AccessKeyId").unwrap_or_default(),
            secret_access_key: xml::text(&answer, "SecretAccessKey").unwrap_or_default(),
        })
    }

    /// The policy documents of a role, of its own and attached ones, by name.
    pub fn role_policies(&self, role: &str) -> Result<Vec<(String, String)>, CallError> {
        let mut policies = Vec::new();
        let own = self.iam(&[("Action", "ListRolePolicies"), ("RoleName", role)])?;
        for name in xml::all(&own, "member") {
            let asked = [("Action", "GetRolePolicy"), ("RoleName", role), ("PolicyName", &name)];
            let document = xml::text(&self.iam(&asked)?, "PolicyDocument").unwrap_or_default();
            policies.push((name, percent_decoded(&document)));
        }
        let attached = self.iam(&[("Action", "ListAttachedRolePolicies"), ("RoleName", role)])?;
        for arn in xml::all(&attached, "PolicyArn") {
            let policy = self.iam(&[("Action", "GetPolicy"), ("PolicyArn", &arn)])?;
            let version = xml::text(&policy, "DefaultVersionId").unwrap_or_default();
            let asked =
                [("Action", "GetPolicyVersion"), ("PolicyArn", &arn), ("VersionId", &version)];
            let document = xml::text(&self.iam(&asked)?, "Document").unwrap_or_default();
            let name = arn.rsplit('/').next().unwrap_or_default().to_owned();
            policies.push((name, percent_decoded(&document)));
        }
        Ok(policies)
    }

    fn iam(&self, parameters: &[(&str, &str)]) -> Result<String, CallError> {
        self.query("iam", VERSION, parameters)
    }
}

/// IAM gives policy documents percent-encoded.
fn percent_decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let pair = [bytes.next().unwrap_or(b'0'), bytes.next().unwrap_or(b'0')];
        let digits = str::from_utf8(&pair).unwrap_or("00");
        out.push(u8::from_str_radix(digits, 16).unwrap_or(b'%'));
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_document_is_decoded() {
        assert_eq!(percent_decoded("%7B%22a%22%3A1%7D"), "{\"a\":1}");
    }
}
