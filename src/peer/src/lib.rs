//! The only outbound Kafka client.
//!
//! Law: typed calls with deadlines, and no more. A call is one of `kafka-protocol`'s requests; it is written in the
//! highest version that both sides know, and its answer comes back or an [`Error`] says why not. What an answer's error
//! codes mean is the caller's to decide; a caller that wants another try says so by [`Verdict::Again`].
//!
//! ```text
//!   Client ── which broker? (any, a node, the controller, a group's coordinator), retries, one deadline for all
//!     └─ Connection ── one socket: ApiVersions first, then calls, several at a time, answered in any order of waiting
//! ```
//!
//! It may use `base`, `env` and `wire`, and the crates bytes, kafka-protocol, thiserror, tokio and tracing.

mod address;
mod client;
#[cfg(test)]
mod client_test;
mod connection;
mod error;
mod versions;

pub use address::Address;
pub use client::{Client, ClientOptions, Node, To, Verdict};
pub use connection::Connection;
pub use error::Error;
pub use versions::Versions;
