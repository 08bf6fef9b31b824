use super::*;
use crate::fake::{Fake, wrapped_error};

fn owner() -> AccountId {
    "111122223333".parse().unwrap()
}

#[tokio::test]
async fn the_block_is_written_whole() {
    let fake = Fake::answering([(200, "")]);
    let wanted = PublicAccessBlock { ignore_public_acls: false, ..PublicAccessBlock::ALL };
    put(&fake.connection(), &owner(), Some(wanted)).await.unwrap();
    expect_test::expect![[r#"
        PUT https://111122223333.s3-control.eu-west-1.amazonaws.com/v20180820/configuration/publicAccessBlock
        content-type: application/xml
        x-amz-account-id: 111122223333
        <PublicAccessBlockConfiguration xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/"><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>
    "#]].assert_eq(&fake.wire());
}

#[tokio::test]
async fn a_failure_names_the_account() {
    let fake = Fake::answering([
        wrapped_error(409, "OperationAborted"),
        wrapped_error(403, "AccessDenied"),
    ]);
    let error = get(&fake.connection(), &owner()).await.unwrap_err();
    assert_eq!(error.object, "account `111122223333`");
    let error = put(&fake.connection(), &owner(), Some(PublicAccessBlock::ALL)).await.unwrap_err();
    assert!(error.is_denied(), "{error}");
}

#[tokio::test]
async fn an_endpoint_that_is_given_is_called_as_it_is() {
    let fake = Fake::answering([wrapped_error(404, "NoSuchPublicAccessBlockConfiguration")]);
    let config = fake.connection().config.to_builder().endpoint_url("http://127.0.0.1:4566");
    let connection = Connection::of_config(config);
    assert_eq!(get(&connection, &owner()).await, Ok(Reading::Absent));
    assert!(fake.asked()[0].header("authorization").unwrap().contains("/eu-west-1/s3/"));
    expect_test::expect![[r#"
        GET http://127.0.0.1:4566/v20180820/configuration/publicAccessBlock
        x-amz-account-id: 111122223333
    "#]]
    .assert_eq(&fake.wire());
}
