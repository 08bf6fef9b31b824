//! The guard's template: as it is checked in, within the limits, and whole.

mod contract;
mod cost;
mod denials;
mod golden;
mod graph;
mod locks;
mod names;
mod order;
mod own_buckets;
mod page;
mod patterns;
mod reading;
mod roles;
mod selection;
mod sizes;
mod tampering;
mod waiting;
mod wiring;
