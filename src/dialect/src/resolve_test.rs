use proptest::prelude::*;

use crate::testing::{file, mount, refused, start, started, world};
use crate::{World, is_written, resolve, write};

#[test]
fn bad_input_is_one_line_that_names_the_variable_as_its_author_wrote_it() {
    for (environment, line) in [
        (
            "KAFKA_CFG_LISTENERS=PLAINTEXT:9092",
            "KAFKA_CFG_LISTENERS=PLAINTEXT:9092: PLAINTEXT:9092 is not of the form NAME://HOST:PORT (write \
             PLAINTEXT://PLAINTEXT:9092, for example)",
        ),
        (
            "KAFKA_CFG_ADVERTISED_LISTENERS=PLAINTEXT://localhost",
            "KAFKA_CFG_ADVERTISED_LISTENERS=PLAINTEXT://localhost: PLAINTEXT://localhost has no port (write \
             PLAINTEXT://localhost:9092, for example)",
        ),
        (
            "KAFKA_ADVERTISED_LISTENERS=localhost:9092",
            "KAFKA_ADVERTISED_LISTENERS=localhost:9092: localhost:9092 is not of the form NAME://HOST:PORT (write \
             PLAINTEXT://localhost:9092, for example)",
        ),
        (
            "KAFKA_LISTENERS=A://:9092,B://:9092",
            "KAFKA_LISTENERS=A://:9092,B://:9092: A and B have the same port: each listener needs its own",
        ),
        (
            "KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://kafka:9092,HOST://localhost:9092",
            "KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://kafka:9092,HOST://localhost:9092: then listeners is \
             PLAINTEXT://0.0.0.0:9092,HOST://0.0.0.0:9092: PLAINTEXT and HOST have the same port: each listener needs \
             its own",
        ),
        (
            "KAFKA_CFG_NUM_PARTITIONS=lots",
            "KAFKA_CFG_NUM_PARTITIONS=lots: Not a number of type INT (allowed: INT, at least 1)",
        ),
        (
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE=yes",
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE=yes: Expected value to be either true or false (allowed: true or false)",
        ),
        (
            "KAFKA_ADVERTISED_HOST_NAME=my host",
            "KAFKA_ADVERTISED_HOST_NAME=my host: then advertised.listeners is PLAINTEXT://my host:9092: PLAINTEXT://my \
             host:9092 is not of the form NAME://HOST:PORT",
        ),
        ("KAFKA_NODE_ID=1\nKAFKA_BROKER_ID=2", "KAFKA_NODE_ID=1: must be the same as KAFKA_BROKER_ID=2"),
        ("KAFKA_BROKER_ID=-2", "KAFKA_BROKER_ID=-2: with process.roles it must be at least 0"),
        (
            "KAFKA_ADVERTISED_HOST_NAME=h\nKAFKA_ADVERTISED_PORT=many",
            "KAFKA_ADVERTISED_PORT=many: then advertised.listeners is PLAINTEXT://h:many: PLAINTEXT://h:many is not of \
             the form NAME://HOST:PORT",
        ),
        (
            "KAFKA_LISTENERS=PLAINTEXT://:9092\n\
             KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://kafka:9092,HOST://localhost:29092",
            "KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://kafka:9092,HOST://localhost:29092: HOST is not the name of a \
             listener, which are PLAINTEXT",
        ),
        (
            "CLUSTER_ID=my cluster",
            "CLUSTER_ID=my cluster: a cluster id has no blanks in it (5L6g3nShT-eMCtK--X86sw, for example)",
        ),
        (
            "KAFKA_LISTENERS=PLAINTEXT://:9092,SECURE://:9093\n\
             KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL: SECURE speaks SASL_SSL, which is \
             not supported yet: use PLAINTEXT",
        ),
        (
            "KAFKA_ADVERTISED_LISTENERS=SSL://localhost:9093",
            "KAFKA_ADVERTISED_LISTENERS=SSL://localhost:9093: then listeners is SSL://0.0.0.0:9093: SSL speaks SSL, \
             which is not supported yet: use PLAINTEXT",
        ),
        (
            "KAFKA_PROCESS_ROLES=broker",
            "KAFKA_PROCESS_ROLES=broker: a node with one role only is not supported yet: use broker,controller",
        ),
        (
            "KAFKA_NODE_ID=1\nKAFKA_CONTROLLER_QUORUM_VOTERS=1@a:9093,2@b:9093",
            "KAFKA_CONTROLLER_QUORUM_VOTERS=1@a:9093,2@b:9093: several voters are not supported yet (write the one \
             of this node, 1@localhost:9093, or none)",
        ),
        (
            "KAFKA_ZOOKEEPER_CONNECT=zk:2181\nKAFKA_BROKER_ID=2\nKAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR=3",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR=3: without ZooKeeper several brokers would not find each other, and \
             a cluster of several nodes is not supported yet (write 1 for a single broker)",
        ),
    ] {
        assert_eq!(refused("apache", environment), line);
    }
}

