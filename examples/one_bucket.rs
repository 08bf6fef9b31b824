//! A stack of your own, written with the typed model: a private bucket, and a role that may read from it.
//!
//! Run it with `cargo run --package s3guard-synth --example one_bucket`.

#![expect(clippy::print_stdout, reason = "an example shows its result")]

use s3guard_synth::{
    cfn::{
        Attributes, LogicalId, Output, PolicyDocument, RenderError, Statement, Sub, Template, Test,
        Value, kind::AnyArn,
    },
    resources::{
        iam::{ManagedPolicy, Role},
        s3::{Bucket, BucketPolicy, Encryption},
    },
};

// Logical ids must not change: CloudFormation replaces a resource whose id is new.
const BUCKET: LogicalId = LogicalId::new("Reports");
const BUCKET_POLICY: LogicalId = LogicalId::new("ReportsPolicy");
const READ: LogicalId = LogicalId::new("ReadReports");
const READER: LogicalId = LogicalId::new("Reader");
const BUCKET_NAME: LogicalId = LogicalId::new("BucketName");

fn main() -> Result<(), RenderError> {
    print!("{}", stack().to_yaml()?);
    Ok(())
}

fn stack() -> Template {
    let mut template = Template::new("Reports, and who reads them.");

    let bucket = Bucket {
        name: None,
        encryption: Encryption::SseS3,
        lifecycle: Vec::new(),
        logging: None,
        object_lock: None,
    };
    // The handle is the only way to name the bucket: without it, nothing below compiles.
    let bucket = template.add_with(BUCKET, Attributes::retained("The reports."), bucket);
    let objects: Value<AnyArn> = Sub::new().value(&bucket.arn()).text("/*").into();

    let all = [bucket.arn().into(), objects.clone()];
    let without_tls = Statement::deny("TlsOnly", "s3:*", all, Test::without_tls());
    let policy_document = PolicyDocument::new([without_tls]);
    template.add(BUCKET_POLICY, BucketPolicy { bucket: bucket.name(), policy_document });

    let reader = Role {
        assume_role_policy_document: PolicyDocument::new([Statement::trust(
            "lambda.amazonaws.com",
        )]),
        path: None,
        permissions_boundary: None,
    };
    let reader = template.add(READER, reader);
    let policy_document =
        PolicyDocument::new([Statement::allow("Read", ["s3:GetObject"], [objects])]);
    let roles = vec![reader.name()];
    template.add(READ, ManagedPolicy { policy_document, description: None, path: None, roles });

    template.output(BUCKET_NAME, Output::new("Where the reports are", bucket.name()));
    template
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    #[test]
    fn the_stack_is_this() {
        expect![[r#"
            AWSTemplateFormatVersion: '2010-09-09'
            Description: Reports, and who reads them.
            Resources:
              Reports:
                Type: AWS::S3::Bucket
                DeletionPolicy: RetainExceptOnCreate
                UpdateReplacePolicy: Retain
                Metadata:
                  com.aws.cloudformation.Context:
                    why: The reports.
                Properties:
                  BucketEncryption:
                    ServerSideEncryptionConfiguration:
                      - ServerSideEncryptionByDefault:
                          SSEAlgorithm: AES256
                        BucketKeyEnabled: false
                        BlockedEncryptionTypes:
                          EncryptionType:
                            - SSE-C
                  PublicAccessBlockConfiguration:
                    BlockPublicAcls: true
                    BlockPublicPolicy: true
                    IgnorePublicAcls: true
                    RestrictPublicBuckets: true
                  OwnershipControls:
                    Rules:
                      - ObjectOwnership: BucketOwnerEnforced
                  VersioningConfiguration:
                    Status: Enabled
              ReportsPolicy:
                Type: AWS::S3::BucketPolicy
                DeletionPolicy: Delete
                UpdateReplacePolicy: Delete
                Properties:
                  Bucket: !Ref Reports
                  PolicyDocument:
                    Version: '2012-10-17'
                    Statement:
                      - Sid: TlsOnly
                        Effect: Deny
                        Principal: '*'
                        Action: s3:*
                        Resource:
                          - !GetAtt Reports.Arn
                          - !Sub ${Reports.Arn}/*
                        Condition:
                          Bool:
                            aws:SecureTransport: false
              Reader:
                Type: AWS::IAM::Role
                DeletionPolicy: Delete
                UpdateReplacePolicy: Delete
                Properties:
                  AssumeRolePolicyDocument:
                    Version: '2012-10-17'
                    Statement:
                      - Effect: Allow
                        Principal:
                          Service: lambda.amazonaws.com
                        Action: sts:AssumeRole
              ReadReports:
                Type: AWS::IAM::ManagedPolicy
                DeletionPolicy: Delete
                UpdateReplacePolicy: Delete
                Properties:
                  PolicyDocument:
                    Version: '2012-10-17'
                    Statement:
                      - Sid: Read
                        Effect: Allow
                        Action: s3:GetObject
                        Resource: !Sub ${Reports.Arn}/*
                  Roles:
                    - !Ref Reader
            Outputs:
              BucketName:
                Description: Where the reports are
                Value: !Ref Reports
        "#]]
        .assert_eq(&super::stack().to_yaml().unwrap());
    }
}
