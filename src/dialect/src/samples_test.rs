//! Environments as they are found: of test libraries, of quickstarts, of files that people wrote.

use crate::testing::{Started, started};

/// A sample: where it is from, the script's image family, the variables, and what comes of them: listeners, what
/// clients are told, the data directory.
struct Sample {
    of: &'static str,
    dialect: &'static str,
    environment: &'static str,
    listeners: &'static str,
    advertised: &'static str,
    log_dir: &'static str,
}

const SAMPLES: &[Sample] = &[
    Sample {
        of: "no variable at all: each client is told the address that it came by",
        dialect: "apache",
        environment: "",
        listeners: "PLAINTEXT://:9092",
        advertised: "PLAINTEXT://:9092",
        log_dir: "/tmp/kraft-combined-logs",
    },
    Sample {
        of: "Testcontainers for Java, org.testcontainers.kafka.KafkaContainer, with a listener for the network",
        dialect: "apache",
        environment: "
            CLUSTER_ID=4L6g3nShT-eMCtK--X86sw
            KAFKA_LISTENERS=TC-0://kafka:19092,PLAINTEXT://0.0.0.0:9092,BROKER://0.0.0.0:9093,CONTROLLER://0.0.0.0:9094
            KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=BROKER:PLAINTEXT,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TC-0:PLAINTEXT
            KAFKA_INTER_BROKER_LISTENER_NAME=BROKER
            KAFKA_PROCESS_ROLES=broker,controller
            KAFKA_CONTROLLER_LISTENER_NAMES=CONTROLLER
            KAFKA_NODE_ID=1
            KAFKA_CONTROLLER_QUORUM_VOTERS=1@localhost:9094
            KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR=1
            KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS=1
            KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR=1
            KAFKA_TRANSACTION_STATE_LOG_MIN_ISR=1
            KAFKA_LOG_FLUSH_INTERVAL_MESSAGES=9223372036854775807
            KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS=0
            KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://localhost:32771,BROKER://4f0c:9093,TC-0://kafka:19092",
        listeners: "TC-0://kafka:19092,PLAINTEXT://0.0.0.0:9092,BROKER://0.0.0.0:9093",
        advertised: "PLAINTEXT://localhost:32771,BROKER://4f0c:9093,TC-0://kafka:19092",
        log_dir: "/tmp/kraft-combined-logs",
    },
    Sample {
        of: "Testcontainers for Java, the older class, with ZooKeeper beside the broker",
        dialect: "confluent",
        environment: "
            COMPONENT=kafka
            CLUSTER_ID=
            KAFKA_LISTENERS=PLAINTEXT://0.0.0.0:9093,BROKER://0.0.0.0:9092
            KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=BROKER:PLAINTEXT,PLAINTEXT:PLAINTEXT
            KAFKA_INTER_BROKER_LISTENER_NAME=BROKER
            KAFKA_BROKER_ID=1
            KAFKA_ZOOKEEPER_CONNECT=localhost:2181
            KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR=1
            KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://localhost:40000,BROKER://172.17.0.2:9092",
        listeners: "PLAINTEXT://0.0.0.0:9093,BROKER://0.0.0.0:9092",
        advertised: "PLAINTEXT://localhost:40000,BROKER://172.17.0.2:9092",
        log_dir: "/var/lib/kafka/data",
    },
    Sample {
        of: "Testcontainers for Go, confluent-local",
        dialect: "confluent",
        environment: "
            KAFKA_LISTENERS=PLAINTEXT://0.0.0.0:9093,BROKER://0.0.0.0:9092,CONTROLLER://0.0.0.0:9094
            KAFKA_REST_BOOTSTRAP_SERVERS=PLAINTEXT://0.0.0.0:9093,BROKER://0.0.0.0:9092,CONTROLLER://0.0.0.0:9094
            KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=BROKER:PLAINTEXT,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
            KAFKA_INTER_BROKER_LISTENER_NAME=BROKER
            KAFKA_BROKER_ID=1
            KAFKA_NODE_ID=1
            KAFKA_PROCESS_ROLES=broker,controller
            KAFKA_CONTROLLER_LISTENER_NAMES=CONTROLLER
            KAFKA_CONTROLLER_QUORUM_VOTERS=1@localhost:9094
            KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://localhost:40001,BROKER://box:9092",
        listeners: "PLAINTEXT://0.0.0.0:9093,BROKER://0.0.0.0:9092",
        advertised: "PLAINTEXT://localhost:40001,BROKER://box:9092",
        log_dir: "/var/lib/kafka/data",
    },
    Sample {
        of: "Testcontainers for .NET: empty hosts, and a comma at the end",
        dialect: "apache",
        environment: "
            KAFKA_LISTENERS=PLAINTEXT://:9092,BROKER://:9093,CONTROLLER://:9094
            KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
            KAFKA_INTER_BROKER_LISTENER_NAME=BROKER
            KAFKA_BROKER_ID=1
            KAFKA_NODE_ID=1
            KAFKA_PROCESS_ROLES=broker,controller
            KAFKA_CONTROLLER_LISTENER_NAMES=CONTROLLER
            KAFKA_CONTROLLER_QUORUM_VOTERS=1@localhost:9094
            KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://127.0.0.1:40002,BROKER://172.17.0.3:9093,",
        listeners: "PLAINTEXT://:9092,BROKER://:9093",
        advertised: "PLAINTEXT://127.0.0.1:40002,BROKER://172.17.0.3:9093",
        log_dir: "/tmp/kraft-combined-logs",
    },
    Sample {
        of: "Testcontainers for Rust, which says broker id and no node id",
        dialect: "apache",
        environment: "
            KAFKA_LISTENERS=PLAINTEXT://0.0.0.0:9092,BROKER://0.0.0.0:9093,CONTROLLER://0.0.0.0:9094
            KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
            KAFKA_INTER_BROKER_LISTENER_NAME=BROKER
            KAFKA_BROKER_ID=1
            KAFKA_PROCESS_ROLES=broker,controller
            KAFKA_CONTROLLER_LISTENER_NAMES=CONTROLLER
            KAFKA_CONTROLLER_QUORUM_VOTERS=1@localhost:9094
            KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://127.0.0.1:40003,BROKER://localhost:9093",
        listeners: "PLAINTEXT://0.0.0.0:9092,BROKER://0.0.0.0:9093",
        advertised: "PLAINTEXT://127.0.0.1:40003,BROKER://localhost:9093",
        log_dir: "/tmp/kraft-combined-logs",
    },
    Sample {
        of: "apache/kafka with roles and listeners alone: the controller's listener is found by its name",
        dialect: "apache",
        environment: "
            KAFKA_PROCESS_ROLES=broker,controller
            KAFKA_LISTENERS=PLAINTEXT://0.0.0.0:9092,CONTROLLER://0.0.0.0:9093
            KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://localhost:9092",
        listeners: "PLAINTEXT://0.0.0.0:9092",
        advertised: "PLAINTEXT://localhost:9092",
        log_dir: "/tmp/kraft-combined-logs",
    },
    Sample {
        of: "the two listeners of most quickstarts, and no KAFKA_LISTENERS",
        dialect: "confluent",
        environment: "
            KAFKA_BROKER_ID=1
            KAFKA_ZOOKEEPER_CONNECT=zookeeper:2181
            KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT
            KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://broker:29092,PLAINTEXT_HOST://localhost:9092
            KAFKA_METRIC_REPORTERS=io.confluent.metrics.reporter.ConfluentMetricsReporter
            KAFKA_CONFLUENT_LICENSE_TOPIC_REPLICATION_FACTOR=1
            KAFKA_JMX_PORT=9101
            KAFKA_JMX_HOSTNAME=localhost
            CONFLUENT_METRICS_ENABLE=true",
        listeners: "PLAINTEXT://0.0.0.0:29092,PLAINTEXT_HOST://0.0.0.0:9092",
        advertised: "PLAINTEXT://broker:29092,PLAINTEXT_HOST://localhost:9092",
        log_dir: "/var/lib/kafka/data",
    },
    Sample {
        of: "confluent-local with no variable",
        dialect: "confluent-local",
        environment: "",
        listeners: "PLAINTEXT://localhost:29092,PLAINTEXT_HOST://0.0.0.0:9092",
        advertised: "PLAINTEXT://localhost:29092,PLAINTEXT_HOST://localhost:9092",
        log_dir: "/tmp/kraft-combined-logs",
    },
    Sample {
        of: "confluent-local with the advertised listeners alone",
        dialect: "confluent-local",
        environment: "KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://localhost:29092,PLAINTEXT_HOST://my.host:9092",
        listeners: "PLAINTEXT://localhost:29092,PLAINTEXT_HOST://0.0.0.0:9092",
        advertised: "PLAINTEXT://localhost:29092,PLAINTEXT_HOST://my.host:9092",
        log_dir: "/tmp/kraft-combined-logs",
    },
    Sample {
        of: "confluent-local with one advertised listener of two: the other one would be of no use",
        dialect: "confluent-local",
        environment: "KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://localhost:9092",
        listeners: "PLAINTEXT://0.0.0.0:9092",
        advertised: "PLAINTEXT://localhost:9092",
        log_dir: "/tmp/kraft-combined-logs",
    },
    Sample {
        of: "Bitnami's documented single node, under a start script that is not Bitnami's",
        dialect: "apache",
        environment: "
            KAFKA_CFG_NODE_ID=0
            KAFKA_CFG_PROCESS_ROLES=controller,broker
            KAFKA_CFG_LISTENERS=PLAINTEXT://:9092,CONTROLLER://:9093,EXTERNAL://:9094
            KAFKA_CFG_ADVERTISED_LISTENERS=PLAINTEXT://kafka:9092,EXTERNAL://localhost:9094
            KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP=CONTROLLER:PLAINTEXT,EXTERNAL:PLAINTEXT,PLAINTEXT:PLAINTEXT
            KAFKA_CFG_CONTROLLER_QUORUM_VOTERS=0@kafka:9093
            KAFKA_CFG_CONTROLLER_LISTENER_NAMES=CONTROLLER
            ALLOW_PLAINTEXT_LISTENER=yes",
        listeners: "PLAINTEXT://:9092,EXTERNAL://:9094",
        advertised: "PLAINTEXT://kafka:9092,EXTERNAL://localhost:9094",
        log_dir: "/bitnami/kafka/data",
    },
    Sample {
        of: "Bitnami with ZooKeeper, where the id was left to be drawn",
        dialect: "bitnami",
        environment: "
            KAFKA_BROKER_ID=-1
            KAFKA_ENABLE_KRAFT=no
            KAFKA_CFG_ZOOKEEPER_CONNECT=zookeeper:2181
            ALLOW_PLAINTEXT_LISTENER=yes
            KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://localhost:9092",
        listeners: "PLAINTEXT://0.0.0.0:9092",
        advertised: "PLAINTEXT://localhost:9092",
        log_dir: "/bitnami/kafka/data",
    },
    Sample {
        of: "wurstmeister with a host name, which is written as a URL",
        dialect: "wurstmeister",
        environment: "
            KAFKA_ADVERTISED_HOST_NAME=PLAINTEXT://127.0.0.1
            KAFKA_ZOOKEEPER_CONNECT=zookeeper:2181
            KAFKA_CREATE_TOPICS=test:1:1",
        listeners: "PLAINTEXT://:9092",
        advertised: "PLAINTEXT://127.0.0.1:9092",
        log_dir: "/kafka/kafka-logs-box",
    },
    Sample {
        of: "wurstmeister with a port of its own for the host",
        dialect: "apache",
        environment: "
            KAFKA_ADVERTISED_HOST_NAME=\"localhost\"
            KAFKA_ADVERTISED_PORT=29092
            KAFKA_ZOOKEEPER_CONNECT=zookeeper:2181",
        listeners: "PLAINTEXT://:9092",
        advertised: "PLAINTEXT://localhost:29092",
        log_dir: "/kafka/kafka-logs-box",
    },
    Sample {
        of: "wurstmeister's own example of a listener inside and one outside",
        dialect: "wurstmeister",
        environment: "
            KAFKA_ZOOKEEPER_CONNECT=zookeeper:2181
            KAFKA_ADVERTISED_HOST_NAME=my.host
            KAFKA_ADVERTISED_PROTOCOL_NAME=OUTSIDE
            KAFKA_ADVERTISED_PORT=9094
            KAFKA_PROTOCOL_NAME=INSIDE
            KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT",
        listeners: "OUTSIDE://:9094,INSIDE://:9092",
        advertised: "OUTSIDE://my.host:9094,INSIDE://:9092",
        log_dir: "/kafka/kafka-logs-box",
    },
    Sample {
        of: "wurstmeister's listener for brokers among themselves",
        dialect: "wurstmeister",
        environment: "
            KAFKA_ZOOKEEPER_CONNECT=zookeeper:2181
            KAFKA_ADVERTISED_HOST_NAME=my.host
            KAFKA_ADVERTISED_PORT=29092
            KAFKA_ADVERTISED_PROTOCOL_NAME=CLIENTS
            KAFKA_INTER_BROKER_LISTENER_NAME=BROKERS
            KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=BROKERS:PLAINTEXT,CLIENTS:PLAINTEXT",
        listeners: "CLIENTS://:29092,BROKERS://:9093",
        advertised: "CLIENTS://my.host:29092,BROKERS://:9093",
        log_dir: "/kafka/kafka-logs-box",
    },
    Sample {
        of: "an advertised listener without a host is on the container's own",
        dialect: "wurstmeister",
        environment: "
            KAFKA_ZOOKEEPER_CONNECT=zookeeper:2181
            KAFKA_LISTENERS=INSIDE://:9092,OUTSIDE://:9094
            KAFKA_ADVERTISED_LISTENERS=INSIDE://:9092,OUTSIDE://localhost:9094
            KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT
            KAFKA_INTER_BROKER_LISTENER_NAME=INSIDE",
        listeners: "INSIDE://:9092,OUTSIDE://:9094",
        advertised: "INSIDE://box:9092,OUTSIDE://localhost:9094",
        log_dir: "/kafka/kafka-logs-box",
    },
    Sample {
        of: "Debezium's tutorial",
        dialect: "debezium",
        environment: "
            BROKER_ID=2
            ZOOKEEPER_CONNECT=zookeeper:2181
            HEAP_OPTS=-Xmx1g
            LOG_LEVEL=WARN
            ADVERTISED_HOST_NAME=my.host",
        listeners: "PLAINTEXT://:9092",
        advertised: "PLAINTEXT://my.host:9092",
        log_dir: "/kafka/data/2",
    },
    Sample {
        of: "Debezium with a quorum of its own",
        dialect: "debezium",
        environment: "
            CLUSTER_ID=debezium-demo-cluster-id
            NODE_ID=1
            NODE_ROLE=combined
            KAFKA_CONTROLLER_QUORUM_VOTERS=1@kafka:9093
            KAFKA_LISTENERS=PLAINTEXT://kafka:9092,CONTROLLER://kafka:9093
            KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://kafka:9092",
        listeners: "PLAINTEXT://kafka:9092",
        advertised: "PLAINTEXT://kafka:9092",
        log_dir: "/kafka/data/1",
    },
    Sample {
        of: "spotify's host and port",
        dialect: "apache",
        environment: "
            ADVERTISED_HOST=192.168.99.100
            ADVERTISED_PORT=9092",
        listeners: "PLAINTEXT://:9092",
        advertised: "PLAINTEXT://192.168.99.100:9092",
        log_dir: "/tmp/kraft-combined-logs",
    },
    Sample {
        of: "obsidiandynamics, the sixth family: a misspelt listener and no ZooKeeper",
        dialect: "apache",
        environment: "
            KAFKA_RESTART_ATTEMPTS=10
            KAFKA_RESTART_DELAY=5
            KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT
            KAFKA_LISTENER=INTERNAL://:29092,EXTERNAL://:9092
            KAFKA_ADVERTISED_LISTENERS=INTERNAL://kafka:29092,EXTERNAL://localhost:9092
            KAFKA_INTER_BROKER_LISTENER_NAME=INTERNAL",
        listeners: "INTERNAL://0.0.0.0:29092,EXTERNAL://0.0.0.0:9092",
        advertised: "INTERNAL://kafka:29092,EXTERNAL://localhost:9092",
        log_dir: "/tmp/kraft-combined-logs",
    },
    Sample {
        of: "ZooKeeper's time with a controller's listener, voters and an authorizer, and no roles",
        dialect: "confluent",
        environment: "
            KAFKA_BROKER_ID=1
            KAFKA_ZOOKEEPER_CONNECT=zk:2181
            KAFKA_LISTENERS=PLAINTEXT://0.0.0.0:9092,CONTROLLER://0.0.0.0:9093
            KAFKA_CONTROLLER_QUORUM_VOTERS=1@kafka:9093
            KAFKA_CONTROLLER_LISTENER_NAMES=CONTROLLER
            KAFKA_AUTHORIZER_CLASS_NAME=kafka.security.authorizer.AclAuthorizer
            KAFKA_SUPER_USERS=User:admin
            KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://localhost:9092",
        listeners: "PLAINTEXT://0.0.0.0:9092",
        advertised: "PLAINTEXT://localhost:9092",
        log_dir: "/var/lib/kafka/data",
    },
    Sample {
        of: "everything is advertised: each client is told the address that it came by",
        dialect: "apache",
        environment: "KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://0.0.0.0:9092",
        listeners: "PLAINTEXT://0.0.0.0:9092",
        advertised: "PLAINTEXT://:9092",
        log_dir: "/tmp/kraft-combined-logs",
    },
    Sample {
        of: "listeners alone: one is bound to a name, the other to every address",
        dialect: "apache",
        environment: "
            KAFKA_LISTENERS=CONTROLLER://localhost:9091,INTERNAL://kafka:29092,PLAINTEXT://0.0.0.0:9092
            KAFKA_CONTROLLER_LISTENER_NAMES=CONTROLLER
            KAFKA_CONTROLLER_QUORUM_VOTERS=1@0.0.0.0:9091",
        listeners: "INTERNAL://kafka:29092,PLAINTEXT://0.0.0.0:9092",
        advertised: "INTERNAL://kafka:29092,PLAINTEXT://:9092",
        log_dir: "/tmp/kraft-combined-logs",
    },
    Sample {
        of: "a service of Kubernetes that is called kafka",
        dialect: "apache",
        environment: "
            KAFKA_PORT=tcp://10.96.1.2:9092
            KAFKA_SERVICE_HOST=10.96.1.2
            KAFKA_SERVICE_PORT=9092
            KAFKA_PORT_9092_TCP=tcp://10.96.1.2:9092
            KAFKA_PORT_9092_TCP_ADDR=10.96.1.2
            KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://kafka:9092",
        listeners: "PLAINTEXT://0.0.0.0:9092",
        advertised: "PLAINTEXT://kafka:9092",
        log_dir: "/tmp/kraft-combined-logs",
    },
];

