use std::path::Path;

use klamm_env::{Clock, DiskMem};

use super::*;
use crate::explain;

const FILE: &str = "/opt/kafka/config/server.properties";

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = [("KLAMM_DIALECT", "apache"), ("HOSTNAME", "box")];
    own.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn server() -> Server {
    Server { file: Some(FILE.into()), overrides: Vec::new(), from_environment: false }
}

fn text(disk: &dyn Disk) -> String {
    String::from_utf8(disk.read(Path::new(FILE)).unwrap().to_vec()).unwrap()
}

fn rewrite(disk: &dyn Disk, text: &str) {
    put(disk, Path::new(FILE), text).unwrap();
}

#[test]
fn what_was_configured_keeps_its_variables_and_what_a_script_changed_since_wins() {
    let disk = DiskMem::new(Clock::manual(0));
    let told = [("KAFKA_NUM_PARTITIONS", "3"), ("KAFKA_LOG_RETENTION_HOURS", "5"), ("KAFKA_BROKER_RACK", "r1")];
    configure(&disk, variables(&told), Path::new(FILE)).unwrap();
    let written = text(&disk);
    assert!(written.contains("# KAFKA_NUM_PARTITIONS\nnum.partitions=3\n"), "{written}");
    let same = read(&disk, variables(&told), &server()).unwrap().settings;
    assert_eq!(same.written("num.partitions").unwrap(), "KAFKA_NUM_PARTITIONS=3");

    let changed = written.replace("num.partitions=3", "num.partitions=4").replace("broker.rack=r1\n", "");
    rewrite(&disk, &format!("{changed}\nmessage.max.bytes=777\n"));
    let settings = read(&disk, variables(&told), &server()).unwrap().settings;
    let line = changed.lines().position(|line| line == "num.partitions=4").unwrap() + 1;
    assert_eq!(settings.written("num.partitions").unwrap(), format!("{FILE}:{line}: num.partitions=4"));
    assert_eq!(settings.written("log.retention.hours").unwrap(), "KAFKA_LOG_RETENTION_HOURS=5");
    assert_eq!((settings.value("message.max.bytes"), settings.written("broker.rack")), (Some("777"), None));

    rewrite(&disk, &changed.replace("num.partitions=4", "num.partitions=many"));
    let error = read(&disk, variables(&told), &server()).unwrap_err();
    assert!(error.starts_with(&format!("{FILE}:{line}: num.partitions=many: ")), "{error}");
}

#[test]
fn the_next_start_writes_the_file_anew() {
    let disk = DiskMem::new(Clock::manual(0));
    configure(&disk, variables(&[("KAFKA_NUM_PARTITIONS", "3")]), Path::new(FILE)).unwrap();
    rewrite(&disk, &text(&disk).replace("num.partitions=3", "num.partitions=4"));
    configure(&disk, variables(&[("KAFKA_NUM_PARTITIONS", "5")]), Path::new(FILE)).unwrap();
    assert!(text(&disk).contains("num.partitions=5"));
}

#[test]
fn a_file_that_somebody_else_wrote_stays_and_the_environment_lies_over_it() {
    let disk = DiskMem::new(Clock::manual(0));
    let own = "num.partitions=7\nlog.retention.hours=9\n";
    rewrite(&disk, own);
    let told = [("KAFKA_NUM_PARTITIONS", "3")];
    configure(&disk, variables(&told), Path::new(FILE)).unwrap();
    assert_eq!(text(&disk), own);
    let settings = read(&disk, variables(&told), &server()).unwrap().settings;
    assert_eq!(settings.written("num.partitions").unwrap(), "KAFKA_NUM_PARTITIONS=3");
    assert_eq!(settings.written("log.retention.hours").unwrap(), format!("{FILE}:2: log.retention.hours=9"));
}

#[test]
fn without_a_file_the_environment_is_all() {
    let disk = DiskMem::new(Clock::manual(0));
    let settings = read(&disk, variables(&[("KAFKA_NUM_PARTITIONS", "3")]), &server()).unwrap().settings;
    assert_eq!(settings.value("num.partitions"), Some("3"));
    assert_eq!(settings.value("listeners"), Some("PLAINTEXT://:9092"));
}

#[test]
fn a_configuration_that_would_not_start_is_not_written() {
    let disk = DiskMem::new(Clock::manual(0));
    let error = configure(&disk, variables(&[("KAFKA_NUM_PARTITIONS", "none")]), Path::new(FILE)).unwrap_err();
    assert_eq!(error, "KAFKA_NUM_PARTITIONS=none: Not a number of type INT (allowed: INT, at least 1)");
    assert!(!disk.exists(Path::new(FILE)));
    let unknown = vec![("KLAMM_DIALECT".to_owned(), "strimzi".to_owned())];
    let error = configure(&disk, unknown, Path::new(FILE)).unwrap_err();
    assert!(error.starts_with("KLAMM_DIALECT=strimzi: there is no such image family (allowed: apache, "), "{error}");
}

