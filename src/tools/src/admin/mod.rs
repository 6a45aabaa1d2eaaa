//! Tools about topics, logs and brokers.
//!
//! ```text
//!   topics/ get_offsets delete_records leader_election log_dirs   api_versions cluster quorum features groups
//!      └──────────┴────────────┴─────────────┴──────────┴──────┬────┴─────────────┴───────┴──────┴───────┘
//!                    view (topics, partitions, leaders)     connect (properties, client, how to fail)
//!                    java_map, pattern, json                what Java's own classes do
//! ```

mod connect;
mod java_map;
mod json;
mod pattern;
mod topics;
mod view;

use crate::table::Tool;

/// The tools of this area.
pub(crate) const TOOLS: &[Tool] =
    &[Tool { name: "kafka-topics", class: "org.apache.kafka.tools.TopicCommand", run: topics::run }];
