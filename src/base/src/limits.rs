//! Bounds of the system that are not settings. Nobody else invents a number.

/// The most bytes that one connection's read buffer holds before it knows a frame's size.
pub const READ_BUFFER_BYTES: usize = 16 * 1024;

/// The largest part of a frame that is allocated before its bytes have arrived. A larger frame's buffer doubles as
/// the bytes come, so that four hostile bytes cost no more than this.
pub const FRAME_PREALLOCATE_BYTES: usize = 1024 * 1024;

/// The most record bytes that one decompression may yield, in bytes, for a batch that a client sent. Kafka has no such
/// bound because it streams; ours streams too, and this only stops a bomb from burning a core for minutes.
pub const DECOMPRESSED_BATCH_BYTES: u64 = 1024 * 1024 * 1024;

/// The most commands that wait for the controller.
pub const CONTROLLER_QUEUE: usize = 2000;

/// The most requests that wait for one coordinator shard.
pub const COORDINATOR_QUEUE: usize = 10_000;

/// The largest body of one Raft log entry, in bytes (sled keeps larger values in files that it never syncs).
pub const RAFT_ENTRY_BYTES: usize = 64 * 1024;
const _: () = assert!(READ_BUFFER_BYTES < FRAME_PREALLOCATE_BYTES);
