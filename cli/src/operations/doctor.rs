//! Whether an account can have the guard, and whether the one that is there can work.
//!
//! Here is the story; `look` asks AWS, `judge` says what that means, `report` shows it.

mod judge;
mod look;
mod report;
mod rights;
mod wanted;

use futures_util::future::join_all;
use s3guard_aws::Connection;
use s3guard_aws::identity;
use s3guard_posture::StackName;
use time::OffsetDateTime;

use crate::operations::doctor::report::OfRegion;
pub(crate) use crate::operations::doctor::report::Report;
pub(crate) use crate::operations::doctor::wanted::Wanted;
use crate::operations::session;

/// All that there is to say of an account, seen from these Regions.
pub(crate) async fn examine(
    connections: &[Connection],
    stack: &StackName,
    mut wanted: Wanted,
    now: OffsetDateTime,
) -> Report {
    for connection in connections {
        if !wanted.regions.contains(connection.region()) {
            wanted.regions.push(connection.region().clone());
        }
    }
    let looks = connections.iter().map(|connection| look_at(connection, stack, &wanted, now));
    Report::new(join_all(looks).await)
}

/// All that there is to say of a Region. Without a caller there is nothing else to ask.
async fn look_at(
    connection: &Connection,
    stack: &StackName,
    wanted: &Wanted,
    now: OffsetDateTime,
) -> OfRegion {
    let (caller, date) = identity::dated_identity(connection).await;
    let (account, lines) = match session::known(caller, connection) {
        Ok(caller) => {
            let seen = Box::pin(look::look(connection, &caller, stack, wanted)).await;
            let mut lines = vec![judge::caller(&caller, seen.end, now), judge::clock(date, now)];
            lines.extend(judge::lines(&seen, connection.region(), stack, &caller, wanted));
            (Some(caller.account), lines)
        }
        Err(error) => (None, vec![judge::no_caller(&error, date, now)]),
    };
    OfRegion {
        region: connection.region().to_string(),
        account: account.map(|account| account.to_string()),
        stack: stack.to_string(),
        checks: lines,
    }
}
