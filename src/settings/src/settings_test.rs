use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::testing::settings;

/// The line that stops a start with this file.
fn refused(text: &str) -> String {
    match Settings::load(Some(("server.properties", text)), &[]) {
        Ok(_) => panic!("{text} was accepted"),
        Err(error) => error.to_string(),
    }
}

fn overrides(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn an_error_names_file_line_key_value_and_what_is_allowed() {
    for (text, line) in [
        (
            "# one\nnode.id=1\nnum.partitions = 0",
            "server.properties:3: num.partitions=0: Value must be at least 1 (allowed: INT, at least 1)",
        ),
        ("node.id=x", "server.properties:1: node.id=x: Not a number of type INT (allowed: INT, at least 0)"),
        (
            "auto.create.topics.enable=maybe",
            "server.properties:1: auto.create.topics.enable=maybe: Expected value to be either true or false (allowed: \
             true or false)",
        ),
        (
            "compression.lz4.level=18",
            "server.properties:1: compression.lz4.level=18: Value must be no more than 17 (allowed: INT, 1 to 17)",
        ),
        (
            "compression.type=rar",
            "server.properties:1: compression.type=rar: String must be one of: uncompressed, zstd, lz4, snappy, gzip, \
             producer (allowed: STRING, one of uncompressed, zstd, lz4, snappy, gzip, producer)",
        ),
        (
            "log.cleanup.policy=delete,burn",
            "server.properties:1: log.cleanup.policy=delete,burn: String must be one of: compact, delete (allowed: \
             LIST, of compact, delete)",
        ),
        (
            "log.dirs=",
            "server.properties:1: log.dirs=: Configuration 'log.dirs' must not be empty. Valid values include: any \
             non-empty value (allowed: LIST, not empty)",
        ),
        ("a=\\u12", "server.properties:1: a \\u must be followed by four hexadecimal digits"),
    ] {
        assert_eq!(refused(text), line);
    }
}

#[test]
fn an_error_on_the_command_line_reads_as_it_was_typed() {
    let error = Settings::load(Some(("f", "node.id=1\nnum.partitions=0x")), &overrides(&[("num.partitions", "0")]));
    assert!(error.is_err_and(|error| error.to_string().starts_with("f:2: num.partitions=0x: ")));
    let error = Settings::load(Some(("f", "node.id=1")), &overrides(&[("num.partitions", "0")])).unwrap_err();
    assert_eq!(error.to_string(), "--override num.partitions=0: Value must be at least 1 (allowed: INT, at least 1)");
}

#[test]
fn an_override_wins_over_the_file_and_a_later_one_over_an_earlier() {
    let given = overrides(&[("num.partitions", "3"), ("num.partitions", "4")]);
    let loaded = Settings::load(Some(("f", "node.id=1\nnum.partitions=1\nnum.partitions=2")), &given).unwrap();
    assert_eq!(loaded.settings.broker_config().num_partitions, 4);
    assert_eq!(loaded.settings.value("num.partitions"), Some("4"));
    assert_eq!(settings("node.id=1\nnum.partitions=1\nnum.partitions=2").broker_config().num_partitions, 2);
}

#[test]
fn what_is_unknown_or_without_effect_is_told_in_one_line_each() {
    let text = "node.id=1\nmy.key=s3cret\nzookeeper.connect=h:1\nnum.io.threads=8\nnum.partitions=3\n\
                listener.name.plaintext.ssl.key.password=s3cret\nlog.remote.copy.lag.ms=5";
    let loaded = Settings::load(Some(("f", text)), &overrides(&[("other", "1")])).unwrap();
    let mut warnings = loaded.warnings;
    warnings.sort();
    assert_eq!(
        warnings,
        [
            "--override: other is not known and is ignored",
            "f:2: my.key is not known and is ignored",
            "f:3: zookeeper.connect is ignored: there is no ZooKeeper",
            "f:4: num.io.threads has no effect yet",
            "f:6: listener.name.plaintext.ssl.key.password has no effect yet",
            "f:7: log.remote.copy.lag.ms has no effect yet",
        ]
    );
}

#[test]
fn a_secret_is_in_no_error() {
    let error = refused("node.id=1\nlistener.name.x.sasl.login.refresh.buffer.seconds=s3cret");
    assert!(error.contains("s3cret"), "a number is no secret: {error}");
    let hidden = Given::default().fault("ssl.key.password", "is wrong").to_string();
    assert_eq!(hidden, "default: ssl.key.password=[hidden]: is wrong");
}

#[test]
fn without_a_file_a_developer_is_served() {
    let loaded = Settings::load(None, &[]).unwrap();
    let config = loaded.settings.broker_config();
    assert_eq!((config.node_id, config.log_dirs.as_slice()), (1, ["data".to_owned()].as_slice()));
    assert_eq!((config.group_initial_rebalance_delay_ms, config.offsets_topic_replication_factor), (0, 1));
    assert_eq!(config.listeners.len(), 1);
    assert_eq!((config.listeners[0].host.as_str(), config.listeners[0].port), ("", 9092));
    assert_eq!(config.advertised_listeners, config.listeners);
    let other =
        Settings::load(None, &overrides(&[("broker.id", "7"), ("log.dir", "/x"), ("listeners", "PLAINTEXT://:0")]));
    let config = other.unwrap().settings.broker_config();
    assert_eq!(
        (config.node_id, config.log_dirs.as_slice(), config.listeners[0].port),
        (7, ["/x".to_owned()].as_slice(), 0)
    );
}

#[test]
fn a_file_without_them_has_kafkas_defaults() {
    let config = settings("node.id=1").broker_config();
    assert_eq!(config.log_dirs, ["/tmp/kafka-logs"]);
    assert_eq!(config.group_initial_rebalance_delay_ms, 3000);
    assert_eq!(config.offsets_topic_replication_factor, 3);
    assert_eq!(config.offsets_retention_ms, 7 * 24 * 60 * 60 * 1000);
    assert_eq!(config.connections_max_idle_ms, 600_000);
    assert_eq!((config.max_connections, config.fetch_max_bytes), (i32::MAX, 55 << 20));
    assert_eq!(config.log_flush_offset_checkpoint_interval_ms, 60_000);
    let admin = config.admin_listener.unwrap();
    assert_eq!((admin.host.as_str(), admin.port, admin.is_default), ("127.0.0.1", 9644, true));
}

#[test]
fn every_value_that_the_code_uses_is_read_from_its_key() {
    let text = "node.id=9\nbroker.rack=r1\nlog.dirs=/a, /b\nlog.dir=/c\nsocket.request.max.bytes=1000\n\
                queued.max.request.bytes=-1\nconnections.max.idle.ms=-1\nmax.connections=7\nmax.connections.per.ip=0\n\
                max.connections.per.ip.overrides=127.0.0.1:5, [::1]:6\nauto.create.topics.enable=FALSE\n\
                delete.topic.enable=false\noffsets.retention.minutes=2\nproducer.id.expiration.ms=11\n\
                socket.listen.backlog.size=13\nklamm.admin.listener=[::1]:0\nlog.flush.offset.checkpoint.interval.ms=0";
    let config = settings(text).broker_config();
    assert_eq!((config.node_id, config.broker_rack.as_deref()), (9, Some("r1")));
    assert_eq!(config.log_dirs, ["/a", "/b"]);
    assert_eq!((config.socket_request_max_bytes, config.max_connections, config.max_connections_per_ip), (1000, 7, 0));
    assert_eq!(config.connections_max_idle_ms, 100 * 365 * 24 * 60 * 60 * 1000);
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    let bounds = [(address("127.0.0.1"), 5), (address("::1"), 6)];
    assert_eq!(config.max_connections_per_ip_overrides, bounds.into_iter().collect());
    assert!(!config.auto_create_topics_enable && !config.delete_topic_enable);
    assert_eq!((config.offsets_retention_ms, config.producer_id_expiration_ms), (120_000, 11));
    assert_eq!((config.socket_listen_backlog_size, config.log_flush_offset_checkpoint_interval_ms), (13, 0));
    let admin = config.admin_listener.unwrap();
    assert_eq!((admin.host.as_str(), admin.port, admin.is_default), ("::1", 0, false));
    assert_eq!(settings("node.id=1\nklamm.admin.listener=").broker_config().admin_listener, None);
}

#[test]
fn a_node_has_one_id_by_either_name() {
    assert_eq!(settings("broker.id=4").broker_config().node_id, 4);
    assert_eq!(settings("broker.id=4").value("node.id"), Some("4"));
    assert_eq!(settings("node.id=5").value("broker.id"), Some("5"));
    assert_eq!(settings("node.id=5\nbroker.id=5").broker_config().node_id, 5);
    assert!(refused("node.id=5\nbroker.id=6").contains("must be the same as server.properties:2: broker.id=6"));
    assert_eq!(refused("process.roles=broker,controller"), "node.id must be set");
    let old = Settings::load(Some(("f", "broker.id=-1\nzookeeper.connect=h:1")), &[]).unwrap();
    assert_eq!(old.settings.broker_config().node_id, 1);
    assert!(old.warnings.contains(&"node.id is not set: this node is 1".to_owned()));
}

#[test]
fn one_node_is_broker_controller_and_the_only_voter() {
    for good in [
        "controller.quorum.voters=1@localhost:9093",
        "controller.quorum.bootstrap.servers=localhost:9093",
        "process.roles=controller, broker\ncontroller.quorum.voters=1@[::1]:9093",
    ] {
        assert_eq!(settings(&format!("node.id=1\n{good}")).broker_config().node_id, 1);
    }
    for (bad, why) in [
        ("process.roles=broker", "one role only is not supported yet"),
        ("process.roles=controller", "one role only is not supported yet"),
        ("process.roles=broker,boss", "String must be one of: broker, controller"),
        ("controller.quorum.voters=1@a:1,2@b:1", "several voters are not supported yet"),
        ("controller.quorum.voters=2@a:1", "the only voter must be this node, whose node.id is 1"),
        ("controller.quorum.voters=a:1", "a:1 is not of the form ID@HOST:PORT"),
        ("controller.quorum.voters=1@a:99999", "is not of the form ID@HOST:PORT"),
        ("controller.quorum.bootstrap.servers=a:1,b:1", "several servers are not supported yet"),
        ("controller.quorum.bootstrap.servers=a", "a is not of the form HOST:PORT"),
    ] {
        let line = refused(&format!("node.id=1\n{bad}"));
        assert!(line.starts_with("server.properties:2: ") && line.contains(why), "{line}");
    }
}

#[test]
fn values_that_do_not_go_together_stop_the_start() {
    for (bad, why) in [
        ("log.roll.ms=0", "log.roll.ms=0: must be at least 1"),
        ("log.roll.jitter.ms=-1", "must be at least 0"),
        ("log.retention.ms=0", "log.retention.ms=0: must be -1, which is for ever, or at least 1"),
        ("log.retention.hours=0", "log.retention.hours=0: must be -1"),
        ("log.cleaner.threads=128", "must be more than 1 MiB for each cleaner thread"),
        ("replica.fetch.wait.max.ms=40000", "replica.socket.timeout.ms=30000: must be at least"),
        ("replica.lag.time.max.ms=100", "must be at least replica.fetch.wait.max.ms, which is 500"),
        ("queued.max.request.bytes=5", "must be at least socket.request.max.bytes, which is 104857600"),
        ("max.connections.per.ip=0", "can be 0 only if max.connections.per.ip.overrides"),
        ("max.connections.per.ip.overrides=host:5", "host:5 is not of the form ADDRESS:COUNT"),
        ("max.connections.per.ip.overrides=127.0.0.1:-5", "is not of the form ADDRESS:COUNT"),
        ("connections.max.idle.ms=100", "must be less than connections.max.idle.ms, which is 100"),
        ("klamm.admin.listener=9644", "must be HOST:PORT, or empty for none"),
    ] {
        let line = refused(&format!("node.id=1\n{bad}"));
        assert!(line.contains(why), "{line}");
    }
    // Hours do not count once milliseconds are set.
    assert!(Settings::load(Some(("f", "node.id=1\nlog.retention.hours=0\nlog.retention.ms=5")), &[]).is_ok());
}

proptest! {
    #[test]
    fn any_value_of_any_key_is_taken_or_refused_without_a_panic(
        place in any::<proptest::sample::Index>(),
        value in r"-?[0-9]{0,20}|[a-z]{0,8}|[A-Z0-9:/@,.\[\]*=-]{0,24}|(?s).{0,16}",
    ) {
        let keys: Vec<_> = crate::broker_keys().collect();
        let key = place.get(&keys).name;
        match Settings::load(Some(("f", "node.id=1")), &[(key.to_owned(), value.clone())]) {
            Ok(loaded) => prop_assert_eq!(loaded.settings.value(key), Some(value.as_str())),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn any_text_as_a_file_is_taken_or_refused_without_a_panic(
        text in r"(node.id|listeners|[=: \\\n#!0-9a-z]|(?s).){0,40}",
    ) {
        let _ = Settings::load(Some(("f", &text)), &[]);
    }
}

#[test]
fn an_error_names_the_variable_as_its_author_wrote_it() {
    let variable = |name: &str| Origin::Variable { name: name.to_owned() };
    let refuse = |settings: Vec<Setting>| match Settings::of(settings) {
        Ok(_) => panic!("it was accepted"),
        Err(error) => error.to_string(),
    };
    let node = Setting::new("node.id", "1", Origin::Image);
    let with = |key: &str, value: &str, origin: Origin| vec![node.clone(), Setting::new(key, value, origin)];
    assert_eq!(
        refuse(with("num.partitions", "0", variable("KAFKA_CFG_NUM_PARTITIONS"))),
        "KAFKA_CFG_NUM_PARTITIONS=0: Value must be at least 1 (allowed: INT, at least 1)"
    );
    assert_eq!(
        refuse(with("advertised.listeners", "PLAINTEXT://kafka", variable("KAFKA_CFG_ADVERTISED_LISTENERS"))),
        "KAFKA_CFG_ADVERTISED_LISTENERS=PLAINTEXT://kafka: PLAINTEXT://kafka has no port (write \
         PLAINTEXT://kafka:9092, for example)"
    );
    let from = Origin::Derived {
        from: Box::new(variable("KAFKA_ADVERTISED_LISTENERS")),
        key: "advertised.listeners".to_owned(),
        value: "PLAINTEXT://a:1,\nSSL://b:1".to_owned(),
    };
    assert_eq!(
        refuse(with("listeners", "PLAINTEXT://0.0.0.0:1,SSL://0.0.0.0:1", from)),
        "KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://a:1, SSL://b:1: then listeners is \
         PLAINTEXT://0.0.0.0:1,SSL://0.0.0.0:1: PLAINTEXT and SSL have the same port: each listener needs its own"
    );
}

#[test]
fn variables_without_effect_share_one_line_and_what_nobody_set_has_none() {
    let variable = |key: &str, name: &str| Setting::new(key, "7", Origin::Variable { name: name.to_owned() });
    let all = vec![
        Setting::new("node.id", "1", Origin::Image),
        Setting::new("background.threads", "5", Origin::Image),
        variable("num.io.threads", "KAFKA_NUM_IO_THREADS"),
        variable("num.network.threads", "KAFKA_NUM_NETWORK_THREADS"),
        variable("num.partitions", "KAFKA_NUM_PARTITIONS"),
    ];
    let loaded = Settings::of(all).unwrap();
    assert_eq!(loaded.warnings, ["without effect yet: KAFKA_NUM_IO_THREADS, KAFKA_NUM_NETWORK_THREADS"]);
    assert_eq!(loaded.settings.written("num.partitions").unwrap(), "KAFKA_NUM_PARTITIONS=7");
    assert_eq!(loaded.settings.written("log.dirs"), None);
}
