//! What a configuration belongs to: topics, brokers, users and their like.

/// A topic.
pub(super) const TOPICS: &str = "topics";
/// A client, for its quotas.
pub(super) const CLIENTS: &str = "clients";
/// A user, for its quotas and SCRAM credentials.
pub(super) const USERS: &str = "users";
/// A broker, or all of them.
pub(super) const BROKERS: &str = "brokers";
/// The loggers of a broker.
pub(super) const BROKER_LOGGERS: &str = "broker-loggers";
/// An address, for its quotas.
pub(super) const IPS: &str = "ips";
/// A subscription to metrics of clients.
pub(super) const CLIENT_METRICS: &str = "client-metrics";
/// A group.
pub(super) const GROUPS: &str = "groups";

/// Every type, in the order in which Kafka names them (`ConfigType`).
pub(super) const TYPES: &[&str] = &[TOPICS, CLIENTS, USERS, BROKERS, IPS, CLIENT_METRICS, GROUPS, BROKER_LOGGERS];

/// `topic` for `topics`: a type without its last letter, as Kafka does it.
pub(super) fn singular(entity_type: &str) -> &str {
    entity_type.get(..entity_type.len().saturating_sub(1)).unwrap_or_default()
}

/// The number of a type of resources in DescribeConfigs (`ConfigResource.Type`); `None` if it has no resources.
pub(super) fn resource_type(entity_type: &str) -> Option<i8> {
    match entity_type {
        TOPICS => Some(2),
        BROKERS => Some(4),
        BROKER_LOGGERS => Some(8),
        CLIENT_METRICS => Some(16),
        GROUPS => Some(32),
        _ => None,
    }
}

/// The name of a type in quotas (`ClientQuotaEntity`).
pub(super) fn quota_type(entity_type: &str) -> Option<&'static str> {
    match entity_type {
        USERS => Some("user"),
        CLIENTS => Some("client-id"),
        IPS => Some("ip"),
        _ => None,
    }
}
