//! The order in which a Java hash map gives out its entries: the stock tools print in this order.

use klamm_base::name::java_hash;

/// The order of a `HashMap` that was made without a size.
pub(crate) fn in_map_order<T>(items: Vec<T>, hash: impl Fn(&T) -> i32) -> Vec<T> {
    in_map_order_of(items, 16, hash)
}

/// The order of a `HashMap` that was made with room for `capacity`: by bucket, and within a bucket by coming. The map
/// grows to twice its buckets when it is more than three quarters full.
pub(crate) fn in_map_order_of<T>(mut items: Vec<T>, capacity: usize, hash: impl Fn(&T) -> i32) -> Vec<T> {
    let mut buckets = capacity.max(1).next_power_of_two();
    while items.len() > buckets * 3 / 4 {
        buckets *= 2;
    }
    let mask = u32::try_from(buckets - 1).unwrap_or(u32::MAX);
    items.sort_by_key(|item| {
        let hash = hash(item).cast_unsigned();
        (hash ^ (hash >> 16)) & mask
    });
    items
}

/// `TopicPartition.hashCode`.
pub(crate) fn partition_hash(topic: &str, partition: i32) -> i32 {
    31i32.wrapping_add(partition).wrapping_mul(31).wrapping_add(java_hash(topic))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(names: &str) -> String {
        in_map_order(names.split(' ').collect(), |name| java_hash(name)).join(" ")
    }

    #[test]
    fn entries_stand_in_the_order_that_java_gives_them() {
        // Printed by Java 17.
        assert_eq!(order("partition size offsetLag isFuture"), "partition size offsetLag isFuture");
        assert_eq!(order("one two three four five six seven"), "six four one seven two three five");
        assert_eq!(order("logDir error partitions"), "partitions error logDir");
    }

    #[test]
    fn a_map_with_room_grows_when_it_is_three_quarters_full() {
        let order = |count: usize| {
            let names = (0..count).map(|number| format!("t{number}")).collect();
            in_map_order_of(names, count, |name: &String| java_hash(name)).join(" ")
        };
        // Printed by Java 17.
        assert_eq!([order(1), order(2), order(3)], ["t0", "t0 t1", "t0 t1 t2"]);
        assert_eq!([order(5), order(6)], ["t4 t0 t1 t2 t3", "t4 t5 t0 t1 t2 t3"]);
        assert_eq!(order(12), "t4 t5 t6 t10 t7 t8 t9 t11 t0 t1 t2 t3");
        assert_eq!(order(13), "t4 t5 t6 t7 t8 t9 t10 t12 t11 t0 t1 t2 t3");
    }

    #[test]
    fn the_hash_of_a_partition_is_java_s() {
        // Printed by Kafka's TopicPartition.
        assert_eq!([partition_hash("a", 0), partition_hash("orders", 7)], [1058, -1_008_769_153]);
    }
}
