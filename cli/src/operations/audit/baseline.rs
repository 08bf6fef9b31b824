//! The baseline: an earlier audit, whose findings do not count again.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use s3guard_audit::Rule;
use s3guard_audit::compare::Earlier;
use s3guard_audit::finding::ResourceKind;
use s3guard_audit::report::Report;
use s3guard_posture::AccountId;

use super::BaselineView;
use crate::error::Advice as _;
use crate::exit::Exit;

/// Reads the text of a baseline. A file that is missing is an error: a gate that a wrong name opens is no gate.
pub(crate) fn text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path)
        .with_context(|| format!("the baseline `{}` could not be read", path.display()))
        .hint("`s3guard audit --out baseline.json` writes one")
        .exit(Exit::Usage)
}

/// Marks what the baseline has already, and notes what has changed.
pub(crate) fn compare(text: &str, report: &mut Report, view: &BaselineView) -> anyhow::Result<()> {
    let account: AccountId = report.account.parse()?;
    let earlier = Earlier::read(text, &account)
        .context("the baseline cannot be used")
        .hint(
            "a baseline is a whole audit of the same account: `s3guard audit --out baseline.json`",
        )
        .exit(Exit::Usage)?;
    let mut findings: Vec<_> = report.findings.drain(..).map(|one| one.finding).collect();
    let name = |arn: &str| arn.rsplit(':').next().unwrap_or_default().to_owned();
    let exists = |arn: &str| !arn.contains(":s3:::") || view.names.contains(&name(arn));
    // What is no bucket is known from lists of the whole account.
    let are_lists_read = !findings
        .iter()
        .any(|one| one.rule == Rule::Unreadable && one.resource.kind == ResourceKind::Account);
    let is_read = |arn: &str| {
        if arn.contains(":s3:::") { !view.unread.contains(&name(arn)) } else { are_lists_read }
    };
    let mut changes = earlier.compare(&mut findings, exists, is_read);
    if report.is_filtered || !report.is_complete {
        // What was not looked at is not gone.
        changes.gone.clear();
        changes.now_unknown.clear();
    }
    report.set_findings(findings);
    report.changes = Some(changes);
    Ok(())
}
