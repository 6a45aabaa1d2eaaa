//! Rules for names: topics, and the hash that maps a group to its coordinator's partition.

/// The longest legal topic name, in characters.
pub const TOPIC_NAME_MAX: usize = 249;

/// The topic that holds group state.
pub const CONSUMER_OFFSETS: &str = "__consumer_offsets";
/// The topic that holds transaction state.
pub const TRANSACTION_STATE: &str = "__transaction_state";
/// The topic that holds share-group state.
pub const SHARE_GROUP_STATE: &str = "__share_group_state";

/// The name of the metadata log, which lies beside the partitions and is no topic.
pub const CLUSTER_METADATA: &str = "__cluster_metadata";

/// True for a topic that clients must not write to and that tools hide (`Topic.isInternal`).
pub fn is_internal_topic(name: &str) -> bool {
    matches!(name, CONSUMER_OFFSETS | TRANSACTION_STATE | SHARE_GROUP_STATE)
}

/// Why `name` cannot be a topic's name, in the words of Kafka's `Topic.validate`; `None` if it can.
pub fn topic_name_fault(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("Topic name is invalid: the empty string is not allowed".to_owned());
    }
    if name == "." || name == ".." {
        return Some(format!("Topic name is invalid: '{name}' is not allowed"));
    }
    if name.chars().count() > TOPIC_NAME_MAX {
        return Some(format!(
            "Topic name is invalid: the length of '{name}' is longer than the max allowed length {TOPIC_NAME_MAX}"
        ));
    }
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if !name.bytes().all(legal) {
        return Some(format!(
            "Topic name is invalid: '{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
        ));
    }
    None
}

/// The form under which two names collide in metric names: `.` and `_` are the same there (`Topic.unifyCollisionChars`).
pub fn collision_key(name: &str) -> String {
    name.replace('.', "_")
}

/// Java's `String.hashCode`, over UTF-16 units.
pub fn java_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// The partition of a coordinator's topic that `key` belongs to, of `partitions` (`Utils.abs(hash) % n`).
///
/// # Panics
/// If `partitions` is not positive.
pub fn coordinator_partition(key: &str, partitions: i32) -> i32 {
    assert!(partitions > 0, "a topic has partitions");
    java_hash(key).checked_abs().unwrap_or(0) % partitions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_kafkas_rules_m8() {
        for good in ["a", "a.b_c-D9", "...", &"x".repeat(249)] {
            assert_eq!(topic_name_fault(good), None, "{good}");
        }
        for bad in ["", ".", "..", "a b", "ä", "a/b", &"x".repeat(250)] {
            assert!(topic_name_fault(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn the_hash_is_javas_m9() {
        assert_eq!(java_hash("hello"), 99_162_322);
        assert_eq!(java_hash("polygenelubricants"), i32::MIN);
        assert_eq!(coordinator_partition("polygenelubricants", 50), 0);
        assert_eq!(java_hash("😀"), 1_772_899);
    }
}
