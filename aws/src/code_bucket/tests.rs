//! S3's answers as its reference documents them, and what is made of them.

use std::future::pending;

use aws_sdk_s3::operation::create_bucket::{CreateBucketError, CreateBucketOutput};
use aws_sdk_s3::operation::get_bucket_encryption::GetBucketEncryptionOutput;
use aws_sdk_s3::operation::get_bucket_ownership_controls::GetBucketOwnershipControlsError;
use aws_sdk_s3::operation::get_bucket_policy::GetBucketPolicyError;
use aws_sdk_s3::operation::get_bucket_versioning::{
    GetBucketVersioningError, GetBucketVersioningOutput,
};
use aws_sdk_s3::operation::get_public_access_block::GetPublicAccessBlockOutput;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::operation::put_bucket_encryption::PutBucketEncryptionOutput;
use aws_sdk_s3::operation::put_bucket_ownership_controls::PutBucketOwnershipControlsOutput;
use aws_sdk_s3::operation::put_bucket_policy::PutBucketPolicyOutput;
use aws_sdk_s3::operation::put_bucket_versioning::PutBucketVersioningOutput;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketNamespace, BucketVersioningStatus,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;

use super::*;

fn bucket(rules: &[&Rule]) -> CodeBucket {
    let client = mock_client!(aws_sdk_s3, RuleMode::MatchAny, rules);
    CodeBucket {
        client,
        name: "s3guard-code-111122223333-eu-west-1-an".parse().unwrap(),
        owner: "111122223333".parse().unwrap(),
        partition: "aws".to_owned(),
        region: "eu-west-1".parse().unwrap(),
    }
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

#[tokio::test]
async fn a_half_made_bucket_gets_what_it_lacks_and_nothing_else() {
    let there = mock!(Client::get_bucket_versioning)
        .then_output(|| GetBucketVersioningOutput::builder().build());
    let blocked = mock!(Client::get_public_access_block).then_output(|| {
        let block = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true)
            .build();
        GetPublicAccessBlockOutput::builder().public_access_block_configuration(block).build()
    });
    let no_ownership = mock!(Client::get_bucket_ownership_controls).then_error(|| {
        GetBucketOwnershipControlsError::generic(code("OwnershipControlsNotFoundError"))
    });
    let own = mock!(Client::put_bucket_ownership_controls)
        .match_requests(|request| request.expected_bucket_owner() == Some("111122223333"))
        .then_output(|| PutBucketOwnershipControlsOutput::builder().build());
    let plain = encrypted_with(ServerSideEncryption::Aes256);
    let encrypt = mock!(Client::put_bucket_encryption)
        .match_requests(|request| {
            request.server_side_encryption_configuration().is_some_and(|configuration| {
                configuration.rules()[0].blocked_encryption_types().is_some()
            })
        })
        .then_output(|| PutBucketEncryptionOutput::builder().build());
    let version = mock!(Client::put_bucket_versioning)
        .match_requests(|request| {
            request.versioning_configuration().and_then(|v| v.status())
                == Some(&BucketVersioningStatus::Enabled)
        })
        .then_output(|| PutBucketVersioningOutput::builder().build());
    let no_policy = mock!(Client::get_bucket_policy)
        .then_error(|| GetBucketPolicyError::generic(code("NoSuchBucketPolicy")));
    let require_tls = mock!(Client::put_bucket_policy)
        .match_requests(|request| request.policy().is_some_and(|p| p.contains("SecureTransport")))
        .then_output(|| PutBucketPolicyOutput::builder().build());
    let rules = [
        &there,
        &blocked,
        &no_ownership,
        &own,
        &plain,
        &encrypt,
        &version,
        &no_policy,
        &require_tls,
    ];
    let ensured = bucket(&rules).ensure().await.unwrap();
    assert!(!ensured.created);
    assert_eq!(
        ensured.repaired,
        [Setting::Ownership, Setting::Encryption, Setting::Versioning, Setting::TlsOnly]
    );
}

fn encrypted_with(algorithm: ServerSideEncryption) -> Rule {
    mock!(Client::get_bucket_encryption).then_output(move || {
        let by_default =
            ServerSideEncryptionByDefault::builder().sse_algorithm(algorithm.clone()).build();
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(by_default.unwrap())
            .build();
        let configuration = ServerSideEncryptionConfiguration::builder().rules(rule).build();
        GetBucketEncryptionOutput::builder()
            .server_side_encryption_configuration(configuration.unwrap())
            .build()
    })
}

#[tokio::test]
async fn a_stronger_encryption_is_left_as_it_is() {
    let kms = encrypted_with(ServerSideEncryption::AwsKmsDsse);
    assert!(!bucket(&[&kms]).mend(Setting::Encryption).await.unwrap());
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
    assert!(!bucket.exists().await.unwrap());
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
    let error = bucket(&[&denied]).ensure().await.unwrap_err();
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
async fn a_bucket_of_another_region_is_told_from_one_that_is_not_there() {
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
    let rule = mock!(Client::get_bucket_versioning)
        .sequence()
        .error(|| GetBucketVersioningError::generic(code("NoSuchBucket")))
        .times(2)
        .output(|| {
            GetBucketVersioningOutput::builder().status(BucketVersioningStatus::Enabled).build()
        })
        .build();
    assert!(!bucket(&[&rule]).mend(Setting::Versioning).await.unwrap());
    assert_eq!(rule.num_calls(), 3);
}

#[tokio::test]
async fn an_object_that_may_not_be_looked_at_is_uploaded() {
    for status in [403, 404] {
        let rule = mock!(Client::head_object).then_http_response(move || bare_answer(status));
        assert_eq!(bucket(&[&rule]).holds("k", b"zip", "sum").await, Ok(false));
    }
    let rule = mock!(Client::head_object).then_http_response(|| bare_answer(400));
    assert!(bucket(&[&rule]).holds("k", b"zip", "sum").await.is_err());
}

#[tokio::test]
async fn an_object_with_other_content_is_uploaded_again() {
    let holds = async |length: i64, checksum: Option<&'static str>| {
        let rule = mock!(Client::head_object).then_output(move || {
            HeadObjectOutput::builder()
                .content_length(length)
                .set_checksum_sha256(checksum.map(str::to_owned))
                .build()
        });
        bucket(&[&rule]).holds("k", b"zip", "sum").await.unwrap()
    };
    assert!(holds(3, Some("sum")).await);
    assert!(!holds(2, Some("sum")).await);
    assert!(!holds(3, Some("other")).await);
    assert!(!holds(3, None).await, "what has no checksum may be anything");
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
        let name = "code.of-us".parse().unwrap();
        let bucket = CodeBucket { name, region: region.parse().unwrap(), ..bucket(&[]) };
        assert_eq!(bucket.url("s3guard/template.json").await.unwrap(), expected);
    }
}

/// A line on which an answer takes two minutes.
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
    let bucket = CodeBucket { client: Client::from_conf(config.build()), ..bucket(&[]) };
    assert_eq!(bucket.upload("k", b"zip".to_vec(), ("application/zip", "sum")).await, Ok(()));
    assert!(bucket.exists().await.is_err(), "an answer after two minutes is none");
}
