//! What makes shards run: one loop for each partition that is led here, and the handle that calls them.
//!
//! ```text
//!   load(partition) ──► Loading ──► Active ──► unload(partition), or the broker stops
//!        calls meanwhile: LOAD_IN_PROGRESS    │         calls after: NOT_COORDINATOR
//!                            calls are queued │
//! ```
//!
//! A call is queued in the moment that it is made, not when its future is first polled: calls made one after the
//! other are decided in that order. A shard without groups waits for calls only; fifty of them cost nothing.

mod groups;
mod load;
mod shard_loop;

pub use groups::Groups;

#[cfg(test)]
mod runtime_test;
