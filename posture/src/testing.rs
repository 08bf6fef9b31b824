//! Test doubles, for the tests and benchmarks of this workspace: the feature `testing`.

mod store;

pub use store::MemoryStore;
