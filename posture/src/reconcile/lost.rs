//! Statements of a bucket policy that another party has put between a read of the guard and its write.
//!
//! S3 has no conditional `PutBucketPolicy`, so a write replaces what was put since the read. Only the event of that call
//! still has the statements. They are reported, and never written: an event carries no authority.

use serde_json::{Map, Value};
use time::Duration;

use super::state::BucketState;
use super::undo::meaning;
use crate::evaluate::tls::Denied;
use crate::model::policy::{Policy, statements};
use crate::model::setting::{Setting, SettingKind};
use crate::text::shown;
use crate::{Aspect, Call, Finding, Reason};

/// How long before or after the beginning of a write another call may have been lost by it: the read before it may have
/// given an older policy, the write may have been repeated, and `CloudTrail` gives whole seconds.
const AROUND: Duration = Duration::seconds(10);
/// The most names of statements in a text.
const NAMES_MAX: usize = 5;

/// The finding about statements that the last of these calls has put, that a write of the guard at that time does not have,
/// and that the policy does not have now.
pub fn lost_statements(calls: &[Call], known: &BucketState, now: &Policy) -> Option<Finding> {
    let of_policy =
        |call: &&Call| matches!(call.event_name.as_str(), "PutBucketPolicy" | "DeleteBucketPolicy");
    let call = calls.iter().filter(of_policy).max_by_key(|call| call.time)?;
    let is_at_that_time = known.writes.iter().any(|write| {
        write.setting == SettingKind::Policy && (write.time - call.time).abs() <= AROUND
    });
    let last = known.settings.get(&SettingKind::Policy);
    let source = last.and_then(|last| last.source.as_ref());
    if !is_at_that_time || source.is_some_and(|source| source.time > call.time) {
        return None;
    }
    let put = Policy::new(call.policy.as_deref()?);
    // What the guard has read or written since then.
    let written = last.and_then(|last| last.read.as_ref()).and_then(|read| read.value.as_ref());
    let written = written.and_then(|written| {
        if let Setting::Policy(Some(text)) = written { Some(Policy::new(text)) } else { None }
    });
    let mut there: Vec<Value> = meanings(now)?;
    there.extend(written.iter().filter_map(meanings).flatten());
    let is_lost = |statement: &&Value| {
        let sid = statement.get("Sid").and_then(Value::as_str);
        let is_ours = [Denied::PlainHttp, Denied::OldTls].iter().any(|one| sid == Some(one.sid()));
        !is_ours && !there.contains(&meaning(&spelled(statement)))
    };
    let all = statements(put.document()?).map(|statement| statement.0);
    let gone: Vec<&Value> = all.filter(is_lost).collect();
    if gone.is_empty() {
        return None;
    }
    let name = |statement: &&Value| match statement.get("Sid").and_then(Value::as_str) {
        Some(sid) => format!("`{}`", shown(sid, 60)),
        None => "one without a Sid".to_owned(),
    };
    let names: Vec<String> = gone.iter().take(NAMES_MAX).map(name).collect();
    let more = gone.len().saturating_sub(NAMES_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let names = names.join(", ") + &more;
    let statements = serde_json::to_string_pretty(&gone).ok()?;
    let reason = Reason::StatementsLost { names, statements };
    Some(Finding::NotRemediated { aspect: Aspect::Policy, reason })
}

/// The meanings of a policy's statements; none if the policy is not understood.
fn meanings(policy: &Policy) -> Option<Vec<Value>> {
    Some(statements(policy.document()?).map(|one| meaning(&spelled(one.0))).collect())
}

/// A value as S3 spells it: it gives numbers and switches as texts, and the ARN of an account in place of its id.
fn spelled(value: &Value) -> Value {
    match value {
        Value::String(text)
            if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            Value::String(format!("arn:aws:iam::{text}:root"))
        }
        Value::Number(_) | Value::Bool(_) => Value::String(value.to_string()),
        Value::Array(list) => Value::Array(list.iter().map(spelled).collect()),
        Value::Object(object) => {
            let object: Map<String, Value> =
                object.iter().map(|(key, value)| (key.clone(), spelled(value))).collect();
            let is_everyone =
                object.len() == 1 && object.get("AWS").is_some_and(|name| name == "*");
            if is_everyone { Value::String("*".to_owned()) } else { Value::Object(object) }
        }
        Value::String(_) | Value::Null => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::OffsetDateTime;
    use time::macros::datetime;

    use super::*;
    use crate::reconcile::state::{Source, Update, Write};
    use crate::{BucketId, Tool};

    const NOON: OffsetDateTime = datetime!(2026-11-20 12:00:00 UTC);
    /// A write begins within a second.
    const WRITTEN: OffsetDateTime = datetime!(2026-11-20 12:00:00.420 UTC);

    fn put(time: OffsetDateTime, statements: &Value) -> Call {
        Call {
            event_name: "PutBucketPolicy".to_owned(),
            event_id: None,
            time,
            principal: "arn:aws:iam::111122223333:role/cfn-exec".to_owned(),
            principal_arn: None,
            tool: Tool::CloudFormation,
            source_ip: None,
            exposes: false,
            opens_sse_c: false,
            makes_default_bucket: false,
            policy: Some(policy(statements)),
            effect: crate::model::deed::Effect::default(),
        }
    }

    fn policy(statements: &Value) -> String {
        json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
    }

    fn readers() -> Value {
        json!({
            "Sid": "Readers", "Effect": "Allow", "Principal": { "AWS": ["111122223333"] },
            "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*",
            "Condition": { "Bool": { "aws:MultiFactorAuthPresent": true } },
        })
    }

    /// The same as S3 gives it back.
    fn respelled() -> Value {
        json!({
            "Sid": "Readers", "Effect": "Allow",
            "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
            "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": ["*"],
            "Condition": { "Bool": { "aws:MultiFactorAuthPresent": "true" } },
        })
    }

    fn ours() -> Value {
        json!({ "Sid": "S3GuardTlsOnly", "Effect": "Deny", "Principal": "*" })
    }

    fn id() -> BucketId {
        BucketId {
            name: "flow-logs".parse().unwrap(),
            account: "111122223333".parse().unwrap(),
            region: "eu-west-1".parse().unwrap(),
        }
    }

    /// The state after the guard has written this policy.
    fn written(statements: &Value) -> BucketState {
        let write = Write { time: WRITTEN, setting: SettingKind::Policy, principal: None };
        BucketState::new(&id()).updated(&Update {
            settings: vec![Setting::Policy(Some(policy(statements)))],
            writes: vec![write],
            ..Update::new(WRITTEN)
        })
    }

    fn names(calls: &[Call], known: &BucketState, now: &Value) -> Option<String> {
        match lost_statements(calls, known, &Policy::new(policy(now)))? {
            Finding::NotRemediated {
                reason: Reason::StatementsLost { names, statements }, ..
            } => {
                let all: Vec<Value> = serde_json::from_str(&statements).unwrap();
                assert!(!all.is_empty());
                Some(names)
            }
            other @ (Finding::Weak { .. }
            | Finding::Later { .. }
            | Finding::NotRemediated { .. }) => {
                panic!("{other:?}")
            }
        }
    }

    #[test]
    fn what_was_put_at_the_time_of_a_write_and_is_gone_is_found_with_its_statement() {
        let known = written(&json!([ours()]));
        for time in [NOON, NOON + Duration::seconds(1), NOON - Duration::seconds(9)] {
            let call = put(time, &json!([readers()]));
            let found = names(&[call], &known, &json!([ours()]));
            assert_eq!(found.as_deref(), Some("`Readers`"));
        }
        let mut changed = readers();
        changed["Action"] = json!("s3:GetObject");
        let two = put(NOON, &json!([ours(), changed, { "Effect": "Deny" }]));
        let found = names(&[two], &known, &json!([ours(), respelled()]));
        assert_eq!(found.as_deref(), Some("`Readers`, one without a Sid"));
    }

    #[test]
    fn what_is_there_in_another_spelling_or_was_there_after_the_write_is_not_lost() {
        let call = || put(NOON, &json!([readers(), ours()]));
        let known = written(&json!([ours()]));
        assert_eq!(names(&[call()], &known, &json!([ours(), respelled()])), None);
        // The guard has kept it, and another party has removed it since.
        let kept = written(&json!([respelled(), ours()]));
        assert_eq!(names(&[call()], &kept, &json!([ours()])), None);
        // A statement of ours was changed, and put back.
        assert_eq!(names(&[put(NOON, &json!([ours()]))], &known, &json!([])), None);
    }

    #[test]
    fn a_call_at_another_time_or_before_a_later_one_loses_nothing() {
        let call = |time| put(time, &json!([readers()]));
        let known = written(&json!([ours()]));
        for seconds in [-11, 12] {
            let call = call(NOON + Duration::seconds(seconds));
            assert_eq!(names(&[call], &known, &json!([ours()])), None);
        }
        let deleted = Call {
            event_name: "DeleteBucketPolicy".to_owned(),
            policy: None,
            ..call(NOON + Duration::SECOND)
        };
        assert_eq!(names(&[call(NOON), deleted.clone()], &known, &json!([ours()])), None);
        let source = Source {
            time: deleted.time,
            event_name: deleted.event_name,
            event_id: None,
            principal: deleted.principal,
            tool: deleted.tool.to_string(),
        };
        let sources = vec![(SettingKind::Policy, source)];
        let known = known.updated(&Update { sources, ..Update::new(WRITTEN) });
        assert_eq!(names(&[call(NOON)], &known, &json!([ours()])), None);
        assert_eq!(names(&[call(NOON)], &BucketState::new(&id()), &json!([ours()])), None);
    }
}
