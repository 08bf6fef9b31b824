//! Lists of buckets.

use super::*;

#[tokio::test]
async fn the_buckets_of_every_region_are_listed_page_by_page() {
    let page = |buckets: &str, next: &str| {
        let all = format!(
            "<ListAllMyBucketsResult><Buckets>{buckets}</Buckets>{next}</ListAllMyBucketsResult>"
        );
        (200, all.leak() as &str)
    };
    let bucket = |name: &str, region: &str| {
        format!("<Bucket><Name>{name}</Name><BucketRegion>{region}</BucketRegion></Bucket>")
    };
    let first = bucket("reports", "eu-west-1") + &bucket("elsewhere", "us-east-1");
    let fake = Fake::answering([
        page(&first, "<ContinuationToken>next</ContinuationToken>"),
        page(&(bucket("third", "us-east-1") + "<Bucket><Name>unknown</Name></Bucket>"), ""),
    ]);
    let regions = buckets(&fake, None).regions().await.unwrap();
    let of = |code: &str| regions[&code.parse().unwrap()].iter().map(ToString::to_string).collect();
    let [here, there]: [Vec<String>; 2] = [of("eu-west-1"), of("us-east-1")];
    assert_eq!(
        (here, there, regions.len()),
        (vec!["reports".to_owned()], vec!["elsewhere".to_owned(), "third".to_owned()], 2)
    );
    expect_test::expect![[r#"
        GET https://s3.eu-west-1.amazonaws.com/?x-id=ListBuckets&max-buckets=1000

        GET https://s3.eu-west-1.amazonaws.com/?x-id=ListBuckets&max-buckets=1000&continuation-token=next
    "#]].assert_eq(&fake.wire());
}

#[tokio::test]
async fn only_the_regions_own_buckets_are_listed_page_by_page() {
    let fake = Fake::answering([(
        200,
        "<ListAllMyBucketsResult><Buckets>\
         <Bucket><Name>reports</Name><BucketRegion>eu-west-1</BucketRegion></Bucket>\
         <Bucket><Name>elsewhere</Name><BucketRegion>us-east-1</BucketRegion></Bucket>\
         <Bucket><Name>?</Name><BucketRegion>eu-west-1</BucketRegion></Bucket>\
         </Buckets><ContinuationToken>next</ContinuationToken></ListAllMyBucketsResult>",
    )]);
    let page = buckets(&fake, None).list(Some("here".to_owned())).await.unwrap();
    assert_eq!(page.buckets, [reports().name]);
    assert_eq!(page.strange, ["?"]);
    assert_eq!(page.continuation.as_deref(), Some("next"));
    expect_test::expect![[r#"
        GET https://s3.eu-west-1.amazonaws.com/?x-id=ListBuckets&max-buckets=1000&continuation-token=here&bucket-region=eu-west-1
    "#]].assert_eq(&fake.wire());
}
