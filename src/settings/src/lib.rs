//! Configuration: one table of keys, and everything that is derived from it.
//!
//! Law: nobody parses a configuration value elsewhere. Names, kinds, defaults, conditions, scopes and texts stand in
//! one table; reading a file, refusing a value, describing a resource and typed values all come from it. Nothing here
//! reads a file, keeps time or knows a socket.
//!
//! ```text
//!   server.properties ──parse──┐            ┌─> BrokerConfig        what the code uses of the broker
//!   --override key=value ──────┼─ Settings ─┤
//!   a container's variables ───┤            │
//!                              │            └─> EffectiveBroker     with what was configured at run time
//!                keys (the table)                    │
//!                              │                     ├─ resolve_topic ─> TopicConfig
//!                              └─────────────────────┼─ describe_* ────> DescribeConfigs
//!                                                    └─ check_* ───────> AlterConfigs
//! ```
//!
//! It may use `base`, and the crates regex and thiserror.

mod alter;
mod broker;
mod check;
mod describe;
mod effective;
mod error;
mod given;
mod group_keys;
mod key;
mod keys;
mod kind;
mod listeners;
mod parse;
mod quorum;
mod settings;
mod startup;
#[cfg(test)]
mod testing;
mod topic;
mod topic_keys;
mod value;

pub use alter::{
    Refused, broker_list_default, check_broker, check_client_metrics, check_group, check_topic, check_topic_value,
    topic_list_default,
};
pub use broker::{AdminListener, BrokerConfig};
pub use check::Check;
pub use describe::{
    Described, Source, Synonym, describe_broker, describe_broker_default, describe_client_metrics, describe_group,
    describe_topic,
};
pub use effective::EffectiveBroker;
pub use error::{BadValue, ConfigError, Origin};
pub use group_keys::{client_metrics_key, group_key};
pub use key::{Key, Scope, Unit};
pub use keys::{base_key, broker_key, broker_keys};
pub use kind::Kind;
pub use listeners::{Listener, SecurityProtocol};
pub use parse::{parse_properties, unescape};
pub use settings::{Loaded, Setting, Settings, read_properties};
pub use topic::{CleanupPolicy, Compression, TimestampType, TopicConfig, resolve_topic};
pub use topic_keys::topic_key;
