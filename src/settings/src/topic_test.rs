use super::*;
use crate::testing::{Values, broker, values};

#[test]
fn a_topic_without_settings_of_its_own_has_kafkas_defaults() {
    let topic = resolve_topic(&Values::new(), &broker("node.id=1"));
    let expected = TopicConfig {
        segment_bytes: 1 << 30,
        segment_ms: 604_800_000,
        segment_jitter_ms: 0,
        index_interval_bytes: 4096,
        segment_index_bytes: 10 << 20,
        preallocate: false,
        max_message_bytes: (1 << 20) + 12,
        retention_ms: 604_800_000,
        retention_bytes: -1,
        cleanup_policy: CleanupPolicy { compact: false, delete: true },
        delete_retention_ms: 86_400_000,
        min_cleanable_dirty_ratio: 0.5,
        min_compaction_lag_ms: 0,
        max_compaction_lag_ms: i64::MAX,
        compression_type: Compression::Producer,
        compression_gzip_level: -1,
        compression_lz4_level: 9,
        compression_zstd_level: 3,
        message_timestamp_type: TimestampType::CreateTime,
        message_timestamp_before_max_ms: i64::MAX,
        message_timestamp_after_max_ms: 3_600_000,
        flush_messages: i64::MAX,
        flush_ms: i64::MAX,
        file_delete_delay_ms: 60_000,
        min_insync_replicas: 1,
        unclean_leader_election_enable: false,
    };
    assert_eq!(topic, expected);
}

#[test]
fn the_first_synonym_that_is_set_wins_and_is_converted_to_the_topics_unit() {
    let of = |text: &str| resolve_topic(&Values::new(), &broker(&format!("node.id=1\n{text}")));
    assert_eq!(of("log.roll.hours=2\nlog.roll.jitter.hours=1").segment_ms, 7_200_000);
    assert_eq!(of("log.roll.hours=2\nlog.roll.jitter.hours=1").segment_jitter_ms, 3_600_000);
    assert_eq!(of("log.roll.hours=2\nlog.roll.ms=5").segment_ms, 5);
    assert_eq!(of("log.retention.hours=2").retention_ms, 7_200_000);
    assert_eq!(of("log.retention.hours=2\nlog.retention.minutes=3").retention_ms, 180_000);
    assert_eq!(of("log.retention.minutes=3\nlog.retention.ms=4").retention_ms, 4);
    assert_eq!(of("log.retention.hours=-5").retention_ms, -1);
    assert_eq!(of("log.flush.scheduler.interval.ms=7").flush_ms, 7);
    assert_eq!(of("log.flush.scheduler.interval.ms=7\nlog.flush.interval.ms=8").flush_ms, 8);
}

#[test]
fn a_topics_own_value_wins_over_one_broker_over_all_brokers_over_the_file() {
    let file = broker("node.id=1\nlog.cleanup.policy=compact\nmessage.max.bytes=1");
    let size = |own: &[(&str, &str)], broker: &EffectiveBroker| resolve_topic(&values(own), broker).max_message_bytes;
    assert_eq!(size(&[], &file), 1);
    let all = values(&[("message.max.bytes", "2")]);
    assert_eq!(size(&[], &file.with_dynamic(&all, &Values::new())), 2);
    let both = file.with_dynamic(&all, &values(&[("message.max.bytes", "3")]));
    assert_eq!(size(&[], &both), 3);
    assert_eq!(size(&[("max.message.bytes", "4")], &both), 4);
    assert_eq!(both.value("message.max.bytes"), Some("3"));
    assert_eq!(both.node_id(), 1);
    assert!(resolve_topic(&Values::new(), &both).cleanup_policy.compact);
}

#[test]
fn a_value_that_is_not_allowed_gives_way_to_the_next() {
    let broker =
        broker("node.id=1\nmessage.max.bytes=9").with_dynamic(&values(&[("message.max.bytes", "x")]), &values(&[]));
    assert_eq!(resolve_topic(&values(&[("max.message.bytes", "-1")]), &broker).max_message_bytes, 9);
}

#[test]
fn a_test_can_roll_segments_that_are_smaller_than_a_user_may_have() {
    let own = values(&[("internal.segment.bytes", "100"), ("segment.bytes", "2000000")]);
    assert_eq!(resolve_topic(&own, &broker("node.id=1")).segment_bytes, 100);
}

#[test]
fn words_become_types() {
    let of = |name: &str, value: &str| resolve_topic(&values(&[(name, value)]), &broker("node.id=1"));
    let policy = |text: &str| of("cleanup.policy", text).cleanup_policy;
    assert_eq!(policy("compact, delete"), CleanupPolicy { compact: true, delete: true });
    assert_eq!(policy(""), CleanupPolicy { compact: false, delete: false });
    for (text, compression) in [
        ("producer", Compression::Producer),
        ("uncompressed", Compression::Uncompressed),
        ("gzip", Compression::Gzip),
        ("snappy", Compression::Snappy),
        ("lz4", Compression::Lz4),
        ("zstd", Compression::Zstd),
    ] {
        assert_eq!(of("compression.type", text).compression_type, compression);
    }
    let time = of("message.timestamp.type", "LogAppendTime").message_timestamp_type;
    assert_eq!(time, TimestampType::LogAppendTime);
}
