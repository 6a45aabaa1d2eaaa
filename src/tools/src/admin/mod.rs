//! Tools about topics, logs and brokers.
//!
//! ```text
//!   topics/ get_offsets delete_records leader_election log_dirs   api_versions cluster quorum features groups
//!      └──────────┴────────────┴─────────────┴──────────┴──────┬────┴─────────────┴───────┴──────┴───────┘
//!                    view (topics, partitions, leaders)     connect (properties, client, how to fail)
//!                    java_map, pattern, json                what Java's own classes do
//! ```

mod api_table;
mod api_versions;
mod cluster;
pub(crate) mod connect;
mod delete_records;
mod features;
mod get_offsets;
mod groups;
pub(crate) mod java_map;
mod json;
mod leader_election;
mod log_dirs;
mod pattern;
mod quorum;
mod topics;
mod view;

use crate::table::Tool;

/// The exception for what a tool cannot do with what it was given.
const OPERATION: &str = "org.apache.kafka.tools.AdminOperationException";
/// The exception for a command that came to nothing.
const COMMAND_FAILED: &str = "org.apache.kafka.tools.AdminCommandFailedException";

/// The tools of this area.
pub(crate) const TOOLS: &[Tool] = &[
    Tool { name: "kafka-topics", class: "org.apache.kafka.tools.TopicCommand", run: topics::run },
    Tool { name: "kafka-get-offsets", class: "org.apache.kafka.tools.GetOffsetShell", run: get_offsets::run },
    Tool {
        name: "kafka-delete-records",
        class: "org.apache.kafka.tools.DeleteRecordsCommand",
        run: delete_records::run,
    },
    Tool {
        name: "kafka-leader-election",
        class: "org.apache.kafka.tools.LeaderElectionCommand",
        run: leader_election::run,
    },
    Tool { name: "kafka-log-dirs", class: "org.apache.kafka.tools.LogDirsCommand", run: log_dirs::run },
    Tool {
        name: "kafka-broker-api-versions",
        class: "org.apache.kafka.tools.BrokerApiVersionsCommand",
        run: api_versions::run,
    },
    Tool { name: "kafka-cluster", class: "org.apache.kafka.tools.ClusterTool", run: cluster::run },
    Tool { name: "kafka-metadata-quorum", class: "org.apache.kafka.tools.MetadataQuorumCommand", run: quorum::run },
    Tool { name: "kafka-features", class: "org.apache.kafka.tools.FeatureCommand", run: features::run },
    Tool { name: "kafka-groups", class: "org.apache.kafka.tools.GroupsCommand", run: groups::run },
];
