//! Group coordinators: shards are pure state machines over a partition