#[test]
fn environments_as_they_are_found_start_with_the_listeners_that_their_authors_meant() {
    for sample in SAMPLES {
        let found = started(sample.dialect, sample.environment);
        let of = sample.of;
        assert_eq!(found.listeners(), sample.listeners, "{of}");
        assert_eq!(found.advertised(), sample.advertised, "{of}");
        assert_eq!(found.config.log_dirs, [sample.log_dir], "{of}");
        for line in &found.said {
            assert!(!line.contains('\n'), "{of}: {line}");
        }
    }
}

fn sample(part: &str) -> Started {
    match SAMPLES.iter().find(|sample| sample.of.contains(part)) {
        Some(sample) => started(sample.dialect, sample.environment),
        None => panic!("there is no sample of {part}"),
    }
}

#[test]
fn a_broker_of_zookeepers_time_says_in_one_line_that_it_stands_alone() {
    for part in ["the older class", "Bitnami with ZooKeeper", "Debezium's tutorial", "voters and an authorizer"] {
        let found = sample(part);
        assert!(found.resolved.zookeeper, "{part}");
        let lines = found.said.iter().filter(|line| line.to_lowercase().contains("zookeeper")).count();
        assert_eq!(lines, 1, "{part}: {:?}", found.said);
    }
    let said = sample("the older class").said;
    assert!(said.contains(
        &"KAFKA_ZOOKEEPER_CONNECT=localhost:2181: ZooKeeper is not used: this broker stands alone and keeps its metadata \
          itself"
            .to_owned()
    ));
    assert!(!sample("for Go").resolved.zookeeper);
}

