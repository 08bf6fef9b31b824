//! How the settings of a bucket are read.

use s3guard_posture::model::destination::{Destination, DestinationOwner};
use s3guard_posture::model::policy::Policy;
use s3guard_posture::model::setting::{
    AccessLogs, Acl, Algorithm, Expiry, ExpiryOf, Key, Lifecycle, Ownership, Replication,
    Retention, Scope, SseC, Versioning,
};

use super::*;

fn encryption(default: &str, blocked: &str) -> String {
    format!(
        "<ServerSideEncryptionConfiguration><Rule>\
         <ApplyServerSideEncryptionByDefault>{default}</ApplyServerSideEncryptionByDefault>\
         <BucketKeyEnabled>true</BucketKeyEnabled>{blocked}</Rule></ServerSideEncryptionConfiguration>"
    )
}

#[tokio::test]
async fn default_encryption_is_read_whole() {
    let named = || Key::Named("theirs".to_owned());
    let theirs = "<KMSMasterKeyID>theirs</KMSMasterKeyID>";
    let alias = "<KMSMasterKeyID>alias/aws/s3</KMSMasterKeyID>";
    let arn = "<KMSMasterKeyID>arn:aws:kms:eu-west-1:1:alias/aws/s3</KMSMasterKeyID>";
    for (name, key, algorithm) in [
        ("AES256", "", Algorithm::SseS3),
        ("aws:kms", "", Algorithm::Kms(Key::AwsManaged)),
        // The spelling that was put comes back.
        ("aws:kms", alias, Algorithm::Kms(Key::Named("alias/aws/s3".to_owned()))),
        (
            "aws:kms",
            arn,
            Algorithm::Kms(Key::Named("arn:aws:kms:eu-west-1:1:alias/aws/s3".to_owned())),
        ),
        ("aws:kms", theirs, Algorithm::Kms(named())),
        ("aws:kms:dsse", theirs, Algorithm::Dsse(named())),
        ("aws:fsx", "", Algorithm::Other("aws:fsx".to_owned())),
        ("aws:new", "", Algorithm::Other("aws:new".to_owned())),
    ] {
        let default = format!("<SSEAlgorithm>{name}</SSEAlgorithm>{key}");
        let blocked = "<BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType>\
                       </BlockedEncryptionTypes>";
        let expected = Encryption { algorithm, bucket_key: true, sse_c: SseC::Blocked };
        check(Question::Encryption, (200, &encryption(&default, blocked)), |observed| {
            observed.encryption = Reading::Known(expected);
        })
        .await;
    }
}

#[tokio::test]
async fn a_rule_with_only_blocked_types_has_no_default() {
    let answer = "<ServerSideEncryptionConfiguration><Rule><BlockedEncryptionTypes>\
                  <EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes></Rule>\
                  </ServerSideEncryptionConfiguration>";
    let (algorithm, sse_c) = (Algorithm::NotSaid, SseC::Blocked);
    check(Question::Encryption, (200, answer), |observed| {
        observed.encryption = Reading::Known(Encryption { algorithm, bucket_key: false, sse_c });
    })
    .await;
}

#[tokio::test]
async fn the_states_of_sse_c_are_distinguished() {
    let types = |types: &str| format!("<BlockedEncryptionTypes>{types}</BlockedEncryptionTypes>");
    for (blocked, sse_c) in [
        (String::new(), SseC::NotSaid),
        (types(""), SseC::NotSaid),
        (types("<EncryptionType>NONE</EncryptionType>"), SseC::Allowed),
        (types("<EncryptionType>SSE-C</EncryptionType>"), SseC::Blocked),
    ] {
        let answer = encryption("<SSEAlgorithm>AES256</SSEAlgorithm>", &blocked);
        let expected = Encryption { algorithm: Algorithm::SseS3, bucket_key: true, sse_c };
        check(Question::Encryption, (200, &answer), |observed| {
            observed.encryption = Reading::Known(expected);
        })
        .await;
    }
}

#[tokio::test]
async fn a_switch_that_is_not_named_is_off() {
    let answer = "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>\
                  <RestrictPublicBuckets>false</RestrictPublicBuckets>\
                  </PublicAccessBlockConfiguration>";
    let block = PublicAccessBlock { block_public_acls: true, ..PublicAccessBlock::default() };
    check(Question::PublicAccessBlock, (200, answer), |observed| {
        observed.public_access_block = Reading::Known(block);
    })
    .await;
    check(Question::AccountBlock, (200, answer), |observed| {
        observed.account_block = Reading::Known(block);
    })
    .await;
}

