//! S3's answers as its reference documents them, and how they are read.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::create_bucket::{CreateBucketError, CreateBucketOutput};
use aws_sdk_s3::operation::get_bucket_versioning::GetBucketVersioningError;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::operation::put_object::PutObjectOutput;
use aws_sdk_s3::types::{BucketLocationConstraint, BucketNamespace};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;
use s3guard_posture::BucketId;

use super::*;
use crate::fake::{Fake, error};

fn bucket(rules: &[&Rule]) -> CodeBucket {
    let client = mock_client!(aws_sdk_s3, RuleMode::MatchAny, rules);
    of(client, "s3guard-code-111122223333-eu-west-1-an", "eu-west-1")
}

fn caller() -> Identity {
    Identity { account: "111122223333".parse().unwrap(), arn: String::new() }
}

fn of(client: Client, name: &str, region: &str) -> CodeBucket {
    let name = name.parse().unwrap();
    let (account, region) = ("111122223333".parse().unwrap(), region.parse().unwrap());
    CodeBucket { bucket: Bucket { client, id: BucketId { name, account, region } } }
}

fn deployers() -> BTreeSet<String> {
    BTreeSet::from(["arn:aws:iam::111122223333:user/deployer".to_owned()])
}

fn code(code: &str) -> ErrorMetadata {
    ErrorMetadata::builder().code(code).message("…").build()
}

fn versioning_says(says: &'static str) -> Rule {
    mock!(Client::get_bucket_versioning)
        .match_requests(|request| request.expected_bucket_owner() == Some("111122223333"))
        .then_error(move || GetBucketVersioningError::generic(code(says)))
}

fn bare_answer(status: u16) -> HttpResponse {
    HttpResponse::new(status.try_into().unwrap(), SdkBody::empty())
}

#[test]
fn the_standard_name_says_account_and_region_and_fits_everywhere() {
    let name = |region: &str| {
        CodeBucket::standard_name(&"111122223333".parse().unwrap(), &region.parse().unwrap())
    };
    assert_eq!(name("eu-west-1").unwrap().as_str(), "s3guard-code-111122223333-eu-west-1-an");
    assert!(name("ap-southeast-2").unwrap().as_str().len() <= 63);
}

/// A bucket that gives these answers, and otherwise has none of the settings.
fn bare(answers: &'static [(&str, u16, &str)]) -> (Fake, CodeBucket) {
    let fake = Fake::new(move |asked| {
        let answer = answers.iter().find(|(query, ..)| asked.line.contains(query));
        match answer {
            _ if !asked.line.starts_with("GET") => (200, String::new()),
            Some((_, status, body)) => (*status, (*body).to_owned()),
            None if asked.line.contains("?versioning") => {
                (200, "<VersioningConfiguration/>".to_owned())
            }
            None if asked.line.contains("?policy") => error(404, "NoSuchBucketPolicy"),
            None if asked.line.contains("?ownership") => {
                error(404, "OwnershipControlsNotFoundError")
            }
            None if asked.line.contains("?encryption") => {
                error(404, "ServerSideEncryptionConfigurationNotFoundError")
            }
            None => error(404, "NoSuchPublicAccessBlockConfiguration"),
        }
    });
    let bucket = CodeBucket::new(&fake.connection(), "code".parse().unwrap(), &caller());
    (fake, bucket)
}

async fn repaired(answers: &'static [(&str, u16, &str)]) -> Vec<SettingKind> {
    let (fake, bucket) = bare(answers);
    let ensured = bucket.ensure(&deployers()).await.unwrap();
    assert!(!ensured.created);
    for asked in fake.asked() {
        assert_eq!(asked.header("x-amz-expected-bucket-owner"), Some("111122223333"), "{asked}");
    }
    let writes = fake.asked().iter().filter(|asked| asked.line.starts_with("PUT")).count();
    assert_eq!(writes, ensured.repaired.len());
    ensured.repaired
}

const BLOCKED: &str = "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>\
    <IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy>\
    <RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>";
const PLAIN: &str = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
    <SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";
const KMS: &str = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
    <SSEAlgorithm>aws:kms:dsse</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";
const VERSIONED: &str =
    "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";

const ENFORCED: &str = "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership>\
    </Rule></OwnershipControls>";
const SUSPENDED: &str =
    "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";

