//! Who outside of the account the policy lets in, besides everyone.

use s3guard_posture::evaluate::admitted::{Admitted, PrincipalKind, Standing, admitted};
use s3guard_posture::model::observed::Observed;
use s3guard_posture::{Aspect, Baseline, Mode};

use super::Found;
use super::exposure::{POLICY_SWITCHES, held_back, on};
use crate::finding::{Finding, Status};
use crate::rule::Rule;
use crate::severity::Severity;

/// The most principals that one finding names.
const NAMES_MAX: usize = 20;

pub(super) fn judge(observed: &Observed, baseline: &Baseline, found: &mut Found) {
    let Some(policy) = observed.policy.known() else { return };
    if policy.document().is_none() || baseline.mode(Aspect::Policy) == Mode::Off {
        return;
    }
    let deleted = policy.deleted_principals();
    if !deleted.is_empty() {
        let reason = format!("its policy names {}", deleted.join(", "));
        found.add(Rule::DeletedPrincipal, reason, |finding| finding.who.extend(deleted));
    }
    // Everyone is in the rules of exposure, unless S3 judges otherwise than we do, or does not say it.
    let is_public = !observed.policy_is_public.is_denied()
        && observed.policy_is_public.known().copied().unwrap_or(true);
    let account = observed.account_block.known().copied().unwrap_or_default();
    let own = observed.public_access_block.known().copied().unwrap_or_default();
    let restricts = on(POLICY_SWITCHES, [own, account].map(|one| one.restrict_public_buckets));
    let admitted = admitted(policy, &observed.id.account, &baseline.trusted);
    // A public policy that is restricted lets in the account and AWS services only.
    let kept_out = admitted.iter().any(|one| one.is_public) && is_public && !restricts.is_empty();
    for one in admitted.iter().filter(|one| one.standing == Standing::Outsider) {
        if one.is_public && is_public {
            continue;
        }
        let is_service = matches!(one.kind, PrincipalKind::Service { .. });
        let (rule, severity) = rule(one);
        let held = if kept_out && !is_service { &restricts[..] } else { &[] };
        found.add(rule, reason(one), |finding| {
            finding.severity = if held.is_empty() { severity } else { held_back(severity) };
            if one.is_public && observed.policy_is_public.is_denied() {
                finding.status = Status::Unknown;
                finding.severity = Severity::Critical;
            }
            finding.held_back_by = held.to_vec();
            finding.who.insert(one.kind.to_string());
        });
    }
    found.findings.iter_mut().for_each(shorten);
}

fn rule(one: &Admitted) -> (Rule, Severity) {
    if one.changes.is_some() {
        return (Rule::StrangerAdmin, Severity::High);
    }
    if let PrincipalKind::Service { sources: None, .. } = &one.kind {
        // What is only written are logs, which could be forged.
        let shows = one.grants.reads || one.grants.lists;
        let severity = if shows { Severity::High } else { Severity::Medium };
        return (Rule::ServiceWithoutSource, severity);
    }
    // One identity of AWS that acts for its customers.
    let severity = if one.is_of_aws() { Severity::Low } else { Severity::Medium };
    (Rule::StrangerAccess, severity)
}

fn reason(one: &Admitted) -> String {
    let changes = one.changes.as_ref();
    let changes = changes.map(|action| format!(", which may call {action}")).unwrap_or_default();
    format!("policy statement {} lets in {}{changes}", one.statement, one.kind)
}

/// Leaves out what no one would read.
fn shorten(finding: &mut Finding) {
    let more = finding.reasons.len().saturating_sub(NAMES_MAX);
    if more > 1 {
        finding.reasons.truncate(NAMES_MAX);
        finding.reasons.push(format!("and {more} more"));
    }
}
