//! Who on the internet can reach a bucket now, and who could if one switch were off.
//!
//! Whether a policy is public is S3's own judgement; whether that has an effect is the engine's.
//!
//! Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage".

use s3guard_posture::Reading;
use s3guard_posture::Trusted;
use s3guard_posture::evaluate::admitted::{Admitted, Grants, admitted};
use s3guard_posture::evaluate::assess::{Exposure, Reach, effective_block};
use s3guard_posture::model::observed::Observed;
use s3guard_posture::model::policy::Policy;
use s3guard_posture::model::setting::PublicAccessBlock;

use super::{Found, plain};
use crate::facts::acls_count;
use crate::finding::{Finding, Status};
use crate::rule::Rule;
use crate::severity::Severity;

/// The switches that keep out those whom a public policy lets in.
pub(super) const POLICY_SWITCHES: [&str; 2] =
    ["bucket.RestrictPublicBuckets", "account.RestrictPublicBuckets"];
const ACL_SWITCHES: [&str; 2] = ["bucket.IgnorePublicAcls", "account.IgnorePublicAcls"];

pub(super) fn judge(observed: &Observed, found: &mut Found) {
    let own = observed.public_access_block.known().copied().unwrap_or_default();
    let account = observed.account_block.known().copied().unwrap_or_default();
    let without_block = Exposure::of(observed, PublicAccessBlock::default());
    let now = Exposure::of(observed, effective_block(observed, own));
    // Switches that could not be read may be on.
    let is_known = !observed.public_access_block.is_denied() && !observed.account_block.is_denied();
    if without_block.policy == Reach::Everyone {
        let on = on(POLICY_SWITCHES, [own, account].map(|one| one.restrict_public_buckets));
        of_policy(observed, found, &Held { on, is_known });
    }
    if without_block.acl == Reach::Everyone {
        let on = on(ACL_SWITCHES, [own, account].map(|one| one.ignore_public_acls));
        of_acl(observed, found, &Held { on, is_known });
    }
    let is_public = now.policy == Reach::Everyone || now.acl == Reach::Everyone;
    if is_public && is_known && observed.website == Reading::Known(()) {
        found.add(Rule::WebsitePublic, "it is set up as a website", |finding| {
            finding.who.insert("everyone".to_owned());
        });
    }
    let in_effect = effective_block(observed, own);
    let acls_are_known =
        observed.ownership.known().is_some() || observed.ownership == Reading::Absent;
    if acls_count(observed) && acls_are_known && is_known && !in_effect.ignore_public_acls {
        let reason =
            "ACLs count in it, and IgnorePublicAcls is off on the bucket and in the account";
        found.add(Rule::ObjectAclPossible, reason, plain);
    }
}

/// What keeps something from having an effect.
struct Held {
    on: Vec<&'static str>,
    is_known: bool,
}

/// The switches that are on.
pub(super) fn on(names: [&'static str; 2], switches: [bool; 2]) -> Vec<&'static str> {
    let both = names.into_iter().zip(switches);
    both.filter(|(_, is_on)| *is_on).map(|(name, _)| name).collect()
}

impl Held {
    /// Adds a finding of this rule, or that it is held back.
    fn add(&self, found: &mut Found, rule: Rule, reason: String, open: &'static str) {
        let everyone = |finding: &mut Finding| {
            finding.who.insert("everyone".to_owned());
        };
        if !self.on.is_empty() {
            found.add(Rule::PublicLatent, reason, |finding| {
                everyone(finding);
                finding.held_back_by.clone_from(&self.on);
            });
            return;
        }
        found.add(rule, reason, |finding| {
            everyone(finding);
            if self.is_known {
                finding.reasons.push(open.to_owned());
            } else {
                finding.status = Status::Unknown;
                let unknown = "whether a public access block holds it back could not be read";
                finding.reasons.push(unknown.to_owned());
            }
        });
    }
}

fn of_policy(observed: &Observed, found: &mut Found, held: &Held) {
    let open = "RestrictPublicBuckets is off on the bucket and in the account";
    let public = public(observed);
    for one in &public {
        for rule in rules(one) {
            let what = allowed(rule, one);
            let reason = format!(
                "policy statement {} lets in {} and allows {what}",
                one.statement, one.kind
            );
            held.add(found, rule, reason, open);
        }
    }
    if public.is_empty() {
        // S3 judges it so, which is taken for the common case.
        let reason = "S3 judges its policy to be public".to_owned();
        held.add(found, Rule::PublicRead, reason, open);
    }
}

/// Those whom the policy lets in so that it is public.
fn public(observed: &Observed) -> Vec<Admitted> {
    let account = &observed.id.account;
    let of = |policy: &Policy| admitted(policy, account, &Trusted::default());
    let all = observed.policy.known().map(of).unwrap_or_default();
    all.into_iter().filter(|one| one.is_public).collect()
}

/// The rules that a public statement breaks.
fn rules(one: &Admitted) -> Vec<Rule> {
    let Grants { lists, reads, writes } = one.grants;
    let writes = writes || one.changes.is_some();
    let rules = [(writes, Rule::PublicWrite), (reads, Rule::PublicRead), (lists, Rule::PublicList)];
    let rules: Vec<Rule> =
        rules.into_iter().filter(|(is_broken, _)| *is_broken).map(|(_, rule)| rule).collect();
    // Something else, such as reading tags.
    if rules.is_empty() { vec![Rule::PublicList] } else { rules }
}

fn allowed(rule: Rule, one: &Admitted) -> String {
    match (&one.changes, rule == Rule::PublicWrite, rule == Rule::PublicRead) {
        (Some(action), true, _) => action.clone(),
        (None, true, _) => "writing objects".to_owned(),
        (_, false, true) => "reading objects".to_owned(),
        (_, false, false) if one.grants.lists => "listing objects".to_owned(),
        (_, false, false) => "actions that read settings or metadata".to_owned(),
    }
}

fn of_acl(observed: &Observed, found: &mut Found, held: &Held) {
    let Some(acl) = observed.acl.known() else { return };
    let open = "IgnorePublicAcls is off on the bucket and in the account";
    let (rule, what) = if acl.public_writes {
        (Rule::PublicAclWrite, "writing")
    } else {
        (Rule::PublicList, "reading")
    };
    let reason = format!("its ACL grants {what} to everyone, or to everyone with an AWS account");
    held.add(found, rule, reason, open);
}

/// The severity of what a switch holds back.
pub(super) const fn held_back(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium | Severity::Low => Severity::Low,
        Severity::Info => Severity::Info,
    }
}
