//! The calls that were in flight together.

use crate::stage::world::Call;

/// The round of each call, from 1, for calls in the order in which they were received.
///
/// A call that was received after the response of another may depend on it. It is in the round after the last of those.
pub(crate) fn rounds(calls: &[Call]) -> Vec<usize> {
    let mut rounds = Vec::new();
    for call in calls {
        let before = calls.iter().zip(&rounds).filter(|(other, _)| other.answered <= call.came);
        let last: Option<usize> = before.map(|(_, round)| *round).max();
        rounds.push(last.unwrap_or(0) + 1);
    }
    rounds
}