#[tokio::test]
async fn a_half_made_bucket_gets_what_it_lacks_and_nothing_else() {
    let [block, ownership, encryption, versioning, policy] = [
        SettingKind::PublicAccessBlock,
        SettingKind::Ownership,
        SettingKind::Encryption,
        SettingKind::Versioning,
        SettingKind::Policy,
    ];
    assert_eq!(repaired(&[]).await, [block, ownership, encryption, versioning, policy]);
    let half = &[("?publicAccessBlock", 200, BLOCKED), ("?encryption", 200, PLAIN)];
    assert_eq!(repaired(half).await, [ownership, encryption, versioning, policy]);
    let versioned = &[("?versioning", 200, VERSIONED)];
    assert_eq!(repaired(versioned).await, [block, ownership, encryption, policy]);
}

#[tokio::test]
async fn what_is_written_blocks_customer_keys_and_plain_http_and_keeps_versions() {
    let (fake, bucket) = bare(&[]);
    bucket.ensure(&deployers()).await.unwrap();
    let wire = fake.wire();
    for part in [
        "SSE-C",
        "<Status>Enabled</Status>",
        "aws:SecureTransport",
        "BucketOwnerEnforced",
        "S3GuardDeployersOnly",
        "user/deployer",
    ] {
        assert!(wire.contains(part), "{part}: {wire}");
    }
}

#[tokio::test]
async fn a_stronger_encryption_is_left_as_it_is() {
    assert!(!repaired(&[("?encryption", 200, KMS)]).await.contains(&SettingKind::Encryption));
}

#[tokio::test]
async fn a_policy_that_is_no_policy_is_not_overwritten() {
    let (fake, bucket) = bare(&[("?policy", 200, "text")]);
    let error = bucket.ensure(&deployers()).await.unwrap_err();
    assert!(matches!(error, CodeBucketError::Policy(_)), "{error}");
    assert!(fake.asked().iter().all(|asked| asked.line.starts_with("GET")));
}

#[tokio::test]
async fn a_setting_that_may_not_be_read_is_not_overwritten() {
    let (fake, bucket) = bare(&[("?encryption", 403, "<Error><Code>AccessDenied</Code></Error>")]);
    let error = bucket.ensure(&deployers()).await.unwrap_err();
    assert!(error.to_string().starts_with("GetBucketEncryption on bucket `code`"), "{error}");
    assert!(fake.asked().iter().all(|asked| asked.line.starts_with("GET")));
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_made_in_the_accounts_own_namespace() {
    let create = mock!(Client::create_bucket)
        .match_requests(|request| {
            request.bucket_namespace() == Some(&BucketNamespace::AccountRegional)
                && request.create_bucket_configuration().is_some_and(|configuration| {
                    configuration.location_constraint() == Some(&BucketLocationConstraint::EuWest1)
                })
        })
        .then_output(|| CreateBucketOutput::builder().build());
    let missing = versioning_says("NoSuchBucket");
    let bucket = bucket(&[&missing, &create]);
    assert_eq!(bucket.versioning().await.unwrap(), None);
    bucket.create().await.unwrap();
    assert_eq!(create.num_calls(), 1);
}

#[tokio::test]
async fn a_bucket_that_a_colleague_made_meanwhile_is_ours_and_a_strangers_is_not() {
    let refused = |says: &'static str| {
        mock!(Client::create_bucket).then_error(move || CreateBucketError::generic(code(says)))
    };
    assert!(bucket(&[&refused("BucketAlreadyOwnedByYou")]).create().await.is_ok());
    let stranger = bucket(&[&refused("BucketAlreadyExists")]).create().await.unwrap_err();
    assert!(matches!(stranger, CodeBucketError::Foreign(_)), "{stranger}");
}

#[tokio::test]
async fn a_bucket_of_another_account_is_never_written_to() {
    let denied = versioning_says("AccessDenied");
    let error = bucket(&[&denied]).ensure(&deployers()).await.unwrap_err();
    assert!(matches!(error, CodeBucketError::Denied(_)), "{error}");
    let error = bucket(&[&denied]).require().await.unwrap_err();
    assert!(error.to_string().contains("may not be read, or belongs to another account"));
}

