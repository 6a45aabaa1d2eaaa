//! Positions and epochs: numbers that must not be mixed up.

use std::fmt;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $raw:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $raw);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

number! {
    /// The position of a record in a partition, from 0.
    Offset, i64
}
number! {
    /// How often a partition has changed its leader (KIP-101); -1 where unknown.
    LeaderEpoch, i32
}
number! {
    /// The id of a producer (KIP-98); -1 for a producer without one.
    ProducerId, i64
}
number! {
    /// The incarnation of a producer id; -1 for a producer without one.
    ProducerEpoch, i16
}
number! {
    /// The number of a record within its producer, partition and epoch: 0 to 2147483647, then 0 again; -1 for none.
    Sequence, i32
}

impl Offset {
    /// The first offset of a partition.
    pub const ZERO: Offset = Offset(0);
    /// No offset: what the wire writes where there is none.
    pub const NONE: Offset = Offset(-1);

    /// The offset `count` records further on.
    ///
    /// # Panics
    /// If the result does not fit: a partition cannot hold that many records, so it is a bug.
    #[must_use]
    pub fn plus(self, count: i64) -> Offset {
        Offset(self.0.checked_add(count).expect("an offset fits 63 bits"))
    }
}

impl LeaderEpoch {
    /// No epoch known.
    pub const NONE: LeaderEpoch = LeaderEpoch(-1);
}

impl ProducerId {
    /// A producer without an id.
    pub const NONE: ProducerId = ProducerId(-1);
}

impl ProducerEpoch {
    /// A producer without an epoch.
    pub const NONE: ProducerEpoch = ProducerEpoch(-1);
}

impl Sequence {
    /// A record without a sequence.
    pub const NONE: Sequence = Sequence(-1);

    /// The sequence `count` records further on; after 2147483647 comes 0 (`DefaultRecordBatch.incrementSequence`).
    #[must_use]
    pub fn plus(self, count: i32) -> Sequence {
        let sum = i64::from(self.0) + i64::from(count);
        let span = i64::from(i32::MAX) + 1;
        Sequence(i32::try_from(sum.rem_euclid(span)).expect("a remainder below 2^31"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_wraps_to_zero_after_the_largest_int_i7() {
        assert_eq!(Sequence(i32::MAX).plus(1), Sequence(0));
        assert_eq!(Sequence(2_147_483_646).plus(2), Sequence(0));
        assert_eq!(Sequence(5).plus(3), Sequence(8));
    }
}
