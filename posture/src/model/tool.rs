//! With what somebody made a call: as far as the event shows it.

use std::fmt;

/// A tool that changes buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    /// Terraform, or its twin `OpenTofu`.
    Terraform,
    /// AWS CloudFormation, also for the CDK, SAM and the Serverless Framework.
    CloudFormation,
    /// Pulumi.
    Pulumi,
    /// AWS's console.
    Console,
    /// The AWS CLI.
    Cli,
    /// A program with one of AWS's SDKs, or anything else.
    Sdk,
}

/// What an event says of the program that made a call. What it does not say is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Client<'a> {
    /// `userAgent`: the program's own word, often in brackets.
    pub user_agent: &'a str,
    /// `userIdentity.invokedBy`: the AWS service that acted for somebody.
    pub invoked_by: &'a str,
    /// `sourceIPAddress`: an address, or the AWS service.
    pub source_ip: &'a str,
    /// `sessionCredentialFromConsole`: whether the credentials are those of a session in the console.
    pub from_console: bool,
}

impl Tool {
    /// Tells the tool from what an event says of the program.
    ///
    /// Anybody can write anything into a user agent. So the answer decides what is told, and what waits for some
    /// seconds; it exempts nobody from anything.
    pub fn of(client: &Client<'_>) -> Self {
        const SERVICE: &str = "cloudformation.amazonaws.com";
        let agent = client.user_agent.trim_start_matches('[');
        if [agent.trim_end_matches(']'), client.invoked_by, client.source_ip].contains(&SERVICE) {
            return Self::CloudFormation;
        }
        // Pulumi's provider is made of Terraform's, and may name both.
        if agent.contains("Pulumi") {
            return Self::Pulumi;
        }
        if ["Terraform/", "OpenTofu/", "terraform-provider-aws"].iter().any(|n| agent.contains(n)) {
            return Self::Terraform;
        }
        // CloudShell, in the console: it is the command line all the same.
        if agent.starts_with("aws-cli/") {
            return Self::Cli;
        }
        let of_console = ["S3Console/", "Mozilla/", "console.amazonaws.com"];
        if client.from_console || of_console.iter().any(|name| agent.starts_with(name)) {
            return Self::Console;
        }
        Self::Sdk
    }

    /// Whether it makes a bucket from a description, with many calls one after the other.
    pub const fn is_iac(self) -> bool {
        match self {
            Self::Terraform | Self::CloudFormation | Self::Pulumi => true,
            Self::Console | Self::Cli | Self::Sdk => false,
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Terraform => "Terraform",
            Self::CloudFormation => "CloudFormation",
            Self::Pulumi => "Pulumi",
            Self::Console => "the AWS console",
            Self::Cli => "the AWS CLI",
            Self::Sdk => "an AWS SDK",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_known_by_its_user_agent() {
        let check = |user_agent: &str, tool: Tool| {
            let client = Client { user_agent, source_ip: "192.0.2.1", ..Client::default() };
            assert_eq!(Tool::of(&client), tool, "{user_agent}");
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
        for client in [
            Client { user_agent: service, ..Client::default() },
            Client { user_agent: "[cloudformation.amazonaws.com]", ..Client::default() },
            Client { invoked_by: service, user_agent: "aws-cli/2.31.0", ..Client::default() },
            Client { source_ip: service, ..Client::default() },
        ] {
            assert_eq!(Tool::of(&client), Tool::CloudFormation, "{client:?}");
        }
    }

    #[test]
    fn the_consoles_session_is_the_console_unless_it_is_a_command_line_there() {
        let of =
            |user_agent| Tool::of(&Client { user_agent, from_console: true, ..Client::default() });
        assert_eq!(of("aws-internal/3"), Tool::Console);
        assert_eq!(of("aws-cli/2.31.0 exec-env/CloudShell"), Tool::Cli);
        assert_eq!(of("APN/1.0 HashiCorp/1.0 Terraform/1.9.5"), Tool::Terraform);
    }
}
