//! Topics: told of, made, changed, removed.

pub mod authorized;
pub mod create;
pub mod create_partitions;
pub mod delete;
pub mod describe_partitions;
pub mod elect_leaders;
pub mod log_dirs;
pub mod metadata;
