//! The pause of the guard: an inline policy of its role that denies every write until a time.
//!
//! IAM enforces it, whatever the function does, and it ends by itself: its condition is the time.

use aws_sdk_iam::Client;
use s3guard_posture::Reading;
use s3guard_posture::evaluate::permissions;
use s3guard_posture::model::question::On;
use s3guard_posture::model::setting::SettingKind;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// The name of the policy.
pub const POLICY: &str = "s3guard-pause";

const SID: &str = "PausedUntil";
const UNTIL: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// The role of the guard, whose writes can be paused.
#[derive(Clone, Debug)]
pub struct Pause {
    client: Client,
    role: String,
}

impl Pause {
    /// Of the role with this ARN.
    pub fn new(connection: &Connection, role_arn: &str) -> Self {
        let role = role_arn.rsplit('/').next().unwrap_or(role_arn).to_owned();
        Self { client: Client::new(&connection.config), role }
    }

    /// Reads until when the writes are denied, which may be over; absent if there is no pause.
    pub async fn until(&self) -> Result<Reading<OffsetDateTime>, AwsError> {
        let call = self.client.get_role_policy().role_name(&self.role).policy_name(POLICY);
        let answer =
            call.send().await.reading("GetRolePolicy", self.object(), &["NoSuchEntity"])?;
        let read = answer.known().map(|answer| until(answer.policy_document()));
        match (answer, read) {
            (_, Some(Some(until))) => Ok(Reading::Known(until)),
            (_, Some(None)) => {
                Err(AwsError::other("GetRolePolicy", self.object(), "the policy is not a pause"))
            }
            (Reading::Denied, None) => Ok(Reading::Denied),
            (Reading::Known(_) | Reading::Absent | Reading::Unread, None) => Ok(Reading::Absent),
        }
    }

    /// Denies every write from now on until this time.
    pub async fn begin(&self, until: OffsetDateTime) -> Result<(), AwsError> {
        let call = self.client.put_role_policy().role_name(&self.role).policy_name(POLICY);
        let call = call.policy_document(document(until).to_string());
        call.send().await.named("PutRolePolicy", self.object()).map(drop)
    }

    /// Ends it. Returns whether there was one.
    pub async fn end(&self) -> Result<bool, AwsError> {
        let call = self.client.delete_role_policy().role_name(&self.role).policy_name(POLICY);
        let answer = call.send().await;
        let ended = answer.optional("DeleteRolePolicy", self.object(), &["NoSuchEntity"])?;
        Ok(ended.is_some())
    }

    fn object(&self) -> String {
        format!("role `{}`", self.role)
    }
}

/// The policy: what the guard can write to buckets and to the account, not to its ledger.
///
/// Source: AWS IAM User Guide, "IAM JSON policy elements: Condition operators", date condition operators.
fn document(until: OffsetDateTime) -> Value {
    let all = SettingKind::ALL.into();
    let actions = [On::Buckets, On::Account].map(|on| permissions::writes(on, &all)).concat();
    let until = until.to_offset(time::UtcOffset::UTC).format(UNTIL).unwrap_or_default();
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": SID,
            "Effect": "Deny",
            "Action": actions,
            "Resource": "*",
            "Condition": { "DateLessThan": { "aws:CurrentTime": until } },
        }],
    })
}

/// Until when a policy denies writes, as IAM returns it: percent-encoded.
fn until(document: &str) -> Option<OffsetDateTime> {
    let document = percent_encoding::percent_decode_str(document).decode_utf8().ok()?;
    let document: Value = serde_json::from_str(&document).ok()?;
    let until =
        document["Statement"][0]["Condition"]["DateLessThan"]["aws:CurrentTime"].as_str()?;
    OffsetDateTime::parse(until, &Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::fake::{Fake, wrapped_error};

    const ROLE: &str = "arn:aws:iam::111122223333:role/s3guard/s3guard-GuardRole-1";
    const UNTIL: OffsetDateTime = datetime!(2026-12-01 10:00 +2);

    fn answer(document: &str) -> (u16, String) {
        let result = format!(
            "<GetRolePolicyResult><RoleName>r</RoleName><PolicyName>{POLICY}</PolicyName>\
             <PolicyDocument>{document}</PolicyDocument></GetRolePolicyResult>"
        );
        (200, format!("<GetRolePolicyResponse>{result}</GetRolePolicyResponse>"))
    }

    #[test]
    fn it_denies_all_that_the_guard_writes_to_buckets_and_nothing_else() {
        let document = document(UNTIL);
        let statement = &document["Statement"][0];
        let actions: Vec<&str> =
            statement["Action"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(actions.iter().all(|action| action.starts_with("s3:Put")), "{actions:?}");
        for action in ["s3:PutBucketPolicy", "s3:PutAccountPublicAccessBlock"] {
            assert!(actions.contains(&action), "{action}");
        }
        assert!(!actions.contains(&"s3:PutObject"), "records go on");
        assert_eq!(
            statement["Condition"]["DateLessThan"]["aws:CurrentTime"],
            "2026-12-01T08:00:00Z"
        );
        assert_eq!(until(&document.to_string()), Some(UNTIL));
    }

    #[tokio::test]
    async fn it_is_read_begun_and_ended_by_the_name_of_the_role() {
        let encoded = percent_encoding::utf8_percent_encode(
            &document(UNTIL).to_string(),
            percent_encoding::NON_ALPHANUMERIC,
        )
        .to_string();
        let empty = |name: &str| (200, format!("<{name}Response></{name}Response>"));
        let fake = Fake::answering([
            answer(&encoded),
            answer("%7B%7D"),
            wrapped_error(404, "NoSuchEntity"),
            wrapped_error(403, "AccessDenied"),
            empty("PutRolePolicy"),
            empty("DeleteRolePolicy"),
            wrapped_error(404, "NoSuchEntity"),
        ]);
        let pause = Pause::new(&fake.connection(), ROLE);
        assert_eq!(pause.until().await.unwrap(), Reading::Known(UNTIL));
        assert!(pause.until().await.is_err(), "another policy of this name");
        assert_eq!(pause.until().await.unwrap(), Reading::Absent);
        assert_eq!(pause.until().await.unwrap(), Reading::Denied);
        pause.begin(UNTIL).await.unwrap();
        assert!(pause.end().await.unwrap());
        assert!(!pause.end().await.unwrap());
        let asked = fake.asked();
        assert!(asked.iter().all(|one| one.body.contains("RoleName=s3guard-GuardRole-1&")));
        assert!(asked[4].body.contains("2026-12-01T08%3A00%3A00Z"), "{}", asked[4].body);
    }
}
