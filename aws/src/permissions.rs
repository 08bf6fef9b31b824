//! What a caller may do, according to IAM's policy simulator.

use aws_sdk_iam::Client;
use aws_sdk_iam::types::{
    ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType,
};
use s3guard_posture::Reading;

use crate::error::Answer as _;
use crate::identity::{Identity, Principal};
use crate::{AwsError, Connection};

/// Actions on a resource to simulate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The actions.
    pub actions: Vec<String>,
    /// The ARN of the resource, or `*`.
    pub resource: String,
}

/// An action that the caller may not do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// The action.
    pub action: String,
    /// What prevents it.
    pub by: By,
}

/// What prevents an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// A policy of the organization.
    Organization,
    /// The permissions boundary of the role or user.
    Boundary,
    /// A policy denies it.
    Deny,
    /// No policy allows it.
    NoAllow,
}

/// The ARN of the user or role that has the caller's policies; absent for the root user and for a federated user.
///
/// The session of a role does not have the role's path: it is read from IAM.
pub async fn source(
    connection: &Connection,
    caller: &Identity,
) -> Result<Reading<String>, AwsError> {
    let role = match caller.principal() {
        Principal::User(arn) => return Ok(Reading::Known(arn)),
        Principal::Root | Principal::Federated => return Ok(Reading::Absent),
        Principal::Role(role) => role,
    };
    let client = Client::new(&connection.config);
    let answer = client.get_role().role_name(&role).send().await;
    let answer = answer.reading("GetRole", format!("role `{role}`"), &["NoSuchEntity"])?;
    Ok(answer.and_then(|answer| answer.role().map(|role| role.arn().to_owned())))
}

/// The actions that the caller may not do, simulated as called by CloudFormation on the caller's behalf.
pub async fn missing(
    connection: &Connection,
    source: &str,
    question: &Question,
) -> Result<Reading<Vec<Missing>>, AwsError> {
    let client = Client::new(&connection.config);
    let called_via =
        ("aws:CalledVia", ContextKeyTypeEnum::StringList, "cloudformation.amazonaws.com");
    let passed_to = ("iam:PassedToService", ContextKeyTypeEnum::String, "lambda.amazonaws.com");
    let entry = |(key, kind, value)| {
        let entry = ContextEntry::builder().context_key_name(key).context_key_type(kind);
        entry.context_key_values(value).build()
    };
    let results = client
        .simulate_principal_policy()
        .policy_source_arn(source)
        .set_action_names(Some(question.actions.clone()))
        .resource_arns(&question.resource)
        .set_context_entries(Some([called_via, passed_to].map(entry).to_vec()))
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await;
    let object = format!("principal `{source}`");
    let results = results.reading("SimulatePrincipalPolicy", object, &[])?;
    Ok(results.map_ref(|results| results.iter().filter_map(judged).collect()))
}

