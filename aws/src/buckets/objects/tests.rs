use s3guard_posture::Reading;

use super::*;
use crate::fake::{Fake, error};

fn objects(fake: &Fake) -> Buckets {
    let owner = "111122223333".parse().unwrap();
    Buckets::new(&fake.connection(), owner, None)
}

fn bucket() -> BucketName {
    "reports".parse().unwrap()
}

fn versions(inner: &str) -> (u16, String) {
    (200, format!("<ListVersionsResult>{inner}</ListVersionsResult>"))
}

#[tokio::test]
async fn an_older_version_of_the_same_key_shows_that_it_was_overwritten() {
    let version = |key: &str| {
        versions(&format!("<Version><Key>{key}</Key><VersionId>v1</VersionId></Version>"))
    };
    let marker = versions("<DeleteMarker><Key>a b</Key><VersionId>v1</VersionId></DeleteMarker>");
    let cases =
        [(version("a b"), true), (version("a b2"), false), (marker, false), (versions(""), false)];
    for (answer, expected) in cases {
        let fake = Fake::answering([answer.clone()]);
        let has = objects(&fake).has_overwritten(&bucket(), "a b", "v2").await.unwrap();
        assert_eq!(has, expected, "{}", answer.1);
        let line = &fake.asked()[0].line;
        for part in
            ["versions", "prefix=a%20b", "key-marker=a%20b", "version-id-marker=v2", "max-keys=1"]
        {
            assert!(line.contains(part), "{line}");
        }
    }
    let fake = Fake::answering([error(403, "AccessDenied")]);
    assert!(objects(&fake).has_overwritten(&bucket(), "a", "v").await.unwrap_err().is_denied());
}

#[tokio::test]
async fn an_acl_shows_whether_an_object_is_public() {
    let acl = |uri: &str| {
        let grantee = format!(
            r#"<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>{uri}</URI></Grantee>"#
        );
        let grant = format!("<Grant>{grantee}<Permission>READ</Permission></Grant>");
        let list = format!("<AccessControlList>{grant}</AccessControlList>");
        (200, format!("<AccessControlPolicy>{list}</AccessControlPolicy>"))
    };
    let group = |name: &str| acl(&format!("http://acs.amazonaws.com/groups/global/{name}"));
    let cases = [
        (group("AllUsers"), Some(true)),
        (group("AuthenticatedUsers"), Some(true)),
        (acl("http://acs.amazonaws.com/groups/s3/LogDelivery"), Some(false)),
        (error(404, "NoSuchKey"), None),
        (error(405, "MethodNotAllowed"), None),
    ];
    for (answer, expected) in cases {
        let fake = Fake::answering([answer.clone()]);
        let is_public = objects(&fake).is_public(&bucket(), "k", Some("v")).await.unwrap();
        assert_eq!(is_public, expected, "{}", answer.1);
        assert!(fake.asked()[0].line.contains("versionId=v"), "{}", fake.asked()[0].line);
    }
    let fake = Fake::answering([error(403, "AccessDenied")]);
    assert!(objects(&fake).is_public(&bucket(), "k", None).await.is_err());
}

#[tokio::test]
async fn objects_are_created_public_only_where_acls_count_and_are_not_blocked() {
    let owned = |by: &str| {
        let rule = format!("<Rule><ObjectOwnership>{by}</ObjectOwnership></Rule>");
        (200, format!("<OwnershipControls>{rule}</OwnershipControls>"))
    };
    let block = |switch: &str| {
        let name = "PublicAccessBlockConfiguration";
        (200, format!("<{name}><{switch}>true</{switch}></{name}>"))
    };
    let no_controls = || error(404, "OwnershipControlsNotFoundError");
    let no_block = || error(404, "NoSuchPublicAccessBlockConfiguration");
    let cases = [
        (vec![owned("BucketOwnerEnforced")], false),
        (vec![error(404, "NoSuchBucket")], false),
        (vec![owned("ObjectWriter"), no_block()], true),
        (vec![owned("BucketOwnerPreferred"), block("RestrictPublicBuckets")], true),
        (vec![no_controls(), no_block()], true),
        (vec![no_controls(), block("BlockPublicAcls")], false),
        (vec![no_controls(), block("IgnorePublicAcls")], false),
        // What cannot be read may be open.
        (vec![error(403, "AccessDenied"), error(403, "AccessDenied")], true),
    ];
    for (answers, expected) in cases {
        let fake = Fake::answering(answers.clone());
        let creates = objects(&fake).creates_public_objects(&bucket()).await.unwrap();
        assert_eq!(creates, expected, "{answers:?}");
        assert_eq!(fake.asked().len(), answers.len(), "{answers:?}");
    }
}

#[tokio::test]
async fn tags_that_are_not_there_or_not_for_us_are_no_error() {
    let tags =
        "<Tagging><TagSet><Tag><Key>s3guard:owner</Key><Value>us</Value></Tag></TagSet></Tagging>";
    let known = [("s3guard:owner".to_owned(), "us".to_owned())].into();
    let cases = [
        ((200, tags.to_owned()), Reading::Known(known)),
        (error(404, "NoSuchTagSet"), Reading::Absent),
        (error(404, "NoSuchBucket"), Reading::Absent),
        (error(403, "AccessDenied"), Reading::Denied),
    ];
    for (answer, expected) in cases {
        let fake = Fake::answering([answer]);
        assert_eq!(objects(&fake).tags(&bucket()).await.unwrap(), expected);
    }
}
