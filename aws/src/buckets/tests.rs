//! What is asked of S3, and what its documented answers become.

use aws_sdk_s3::operation::get_bucket_acl::GetBucketAclOutput;
use aws_sdk_s3::operation::get_bucket_encryption::GetBucketEncryptionOutput;
use aws_sdk_s3::operation::get_bucket_policy::GetBucketPolicyOutput;
use aws_sdk_s3::operation::get_bucket_policy_status::GetBucketPolicyStatusOutput;
use aws_sdk_s3::operation::get_bucket_website::GetBucketWebsiteOutput;
use aws_sdk_s3::operation::get_public_access_block::GetPublicAccessBlockOutput;
use aws_sdk_s3::operation::list_buckets::ListBucketsOutput;
use aws_sdk_s3::operation::put_bucket_encryption::PutBucketEncryptionOutput;
use aws_sdk_s3::types::{
    BlockedEncryptionTypes, Bucket, EncryptionType, Grant, Grantee, Permission, PolicyStatus,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Type,
};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use s3guard_posture::{Algorithm, Encryption, Key, PublicAccessBlock, Reading, SseC};

use super::*;

fn buckets(rules: &[&Rule]) -> Buckets {
    let client = mock_client!(aws_sdk_s3, RuleMode::MatchAny, rules);
    let owner: AccountId = "111122223333".parse().unwrap();
    Buckets { connection: Connection::of_nowhere(), client, owner }
}

fn reports() -> BucketName {
    "reports".parse().unwrap()
}

fn here() -> Region {
    "eu-west-1".parse().unwrap()
}

async fn seen(rule: &Rule, question: Question) -> Result<Option<Observed>, AwsError> {
    buckets(&[rule]).observe(&reports(), &[question], Observed::unread(here())).await
}

/// A rule for one call that fails as S3's error response says.
macro_rules! fails {
    ($operation:expr, $status:literal, $code:literal) => {
        mock!($operation).then_http_response(|| {
            let body = format!(
                "<?xml version=\"1.0\"?><Error><Code>{}</Code><Message>told by S3</Message></Error>",
                $code
            );
            let status = $status.try_into().unwrap();
            let mut response = aws_smithy_runtime_api::http::Response::new(status, body.into());
            response.headers_mut().insert("x-amz-request-id", "4442587FB7D0A2F9");
            response
        })
    };
}

fn encryption_answer(
    default: ServerSideEncryptionByDefault,
    blocked: Option<EncryptionType>,
) -> Rule {
    let blocked =
        blocked.map(|blocked| BlockedEncryptionTypes::builder().encryption_type(blocked).build());
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default)
        .bucket_key_enabled(true)
        .set_blocked_encryption_types(blocked)
        .build();
    let configuration = ServerSideEncryptionConfiguration::builder().rules(rule).build().unwrap();
    mock!(Client::get_bucket_encryption).then_output(move || {
        GetBucketEncryptionOutput::builder()
            .server_side_encryption_configuration(configuration.clone())
            .build()
    })
}

fn default(algorithm: ServerSideEncryption, key: Option<&str>) -> ServerSideEncryptionByDefault {
    ServerSideEncryptionByDefault::builder()
        .sse_algorithm(algorithm)
        .set_kms_master_key_id(key.map(str::to_owned))
        .build()
        .unwrap()
}

#[tokio::test]
async fn default_encryption_is_read_whole() {
    let named = |name: &str| Key::Named(name.to_owned());
    let cases = [
        (default(ServerSideEncryption::Aes256, None), Algorithm::SseS3),
        (default(ServerSideEncryption::AwsKms, None), Algorithm::Kms(Key::AwsManaged)),
        (
            default(ServerSideEncryption::AwsKms, Some("alias/aws/s3")),
            Algorithm::Kms(Key::AwsManaged),
        ),
        (default(ServerSideEncryption::AwsKms, Some("theirs")), Algorithm::Kms(named("theirs"))),
        (
            default(ServerSideEncryption::AwsKmsDsse, Some("theirs")),
            Algorithm::Dsse(named("theirs")),
        ),
        (default(ServerSideEncryption::AwsFsx, None), Algorithm::Other("aws:fsx".to_owned())),
        (default("aws:new".into(), None), Algorithm::Other("aws:new".to_owned())),
    ];
    for (default, algorithm) in cases {
        let rule = encryption_answer(default, Some(EncryptionType::SseC));
        let observed = seen(&rule, Question::Encryption).await.unwrap().unwrap();
        let expected = Encryption { algorithm, bucket_key: true, sse_c: SseC::Blocked };
        assert_eq!(observed.encryption, Reading::Known(expected));
    }
}

