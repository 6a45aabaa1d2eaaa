//! What is logged: log4j's levels, as a filter of `target=level` directives.

use crate::Dialect;
use crate::variables::Variables;

/// Kafka's loggers, by the beginning of their names, and the rooms that do their work here.
const LOGGERS: &[(&str, &[&str])] = &[
    ("kafka.controller", &["klamm_controller"]),
    ("org.apache.kafka.controller", &["klamm_controller"]),
    ("state.change.logger", &["klamm_replica"]),
    ("kafka.coordinator", &["klamm_coordinator"]),
    ("org.apache.kafka.coordinator", &["klamm_coordinator"]),
    ("kafka.log", &["klamm_log"]),
    ("org.apache.kafka.storage", &["klamm_log"]),
    ("kafka.network", &["klamm_server"]),
    ("kafka.request.logger", &["klamm_api"]),
    ("kafka.server", &["klamm_broker", "klamm_replica", "klamm_api"]),
    ("org.apache.kafka.server", &["klamm_broker", "klamm_replica", "klamm_api"]),
    ("org.apache.kafka.raft", &["klamm_raft"]),
    ("org.apache.kafka.image", &["klamm_metadata"]),
];

/// The level that `text` names, as a filter writes it.
fn level(text: &str) -> Option<&'static str> {
    // log4j lets an appender follow.
    let word = text.split(',').next().unwrap_or_default().trim().to_ascii_uppercase();
    let level = match word.as_str() {
        "ALL" | "TRACE" => "trace",
        "DEBUG" => "debug",
        "INFO" => "info",
        "WARN" | "WARNING" => "warn",
        "ERROR" | "FATAL" => "error",
        "OFF" => "off",
        _ => return None,
    };
    Some(level)
}

/// The filter that the environment asks for; `None` if it asks for nothing.
pub(crate) fn log_filter(dialect: Dialect, variables: &Variables, notes: &mut Vec<String>) -> Option<String> {
    let names: &[&str] = if dialect == Dialect::Debezium {
        &["KAFKA_LOG4J_ROOT_LOGLEVEL", "LOG_LEVEL"]
    } else {
        &["KAFKA_LOG4J_ROOT_LOGLEVEL"]
    };
    let mut root = None;
    if let Some((name, text)) = variables.first(names) {
        root = level(text);
        if root.is_none() {
            notes.push(format!("{name}={text} is ignored: it is none of TRACE, DEBUG, INFO, WARN, ERROR, OFF"));
        }
    }
    let loggers = variables.get("KAFKA_LOG4J_LOGGERS").map(|text| loggers(text, notes)).unwrap_or_default();
    if root.is_none() && loggers.is_empty() {
        return None;
    }
    let root = root.unwrap_or("info");
    // These two say much that is of use to nobody who did not ask.
    let quiet = if matches!(root, "error" | "off") { root } else { "warn" };
    Some(format!(
        "{root},openraft={quiet},sled={quiet}{}",
        loggers.iter().map(|one| format!(",{one}")).collect::<String>()
    ))
}

fn loggers(text: &str, notes: &mut Vec<String>) -> Vec<String> {
    let mut directives = Vec::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let Some((logger, level)) = pair.split_once('=').and_then(|(logger, word)| Some((logger.trim(), level(word)?)))
        else {
            notes.push(format!("KAFKA_LOG4J_LOGGERS: {pair} is ignored: it is not LOGGER=LEVEL"));
            continue;
        };
        let is_below =
            |parent: &str| logger.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        match LOGGERS.iter().find(|(parent, _)| is_below(parent)) {
            Some((_, rooms)) => directives.extend(rooms.iter().map(|room| format!("{room}={level}"))),
            None if matches!(logger, "kafka" | "org.apache.kafka") => {
                directives.extend(["klamm_broker", "klamm_api", "klamm_server"].map(|room| format!("{room}={level}")));
            }
            // Loggers of parts that are not here.
            None => {}
        }
    }
    directives
}
