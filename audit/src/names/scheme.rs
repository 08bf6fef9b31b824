//! Names that AWS services and tools make: known to everyone who knows the account and the Region.
//!
//! Sources: "Bucket Monopoly" (Aqua Security, 2024); AWS CDK v2 Developer Guide, "Bootstrapping"; the documentation of the
//! services named.

/// A scheme of names. `{account}` and `{region}` stand for what they say, `{hash}` for characters that a stranger does not
/// know but that are the same in all Regions, and `{random}` for characters that are not found by guessing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scheme {
    /// The service or tool.
    pub(super) service: &'static str,
    /// The form of the names.
    pub(super) form: &'static str,
}

const fn scheme(service: &'static str, form: &'static str) -> Scheme {
    Scheme { service, form }
}

/// The schemes.
pub(super) const SCHEMES: [Scheme; 23] = [
    scheme("AWS CDK", "cdk-{qualifier}-assets-{account}-{region}"),
    scheme("AWS Glue", "aws-glue-assets-{account}-{region}"),
    scheme("AWS Glue", "aws-glue-scripts-{account}-{region}"),
    scheme("AWS Glue", "aws-glue-temporary-{account}-{region}"),
    scheme("Amazon EMR Studio", "aws-emr-studio-{account}-{region}"),
    scheme("Amazon EMR", "aws-logs-{account}-{region}"),
    scheme("Amazon SageMaker", "sagemaker-{region}-{account}"),
    scheme("AWS CodeStar", "aws-codestar-{region}-{account}"),
    scheme("AWS CloudFormation", "cf-templates-{hash}-{region}"),
    scheme("Amazon Athena", "aws-athena-query-results-{account}-{region}"),
    scheme("Amazon Athena", "aws-athena-query-results-{region}-{account}"),
    scheme("Amazon CloudWatch Synthetics", "cw-syn-results-{account}-{region}"),
    scheme("AWS Elastic Beanstalk", "elasticbeanstalk-{region}-{account}"),
    scheme("AWS Config", "config-bucket-{account}"),
    scheme("AWS Control Tower", "aws-controltower-logs-{account}-{region}"),
    scheme("AWS Control Tower", "aws-controltower-s3-access-logs-{account}-{region}"),
    scheme("Landing Zone Accelerator", "aws-accelerator-s3-access-logs-{account}-{region}"),
    scheme("Landing Zone Accelerator", "aws-accelerator-central-logs-{account}-{region}"),
    scheme("AWS CloudTrail", "aws-cloudtrail-logs-{account}-{random}"),
    scheme("AWS CodePipeline", "codepipeline-{region}-{random}"),
    scheme("Amazon DataZone", "amazon-datazone-{account}-{region}-{random}"),
    scheme("Amazon SageMaker Studio", "sagemaker-studio-{account}-{random}"),
    scheme("Amazon SageMaker Studio", "sagemaker-studio-{region}-{random}"),
];

impl Scheme {
    /// The scheme of a name.
    pub(super) fn of(name: &str) -> Option<Self> {
        SCHEMES.into_iter().find(|scheme| matches(scheme.form, name))
    }

    /// Whether others can know the name before it is used.
    pub(super) fn is_known(self) -> bool {
        !self.form.contains("{random}")
    }
}

fn matches(form: &str, name: &str) -> bool {
    let Some((fixed, rest)) = form.split_once('{') else { return form == name };
    let Some((hole, form)) = rest.split_once('}') else { return false };
    let Some(name) = name.strip_prefix(fixed) else { return false };
    (1..=name.len())
        .filter(|end| name.is_char_boundary(*end))
        .any(|end| fills(hole, &name[..end]) && matches(form, &name[end..]))
}

fn fills(hole: &str, text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    match hole {
        "account" => text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()),
        "region" => super::region::is_region(text),
        // A qualifier of the CDK has at most ten characters.
        "qualifier" => is_plain && text.len() <= 10,
        "hash" => is_plain && text.len() == 12,
        "random" => is_plain && text.len() >= 8,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_scheme_of_its_service() {
        for (name, service) in [
            ("cdk-hnb659fds-assets-111122223333-eu-west-1", Some("AWS CDK")),
            ("cdk-acme-assets-111122223333-us-gov-west-1", Some("AWS CDK")),
            ("sagemaker-eu-west-1-111122223333", Some("Amazon SageMaker")),
            ("cf-templates-ykqrske062o9-us-east-1", Some("AWS CloudFormation")),
            ("aws-athena-query-results-eu-west-1-111122223333", Some("Amazon Athena")),
            ("aws-athena-query-results-111122223333-eu-west-1", Some("Amazon Athena")),
            ("aws-cloudtrail-logs-111122223333-0a1b2c3d", Some("AWS CloudTrail")),
            ("config-bucket-111122223333", Some("AWS Config")),
            ("config-bucket-1111222233334", None),
            ("cdk-hnb659fds-assets-111122223333-eu-west-1-old", None),
            ("my-cdk-hnb659fds-assets-111122223333-eu-west-1", None),
            ("sagemaker-somewhere-111122223333", None),
            ("", None),
        ] {
            assert_eq!(Scheme::of(name).map(|one| one.service), service, "{name}");
        }
        let known = |name| Scheme::of(name).unwrap().is_known();
        assert!(known("aws-logs-111122223333-eu-west-1"));
        assert!(!known("codepipeline-eu-west-1-123456789012"));
    }
}
