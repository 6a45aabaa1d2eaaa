//! What the controller asks of configuration keys, answered from the settings' table.

use std::collections::BTreeMap;
use std::sync::Arc;

use klamm_api::published::Published;
use klamm_base::{ErrorCode, NodeId};
use klamm_controller::{Refusal, Rules};
use klamm_metadata::{ConfigResource, ResourceKind};
use klamm_settings::{EffectiveBroker, Kind, Refused, Settings};

/// The keys as `klamm-settings` knows them, on a broker as it is configured now.
pub(crate) struct SettingsRules {
    pub settings: Arc<Settings>,
    pub published: Published,
    pub node: NodeId,
}

impl SettingsRules {
    fn broker(&self) -> EffectiveBroker {
        let image = self.published.image();
        let values = |resource: ConfigResource| image.config(&resource).cloned().unwrap_or_default();
        let own = values(ConfigResource::new(ResourceKind::Broker, self.node.to_string()));
        EffectiveBroker::new(self.settings.clone()).with_dynamic(&values(ConfigResource::all_brokers()), &own)
    }
}

fn refusal(refused: Refused) -> Refusal {
    Refusal::new(refused.code, refused.message)
}

impl Rules for SettingsRules {
    fn check_topic(&self, values: &BTreeMap<String, String>) -> Result<(), String> {
        klamm_settings::check_topic(values, &self.broker())
    }

    fn check_group(&self, values: &BTreeMap<String, String>) -> Result<(), String> {
        klamm_settings::check_group(values, &self.broker())
    }

    fn check_client_metrics(&self, name: &str, values: &BTreeMap<String, String>) -> Result<(), Refusal> {
        if name.is_empty() {
            return Err(Refusal::new(ErrorCode::InvalidRequest, "Subscription name can't be empty"));
        }
        klamm_settings::check_client_metrics(values).map_err(refusal)
    }

    fn check_broker(&self, per_broker: bool, values: &BTreeMap<String, String>) -> Result<(), Refusal> {
        klamm_settings::check_broker(per_broker, values, &self.broker()).map_err(refusal)
    }

    fn list_default(&self, kind: ResourceKind, key: &str) -> Option<String> {
        match kind {
            ResourceKind::Topic => klamm_settings::topic_list_default(key),
            ResourceKind::Broker => klamm_settings::broker_list_default(key),
            ResourceKind::ClientMetrics => {
                let key = klamm_settings::client_metrics_key(key).filter(|key| key.kind == Kind::List)?;
                Some(key.default.unwrap_or_default().to_owned())
            }
            ResourceKind::Group => None,
        }
    }
}
