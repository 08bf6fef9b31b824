//! Notifications as XML, byte for byte: the SDK's types would drop elements that they do not know.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::config::ConfigBag;
use aws_sdk_s3::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::types::NotificationConfiguration;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_xml::decode::Document;
use s3guard_posture::model::setting::Notifications;

use crate::AwsError;
use crate::bucket::Bucket;
use crate::error::Answer as _;

/// The name of the root element.
const ROOT: &str = "NotificationConfiguration";

/// Captures the body of the answer.
#[derive(Clone, Debug, Default)]
struct Body(Arc<Mutex<Vec<u8>>>);

impl Body {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for Body {
    fn name(&self) -> &'static str {
        "Body"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default().to_vec();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = body;
        Ok(())
    }
}

/// Reads the configuration.
pub(super) async fn get(at: &Bucket) -> Result<Vec<u8>, AwsError> {
    let body = Body::default();
    let call = on_bucket!(at, get_bucket_notification_configuration).customize();
    let answer = call.interceptor(body.clone()).send().await;
    answer.named("GetBucketNotificationConfiguration", at.object(""))?;
    Ok(body.take())
}

/// Writes the XML as it is. It replaces the SDK's body before the request is signed.
pub(super) async fn put(at: &Bucket, notifications: &Notifications) -> Result<(), AwsError> {
    let xml = notifications.xml.clone();
    let answer = on_bucket!(at, put_bucket_notification_configuration)
        // A foreign target that no longer exists must not prevent adding ours.
        .skip_destination_validation(true)
        .notification_configuration(NotificationConfiguration::builder().build())
        .customize()
        .mutate_request(move |request: &mut HttpRequest| {
            request.headers_mut().insert("content-length", xml.len().to_string());
            *request.body_mut() = SdkBody::from(xml.as_str());
        })
        .send()
        .await;
    answer.named("PutBucketNotificationConfiguration", at.object("")).map(drop)
}

/// Reads the names of the root's elements. An error is a description.
pub(super) fn parse(body: Vec<u8>) -> Result<Notifications, String> {
    let xml = String::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned())?;
    // The decoder below treats what it cannot read as the end.
    if Document::new(&xml).any(|token| token.is_err()) {
        return Err("it is not XML".to_owned());
    }
    let mut document = Document::new(&xml);
    let mut elements = Vec::new();
    {
        let mut root = document.root_element().map_err(|error| error.to_string())?;
        if !root.start_el().matches(ROOT) {
            return Err(format!("its root is `{}`", root.start_el().local()));
        }
        while let Some(element) = root.next_tag() {
            let start = element.start_el();
            // An element of another namespace is another element: with its prefix it has an unknown name.
            elements.push(match start.prefix() {
                "" => start.local().to_owned(),
                prefix => format!("{prefix}:{}", start.local()),
            });
        }
    }
    Ok(Notifications { xml, elements })
}