#[tokio::test]
async fn policies_and_websites_are_read() {
    let policy = "{ \"Version\" : \"2012-10-17\", \"Statement\": [] }\n";
    check(Question::Policy, (200, policy), |observed| {
        observed.policy = Reading::Known(Policy::new(policy));
    })
    .await;
    let status = "<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>";
    check(Question::PolicyStatus, (200, status), |observed| {
        observed.policy_is_public = Reading::Known(true);
    })
    .await;
    let website = "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>\
                   </WebsiteConfiguration>";
    check(Question::Website, (200, website), |observed| observed.website = Reading::Known(()))
        .await;
}

#[tokio::test]
async fn acl_grants_are_distinguished_by_grantee() {
    let xsi = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
    let group = |uri: &str| {
        format!(
            "<Grantee {xsi} xsi:type=\"Group\"><URI>http://acs.amazonaws.com/groups/{uri}</URI></Grantee>"
        )
    };
    let user =
        |id: &str| format!("<Grantee {xsi} xsi:type=\"CanonicalUser\"><ID>{id}</ID></Grantee>");
    let public = Acl { is_public: true, grants_others: true, ..Acl::default() };
    let written = Acl { public_writes: true, ..public };
    let others = Acl { grants_others: true, ..Acl::default() };
    let delivery = Acl { admits_log_delivery: true, grants_others: true, ..Acl::default() };
    for (grantee, permission, expected) in [
        (user("79a5"), "FULL_CONTROL", Acl::default()),
        (user("b0b0"), "READ", others),
        (group("global/AllUsers"), "READ", public),
        (group("global/AuthenticatedUsers"), "WRITE", written),
        (group("global/AllUsers"), "WRITE_ACP", written),
        (group("global/AllUsers"), "FULL_CONTROL", written),
        (group("global/AllUsers"), "READ_ACP", public),
        (group("s3/LogDelivery"), "WRITE", delivery),
        (group("s3/LogDelivery"), "READ_ACP", others),
    ] {
        let answer = format!(
            "<AccessControlPolicy><Owner><ID>79a5</ID></Owner><AccessControlList>\
             <Grant>{}<Permission>FULL_CONTROL</Permission></Grant>\
             <Grant>{grantee}<Permission>{permission}</Permission></Grant>\
             </AccessControlList></AccessControlPolicy>",
            user("79a5")
        );
        check(Question::Acl, (200, &answer), |observed| observed.acl = Reading::Known(expected))
            .await;
    }
}

#[tokio::test]
async fn what_aws_adds_to_ownership_is_never_changed() {
    for (name, expected) in [
        ("BucketOwnerEnforced", Reading::Known(Ownership::BucketOwnerEnforced)),
        ("BucketOwnerPreferred", Reading::Known(Ownership::BucketOwnerPreferred)),
        ("ObjectWriter", Reading::Known(Ownership::ObjectWriter)),
        ("New", Reading::Denied),
    ] {
        let answer = format!(
            "<OwnershipControls><Rule><ObjectOwnership>{name}</ObjectOwnership></Rule></OwnershipControls>"
        );
        check(Question::Ownership, (200, &answer), |observed| observed.ownership = expected).await;
    }
}

#[tokio::test]
async fn versioning_without_a_status_was_never_set() {
    let known = |enabled, mfa_delete| Reading::Known(Versioning { enabled, mfa_delete });
    for (settings, expected) in [
        ("", Reading::Absent),
        ("<Status>Enabled</Status>", known(true, false)),
        ("<Status>Suspended</Status>", known(false, false)),
        ("<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>", known(true, true)),
        ("<Status>Enabled</Status><MfaDelete>Disabled</MfaDelete>", known(true, false)),
    ] {
        let answer = format!("<VersioningConfiguration>{settings}</VersioningConfiguration>");
        check(Question::Versioning, (200, &answer), |observed| observed.versioning = expected)
            .await;
    }
}

#[tokio::test]
async fn logging_that_is_not_enabled_is_not_set() {
    let none = "<BucketLoggingStatus xmlns=\"http://doc.s3.amazonaws.com/2006-03-01\"/>";
    check(Question::AccessLogs, (200, none), |observed| observed.access_logs = Reading::Absent)
        .await;
    let some = "<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket>\
                <TargetPrefix>reports/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>";
    let (target_bucket, target_prefix) = ("logs".to_owned(), "reports/".to_owned());
    check(Question::AccessLogs, (200, some), |observed| {
        observed.access_logs = Reading::Known(AccessLogs { target_bucket, target_prefix });
    })
    .await;
}

#[tokio::test]
async fn tags_are_read() {
    let answer =
        "<Tagging><TagSet><Tag><Key>team</Key><Value>a &amp; b</Value></Tag></TagSet></Tagging>";
    check(Question::Tags, (200, answer), |observed| {
        observed.tags = Reading::Known([("team".to_owned(), "a & b".to_owned())].into());
    })
    .await;
}

