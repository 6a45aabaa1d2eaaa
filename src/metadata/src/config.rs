//! What can be configured at run time.

use std::sync::Arc;

/// A kind of thing that has a configuration (`ConfigResource.Type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    /// A topic, by name.
    Topic,
    /// A broker by id, or all brokers if the name is empty.
    Broker,
    /// A subscription to client metrics (KIP-714), by name.
    ClientMetrics,
    /// A group, by id.
    Group,
}

impl ResourceKind {
    /// Kafka's number of it.
    pub fn id(self) -> i8 {
        match self {
            ResourceKind::Topic => 2,
            ResourceKind::Broker => 4,
            ResourceKind::ClientMetrics => 16,
            ResourceKind::Group => 32,
        }
    }

    /// The kind with this number; `None` for kinds that hold nothing in the image, such as a broker's loggers.
    pub fn from_id(id: i8) -> Option<ResourceKind> {
        [ResourceKind::Topic, ResourceKind::Broker, ResourceKind::ClientMetrics, ResourceKind::Group]
            .into_iter()
            .find(|kind| kind.id() == id)
    }
}

/// A thing that has a configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigResource {
    /// What it is.
    pub kind: ResourceKind,
    /// Its name; of a broker its id in digits.
    pub name: Arc<str>,
}

impl ConfigResource {
    /// The resource of this kind and name.
    pub fn new(kind: ResourceKind, name: impl Into<Arc<str>>) -> ConfigResource {
        ConfigResource { kind, name: name.into() }
    }

    /// The configuration of a topic.
    pub fn topic(name: impl Into<Arc<str>>) -> ConfigResource {
        ConfigResource::new(ResourceKind::Topic, name)
    }

    /// What holds for all brokers.
    pub fn all_brokers() -> ConfigResource {
        ConfigResource::new(ResourceKind::Broker, "")
    }
}
