use std::path::Path;
use std::sync::{Arc, Mutex};

use klamm_env::{Disk, DiskOs};
use klamm_log::parse_meta_properties;

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

/// A node's files, and the tool on them.
struct Node {
    dir: tempfile::TempDir,
    reading: Reading,
}

const STATIC: &str = "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@localhost:9093\n\
    listeners=PLAINTEXT://:9092,CONTROLLER://:9093\ncontroller.listener.names=CONTROLLER\nlog.dirs=DIR/a, DIR/b\n";

impl Node {
    fn new(text: &str) -> Node {
        let node = Node { dir: tempfile::tempdir().unwrap(), reading: Reading::Strict };
        node.configure(text);
        node
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn configure(&self, text: &str) {
        let text = text.replace("DIR", &self.dir.path().display().to_string());
        DiskOs.replace(Path::new(&self.path("s.properties")), text.as_bytes()).unwrap();
    }

    /// Exit code, or the failure; and stdout, with the folder's name as DIR.
    fn run(&self, line: &str) -> (Result<u8, Failure>, String) {
        let args: Vec<String> =
            line.replace("FILE", &self.path("s.properties")).split(' ').map(str::to_owned).collect();
        let parsed = parser().parse(&args).unwrap();
        let kept = Arc::new(Mutex::default());
        let (out, err) = (Box::new(Kept(Arc::clone(&kept))), Box::new(std::io::sink()));
        let mut io = Io { out, err, input: Box::new(std::io::empty()) };
        let result = command(&parsed, self.reading, &mut io);
        let root = self.dir.path().display().to_string();
        let said = String::from_utf8(kept.lock().unwrap().clone()).unwrap().replace(&root, "DIR");
        let hide = |text: String| text.replace(&root, "DIR");
        let result = result.map_err(|failure| match failure {
            Failure::Terse(text) => Failure::Terse(hide(text)),
            Failure::Thrown(class, text) => Failure::Thrown(class, hide(text)),
        });
        (result, said)
    }

    fn fault(&self, line: &str) -> String {
        match self.run(line).0 {
            Err(Failure::Terse(text)) => text,
            Err(Failure::Thrown(class, text)) => format!("{class}: {text}"),
            Ok(code) => panic!("{line}: exit code {code}"),
        }
    }
}

const BOOTSTRAP: &str = "Bootstrap metadata: BootstrapMetadata(records=[ApiMessageAndVersion(FeatureLevelRecord(name='metadata.version', \
featureLevel=30) at version 0), ApiMessageAndVersion(FeatureLevelRecord(name='eligible.leader.replicas.version', featureLevel=1) at version \
0), ApiMessageAndVersion(FeatureLevelRecord(name='group.version', featureLevel=1) at version 0), \
ApiMessageAndVersion(FeatureLevelRecord(name='share.version', featureLevel=1) at version 0), \
ApiMessageAndVersion(FeatureLevelRecord(name='streams.version', featureLevel=1) at version 0), \
ApiMessageAndVersion(FeatureLevelRecord(name='transaction.version', featureLevel=2) at version 0)], metadataVersionLevel=30, \
source=format command)\n";

#[test]
fn a_format_makes_directories_the_clusters_and_leaves_those_that_are_its_already() {
    let node = Node::new(STATIC);
    let (code, said) = node.run("format -t abc -c FILE");
    assert_eq!(code, Ok(0));
    let wanted = "Formatting metadata directory DIR/a with metadata.version 4.3-IV0.\n\
                  Formatting data directory DIR/b with metadata.version 4.3-IV0.\n";
    assert_eq!(said, format!("{BOOTSTRAP}{wanted}"));
    let read = |name: &str| DiskOs.read(Path::new(&node.path(name))).unwrap();
    let meta = parse_meta_properties(&read("a/meta.properties")).unwrap();
    assert_eq!((meta.cluster_id.as_str(), meta.node_id.0), ("abc", 1));
    assert_ne!(meta.directory_id, parse_meta_properties(&read("b/meta.properties")).unwrap().directory_id);
    let already = "Log directory DIR/a is already formatted. Use --ignore-formatted to ignore this directory and format the others.";
    assert_eq!(node.fault("format -t abc -c FILE"), already);
    assert_eq!(
        node.run("format -g -t abc -c FILE"),
        (Ok(0), "All of the log directories are already formatted.\n".to_owned())
    );
    DiskOs.remove_file(Path::new(&node.path("b/meta.properties"))).unwrap();
    assert_eq!(node.fault("format -t abc -c FILE"), already);
    let (code, said) = node.run("format --ignore-formatted -t abc -c FILE");
    assert_eq!(
        (code, said),
        (Ok(0), format!("{BOOTSTRAP}Formatting data directory DIR/b with metadata.version 4.3-IV0.\n"))
    );
    assert_eq!(read("a/meta.properties"), meta.encode().as_bytes());
}

#[test]
fn a_directory_of_another_cluster_or_node_is_refused_as_kafka_does() {
    let node = Node::new(STATIC);
    node.run("format -t abc -c FILE").0.unwrap();
    let other =
        "java.lang.RuntimeException: Invalid cluster.id in: DIR/a/meta.properties. Expected other, but read abc";
    assert_eq!(node.fault("format -t other -g -c FILE"), other);
    assert_eq!(node.fault("format -t other -c FILE"), other);
    let lenient = Node { reading: Reading::Lenient, ..node };
    let kept = (Ok(0), "All of the log directories are already formatted.\n".to_owned());
    assert_eq!(lenient.run("format -t other -g -c FILE"), kept, "a container that is started anew");
    lenient.configure(&STATIC.replace("node.id=1", "node.id=2"));
    assert!(
        lenient
            .fault("format -t abc -g -c FILE")
            .contains("Stored node id 1 doesn't match previous node id 2 in DIR/a/")
    );
    assert!(lenient.fault("format -t other -g -c FILE").contains("Invalid cluster.id"));
}

#[test]
fn info_tells_what_the_directories_are() {
    let node = Node::new(STATIC);
    let missing = "Found problems:\n  DIR/a does not exist\n  DIR/b does not exist\n\n";
    assert_eq!(node.run("info -c FILE"), (Ok(1), missing.to_owned()));
    node.run("format -t abc -c FILE").0.unwrap();
    let id =
        parse_meta_properties(&DiskOs.read(Path::new(&node.path("a/meta.properties"))).unwrap()).unwrap().directory_id;
    let found = format!(
        "Found log directories:\n  DIR/a\n  DIR/b\n\nFound metadata: {{cluster.id=abc, directory.id={}, node.id=1, version=1}}\n\n",
        id.unwrap()
    );
    assert_eq!(node.run("info -c FILE"), (Ok(0), found));
    for (text, problems) in [
        (
            "version=1\n",
            "java.lang.RuntimeException: Failed to find node.id\nFound log directories:\n  DIR/a\n  DIR/b\n\nFound metadata: ",
        ),
        ("version=7\n", "java.lang.RuntimeException: Unknown meta.properties version number 7\n"),
        (
            "version=0\ncluster.id=a\nbroker.id=1\n",
            "Found metadata: {broker.id=1, cluster.id=a, version=0}\n\nFound problems:\n  \
          Mismatched cluster IDs between storage directories.\n  The kafka configuration file appears to be for a cluster in KRaft mode, \
          but the directories are formatted for legacy mode.\n\n",
        ),
    ] {
        DiskOs.replace(Path::new(&node.path("a/meta.properties")), text.as_bytes()).unwrap();
        let (code, said) = node.run("info -c FILE");
        assert!(code == Ok(1) && said.contains(problems), "{said}");
    }
    DiskOs.remove_dir_all(Path::new(&node.path("a"))).unwrap();
    DiskOs.replace(Path::new(&node.path("a")), b"x").unwrap();
    assert!(node.run("info -c FILE").1.contains("Found problem:\n  DIR/a is not a directory\n"));
    let (code, said) = node.run("format -t abc -g -c FILE");
    assert_eq!((code, said.lines().next()), (Ok(0), Some("I/O error trying to read log directory DIR/a. Ignoring...")));
}

#[test]
fn the_flags_of_a_quorum_that_may_change_are_checked_as_kafka_does() {
    let dynamic = STATIC.replace("controller.quorum.voters=1@", "controller.quorum.bootstrap.servers=");
    let node = Node::new(&dynamic);
    let unset = "Because controller.quorum.voters is not set on this controller, you must specify one of the following: --standalone, \
                 --initial-controllers, or --no-initial-controllers.";
    assert_eq!(node.fault("format -t abc -c FILE"), unset);
    let kind = |line: &str, wanted: &str| {
        let node = Node::new(&dynamic);
        let (code, said) = node.run(line);
        assert_eq!(code, Ok(0));
        assert!(said.contains(&format!("Formatting {wanted} DIR/a with")), "{said}");
        parse_meta_properties(&DiskOs.read(Path::new(&node.path("a/meta.properties"))).unwrap()).unwrap().directory_id
    };
    kind("format -t abc -s -c FILE", "dynamic metadata voter directory");
    kind("format -t abc -N -c FILE", "metadata directory");
    let id =
        kind("format -t abc -I 1@localhost:9093:JEXY6aqzQY-32P5TStzaFg -c FILE", "dynamic metadata voter directory");
    assert_eq!(id, TopicId::parse("JEXY6aqzQY-32P5TStzaFg"));
    kind("format -t abc -I 2@localhost:9093:JEXY6aqzQY-32P5TStzaFg -c FILE", "dynamic metadata directory");
    let illegal = |voters: &str| node.fault(&format!("format -t abc -c FILE -I {voters}"));
    for (voters, why) in [
        ("nonsense", "No @ found in dynamic voter string."),
        ("x@localhost:9093:xx", "Failed to parse node id in dynamic voter string."),
        ("1@localhost", "No colon following hostname could be found."),
        ("1@localhost:zz:xx", "Failed to parse port in dynamic voter string."),
        ("1@[::1]:9093:xx", "Failed to parse directory ID in dynamic voter string."),
    ] {
        assert_eq!(illegal(voters), format!("{ILLEGAL}: {why}"));
    }
    let fixed = Node::new(STATIC);
    assert!(
        fixed.fault("format -t abc -s -c FILE").starts_with("You cannot specify controller.quorum.voters and format")
    );
    node.configure(&dynamic.replace("broker,controller", "broker"));
    assert_eq!(node.fault("format -t abc -s -c FILE"), "You can only use --standalone on a controller.");
}

#[test]
fn features_and_releases_are_checked_as_kafka_does() {
    let node = Node::new(&STATIC.replace("controller.quorum.voters=1@", "controller.quorum.bootstrap.servers="));
    let fault = |words: &str| node.fault(&format!("format -t abc -N -c FILE {words}"));
    let releases = RELEASES_TEXT;
    assert_eq!(fault("-r 3.0"), format!("Unknown metadata.version '3.0'. Supported metadata.version are: {releases}"));
    assert_eq!(
        fault("-r 4.4-IV0"),
        format!("Unknown metadata.version '4.4-IV0'. Supported metadata.version are: {releases}")
    );
    assert_eq!(
        fault("-r 3.9 -f metadata.version=9"),
        "Use --release-version instead of --feature metadata.version=X to avoid ambiguity."
    );
    assert_eq!(
        fault("-f metadata.version=99"),
        format!("{ILLEGAL}: No MetadataVersion with feature level 99. Valid feature levels are from 7 to 31.")
    );
    let all = "eligible.leader.replicas.version, group.version, kraft.version, share.version, streams.version, transaction.version";
    assert_eq!(fault("-f x=9"), format!("Unsupported feature: x. Supported features are: {all}"));
    assert_eq!(fault("-f x"), format!("{RUNTIME}: Can't parse feature=level string x: equals sign not found."));
    let short = format!("{RUNTIME}: Can't parse feature=level string group.version=z: unable to parse z as a short.");
    assert_eq!(fault("-f group.version=z"), short);
    assert_eq!(fault("-f group.version=9"), format!("{ILLEGAL}: No feature:group.version with feature level 9"));
    let depends =
        "eligible.leader.replicas.version could not be set to 1 because it depends on metadata.version level 23";
    assert_eq!(fault("-r 3.9 -f eligible.leader.replicas.version=1"), format!("{ILLEGAL}: {depends}"));
    assert!(
        fault("-f kraft.version=0")
            .starts_with("Cannot set kraft.version to 0 if controller.quorum.voters is empty and")
    );
    assert!(
        Node::new(STATIC)
            .fault("format -t abc -c FILE -f kraft.version=1")
            .starts_with("Cannot set kraft.version to 1 unless")
    );
    let scram = |text: &str| fault(&format!("-S {text}"));
    assert_eq!(scram("nonsense"), "Failed to find equals sign in SCRAM argument 'nonsense'");
    assert_eq!(scram("SCRAM-SHA-1=[name=a,password=b]"), "The add-scram mechanism SCRAM-SHA-1 is not supported.");
    assert_eq!(scram("SCRAM-SHA-256=name=a"), "Expected configuration string to start with [");
    assert_eq!(scram("SCRAM-SHA-256=[password=b]"), "You must supply 'name' to add-scram");
    assert_eq!(scram("SCRAM-SHA-256=[name=a]"), "You must supply one of 'password' or 'saltedpassword' to add-scram");
    assert!(scram("SCRAM-SHA-256=[name=a,password=b]").contains("klamm keeps no SCRAM credentials"));
    assert_eq!(node.run("info -c FILE").0, Ok(1), "nothing was formatted");
    let (code, said) = node.run("format -t abc -N -c FILE -r 3.9.1");
    assert_eq!(code, Ok(0));
    let records = "[ApiMessageAndVersion(FeatureLevelRecord(name='metadata.version', featureLevel=21) at version 0)]";
    let first = format!(
        "Bootstrap metadata: BootstrapMetadata(records={records}, metadataVersionLevel=21, source=format command)"
    );
    assert_eq!(said.lines().next(), Some(first.as_str()));
}

const RELEASES_TEXT: &str = "3.3-IV3, 3.4-IV0, 3.5-IV0, 3.5-IV1, 3.5-IV2, 3.6-IV0, 3.6-IV1, 3.6-IV2, 3.7-IV0, 3.7-IV1, 3.7-IV2, 3.7-IV3, \
3.7-IV4, 3.8-IV0, 3.9-IV0, 4.0-IV0, 4.0-IV1, 4.0-IV2, 4.0-IV3, 4.1-IV0, 4.1-IV1, 4.2-IV0, 4.2-IV1, 4.3-IV0";

#[test]
fn a_configuration_with_gaps_is_refused_in_kafka_s_words_and_filled_in_a_container() {
    let refusal = |from: &str, to: &str| match NodeConfig::parse(&STATIC.replace(from, to), Reading::Strict) {
        Err(Failure::Thrown(class, text)) => format!("{}: {text}", class.rsplit('.').next().unwrap()),
        other => panic!("{other:?}"),
    };
    let missing =
        |key: &str| format!("ConfigException: Missing required configuration \"{key}\" which has no default value.");
    assert_eq!(refusal("process.roles", "x"), missing("process.roles"));
    assert_eq!(refusal("node.id", "x"), missing("node.id"));
    assert_eq!(refusal("controller.listener.names", "x"), missing("controller.listener.names"));
    for (from, to, wanted) in [
        (
            "node.id=1",
            "node.id=x",
            "ConfigException: Invalid value x for configuration broker.id: Not a number of type INT",
        ),
        (
            "node.id=1",
            "node.id=-3",
            "ConfigException: Invalid value -3 for configuration node.id: Value must be at least 0",
        ),
        (
            "broker,controller",
            "foo",
            "ConfigException: Invalid value foo for configuration process.roles: String must be one of: broker, controller",
        ),
        (
            "DIR/a, DIR/b",
            "",
            "ConfigException: Configuration 'log.dirs' must not be empty. Valid values include: any non-empty value",
        ),
        ("DIR/a, DIR/b", "a,,b", "ConfigException: Configuration 'log.dirs' values must not be empty."),
        (
            "1@localhost",
            "2@localhost",
            "IllegalArgumentException: requirement failed: If process.roles contains the 'controller' role, the \
          node id 1 must be included in the set of voters controller.quorum.voters=Set(2)",
        ),
        (
            "broker,controller",
            "broker",
            "IllegalArgumentException: requirement failed: If process.roles contains just the 'broker' role, the \
          node id 1 must not be included in the set of voters controller.quorum.voters=Set(1)",
        ),
    ] {
        assert_eq!(refusal(from, to), wanted);
    }
    let filled = NodeConfig::parse("metadata.log.dir=/m\n", Reading::Lenient).unwrap();
    assert_eq!((filled.node_id.0, filled.dirs.as_slice()), (1, &["/m".to_owned(), "/tmp/kafka-logs".to_owned()][..]));
    assert!(filled.is_controller && filled.metadata_dir == "/m");
}

#[test]
fn levels_and_dependencies_are_told_as_kafka_does() {
    let node = Node::new(STATIC);
    let told = |line: &str| node.run(line).1;
    let latest = "metadata.version=30 (4.3-IV0)\nkraft.version=1\ntransaction.version=2\ngroup.version=1\n\
                  eligible.leader.replicas.version=1\nshare.version=1\nstreams.version=1\n";
    assert_eq!(told("version-mapping"), latest);
    assert_eq!(told("version-mapping -r 4.3"), latest.replace("4.3-IV0", "4.3"));
    assert!(
        told("version-mapping -r 3.9")
            .starts_with("metadata.version=21 (3.9)\nkraft.version=1\ntransaction.version=0\n")
    );
    assert!(told("version-mapping -r 4.4-IV0").starts_with("metadata.version=31 (4.4-IV0)\n"));
    assert!(node.fault("version-mapping -r 4.4").ends_with(", 4.3-IV0, 4.4-IV0"));
    assert_eq!(
        told("feature-dependencies -f metadata.version=7 -f eligible.leader.replicas.version=1"),
        "metadata.version=7 (3.3-IV3) has no dependencies.\neligible.leader.replicas.version=1 requires:\n    metadata.version=23 (4.0-IV1)\n"
    );
    for (feature, why) in [
        ("metadata.version=99", "Unknown metadata.version 99"),
        ("x=1", "Unknown feature: x"),
        ("x", "Invalid feature format: x. Expected format: 'feature=version' (e.g. 'group.version=1')"),
        ("group.version=y", "Invalid version format: y for feature group.version"),
        ("kraft.version=2", "Feature level 2 is not supported for feature kraft.version"),
    ] {
        assert_eq!(node.fault(&format!("feature-dependencies -f {feature}")), why);
    }
    assert_eq!(told("random-uuid").trim_end().len(), 22);
    assert_ne!(told("random-uuid"), told("random-uuid"));
}
