//! Two parties that overwrite each other: the settings at which the guard has stopped.

use crate::{Aspect, Finding, LeftBecause, Observed, SettingKind};

/// A setting that the guard writes no more.
pub(super) struct Stopped {
    pub(super) kind: SettingKind,
    pub(super) aspects: Vec<Aspect>,
    pub(super) writes: u32,
    pub(super) is_reported: bool,
}

/// The setting that the guard writes no more, and how often it has.
pub fn stopped_by(finding: &Finding) -> Option<(SettingKind, u32)> {
    match finding {
        Finding::Left { because: LeftBecause::TooManyWrites(kind, writes), .. } => {
            Some((*kind, *writes))
        }
        Finding::Left { .. } | Finding::Weak { .. } | Finding::Later { .. } => None,
    }
}

/// The settings that the guard writes no more, with the aspects that stay weak by it.
pub(super) fn stopped(observed: &Observed, findings: &[Finding]) -> Vec<Stopped> {
    let mut all: Vec<Stopped> = Vec::new();
    for finding in findings {
        let Some((kind, writes)) = stopped_by(finding) else { continue };
        match all.iter_mut().find(|stopped| stopped.kind == kind) {
            Some(stopped) => stopped.aspects.push(finding.aspect()),
            None => all.push(Stopped {
                kind,
                aspects: vec![finding.aspect()],
                writes,
                is_reported: observed
                    .history
                    .known()
                    .is_some_and(|history| history.stopped.contains(&kind)),
            }),
        }
    }
    all
}
