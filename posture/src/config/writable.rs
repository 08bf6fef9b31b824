//! Which settings a guard with this configuration may have to write: its role is allowed these.

use std::collections::BTreeSet;

use time::Date;

use super::context::{EvaluationContext, own_bucket};
use super::{Config, Rule};
use crate::model::setting::SettingKind;
use crate::{Aspect, Grade};

impl Config {
    /// The settings of any bucket, and of the account, that may have to be written.
    ///
    /// The stack's parameter and a tag of the bucket can raise its grade to the highest one: only a mode for all buckets, or
    /// for the account, rules a write out, unless a rule enforces it.
    pub fn writable(&self) -> BTreeSet<SettingKind> {
        if self.mode.is_some_and(|most| !most.enforces()) {
            return BTreeSet::new();
        }
        let may_enforce = |aspect: &Aspect| {
            let by_grade = || Grade::ALL.iter().any(|grade| grade.wants(*aspect).mode.enforces());
            let of_all = self.aspects.get(aspect).map(|mode| mode.enforces());
            let by_rule =
                |rule: &Rule| rule.aspects.get(aspect).is_some_and(|mode| mode.enforces());
            of_all.unwrap_or_else(by_grade) || self.rules.iter().any(by_rule)
        };
        Aspect::ALL
            .iter()
            .filter(|aspect| may_enforce(aspect))
            .filter_map(|one| one.setting())
            .collect()
    }
}

/// The settings of the stack's own buckets that may have to be written, whatever the configuration is.
pub fn writable_of_own_buckets() -> BTreeSet<SettingKind> {
    let baseline = own_bucket(&EvaluationContext::new(Date::MIN));
    let enforced = Aspect::ALL.iter().filter(|aspect| baseline.mode(**aspect).enforces());
    enforced.filter_map(|aspect| aspect.setting()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(config: &Value, missing: &[SettingKind]) {
        let writable = Config::read(config).unwrap().writable();
        let not_writable: Vec<_> =
            SettingKind::ALL.into_iter().filter(|kind| !writable.contains(kind)).collect();
        assert_eq!(not_writable, missing, "{config}");
    }

    #[test]
    fn without_a_configuration_a_tag_can_make_every_write_necessary_but_that_of_the_account() {
        check(&json!({}), &[SettingKind::AccountPublicAccessBlock]);
        check(&json!({ "grade": "speed" }), &[SettingKind::AccountPublicAccessBlock]);
        check(&json!({ "aspects": { "account-public-access": "enforce" } }), &[]);
    }

    #[test]
    fn a_mode_for_all_buckets_rules_a_write_out_unless_a_rule_enforces_the_aspect() {
        let off = json!({ "versioning": "off", "access-logs": "report" });
        check(
            &json!({ "aspects": off }),
            &[
                SettingKind::Versioning,
                SettingKind::AccessLogs,
                SettingKind::AccountPublicAccessBlock,
            ],
        );
        let rule = json!([{ "bucket": "payroll", "aspects": { "versioning": "enforce" } }]);
        check(
            &json!({ "aspects": off, "rule": rule }),
            &[SettingKind::AccessLogs, SettingKind::AccountPublicAccessBlock],
        );
    }

    #[test]
    fn a_setting_of_two_aspects_is_written_for_either() {
        let account = SettingKind::AccountPublicAccessBlock;
        check(&json!({ "aspects": { "encryption": "off" } }), &[account]);
        check(
            &json!({ "aspects": { "encryption": "off", "sse-c": "off" } }),
            &[SettingKind::Encryption, account],
        );
    }

    #[test]
    fn our_own_buckets_need_these_writes() {
        use SettingKind::{Encryption, Ownership, Policy, PublicAccessBlock, Versioning};
        let expected = [Policy, PublicAccessBlock, Encryption, Ownership, Versioning];
        assert_eq!(writable_of_own_buckets(), expected.into());
    }
}
