//! The lines by which the world knows that a Kafka broker is ready.
//!
//! Test containers, orchestrators and shell scripts wait for one of these and then connect at once. They are told when
//! every listener accepts and everything serves, never before, whatever the log filter says.

use crate::logging::line;

/// The version of Kafka whose behaviour klamm has, as `AppInfoParser` tells it.
const KAFKA_VERSION: &str = "4.3.1";

const LIFECYCLE: &str = "org.apache.kafka.server.BrokerLifecycleManager";
const APP_INFO: &str = "org.apache.kafka.common.utils.AppInfoParser";

/// What the lines name.
#[derive(Clone, Copy, Debug)]
pub struct Ready {
    /// The broker's id.
    pub node_id: i32,
    /// When the process began, in milliseconds since 1970.
    pub start_ms: i64,
    /// When it was ready, in milliseconds since 1970.
    pub now_ms: i64,
    /// Whether the configuration was one for ZooKeeper: those who wrote it wait for ZooKeeper's Kafka.
    pub zookeeper: bool,
    /// Whether "Kafka Server started" is told twice, as Confluent's images do (two appenders on one logger).
    pub twice: bool,
}

/// The lines in their order, each with its end.
pub fn ready(told: Ready) -> Vec<String> {
    let id = told.node_id;
    let info = |message: &str, logger: &str| line(told.now_ms, "INFO", message, logger);
    let lifecycle = |message: &str| info(&format!("[BrokerLifecycleManager id={id}] {message}"), LIFECYCLE);
    let app_info = |message: String| info(&message, APP_INFO);
    let mut lines = vec![
        lifecycle("The broker has caught up. Transitioning from STARTING to RECOVERY."),
        lifecycle("The broker has been unfenced. Transitioning from RECOVERY to RUNNING."),
        info(&format!("[BrokerServer id={id}] Transition from STARTING to STARTED"), "kafka.server.BrokerServer"),
        app_info(format!("Kafka version: {KAFKA_VERSION}")),
        app_info(format!("Kafka commitId: klamm-{}", env!("CARGO_PKG_VERSION"))),
        app_info(format!("Kafka startTimeMs: {}", told.start_ms)),
    ];
    if told.zookeeper {
        lines.extend(zookeepers(told));
    }
    let started = info(&format!("[KafkaRaftServer nodeId={id}] Kafka Server started"), "kafka.server.KafkaRaftServer");
    lines.extend(std::iter::repeat_n(started, if told.twice { 2 } else { 1 }));
    lines.push(info("Kafka broker started", "klamm"));
    lines
}

/// What a broker of ZooKeeper's days, and the ZooKeeper beside it, are waited for by.
fn zookeepers(told: Ready) -> [String; 3] {
    let id = told.node_id;
    let line = |level: &str, message: &str, logger: &str| line(told.now_ms, level, message, logger);
    [
        line("INFO", "Creating new log file: log.1", "org.apache.zookeeper.server.persistence.FileTxnLog"),
        line(
            "DEBUG",
            &format!("[Controller id={id}] Checking need to trigger auto leader balancing"),
            "kafka.controller.KafkaController",
        ),
        line("INFO", &format!("[KafkaServer id={id}] started"), "kafka.server.KafkaServer"),
    ]
}

/// The line of a signal that ends the process (`LoggingSignalHandler`).
pub fn terminating(now_ms: i64, signal: &str) -> String {
    let logger = "org.apache.kafka.common.utils.LoggingSignalHandler";
    line(now_ms, "INFO", &format!("Terminating process due to signal {signal}"), logger)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(zookeeper: bool, twice: bool) -> Vec<String> {
        ready(Ready { node_id: 7, start_ms: 41, now_ms: 42, zookeeper, twice })
    }

    /// What the test containers of each language, and people's own code, wait for.
    #[test]
    fn every_known_waiter_finds_its_line_in_one_write() {
        for wanted in [
            "Transitioning from RECOVERY to RUNNING",
            "[BrokerLifecycleManager id=7] The broker has been unfenced. Transitioning from RECOVERY to RUNNING. \
             (org.apache.kafka.server.BrokerLifecycleManager)",
            "[BrokerServer id=7] Transition from STARTING to STARTED (kafka.server.BrokerServer)",
            "Kafka version: 4.",
            "Kafka startTimeMs: 41 (org.apache.kafka.common.utils.AppInfoParser)",
            "[KafkaRaftServer nodeId=7] Kafka Server started (kafka.server.KafkaRaftServer)",
            "Kafka broker started",
        ] {
            let all = lines(false, false);
            let found = all.iter().filter(|line| line.contains(wanted));
            assert_eq!(found.count(), 1, "{wanted}");
            assert!(all.iter().all(|line| line.ends_with(")\n") && line.matches('\n').count() == 1));
        }
    }

    #[test]
    fn zookeepers_lines_are_told_only_to_those_who_wait_for_them() {
        for wanted in ["[KafkaServer id=7] started", "Creating new log file", "Checking need to trigger auto leader"] {
            assert!(!lines(false, false).concat().contains(wanted), "{wanted}");
            assert_eq!(lines(true, false).concat().matches(wanted).count(), 1, "{wanted}");
        }
    }

    #[test]
    fn confluents_line_comes_twice() {
        assert_eq!(lines(false, true).concat().matches("Kafka Server started").count(), 2);
        assert!(terminating(0, "SIGTERM").contains("INFO Terminating process due to signal SIGTERM (org.apache"));
    }
}
