//! The values that the code uses, by name and typed.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::error::ConfigError;
use crate::given::Given;
use crate::listeners::{self, Listener};

const ADMIN_LISTENER: &str = "klamm.admin.listener";
const PER_IP_OVERRIDES: &str = "max.connections.per.ip.overrides";

/// A hundred years in milliseconds: what "never" and larger times are, so that adding to now stays in range.
const NEVER_MS: i64 = 100 * 365 * 24 * 60 * 60 * 1000;

/// Where metrics and health are served by HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminListener {
    /// The host; empty for every address.
    pub host: String,
    /// The port; 0 for any free one.
    pub port: u16,
    /// True if nobody asked for it: then it may stay away if the address is taken.
    pub is_default: bool,
}

/// A broker's settings. Each field is the key of its name, with `.` for `_`, unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerConfig {
    /// `node.id`, or `broker.id`.
    pub node_id: i32,
    #[allow(missing_docs)]
    pub broker_rack: Option<String>,
    /// `log.dirs`, or `log.dir`; never empty.
    pub log_dirs: Vec<String>,
    /// Where clients connect, without the controller's listeners.
    pub listeners: Vec<Listener>,
    /// What clients are told: `advertised.listeners`, or the listeners. An empty host is for the broker to fill in, and
    /// so is port 0, with the port that the listener got.
    pub advertised_listeners: Vec<Listener>,
    /// The listener that brokers use among themselves.
    pub inter_broker_listener_name: String,
    /// `klamm.admin.listener`; `None` if it is empty.
    pub admin_listener: Option<AdminListener>,
    /// The largest request, in bytes.
    pub socket_request_max_bytes: i32,
    /// How many connections may wait to be accepted.
    pub socket_listen_backlog_size: i32,
    /// In bytes; -1 for the system's choice.
    pub socket_send_buffer_bytes: i32,
    /// In bytes; -1 for the system's choice.
    pub socket_receive_buffer_bytes: i32,
    /// In milliseconds; a hundred years for a negative value, which is never.
    pub connections_max_idle_ms: u64,
    /// The most connections.
    pub max_connections: i32,
    /// The most connections of one address.
    pub max_connections_per_ip: i32,
    /// The most connections of these addresses.
    pub max_connections_per_ip_overrides: BTreeMap<IpAddr, usize>,
    /// Whether a client's asking for a topic creates it.
    pub auto_create_topics_enable: bool,
    /// Whether topics can be deleted.
    pub delete_topic_enable: bool,
    /// Of a topic that is created without saying.
    pub num_partitions: i32,
    /// Of a topic that is created without saying.
    pub default_replication_factor: i16,
    /// Of the topic of group state.
    pub offsets_topic_num_partitions: i32,
    /// Of the topic of group state.
    pub offsets_topic_replication_factor: i16,
    /// Of the topic of group state, in bytes.
    pub offsets_topic_segment_bytes: i32,
    /// `offsets.retention.minutes`, in milliseconds.
    pub offsets_retention_ms: i64,
    /// In milliseconds.
    pub offsets_retention_check_interval_ms: i64,
    /// The longest text beside an offset.
    pub offset_metadata_max_bytes: i32,
    /// In milliseconds.
    pub offsets_commit_timeout_ms: i64,
    /// In milliseconds.
    pub group_min_session_timeout_ms: i32,
    /// In milliseconds.
    pub group_max_session_timeout_ms: i32,
    /// In milliseconds.
    pub group_initial_rebalance_delay_ms: i32,
    /// The most members.
    pub group_max_size: i32,
    /// The most record bytes of an answer.
    pub fetch_max_bytes: i64,
    /// How many fetch sessions are remembered.
    pub max_incremental_fetch_session_cache_slots: i32,
    /// The most partitions in one answer about partitions.
    pub max_request_partition_size_limit: i32,
    /// In milliseconds.
    pub producer_id_expiration_ms: i64,
    /// How often recovery points are written down, in milliseconds.
    pub log_flush_offset_checkpoint_interval_ms: u64,
    /// How often first offsets are written down, in milliseconds.
    pub log_flush_start_offset_checkpoint_interval_ms: u64,
}

