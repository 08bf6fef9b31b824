//! The code bucket: which stacks use it, and which packages in it are unused.

use std::collections::BTreeMap;

use s3guard_aws::AwsError;
use s3guard_aws::code_bucket::{CodeBucket, Used};
use s3guard_aws::stacks::{Phase, StackStatus, Stacks};
use s3guard_posture::BucketName;
use s3guard_posture::contract::parameter;
use time::OffsetDateTime;

use crate::operations::session::Account;
use crate::ui::output::Output;

/// The stacks that use a code bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Users {
    pub(crate) stacks: Vec<String>,
    /// The versions that they and their waiting change sets refer to.
    pub(crate) code: Used,
    /// One is being changed, or its change failed: it may go back to older code.
    pub(crate) is_unsettled: bool,
}

impl Users {
    /// Adds a stack with its parameters, and those of its waiting change sets.
    fn take(
        &mut self,
        bucket: &BucketName,
        name: &str,
        status: &StackStatus,
        parameters: &[BTreeMap<String, String>],
    ) {
        let uses = |one: &&BTreeMap<String, String>| {
            one.get(parameter::CODE_BUCKET).is_some_and(|named| named == bucket.as_str())
        };
        let using: Vec<_> = parameters.iter().filter(uses).collect();
        if using.is_empty() {
            return;
        }
        self.stacks.push(name.to_owned());
        for one in using {
            self.add(one);
        }
        self.is_unsettled |=
            !status.is_settled() || matches!(status.known(), None | Some((_, Phase::Failed)));
    }

    /// Adds the code that these parameters refer to.
    fn add(&mut self, parameters: &BTreeMap<String, String>) {
        let version = parameters.get(parameter::CODE_VERSION).map(String::as_str);
        if let Some(key) = parameters.get(parameter::CODE_KEY) {
            self.code.add(key, version);
        }
    }
}

/// Finds the stacks of the Region that use the bucket, except this one.
pub(crate) async fn users(
    stacks: &Stacks,
    bucket: &BucketName,
    but: Option<&str>,
) -> Result<Users, AwsError> {
    let mut users = Users::default();
    for stack in stacks.all().await?.iter().filter(|stack| Some(stack.id.as_str()) != but) {
        let mut parameters = vec![stack.parameters.clone()];
        // A waiting change set may be carried out any day; a stack under review has no parameters of its own.
        let is_new = stack.status.is_review();
        if is_new || stack.parameters.contains_key(parameter::CODE_BUCKET) {
            parameters.extend(stacks.waiting_parameters(&stack.id).await?);
        }
        users.take(bucket, stack.name(), &stack.status, &parameters);
    }
    Ok(users)
}

/// Deletes unused versions of packages from the standard code bucket, but not the one that the stack had before. A bucket
/// that the caller named is not touched. A failure is only a warning.
pub(crate) async fn prune(
    account: &Account,
    named: Option<&BucketName>,
    previous: &BTreeMap<String, String>,
    output: &Output,
    now: OffsetDateTime,
) {
    let Ok(name) = account.standard_code_bucket() else { return };
    if named.is_some_and(|named| *named != name) {
        return;
    }
    let pruned = async {
        let mut users = users(&Stacks::new(&account.connection), &name, None).await?;
        users.add(previous);
        let bucket = CodeBucket::new(&account.connection, name.clone(), &account.caller);
        if users.is_unsettled { Ok(0) } else { bucket.prune(&users.code, now).await }
    };
    match pruned.await {
        Ok(0) => {}
        Ok(count) => output.say(format_args!("old versions deleted from bucket `{name}`: {count}")),
        Err(error) => output.warn(format_args!("old packages stay in bucket `{name}`: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_uses_a_bucket_by_its_own_parameters_or_by_those_that_wait() {
        let bucket = "code".parse().unwrap();
        let of = |bucket: &str, key: &str| {
            let pairs = [("CodeBucket", bucket), ("CodeKey", key), ("CodeVersion", "v")];
            BTreeMap::from(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())))
        };
        let mut users = Users::default();
        let rests = StackStatus::from("UPDATE_COMPLETE");
        users.take(&bucket, "ours", &rests, &[of("code", "1"), of("code", "2")]);
        users.take(&bucket, "other", &rests, &[of("elsewhere", "3")]);
        let waits = StackStatus::from("REVIEW_IN_PROGRESS");
        users.take(&bucket, "new", &waits, &[BTreeMap::new(), of("code", "4")]);
        assert_eq!(users.stacks, ["ours", "new"]);
        let mut code = Used::default();
        for key in ["1", "2", "4"] {
            code.add(key, Some("v"));
        }
        assert_eq!(users.code, code);
        assert!(!users.is_unsettled);
    }

    #[test]
    fn where_a_stack_may_go_back_to_older_code_nothing_is_taken_out() {
        let bucket = "code".parse().unwrap();
        let parameters = [BTreeMap::from([("CodeBucket".to_owned(), "code".to_owned())])];
        let unknown = StackStatus::from("NEW");
        for status in StackStatus::all().chain([unknown]) {
            let mut users = Users::default();
            users.take(&bucket, "s", &status, &parameters);
            let text = status.as_str();
            let rests = text.ends_with("_COMPLETE") || text == "REVIEW_IN_PROGRESS";
            assert_eq!(users.is_unsettled, !rests, "{status}");
        }
    }
}
