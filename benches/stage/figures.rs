//! Medians and units.

use std::time::Duration;

const MIB: f64 = 1024.0 * 1024.0;

/// The median of `of` over the samples, of which there is at least one.
pub(crate) fn median<T>(samples: &[T], of: impl Fn(&T) -> f64) -> f64 {
    let mut values: Vec<f64> = samples.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    }
}

/// A duration in milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Bytes in mebibytes.
#[expect(clippy::cast_precision_loss, reason = "no process has that many bytes")]
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / MIB
}

/// A count, for a median.
#[expect(clippy::cast_precision_loss, reason = "there are fewer calls")]
pub(crate) fn number(count: usize) -> f64 {
    count as f64
}

/// Whether a target is met, as a word.
pub(crate) fn met(is_good: bool) -> &'static str {
    if is_good { "met" } else { "missed" }
}