#[tokio::test]
async fn what_s3_says_of_sse_c_is_told_apart() {
    let cases = [
        (None, SseC::NotSaid),
        (Some(EncryptionType::None), SseC::Allowed),
        (Some(EncryptionType::SseC), SseC::Blocked),
    ];
    for (blocked, expected) in cases {
        let rule = encryption_answer(default(ServerSideEncryption::Aes256, None), blocked);
        let observed = seen(&rule, Question::Encryption).await.unwrap().unwrap();
        assert_eq!(observed.encryption.known().unwrap().sse_c, expected);
    }
}

#[tokio::test]
async fn no_such_configuration_is_a_reading() {
    let rule = fails!(
        Client::get_bucket_encryption,
        404,
        "ServerSideEncryptionConfigurationNotFoundError"
    );
    let observed = seen(&rule, Question::Encryption).await.unwrap().unwrap();
    assert_eq!(observed.encryption, Reading::Absent);
    let rule = fails!(Client::get_public_access_block, 404, "NoSuchPublicAccessBlockConfiguration");
    let observed = seen(&rule, Question::PublicAccessBlock).await.unwrap().unwrap();
    assert_eq!(observed.public_access_block, Reading::Absent);
    let rule = fails!(Client::get_bucket_website, 404, "NoSuchWebsiteConfiguration");
    let observed = seen(&rule, Question::Website).await.unwrap().unwrap();
    assert_eq!(observed.website, Reading::Absent);
    let rule = fails!(Client::get_bucket_policy_status, 404, "NoSuchBucketPolicy");
    let observed = seen(&rule, Question::PolicyStatus).await.unwrap().unwrap();
    assert_eq!(observed.policy_is_public, Reading::Absent);
    let rule = fails!(Client::get_bucket_policy, 404, "NoSuchBucketPolicy");
    let observed = seen(&rule, Question::Policy).await.unwrap().unwrap();
    assert_eq!(observed.policy_admits_outsiders, Reading::Absent);
}

#[tokio::test]
async fn denied_is_a_reading_and_never_taken_for_not_set() {
    let rule = fails!(Client::get_bucket_encryption, 403, "AccessDenied");
    let observed = seen(&rule, Question::Encryption).await.unwrap().unwrap();
    assert_eq!(observed.encryption, Reading::Denied);
    let rule = fails!(Client::get_bucket_acl, 403, "AccessDenied");
    let observed = seen(&rule, Question::Acl).await.unwrap().unwrap();
    assert_eq!(observed.acl_is_public, Reading::Denied);
    assert_eq!(observed.acl_admits_log_delivery, Reading::Denied);
}

#[tokio::test]
async fn a_bucket_that_is_gone_is_nothing_to_guard() {
    let rule = fails!(Client::get_bucket_encryption, 404, "NoSuchBucket");
    assert_eq!(seen(&rule, Question::Encryption).await, Ok(None));
    let rule = fails!(Client::put_public_access_block, 404, "NoSuchBucket");
    let action = Action::SetPublicAccessBlock(PublicAccessBlock::ALL);
    assert_eq!(buckets(&[&rule]).apply(&reports(), &here(), &action).await, Ok(false));
}

#[tokio::test]
async fn any_other_failure_names_call_bucket_and_code() {
    let rule = fails!(Client::get_bucket_encryption, 400, "InvalidRequest");
    let error = seen(&rule, Question::Encryption).await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidRequest"));
    assert_eq!(
        error.to_string(),
        "GetBucketEncryption on bucket `reports` failed: InvalidRequest: told by S3 \
         (request 4442587FB7D0A2F9)"
    );
}

#[tokio::test]
async fn acl_grants_are_told_apart_by_group() {
    let grant = |uri: &str, permission: Permission| {
        let grantee = Grantee::builder().r#type(Type::Group).uri(uri).build().unwrap();
        Grant::builder().grantee(grantee).permission(permission).build()
    };
    let owner = Grantee::builder().r#type(Type::CanonicalUser).id("79a5").build().unwrap();
    let own = Grant::builder().grantee(owner).permission(Permission::FullControl).build();
    let global = "http://acs.amazonaws.com/groups/global";
    let delivery = "http://acs.amazonaws.com/groups/s3/LogDelivery";
    let cases = [
        (own, false, false),
        (grant(&format!("{global}/AllUsers"), Permission::Read), true, false),
        (grant(&format!("{global}/AuthenticatedUsers"), Permission::Write), true, false),
        (grant(delivery, Permission::Write), false, true),
        (grant(delivery, Permission::ReadAcp), false, false),
    ];
    for (grant, is_public, admits_log_delivery) in cases {
        let rule = mock!(Client::get_bucket_acl)
            .then_output(move || GetBucketAclOutput::builder().grants(grant.clone()).build());
        let observed = seen(&rule, Question::Acl).await.unwrap().unwrap();
        assert_eq!(observed.acl_is_public, Reading::Known(is_public));
        assert_eq!(observed.acl_admits_log_delivery, Reading::Known(admits_log_delivery));
    }
}

