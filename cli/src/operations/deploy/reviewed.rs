//! What was reviewed is what runs: the template that CloudFormation took, the version of the code, and the code of the
//! functions afterwards.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::anyhow;
use s3guard_aws::code_bucket::CodeBucket;
use s3guard_aws::function_state;
use s3guard_aws::stacks::{ChangeSet, Ready, Stack};
use s3guard_posture::contract::{output, parameter};
use s3guard_posture::{BucketName, Reading};
use serde_json::Value as Json;

use crate::error;
use crate::error::Advice as _;
use crate::operations::deploy::plan::DeployPlan;
use crate::operations::deploy::target::DeployTarget;
use crate::operations::session::Account;
use crate::operations::status::function::checksum_of;
use crate::ui::output::Output;

/// The parameters that say which code runs.
const CODE: [&str; 3] = [parameter::CODE_BUCKET, parameter::CODE_KEY, parameter::CODE_VERSION];

/// The template as it is sent: in ASCII, because CloudFormation returns other characters as `?`.
///
/// Other characters occur only within strings, where JSON has an escape for them.
pub(crate) fn text(template: &Json) -> String {
    let mut text = String::new();
    for character in template.to_string().chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(text, "\\u{unit:04x}").expect("a string takes everything");
            }
        }
    }
    text
}

/// Compares what CloudFormation took with what was planned: the template byte for byte, and which code runs.
pub(crate) async fn compare(
    plan: &DeployPlan,
    set: &ChangeSet,
    uploaded: &str,
    ready: &Ready,
) -> anyhow::Result<()> {
    let target = &plan.target;
    let taken = target.stacks.template(&set.stack_id, Some(set)).await;
    let taken = taken.map_err(|error| {
        let error = anyhow::Error::new(error).context(
            "the template of the change set cannot be read, so that it cannot be compared with what is deployed",
        );
        error::hinted(error, "the caller needs `cloudformation:GetTemplate`; nothing was changed")
    })?;
    let (bucket, caller) = (&plan.parameters[parameter::CODE_BUCKET], &target.account.caller.arn);
    if taken.as_deref() != Some(uploaded) {
        return Err(anyhow!(
            "CloudFormation took another template than the one that s3guard uploaded to bucket `{bucket}`"
        ))
        .hint(format!(
            "nothing was changed; a principal replaced it: look in CloudTrail for `PutObject` and `CreateChangeSet` by \
             others than `{caller}`, and revoke their access before you deploy again"
        ));
    }
    let differs = |name: &&str| plan.parameters.get(*name) != ready.parameters.get(*name);
    match CODE.into_iter().find(differs) {
        Some(name) => Err(anyhow!("the change set has another value of parameter `{name}` than the one that was planned"))
            .hint(format!(
                "nothing was changed; look in CloudTrail for `CreateChangeSet` by others than `{caller}`, then deploy again"
            )),
        None => Ok(()),
    }
}

/// Checks that the change set of an earlier run pins a version of the code, and that this is the code which its key names.
pub(crate) async fn check_pinned(
    target: &DeployTarget,
    parameters: &BTreeMap<String, String>,
) -> anyhow::Result<()> {
    let key = parameters.get(parameter::CODE_KEY).map_or("", String::as_str);
    let named = checksum_of(key);
    let pinned = pinned(&target.account, parameters).await;
    match (pinned, named) {
        (Pinned::Nothing, _) => Err(anyhow!("the change set does not pin the version of the code"))
            .hint("create another with `s3guard deploy --no-execute`"),
        (Pinned::Known(found), Some(named)) if found != named => {
            Err(anyhow!("the change set deploys other code than the package that its key `{key}` names"))
                .hint(format!(
                    "nothing was changed; look in CloudTrail for `PutObject` on the key and for `CreateChangeSet` by others \
                     than `{}`, then create another change set with `s3guard deploy --no-execute`",
                    target.account.caller.arn
                ))
        }
        (Pinned::Unknown(why), _) => {
            target.output.warn(format_args!(
                "the code of the change set is compared only after it is deployed: {why}"
            ));
            Ok(())
        }
        (Pinned::Known(_), _) => Ok(()),
    }
}