#[test]
fn a_clean_environment_is_met_with_silence() {
    for part in ["no variable at all", "for Rust", "spotify", "confluent-local with no variable", "Kubernetes"] {
        let said = sample(part).said;
        let spoken: Vec<&String> = said.iter().filter(|line| !line.starts_with("without effect yet")).collect();
        assert!(spoken.is_empty(), "{part}: {said:?}");
    }
}

#[test]
fn names_that_no_setting_has_are_told_in_one_line() {
    let found = sample("obsidiandynamics");
    assert_eq!(
        found.resolved.notes,
        ["ignored, since Kafka 4 has no such setting: KAFKA_LISTENER, KAFKA_RESTART_ATTEMPTS, KAFKA_RESTART_DELAY"]
    );
    let found = sample("most quickstarts");
    assert!(
        found.says("Kafka 4 has no such setting: KAFKA_CONFLUENT_LICENSE_TOPIC_REPLICATION_FACTOR"),
        "{:?}",
        found.said
    );
    assert!(!found.says("JMX"), "{:?}", found.said);
}

#[test]
fn the_wait_for_a_groups_first_members_is_each_images_own() {
    for (part, delay_ms) in [
        ("no variable at all", 3000),
        ("the older class", 3000),
        ("confluent-local with no variable", 0),
        ("Bitnami's documented", 0),
        ("written as a URL", 0),
        ("Debezium's tutorial", 0),
        ("quorum of its own", 3000),
        ("org.testcontainers.kafka", 0),
    ] {
        assert_eq!(sample(part).config.group_initial_rebalance_delay_ms, delay_ms, "{part}");
    }
}

#[test]
fn only_confluents_start_is_told_twice() {
    assert!(sample("most quickstarts").resolved.started_twice);
    assert!(!sample("no variable at all").resolved.started_twice && !sample("Bitnami's").resolved.started_twice);
}
