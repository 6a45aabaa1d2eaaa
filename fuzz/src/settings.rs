//! Settings: properties files, and what a topic is configured with.

use std::collections::BTreeMap;
use std::sync::Arc;

use klamm_settings::{
    EffectiveBroker, Settings, check_topic, check_topic_value, describe_broker, describe_topic, resolve_topic,
};

/// Properties files: they are taken or refused with words, the same each time, and what was taken can be described.
pub fn settings_load(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let load = || Settings::load(Some(("server.properties", &text)), &[]);
    let loaded = match load() {
        Ok(loaded) => loaded,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert_eq!(load().err(), Some(error));
            return;
        }
    };
    let broker = EffectiveBroker::new(Arc::new(loaded.settings));
    assert!(!describe_broker(&broker).is_empty());
    let _ = resolve_topic(&BTreeMap::new(), &broker);
}

/// A topic's configuration, a line for each key: a broker lives with every one, and refuses as a whole what has a part
/// that it refuses.
pub fn settings_topic(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let values: BTreeMap<String, String> = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let settings = Settings::load(None, &[]).expect("settings without a file").settings;
    let broker = EffectiveBroker::new(Arc::new(settings));
    if check_topic(&values, &broker).is_ok() {
        for (key, value) in &values {
            assert_eq!(check_topic_value(key, value), Ok(()));
        }
    }
    let _ = resolve_topic(&values, &broker);
    assert!(!describe_topic(&values, &broker).is_empty());
}

/// Files as Kafka ships them, and their oddities: comments, continued lines, escapes, separators.
pub fn properties_seeds() -> Vec<Vec<u8>> {
    let node = "process.roles=broker,controller\nnode.id=1\nlog.dirs=/tmp/a,/tmp/b\n\
                controller.quorum.voters=1@localhost:9093\ncontroller.listener.names=CONTROLLER\n\
                listeners=PLAINTEXT://:9092,CONTROLLER://:9093\nadvertised.listeners=PLAINTEXT://localhost:9092\n\
                listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL\n";
    let small = "process.roles=broker,controller\nnode.id=1\nlog.dirs=data\n";
    let keys = "num.partitions=3\nlog.retention.hours=168\nlog.retention.ms=-1\nlog.segment.bytes=1073741824\n\
                log.cleanup.policy=compact,delete\ncompression.type=zstd\nauto.create.topics.enable=false\n\
                message.timestamp.type=LogAppendTime\nmax.connections.per.ip.overrides=127.0.0.1:7,::1:9\n\
                min.insync.replicas=1\noffsets.topic.num.partitions=50\ngroup.min.session.timeout.ms=6000\n\
                inter.broker.listener.name=PLAINTEXT\nunknown.key=x\nzookeeper.connect=a:2181\n";
    let odd = "! a comment\r\nnum.partitions : 4\\\n  2\n\tnode.id 7\nbroker.rack=\\u0041\\t\\:b\\\n\nlog.dir=\n";
    [node.to_owned(), small.to_owned(), format!("{small}{keys}"), format!("{node}{keys}"), format!("{small}{odd}")]
        .map(String::into_bytes)
        .to_vec()
}

/// Configurations of one and of many keys.
pub fn topic_seeds() -> Vec<Vec<u8>> {
    let many = "cleanup.policy=compact,delete\nretention.ms=-1\nretention.bytes=1000\nsegment.bytes=1048576\n\
                compression.type=lz4\nmessage.timestamp.type=LogAppendTime\nmin.compaction.lag.ms=5\n\
                max.compaction.lag.ms=9\nmin.insync.replicas=2\nmax.message.bytes=100\nflush.ms=1\n\
                unclean.leader.election.enable=true\nmin.cleanable.dirty.ratio=0.5\ndelete.retention.ms=0\n";
    let replicas = "leader.replication.throttled.replicas=0:1,1:2\nfollower.replication.throttled.replicas=*\n";
    [many, replicas, "retention.ms=1000", "nothing.known=1"].map(|text| text.as_bytes().to_vec()).to_vec()
}
