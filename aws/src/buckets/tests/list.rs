//! Lists of buckets.

use super::*;

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