impl BrokerConfig {
    /// Reads every value.
    ///
    /// # Errors
    /// If listeners, the admin port or bounds on addresses cannot be understood.
    pub(crate) fn new(given: &Given) -> Result<BrokerConfig, ConfigError> {
        let listeners = listeners::read(given)?;
        let log_dirs = given.list("log.dirs").or_else(|| given.list("log.dir"));
        Ok(BrokerConfig {
            node_id: given.int("node.id"),
            broker_rack: given.text("broker.rack"),
            log_dirs: log_dirs.unwrap_or_default(),
            listeners: listeners.listeners,
            advertised_listeners: listeners.advertised,
            inter_broker_listener_name: listeners.inter_broker,
            admin_listener: admin_listener(given)?,
            socket_request_max_bytes: given.int("socket.request.max.bytes"),
            socket_listen_backlog_size: given.int("socket.listen.backlog.size"),
            socket_send_buffer_bytes: given.int("socket.send.buffer.bytes"),
            socket_receive_buffer_bytes: given.int("socket.receive.buffer.bytes"),
            connections_max_idle_ms: span_ms(given, "connections.max.idle.ms"),
            max_connections: given.int("max.connections"),
            max_connections_per_ip: given.int("max.connections.per.ip"),
            max_connections_per_ip_overrides: per_ip_overrides(given)?,
            auto_create_topics_enable: given.boolean("auto.create.topics.enable"),
            delete_topic_enable: given.boolean("delete.topic.enable"),
            num_partitions: given.int("num.partitions"),
            default_replication_factor: given.short("default.replication.factor"),
            offsets_topic_num_partitions: given.int("offsets.topic.num.partitions"),
            offsets_topic_replication_factor: given.short("offsets.topic.replication.factor"),
            offsets_topic_segment_bytes: given.int("offsets.topic.segment.bytes"),
            offsets_retention_ms: given.number("offsets.retention.minutes") * 60 * 1000,
            offsets_retention_check_interval_ms: given.number("offsets.retention.check.interval.ms").min(NEVER_MS),
            offset_metadata_max_bytes: given.int("offset.metadata.max.bytes"),
            offsets_commit_timeout_ms: given.number("offsets.commit.timeout.ms"),
            group_min_session_timeout_ms: given.int("group.min.session.timeout.ms"),
            group_max_session_timeout_ms: given.int("group.max.session.timeout.ms"),
            group_initial_rebalance_delay_ms: given.int("group.initial.rebalance.delay.ms"),
            group_max_size: given.int("group.max.size"),
            fetch_max_bytes: given.number("fetch.max.bytes"),
            max_incremental_fetch_session_cache_slots: given.int("max.incremental.fetch.session.cache.slots"),
            max_request_partition_size_limit: given.int("max.request.partition.size.limit"),
            producer_id_expiration_ms: given.number("producer.id.expiration.ms"),
            log_flush_offset_checkpoint_interval_ms: span_ms(given, "log.flush.offset.checkpoint.interval.ms"),
            log_flush_start_offset_checkpoint_interval_ms: span_ms(
                given,
                "log.flush.start.offset.checkpoint.interval.ms",
            ),
        })
    }
}

/// A time in milliseconds, of which a negative one is never.
fn span_ms(given: &Given, key: &str) -> u64 {
    u64::try_from(given.number(key).min(NEVER_MS)).unwrap_or(NEVER_MS.unsigned_abs())
}

fn admin_listener(given: &Given) -> Result<Option<AdminListener>, ConfigError> {
    let text = given.text(ADMIN_LISTENER).unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    let is_default = given.explicit(ADMIN_LISTENER).is_none();
    match text.rsplit_once(':').map(|(host, port)| (without_brackets(host), port.parse())) {
        Some((host, Ok(port))) => Ok(Some(AdminListener { host: host.to_owned(), port, is_default })),
        _ => Err(given.fault(ADMIN_LISTENER, "must be HOST:PORT, or empty for none")),
    }
}

fn per_ip_overrides(given: &Given) -> Result<BTreeMap<IpAddr, usize>, ConfigError> {
    read_per_ip_overrides(&given.text(PER_IP_OVERRIDES).unwrap_or_default())
        .map_err(|pair| given.fault(PER_IP_OVERRIDES, format!("{pair} is not of the form ADDRESS:COUNT")))
}

/// Reads `ADDRESS:COUNT` pairs; the pair that is not one if there is such.
pub(crate) fn read_per_ip_overrides(text: &str) -> Result<BTreeMap<IpAddr, usize>, &str> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    let read = |pair: &'_ str| {
        let (address, count) = pair.rsplit_once(':')?;
        let count = count.trim().parse::<i32>().ok().and_then(|count| usize::try_from(count).ok())?;
        Some((without_brackets(address.trim()).parse().ok()?, count))
    };
    pairs.map(|pair| read(pair).ok_or(pair)).collect()
}

fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}
