use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::model::setting::{
    AccessLogs, Algorithm, Notifications, Ownership, PublicAccessBlock, SettingKind, Versioning,
};

mod rules;

const IAC: [Tool; 2] = [Tool::Terraform, Tool::CloudFormation];

fn bucket(name: &str) -> BucketId {
    BucketId {
        name: name.parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    }
}

/// The settings of the grade "security", with a foreign statement in the policy.
fn setting(kind: SettingKind) -> Setting {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    match kind {
        SettingKind::Policy => {
            let theirs = serde_json::json!({ "Statement": { "Sid": "Theirs", "Effect": "Allow" } });
            let wanted = [tls::Denied::PlainHttp, tls::Denied::OldTls];
            let merged = tls::merged(Some(&theirs), &wanted, &bucket("reports")).unwrap();
            Setting::Policy(Some(merged.to_string()))
        }
        SettingKind::PublicAccessBlock => Setting::PublicAccessBlock(Some(PublicAccessBlock::ALL)),
        SettingKind::Encryption => Setting::Encryption(Some(Encryption {
            algorithm: Algorithm::Kms(Key::Named(key.to_owned())),
            bucket_key: true,
            sse_c: SseC::Blocked,
        })),
        SettingKind::Ownership => Setting::Ownership(Some(Ownership::BucketOwnerEnforced)),
        SettingKind::Versioning => {
            Setting::Versioning(Some(Versioning { enabled: true, mfa_delete: false }))
        }
        SettingKind::AccessLogs => Setting::AccessLogs(Some(AccessLogs {
            target_bucket: "s3guard-logs".to_owned(),
            target_prefix: "reports/".to_owned(),
        })),
        SettingKind::Notifications => {
            let empty = Notifications {
                xml: "<NotificationConfiguration/>".to_owned(),
                elements: Vec::new(),
            };
            Setting::Notifications(empty.with_event_bridge().unwrap())
        }
        SettingKind::AccountPublicAccessBlock => {
            Setting::AccountPublicAccessBlock(Some(PublicAccessBlock::ALL))
        }
    }
}

fn lines(tool: Tool, set: Setting) -> Option<String> {
    snippet(tool, &bucket("reports"), &Action { set, aspects: Vec::new() })
}

fn all(tool: Tool) -> String {
    let each = |kind| lines(tool, setting(kind)).map(|lines| format!("{lines}\n"));
    let texts: Vec<String> = SettingKind::ALL.into_iter().filter_map(each).collect();
    assert_eq!(texts.len(), SettingKind::ALL.len() - 1, "all but the account's block");
    texts.join("\n")
}

fn check(text: &str, expected: &Expect) {
    expected.assert_eq(text);
}

