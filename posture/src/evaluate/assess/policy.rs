//! What a bucket's policy has to deny, and which accounts it allows.

use super::access::{block, effective};
use super::{Judged, Judgement};
use crate::evaluate::tls;
use crate::model::baseline::Baseline;
use crate::model::effect::SettingChange;
use crate::model::observed::{Observed, Reading};
use crate::model::policy::{BYTES_MAX, Policy};
use crate::model::setting::{PublicAccessBlock, Setting};
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
    let Some(merged) = tls::merged(document, wanted(baseline.grade), &observed.id) else {
        return Ok(Judgement::Right);
    };
    website(observed, baseline)?;
    let text = merged.to_string();
    // A first policy would prevent CloudFormation from creating one, now or with a later update.
    if document.is_none() && baseline.mode(Aspect::Tls).enforces() {
        stack(observed, baseline, &text)?;
    }
    if text.len() > BYTES_MAX {
        return Ok(Judgement::NotRemediated(Reason::PolicyTooLarge(text.len())));
    }
    let was = match policy {
        Some(_) => "a policy that lets plain HTTP, or old TLS, in",
        None => "no policy",
    };
    Ok(Judgement::Weak {
        was: was.to_owned(),
        change: SettingChange::DenyWithoutTls,
        remediate: Setting::Policy(Some(text)),
    })
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

/// The policy allows no principal of another account.
pub(super) fn others(observed: &Observed) -> Judged {
    let policy = Judgement::read(&observed.policy, Question::Policy)?;
    let others = policy.map(|policy| policy.other_accounts(&observed.id.account));
    Ok(match others {
        Some(others) if !others.is_empty() => {
            let what = format!("its policy lets others in: {}", others.join(", "));
            Judgement::NotRemediated(Reason::ReportOnly(what))
        }
        Some(_) | None => Judgement::Right,
    })
}