#[test]
fn blanks_line_breaks_and_quotes_of_yaml_do_no_harm() {
    let mut world = world("apache", "KAFKA_NUM_PARTITIONS='3'\nKAFKA_ADVERTISED_HOST_NAME=\"127.0.0.1\"");
    let folded = "PLAINTEXT://:9092,\n  EXTERNAL://:9094,\n";
    world.variables.push(("KAFKA_LISTENERS".to_owned(), folded.to_owned()));
    let map = " PLAINTEXT:PLAINTEXT , EXTERNAL: PLAINTEXT ";
    world.variables.push(("KAFKA_LISTENER_SECURITY_PROTOCOL_MAP".to_owned(), map.to_owned()));
    let found = start(&world).unwrap();
    assert_eq!(found.listeners(), "PLAINTEXT://:9092,EXTERNAL://:9094");
    assert_eq!(found.advertised(), "PLAINTEXT://127.0.0.1:9092");
    assert_eq!(found.value("num.partitions"), "3");
    assert!(found.says("the quotes around the value are dropped: KAFKA_ADVERTISED_HOST_NAME, KAFKA_NUM_PARTITIONS"));
}

#[test]
fn an_empty_variable_says_nothing_unless_its_key_takes_it() {
    let found = started(
        "confluent",
        "CLUSTER_ID=\nKAFKA_ADVERTISED_LISTENERS=\nKAFKA_ZOOKEEPER_CONNECT=\nKAFKA_NODE_ID=\nKAFKA_FOO=\n\
         KAFKA_KLAMM_ADMIN_LISTENER=\nKAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM=\nKAFKA_AUTHORIZER_CLASS_NAME=",
    );
    assert_eq!((found.config.node_id, found.resolved.zookeeper), (1, false));
    assert_eq!(found.config.admin_listener, None);
    assert!(found.settings.written("ssl.endpoint.identification.algorithm").is_some());
    assert!(!found.says("FOO") && !found.says("ACL"), "{:?}", found.said);
}

#[test]
fn one_broker_has_one_replica_of_everything() {
    let found = started(
        "apache",
        "KAFKA_PROCESS_ROLES=broker,controller\nKAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR=3\n\
         KAFKA_TRANSACTION_STATE_LOG_MIN_ISR=2\nKAFKA_DEFAULT_REPLICATION_FACTOR=3",
    );
    for key in [
        "offsets.topic.replication.factor",
        "transaction.state.log.min.isr",
        "transaction.state.log.replication.factor",
        "share.coordinator.state.topic.replication.factor",
        "default.replication.factor",
    ] {
        assert_eq!(found.value(key), "1", "{key}");
    }
    assert!(found.says("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR=3: there is one broker: 1 is used"));
    let in_file = World { shared: file("f", "offsets.topic.replication.factor=3"), ..world("apache", "") };
    assert!(start(&in_file).unwrap().says("f:1: offsets.topic.replication.factor=3: there is one broker"));
}

