//! What a bucket's policy has to deny, and whom it lets in.

use super::access::{block, effective};
use super::{Judged, Judgement};
use crate::evaluate::admitted::{Admitted, PrincipalKind, Standing, admitted, names};
use crate::evaluate::tls::{self, Obstacle};
use crate::model::baseline::Baseline;
use crate::model::effect::SettingChange;
use crate::model::observed::{Observed, Reading};
use crate::model::policy::{BYTES_MAX, Policy};
use crate::model::setting::{PublicAccessBlock, Setting};
use crate::model::severity::Severity;
use crate::{Aspect, CallContext, Grade, Maker, Mode, Question, Reason};

/// The tag that `CloudFormation` sets on the resources of a stack.
///
/// Source: AWS CloudFormation User Guide, "Resource tags".
pub const STACK_TAG: &str = "aws:cloudformation:stack-id";

/// What has to be denied at a grade.
fn wanted(grade: Grade) -> &'static [tls::Denied] {
    match grade {
        Grade::Speed | Grade::Hybrid => &[tls::Denied::PlainHttp],
        Grade::Security => &[tls::Denied::PlainHttp, tls::Denied::OldTls],
    }
}

/// The policy denies everything that does not come by TLS.
pub(super) fn tls(observed: &Observed, baseline: &Baseline) -> Judged {
    let policy = Judgement::read(&observed.policy, Question::Policy)?;
    let document = policy.and_then(Policy::document);
    if policy.is_some() && document.is_none() {
        return Ok(Judgement::NotRemediated(Reason::PolicyNotUnderstood));
    }
    let (id, wanted) = (&observed.id, wanted(baseline.grade));
    let merged = tls::merged(document, wanted, id);
    // With our statements: those of ours that are replaced keep nothing out.
    let after = merged.as_ref().or(document).and_then(|after| tls::obstacle(after, id));
    // What is reported is how it is now, without them.
    let now = || document.and_then(|now| tls::obstacle(now, id));
    match after.map(|after| now().unwrap_or(after)) {
        Some(Obstacle::Some(what)) => {
            return Ok(Judgement::NotRemediated(Reason::DeniesTls(what)));
        }
        Some(Obstacle::Every(what)) => {
            return Ok(Judgement::NotRemediated(Reason::DeniesEveryRequest(what)));
        }
        None => {}
    }
    let Some(merged) = merged else { return Ok(Judgement::Right) };
    website(observed, baseline)?;
    if let Some(policy) = policy {
        refused(observed, policy)?;
    }
    let mut text = merged.to_string();
    if let Some(document) = document.filter(|_| text.len() > BYTES_MAX)
        && let Some(merged) = tls::merged_short(document, wanted, id)
    {
        text = merged.to_string();
    }
    // A first policy would prevent CloudFormation from creating one, now or with a later update.
    if document.is_none() && baseline.mode(Aspect::Tls).enforces() {
        stack(observed, baseline, &text)?;
    }
    if text.len() > BYTES_MAX {
        return Ok(Judgement::NotRemediated(Reason::PolicyTooLarge(text.len())));
    }
    let was = match document {
        Some(document) => {
            let mut was =
                vec![format!("a policy that lets in {}", tls::let_in(document, wanted, id))];
            was.extend(tls::falls_short(document, wanted, id));
            was.join("; ")
        }
        None => "no policy".to_owned(),
    };
    let (change, remediate) = (SettingChange::DenyWithoutTls, Setting::Policy(Some(text)));
    Ok(Judgement::Weak { was, change, remediate })
}

/// Leaves a policy that S3 does not take back: it names principals that do not exist, or it is public and the block rejects
/// public policies, whatever else is changed.
///
/// Source: Amazon S3 User Guide, "Blocking public access".
fn refused(observed: &Observed, policy: &Policy) -> Result<(), Judgement> {
    let deleted = policy.deleted_principals();
    if !deleted.is_empty() {
        return Err(Judgement::NotRemediated(Reason::DeletedPrincipals(deleted)));
    }
    if !policy.may_be_public() {
        return Ok(());
    }
    Judgement::ask_what_breaks([
        (observed.policy_is_public.is_unread(), Question::PolicyStatus),
        (observed.public_access_block.is_unread(), Question::PublicAccessBlock),
        (observed.account_block.is_unread(), Question::AccountBlock),
    ])?;
    let own = observed.public_access_block.known().copied().unwrap_or_default();
    let block = effective(observed, own);
    // What cannot be read is not presumed: S3 says it in its answer.
    let is_rejected = observed.policy_is_public.known() == Some(&true) && block.block_public_policy;
    match (is_rejected, block.restrict_public_buckets) {
        (false, _) => Ok(()),
        (true, true) => Err(Judgement::NotRemediated(Reason::VoidPolicy)),
        (true, false) => Err(Judgement::NotRemediated(Reason::PublicPolicyKept)),
    }
}

