//! Names of variables, and the keys that they stand for.
//!
//! ```text
//!                    KAFKA_LOG_DIRS      KAFKA_A__B_C     KAFKA_A___B
//!   with escapes     log.dirs            a_b.c            a-b             Apache, Confluent
//!   swapped          log.dirs            a-b.c            a_b             as older Confluent documents had it
//!   plain            log.dirs            a..b.c           a...b           Bitnami, wurstmeister, Debezium
//! ```

use klamm_settings::base_key;

use crate::Dialect;

/// Variables that mean something to a Java process, to a start script or to other services, and nothing to a broker
/// without Java.
const SILENT: &[&str] = &[
    "KAFKA_BASE_DIR",
    "KAFKA_CERTIFICATE_PASSWORD",
    "KAFKA_CLASSPATH",
    "KAFKA_CLIENT_LISTENER_NAME",
    "KAFKA_CLIENT_PASSWORDS",
    "KAFKA_CLIENT_USERS",
    "KAFKA_CONF_DIR",
    "KAFKA_CONF_FILE",
    "KAFKA_CONTROLLER_PASSWORD",
    "KAFKA_CONTROLLER_USER",
    "KAFKA_DAEMON_GROUP",
    "KAFKA_DAEMON_USER",
    "KAFKA_DATA",
    "KAFKA_DATA_DIR",
    "KAFKA_DATA_DIRS",
    "KAFKA_DEBUG",
    "KAFKA_ENABLE_KRAFT",
    "KAFKA_GC_LOG_OPTS",
    "KAFKA_HEAP_OPT",
    "KAFKA_HEAP_OPTS",
    "KAFKA_HOME",
    "KAFKA_INITIAL_CONTROLLERS",
    "KAFKA_INTER_BROKER_PASSWORD",
    "KAFKA_INTER_BROKER_PORT",
    "KAFKA_INTER_BROKER_USER",
    "KAFKA_JMX_HOSTNAME",
    "KAFKA_JMX_OPTS",
    "KAFKA_JMX_PORT",
    "KAFKA_JVM_PERFORMANCE_OPTS",
    "KAFKA_KRAFT_MODE",
    "KAFKA_LOG4J_CMD_OPTS",
    "KAFKA_LOG4J_OPTS",
    "KAFKA_MOUNTED_CONF_DIR",
    "KAFKA_OPTS",
    "KAFKA_PORT",
    "KAFKA_SKIP_KRAFT_STORAGE_INIT",
    "KAFKA_TOOLS_LOG4J_LOGLEVEL",
    "KAFKA_VERSION",
    "KAFKA_VOLUME_DIR",
];

/// Keys of an authorizer, beside `authorizer.class.name`, that no broker knows itself.
const AUTHORIZER: &[&str] = &["super.users", "allow.everyone.if.no.acl.found"];

/// Beginnings of such names.
const SILENT_BEGINNINGS: &[&str] = &["KAFKA_REST_", "KAFKA_TLS_"];

/// Variables that other files of this room read.
const SPECIAL: &[&str] = &[
    "ADVERTISED_HOST",
    "ADVERTISED_HOST_NAME",
    "ADVERTISED_PORT",
    "CLUSTER_ID",
    "CREATE_TOPICS",
    "KAFKA_ADVERTISED_HOST",
    "KAFKA_ADVERTISED_HOST_NAME",
    "KAFKA_ADVERTISED_PORT",
    "KAFKA_ADVERTISED_PROTOCOL_NAME",
    "KAFKA_CLUSTER_ID",
    "KAFKA_CREATE_TOPICS",
    "KAFKA_CREATE_TOPICS_SEPARATOR",
    "KAFKA_HOST_NAME",
    "KAFKA_KRAFT_CLUSTER_ID",
    "KAFKA_LOG4J_LOGGERS",
    "KAFKA_LOG4J_ROOT_LOGLEVEL",
    "KAFKA_PROTOCOL_NAME",
];

/// Names that Bitnami gives to other keys than their letters say.
const BITNAMI_ALIASES: &[(&str, &str)] = &[
    ("KAFKA_LOGS_DIRS", "log.dirs"),
    ("KAFKA_SEGMENT_BYTES", "log.segment.bytes"),
    ("KAFKA_MAX_MESSAGE_BYTES", "message.max.bytes"),
    ("KAFKA_LOG_RETENTION_CHECK_INTERVALS_MS", "log.retention.check.interval.ms"),
];

/// What a variable is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// It sets this key.
    Key(String),
    /// It names ZooKeeper, or how to talk to it.
    ZooKeeper(String),
    /// It looks like a setting and is none.
    Unknown,
    /// Nothing here, or something that is read elsewhere.
    Nothing,
}

/// What the variable `name` is for, given its value.
pub(crate) fn meaning(dialect: Dialect, name: &str, value: &str) -> Meaning {
    let Some(rest) = name.strip_prefix("KAFKA_") else { return Meaning::Nothing };
    let is_silent = SILENT.contains(&name) || SILENT_BEGINNINGS.iter().any(|start| name.starts_with(start));
    if is_silent || is_special(name) || name.ends_with("_COMMAND") || is_service_link(name, value) {
        return Meaning::Nothing;
    }
    if let Some((_, key)) = BITNAMI_ALIASES.iter().find(|(alias, _)| *alias == name) {
        return Meaning::Key((*key).to_owned());
    }
    let keys = keys(dialect, rest.strip_prefix("CFG_").unwrap_or(rest));
    if let Some(key) = keys.iter().find(|key| base_key(key).is_some()) {
        return Meaning::Key(key.clone());
    }
    if keys.iter().any(|key| AUTHORIZER.contains(&key.as_str())) {
        return Meaning::Nothing;
    }
    match keys.into_iter().find(|key| key.starts_with("zookeeper.")) {
        Some(key) => Meaning::ZooKeeper(key),
        None => Meaning::Unknown,
    }
}

