//! A topic's configuration, as the log and the validation of records want it.

use klamm_env::Random;
use klamm_log::LogConfig;
use klamm_record::{Codec, Rules, TimestampType, TopicCompression};
use klamm_settings::{Compression, TopicConfig};

/// What the log needs. A segment's age is cut by a random part of `segment.jitter.ms`, so that the segments of many
/// partitions do not roll at once.
pub(crate) fn log_config(topic: &TopicConfig, producer_id_expiration_ms: i64, random: &Random) -> LogConfig {
    let jitter = random.below(u64::try_from(topic.segment_jitter_ms).unwrap_or(0).saturating_add(1));
    LogConfig {
        segment_bytes: u32::try_from(topic.segment_bytes).unwrap_or(u32::MAX),
        segment_ms: topic.segment_ms,
        segment_jitter_ms: i64::try_from(jitter).unwrap_or(0).min(topic.segment_ms),
        index_interval_bytes: u32::try_from(topic.index_interval_bytes).unwrap_or(0),
        segment_index_bytes: u32::try_from(topic.segment_index_bytes).unwrap_or(u32::MAX),
        flush_messages: topic.flush_messages,
        file_delete_delay_ms: topic.file_delete_delay_ms,
        producer_id_expiration_ms,
    }
}

/// What a produced batch must satisfy.
pub(crate) fn rules(topic: &TopicConfig, request_version: i16) -> Rules {
    Rules {
        request_version,
        max_message_bytes: topic.max_message_bytes,
        compacted: topic.cleanup_policy.compact,
        timestamp_type: timestamp_type(topic),
        timestamp_before_max_ms: topic.message_timestamp_before_max_ms,
        timestamp_after_max_ms: topic.message_timestamp_after_max_ms,
        compression: compression(topic),
    }
}

fn timestamp_type(topic: &TopicConfig) -> TimestampType {
    match topic.message_timestamp_type {
        klamm_settings::TimestampType::CreateTime => TimestampType::CreateTime,
        klamm_settings::TimestampType::LogAppendTime => TimestampType::LogAppendTime,
    }
}

fn compression(topic: &TopicConfig) -> TopicCompression {
    let (codec, level) = match topic.compression_type {
        Compression::Producer => return TopicCompression::Producer,
        Compression::Uncompressed => (Codec::None, 0),
        Compression::Gzip => (Codec::Gzip, topic.compression_gzip_level),
        Compression::Snappy => (Codec::Snappy, 0),
        Compression::Lz4 => (Codec::Lz4, topic.compression_lz4_level),
        Compression::Zstd => (Codec::Zstd, topic.compression_zstd_level),
    };
    TopicCompression::Codec { codec, level }
}
