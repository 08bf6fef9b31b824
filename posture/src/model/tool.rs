//! The tool that made a call, as far as the event shows it.

use crate::text::named::named;

/// A tool that changes buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    /// Terraform, or its twin `OpenTofu`.
    Terraform,
    /// AWS CloudFormation, also for the CDK, SAM and the Serverless Framework.
    CloudFormation,
    /// Pulumi.
    Pulumi,
    /// The AWS console.
    Console,
    /// The AWS CLI.
    Cli,
    /// An AWS service that acts with the rights of a principal, such as log delivery.
    Service,
    /// A program with an AWS SDK, or anything else.
    Sdk,
}

impl Tool {
    /// Recognizes the tool of a call; what its event does not say is empty.
    ///
    /// `user_agent` is the program's own word, often in brackets; `services` are `userIdentity.invokedBy` and
    /// `sourceIPAddress`, of which either can name the AWS service that acted. Anybody can write anything into a user agent.
    /// So the answer affects only what is reported, and what is delayed for some seconds.
    pub fn of(user_agent: &str, services: [&str; 2], is_console_session: bool) -> Self {
        const SERVICE: &str = "cloudformation.amazonaws.com";
        let agent = user_agent.trim_start_matches('[');
        if agent.trim_end_matches(']') == SERVICE || services.contains(&SERVICE) {
            return Self::CloudFormation;
        }
        // AWS itself writes these fields.
        if services.iter().any(|name| is_service(name)) {
            return Self::Service;
        }
        // Pulumi's provider is based on Terraform's, and may name both.
        if agent.contains("Pulumi") {
            return Self::Pulumi;
        }
        if ["Terraform/", "OpenTofu/", "terraform-provider-aws"].iter().any(|n| agent.contains(n)) {
            return Self::Terraform;
        }
        // Also CloudShell, which runs in the console.
        if agent.starts_with("aws-cli/") {
            return Self::Cli;
        }
        let of_console = ["S3Console/", "Mozilla/", "console.amazonaws.com"];
        if is_console_session || of_console.iter().any(|name| agent.starts_with(name)) {
            return Self::Console;
        }
        Self::Sdk
    }

    /// Whether it is an infrastructure-as-code tool, which makes many calls for one bucket.
    pub const fn is_iac(self) -> bool {
        matches!(self, Self::Terraform | Self::CloudFormation | Self::Pulumi)
    }
}

/// Whether it is the name of an AWS service, as `delivery.logs.amazonaws.com`.
pub(crate) fn is_service(name: &str) -> bool {
    let name = name.strip_suffix(".cn").unwrap_or(name);
    name.ends_with(".amazonaws.com") && !name.starts_with('.')
}

named! {
    Tool:
    Terraform = "Terraform",
    CloudFormation = "CloudFormation",
    Pulumi = "Pulumi",
    Console = "the AWS console",
    Cli = "the AWS CLI",
    Service = "an AWS service",
    Sdk = "an AWS SDK",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_known_by_its_user_agent() {
        let check = |user_agent: &str, tool: Tool| {
            assert_eq!(Tool::of(user_agent, ["", "192.0.2.1"], false), tool, "{user_agent}");
        };
        check(
            "APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.70.0 \
             (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.31.0 ua/2.1 os/linux lang/go#1.22.7",
            Tool::Terraform,
        );
        check(
            "[APN/1.0 HashiCorp/1.0 Terraform/0.12.29 (+https://www.terraform.io)]",
            Tool::Terraform,
        );
        check("APN/1.0 HashiCorp/1.0 OpenTofu/1.6.0", Tool::Terraform);
        check("APN/1.0 HashiCorp/1.0 Packer/1.11.2 (+https://www.packer.io/)", Tool::Sdk);
        check(
            "APN/1.0 Pulumi/1.0 PulumiAWS/6.52.0 (+https://www.pulumi.com) terraform-provider-aws/5.70.0",
            Tool::Pulumi,
        );
        check("APN/1.0 Pulumi/1.0 PulumiAwsNative/1.12", Tool::Pulumi);
        check(
            "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.750 Linux/5.10.226-192.879.amzn2int.x86_64]",
            Tool::Console,
        );
        check("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36", Tool::Console);
        check("[Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)]", Tool::Console);
        check("[aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.8 md/command#s3.mb]", Tool::Cli);
        check("aws-cli/1.16.301 Python/3.6.9 Linux/5.4 botocore/1.13.37", Tool::Cli);
        check("[Boto3/1.35.0 md/Botocore#1.35.0 ua/2.0 os/linux]", Tool::Sdk);
        check("config.amazonaws.com", Tool::Sdk);
        check("", Tool::Sdk);
    }

    #[test]
    fn cloudformation_is_known_by_any_of_three_fields() {
        let service = "cloudformation.amazonaws.com";
        for (user_agent, services) in [
            (service, ["", ""]),
            ("[cloudformation.amazonaws.com]", ["", ""]),
            ("aws-cli/2.31.0", [service, ""]),
            ("", ["", service]),
        ] {
            assert_eq!(Tool::of(user_agent, services, false), Tool::CloudFormation, "{services:?}");
        }
    }

    #[test]
    fn a_service_is_known_by_what_aws_writes_and_not_by_the_user_agent() {
        let logs = "delivery.logs.amazonaws.com";
        for services in [[logs, "192.0.2.1"], ["", logs], ["", "logs.amazonaws.com.cn"]] {
            assert_eq!(Tool::of("aws-cli/2.31.0", services, false), Tool::Service, "{services:?}");
        }
        for services in [["", "192.0.2.1"], ["", ".amazonaws.com"], ["AWS Internal", ""]] {
            assert_eq!(Tool::of(logs, services, false), Tool::Sdk, "{services:?}");
        }
    }

    #[test]
    fn the_consoles_session_is_the_console_unless_it_is_a_command_line_there() {
        let of = |user_agent| Tool::of(user_agent, ["", ""], true);
        assert_eq!(of("aws-internal/3"), Tool::Console);
        assert_eq!(of("aws-cli/2.31.0 exec-env/CloudShell"), Tool::Cli);
        assert_eq!(of("APN/1.0 HashiCorp/1.0 Terraform/1.9.5"), Tool::Terraform);
    }
}
