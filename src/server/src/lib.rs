//! Sockets: listeners, connections, order and limits.
//!
//! Law: knows order and limits, not meaning. A connection reads one frame, has it served, writes the answer, and only
//! then reads the next: that is the order that Kafka gives (its channel is muted while a request is worked on), and
//! what idempotent producers with several requests in flight rely on. Requests that have arrived already are served
//! without a system call between them, and their answers leave in one write.
//!
//! ```text
//!   Listener ── accept ──> Connection: FrameReader ─> Api::serve ─> Outbox ─> socket
//!                 │                         (one frame at a time, in order)
//!           Connections (limits: all, per address)
//! ```

pub mod connection;
pub mod connections;
pub mod frame;
pub mod frame_memory;
pub mod listener;
pub mod metric;
pub mod outbox;

pub use connections::{ConnectionLimits, Connections};
pub use listener::{ListenerConfig, serve_listener};
pub use metric::ServerMetrics;
