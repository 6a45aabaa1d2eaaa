//! Bounds of the system that are not settings. Nobody else invents a number.

/// The most bytes that one connection's read buffer holds before it knows a frame's size.
pub const READ_BUFFER_BYTES: usize = 16 * 1024;

/// The largest part of a frame that a connection may hold while it arrives without asking for room.
pub const FRAME_FREE_BYTES: usize = 64 * 1024;

/// The largest part of a frame that is allocated before its bytes have arrived, once [`FRAME_FREE_BYTES`] have. A larger
/// frame gets a buffer of its size once it has filled this one, so that four hostile bytes cost next to nothing.
pub const FRAME_PREALLOCATE_BYTES: usize = 1024 * 1024;

/// The most bytes that such first parts of the frames of all connections may have together, from arrival until the
/// frames are served.
pub const FRAME_MEMORY_BYTES: usize = 64 * 1024 * 1024;

/// The same for frames above [`FRAME_PREALLOCATE_BYTES`], with all of their bytes. A frame that is larger than this has
/// all of it.
pub const LARGE_FRAME_MEMORY_BYTES: usize = 128 * 1024 * 1024;

/// The most record bytes that one decompression may yield, in bytes, for a batch that a client sent. Kafka has no such
/// bound because it streams; ours streams too, and this only stops a bomb from burning a core for minutes.
pub const DECOMPRESSED_BATCH_BYTES: u64 = 1024 * 1024 * 1024;

/// The most record bytes, in bytes, that a zstd frame with a window above 8 MiB may hold in a batch that a client sent:
/// the window is memory that the content fills.
pub const LARGE_WINDOW_BYTES: u64 = 8 * 1024 * 1024;

/// The most record bytes of fetch answers that all connections of a broker together hold in memory, in bytes. An answer
/// takes part of what is left; one that finds nothing left gets its first batch all the same (KIP-74).
pub const FETCH_MEMORY_BYTES: usize = 32 * 1024 * 1024;

/// The most record bytes of one fetch answer, in bytes, beyond its first batch: what one may take while nobody else holds
/// any. Below that, the client's own limits hold.
pub const FETCH_ANSWER_BYTES: usize = FETCH_MEMORY_BYTES - FETCH_MEMORY_BYTES / 4;

/// The most bytes that an answer whose client reads slowly keeps of a partition while it is read from the log again.
pub const REREAD_BYTES: usize = 512 * 1024;

/// The largest request that carries no records, in bytes. Decoded, its small parts take many times their size on the
/// wire, so `socket.request.max.bytes` alone would let one request take gigabytes.
pub const PLAIN_REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// The most bytes of configurations that one DescribeConfigs is answered with: a few bytes of a request name a resource
/// whose description has thousands.
pub const DESCRIBED_CONFIGS_BYTES: usize = 64 * 1024 * 1024;

/// The most commands that wait for the controller.
pub const CONTROLLER_QUEUE: usize = 2000;

/// The most requests that wait for one coordinator shard.
pub const COORDINATOR_QUEUE: usize = 10_000;
const _: () = assert!(READ_BUFFER_BYTES <= FRAME_FREE_BYTES && FRAME_FREE_BYTES < FRAME_PREALLOCATE_BYTES);
