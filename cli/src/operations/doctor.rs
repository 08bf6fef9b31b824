//! The prerequisites of an account and the health of an installation: `fetch` asks AWS, `judge` assesses the answers,
//! `report` shows them.

mod answer;
mod fetch;
mod judge;
mod locked;
mod report;
mod rights;
mod trust;
mod wanted;

use futures_util::future::join_all;
use s3guard_aws::Connection;
use s3guard_aws::identity;
use s3guard_posture::StackName;
use time::OffsetDateTime;

pub(crate) use crate::operations::doctor::report::DoctorReport;
use crate::operations::doctor::report::OfRegion;
pub(crate) use crate::operations::doctor::wanted::Wanted;
use crate::operations::session;

/// Checks an account from these Regions.
pub(crate) async fn examine(
    connections: &[Connection],
    stack: &StackName,
    mut wanted: Wanted,
    now: OffsetDateTime,
) -> DoctorReport {
    for connection in connections {
        if !wanted.regions.contains(connection.region()) {
            wanted.regions.push(connection.region().clone());
        }
    }
    let checks = connections.iter().map(|connection| check(connection, stack, &wanted, now));
    DoctorReport::new(join_all(checks).await)
}

/// Checks a Region. Without a caller there is nothing else to ask.
async fn check(
    connection: &Connection,
    stack: &StackName,
    wanted: &Wanted,
    now: OffsetDateTime,
) -> OfRegion {
    let (caller, date) = identity::dated_identity(connection).await;
    let caller = session::known(caller, connection);
    let checks = match &caller {
        Ok(caller) => {
            let seen = Box::pin(fetch::fetch(connection, caller, stack, wanted)).await;
            judge::lines(&seen, date, now)
        }
        Err(error) => vec![judge::no_caller(error, date, now)],
    };
    OfRegion {
        region: connection.region().to_string(),
        account: caller.ok().map(|caller| caller.account.to_string()),
        stack: stack.to_string(),
        checks,
    }
}
