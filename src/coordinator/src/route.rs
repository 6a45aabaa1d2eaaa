//! Which partition of `__consumer_offsets` a group belongs to.

use klamm_base::name::coordinator_partition;

/// The partition that keeps `group_id`, of `partitions` (the topic's actual number, fixed at its creation).
///
/// # Panics
/// If `partitions` is not positive.
pub fn partition_of(group_id: &str, partitions: i32) -> i32 {
    coordinator_partition(group_id, partitions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m9_a_group_is_kept_where_java_would_keep_it() {
        assert_eq!(partition_of("", 50), 0);
        assert_eq!(partition_of("hello", 50), 99_162_322 % 50);
        assert_eq!(partition_of("polygenelubricants", 50), 0, "the absolute value of the smallest int is 0");
    }
}
