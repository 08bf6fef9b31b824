use super::*;

const UNKNOWN: &str = "";
const BUCKET_POLICY: &str = "the bucket policy denies";
const SERVICE_CONTROL_POLICY: &str = "a service control policy";
const RESOURCE_CONTROL_POLICY: &str = "a resource control policy";
const PERMISSIONS_BOUNDARY: &str = "the permissions boundary";
const SESSION_POLICY: &str = "the session policy";
const ENDPOINT_POLICY: &str = "the VPC endpoint policy";
const IDENTITY_POLICY: &str = "a policy of the role or user denies";
const NO_PERMISSION: &str = "no policy of the role or user allows";
const BLOCK_PUBLIC_POLICY: &str = "the policy is public";
const KMS: &str = "the KMS key cannot be used";
const RESOURCE_POLICY: &str = "the resource's policy denies";

#[track_caller]
fn is(message: &str, expected: &str) {
    let found = explain(message);
    match expected {
        UNKNOWN => assert_eq!(found, None, "{message}"),
        expected => {
            assert!(found.unwrap_or_default().starts_with(expected), "{message}: {found:?}");
        }
    }
}

#[track_caller]
fn check(context: &str, expected: &str) {
    let message = format!(
        "User: arn:aws:iam::123456789012:user/MaryMajor is not authorized to perform: s3:GetObject on resource: \
         \"arn:aws:s3:::amzn-s3-demo-bucket1/object-name\" {context}"
    );
    is(&message, expected);
}

#[test]
fn what_denies_is_read_from_the_samples_of_aws() {
    for (policy, expected) in [
        ("a resource-based policy", BUCKET_POLICY),
        ("a service control policy", SERVICE_CONTROL_POLICY),
        ("a resource control policy", RESOURCE_CONTROL_POLICY),
        ("a permissions boundary", PERMISSIONS_BOUNDARY),
        ("a session policy", SESSION_POLICY),
        ("a sessions policy", SESSION_POLICY),
        ("a VPC endpoint policy", ENDPOINT_POLICY),
        ("a VPC endpoint policy transitively through a service control policy", ENDPOINT_POLICY),
        ("an identity-based policy", IDENTITY_POLICY),
    ] {
        check(&format!("with an explicit deny in {policy}"), expected);
        // AWS now names the policy, too.
        check(&format!("with an explicit deny in {policy}: arn:aws:x::1:policy/p"), expected);
    }
}

#[test]
fn what_does_not_allow_is_read_from_the_samples_of_aws() {
    for (policy, expected) in [
        ("identity-based policy", NO_PERMISSION),
        ("service control policy", SERVICE_CONTROL_POLICY),
        ("permissions boundary", PERMISSIONS_BOUNDARY),
        ("session policy", SESSION_POLICY),
        ("VPC endpoint policy", ENDPOINT_POLICY),
        // Within an account the role's policy is enough, so this is another account's.
        ("resource-based policy", UNKNOWN),
    ] {
        check(&format!("because no {policy} allows the s3:GetObject action"), expected);
    }
}

#[test]
fn other_causes_than_iam_policies_are_distinguished() {
    check(
        "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
        BLOCK_PUBLIC_POLICY,
    );
    check(
        "because this bucket has blocked upload requests that specify Server Side Encryption",
        UNKNOWN,
    );
    is("Access Denied", UNKNOWN);
    let of = |action: &str, context: &str| {
        format!("User: arn is not authorized to perform: {action} on resource: arn {context}")
    };
    let (deny, none) = (
        "with an explicit deny in a resource-based policy",
        "because no resource-based policy allows the kms:GenerateDataKey action",
    );
    is(&of("kms:GenerateDataKey", none), KMS);
    is(&of("kms:DescribeKey", deny), KMS);
    is(&of("SNS:Publish", deny), RESOURCE_POLICY);
}

#[test]
fn an_error_ends_with_what_the_denial_means() {
    let error = |code: &str, message: &str| crate::AwsError {
        call: "PutBucketPolicy",
        object: "bucket `reports`".to_owned(),
        kind: crate::Kind::Service(code.to_owned()),
        message: message.to_owned(),
        status: None,
        request_id: Some("4442587FB7D0A2F9".to_owned()),
    };
    let denied = "User: arn is not authorized to perform: s3:PutBucketPolicy on resource: arn \
                  with an explicit deny in a resource-based policy";
    expect_test::expect![[r#"
        PutBucketPolicy on bucket `reports` failed: AccessDenied: User: arn is not authorized to perform: s3:PutBucketPolicy on resource: arn with an explicit deny in a resource-based policy (request 4442587FB7D0A2F9): the bucket policy denies it, also to roles of the account: a principal that it does not deny, or the root user, must change the policy"#]]
    .assert_eq(&error("AccessDenied", denied).to_string());
    assert!(
        error("AccessDenied", "Access Denied").to_string().ends_with("(request 4442587FB7D0A2F9)")
    );
    assert!(error("MalformedPolicy", denied).to_string().ends_with("(request 4442587FB7D0A2F9)"));
}
