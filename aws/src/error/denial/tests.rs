use super::*;

fn check(context: &str, expected: Denial) {
    let message = format!(
        "User: arn:aws:iam::123456789012:user/MaryMajor is not authorized to perform: s3:GetObject on resource: \
         \"arn:aws:s3:::amzn-s3-demo-bucket1/object-name\" {context}"
    );
    assert_eq!(read(&message), expected, "{context}");
}

#[test]
fn what_denies_is_read_from_the_samples_of_aws() {
    for (policy, expected) in [
        ("a resource-based policy", Denial::BucketPolicy),
        ("a service control policy", Denial::ServiceControlPolicy),
        ("a resource control policy", Denial::ResourceControlPolicy),
        ("a permissions boundary", Denial::PermissionsBoundary),
        ("a session policy", Denial::SessionPolicy),
        ("a sessions policy", Denial::SessionPolicy),
        ("a VPC endpoint policy", Denial::EndpointPolicy),
        (
            "a VPC endpoint policy transitively through a service control policy",
            Denial::EndpointPolicy,
        ),
        ("an identity-based policy", Denial::IdentityPolicy),
    ] {
        check(&format!("with an explicit deny in {policy}"), expected);
        // By now AWS names the policy, too.
        check(&format!("with an explicit deny in {policy}: arn:aws:x::1:policy/p"), expected);
    }
}

#[test]
fn what_does_not_allow_is_read_from_the_samples_of_aws() {
    for (policy, expected) in [
        ("identity-based policy", Denial::NoPermission),
        ("service control policy", Denial::ServiceControlPolicy),
        ("permissions boundary", Denial::PermissionsBoundary),
        ("session policy", Denial::SessionPolicy),
        ("VPC endpoint policy", Denial::EndpointPolicy),
        // In the own account the role's policy is enough, so this is another's.
        ("resource-based policy", Denial::Unknown),
    ] {
        check(&format!("because no {policy} allows the s3:GetObject action"), expected);
    }
}

#[test]
fn what_is_not_a_matter_of_permissions_is_told_apart() {
    check(
        "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
        Denial::BlockPublicPolicy,
    );
    check(
        "because this bucket has blocked upload requests that specify Server Side Encryption",
        Denial::Unknown,
    );
    assert_eq!(read("Access Denied"), Denial::Unknown);
    let of = |action: &str, context: &str| {
        read(&format!(
            "User: arn is not authorized to perform: {action} on resource: arn {context}"
        ))
    };
    let (deny, none) = (
        "with an explicit deny in a resource-based policy",
        "because no resource-based policy allows the kms:GenerateDataKey action",
    );
    assert_eq!(of("kms:GenerateDataKey", none), Denial::Kms);
    assert_eq!(of("kms:DescribeKey", deny), Denial::Kms);
    assert_eq!(of("SNS:Publish", deny), Denial::ResourcePolicy);
}

#[test]
fn an_error_ends_with_what_the_denial_means() {
    let error = |code: &str, message: &str| crate::AwsError {
        call: "PutBucketPolicy",
        object: "bucket `reports`".to_owned(),
        kind: crate::Kind::Service(code.to_owned()),
        message: message.to_owned(),
        request_id: Some("4442587FB7D0A2F9".to_owned()),
    };
    let denied = "User: arn is not authorized to perform: s3:PutBucketPolicy on resource: arn \
                  with an explicit deny in a resource-based policy";
    expect_test::expect![[r#"
        PutBucketPolicy on bucket `reports` failed: AccessDenied: User: arn is not authorized to perform: s3:PutBucketPolicy on resource: arn with an explicit deny in a resource-based policy (request 4442587FB7D0A2F9): the bucket's policy denies it, also to the account's own roles: somebody whom it does not deny has to change it, at worst the account's root user"#]]
    .assert_eq(&error("AccessDenied", denied).to_string());
    assert!(
        error("AccessDenied", "Access Denied").to_string().ends_with("(request 4442587FB7D0A2F9)")
    );
    assert_eq!(error("MalformedPolicy", denied).denial(), None);
}
