//! Which writes of the guard are undone, and how.

use s3guard_posture::reconcile::ledger::RecordId;
use time::Date;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::args::account::AccountArgs;
use crate::args::parsed;
use crate::args::time::{When, when};
use crate::error::Invalid;

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// Restore a setting that the guard has changed
///
/// Takes the id of a record, as shown by `s3guard history` and in notifications, writes the previous
/// setting, and suppresses the remediation of those aspects of the bucket until a day: without that,
/// the guard would remediate them again. Of policies and notifications only what the guard has changed is
/// reverted, and what others have added since stays; what they have changed is not overwritten. The day
/// that was given last for an aspect counts: run the command again to extend or shorten it.
///
/// The changes are shown before they are made. If the restored setting lets other accounts or the public
/// in, or protects less than now, that is asked separately, and `--yes` does not approve it. The ledger
/// records who has undone what, and what was overwritten: `--redo` writes that again.
///
/// With `--since` all writes of the guard since a time are undone: each setting gets the value that it had
/// before the first of them. What others have changed since is skipped and named.
///
/// The caller must be an operator of the stack, because only operators write suppressions. The bucket is
/// changed with the caller's own permissions.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct UndoArgs {
    /// Id of the record, as `reports@20261124T231502.123Z-encryption`
    #[arg(value_name = "ID")]
    #[arg(value_parser = parsed::<RecordId>("`s3guard history BUCKET` lists the ids of its records"))]
    pub(crate) id: Option<RecordId>,

    /// Undo all writes of the guard since this time, as `2h` or `2026-12-01T08:00:00Z`
    #[arg(long, value_name = "TIME", value_parser = when, conflicts_with_all = ["id", "end", "redo"])]
    pub(crate) since: Option<When>,

    /// Only buckets with this name; `*` matches any text
    #[arg(long, value_name = "PATTERN", requires = "since")]
    pub(crate) bucket: Option<String>,

    #[command(flatten)]
    pub(crate) account: AccountArgs,

    /// Last day of the suppression, in UTC, at most 399 days from now [default: 30 days]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub(crate) until: Option<Date>,

    /// Restore nothing, and end the suppression
    #[arg(long, conflicts_with_all = ["until", "force", "redo"])]
    pub(crate) end: bool,

    /// Undo the last undo of this record: write again what it has overwritten, and end the suppression
    #[arg(long, conflicts_with = "until")]
    pub(crate) redo: bool,

    /// Reason, which is recorded in the ledger
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) reason: String,

    /// Overwrite also what others have changed since
    #[arg(long)]
    pub(crate) force: bool,

    /// Do not ask for approval
    #[arg(long)]
    pub(crate) yes: bool,

    /// Also approve a setting that lets other accounts or the public in, or protects less
    #[arg(long)]
    pub(crate) accept_exposure: bool,
}

fn day(text: &str) -> Result<Date, Invalid> {
    Date::parse(text, DAY)
        .map_err(|_| Invalid::new(format!("`{text}` is not a day"), "write it as `2027-01-31`"))
}
