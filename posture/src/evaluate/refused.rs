//! What AWS refuses: findings of single aspects become one for each cause, with what to do about it.

use crate::model::observed::Observed;
use crate::model::policy::{Denying, Policy};
use crate::model::refusal::{Cause, RefusedWrite, Role, Unreadable};
use crate::model::setting::{PublicAccessBlock, SettingKind};
use crate::{Aspect, BucketId, Finding, Question, Reason};

/// The aspects that count most, if they cannot be read.
const FIRST: [Aspect; 3] = [Aspect::PublicAccess, Aspect::Policy, Aspect::Acl];
/// How the names of the buckets of AWS Control Tower begin; the account and the Region follow.
///
/// Source: AWS Control Tower User Guide, "Log archive account resources".
const CONTROL_TOWER: &str = "aws-controltower-";

/// Says of findings what is refused and why, as far as it follows from what was read. What cannot be read is one finding of
/// the bucket.
///
/// `role` is the ARN of the guard's role; `shown` is the policy that a call has put, for the case that it cannot be read.
pub fn explain(
    findings: Vec<Finding>,
    observed: &Observed,
    role: Option<&str>,
    shown: Option<&Policy>,
) -> Vec<Finding> {
    let mut unreadable: Vec<(Aspect, Question)> = Vec::new();
    let mut explained: Vec<Finding> = Vec::new();
    for finding in findings {
        match finding {
            Finding::NotRemediated { aspect, reason: Reason::NotReadable(question) }
                if question.is_of_bucket() =>
            {
                unreadable.push((aspect, question));
            }
            Finding::NotRemediated { aspect, reason: Reason::Refused(write) } => {
                let reason = of_write(*write, observed, role);
                explained.push(Finding::NotRemediated { aspect, reason });
            }
            // One for the whole bucket.
            Finding::NotRemediated { reason: Reason::OfControlTower, .. }
                if explained.iter().any(is_of_control_tower) => {}
            Finding::Weak { .. } | Finding::Later { .. } | Finding::NotRemediated { .. } => {
                explained.push(finding);
            }
        }
    }
    explained.extend(of_reads(&unreadable, observed, role, shown));
    explained
}

/// Whether a bucket has the name that AWS Control Tower gives its buckets in this account.
pub fn has_name_of_control_tower(id: &BucketId) -> bool {
    let rest = id.name.as_str().strip_prefix(CONTROL_TOWER);
    rest.is_some_and(|rest| rest.contains(id.account.as_str()))
}

fn is_of_control_tower(finding: &Finding) -> bool {
    matches!(finding, Finding::NotRemediated { reason: Reason::OfControlTower, .. })
}

fn of_write(mut write: RefusedWrite, observed: &Observed, role: Option<&str>) -> Reason {
    let RefusedWrite { kind, refusal, .. } = &write;
    let account = observed.account_block.known().copied().unwrap_or_default();
    let is_denied = matches!(refusal.cause, Cause::BucketPolicy | Cause::Denied);
    match (kind, refusal.cause) {
        (SettingKind::PublicAccessBlock, _) if account == PublicAccessBlock::ALL => {
            return Reason::ClosedByAccount(refusal.short().to_owned());
        }
        (
            SettingKind::AccountPublicAccessBlock,
            Cause::Organization
            | Cause::ServiceControlPolicy
            | Cause::ResourceControlPolicy
            | Cause::Denied,
        ) => return Reason::OrganizationDecides(refusal.to_string()),
        (_, Cause::BlockPublicPolicy) => {
            let own = observed.public_access_block.known().copied().unwrap_or_default();
            if own.or(account).restrict_public_buckets {
                return Reason::VoidPolicy;
            }
        }
        _ => {}
    }
    if is_denied {
        write.denying = denying(observed, kind.permission().0, role);
    }
    write.role = Role(role.map(str::to_owned));
    Reason::Refused(Box::new(write))
}

/// One finding for all that cannot be read: of the aspect that counts most.
fn of_reads(
    unreadable: &[(Aspect, Question)],
    observed: &Observed,
    role: Option<&str>,
    shown: Option<&Policy>,
) -> Option<Finding> {
    let rank =
        |aspect: &Aspect| (FIRST.iter().position(|first| first == aspect).unwrap_or(3), *aspect);
    let aspect = unreadable.iter().map(|(aspect, _)| *aspect).min_by_key(rank)?;
    let mut questions: Vec<Question> = unreadable.iter().map(|(_, question)| *question).collect();
    questions.sort_unstable();
    questions.dedup();
    let refusals = questions.iter().filter_map(|question| observed.refused.get(question));
    let refusal = refusals.min_by_key(|refusal| refusal.cause).cloned();
    if let ([question], None) = (questions.as_slice(), &refusal)
        && unreadable.len() == 1
    {
        return Some(Finding::NotRemediated { aspect, reason: Reason::NotReadable(*question) });
    }
    let policy = observed.policy.known().or(shown);
    let may_be_policy = refusal
        .as_ref()
        .is_none_or(|refusal| matches!(refusal.cause, Cause::BucketPolicy | Cause::Denied));
    let policy = policy.filter(|_| may_be_policy);
    let all = questions
        .iter()
        .filter_map(|question| policy?.denying(question.permission().0, &observed.id.name, role));
    let all: Vec<Denying> = all.collect();
    let names_role = all.iter().any(|one| one.names_role);
    let denying = all.into_iter().next();
    let role = Role(role.map(str::to_owned));
    let unreadable = Unreadable { questions, refusal, denying, names_role, role };
    Some(Finding::NotRemediated { aspect, reason: Reason::Unreadable(Box::new(unreadable)) })
}

fn denying(observed: &Observed, action: &str, role: Option<&str>) -> Option<Denying> {
    let policy: &Policy = observed.policy.known()?;
    policy.denying(action, &observed.id.name, role)
}

#[cfg(test)]
mod tests;
