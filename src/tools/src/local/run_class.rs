//! kafka-run-class: `[-daemon] [-name NAME] [-loggc] CLASS ...` runs the tool that a Java class is in Kafka.

use super::server;
use crate::io::Io;
use crate::table::{Tool, tool, tool_of_class};

/// Classes under names that they had before (Kafka moved its tools from Scala to Java, KIP-906 and others).
const OLD_PACKAGES: &[&str] = &["kafka.admin.", "kafka.tools.", "org.apache.kafka.tools."];
const OLD_NAMES: &[(&str, &str)] = &[
    ("kafka.admin.AclCommand", "kafka-acls"),
    ("kafka.admin.BrokerApiVersionsCommand", "kafka-broker-api-versions"),
    ("kafka.admin.ConfigCommand", "kafka-configs"),
    ("kafka.admin.ConsumerGroupCommand", "kafka-consumer-groups"),
    ("kafka.admin.DeleteRecordsCommand", "kafka-delete-records"),
    ("kafka.admin.FeatureCommand", "kafka-features"),
    ("kafka.admin.LeaderElectionCommand", "kafka-leader-election"),
    ("kafka.admin.LogDirsCommand", "kafka-log-dirs"),
    ("kafka.admin.MetadataQuorumCommand", "kafka-metadata-quorum"),
    ("kafka.admin.ReassignPartitionsCommand", "kafka-reassign-partitions"),
    ("kafka.admin.TopicCommand", "kafka-topics"),
    ("kafka.tools.ClusterTool", "kafka-cluster"),
    ("kafka.tools.ConsoleConsumer", "kafka-console-consumer"),
    ("kafka.tools.ConsoleProducer", "kafka-console-producer"),
    ("kafka.tools.ConsumerPerformance", "kafka-consumer-perf-test"),
    ("kafka.tools.DumpLogSegments", "kafka-dump-log"),
    ("kafka.tools.GetOffsetShell", "kafka-get-offsets"),
    ("kafka.tools.ProducerPerformance", "kafka-producer-perf-test"),
    ("kafka.tools.StorageTool", "kafka-storage"),
    ("kafka.tools.StreamsResetter", "kafka-streams-application-reset"),
    ("org.apache.kafka.tools.ConsoleConsumer", "kafka-console-consumer"),
    ("org.apache.kafka.tools.ConsumerGroupCommand", "kafka-consumer-groups"),
];

/// kafka-run-class.
pub(super) fn run(args: &[String], io: &mut Io) -> u8 {
    if let Some(code) = super::version_asked(args, io) {
        return code;
    }
    let (mut daemon, mut rest) = (false, args);
    loop {
        rest = match rest {
            [word, tail @ ..] if word == "-daemon" => {
                daemon = true;
                tail
            }
            [word, tail @ ..] if word == "-loggc" => tail,
            [word, _, tail @ ..] if word == "-name" => tail,
            _ => break,
        }
    }
    let Some((class, words)) = rest.split_first() else {
        io.say("USAGE: kafka-run-class [-daemon] [-name servicename] [-loggc] classname [opts]");
        return crate::FAILED;
    };
    if class == "kafka.Kafka" {
        return server::run_kafka(daemon, words, io);
    }
    match find(class) {
        Some(tool) => (tool.run)(words, io),
        None => {
            let path = class.replace('/', ".");
            io.complain(format_args!("Error: Could not find or load main class {path}"));
            io.complain(format_args!("Caused by: java.lang.ClassNotFoundException: {path}"));
            crate::FAILED
        }
    }
}

/// The tool that a class is, under its name of today or one that it had.
fn find(class: &str) -> Option<&'static Tool> {
    let old = || OLD_NAMES.iter().find(|(name, _)| *name == class).and_then(|(_, name)| tool(name));
    // A class moved between these packages kept its own name.
    let moved = || {
        let own = OLD_PACKAGES.iter().find_map(|package| class.strip_prefix(package))?;
        OLD_PACKAGES.iter().find_map(|package| tool_of_class(&format!("{package}{own}")))
    };
    tool_of_class(class).or_else(old).or_else(moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_found_under_old_and_new_names() {
        let name = |class: &str| find(class).map(|tool| tool.name);
        assert_eq!(name("kafka.Kafka"), Some("kafka-server-start"));
        assert_eq!(name("kafka.admin.AclCommand"), Some("kafka-acls"));
        assert_eq!(name("org.apache.kafka.tools.AclCommand"), Some("kafka-acls"));
        assert_eq!(name("kafka.tools.JmxTool"), Some("kafka-jmx"));
        assert_eq!(name("org.apache.kafka.tools.Nothing"), None);
        assert_eq!(name("foo.AclCommand"), None);
    }
}