/// Whether the variable says something that is no setting.
pub(crate) fn is_special(name: &str) -> bool {
    SPECIAL.contains(&name)
}

/// The keys that a variable's name can stand for, the likeliest first.
fn keys(dialect: Dialect, rest: &str) -> Vec<String> {
    let lower = rest.to_lowercase();
    let escaped = replace_runs(&lower, |run| match run {
        1 => '.',
        2 => '_',
        _ => '-',
    });
    let swapped = replace_runs(&lower, |run| match run {
        1 => '.',
        2 => '-',
        _ => '_',
    });
    let plain = lower.replace('_', ".");
    // The one key in which Bitnami keeps underscores.
    let bitnami = plain.replace("sasl.ssl", "sasl_ssl").replace("sasl.plaintext", "sasl_plaintext");
    if dialect.has_escapes() { vec![escaped, swapped, plain, bitnami] } else { vec![plain, bitnami, escaped, swapped] }
}

/// Replaces each run of one, two or three underscores by one character; longer ones are several runs.
fn replace_runs(text: &str, with: impl Fn(usize) -> char) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('_') {
        replaced.push_str(&rest[..place]);
        let run = rest[place..].bytes().take_while(|byte| *byte == b'_').count().min(3);
        replaced.push(with(run));
        rest = &rest[place + run..];
    }
    replaced + rest
}

/// Whether Kubernetes or Docker set it for a service that is called Kafka (`KAFKA_PORT_9092_TCP_ADDR`).
fn is_service_link(name: &str, value: &str) -> bool {
    if name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT") || name.contains("_SERVICE_PORT_") {
        return true;
    }
    let is_url = value.starts_with("tcp://") || value.starts_with("udp://");
    if is_url && name.ends_with("_PORT") {
        return true;
    }
    name.match_indices("_PORT_").any(|(place, found)| {
        let rest = &name[place + found.len()..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && (rest[digits..].starts_with("_TCP") || rest[digits..].starts_with("_UDP"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(dialect: Dialect, name: &str) -> String {
        match meaning(dialect, name, "x") {
            Meaning::Key(key) => key,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn each_family_has_its_escapes_and_falls_back_to_the_others() {
        for dialect in [Dialect::Apache, Dialect::Bitnami, Dialect::Wurstmeister] {
            assert_eq!(key(dialect, "KAFKA_LOG_DIRS"), "log.dirs");
            assert_eq!(key(dialect, "KAFKA_CFG_LOG_DIRS"), "log.dirs");
            let scram = "KAFKA_LISTENER_NAME_SECURE_SCRAM-SHA-512_SASL_JAAS_CONFIG";
            assert_eq!(key(dialect, scram), "listener.name.secure.scram-sha-512.sasl.jaas.config");
        }
        assert_eq!(keys(Dialect::Apache, "A__B_C___D")[..2], ["a_b.c-d", "a-b.c_d"]);
        assert_eq!(keys(Dialect::Bitnami, "A__B")[0], "a..b");
        assert_eq!(keys(Dialect::Apache, "A____B")[0], "a-.b");
        let escaped = "KAFKA_LISTENER_NAME_SASL__PLAINTEXT_PLAIN_SASL_JAAS_CONFIG";
        assert_eq!(key(Dialect::Confluent, escaped), "listener.name.sasl_plaintext.plain.sasl.jaas.config");
    }

    #[test]
    fn what_is_for_java_for_a_script_or_for_another_service_means_nothing() {
        for (name, value) in [
            ("KAFKA_HEAP_OPTS", "-Xmx1g"),
            ("KAFKA_JMX_PORT", "9101"),
            ("KAFKA_PORT", "tcp://10.0.0.1:9092"),
            ("KAFKA_UI_PORT", "tcp://10.0.0.1:8080"),
            ("KAFKA_SERVICE_HOST", "10.0.0.1"),
            ("KAFKA_SERVICE_PORT_BROKER", "9092"),
            ("KAFKA_PORT_9092_TCP_ADDR", "10.0.0.1"),
            ("KAFKA_BROKER_PORT_9092_TCP", "tcp://10.0.0.1:9092"),
            ("KAFKA_NODE_ID_COMMAND", "echo 1"),
            ("KAFKA_REST_LISTENERS", "http://0.0.0.0:8082"),
            ("PATH", "/bin"),
        ] {
            assert_eq!(meaning(Dialect::Apache, name, value), Meaning::Nothing, "{name}");
        }
        assert_eq!(meaning(Dialect::Apache, "KAFKA_LISTENER", "PLAINTEXT://:9092"), Meaning::Unknown);
        assert_eq!(
            meaning(Dialect::Apache, "KAFKA_ZOOKEEPER_CONNECT", "zk:2181"),
            Meaning::ZooKeeper("zookeeper.connect".to_owned())
        );
    }
}