/// The code that a stack's parameters pin.
#[derive(Debug, PartialEq, Eq)]
enum Pinned {
    /// They pin none.
    Nothing,
    /// Its checksum.
    Known(String),
    /// Its checksum is not known, for this reason.
    Unknown(String),
}

async fn pinned(account: &Account, parameters: &BTreeMap<String, String>) -> Pinned {
    let [Some(bucket), Some(key), Some(version)] = CODE.map(|name| parameters.get(name)) else {
        return Pinned::Nothing;
    };
    let name: BucketName = match bucket.parse() {
        Ok(name) => name,
        Err(error) => return Pinned::Unknown(format!("`{bucket}` is no bucket: {error}")),
    };
    match CodeBucket::new(&account.connection, name, &account.caller)
        .checksum_of(key, version)
        .await
    {
        Ok(Some(checksum)) => Pinned::Known(checksum),
        Ok(None) => Pinned::Unknown(format!(
            "version `{version}` of `{key}` cannot be read, or has no checksum"
        )),
        Err(error) => Pinned::Unknown(error.to_string()),
    }
}

/// Compares the code of a stack's functions with the package that its parameters pin. What cannot be compared is said.
pub(crate) async fn check_code(
    account: &Account,
    stack: &Stack,
    output: &Output,
) -> anyhow::Result<()> {
    let functions: Vec<&String> = [output::GUARD_FUNCTION_NAME, output::NOTIFY_FUNCTION_NAME]
        .into_iter()
        .filter_map(|name| stack.outputs.get(name))
        .collect();
    // A new stack that was rolled back has none.
    if functions.is_empty() {
        return Ok(());
    }
    let key = stack.parameters.get(parameter::CODE_KEY).map_or("", String::as_str);
    let expected = match checksum_of(key) {
        Some(checksum) => checksum,
        None => match pinned(account, &stack.parameters).await {
            Pinned::Known(checksum) => checksum,
            Pinned::Nothing => {
                uncompared("no version is pinned", output);
                return Ok(());
            }
            Pinned::Unknown(why) => {
                uncompared(&why, output);
                return Ok(());
            }
        },
    };
    for function in functions {
        match function_state::describe(&account.connection, function).await {
            Ok(Reading::Known(found)) if found.code_sha256 == expected => {}
            Ok(Reading::Known(found)) if found.is_changing => {
                uncompared(&format!("Lambda is still updating function `{function}`"), output);
            }
            Ok(Reading::Known(found)) => {
                return Err(foreign_code(function, &found.code_sha256, &expected, key));
            }
            Ok(Reading::Denied) => {
                uncompared("missing permission `lambda:GetFunctionConfiguration`", output);
            }
            Ok(Reading::Absent | Reading::Unread) => {
                uncompared(&format!("function `{function}` does not exist"), output);
            }
            Err(error) => uncompared(&error.to_string(), output),
        }
    }
    Ok(())
}

fn uncompared(why: &str, output: &Output) {
    output.warn(format_args!(
        "the code of the functions was not compared with the package: {why}; `s3guard status` compares it"
    ));
}

fn foreign_code(function: &str, found: &str, expected: &str, key: &str) -> anyhow::Error {
    let error = anyhow!("it has the SHA-256 `{found}` and the package `{expected}`")
        .context(format!("function `{function}` runs code that was not deployed"));
    error::hinted(
        error,
        format!(
            "treat the role of the function as compromised. Look in CloudTrail for `UpdateFunctionCode`, and for `PutObject` \
             on `{key}`, by other principals than the deployer; revoke their access; then `s3guard deploy --revert-drift` \
             deploys the package, and `s3guard history` shows what was written meanwhile"
        ),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_template_is_sent_in_ascii_and_means_the_same() {
        let template = json!({ "Description": "für 🪣", "a\"b": ["\u{1b}", 1] });
        let text = text(&template);
        assert!(text.is_ascii(), "{text}");
        assert!(text.contains("f\\u00fcr \\ud83e\\udea3"), "{text}");
        assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), template);
    }

    #[test]
    fn foreign_code_is_an_error_with_what_to_do() {
        let text = error::text(&foreign_code("guard", "a=", "b=", "s3guard/x.zip"));
        assert!(
            text.starts_with("error: function `guard` runs code that was not deployed"),
            "{text}"
        );
        assert!(text.contains("SHA-256 `a=`") && text.contains("hint: treat the role"), "{text}");
    }
}
