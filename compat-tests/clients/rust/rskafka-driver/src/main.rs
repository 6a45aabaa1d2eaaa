//! The driver of rskafka: a small client in Rust alone, with partitions and topics but without groups and idempotence.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use contract::{Failure, Outcome, WAIT, list, number, pack, starts};
use rskafka::chrono::{DateTime, Utc};
use rskafka::client::error::{Error, ProtocolError};
use rskafka::client::partition::{Compression, OffsetAt, PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder};
use rskafka::record::{Record, RecordAndOffset};
use serde_json::{Value, json};

const MAX_FETCH_BYTES: i32 = 50_000_000;
const FETCH_WAIT_MS: i32 = 100;
const ADMIN_TIMEOUT_MS: i32 = 30_000;

fn codec(name: &str) -> Outcome<Compression> {
    match name {
        "none" => Ok(Compression::NoCompression),
        "gzip" => Ok(Compression::Gzip),
        "snappy" => Ok(Compression::Snappy),
        "lz4" => Ok(Compression::Lz4),
        "zstd" => Ok(Compression::Zstd),
        _ => Err(format!("no codec {name}").into()),
    }
}

async fn connect(bootstrap: &str) -> Outcome<Client> {
    Ok(ClientBuilder::new(vec![bootstrap.to_owned()]).build().await?)
}

async fn partition(bootstrap: &str, topic: &str, number: i32) -> Outcome<PartitionClient> {
    Ok(connect(bootstrap).await?.partition_client(topic, number, UnknownTopicHandling::Retry).await?)
}

fn instant(millis: i64) -> Outcome<DateTime<Utc>> {
    DateTime::from_timestamp_millis(millis).ok_or_else(|| format!("{millis} is no timestamp").into())
}

fn now_ms() -> Outcome<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}

fn record_in(record: contract::Record) -> Outcome<Record> {
    let timestamp = instant(record.timestamp.map_or_else(now_ms, Ok)?)?;
    let headers = record
        .headers
        .into_iter()
        .map(|(name, value)| Ok((name, value.ok_or("rskafka sends no header without a value")?)));
    Ok(Record { key: record.key, value: record.value, headers: headers.collect::<Outcome<_>>()?, timestamp })
}

fn record_out(partition: i32, found: &RecordAndOffset) -> Value {
    let record = &found.record;
    let headers: Vec<Value> = record.headers.iter().map(|(name, value)| json!([name, pack(Some(value))])).collect();
    json!({
        "partition": partition, "offset": found.offset, "timestamp": record.timestamp.timestamp_millis(),
        "key": pack(record.key.as_deref()), "value": pack(record.value.as_deref()), "headers": headers,
    })
}

/// Sends the records of each partition as one batch, and answers their offsets in the order of the arguments.
async fn produce(bootstrap: &str, topic: &str, args: &Value) -> Outcome<Value> {
    let compression = codec(args["codec"].as_str().unwrap_or("none"))?;
    let mut batches: BTreeMap<i32, Vec<(usize, Record)>> = BTreeMap::new();
    for (at, record) in contract::records(args)?.into_iter().enumerate() {
        batches.entry(record.partition).or_default().push((at, record_in(record)?));
    }
    let mut offsets = BTreeMap::new();
    for (number, batch) in batches {
        let (places, records): (Vec<usize>, Vec<Record>) = batch.into_iter().unzip();
        let found = partition(bootstrap, topic, number).await?.produce(records, compression).await?;
        offsets.extend(
            places.into_iter().zip(found.into_iter().map(|offset| json!({"partition": number, "offset": offset}))),
        );
    }
    Ok(json!({"offsets": offsets.into_values().collect::<Vec<_>>()}))
}

/// Reads everything from an offset up to the high watermark.
async fn read_partition(bootstrap: &str, topic: &str, number: i32, start: i64) -> Outcome<Vec<Value>> {
    let client = partition(bootstrap, topic, number).await?;
    let mut offset = if start == -2 { client.get_offset(OffsetAt::Earliest).await? } else { start };
    let mut records = Vec::new();
    let end = Instant::now() + WAIT;
    loop {
        let (found, high_watermark) = client.fetch_records(offset, 1..MAX_FETCH_BYTES, FETCH_WAIT_MS).await?;
        records.extend(found.iter().map(|record| record_out(number, record)));
        offset = found.last().map_or(offset, |record| record.offset + 1);
        if offset >= high_watermark {
            return Ok(records);
        }
        if Instant::now() > end {
            return Err(format!("gave up reading {topic}-{number} at offset {offset} of {high_watermark}").into());
        }
    }
}