#[test]
fn terraform_gets_resources() {
    check(
        &all(Tool::Terraform),
        &expect![[r#"
            resource "aws_s3_bucket_policy" "reports" {
              bucket = "reports"

              # beside the statements that the policy has already
              policy = jsonencode({
                "Version": "2012-10-17",
                "Statement": [
                  {
                    "Sid": "S3GuardTlsOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [
                      "arn:aws:s3:::reports",
                      "arn:aws:s3:::reports/*"
                    ],
                    "Condition": {
                      "Bool": {
                        "aws:SecureTransport": "false"
                      }
                    }
                  },
                  {
                    "Sid": "S3GuardTls12",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [
                      "arn:aws:s3:::reports",
                      "arn:aws:s3:::reports/*"
                    ],
                    "Condition": {
                      "NumericLessThan": {
                        "s3:TlsVersion": "1.2"
                      }
                    }
                  }
                ]
              })
            }

            resource "aws_s3_bucket_public_access_block" "reports" {
              bucket = "reports"

              block_public_acls       = true
              ignore_public_acls      = true
              block_public_policy     = true
              restrict_public_buckets = true
            }

            resource "aws_s3_bucket_server_side_encryption_configuration" "reports" {
              bucket = "reports"

              rule {
                bucket_key_enabled = true
                # needs the provider 6.22 or newer
                blocked_encryption_types = ["SSE-C"]
                apply_server_side_encryption_by_default {
                  sse_algorithm     = "aws:kms"
                  kms_master_key_id = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
                }
              }
            }

            resource "aws_s3_bucket_ownership_controls" "reports" {
              bucket = "reports"

              rule {
                object_ownership = "BucketOwnerEnforced"
              }
            }

            resource "aws_s3_bucket_versioning" "reports" {
              bucket = "reports"

              versioning_configuration {
                status = "Enabled"
              }
            }

            resource "aws_s3_bucket_logging" "reports" {
              bucket = "reports"

              target_bucket = "s3guard-logs"
              target_prefix = "reports/"
            }

            resource "aws_s3_bucket_notification" "reports" {
              bucket = "reports"

              # beside the queues, topics and functions that it has already
              eventbridge = true
            }
        "#]],
    );
}

#[test]
fn cloudformation_gets_properties_and_the_cdks_names_of_them() {
    check(
        &all(Tool::CloudFormation),
        &expect![[r##"
            # with the CDK: enforceSSL: true, minimumTLSVersion: 1.2
            Type: AWS::S3::BucketPolicy
            Properties:
              Bucket: "reports"
              PolicyDocument: {
                  "Version": "2012-10-17",
                  "Statement": [
                    {
                      "Sid": "S3GuardTlsOnly",
                      "Effect": "Deny",
                      "Principal": "*",
                      "Action": "s3:*",
                      "Resource": [
                        "arn:aws:s3:::reports",
                        "arn:aws:s3:::reports/*"
                      ],
                      "Condition": {
                        "Bool": {
                          "aws:SecureTransport": "false"
                        }
                      }
                    },
                    {
                      "Sid": "S3GuardTls12",
                      "Effect": "Deny",
                      "Principal": "*",
                      "Action": "s3:*",
                      "Resource": [
                        "arn:aws:s3:::reports",
                        "arn:aws:s3:::reports/*"
                      ],
                      "Condition": {
                        "NumericLessThan": {
                          "s3:TlsVersion": "1.2"
                        }
                      }
                    }
                  ]
                }

            # with the CDK: blockPublicAccess: BlockPublicAccess.BLOCK_ALL
            Type: AWS::S3::Bucket
            Properties:
              PublicAccessBlockConfiguration:
                BlockPublicAcls: true
                IgnorePublicAcls: true
                BlockPublicPolicy: true
                RestrictPublicBuckets: true

            # with the CDK: encryption, encryptionKey, blockedEncryptionTypes
            Type: AWS::S3::Bucket
            Properties:
              BucketEncryption:
                ServerSideEncryptionConfiguration:
                  - ServerSideEncryptionByDefault:
                      SSEAlgorithm: aws:kms
                      KMSMasterKeyID: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
                    BucketKeyEnabled: true
                    BlockedEncryptionTypes: { EncryptionType: [SSE-C] }

            # with the CDK: objectOwnership
            Type: AWS::S3::Bucket
            Properties:
              OwnershipControls:
                Rules:
                  - ObjectOwnership: BucketOwnerEnforced

            # with the CDK: versioned: true
            Type: AWS::S3::Bucket
            Properties:
              VersioningConfiguration:
                Status: Enabled

            # with the CDK: serverAccessLogsBucket, serverAccessLogsPrefix
            Type: AWS::S3::Bucket
            Properties:
              LoggingConfiguration:
                DestinationBucketName: "s3guard-logs"
                LogFilePrefix: "reports/"

            # with the CDK: eventBridgeEnabled: true
            Type: AWS::S3::Bucket
            Properties:
              NotificationConfiguration:
                EventBridgeConfiguration:
                  EventBridgeEnabled: true
        "##]],
    );
}

#[test]
fn grade_speed_asks_for_less() {
    let encryption =
        Encryption { algorithm: Algorithm::SseS3, bucket_key: false, sse_c: SseC::Blocked };
    let policy = tls::merged(None, &[tls::Denied::PlainHttp], &bucket("reports")).unwrap();
    for tool in IAC {
        let text = lines(tool, Setting::Encryption(Some(encryption.clone()))).unwrap();
        assert!(text.contains("AES256") && text.contains("[\"SSE-C\"]") | text.contains("[SSE-C]"));
        assert!(
            !text.to_lowercase().contains("key_id") && !text.contains("KMSMasterKeyID"),
            "{text}"
        );
        let text = lines(tool, Setting::Policy(Some(policy.to_string()))).unwrap();
        assert!(text.contains("S3GuardTlsOnly") && !text.contains("S3GuardTls12"), "{text}");
        assert_eq!(text.matches("minimumTLSVersion").count(), 0, "{text}");
    }
}
