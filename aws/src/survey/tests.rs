use s3guard_posture::{BucketId, Grade};

use super::*;
use crate::fake::{Asked, Fake, error, wrapped_error};

fn survey(fake: &Fake) -> Survey {
    Survey::new(&fake.connection(), "111122223333".parse().unwrap(), IN_FLIGHT_MAX)
}

fn bucket(name: &str, region: &str) -> Observed {
    Observed::unread(BucketId {
        name: name.parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: region.parse().unwrap(),
    })
}

async fn read(survey: &Survey, name: &str, ask: &[Question]) -> Result<BucketRead, AwsError> {
    let baseline = Baseline::new(Grade::Speed, None);
    survey.read(&bucket(name, "eu-west-1"), ask, &baseline).await
}

fn is_list(asked: &Asked) -> bool {
    asked.line.contains("max-buckets")
}

#[tokio::test]
async fn buckets_of_a_region_share_its_host_and_each_request_names_the_owner() {
    let fake = Fake::new(|_| error(404, "NoSuchBucketPolicy"));
    let survey = survey(&fake);
    let baseline = Baseline::new(Grade::Speed, None);
    for (name, region) in [("reports", "eu-west-1"), ("a.dotted.name", "us-east-2")] {
        survey.read(&bucket(name, region), &[Question::Policy], &baseline).await.unwrap();
    }
    let asked = fake.asked();
    let lines: Vec<&str> = asked.iter().map(|one| one.line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "GET https://s3.eu-west-1.amazonaws.com/reports/?policy",
            "GET https://s3.us-east-2.amazonaws.com/a.dotted.name/?policy",
        ]
    );
    for one in &asked {
        assert_eq!(one.header("x-amz-expected-bucket-owner"), Some("111122223333"));
    }
    assert_eq!(survey.rate(), Rate { calls: 2, throttles: 0 });
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_is_repeated_and_counted() {
    let answers =
        [error(503, "SlowDown"), error(503, "SlowDown"), error(404, "NoSuchBucketPolicy")];
    let fake = Fake::answering(answers);
    let survey = survey(&fake);
    let Ok(BucketRead::Bucket(observed, failed)) =
        read(&survey, "reports", &[Question::Policy]).await
    else {
        panic!("it was read")
    };
    assert_eq!((&observed.policy, failed.len()), (&Reading::Absent, 0));
    assert_eq!(survey.rate(), Rate { calls: 3, throttles: 2 });
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_is_a_failure_of_its_question() {
    let fake = Fake::new(|asked| {
        if asked.line.contains("?policy") {
            error(503, "SlowDown")
        } else {
            error(404, "OwnershipControlsNotFoundError")
        }
    });
    let survey = survey(&fake);
    let ask = [Question::Policy, Question::Ownership];
    let Ok(BucketRead::Bucket(observed, failed)) = read(&survey, "reports", &ask).await else {
        panic!("it was read")
    };
    assert_eq!((&observed.policy, observed.ownership), (&Reading::Denied, Reading::Absent));
    assert_eq!(failed[&Question::Policy].code(), Some("SlowDown"));
    assert_eq!(survey.rate().throttles, 6);
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_said_not_to_exist_is_asked_again() {
    // The answer is false twice.
    let answers =
        [error(404, "NoSuchBucket"), error(404, "NoSuchBucket"), error(404, "NoSuchBucketPolicy")];
    let survey_ = survey(&Fake::answering(answers));
    let answer = read(&survey_, "reports", &[Question::Policy]).await;
    assert!(matches!(answer, Ok(BucketRead::Bucket(..))), "{answer:?}");
    let check = |listed: &'static str| {
        let fake = Fake::new(move |asked| {
            if is_list(asked) {
                (200, format!("<ListAllMyBucketsResult>{listed}</ListAllMyBucketsResult>"))
            } else {
                error(404, "NoSuchBucket")
            }
        });
        async move { read(&survey(&fake), "reports", &[Question::Policy]).await.unwrap() }
    };
    assert!(matches!(check("<Buckets/>").await, BucketRead::Gone));
    let listed = "<Buckets><Bucket><Name>reports</Name></Bucket></Buckets>";
    let BucketRead::Bucket(observed, failed) = check(listed).await else { panic!("it is listed") };
    assert!(observed.policy.is_denied());
    assert!(failed[&Question::Policy].to_string().contains("although it lists it"));
}

#[tokio::test]
async fn what_is_refused_for_every_bucket_is_asked_of_each_and_known() {
    let fake = Fake::new(|asked| {
        if asked.line.contains("?policy") {
            error(403, "AccessDenied")
        } else {
            error(404, "OwnershipControlsNotFoundError")
        }
    });
    let survey = survey(&fake);
    let ask = [Question::Policy, Question::Ownership];
    for number in 0..60 {
        let Ok(BucketRead::Bucket(observed, _)) =
            read(&survey, &format!("bucket-{number}"), &ask).await
        else {
            panic!("it was read")
        };
        assert!(observed.policy.is_denied());
    }
    let asked = fake.asked();
    let count = |query: &str| asked.iter().filter(|one| one.line.contains(query)).count();
    assert_eq!((count("?policy"), count("?ownershipControls")), (60, 60));
    assert_eq!(survey.refused_everywhere(), ["s3:GetBucketPolicy"]);
}

#[tokio::test]
async fn buckets_that_refuse_their_reader_hide_no_other() {
    let fake = Fake::new(|asked| {
        if asked.line.contains("/0000-") {
            error(403, "AccessDenied")
        } else {
            error(404, "NoSuchBucketPolicy")
        }
    });
    let survey = survey(&fake);
    for number in 0..60 {
        read(&survey, &format!("0000-{number}"), &[Question::Policy]).await.unwrap();
    }
    let Ok(BucketRead::Bucket(observed, _)) = read(&survey, "reports", &[Question::Policy]).await
    else {
        panic!("it was read")
    };
    assert_eq!(observed.policy, Reading::Absent);
    assert!(survey.refused_everywhere().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_page_of_the_list_is_asked_again_if_s3_is_slow() {
    let page = (200, "<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>".to_owned());
    let survey = survey(&Fake::answering([error(503, "SlowDown"), page]));
    assert_eq!(survey.list(None).await.unwrap(), ListedPage::default());
}

#[tokio::test]
async fn expired_credentials_end_the_survey() {
    let fake = Fake::new(|_| error(400, "ExpiredToken"));
    let ended = read(&survey(&fake), "reports", &[Question::Policy]).await;
    assert!(ended.unwrap_err().is_expired());
}

#[tokio::test]
async fn a_region_that_is_not_enabled_hides_its_buckets_alone() {
    let fake = Fake::new(|_| error(403, "InvalidAccessKeyId"));
    let answer = read(&survey(&fake), "reports", &[Question::Policy]).await.unwrap();
    let BucketRead::Bucket(observed, failed) = answer else { panic!("it was read") };
    assert!(observed.policy.is_denied());
    assert_eq!(failed[&Question::Policy].code(), Some("InvalidAccessKeyId"));
}

#[tokio::test]
async fn buckets_are_listed_by_pages_with_their_regions() {
    let page = |buckets: &str, next: &str| {
        (
            200,
            format!(
                "<ListAllMyBucketsResult><Buckets>{buckets}</Buckets>{next}</ListAllMyBucketsResult>"
            ),
        )
    };
    let first = "<Bucket><Name>reports</Name><BucketRegion>us-east-2</BucketRegion></Bucket>\
                 <Bucket><Name>no</Name></Bucket>";
    let next = "<ContinuationToken>next</ContinuationToken>";
    let fake = Fake::answering([page(first, next), page("<Bucket><Name>old</Name></Bucket>", "")]);
    let survey = survey(&fake);
    let first = survey.list(None).await.unwrap();
    assert_eq!(first.buckets[0].region.as_str(), "us-east-2");
    assert_eq!(
        (&first.strange[..], first.continuation.as_deref()),
        (&["no".to_owned()][..], Some("next"))
    );
    let second = survey.list(first.continuation).await.unwrap();
    assert_eq!((second.buckets[0].region.as_str(), second.continuation), ("eu-west-1", None));
    let lines: Vec<String> = fake.asked().into_iter().map(|one| one.line).collect();
    assert!(lines.iter().all(|line| line.contains("max-buckets=1000")), "{lines:?}");
    assert!(lines[1].contains("continuation-token=next"), "{lines:?}");
}

#[tokio::test]
async fn access_points_are_listed_once_for_a_region_and_those_of_a_vpc_cost_nothing() {
    let point = |name: &str, origin: &str| {
        format!(
            "<AccessPoint><Name>{name}</Name><NetworkOrigin>{origin}</NetworkOrigin><Bucket>reports</Bucket>\
             <AccessPointArn>arn:aws:s3:eu-west-1:111122223333:accesspoint/{name}</AccessPointArn></AccessPoint>"
        )
    };
    let all =
        [point("team", "Internet"), point("inside", "VPC"), point("own", "Internet")].concat();
    let fake = Fake::new(move |asked| {
        let line = &asked.line;
        if line.contains("/accesspoint?") {
            (
                200,
                format!(
                    "<ListAccessPointsResult><AccessPointList>{all}</AccessPointList></ListAccessPointsResult>"
                ),
            )
        } else if line.contains("/team/policyStatus") {
            let status = "<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>";
            (
                200,
                format!(
                    "<GetAccessPointPolicyStatusResult>{status}</GetAccessPointPolicyStatusResult>"
                ),
            )
        } else if line.contains("/team") {
            let block = "<RestrictPublicBuckets>true</RestrictPublicBuckets>";
            let block =
                format!("<PublicAccessBlockConfiguration>{block}</PublicAccessBlockConfiguration>");
            (200, format!("<GetAccessPointResult>{block}</GetAccessPointResult>"))
        } else {
            wrapped_error(404, "NoSuchAccessPointPolicy")
        }
    });
    let survey = survey(&fake);
    let region = "eu-west-1".parse().unwrap();
    for _ in 0..2 {
        let points = survey.access_points(&region).await.unwrap();
        let points = points.known().unwrap();
        let public: Vec<_> = points.iter().map(|one| one.is_public).collect();
        assert_eq!(public, [Reading::Known(true), Reading::Unread, Reading::Absent]);
        assert!(points[0].block.known().unwrap().restrict_public_buckets);
    }
    assert_eq!((fake.asked().len(), survey.rate().calls), (4, 4));
}

#[tokio::test]
async fn access_points_that_may_not_be_listed_are_not_known() {
    let fake = Fake::new(|_| wrapped_error(403, "AccessDenied"));
    let survey = survey(&fake);
    let region = "eu-west-1".parse().unwrap();
    assert_eq!(survey.access_points(&region).await, Ok(Arc::new(Reading::Denied)));
    assert_eq!(survey.multi_region().await, Ok(Reading::Denied));
    assert!(fake.asked()[1].line.contains("us-west-2"), "{}", fake.asked()[1].line);
}

#[tokio::test]
async fn a_key_is_described_once_however_many_buckets_have_it() {
    let fake = Fake::new(|_| {
        let key = r#"{"KeyMetadata":{"KeyId":"1","KeyState":"PendingDeletion"}}"#;
        (200, key.to_owned())
    });
    let survey = survey(&fake);
    let with_key = |key: &str| {
        let mut observed = bucket("reports", "eu-west-1");
        observed.encryption = Reading::Known(s3guard_posture::model::setting::Encryption {
            algorithm: s3guard_posture::model::setting::Algorithm::Kms(Key::Named(key.to_owned())),
            bucket_key: true,
            sse_c: s3guard_posture::model::setting::SseC::Blocked,
        });
        observed
    };
    let own = with_key("arn:aws:kms:eu-west-1:111122223333:key/1");
    for _ in 0..3 {
        let state = survey.key(&own).await.unwrap();
        assert!(matches!(state, Reading::Known(KeyState::Unusable(_))), "{state:?}");
    }
    let foreign = with_key("arn:aws:kms:eu-west-1:999988887777:key/1");
    assert_eq!(survey.key(&foreign).await, Ok(Reading::Unread));
    assert_eq!(fake.asked().len(), 1);
}
