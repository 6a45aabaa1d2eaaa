//! A producer and a consumer for the tools that move records.
//!
//! They behave as the Java client does where a tool lets it be seen: the same configuration names and defaults, the same
//! retries and time limits, the same partitioner, the same exceptions. Each runs on the tool's one thread: a producer is
//! a queue with a task that sends, a consumer is a fetcher with a task that keeps the membership in its group.
//!
//! ```text
//!   Producer ── Queues (batches by partition) ── sender task ── peer::Client
//!   Consumer ── Fetcher ─ peer::Client            Assigned (positions) ── member task ── peer::Client (its own)
//! ```

pub(crate) mod consumer;
pub(crate) mod metadata;
pub(crate) mod murmur;
pub(crate) mod options;
pub(crate) mod producer;

/// The name by which the Java client's log lines of connections and metadata go.
pub(crate) const NETWORK_LOG: &str = "org.apache.kafka.clients.NetworkClient";
