//! The image families.

use crate::variables::Variables;

/// An image family, whose start scripts read the environment in their own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// apache/kafka and apache/kafka-native.
    Apache,
    /// confluentinc/cp-kafka.
    Confluent,
    /// confluentinc/confluent-local.
    ConfluentLocal,
    /// bitnami/kafka, now bitnamilegacy/kafka.
    Bitnami,
    /// wurstmeister/kafka.
    Wurstmeister,
    /// debezium/kafka.
    Debezium,
}

/// Variables that only one family has.
const BITNAMI: &[&str] = &["ALLOW_PLAINTEXT_LISTENER", "KAFKA_ENABLE_KRAFT", "KAFKA_KRAFT_CLUSTER_ID"];
const WURSTMEISTER: &[&str] = &[
    "BROKER_ID_COMMAND",
    "CUSTOM_INIT_SCRIPT",
    "HOSTNAME_COMMAND",
    "KAFKA_ADVERTISED_HOST_NAME",
    "KAFKA_ADVERTISED_PROTOCOL_NAME",
    "KAFKA_CREATE_TOPICS",
    "PORT_COMMAND",
    "RACK_COMMAND",
];
const DEBEZIUM: &[&str] = &["NODE_ROLE", "ZOOKEEPER_CONNECT"];

impl Dialect {
    /// All of them.
    pub const ALL: [Dialect; 6] = [
        Dialect::Apache,
        Dialect::Confluent,
        Dialect::ConfluentLocal,
        Dialect::Bitnami,
        Dialect::Wurstmeister,
        Dialect::Debezium,
    ];

    /// Its name, in `KLAMM_DIALECT`.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Apache => "apache",
            Dialect::Confluent => "confluent",
            Dialect::ConfluentLocal => "confluent-local",
            Dialect::Bitnami => "bitnami",
            Dialect::Wurstmeister => "wurstmeister",
            Dialect::Debezium => "debezium",
        }
    }

    /// The family with this name.
    pub fn parse(name: &str) -> Option<Dialect> {
        Dialect::ALL.into_iter().find(|dialect| dialect.name() == name.trim())
    }

    /// The family of an environment. The start script of the Apache image is also what runs where somebody changed no
    /// more than the name of the image, so it gives way to variables that only another family has, and to a file where
    /// only Bitnami's has one.
    pub(crate) fn choose(named: Option<Dialect>, variables: &Variables, has_bitnamis_file: bool) -> Dialect {
        match named {
            Some(Dialect::Apache) | None if has_bitnamis_file => Dialect::Bitnami,
            Some(Dialect::Apache) | None => Dialect::detect(variables),
            Some(other) => other,
        }
    }

    fn detect(variables: &Variables) -> Dialect {
        let any = |names: &[&str]| names.iter().any(|name| variables.has(name));
        if any(BITNAMI) || variables.names().any(|name| name.starts_with("KAFKA_CFG_")) {
            return Dialect::Bitnami;
        }
        if variables.has("KAFKA_PROCESS_ROLES") {
            return Dialect::Apache;
        }
        if any(DEBEZIUM) {
            return Dialect::Debezium;
        }
        // It knew ZooKeeper only.
        if variables.has("KAFKA_ZOOKEEPER_CONNECT") && any(WURSTMEISTER) {
            return Dialect::Wurstmeister;
        }
        if variables.get("COMPONENT") == Some("kafka") { Dialect::Confluent } else { Dialect::Apache }
    }

    /// Whether `__` and `___` in a variable's name stand for `_` and `-`; else each `_` is a dot.
    pub(crate) fn has_escapes(self) -> bool {
        matches!(self, Dialect::Apache | Dialect::Confluent | Dialect::ConfluentLocal)
    }

    /// The cluster id that the image has without being told one.
    pub(crate) fn cluster_id(self) -> Option<&'static str> {
        match self {
            Dialect::Apache | Dialect::Confluent => Some("5L6g3nShT-eMCtK--X86sw"),
            Dialect::ConfluentLocal => Some("4L6g3nShT-eMCtK--X86sw"),
            Dialect::Debezium => Some("ldlg5yhkQeWtnUrZrC6edg"),
            Dialect::Bitnami | Dialect::Wurstmeister => None,
        }
    }

    /// Whether a data directory of another cluster stops a start: elsewhere the stored id wins silently.
    pub(crate) fn is_strict(self) -> bool {
        !matches!(self, Dialect::Bitnami | Dialect::Debezium)
    }

    /// How long the first member of a group waits for others, in milliseconds, where Kafka's own default is not it.
    pub(crate) fn rebalance_delay_ms(self, zookeeper: bool) -> Option<&'static str> {
        match self {
            // The stock server.properties from the time of ZooKeeper says so, and these images start from it.
            Dialect::Bitnami | Dialect::Wurstmeister | Dialect::ConfluentLocal => Some("0"),
            Dialect::Debezium => zookeeper.then_some("0"),
            Dialect::Apache | Dialect::Confluent => None,
        }
    }

    /// Where the image keeps its data.
    pub(crate) fn data_dir(self, hostname: &str, node_id: &str) -> String {
        match self {
            Dialect::Apache | Dialect::ConfluentLocal => "/tmp/kraft-combined-logs".to_owned(),
            Dialect::Confluent => "/var/lib/kafka/data".to_owned(),
            Dialect::Bitnami => "/bitnami/kafka/data".to_owned(),
            Dialect::Wurstmeister => format!("/kafka/kafka-logs-{hostname}"),
            Dialect::Debezium => format!("/kafka/data/{node_id}"),
        }
    }
}
