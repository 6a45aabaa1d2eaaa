//! What the controller must know about configuration keys, and does not know itself.

use std::collections::BTreeMap;

use klamm_metadata::ResourceKind;

use crate::Refusal;

/// The keys that exist and the values that they may have.
pub trait Rules: Send + Sync + 'static {
    /// Checks the whole configuration that a topic would have (`LogConfig.validate`).
    ///
    /// # Errors
    /// The text of the INVALID_CONFIG that is answered.
    fn check_topic(&self, values: &BTreeMap<String, String>) -> Result<(), String>;

    /// Checks the whole configuration that a group would have (`GroupConfigManager.validate`).
    ///
    /// # Errors
    /// The text of the INVALID_CONFIG that is answered.
    fn check_group(&self, values: &BTreeMap<String, String>) -> Result<(), String>;

    /// Checks the whole configuration that a subscription to client metrics would have
    /// (`ClientMetricsConfigs.validate`).
    ///
    /// # Errors
    /// The refusal that is answered.
    fn check_client_metrics(&self, name: &str, values: &BTreeMap<String, String>) -> Result<(), Refusal>;

    /// Checks the whole dynamic configuration that one broker (`per_broker`) or all of them would have
    /// (`DynamicBrokerConfig.validate`).
    ///
    /// # Errors
    /// The refusal that is answered.
    fn check_broker(&self, per_broker: bool, values: &BTreeMap<String, String>) -> Result<(), Refusal>;

    /// If the key's value is a list: what a value that is not set begins as when something is appended to it.
    fn list_default(&self, kind: ResourceKind, key: &str) -> Option<String>;
}