#[test]
fn options_for_java_are_ignored_and_agents_in_one_line() {
    let found = started(
        "apache",
        "JMX_PORT=9101\nKAFKA_HEAP_OPTS=-Xmx1g\nKAFKA_OPTS=-javaagent:/jmx.jar=7071:/c.yml\nKAFKA_GC_LOG_OPTS=-x",
    );
    assert_eq!(found.said.len(), 1, "{:?}", found.said);
    assert!(found.says("KAFKA_OPTS: -javaagent is ignored, for there is no Java here"));
    let jaas = started("apache", "KAFKA_OPTS=-Djava.security.auth.login.config=/jaas.conf");
    assert!(jaas.says("SASL is not supported yet"));
}

#[test]
fn an_authorizer_is_not_promised() {
    let found = started("apache", "KAFKA_AUTHORIZER_CLASS_NAME=org.x.StandardAuthorizer\nKAFKA_SUPER_USERS=User:a");
    assert_eq!(
        found.said,
        [
            "KAFKA_AUTHORIZER_CLASS_NAME=org.x.StandardAuthorizer: ignored, for there are no ACLs yet: every client may do \
          everything"
        ]
    );
    assert_eq!(found.settings.written("authorizer.class.name"), None);
}

#[test]
fn a_name_without_a_protocol_is_plaintext_with_a_note() {
    let found = started("apache", "KAFKA_LISTENERS=INSIDE://:9092,CONTROLLER://:9093");
    assert_eq!(
        (found.listeners(), found.config.inter_broker_listener_name),
        ("INSIDE://:9092".into(), "INSIDE".into())
    );
    assert_eq!(found.said, ["listener.security.protocol.map says nothing of INSIDE: PLAINTEXT is assumed"]);
}

#[test]
fn bitnamis_variables_win_over_the_same_without_cfg_and_its_odd_names_are_known() {
    let found = started(
        "bitnami",
        "KAFKA_NUM_PARTITIONS=1\nKAFKA_CFG_NUM_PARTITIONS=2\nKAFKA_LOGS_DIRS=/d\nKAFKA_MAX_MESSAGE_BYTES=9\n\
         KAFKA_KRAFT_CLUSTER_ID=abc\nKAFKA_CLIENT_USERS=u\nKAFKA_TLS_TYPE=JKS",
    );
    assert_eq!((found.value("num.partitions"), found.value("message.max.bytes")), ("2", "9"));
    assert_eq!(found.config.log_dirs, ["/d"]);
    assert_eq!(found.said[0], "KAFKA_NUM_PARTITIONS is ignored: KAFKA_CFG_NUM_PARTITIONS says otherwise");
    let id = found.resolved.cluster_id.unwrap();
    assert_eq!((id.value.as_str(), id.variable.as_deref(), id.strict), ("abc", Some("KAFKA_KRAFT_CLUSTER_ID"), false));
}

#[test]
fn a_cluster_id_is_any_text_and_strict_only_where_it_was_given() {
    let id = |dialect: &str, environment: &str| started(dialect, environment).resolved.cluster_id;
    let given = id("apache", "CLUSTER_ID=atlas-local-cluster-001").unwrap();
    assert_eq!((given.value.as_str(), given.strict), ("atlas-local-cluster-001", true));
    let own = id("apache", "CLUSTER_ID=").unwrap();
    assert_eq!((own.value.as_str(), own.variable, own.strict), ("5L6g3nShT-eMCtK--X86sw", None, false));
    assert_eq!(id("confluent-local", "").unwrap().value, "4L6g3nShT-eMCtK--X86sw");
    assert_eq!(id("debezium", "").unwrap().value, "ldlg5yhkQeWtnUrZrC6edg");
    assert!(!id("debezium", "CLUSTER_ID=x").unwrap().strict);
    assert_eq!(id("bitnami", ""), None);
    assert_eq!(id("confluent", "KAFKA_ZOOKEEPER_CONNECT=zk:2181"), None);
}