#[tokio::test]
async fn copies_that_are_switched_off_go_nowhere() {
    let rule = |status: &str, account: &str, bucket: &str| {
        format!(
            "<Rule><Status>{status}</Status><Destination><Account>{account}</Account>\
             <Bucket>arn:aws:s3:::{bucket}</Bucket></Destination></Rule>"
        )
    };
    let answer = format!(
        "<ReplicationConfiguration><Role>r</Role>{}{}{}{}</ReplicationConfiguration>",
        rule("Enabled", "444455556666", "theirs"),
        rule("Enabled", "444455556666", "theirs-2"),
        rule("Enabled", OWNER, "ours"),
        rule("Disabled", "777788889999", "nowhere"),
    );
    let listed = "<ListAllMyBucketsResult><Buckets><Bucket><Name>ours</Name></Bucket>\
                  <Bucket><Name>ours-2</Name></Bucket></Buckets></ListAllMyBucketsResult>";
    let fake = Fake::answering([(200, answer.as_str()), (200, listed)]);
    let seen = seen(&fake, Question::Replication).await.unwrap().unwrap();
    let other = DestinationOwner::Account("444455556666".parse().unwrap());
    let expected =
        [("ours", DestinationOwner::Own), ("theirs", other.clone()), ("theirs-2", other)];
    let destinations =
        expected.map(|(name, owner)| Destination { name: name.to_owned(), owner }).into();
    assert_eq!(seen.replication, Reading::Known(Replication { destinations, without_kms: true }));
    assert!(fake.asked()[1].line.contains("prefix=ours"), "{:?}", fake.asked()[1]);
}

#[tokio::test]
async fn the_owner_of_a_replica_is_looked_up_among_the_buckets_of_the_account() {
    let answer = "<ReplicationConfiguration><Role>r</Role><Rule><Status>Enabled</Status>\
                  <Destination><Bucket>arn:aws:s3:::collector-eu</Bucket></Destination></Rule>\
                  </ReplicationConfiguration>";
    let none = "<ListAllMyBucketsResult><Buckets><Bucket><Name>collector-eu-2</Name></Bucket>\
                </Buckets></ListAllMyBucketsResult>";
    let (status, denied) = error(403, "AccessDenied");
    for (listed, owner) in [
        ((200, none), DestinationOwner::Another),
        ((status, denied.as_str()), DestinationOwner::NotReadable),
    ] {
        let fake = Fake::answering([(200, answer), listed]);
        let seen = seen(&fake, Question::Replication).await.unwrap().unwrap();
        let destinations = [Destination { name: "collector-eu".to_owned(), owner }].into();
        assert_eq!(
            seen.replication,
            Reading::Known(Replication { destinations, without_kms: true })
        );
    }
}

#[tokio::test]
async fn lifecycle_rules_are_read_whole() {
    let after = |days| Expiry::after(ExpiryOf::Objects, days);
    let rule = |status: &str, what: &str| format!("<Rule><Status>{status}</Status>{what}</Rule>");
    let days = |days: u32| format!("<Expiration><Days>{days}</Days></Expiration>");
    let date = "<Expiration><Date>2027-01-01T00:00:00Z</Date></Expiration>";
    let old = "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays>\
         <NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration>";
    let marker =
        "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>";
    let below = "<Filter><And><Prefix>a/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag>\
                 <ObjectSizeLessThan>9</ObjectSizeLessThan></And></Filter>"
        .to_owned()
        + &days(3);
    let filtered = Scope {
        prefix: "a/".to_owned(),
        tags: [("k".to_owned(), "v".to_owned())].into(),
        smaller_than: Some(9),
        larger_than: None,
    };
    for (rules, expected) in [
        (rule("Enabled", &days(30)) + &rule("Enabled", &days(7)), vec![after(7), after(30)]),
        (rule("Enabled", &days(30)) + &rule("Disabled", &days(7)), vec![after(30)]),
        (
            rule("Enabled", old) + &rule("Enabled", marker),
            vec![Expiry { kept: 2, ..Expiry::after(ExpiryOf::OldVersions, 1) }],
        ),
        (rule("Enabled", date), vec![Expiry::from("2027-01-01")]),
        (rule("Enabled", &below), vec![Expiry { scope: filtered, ..after(3) }]),
        (String::new(), vec![]),
    ] {
        let answer = format!("<LifecycleConfiguration>{rules}</LifecycleConfiguration>");
        check(Question::Lifecycle, (200, &answer), |observed| {
            observed.lifecycle = Reading::Known(Lifecycle::new(expected));
        })
        .await;
    }
}

#[tokio::test]
async fn a_lock_without_a_default_retention_locks_nothing_by_itself() {
    let retention =
        "<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule>";
    for (rule, expected) in [
        ("", Reading::Absent),
        (retention, Reading::Known(Retention { compliance: false, days: 1 })),
    ] {
        let answer = format!(
            "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule}</ObjectLockConfiguration>"
        );
        check(Question::ObjectLock, (200, &answer), |observed| observed.object_lock = expected)
            .await;
    }
}
