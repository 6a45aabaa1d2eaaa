//! Kafka's other tools: each name is there and says in one line what it cannot do and what does it instead.

use crate::io::Io;
use crate::table::Tool;

const STOCK: &str = "the script of this name in Kafka's own distribution works with this broker too";

macro_rules! missing {
    ($($name:literal $class:literal $why:expr;)*) => {
        /// The names of tools that are not built.
        pub(crate) const TOOLS: &[Tool] =
            &[$(Tool { name: $name, class: $class, run: |args, io| say($name, $why, args, io) }),*];
    };
}

const CONNECT: &str = "klamm brings no Kafka Connect; workers of Kafka's own distribution work with it as their broker";

missing! {
    "kafka-acls" "org.apache.kafka.tools.AclCommand" "klamm keeps no ACLs yet, every client may do everything; for another broker take Kafka's own kafka-acls.sh";
    "kafka-client-metrics" "org.apache.kafka.tools.ClientMetricsCommand" "this tool is not built in; kafka-configs --entity-type client-metrics does the same";
    "kafka-console-share-consumer" "org.apache.kafka.tools.consumer.ConsoleShareConsumer" "klamm has no share groups; kafka-console-consumer reads topics";
    "kafka-delegation-tokens" "org.apache.kafka.tools.DelegationTokenCommand" "klamm has no delegation tokens";
    "kafka-e2e-latency" "org.apache.kafka.tools.EndToEndLatency" STOCK;
    "kafka-features" "org.apache.kafka.tools.FeatureCommand" "this tool is not built in; kafka-broker-api-versions and kafka-storage version-mapping tell what there is, and a broker's features cannot be changed";
    "kafka-groups" "org.apache.kafka.tools.GroupsCommand" "this tool is not built in; kafka-consumer-groups --list tells the groups of consumers";
    "kafka-jmx" "org.apache.kafka.tools.JmxTool" "klamm is no Java process and has no JMX; its metrics are at /metrics of the admin port";
    "kafka-metadata-shell" "org.apache.kafka.shell.MetadataShell" "klamm keeps no metadata snapshots of Kafka's form; kafka-metadata-quorum describe and kafka-topics --describe tell what is there";
    "kafka-mirror-maker" "kafka.tools.MirrorMaker" CONNECT;
    "kafka-preferred-replica-election" "kafka.admin.PreferredReplicaLeaderElectionCommand" "Kafka has removed this tool; take kafka-leader-election --election-type preferred";
    "kafka-reassign-partitions" "org.apache.kafka.tools.reassign.ReassignPartitionsCommand" "a single broker has nowhere to move replicas to; for another cluster take Kafka's own kafka-reassign-partitions.sh";
    "kafka-replay-log-producer" "kafka.tools.ReplayLogProducer" "Kafka has removed this tool; kafka-console-consumer and kafka-console-producer in a pipe do the same";
    "kafka-replica-verification" "org.apache.kafka.tools.ReplicaVerificationTool" "a single broker has one replica of each partition: there is nothing to compare";
    "kafka-share-consumer-perf-test" "org.apache.kafka.tools.ShareConsumerPerformance" "klamm has no share groups; kafka-consumer-perf-test measures consumers";
    "kafka-share-groups" "org.apache.kafka.tools.consumer.group.ShareGroupCommand" "klamm has no share groups";
    "kafka-simple-consumer-shell" "kafka.tools.SimpleConsumerShell" "Kafka has removed this tool; take kafka-console-consumer --partition --offset";
    "kafka-streams-application-reset" "org.apache.kafka.tools.StreamsResetter" STOCK;
    "kafka-streams-groups" "org.apache.kafka.tools.streams.StreamsGroupCommand" "klamm has no groups of the streams protocol";
    "kafka-transactions" "org.apache.kafka.tools.TransactionsCommand" STOCK;
    "kafka-verifiable-consumer" "org.apache.kafka.tools.VerifiableConsumer" STOCK;
    "kafka-verifiable-producer" "org.apache.kafka.tools.VerifiableProducer" STOCK;
    "kafka-verifiable-share-consumer" "org.apache.kafka.tools.VerifiableShareConsumer" "klamm has no share groups";
    "connect-distributed" "org.apache.kafka.connect.cli.ConnectDistributed" CONNECT;
    "connect-mirror-maker" "org.apache.kafka.connect.mirror.MirrorMaker" CONNECT;
    "connect-plugin-path" "org.apache.kafka.tools.ConnectPluginPath" CONNECT;
    "connect-standalone" "org.apache.kafka.connect.cli.ConnectStandalone" CONNECT;
    "trogdor" "org.apache.kafka.trogdor.agent.Agent" "klamm brings no Trogdor; Kafka's own distribution does";
    "zookeeper-security-migration" "kafka.admin.ZkSecurityMigrator" "klamm needs no ZooKeeper and keeps nothing in one";
}

fn say(name: &str, why: &str, args: &[String], io: &mut Io) -> u8 {
    if let Some(code) = super::version_asked(args, io) {
        return code;
    }
    io.complain(format_args!("{name}: {why}"));
    crate::FAILED
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_says_one_line_with_its_name_and_fails_and_each_has_a_version() {
        for tool in TOOLS {
            let (out, err) = (Arc::new(Mutex::default()), Arc::new(Mutex::default()));
            let mut io = Io {
                out: Box::new(Kept(Arc::clone(&out))),
                err: Box::new(Kept(Arc::clone(&err))),
                input: Box::new(std::io::empty()),
            };
            assert_eq!((tool.run)(&["--list".to_owned()], &mut io), 1);
            assert_eq!((tool.run)(&["--version".to_owned()], &mut io), 0);
            let said = |kept: &Arc<Mutex<Vec<u8>>>| String::from_utf8(kept.lock().unwrap().clone()).unwrap();
            assert_eq!(said(&err).lines().count(), 1, "{}", tool.name);
            assert!(said(&err).starts_with(&format!("{}: ", tool.name)), "{}", said(&err));
            assert!(said(&out).starts_with("4.3.1 "), "{}", said(&out));
        }
    }
}
