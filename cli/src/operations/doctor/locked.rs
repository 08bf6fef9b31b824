//! What the organization or AWS Control Tower locks, so that the guard cannot write it.
//!
//! What an organization's S3 policy decides is known to AWS Organizations alone: S3 answers with what takes effect.

use s3guard_posture::config::EvaluationContext;
use s3guard_posture::evaluate::refused::has_name_of_control_tower;
use s3guard_posture::model::setting::PublicAccessBlock;
use s3guard_posture::{Aspect, BucketId, BucketName, Mode, Reading};
use time::{Duration, OffsetDateTime};

use crate::operations::doctor::answer::{Checked, failed, known, listed};
use crate::operations::doctor::fetch::Seen;
use crate::operations::doctor::report::Verdict;

/// How long a proposed exemption counts.
const EXEMPT: Duration = Duration::days(365);

/// Who may decide the account's public access block.
///
/// Source: Amazon S3 API Reference, `GetPublicAccessBlock` of S3 Control: "the effective account-level configuration, which
/// may inherit from organization-level policies"; AWS Organizations API Reference, `DescribeEffectivePolicy`: "can be called
/// from any account in the organization".
pub(crate) fn account_block(seen: &Seen<'_>) -> Checked {
    const WHO: &str = "S3 does not say whether an S3 policy of the organization decides it";
    let block = known(&seen.account_block, "s3:GetAccountPublicAccessBlock")?;
    if block == Some(&PublicAccessBlock::ALL) {
        return Ok(Verdict::ok(format!("all four switches are on; {WHO}")));
    }
    let ask = "`aws organizations describe-effective-policy --policy-type S3_POLICY` shows whether it does; if so, only \
               the management account can change it";
    let (guard, fix) = match seen.wanted.config.account_mode() {
        Mode::Enforce | Mode::EnforceNew => (
            "the guard turns all on, unless the organization refuses it",
            format!(
                "{ask}: set `{} = \"report\"` in `[aspects]` of s3guard.toml",
                Aspect::AccountPublicAccess
            ),
        ),
        Mode::Report => ("the guard only reports it", ask.to_owned()),
        Mode::Off => ("the guard leaves it", ask.to_owned()),
    };
    let text = format!("not all four switches are on, and {guard}; {WHO}");
    Ok(Verdict { fix: Some(fix), ..Verdict::ok(text) })
}

/// The buckets that only AWS Control Tower may change, if there are any.
pub(crate) fn control_tower(seen: &Seen<'_>, now: OffsetDateTime) -> Option<Checked> {
    let names = match &seen.buckets {
        Ok(names) => names,
        Err(error) => return Some(Err(failed(error))),
    };
    let id = |name: &BucketName| BucketId {
        name: name.clone(),
        account: seen.caller.account.clone(),
        region: seen.region.clone(),
    };
    let its: Vec<BucketId> = names.iter().map(id).filter(has_name_of_control_tower).collect();
    if its.is_empty() {
        return None;
    }
    let quoted = its.iter().map(|id| format!("`{}`", id.name));
    let text = format!(
        "only Control Tower may change {}: the guard leaves them, except to block public access, and reports each once",
        listed(quoted)
    );
    let (config, context) = (&seen.wanted.config, EvaluationContext::new(now.date()));
    let locked = || Aspect::ALL.into_iter().filter(|one| is_locked(*one));
    let is_reported = |id: &&BucketId| {
        let baseline = config.baseline(id, &Reading::Unread, &context);
        let is_exempt = |aspect| baseline.exemptions.iter().any(|one| one.aspect == aspect);
        locked().any(|aspect| baseline.mode(aspect) != Mode::Off && !is_exempt(aspect))
    };
    let reported = its.iter().filter(is_reported);
    let buckets: Vec<String> = reported.map(|id| format!("\"{}\"", id.name)).collect();
    if buckets.is_empty() {
        return Some(Ok(Verdict::ok(text)));
    }
    let aspects: Vec<String> = locked().map(|aspect| format!("\"{aspect}\"")).collect();
    // TOML lets a list go on in the next line, where a terminal wraps it.
    let snippet = format!(
        "[[exemption]]\nbucket = [\n{}\n]\naspects = [\n{}\n]\nreason = \"AWS Control Tower\"\nuntil = {}\n",
        buckets.join(",\n"),
        aspects.join(", "),
        (now + EXEMPT).date()
    );
    let fix = Some("to end the reports, add this to s3guard.toml:".to_owned());
    Some(Ok(Verdict { fix, snippet: Some(snippet), ..Verdict::ok(text) }))
}

/// Whether an aspect has a setting that is written to a bucket, and not to one of Control Tower.
fn is_locked(aspect: Aspect) -> bool {
    let is_guarded = matches!(aspect, Aspect::PublicAccess | Aspect::AccountPublicAccess);
    aspect.setting().is_some() && !is_guarded
}
