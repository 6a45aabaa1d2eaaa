//! Where clients are told that this broker is: as it registered itself, or as it was configured since.
//!
//! Brokers before Kafka 4 let `advertised.listeners` change while they run, and libraries that learn the port of a
//! container only after its start still count on it. What was configured lies over the registration in each image that
//! is published, so that every answer says the same from the next one on.

use std::collections::BTreeMap;
use std::sync::Arc;

use klamm_api::published::Published;
use klamm_base::NodeId;
use klamm_metadata::{Broker, ConfigResource, Endpoint, Image, ResourceKind, SecurityProtocol};
use klamm_settings::{EffectiveBroker, Listener, Settings};

/// The image that is served, with this broker where clients shall find it.
#[derive(Clone)]
pub(crate) struct Places {
    node: NodeId,
    settings: EffectiveBroker,
    /// The ports that the listeners got.
    ports: Arc<[(Arc<str>, u16)]>,
    published: Published,
}

impl Places {
    pub fn new(node: NodeId, settings: Arc<Settings>, ports: Arc<[(Arc<str>, u16)]>, published: Published) -> Places {
        Places { node, settings: EffectiveBroker::new(settings), ports, published }
    }

    /// The image that is served.
    pub fn image(&self) -> Arc<Image> {
        self.published.image()
    }

    /// What clients are told. A listener on port 0 is told by the port that it got; one without a host by the address that
    /// the client reached, which is what an empty host means here.
    pub fn endpoints(&self, advertised: &[Listener]) -> Vec<Endpoint> {
        let endpoint = |listener: &Listener| Endpoint {
            listener: Arc::from(listener.name.as_str()),
            host: Arc::from(listener.host.as_str()),
            port: if listener.port == 0 { self.port(&listener.name) } else { listener.port },
            protocol: SecurityProtocol::Plaintext,
        };
        advertised.iter().map(endpoint).collect()
    }

    fn port(&self, listener: &str) -> u16 {
        self.ports.iter().find(|(name, _)| **name == *listener).map_or(0, |(_, port)| *port)
    }

    /// Moves on to `image`.
    pub fn publish(&self, mut image: Arc<Image>) {
        if let (Some(Ok(advertised)), Some(broker)) = (self.configured(&image), image.brokers.get(&self.node)) {
            let broker = Broker { endpoints: self.endpoints(&advertised), ..(**broker).clone() };
            Arc::make_mut(&mut image).brokers.insert(self.node, Arc::new(broker));
        }
        self.published.publish(image);
    }

    /// Warns where what was configured names listeners that this start does not have.
    pub fn warn(&self) {
        if let Some(Err(problem)) = self.configured(&self.image()) {
            tracing::warn!("advertised.listeners as configured at run time is not followed: {problem}");
        }
    }

    /// What was configured while the broker ran; `None` if nothing was.
    fn configured(&self, image: &Image) -> Option<Result<Vec<Listener>, String>> {
        let own = image.config(&ConfigResource::new(ResourceKind::Broker, self.node.to_string()))?;
        self.settings.with_dynamic(&BTreeMap::new(), own).advertised_listeners()
    }
}
