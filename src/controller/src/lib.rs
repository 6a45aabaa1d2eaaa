//! Duties of the Raft leader: commands in, records out.
//!
//! Law: it decides and calls nobody. A command runs against a scratch copy of the image and yields records and a reply;
//! the records of all commands that waited become one proposal; the replies leave once it is committed and applied here.
//! Every broker, this node's own among them, learns of a decision by the image alone.
//!
//! ```text
//!  Handle ──bounded queue──> the loop:  scratch image ──decide──> records + reply ┐   (topics, partitions, configs,
//!     ^                                      ^   each command sees those before it │    brokers, producer_ids: pure)
//!     │                                      └───────────────apply────────────────┤
//!     └───────────── replies <── committed and applied <── Quorum::propose <──────┘   one proposal in flight
//! ```
//!
//! Error codes and texts are Kafka's own (`ReplicationControlManager`, `ConfigurationControlManager`, `ControllerApis`,
//! `ConfigAdminManager`): tools print them.

#[cfg(test)]
mod any_command_test;
mod brokers;
#[cfg(test)]
mod brokers_test;
mod configs;
#[cfg(test)]
mod configs_test;
mod controller;
#[cfg(test)]
mod controller_test;
mod delete;
mod handle;
mod partitions;
mod producer_ids;
mod refusal;
mod rules;
#[cfg(test)]
mod testing;
mod topics;
#[cfg(test)]
mod topics_test;

pub use brokers::Registration;
pub use configs::{Alter, ConfigChange, ConfigOp};
pub use controller::{Controller, Defaults};
pub use delete::{DeleteTopic, DeletedTopic};
pub use handle::Handle;
pub use partitions::NewPartitions;
pub use producer_ids::ProducerIdBlock;
pub use refusal::Refusal;
pub use rules::Rules;
pub use topics::{CreatedTopic, NewTopic};
