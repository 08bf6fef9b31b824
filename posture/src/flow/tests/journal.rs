//! What is noted of the flow.

use super::*;

/// What a state says was reported.
pub(super) fn notes(key: &str, body: &[u8]) -> String {
    if state::of_key(key).is_none() {
        return String::new();
    }
    let state: BucketState = serde_json::from_slice(body).unwrap();
    let known = state.known.map(|known| format!(", known by {}", known.how));
    let findings = state.findings.iter().filter(|finding| finding.notified.is_some());
    let findings = findings.map(|finding| format!(", notified of {}", finding.aspect));
    let stops = state.stops.iter().filter(|(_, all)| all.iter().any(|stop| stop.notified));
    let stops = stops.map(|(kind, _)| format!(", notified of the stop of {kind}"));
    let unreported = state.unreported.iter().map(|id| format!(", unreported {id}"));
    known.into_iter().chain(findings).chain(stops).chain(unreported).collect()
}
