//! What a bucket's policy has to deny, and whom it lets in.

use super::Judgement;
use crate::evaluate::tls;
use crate::model::baseline::Baseline;
use crate::model::observed::{Observed, Reading};
use crate::model::policy::{BYTES_MAX, Policy};
use crate::model::setting::{PublicAccessBlock, Setting};
use crate::{Aspect, Grade, LeftBecause, Maker, Mode, Moment, Question, WaitBecause};

/// The tag by which `CloudFormation` marks what it makes.
///
/// Source: AWS CloudFormation User Guide, "Resource tags".
pub const STACK_TAG: &str = "aws:cloudformation:stack-id";

/// What the grade has denied.
fn wanted(grade: Grade) -> &'static [tls::Denied] {
    match grade {
        Grade::Speed | Grade::Hybrid => &[tls::Denied::PlainHttp],
        Grade::Security => &[tls::Denied::PlainHttp, tls::Denied::OldTls],
    }
}

/// The policy denies everything that does not come by TLS.
pub(super) fn tls(observed: &Observed, baseline: &Baseline) -> Judgement {
    let policy = match Judgement::read(&observed.policy, Question::Policy) {
        Ok(policy) => policy,
        Err(judgement) => return judgement,
    };
    let document = match policy.map(Policy::document) {
        Some(None) => return Judgement::Left(LeftBecause::PolicyNotUnderstood),
        Some(Some(document)) => Some(document),
        None => None,
    };
    let Some(merged) = tls::merged(document, wanted(baseline.grade), &observed.id) else {
        return Judgement::Right;
    };
    if let Some(judgement) = website(observed) {
        return judgement;
    }
    let text = merged.to_string();
    // A first policy would be in the way of the one that CloudFormation may make, now or with a later update.
    if document.is_none()
        && baseline.mode(Aspect::Tls) == Mode::Keep
        && let Some(judgement) = stack(observed, baseline, &text)
    {
        return judgement;
    }
    if text.len() > BYTES_MAX {
        return Judgement::Left(LeftBecause::PolicyTooLarge(text.len()));
    }
    let was = match policy {
        Some(_) => "a policy that lets plain HTTP, or old TLS, in",
        None => "no policy",
    };
    Judgement::Weak { was: was.to_owned(), mend: Setting::Policy(Some(text)) }
}

/// Whether the bucket is a website that somebody can see: its endpoint speaks no TLS.
///
/// Source: Amazon S3 User Guide, "Website endpoints". Where public policies and ACLs count for nothing, nobody sees it.
fn website(observed: &Observed) -> Option<Judgement> {
    let own = observed.public_access_block.known().copied().unwrap_or_default();
    if is_closed(own) {
        return None;
    }
    let unread = [
        (observed.website.is_unread(), Question::Website),
        (observed.account_block.is_unread(), Question::AccountBlock),
    ];
    let ask: Vec<Question> =
        unread.into_iter().filter(|(is_unread, _)| *is_unread).map(|(_, q)| q).collect();
    if !ask.is_empty() {
        return Some(Judgement::AskWhatBreaks(ask));
    }
    if is_closed(own.or(observed.account_block.known().copied().unwrap_or_default())) {
        return None;
    }
    match observed.website {
        Reading::Known(()) => Some(Judgement::Left(LeftBecause::WebsiteWithoutTls)),
        Reading::Denied => Some(Judgement::Left(LeftBecause::NotReadable(Question::Website))),
        Reading::Absent | Reading::Unread => None,
    }
}

/// Whether nobody from outside gets in, neither by a policy nor by an ACL.
fn is_closed(block: PublicAccessBlock) -> bool {
    block.restrict_public_buckets && block.ignore_public_acls
}

/// Whether the bucket's stack stands in the way of this first policy.
///
/// `AWS::S3::BucketPolicy` cannot be made beside a policy that is there already: a stack that gains one later fails. So
/// it is left to the stack, unless the owner insists on it; then it waits until `CloudFormation` is done.
///
/// Source: awslabs/cdk-serverless-clamscan#1382, brefphp/bref#1620: "The bucket policy already exists on bucket …
/// (`HandlerErrorCode`: `AlreadyExists`)".
fn stack(observed: &Observed, baseline: &Baseline, policy: &str) -> Option<Judgement> {
    let later = Judgement::Later(WaitBecause::StackInProgress);
    let Moment { maker, has_waited, .. } = baseline.moment;
    let is_of_stack = match &observed.tags {
        Reading::Known(tags) => tags.contains_key(STACK_TAG),
        Reading::Absent => false,
        // The call says it as well.
        Reading::Unread | Reading::Denied if maker == Maker::Another => false,
        Reading::Unread if maker == Maker::CloudFormation && !has_waited => return Some(later),
        Reading::Unread => return Some(Judgement::AskWhatBreaks(vec![Question::Tags])),
        Reading::Denied => return Some(Judgement::Left(LeftBecause::NotReadable(Question::Tags))),
    };
    if !is_of_stack {
        // Its tags come a moment after it.
        return (maker == Maker::CloudFormation && !has_waited).then_some(later);
    }
    if !baseline.insists(Aspect::Tls) {
        return Some(Judgement::Left(LeftBecause::OfStack(policy.to_owned())));
    }
    match observed.stack_in_progress {
        Reading::Unread => Some(Judgement::AskWhatBreaks(vec![Question::Stack])),
        Reading::Denied => Some(Judgement::Left(LeftBecause::NotReadable(Question::Stack))),
        Reading::Known(true) => Some(later),
        // A bucket can outlive its stack.
        Reading::Known(false) | Reading::Absent => None,
    }
}

/// Nobody of another account is let in.
pub(super) fn others(observed: &Observed) -> Judgement {
    let policy = match Judgement::read(&observed.policy, Question::Policy) {
        Ok(Some(policy)) => policy,
        Ok(None) => return Judgement::Right,
        Err(judgement) => return judgement,
    };
    let others = policy.other_accounts(&observed.id.account);
    if others.is_empty() {
        return Judgement::Right;
    }
    let what = format!("its policy lets others in: {}", others.join(", "));
    Judgement::Left(LeftBecause::ReportOnly(what))
}