#[tokio::test]
async fn a_named_bucket_is_required_and_not_made() {
    let missing = versioning_says("NoSuchBucket");
    let error = bucket(&[&missing]).require().await.unwrap_err();
    assert!(matches!(error, CodeBucketError::Missing(_)), "{error}");
}

#[tokio::test]
async fn a_bucket_in_another_region_is_distinguished_from_a_missing_one() {
    for says in ["PermanentRedirect", "AuthorizationHeaderMalformed"] {
        let error = bucket(&[&versioning_says(says)]).require().await.unwrap_err();
        assert!(matches!(error, CodeBucketError::Elsewhere(_)), "{error}");
        assert!(error.to_string().starts_with("the bucket is in another Region: "), "{error}");
    }
    let refused = mock!(Client::create_bucket)
        .then_error(|| CreateBucketError::generic(code("IllegalLocationConstraintException")));
    let error = bucket(&[&refused]).create().await.unwrap_err();
    assert!(matches!(error, CodeBucketError::Elsewhere(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_too_new_is_asked_again() {
    let reads = AtomicUsize::new(0);
    let fake = Fake::new(move |asked| {
        if asked.line.starts_with("PUT") {
            return (200, String::new());
        }
        let is_new =
            asked.line.contains("?versioning") || reads.fetch_add(1, Ordering::Relaxed) < 2;
        if is_new { error(404, "NoSuchBucket") } else { error(403, "AccessDenied") }
    });
    let bucket = CodeBucket::new(&fake.connection(), "code".parse().unwrap(), &caller());
    let refused = bucket.ensure(&deployers()).await.unwrap_err();
    assert!(matches!(refused, CodeBucketError::Aws(_)), "{refused}");
    let lines: Vec<_> = fake.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines.len(), 2 + 3, "{lines:?}");
}

#[tokio::test]
async fn a_caller_whom_the_policy_locks_out_learns_which_lock() {
    const LOCKED: &str = r#"{"Statement":[{"Sid":"S3GuardDeployersOnly","Effect":"Deny","Principal":"*",
        "Action":"s3:PutObject","Resource":"*",
        "Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/ci"}}}]}"#;
    let fake = Fake::new(|asked| match asked.line.contains("?policy") {
        true if asked.line.starts_with("GET") => (200, LOCKED.to_owned()),
        true => error(403, "AccessDenied"),
        false if asked.line.contains("?publicAccessBlock") => (200, BLOCKED.to_owned()),
        false if asked.line.contains("?encryption") => (200, KMS.to_owned()),
        false if asked.line.contains("?ownership") => (200, ENFORCED.to_owned()),
        false => (200, VERSIONED.to_owned()),
    });
    let bucket = CodeBucket::new(&fake.connection(), "code".parse().unwrap(), &caller());
    let error = bucket.ensure(&deployers()).await.unwrap_err();
    assert!(matches!(error, CodeBucketError::Locked { .. }), "{error}");
}

#[tokio::test]
async fn a_policy_that_lets_others_in_is_an_error_before_anything_is_written() {
    const OPEN: &str = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"999900001111"},
        "Action":"s3:GetObject","Resource":"*"}]}"#;
    let (fake, bucket) = bare(&[("?policy", 200, OPEN)]);
    let error = bucket.ensure(&deployers()).await.unwrap_err();
    assert!(matches!(error, CodeBucketError::Admits { .. }), "{error}");
    assert!(fake.asked().iter().all(|asked| asked.line.starts_with("GET")));
}

#[tokio::test]
async fn a_named_bucket_must_keep_versions() {
    let (_, plain) = bare(&[]);
    let error = plain.require().await.unwrap_err();
    assert!(matches!(error, CodeBucketError::Unversioned(_)), "{error}");
    let (_, versioned) = bare(&[("?versioning", 200, VERSIONED)]);
    assert!(versioned.require().await.is_ok());
    let (_, suspended) = bare(&[("?versioning", 200, SUSPENDED)]);
    assert!(suspended.require().await.is_err());
}

#[tokio::test]
async fn an_object_that_may_not_be_looked_at_is_uploaded() {
    let head = async |status: u16, version: Option<&str>| {
        let rule = mock!(Client::head_object).then_http_response(move || bare_answer(status));
        bucket(&[&rule]).holds("k", version, "sum").await
    };
    for status in [403, 404] {
        assert_eq!(head(status, None).await, Ok(None));
    }
    assert!(head(400, None).await.is_err());
    // A version that was deleted, or never was.
    for status in [400, 403, 404, 405] {
        assert_eq!(head(status, Some("v")).await, Ok(None));
    }
}

