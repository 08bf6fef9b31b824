//! One table: principals × conditions.

use serde_json::json;

use super::*;

mod policies;

const CANONICAL: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
const AWS_LOGS: &str = "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0";
const OAI: &str = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE1AB2C";
const ORG: &str = "o-a1b2c3d4e5";

fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

fn trusted() -> Trusted {
    Trusted {
        accounts: ["777788889999".parse().unwrap()].into(),
        organizations: ["o-trusted1234", "o-a1b2c3d4e6/r-ab12/ou-ab12-11111111/*"]
            .map(|path| path.parse().unwrap())
            .into(),
        canonical_ids: ["a".repeat(64).parse().unwrap()].into(),
    }
}

/// A policy of one statement; a principal that is null is left out.
fn policy(principal: &Value, condition: &Value) -> Policy {
    let mut statement = json!({
        "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*",
    });
    for (element, value) in [("Principal", principal), ("Condition", condition)] {
        if !value.is_null() {
            statement[element] = value.clone();
        }
    }
    Policy::new(json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string())
}

/// Each who is let in: the standing, whether it is public, and the name.
fn words(policy: &Policy) -> Vec<String> {
    let admitted = admitted(policy, &account(), &trusted());
    let words = |one: &Admitted| {
        let public = if one.is_public { " public" } else { "" };
        format!("{:?}{public}: {}", one.standing, one.kind)
    };
    admitted.iter().map(words).collect()
}

fn aws(name: &str) -> Value {
    json!({ "AWS": name })
}

fn service(name: &str) -> Value {
    json!({ "Service": format!("{name}.amazonaws.com") })
}

fn equals(key: &str, value: &str) -> Value {
    json!({ "StringEquals": { key: value } })
}

fn like(key: &str, value: &str) -> Value {
    json!({ "StringLike": { key: value } })
}

#[test]
fn every_principal_is_named_for_what_it_is() {
    let none = Value::Null;
    for (principal, expected) in [
        (aws("111122223333"), "Own: account 111122223333"),
        (aws("arn:aws:iam::111122223333:root"), "Own: account 111122223333"),
        (aws("arn:aws:iam::111122223333:role/app"), "Own: arn:aws:iam::111122223333:role/app"),
        (
            aws("arn:aws:sts::111122223333:assumed-role/app/one"),
            "Own: arn:aws:sts::111122223333:assumed-role/app/one",
        ),
        (aws("arn:aws-cn:iam::444455556666:root"), "Outsider: account 444455556666"),
        (aws("444455556666"), "Outsider: account 444455556666"),
        (aws("arn:aws:iam::444455556666:user/eve"), "Outsider: arn:aws:iam::444455556666:user/eve"),
        (aws("777788889999"), "Trusted: account 777788889999"),
        (
            aws("arn:aws:iam::777788889999:role/partner"),
            "Trusted: arn:aws:iam::777788889999:role/partner",
        ),
        (aws("AROAEXAMPLEDELETED01"), "Deleted: deleted role or user AROAEXAMPLEDELETED01"),
        (aws("AIDAEXAMPLEDELETED01"), "Deleted: deleted role or user AIDAEXAMPLEDELETED01"),
        (json!({ "CanonicalUser": CANONICAL }), "Outsider: canonical user 79a59df9…f2be"),
        (aws(CANONICAL), "Outsider: canonical user 79a59df9…f2be"),
        (json!({ "CanonicalUser": "a".repeat(64) }), "Trusted: canonical user aaaaaaaa…aaaa"),
        (
            json!({ "CanonicalUser": AWS_LOGS }),
            "Outsider: CloudFront log delivery (AWS's c4c1ede66af5…)",
        ),
        (
            json!({ "Federated": "arn:aws:iam::444455556666:saml-provider/Partner" }),
            "Outsider: identity provider arn:aws:iam::444455556666:saml-provider/Partner",
        ),
        (
            json!({ "Federated": "arn:aws:iam::111122223333:saml-provider/Okta" }),
            "Own: identity provider arn:aws:iam::111122223333:saml-provider/Okta",
        ),
        // S3's own example of a public policy.
        (
            json!({ "Federated": "graph.facebook.com" }),
            "Outsider public: everyone with an identity of graph.facebook.com",
        ),
        (service("cloudtrail"), "Outsider: AWS service cloudtrail, for any account"),
        (
            json!({ "Service": "delivery.logs.amazonaws.com.cn" }),
            "Outsider: AWS service delivery.logs, for any account",
        ),
        (aws(OAI), "Outsider: CloudFront E2EXAMPLE1AB2C (origin access identity)"),
        (
            aws("arn:aws:iam::127311923021:root"),
            "Outsider: Elastic Load Balancing log delivery (AWS's 127311923021)",
        ),
        (
            aws("arn:aws:iam::193672423079:user/logs"),
            "Outsider: Redshift log delivery (AWS's 193672423079)",
        ),
        (json!("*"), "Outsider public: everyone"),
        (aws("*"), "Outsider public: everyone"),
        (json!({ "AWS": ["*"] }), "Outsider public: everyone"),
        (none.clone(), "Outsider public: everyone"),
        (aws("arn:aws:iam::*:role/app"), "Outsider public: `AWS: arn:aws:iam::*:role/app`"),
        (json!({ "Service": "*" }), "Outsider public: `Service: *`"),
        (json!({ "New": "x" }), "Outsider: `New: x`"),
        (json!({ "AWS": 5 }), "Outsider: 5"),
    ] {
        assert_eq!(words(&policy(&principal, &none)), [expected], "{principal}");
    }
}

