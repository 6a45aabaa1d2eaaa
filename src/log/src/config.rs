//! What a partition's log must be told; the room `settings` knows where the numbers come from.

/// The settings of one log. All can be changed while it is open ([`crate::Writer::set_config`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// `segment.bytes`: a segment is never longer than this, nor is a batch.
    pub segment_bytes: u32,
    /// `segment.ms`: the most time between the first and the last record of a segment.
    pub segment_ms: i64,
    /// What is taken off `segment_ms` so that not all segments roll at once; drawn by the caller from
    /// `segment.jitter.ms`.
    pub segment_jitter_ms: i64,
    /// `index.interval.bytes`: an index entry is added once more than this has been appended since the last one.
    pub index_interval_bytes: u32,
    /// `segment.index.bytes`: a segment rolls before one of its indexes is longer than this.
    pub segment_index_bytes: u32,
    /// `flush.messages`: an append syncs the log once this many records are unsynced.
    pub flush_messages: i64,
    /// `file.delete.delay.ms`: how long a removed segment's files stay for readers that still hold them.
    pub file_delete_delay_ms: i64,
    /// `producer.id.expiration.ms`: a producer that was silent for longer is forgotten.
    pub producer_id_expiration_ms: i64,
}

impl Default for LogConfig {
    /// Kafka's defaults.
    fn default() -> LogConfig {
        LogConfig {
            segment_bytes: 1024 * 1024 * 1024,
            segment_ms: 7 * 24 * 60 * 60 * 1000,
            segment_jitter_ms: 0,
            index_interval_bytes: 4096,
            segment_index_bytes: 10 * 1024 * 1024,
            flush_messages: i64::MAX,
            file_delete_delay_ms: 60_000,
            producer_id_expiration_ms: 24 * 60 * 60 * 1000,
        }
    }
}
