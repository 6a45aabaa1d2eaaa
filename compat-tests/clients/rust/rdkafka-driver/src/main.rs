//! The driver of rdkafka: the Rust binding over a librdkafka that is built from the sources in the crate.

use std::future::Future;

use contract::{Outcome, WAIT, group_of_two, late_records, list, number, pack, starts, text, until};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::{BorrowedMessage, Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::{Value, json};

mod admin;
mod member;

use member::GroupMember;

const POLL: std::time::Duration = std::time::Duration::from_millis(100);

fn config(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    config
}

fn consumer(bootstrap: &str, group: &str) -> Outcome<BaseConsumer> {
    let mut config = config(bootstrap);
    config.set("group.id", group).set("enable.auto.commit", "false").set("auto.offset.reset", "earliest");
    config.set("session.timeout.ms", "10000").set("heartbeat.interval.ms", "500").set("fetch.wait.max.ms", "100");
    Ok(config.create()?)
}

fn block_on<T>(work: impl Future<Output = T>) -> Outcome<T> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work))
}

fn produce(bootstrap: &str, topic: &str, args: &Value) -> Outcome<Value> {
    let mut config = config(bootstrap);
    config.set("compression.type", args["codec"].as_str().unwrap_or("none")).set("acks", "all").set("linger.ms", "50");
    config.set("enable.idempotence", if args["idempotent"] == json!(true) { "true" } else { "false" });
    let producer: FutureProducer = config.create()?;
    let records = contract::records(args)?;
    let mut deliveries = Vec::new();
    for record in &records {
        let mut message = FutureRecord::<[u8], [u8]>::to(topic).partition(record.partition);
        message.key = record.key.as_deref();
        message.payload = record.value.as_deref();
        message.timestamp = record.timestamp;
        if !record.headers.is_empty() {
            let add = |all: OwnedHeaders, (key, value): &(String, Option<Vec<u8>>)| {
                all.insert(Header { key, value: value.as_ref() })
            };
            message.headers = Some(record.headers.iter().fold(OwnedHeaders::new(), add));
        }
        deliveries.push(producer.send_result(message).map_err(|(failure, _)| failure)?);
    }
    producer.flush(WAIT)?;
    let mut offsets = Vec::new();
    for delivery in deliveries {
        let delivered = block_on(delivery)??.map_err(|(failure, _)| failure)?;
        offsets.push(json!({"partition": delivered.partition, "offset": delivered.offset}));
    }
    Ok(json!({"offsets": offsets}))
}

fn record_out(message: &BorrowedMessage<'_>) -> Value {
    let headers: Vec<Value> = message
        .headers()
        .into_iter()
        .flat_map(|all| all.iter().map(|h| json!([h.key, pack(h.value)])).collect::<Vec<_>>())
        .collect();
    json!({
        "partition": message.partition(), "offset": message.offset(), "timestamp": message.timestamp().to_millis(),
        "key": pack(message.key()), "value": pack(message.payload()), "headers": headers,
    })
}

/// The next message, or none while nothing came.
fn next<'a>(reader: &'a BaseConsumer) -> Outcome<Option<BorrowedMessage<'a>>> {
    Ok(reader.poll(POLL).transpose()?)
}

fn read(bootstrap: &str, topic: &str, starts: &[(i32, i64)], count: usize) -> Outcome<Vec<Value>> {
    let reader = consumer(bootstrap, "unused")?;
    let mut assignment = TopicPartitionList::new();
    for (partition, offset) in starts {
        let offset = if *offset == -2 { Offset::Beginning } else { Offset::Offset(*offset) };
        assignment.add_partition_offset(topic, *partition, offset)?;
    }
    reader.assign(&assignment)?;
    let mut records = Vec::new();
    let look = || {
        while records.len() < count {
            match next(&reader)? {
                Some(message) => records.push(record_out(&message)),
                None => break,
            }
        }
        Ok(records.len())
    };
    until("the records of the topic", look, |seen| *seen == count)?;
    Ok(records)
}

fn consume(bootstrap: &str, topic: &str, args: &Value) -> Outcome<Value> {
    Ok(json!({"records": read(bootstrap, topic, &starts(args)?, usize::try_from(number(args, "count")?)?)?}))
}

fn group(bootstrap: &str, topic: &str, args: &Value) -> Outcome<Value> {
    let name = text(args, "group")?;
    let late = |total| produce(bootstrap, topic, &late_records(total)).map(|_| ());
    group_of_two(|| Ok(Box::new(GroupMember::join(bootstrap, topic, name)?)), late, args)
}

fn commit(bootstrap: &str, topic: &str, args: &Value) -> Outcome<Value> {
    let count = usize::try_from(number(args, "count")?)?;
    let reader = consumer(bootstrap, text(args, "group")?)?;
    reader.subscribe(&[topic])?;
    let mut values: Vec<String> = Vec::new();
    let look = || {
        while values.len() < count {
            let Some(message) = next(&reader)? else { break };
            values.push(String::from_utf8_lossy(message.payload().unwrap_or_default()).into_owned());
            if values.len() == count {
                reader.commit_message(&message, CommitMode::Sync)?;
            }
        }
        Ok(values.len())
    };
    until("the records of the group", look, |seen| *seen == count)?;
    Ok(json!({"values": values, "committed": committed(&reader, topic)?}))
}

/// The committed offset of partition 0, or null.
fn committed(reader: &BaseConsumer, topic: &str) -> Outcome<Option<i64>> {
    let mut asked = TopicPartitionList::new();
    asked.add_partition(topic, 0);
    let answer = reader.committed_offsets(asked, WAIT)?;
    Ok(answer.elements().first().and_then(|part| part.offset().to_raw()).filter(|offset| *offset >= 0))
}

fn times(bootstrap: &str, topic: &str, args: &Value) -> Outcome<Value> {
    let reader = consumer(bootstrap, "unused")?;
    let mut offsets = Vec::new();
    for stamp in list(args, "timestamps")? {
        let mut asked = TopicPartitionList::new();
        asked.add_partition_offset(topic, 0, Offset::Offset(stamp.as_i64().ok_or("a timestamp is no number")?))?;
        let answer = reader.offsets_for_times(asked, WAIT)?;
        let found = answer.elements().first().and_then(|part| part.offset().to_raw());
        offsets.push(found.filter(|offset| *offset >= 0));
    }
    let (low, high) = reader.fetch_watermarks(topic, 0, WAIT)?;
    let start = offsets.first().copied().flatten().ok_or("no offset for the first time")?;
    let first = read(bootstrap, topic, &[(0, start)], 1)?;
    Ok(json!({"offsets": offsets, "earliest": low, "latest": high, "first": first[0]["value"]}))
}

fn main() {
    contract::main(|bootstrap, case, topic, args| match case {
        "produce" => produce(bootstrap, topic, args),
        "consume" => consume(bootstrap, topic, args),
        "group" => group(bootstrap, topic, args),
        "commit" => commit(bootstrap, topic, args),
        "times" => times(bootstrap, topic, args),
        "admin" => admin::topics(bootstrap, topic, args),
        "groups" => admin::groups(bootstrap, topic, args),
        "delete_records" => admin::delete_records(bootstrap, topic, args),
        _ => Err(format!("no case {case}").into()),
    });
}