async fn consume(bootstrap: &str, topic: &str, args: &Value) -> Outcome<Value> {
    let mut records = Vec::new();
    for (partition, offset) in starts(args)? {
        records.extend(read_partition(bootstrap, topic, partition, offset).await?);
    }
    Ok(json!({"records": records}))
}

async fn first_value(bootstrap: &str, topic: &str, start: i64) -> Outcome<Value> {
    let records = read_partition(bootstrap, topic, 0, start).await?;
    Ok(records.first().ok_or("nothing to read")?["value"].clone())
}

async fn times(bootstrap: &str, topic: &str, args: &Value) -> Outcome<Value> {
    let client = partition(bootstrap, topic, 0).await?;
    let mut offsets = Vec::new();
    for stamp in list(args, "timestamps")? {
        let at = instant(stamp.as_i64().ok_or("a timestamp is no number")?)?;
        let offset = client.get_offset(OffsetAt::Timestamp(at)).await?;
        offsets.push((offset >= 0).then_some(offset));
    }
    let (low, high) = (client.get_offset(OffsetAt::Earliest).await?, client.get_offset(OffsetAt::Latest).await?);
    let start = offsets.first().copied().flatten().ok_or("no offset for the first time")?;
    Ok(
        json!({"offsets": offsets, "earliest": low, "latest": high, "first": first_value(bootstrap, topic, start).await?}),
    )
}

async fn partitions_of(client: &Client, topic: &str) -> Outcome<usize> {
    let all = client.list_topics().await?;
    Ok(all.iter().find(|found| found.name == topic).map_or(0, |found| found.partitions.len()))
}

/// Waits until the topic has so many partitions; none of them is a topic that is gone.
async fn until_partitions(client: &Client, topic: &str, wanted: usize) -> Outcome<usize> {
    let end = Instant::now() + WAIT;
    loop {
        let seen = partitions_of(client, topic).await?;
        if seen == wanted {
            return Ok(seen);
        }
        if Instant::now() > end {
            return Err(format!("gave up waiting for {wanted} partitions; last seen: {seen}").into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await; // the pace of polling
    }
}

async fn admin(bootstrap: &str, topic: &str) -> Outcome<Value> {
    let client = connect(bootstrap).await?;
    let controller = client.controller_client()?;
    controller.create_topic(topic, 2, 1, ADMIN_TIMEOUT_MS).await?;
    let made = until_partitions(&client, topic, 2).await?;
    let again = match controller.create_topic(topic, 2, 1, ADMIN_TIMEOUT_MS).await {
        Err(Error::ServerError { protocol_error: ProtocolError::TopicAlreadyExists, .. }) => 36,
        other => return Err(format!("creating a topic twice answered {other:?}").into()),
    };
    controller.delete_topic(topic, ADMIN_TIMEOUT_MS).await?;
    let left = until_partitions(&client, topic, 0).await?;
    Ok(json!({"partitions": made, "duplicate": again, "deleted": left == 0}))
}

async fn delete_records(bootstrap: &str, topic: &str, args: &Value) -> Outcome<Value> {
    let client = partition(bootstrap, topic, 0).await?;
    client.delete_records(number(args, "offset")?, ADMIN_TIMEOUT_MS).await?;
    let earliest = client.get_offset(OffsetAt::Earliest).await?;
    Ok(json!({"earliest": earliest, "first": first_value(bootstrap, topic, -2).await?}))
}

fn bounded(work: impl Future<Output = Outcome<Value>>) -> Outcome<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // rskafka retries for ever, so the whole case is bounded.
    let late = |_| Failure::from(format!("gave up after {WAIT:?}"));
    runtime.block_on(async { tokio::time::timeout(WAIT, work).await.map_err(late)? })
}

fn main() {
    contract::main(|bootstrap, case, topic, args| match case {
        "produce" => bounded(produce(bootstrap, topic, args)),
        "consume" => bounded(consume(bootstrap, topic, args)),
        "times" => bounded(times(bootstrap, topic, args)),
        "admin" => bounded(admin(bootstrap, topic)),
        "delete_records" => bounded(delete_records(bootstrap, topic, args)),
        _ => Err(format!("rskafka has no case {case}").into()),
    });
}
