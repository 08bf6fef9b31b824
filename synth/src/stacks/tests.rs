//! The guard's template: as it is checked in, within the limits, and whole.

mod golden;
mod reading;
mod wiring;