#[test]
fn a_mounted_file_is_under_the_environment_but_bitnamis_is_all() {
    let text = "num.partitions=7\nlog.retention.hours=9\nlisteners=PLAINTEXT://:9192\n";
    let mut both = world("apache", "KAFKA_NUM_PARTITIONS=3\nKAFKA_CFG_NUM_IO_THREADS=2");
    both.variables.pop();
    both.shared = file("/mnt/shared/config/server.properties", text);
    let found = start(&both).unwrap();
    assert_eq!((found.value("num.partitions"), found.value("log.retention.hours")), ("3", "9"));
    assert_eq!(found.advertised(), "PLAINTEXT://:9192");

    // Also where the image's name was changed and nothing else, so that another family's script runs.
    for dialect in ["bitnami", "apache"] {
        let mut all = world(dialect, "KAFKA_CFG_NUM_PARTITIONS=3\nKAFKA_LOG_RETENTION_HOURS=1\nKAFKA_HEAP_OPTS=-Xmx1g");
        all.bitnami = file("/bitnami/kafka/config/server.properties", text);
        let found = start(&all).unwrap();
        assert_eq!((found.value("num.partitions"), found.value("log.retention.hours")), ("7", "9"));
        let ignored = "KAFKA_CFG_NUM_PARTITIONS, KAFKA_LOG_RETENTION_HOURS";
        assert!(found.said.iter().any(|line| line.ends_with(&format!(" is mounted, so these are ignored: {ignored}"))));
    }
}

#[test]
fn a_file_at_another_scripts_place_counts_unless_klamm_wrote_it_or_nobody_touched_it() {
    let mut world = world("apache", "KAFKA_NUM_PARTITIONS=3");
    let stock = "node.id=1\nlog.dirs=/tmp/kraft-combined-logs\n";
    let own =
        file("/opt/bitnami/kafka/config/server.properties", &format!("{stock}num.partitions=7\nlog.retention.hours=9"));
    let written = file("/opt/kafka/config/server.properties", &write(&[]).replace("\n#", "\nbroker.rack=x\n#"));
    world.elsewhere = [file("/kafka/config/server.properties", stock), own, written].into_iter().flatten().collect();
    let found = start(&world).unwrap();
    assert_eq!((found.value("num.partitions"), found.value("log.retention.hours")), ("3", "9"));
    assert_eq!(found.value("log.dirs"), "/tmp/kraft-combined-logs");
    assert_eq!(found.settings.value("broker.rack"), None);
}

#[test]
fn the_images_own_file_says_nothing_until_it_is_changed() {
    let stock = "process.roles=broker,controller\nnode.id=1\nlisteners=PLAINTEXT://:9092,CONTROLLER://:9093\n\
                 advertised.listeners=PLAINTEXT://localhost:9092\nlog.dirs=/tmp/kraft-combined-logs\n";
    let mut world = world("apache", "KAFKA_LISTENERS=PLAINTEXT://:9192");
    world.image = file("image", stock);
    world.given = file("given", stock);
    assert_eq!(start(&world).unwrap().advertised(), "PLAINTEXT://:9192");
    world.image = file("image", &format!("{stock}num.partitions=5\n"));
    assert_eq!(start(&world).unwrap().value("num.partitions"), "5");
}

#[test]
fn a_listener_that_is_not_advertised_is_told_of() {
    let map = "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=PLAINTEXT:PLAINTEXT,HOST:PLAINTEXT,CONTROLLER:PLAINTEXT";
    let listeners = "KAFKA_LISTENERS=PLAINTEXT://:29092,HOST://:9092,CONTROLLER://:9093";
    let one = started("apache", &format!("{map}\n{listeners}\nKAFKA_ADVERTISED_LISTENERS=PLAINTEXT://kafka:29092"));
    let line = "KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://kafka:29092: says nothing of HOST: whoever connects there is told \
                of no broker";
    assert_eq!(one.said, [line]);
    let both = "KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://kafka:29092,HOST://localhost:9092";
    assert!(started("apache", &format!("{map}\n{listeners}\n{both}")).said.is_empty());
}

