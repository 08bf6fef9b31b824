//! Replacements, which CloudFormation does not make while rollback is disabled.
//!
//! It says so only while it carries the change set out, and leaves the stack in `UPDATE_FAILED`: "Replacement type updates
//! not supported on stack with disable-rollback." Source: <https://github.com/aws/aws-cdk-cli/issues/1931>.

use anyhow::anyhow;
use s3guard_aws::stacks::Change;
use s3guard_aws::stacks::change_set::ResourceAction;

use crate::error::Advice as _;

/// Why, as the end of a sentence.
const WHY: &str = "which CloudFormation does not do while rollback is disabled";

/// Refuses changes with a replacement. `failed` is the place of a stack whose last failure was kept.
pub(crate) fn check(changes: &[Change], failed: Option<&str>) -> anyhow::Result<()> {
    let Some(names) = named(changes, ResourceAction::Replaced) else { return Ok(()) };
    let hint = match failed {
        None => "leave out `--on-failure keep`; nothing was changed".to_owned(),
        Some(place) => format!(
            "nothing was changed; `s3guard rollback {place}`, then deploy without `--on-failure keep`"
        ),
    };
    Err(anyhow!("{names} would be replaced, {WHY}")).hint(hint)
}

/// The warning about replacements that are decided later, if there are any.
pub(crate) fn warning(changes: &[Change]) -> Option<String> {
    let names = named(changes, ResourceAction::MayBeReplaced)?;
    Some(format!(
        "{names} may be replaced, {WHY}: the deployment would fail, and what was done would stay"
    ))
}

/// The names of the resources of such changes, if there are any.
fn named(changes: &[Change], action: ResourceAction) -> Option<String> {
    let names = changes.iter().filter(|change| change.action == action);
    let names: Vec<String> = names.map(|change| format!("`{}`", change.logical_id)).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error;

    fn change(action: ResourceAction, id: &str) -> Change {
        Change {
            action,
            logical_id: id.to_owned(),
            resource_type: "AWS::SQS::Queue".to_owned(),
            physical_id: None,
            policy: None,
            properties: Vec::new(),
        }
    }

    #[test]
    fn only_a_replacement_is_refused_and_one_that_may_come_is_a_warning() {
        for action in [
            ResourceAction::Added,
            ResourceAction::Imported,
            ResourceAction::Changed,
            ResourceAction::Removed,
            ResourceAction::Synced,
        ] {
            let changes = [change(action, "GuardQueue")];
            assert!(check(&changes, None).is_ok() && warning(&changes).is_none(), "{action:?}");
        }
        let replaced = ["GuardQueue", "Topic"].map(|id| change(ResourceAction::Replaced, id));
        let text = error::text(&check(&replaced, None).unwrap_err());
        let words = "`GuardQueue`, `Topic` would be replaced, which CloudFormation does not do while rollback is disabled";
        assert!(text.contains(words), "{text}");
        assert!(text.contains("leave out `--on-failure keep`"), "{text}");
        let failed = error::text(&check(&replaced, Some("--stack s")).unwrap_err());
        assert!(failed.contains("`s3guard rollback --stack s`, then deploy without"), "{failed}");
        let may_be = [change(ResourceAction::MayBeReplaced, "GuardQueue")];
        assert!(check(&may_be, None).is_ok());
        assert!(warning(&may_be).is_some_and(|text| text.starts_with("`GuardQueue` may be")));
    }
}
