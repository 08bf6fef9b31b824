//! Reserved concurrency: Lambda refuses a reservation that leaves other functions too little.

use std::collections::BTreeMap;

use anyhow::anyhow;
use s3guard_aws::limits;
use s3guard_posture::Reading;
use s3guard_posture::contract::parameter;
use s3guard_synth::stacks::GUARD_CONCURRENCY_MAX;

use crate::error::Advice as _;
use crate::operations::deploy::plan::DeployPlan;

/// How many concurrent executions Lambda leaves for functions without a reservation.
///
/// Source: AWS Lambda Developer Guide, "Configuring reserved concurrency for a function".
const UNRESERVED_MIN: i32 = 100;

/// Whether the function of a stack with these parameters has concurrent executions of its own.
pub(crate) fn is_on(parameters: &BTreeMap<String, String>) -> bool {
    parameters.get(parameter::RESERVED_CONCURRENCY).is_some_and(|value| value == "on")
}

/// Refuses a new reservation for which the account has too few concurrent executions. What may not be read is not checked.
pub(crate) async fn check(plan: &DeployPlan) -> anyhow::Result<()> {
    let had = plan.target.found.as_ref().is_some_and(|stack| is_on(&stack.parameters));
    if had || !is_on(&plan.parameters) {
        return Ok(());
    }
    match limits::concurrency(&plan.target.account.connection).await {
        Ok(Reading::Known(free)) => judge(free),
        Ok(Reading::Absent | Reading::Unread | Reading::Denied) | Err(_) => Ok(()),
    }
}

fn judge(free: i32) -> anyhow::Result<()> {
    let reserved = i32::try_from(GUARD_CONCURRENCY_MAX).unwrap_or(i32::MAX);
    if free >= UNRESERVED_MIN.saturating_add(reserved) {
        return Ok(());
    }
    Err(anyhow!(
        "`ReservedConcurrency=on` reserves {reserved} concurrent executions, and Lambda leaves {UNRESERVED_MIN} without a \
         reservation; the account has {free}"
    ))
    .hint("raise \"Concurrent executions\" of Lambda in Service Quotas, or leave the parameter `off`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_leaves_a_hundred_for_other_functions() {
        assert!(judge(105).is_ok() && judge(1_000).is_ok());
        for free in [0, 10, 104] {
            let error = judge(free).unwrap_err().to_string();
            assert!(error.contains(&format!("the account has {free}")), "{error}");
        }
        let of =
            |value: &str| BTreeMap::from([("ReservedConcurrency".to_owned(), value.to_owned())]);
        assert!(is_on(&of("on")) && !is_on(&of("off")) && !is_on(&BTreeMap::new()));
    }
}