#[tokio::test]
async fn an_object_with_other_content_is_uploaded_again() {
    let holds = async |version: Option<&'static str>, checksum: Option<&'static str>| {
        let rule = mock!(Client::head_object).then_output(move || {
            HeadObjectOutput::builder()
                .set_version_id(version.map(str::to_owned))
                .set_checksum_sha256(checksum.map(str::to_owned))
                .build()
        });
        bucket(&[&rule]).holds("k", None, "sum").await.unwrap()
    };
    assert_eq!(holds(Some("v"), Some("sum")).await.as_deref(), Some("v"));
    assert_eq!(holds(Some("v"), Some("other")).await, None);
    assert_eq!(holds(Some("v"), None).await, None, "what has no checksum may be anything");
    for unversioned in [Some("null"), None] {
        assert_eq!(holds(unversioned, Some("sum")).await, None, "it can be replaced");
    }
}

#[tokio::test]
async fn a_version_is_asked_for_by_its_id() {
    let rule = mock!(Client::head_object)
        .match_requests(|request| {
            request.version_id() == Some("v")
                && request.checksum_mode() == Some(&ChecksumMode::Enabled)
        })
        .then_output(|| HeadObjectOutput::builder().checksum_sha256("sum").build());
    let checksum = bucket(&[&rule]).checksum_of("k", "v").await;
    assert_eq!(checksum, Ok(Some("sum".to_owned())));
}

#[tokio::test]
async fn the_version_of_an_upload_is_what_s3_says_it_is() {
    let upload = async |version: Option<&'static str>| {
        let rule = mock!(Client::put_object).then_output(move || {
            PutObjectOutput::builder().set_version_id(version.map(str::to_owned)).build()
        });
        bucket(&[&rule]).upload("k", b"zip".to_vec(), ("application/zip", "sum")).await
    };
    assert_eq!(upload(Some("v")).await.unwrap(), "v");
    for unversioned in [Some("null"), None] {
        let error = upload(unversioned).await.unwrap_err();
        assert!(matches!(error, CodeBucketError::Unversioned(_)), "{error}");
    }
}

#[tokio::test]
async fn cloudformation_finds_an_object_in_every_partition() {
    for (region, expected) in [
        ("us-east-1", "https://s3.us-east-1.amazonaws.com/code.of-us/s3guard/template.json"),
        ("eu-west-1", "https://s3.eu-west-1.amazonaws.com/code.of-us/s3guard/template.json"),
        (
            "us-gov-west-1",
            "https://s3.us-gov-west-1.amazonaws.com/code.of-us/s3guard/template.json",
        ),
        ("cn-north-1", "https://s3.cn-north-1.amazonaws.com.cn/code.of-us/s3guard/template.json"),
    ] {
        let bucket = of(bucket(&[]).bucket.client, "code.of-us", region);
        let url = bucket.url("s3guard/template.json", "a.b_c").await.unwrap();
        assert_eq!(url, format!("{expected}?versionId=a.b_c"));
    }
}

/// A connection on which an answer takes two minutes.
#[derive(Debug)]
struct Slow;

impl HttpConnector for Slow {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(async {
            let _ = tokio::time::timeout(Duration::from_mins(2), pending::<()>()).await;
            Ok(bare_answer(200))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_over_a_slow_line_has_minutes_and_a_small_call_has_not() {
    let limits = TimeoutConfig::builder().operation_timeout(Duration::from_secs(50));
    let config = aws_sdk_s3::Config::builder()
        .with_test_defaults()
        .http_client(http_client_fn(|_, _| SharedHttpConnector::new(Slow)))
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .region(aws_sdk_s3::config::Region::new("eu-west-1"))
        .timeout_config(limits.operation_attempt_timeout(Duration::from_secs(20)).build());
    let bucket = of(Client::from_conf(config.build()), "code", "eu-west-1");
    let uploaded = bucket.upload("k", b"zip".to_vec(), ("application/zip", "sum")).await;
    assert!(matches!(uploaded, Err(CodeBucketError::Unversioned(_))), "it was answered");
    assert!(bucket.versioning().await.is_err(), "an answer after two minutes is none");
}