#[test]
fn data_go_where_a_volume_is() {
    let dirs = |dialect: &str, mounts: &[(&str, bool)]| {
        let mut world = world(dialect, "");
        world.mounts = mounts.iter().map(|(path, writable)| mount(path, *writable)).collect();
        let found = start(&world).unwrap();
        (found.value("log.dirs").to_owned(), found.said.len())
    };
    let at = |dir: &str| (dir.to_owned(), 0);
    assert_eq!(dirs("apache", &[("/", true), ("/tmp", true), ("/proc", true)]), at("/tmp/kraft-combined-logs"));
    assert_eq!(dirs("apache", &[("/var/lib/kafka/data", true), ("/tmp", true)]), at("/var/lib/kafka/data"));
    assert_eq!(dirs("apache", &[("/var/lib/kafka", true)]), at("/var/lib/kafka/data"));
    assert_eq!(dirs("apache", &[("/tmp/kafka-logs", true), ("/var/lib/kafka/data", true)]), at("/tmp/kafka-logs"));
    let both = [("/tmp/kraft-combined-logs", true), ("/var/lib/kafka/data", true)];
    assert_eq!(dirs("apache", &both), at("/tmp/kraft-combined-logs"));
    assert_eq!(dirs("bitnami", &[("/bitnami", true)]), at("/bitnami/kafka/data"));
    assert_eq!(dirs("wurstmeister", &[("/kafka", true)]), at("/kafka/kafka-logs-box"));
    assert_eq!(dirs("confluent", &[("/var/lib/kafka/data", false)]), at("/var/lib/kafka/data"));
    // A folder of the host that belongs to root: Kafka would not even look there.
    assert_eq!(dirs("apache", &[("/var/lib/kafka/data", false)]), ("/tmp/kraft-combined-logs".to_owned(), 1));
}

#[test]
fn a_node_has_the_id_of_the_only_voter_or_of_a_variable_of_its_own() {
    let id = |environment: &str| started("apache", environment).config.node_id;
    assert_eq!(id("KAFKA_CONTROLLER_QUORUM_VOTERS=0@kafka:9093"), 0);
    assert_eq!(id("KAFKA_CONTROLLER_QUORUM_VOTERS=3@:9093"), 3);
    assert_eq!((id("NODE_ID=4"), id("BROKER_ID=5"), id("NODE_ID=ip-10-0-0-1")), (4, 5, 1));
    assert_eq!((id("KAFKA_BROKER_ID=1001\nKAFKA_RESERVED_BROKER_MAX_ID=1001"), id("KAFKA_BROKER_ID=-1")), (1001, 1));
}

#[test]
fn what_is_set_outright_stays_as_it_is() {
    let text = "listeners=PLAINTEXT://kafka:9092\nadvertised.listeners=PLAINTEXT://h:1\nlog.dir=/x\nnode.id=9";
    let mut world = world("apache", "");
    world.given = file("f", text);
    world.mounts = vec![mount("/var/lib/kafka/data", true)];
    world.overrides = vec![("node.id".to_owned(), "8".to_owned())];
    let found = start(&world).unwrap();
    assert_eq!((found.listeners(), found.advertised()), ("PLAINTEXT://kafka:9092".into(), "PLAINTEXT://h:1".into()));
    assert_eq!((found.config.log_dirs, found.config.node_id), (vec!["/x".to_owned()], 8));
}