fn judged(result: &EvaluationResult) -> Option<Missing> {
    let organization = result.organizations_decision_detail();
    let boundary = result.permissions_boundary_decision_detail();
    #[expect(clippy::wildcard_enum_match_arm, reason = "AWS may add decisions")]
    let by = match result.eval_decision() {
        PolicyEvaluationDecisionType::Allowed => return None,
        _ if organization.is_some_and(|detail| !detail.allowed_by_organizations()) => {
            By::Organization
        }
        _ if boundary.is_some_and(|detail| !detail.allowed_by_permissions_boundary()) => {
            By::Boundary
        }
        PolicyEvaluationDecisionType::ExplicitDeny => By::Deny,
        _ => By::NoAllow,
    };
    Some(Missing { action: result.eval_action_name().to_owned(), by })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, wrapped_error};

    const ACTIONS: [&str; 5] =
        ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:TagQueue", "sqs:SendMessage", "sqs:ListQueues"];

    fn question() -> Question {
        let actions = ACTIONS.map(str::to_owned).to_vec();
        Question { actions, resource: "arn:aws:sqs:eu-west-1:111122223333:s-x".to_owned() }
    }

    fn page(results: &str, marker: Option<&str>) -> (u16, String) {
        let marker = marker.map_or("<IsTruncated>false</IsTruncated>".to_owned(), |marker| {
            format!("<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>")
        });
        let result = format!("<EvaluationResults>{results}</EvaluationResults>{marker}");
        let result =
            format!("<SimulatePrincipalPolicyResult>{result}</SimulatePrincipalPolicyResult>");
        (
            200,
            format!("<SimulatePrincipalPolicyResponse>{result}</SimulatePrincipalPolicyResponse>"),
        )
    }

    fn result(action: &str, decision: &str, more: &str) -> String {
        format!(
            "<member><EvalActionName>{action}</EvalActionName><EvalResourceName>*</EvalResourceName>\
             <EvalDecision>{decision}</EvalDecision>{more}</member>"
        )
    }

    #[tokio::test]
    async fn missing_permissions_have_a_cause_and_come_from_every_page() {
        let organization = "<OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations></OrganizationsDecisionDetail>";
        let boundary = "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>";
        let first = [
            result(ACTIONS[0], "allowed", ""),
            result(ACTIONS[1], "implicitDeny", ""),
            result(ACTIONS[2], "explicitDeny", organization),
        ];
        let second =
            [result(ACTIONS[3], "implicitDeny", boundary), result(ACTIONS[4], "explicitDeny", "")];
        let fake =
            Fake::answering([page(&first.concat(), Some("m")), page(&second.concat(), None)]);
        let user = "arn:aws:iam::111122223333:user/u";
        let missing = missing(&fake.connection(), user, &question()).await.unwrap();
        let of = |at: usize, by| Missing { action: ACTIONS[at].to_owned(), by };
        let expected =
            [of(1, By::NoAllow), of(2, By::Organization), of(3, By::Boundary), of(4, By::Deny)];
        assert_eq!(missing, Reading::Known(expected.to_vec()));
        let asked = fake.asked();
        assert!(asked[1].body.contains("Marker=m"), "{}", asked[1].body);
        assert!(asked[0].body.contains("ActionNames.member.5=sqs%3AListQueues"));
        assert!(asked[0].body.contains("ContextKeyType=stringList"), "{}", asked[0].body);
    }

    #[tokio::test]
    async fn a_role_is_read_from_iam_because_its_session_has_no_path() {
        let caller =
            |arn: &str| Identity { account: "111122223333".parse().unwrap(), arn: arn.to_owned() };
        let session = caller("arn:aws:sts::111122223333:assumed-role/Admin/s");
        let role = "<GetRoleResponse><GetRoleResult><Role><Path>/p/</Path><RoleName>Admin</RoleName><RoleId>R</RoleId><Arn>arn:aws:iam::111122223333:role/p/Admin</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></Role></GetRoleResult></GetRoleResponse>";
        let fake = Fake::answering([(200, role)]);
        let found = source(&fake.connection(), &session).await.unwrap();
        assert_eq!(found.known().unwrap(), "arn:aws:iam::111122223333:role/p/Admin");
        for (code, reading) in
            [("AccessDenied", Reading::Denied), ("NoSuchEntity", Reading::Absent)]
        {
            let fake = Fake::answering([wrapped_error(403, code)]);
            assert_eq!(source(&fake.connection(), &session).await.unwrap(), reading, "{code}");
        }
        let silent = Fake::answering::<String>([]);
        let of = async |arn: &str| source(&silent.connection(), &caller(arn)).await.unwrap();
        assert_eq!(of("arn:aws:iam::111122223333:root").await, Reading::Absent);
        assert_eq!(of("arn:aws:sts::111122223333:federated-user/b").await, Reading::Absent);
        let user = "arn:aws:iam::111122223333:user/u";
        assert_eq!(of(user).await.known().unwrap(), user);
    }
}