#[test]
fn an_explanation_names_the_place_of_every_setting_and_hides_secrets() {
    let disk = DiskMem::new(Clock::manual(0));
    let told = [
        ("CLUSTER_ID", "my-cluster"),
        ("KAFKA_CREATE_TOPICS", "orders:3:1:compact"),
        ("KAFKA_PROCESS_ROLES", "broker,controller"),
        ("KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://host:1234"),
        ("KAFKA_SSL_KEY_PASSWORD", "hush"),
        ("KAFKA_NO_SUCH_KEY", "1"),
        ("KAFKA_HOME", "/opt/kafka"),
        ("KAFKA_HEAP_OPTS", "-Xmx1g"),
        ("KAFKA_JMX_PORT", ""),
        ("KAFKA_PORT", "tcp://10.0.0.1:9092"),
        ("KAFKA_SUPER_USERS", "User:admin"),
        ("KAFKA_ZOOKEEPER_SESSION_TIMEOUT_MS", "1"),
    ];
    let mut args = server();
    args.overrides.push(("num.partitions".to_owned(), "2".to_owned()));
    let told = read(&disk, variables(&told), &args).unwrap();
    let lines = explain::text(&told, false);
    for (setting, place) in [
        ("advertised.listeners=PLAINTEXT://host:1234", "KAFKA_ADVERTISED_LISTENERS"),
        ("listeners=PLAINTEXT://0.0.0.0:1234", "derived from KAFKA_ADVERTISED_LISTENERS"),
        ("node.id=1", "image default"),
        ("num.partitions=2", "--override"),
        ("ssl.key.password=[hidden]", "KAFKA_SSL_KEY_PASSWORD"),
    ] {
        assert!(lines.contains(&format!("{setting:64}  # {place}\n")), "{setting}: {lines}");
    }
    for line in [
        "# cluster id my-cluster (CLUSTER_ID); a data directory of another cluster is refused\n",
        "# topic orders is created (KAFKA_CREATE_TOPICS), partitions: 3, cleanup.policy=compact\n",
        "# ignored, since Kafka 4 has no such setting: KAFKA_NO_SUCH_KEY\n",
        "# without effect yet: KAFKA_SSL_KEY_PASSWORD\n",
        "# of no meaning here (for Java, a start script, another service, ZooKeeper, ACLs): KAFKA_HEAP_OPTS, KAFKA_PORT, \
         KAFKA_SUPER_USERS, KAFKA_ZOOKEEPER_SESSION_TIMEOUT_MS\n",
    ] {
        assert!(lines.contains(line), "{line}: {lines}");
    }
    assert!(!lines.contains("hush") && !lines.contains("Kafka's default"), "{lines}");
    assert!(explain::text(&told, true).contains("# Kafka's default\n"));
}

#[test]
fn blanks_in_the_list_of_mounts_are_read() {
    assert_eq!(unescape(r"/a\040b\134c\x"), r"/a b\c\x");
}

#[test]
fn a_directory_where_a_file_is_to_be_mounted_is_told_as_what_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let error = configure(&DiskOs, variables(&[]), dir.path()).unwrap_err();
    assert!(error.starts_with(&format!("{} is a directory, not a file: ", dir.path().display())), "{error}");
}

#[test]
fn a_mark_at_the_beginning_of_a_file_is_no_part_of_its_first_key() {
    let disk = DiskMem::new(Clock::manual(0));
    rewrite(&disk, "\u{feff}num.partitions=7\r\nlog.retention.hours=9\r\n");
    let settings = read(&disk, variables(&[]), &server()).unwrap().settings;
    assert_eq!((settings.value("num.partitions"), settings.value("log.retention.hours")), (Some("7"), Some("9")));
}

#[test]
fn a_file_that_is_mounted_for_another_familys_script_counts() {
    let disk = DiskMem::new(Clock::manual(0));
    put(&disk, Path::new("/opt/bitnami/kafka/config/server.properties"), "num.partitions=7\n").unwrap();
    configure(&disk, variables(&[]), Path::new(FILE)).unwrap();
    assert!(text(&disk).contains("num.partitions=7\n"), "{}", text(&disk));
    assert_eq!(read(&disk, variables(&[]), &server()).unwrap().settings.value("num.partitions"), Some("7"));
}
