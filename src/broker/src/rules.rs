//! What the controller asks of configuration keys, answered from the settings' table.

use std::collections::BTreeMap;

use klamm_base::ErrorCode;
use klamm_controller::{Refusal, Rules};
use klamm_metadata::ResourceKind;

/// The keys as `klamm-settings` knows them.
pub(crate) struct SettingsRules;

impl Rules for SettingsRules {
    fn check_topic(&self, _values: &BTreeMap<String, String>) -> Result<(), String> {
        Ok(())
    }

    fn check_group(&self, _values: &BTreeMap<String, String>) -> Result<(), String> {
        Ok(())
    }

    fn check_client_metrics(&self, _name: &str, _values: &BTreeMap<String, String>) -> Result<(), Refusal> {
        Err(Refusal::from(ErrorCode::InvalidRequest))
    }

    fn check_broker(&self, _per_broker: bool, _values: &BTreeMap<String, String>) -> Result<(), Refusal> {
        Ok(())
    }

    fn list_default(&self, _kind: ResourceKind, _key: &str) -> Option<String> {
        None
    }
}