/// Leaves a website that is public and stays so: its endpoint has no TLS.
///
/// Source: Amazon S3 User Guide, "Website endpoints".
fn website(observed: &Observed, baseline: &Baseline) -> Result<(), Judgement> {
    let is_closed =
        |block: PublicAccessBlock| block.restrict_public_buckets && block.ignore_public_acls;
    let own = observed.public_access_block.known().copied().unwrap_or_default();
    if is_closed(own) {
        return Ok(());
    }
    if baseline.mode(Aspect::PublicAccess).enforces() {
        match block(observed, baseline) {
            Err(Judgement::NotRemediated(reason)) if reason.leaves_public() => {}
            Err(ask @ (Judgement::Ask(_) | Judgement::AskWhatBreaks(_))) => return Err(ask),
            Ok(_) | Err(_) => return Ok(()),
        }
    }
    Judgement::ask_what_breaks([
        (observed.website.is_unread(), Question::Website),
        (observed.account_block.is_unread(), Question::AccountBlock),
    ])?;
    if is_closed(effective(observed, own)) {
        return Ok(());
    }
    match Judgement::read(&observed.website, Question::Website)? {
        Some(()) => Err(Judgement::NotRemediated(Reason::WebsiteWithoutTls)),
        None => Ok(()),
    }
}

/// Leaves this first policy to the bucket's stack, unless the mode is `enforce`.
///
/// `AWS::S3::BucketPolicy` cannot be created where a policy exists: an update that adds one would fail. With
/// `enforce`, the write waits until `CloudFormation` is done.
///
/// Source: awslabs/cdk-serverless-clamscan#1382, brefphp/bref#1620: "The bucket policy already exists on bucket …
/// (`HandlerErrorCode`: `AlreadyExists`)".
fn stack(observed: &Observed, baseline: &Baseline, policy: &str) -> Result<(), Judgement> {
    let CallContext { maker, has_waited, .. } = baseline.call_context;
    let is_new = maker == Maker::CloudFormation && !has_waited;
    let is_of_stack = match &observed.tags {
        Reading::Known(tags) => tags.contains_key(STACK_TAG),
        Reading::Absent => false,
        // The call shows it as well.
        Reading::Unread | Reading::Denied if maker == Maker::Another => false,
        Reading::Unread if is_new => return Err(Judgement::Later),
        tags @ (Reading::Unread | Reading::Denied) => {
            Judgement::read_what_breaks(tags, Question::Tags)?.is_some()
        }
    };
    // The tags come a moment after the bucket.
    if !is_of_stack {
        return if is_new { Err(Judgement::Later) } else { Ok(()) };
    }
    if baseline.mode(Aspect::Tls) != Mode::Enforce {
        return Err(Judgement::NotRemediated(Reason::OfStack(policy.to_owned())));
    }
    // A bucket can outlive its stack.
    match Judgement::read_what_breaks(&observed.stack_in_progress, Question::Stack)? {
        Some(true) => Err(Judgement::Later),
        Some(false) | None => Ok(()),
    }
}

/// The policy lets in no one outside of the account who is not trusted, except AWS services that are limited to it.
pub(super) fn others(observed: &Observed, baseline: &Baseline) -> Judged {
    let Some(policy) = Judgement::read(&observed.policy, Question::Policy)? else {
        return Ok(Judgement::Right);
    };
    if policy.document().is_none() {
        return Ok(Judgement::NotRemediated(Reason::PolicyNotUnderstood));
    }
    let admitted = admitted(policy, &observed.id.account, &baseline.trusted);
    let outsiders = || admitted.iter().filter(|one| one.standing == Standing::Outsider);
    let is_public = admitted.iter().any(|one| one.is_public);
    if is_public && restricts(observed) {
        // S3's own word: the block keeps no one out of a policy that S3 does not call public.
        if observed.policy_is_public.is_unread() {
            return Ok(Judgement::Ask(vec![Question::PolicyStatus]));
        }
        // It leaves AWS services in.
        let (of_aws, kept_out): (Vec<_>, Vec<_>) =
            outsiders().partition(|one| matches!(one.kind, PrincipalKind::Service { .. }));
        if observed.policy_is_public.known() == Some(&true)
            && let Some(kept_out) = names(kept_out.into_iter())
        {
            let severity = severity(of_aws.iter().copied());
            let words = match names(of_aws.into_iter()) {
                Some(of_aws) => format!("{kept_out}; it lets in {of_aws} all the same"),
                None => kept_out,
            };
            return Ok(Judgement::NotRemediated(Reason::KeptOut(severity, words)));
        }
    }
    let severity = severity(outsiders());
    Ok(names(outsiders()).map_or(Judgement::Right, |names| {
        Judgement::NotRemediated(Reason::LetsOthersIn(severity, names))
    }))
}

/// How severe it is that these are let in.
fn severity<'a>(mut some: impl Iterator<Item = &'a Admitted>) -> Severity {
    if some.all(Admitted::is_of_aws) { Severity::Warning } else { Severity::High }
}

/// Whether the public access block, as far as it was read, makes a public policy void for all but AWS services and the account.
///
/// Source: Amazon S3 User Guide, "Blocking public access", `RestrictPublicBuckets`.
fn restricts(observed: &Observed) -> bool {
    let own = observed.public_access_block.known().copied().unwrap_or_default();
    effective(observed, own).restrict_public_buckets
}