#[tokio::test]
async fn policies_and_websites_are_read() {
    let policy =
        r#"{"Statement":{"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"}}}"#;
    let rule = mock!(Client::get_bucket_policy)
        .then_output(move || GetBucketPolicyOutput::builder().policy(policy).build());
    let observed = seen(&rule, Question::Policy).await.unwrap().unwrap();
    assert_eq!(observed.policy_admits_outsiders, Reading::Known(true));

    let rule = mock!(Client::get_bucket_policy_status).then_output(|| {
        let status = PolicyStatus::builder().is_public(true).build();
        GetBucketPolicyStatusOutput::builder().policy_status(status).build()
    });
    let observed = seen(&rule, Question::PolicyStatus).await.unwrap().unwrap();
    assert_eq!(observed.policy_is_public, Reading::Known(true));

    let rule =
        mock!(Client::get_bucket_website).then_output(|| GetBucketWebsiteOutput::builder().build());
    let observed = seen(&rule, Question::Website).await.unwrap().unwrap();
    assert_eq!(observed.website, Reading::Known(()));
}

#[tokio::test]
async fn a_switch_that_is_not_named_is_off() {
    let rule = mock!(Client::get_public_access_block).then_output(|| {
        let block = PublicAccessBlockConfiguration::builder().block_public_acls(true).build();
        GetPublicAccessBlockOutput::builder().public_access_block_configuration(block).build()
    });
    let observed = seen(&rule, Question::PublicAccessBlock).await.unwrap().unwrap();
    let expected = PublicAccessBlock { block_public_acls: true, ..PublicAccessBlock::default() };
    assert_eq!(observed.public_access_block, Reading::Known(expected));
}

#[tokio::test]
async fn encryption_is_written_whole_and_only_to_our_own_bucket() {
    let rule = mock!(Client::put_bucket_encryption)
        .match_requests(|request| {
            let configuration = request.server_side_encryption_configuration().unwrap();
            let [rule] = configuration.rules() else { return false };
            let default = rule.apply_server_side_encryption_by_default().unwrap();
            request.bucket() == Some("reports")
                && request.expected_bucket_owner() == Some("111122223333")
                && *default.sse_algorithm() == ServerSideEncryption::AwsKms
                && default.kms_master_key_id() == Some("theirs")
                && rule.bucket_key_enabled() == Some(false)
                && rule.blocked_encryption_types().unwrap().encryption_type()
                    == [EncryptionType::SseC]
        })
        .then_output(|| PutBucketEncryptionOutput::builder().build());
    let action = Action::SetEncryption(Encryption {
        algorithm: Algorithm::Kms(Key::Named("theirs".to_owned())),
        bucket_key: false,
        sse_c: SseC::Blocked,
    });
    assert_eq!(buckets(&[&rule]).apply(&reports(), &here(), &action).await, Ok(true));
    assert_eq!(rule.num_calls(), 1);
}

#[tokio::test]
async fn a_write_that_s3_aborts_for_another_is_not_sent_again_unseen() {
    let rule = fails!(Client::put_bucket_encryption, 409, "OperationAborted");
    let sse_s3 =
        Encryption { algorithm: Algorithm::SseS3, bucket_key: false, sse_c: SseC::Blocked };
    let action = Action::SetEncryption(sse_s3);
    let error = buckets(&[&rule]).apply(&reports(), &here(), &action).await.unwrap_err();
    assert!(error.is_conflict(), "{error}");
    assert_eq!(rule.num_calls(), 1);
}

#[tokio::test]
async fn only_the_regions_own_buckets_are_listed_page_by_page() {
    let bucket =
        |name: &str, region: &str| Bucket::builder().name(name).bucket_region(region).build();
    let rule = mock!(Client::list_buckets)
        .match_requests(|request| {
            request.max_buckets() == Some(1000)
                && request.bucket_region() == Some("eu-west-1")
                && request.continuation_token() == Some("here")
        })
        .then_output(move || {
            ListBucketsOutput::builder()
                .buckets(bucket("reports", "eu-west-1"))
                .buckets(bucket("elsewhere", "us-east-1"))
                .buckets(bucket("?", "eu-west-1"))
                .continuation_token("next")
                .build()
        });
    let page = buckets(&[&rule]).list(Some("here".to_owned())).await.unwrap();
    assert_eq!(page.buckets, [reports()]);
    assert_eq!(page.strange, ["?"]);
    assert_eq!(page.continuation.as_deref(), Some("next"));
}