#[test]
fn a_condition_counts_as_far_as_it_narrows() {
    let everyone = "Outsider public: everyone";
    let org = format!("Outsider: organization {ORG}");
    let bucket = "arn:aws:s3:::other";
    let trail = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main";
    let any_value = |operator: &str, value: &str| json!({ format!("ForAnyValue:{operator}"): { "aws:PrincipalOrgPaths": value } });
    let address = |values: Value| json!({ "IpAddress": { "aws:SourceIp": values } });
    let all = json!("*");
    let cloudtrail = service("cloudtrail");
    let front = service("cloudfront");
    let distribution = "arn:aws:cloudfront::111122223333:distribution/E1EXAMPLE2XY3Z";
    let distribution_of_other = "arn:aws:cloudfront::444455556666:distribution/E1EXAMPLE2XY3Z";
    for (principal, condition, expected) in [
        // Organizations.
        (&all, equals("aws:PrincipalOrgID", ORG), org.as_str()),
        (&all, equals("AWS:principalorgid", ORG), &org),
        (&all, json!({ "stringequals": { "aws:PrincipalOrgID": [ORG] } }), &org),
        (
            &all,
            equals("aws:PrincipalOrgID", "o-trusted1234"),
            "Trusted: organization o-trusted1234",
        ),
        (&all, like("aws:PrincipalOrgID", ORG), &org),
        (&all, like("aws:PrincipalOrgID", "*"), everyone),
        (&all, like("aws:PrincipalOrgID", "o-*"), everyone),
        (&all, like("aws:PrincipalOrgID", "o-a1b2c3d4e5*"), everyone),
        (&all, json!({ "StringEquals": { "aws:PrincipalOrgID": [ORG, "*"] } }), everyone),
        (&all, json!({ "StringEquals": { "aws:PrincipalOrgID": [] } }), everyone),
        (
            &all,
            equals("aws:PrincipalOrgID", "${aws:ResourceOrgID}"),
            "Outsider public: the account's own organization",
        ),
        (&all, json!({ "StringEqualsIfExists": { "aws:PrincipalOrgID": ORG } }), everyone),
        (&all, json!({ "ForAllValues:StringEquals": { "aws:PrincipalOrgID": ORG } }), everyone),
        (&all, json!({ "ForAnyValue:StringEquals": { "aws:PrincipalOrgID": ORG } }), &org),
        (&all, json!({ "StringNotEquals": { "aws:PrincipalOrgID": ORG } }), everyone),
        (&all, json!({ "Null": { "aws:PrincipalOrgID": "false" } }), everyone),
        (
            &all,
            any_value("StringLike", "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"),
            "Outsider: organization o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*",
        ),
        (
            &all,
            any_value("StringLike", "o-a1b2c3d4e6/r-ab12/ou-ab12-11111111/ou-ab12-22222222/*"),
            "Trusted: organization o-a1b2c3d4e6/r-ab12/ou-ab12-11111111/ou-ab12-22222222/*",
        ),
        (&all, any_value("StringLike", "o-a1b2c3d4e5*"), everyone),
        (&all, any_value("StringLike", "*/r-ab12/*"), everyone),
        (&all, like("aws:PrincipalOrgPaths", "o-a1b2c3d4e5/*"), everyone),
        (
            &all,
            json!({ "ForAllValues:StringLike": { "aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*" } }),
            everyone,
        ),
        // Accounts and identities.
        (&all, equals("aws:PrincipalAccount", "111122223333"), "Own: account 111122223333"),
        (&all, equals("aws:PrincipalAccount", "444455556666"), "Outsider: account 444455556666"),
        (&all, equals("aws:PrincipalAccount", "777788889999"), "Trusted: account 777788889999"),
        (&all, like("aws:PrincipalAccount", "4444*"), everyone),
        (
            &all,
            equals("aws:PrincipalAccount", "${aws:ResourceAccount}"),
            "Own public: account 111122223333",
        ),
        (
            &all,
            json!({ "ArnLike": { "aws:PrincipalArn": "arn:aws:iam::444455556666:role/*" } }),
            "Outsider public: arn:aws:iam::444455556666:role/*",
        ),
        (
            &all,
            json!({ "ArnEquals": { "aws:PrincipalArn": "arn:aws:iam::111122223333:role/app" } }),
            "Own: arn:aws:iam::111122223333:role/app",
        ),
        (&all, json!({ "ArnLike": { "aws:PrincipalArn": "arn:aws:iam::*:role/app" } }), everyone),
        // A plain pattern also matches colons.
        (&all, like("aws:PrincipalArn", "arn:*:111122223333:role/app"), everyone),
        (&all, like("aws:PrincipalArn", "arn:*:iam::111122223333:role/app"), everyone),
        (
            &all,
            equals("aws:userid", "AIDAEXAMPLEUSERID001"),
            "Outsider: the identity with the user id AIDAEXAMPLEUSERID001",
        ),
        (
            &all,
            like("aws:userid", "AROAEXAMPLEROLEID001:*"),
            "Outsider public: the identity with the user id AROAEXAMPLEROLEID001:*",
        ),
        (&all, like("aws:userid", "*:session"), everyone),
        (
            &aws("444455556666"),
            equals("aws:PrincipalOrgID", "o-trusted1234"),
            "Trusted: organization o-trusted1234",
        ),
        (&aws("444455556666"), equals("aws:PrincipalOrgID", ORG), "Outsider: account 444455556666"),
        // Sources of services.
        (
            &cloudtrail,
            equals("aws:SourceAccount", "111122223333"),
            "Limited: AWS service cloudtrail, for account 111122223333",
        ),
        (
            &cloudtrail,
            equals("aws:SourceAccount", "444455556666"),
            "Outsider: AWS service cloudtrail, for account 444455556666",
        ),
        (
            &cloudtrail,
            json!({ "StringEquals": { "aws:SourceAccount": ["111122223333", "444455556666"] } }),
            "Outsider: AWS service cloudtrail, for account 111122223333, account 444455556666",
        ),
        (
            &cloudtrail,
            equals("aws:SourceArn", trail),
            "Limited: AWS service cloudtrail, for `cloudtrail trail/main` of account 111122223333",
        ),
        (
            &cloudtrail,
            json!({ "ArnLike": { "aws:SourceArn": "arn:aws:logs:*:111122223333:*" } }),
            "Limited: AWS service cloudtrail, for `logs` of account 111122223333",
        ),
        (
            &cloudtrail,
            like("aws:SourceArn", "arn:aws:logs:*:111122223333:*"),
            "Outsider: AWS service cloudtrail, for any account",
        ),
        (
            &cloudtrail,
            json!({ "ArnLike": { "aws:SourceArn": "arn:aws:cloudtrail:*:*:trail/*" } }),
            "Outsider: AWS service cloudtrail, for any account",
        ),
        (
            &cloudtrail,
            json!({ "StringEqualsIfExists": { "aws:SourceAccount": "111122223333" } }),
            "Outsider: AWS service cloudtrail, for any account",
        ),
        (
            &cloudtrail,
            equals("aws:SourceOrgID", "o-trusted1234"),
            "Trusted: AWS service cloudtrail, for organization o-trusted1234",
        ),
        (
            &cloudtrail,
            equals("aws:SourceOrgID", ORG),
            "Outsider: AWS service cloudtrail, for organization o-a1b2c3d4e5",
        ),
        (
            &service("s3"),
            json!({ "ArnLike": { "aws:SourceArn": bucket } }),
            "Outsider: AWS service s3, for arn:aws:s3:::other",
        ),
        (
            &service("s3"),
            json!({
                "ArnLike": { "aws:SourceArn": bucket },
                "StringEquals": { "aws:SourceAccount": "111122223333" },
            }),
            "Limited: AWS service s3, for account 111122223333",
        ),
        (
            &front,
            equals("AWS:SourceArn", distribution),
            "Limited: CloudFront distribution E1EXAMPLE2XY3Z of account 111122223333",
        ),
        (
            &front,
            equals("AWS:SourceArn", distribution_of_other),
            "Outsider: CloudFront distribution E1EXAMPLE2XY3Z of account 444455556666",
        ),
        (
            &all,
            equals("aws:SourceAccount", "111122223333"),
            "Limited: AWS services, for account 111122223333",
        ),
        (
            &all,
            json!({ "Bool": { "aws:PrincipalIsAWSService": "true" } }),
            "Outsider public: AWS services, for any account",
        ),
        (&all, json!({ "Bool": { "aws:PrincipalIsAWSService": "false" } }), everyone),
        // The key is in requests of services only, so it does not make the account another one.
        (
            &aws("444455556666"),
            equals("aws:SourceAccount", "111122223333"),
            "Outsider: account 444455556666",
        ),
        // Access points.
        (
            &all,
            equals("s3:DataAccessPointAccount", "111122223333"),
            "Limited: access points of account 111122223333",
        ),
        (
            &all,
            equals("s3:DataAccessPointAccount", "444455556666"),
            "Outsider: access points of account 444455556666",
        ),
        (
            &all,
            like("s3:DataAccessPointArn", "arn:aws:s3:us-west-2:111122223333:accesspoint/*"),
            "Limited: access points of account 111122223333",
        ),
        (
            &all,
            json!({ "ArnLike": { "s3:DataAccessPointArn": "arn:aws:s3:*:111122223333:accesspoint/*" } }),
            "Limited public: access points of account 111122223333",
        ),
        (&all, like("s3:DataAccessPointArn", "arn:aws:s3:us-west-2:*:accesspoint/*"), everyone),
        (
            &aws("444455556666"),
            equals("s3:DataAccessPointAccount", "111122223333"),
            "Outsider: account 444455556666",
        ),
        // Networks.
        (
            &all,
            equals("aws:SourceVpce", "vpce-1a2b3c4d"),
            "Outsider: everyone, limited to VPC endpoint vpce-1a2b3c4d",
        ),
        (
            &all,
            equals("aws:SourceVpc", "vpc-91237329"),
            "Outsider: everyone, limited to VPC vpc-91237329",
        ),
        (&all, like("aws:SourceVpc", "vpc-*"), everyone),
        (&all, like("aws:SourceVpce", "*"), everyone),
        (&all, json!({ "StringNotEquals": { "aws:SourceVpce": "vpce-1a2b3c4d" } }), everyone),
        (&all, json!({ "StringEqualsIfExists": { "aws:SourceVpce": "vpce-1a" } }), everyone),
        (&all, address(json!("0.0.0.0/0")), everyone),
        (&all, address(json!("0.0.0.0/1")), "Outsider public: everyone, limited to 0.0.0.0/1"),
        (&all, address(json!("1.0.0.0/7")), "Outsider public: everyone, limited to 1.0.0.0/7"),
        (&all, address(json!(["203.0.113.0/24", "::/0"])), everyone),
        (
            &all,
            address(json!(["203.0.113.0/24", "2001::/16"])),
            "Outsider public: everyone, limited to one of 203.0.113.0/24, 2001::/16",
        ),
        (&all, address(json!("172.16.0.0/12")), "Outsider: everyone, limited to 172.16.0.0/12"),
        (
            &all,
            address(json!(["198.51.100.0/24", "2001:db8:1234::/48"])),
            "Outsider: everyone, limited to one of 198.51.100.0/24, 2001:db8:1234::/48",
        ),
        (&all, address(json!("office")), everyone),
        (&all, json!({ "NotIpAddress": { "aws:SourceIp": "203.0.113.0/24" } }), everyone),
        (&all, equals("aws:SourceIp", "203.0.113.7"), everyone),
        (
            &all,
            json!({ "IpAddress": { "aws:VpcSourceIp": "10.1.2.3/32" } }),
            "Outsider public: everyone, limited to 10.1.2.3/32",
        ),
        // What says nothing of the caller.
        (&all, json!({ "Bool": { "aws:SecureTransport": "true" } }), everyone),
        (&all, equals("aws:Referer", "https://example.com"), everyone),
        (&all, equals("s3:x-amz-server-side-encryption-aws-kms-key-id", "key"), everyone),
        (&all, json!({ "New": { "aws:PrincipalOrgID": ORG } }), everyone),
        // Several tests all have to pass.
        (
            &all,
            json!({
                "StringEquals": { "aws:PrincipalOrgID": ORG, "aws:PrincipalAccount": "777788889999" },
            }),
            "Trusted: account 777788889999",
        ),
        (
            &all,
            json!({
                "IpAddress": { "aws:SourceIp": "0.0.0.0/1" },
                "StringEquals": { "aws:SourceVpce": "vpce-1a2b3c4d" },
            }),
            "Outsider: everyone, limited to 0.0.0.0/1 and VPC endpoint vpce-1a2b3c4d",
        ),
    ] {
        assert_eq!(words(&policy(principal, &condition)), [expected], "{principal} {condition}");
    }
}
