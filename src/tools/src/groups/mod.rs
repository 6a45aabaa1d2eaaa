//! Tools about groups and configurations.

mod cluster;
mod configs;
mod connect;
mod consumer_groups;
mod describe_groups;
mod failure;
mod offsets;
mod topics;

use crate::table::Tool;

/// The tools of this area.
pub(crate) const TOOLS: &[Tool] = &[consumer_groups::TOOL, configs::TOOL];
