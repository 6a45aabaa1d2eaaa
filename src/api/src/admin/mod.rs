//! The cluster and its configuration.

pub mod cluster;
pub mod configs_alter;
pub mod configs_describe;
pub mod configs_list;
pub mod quorum;