#[test]
fn levels_of_log4j_become_a_filter() {
    let filter = |dialect: &str, environment: &str| started(dialect, environment).resolved.log_filter;
    assert_eq!(filter("apache", ""), None);
    assert_eq!(filter("apache", "KAFKA_LOG4J_ROOT_LOGLEVEL=WARN").unwrap(), "warn,openraft=warn,sled=warn");
    assert_eq!(filter("apache", "KAFKA_LOG4J_ROOT_LOGLEVEL=ERROR").unwrap(), "error,openraft=error,sled=error");
    assert_eq!(
        filter("apache", "KAFKA_LOG4J_LOGGERS=kafka.controller=DEBUG, kafka.producer.async.DefaultEventHandler=INFO"),
        Some("info,openraft=warn,sled=warn,klamm_controller=debug".to_owned())
    );
    assert_eq!(filter("debezium", "LOG_LEVEL=debug").unwrap(), "debug,openraft=warn,sled=warn");
    let bad = started("apache", "KAFKA_LOG4J_ROOT_LOGLEVEL=LOUD\nKAFKA_LOG4J_LOGGERS=kafka");
    assert!(bad.resolved.log_filter.is_none() && bad.says("LOUD is ignored") && bad.says("it is not LOGGER=LEVEL"));
}

const NAMES: &[&str] = &[
    "ADVERTISED_HOST_NAME",
    "ADVERTISED_PORT",
    "CLUSTER_ID",
    "CREATE_TOPICS",
    "KAFKA_ADVERTISED_HOST_NAME",
    "KAFKA_ADVERTISED_LISTENERS",
    "KAFKA_ADVERTISED_PORT",
    "KAFKA_ADVERTISED_PROTOCOL_NAME",
    "KAFKA_BROKER_ID",
    "KAFKA_CFG_LISTENERS",
    "KAFKA_CONTROLLER_LISTENER_NAMES",
    "KAFKA_CONTROLLER_QUORUM_VOTERS",
    "KAFKA_CREATE_TOPICS",
    "KAFKA_CREATE_TOPICS_SEPARATOR",
    "KAFKA_INTER_BROKER_LISTENER_NAME",
    "KAFKA_LISTENERS",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
    "KAFKA_LOG4J_LOGGERS",
    "KAFKA_LOG_DIRS",
    "KAFKA_NODE_ID",
    "KAFKA_NUM_PARTITIONS",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR",
    "KAFKA_OPTS",
    "KAFKA_PORT",
    "KAFKA_PROCESS_ROLES",
    "KAFKA_PROTOCOL_NAME",
    "KAFKA_ZOOKEEPER_CONNECT",
    "KAFKA_",
    "KAFKA_CFG_",
    "KAFKA___",
    "NODE_ID",
    "PORT",
    "",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_environment_starts_or_ends_in_one_line_and_what_is_written_is_read_the_same(
        dialect in 0usize..6,
        named in proptest::collection::vec(
            (
                proptest::sample::select(NAMES),
                r"([A-C]|PLAINTEXT|CONTROLLER)?(://|:|=|,|\[::1\]|[0-9]{1,5}|0\.0\.0\.0|h|\\|\n| |'|é|@){0,9}|(?s).{0,12}",
            ),
            0..9,
        ),
        other in (r"(KAFKA_[A-Z_]{0,12}|.{0,8})", r"(?s).{0,12}"),
    ) {
        let mut variables: Vec<(String, String)> =
            named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        variables.push(other);
        let mut world = World {
            variables,
            dialect: Some(crate::Dialect::ALL[dialect]),
            hostname: "box".to_owned(),
            ..World::default()
        };
        match start(&world) {
            Err(error) => prop_assert!(!error.is_empty() && !error.contains('\n'), "{error:?}"),
            Ok(found) => {
                prop_assert!(found.said.iter().all(|line| !line.contains('\n')), "{:?}", found.said);
                let text = write(&found.resolved.settings);
                prop_assert!(is_written(&text));
                world.given = file("f", &text);
                let again = resolve(&world).map_err(|error| TestCaseError::fail(error.to_string()))?;
                prop_assert_eq!(again.settings, found.resolved.settings, "{}", text);
            }
        }
    }
}
