use std::collections::BTreeMap;

use aws_sdk_sns::operation::publish::PublishOutput;
use aws_smithy_mocks::{RuleMode, mock, mock_client};

use super::*;

#[tokio::test]
async fn a_notice_is_published_with_its_attributes() {
    let rule = mock!(Client::publish)
        .match_requests(|request| {
            let attribute = |name: &str| {
                let value = &request.message_attributes().unwrap()[name];
                (value.data_type().to_owned(), value.string_value().unwrap().to_owned())
            };
            request.topic_arn() == Some("arn:aws:sns:eu-west-1:111122223333:topic")
                && request.subject() == Some("s3guard protected reports")
                && request.message() == Some("Bucket  reports\n")
                && attribute("kind") == ("String".to_owned(), "bucket".to_owned())
                && attribute("bucket") == ("String.Array".to_owned(), r#"["reports"]"#.to_owned())
        })
        .then_output(|| PublishOutput::builder().build());
    let client = mock_client!(aws_sdk_sns, RuleMode::MatchAny, &[&rule]);
    let topic = Topic { client, arn: "arn:aws:sns:eu-west-1:111122223333:topic".to_owned() };
    let notice = Notice {
        subject: "s3guard protected reports".to_owned(),
        text: "Bucket  reports\n".to_owned(),
        attributes: BTreeMap::from([
            ("bucket".to_owned(), Attribute::Many(vec!["reports".to_owned()])),
            ("kind".to_owned(), Attribute::One("bucket".to_owned())),
        ]),
    };
    assert_eq!(topic.publish(&notice).await, Ok(()));
    assert_eq!(rule.num_calls(), 1);
}
