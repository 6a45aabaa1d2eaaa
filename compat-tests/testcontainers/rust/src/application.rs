//! What an application does with a broker that has just become ready.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::{Value, json};

use crate::{Outcome, since};

const TOPIC: &str = "orders";
const PARTITIONS: i32 = 3;
const COUNT: usize = 10;
/// Ends a hopeless wait. Nothing here is expected to come near it.
const LIMIT: Duration = Duration::from_secs(60);

fn config(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    config
}

/// Creates a topic, writes to it and reads it back in a group.
pub async fn run(bootstrap: &str) -> Outcome<Value> {
    let ready = Instant::now();
    let admin: AdminClient<DefaultClientContext> = config(bootstrap).create()?;
    let options = AdminOptions::new().request_timeout(Some(LIMIT));
    for made in admin.create_topics([&NewTopic::new(TOPIC, PARTITIONS, TopicReplication::Fixed(1))], &options).await? {
        made.map_err(|(topic, code)| format!("{topic}: {code}"))?;
    }
    let cluster_id = admin.inner().fetch_cluster_id(LIMIT);
    let first_record_ms = write(bootstrap, ready).await?;
    let (values, owned, committed) = read_in_group(bootstrap)?;
    Ok(json!({
        "cluster_id": cluster_id, "first_record_ms": first_record_ms, "group_ms": since(ready),
        "values": values, "owned": owned, "committed": committed,
    }))
}

/// Writes the records one by one; returns how long after `ready` the first was acknowledged, in milliseconds.
async fn write(bootstrap: &str, ready: Instant) -> Outcome<Option<f64>> {
    let producer: FutureProducer = config(bootstrap).set("enable.idempotence", "true").set("linger.ms", "0").create()?;
    let mut first = None;
    for n in 0..COUNT {
        let partition = i32::try_from(n)? % PARTITIONS;
        let value = format!("value-{n}");
        let record = FutureRecord::<(), _>::to(TOPIC).partition(partition).payload(&value);
        producer.send(record, LIMIT).await.map_err(|(failure, _)| failure)?;
        first.get_or_insert_with(|| since(ready));
    }
    Ok(first)
}

/// Every value, the partitions that the only member got, and the sum of the offsets that it committed.
fn read_in_group(bootstrap: &str) -> Outcome<(Vec<String>, BTreeSet<i32>, i64)> {
    let consumer: BaseConsumer = config(bootstrap)
        .set("group.id", "readers")
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .create()?;
    consumer.subscribe(&[TOPIC])?;
    let (mut values, deadline) = (Vec::new(), Instant::now() + LIMIT);
    while values.len() < COUNT {
        if Instant::now() > deadline {
            return Err(format!("{} of {COUNT} records in a group", values.len()).into());
        }
        if let Some(message) = consumer.poll(Duration::from_millis(100)).transpose()? {
            values.push(String::from_utf8_lossy(message.payload().unwrap_or_default()).into_owned());
        }
    }
    consumer.commit_consumer_state(CommitMode::Sync)?;
    let owned = consumer.assignment()?.elements().iter().map(|part| part.partition()).collect();
    let offsets = consumer.committed(LIMIT)?;
    let committed = offsets.elements().iter().filter_map(|part| part.offset().to_raw()).filter(|offset| *offset > 0).sum();
    Ok((values, owned, committed))
}
