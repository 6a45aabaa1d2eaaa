//! Records to bytes and back, versioned by hand.
//!
//! ```text
//! batch   := format u8 = 1 | record* | crc32c u32 of all before it, big-endian
//! record  := kind varint | version varint | length varint | body
//! text    := length varint | UTF-8      list := count varint | element*     numbers: zigzag varints
//!
//!  1 Cluster           v0  id text
//!  2 RegisterBroker    v0  id, epoch, incarnation 16 bytes, rack optional text, endpoints list of
//!                          (listener text, host text, port varint, protocol u8), fenced u8, directories list of 16 bytes
//!  3 FenceBroker       v0  id, epoch, fenced u8
//!  4 UnregisterBroker  v0  id, epoch
//!  5 Topic             v0  id 16 bytes, name text
//!  6 RemoveTopic       v0  id 16 bytes
//!  7 Partition         v0  topic 16 bytes, index, replicas list, isr list, leader, leader epoch, partition epoch,
//!                          directories list of 16 bytes
//!  8 Config            v0  resource kind u8, resource name text, key text, value optional text
//!  9 ProducerIds       v0  broker, broker epoch, next
//! ```
//!
//! A kind's layout never changes; a new one gets the next version, and readers keep the old ones. An unknown kind or
//! version is an error: to skip it would make nodes disagree.

use bytes::BufMut;
use klamm_base::{LeaderEpoch, ProducerId};

use crate::bytes::{Reader, put_id, put_list, put_node, put_option, put_str, put_varint, put_zigzag};
use crate::{Broker, ConfigResource, Endpoint, Error, Partition, Record, ResourceKind, SecurityProtocol};

const FORMAT: u8 = 1;
const CRC_BYTES: usize = 4;

/// The batch that holds `records`.
pub fn encode<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<u8> {
    let mut out = vec![FORMAT];
    let mut body = Vec::new();
    for record in records {
        body.clear();
        let (kind, version) = put_body(&mut body, record);
        put_varint(&mut out, kind);
        put_varint(&mut out, version);
        put_varint(&mut out, body.len() as u64);
        out.put_slice(&body);
    }
    let crc = crc32c::crc32c(&out);
    out.put_u32(crc);
    out
}

/// The records of a batch.
///
/// # Errors
/// If the bytes are not a whole batch, or hold a record that this version does not know.
pub fn decode(batch: &[u8]) -> Result<Vec<Record>, Error> {
    let (head, crc) = batch.split_last_chunk::<CRC_BYTES>().ok_or(Error::CutShort)?;
    if crc32c::crc32c(head) != u32::from_be_bytes(*crc) {
        return Err(Error::Checksum);
    }
    let mut reader = Reader(head);
    match reader.u8()? {
        FORMAT => {}
        other => return Err(Error::Format(other)),
    }
    let mut records = Vec::new();
    while !reader.0.is_empty() {
        let (kind, version, len) = (reader.varint()?, reader.varint()?, reader.varint()?);
        let mut body = Reader(reader.slice(len)?);
        records.push(body_of(kind, version, &mut body)?);
        body.end()?;
    }
    Ok(records)
}

fn put_body(out: &mut Vec<u8>, record: &Record) -> (u64, u64) {
    match record {
        Record::Cluster { id } => {
            put_str(out, id);
            (1, 0)
        }
        Record::RegisterBroker(broker) => {
            put_broker(out, broker);
            (2, 0)
        }
        Record::FenceBroker { id, epoch, fenced } => {
            put_node(out, id);
            put_zigzag(out, *epoch);
            out.put_u8(u8::from(*fenced));
            (3, 0)
        }
        Record::UnregisterBroker { id, epoch } => {
            put_node(out, id);
            put_zigzag(out, *epoch);
            (4, 0)
        }
        Record::Topic { id, name } => {
            put_id(out, *id);
            put_str(out, name);
            (5, 0)
        }
        Record::RemoveTopic { id } => {
            put_id(out, *id);
            (6, 0)
        }
        Record::Partition { topic, partition, state } => {
            put_id(out, *topic);
            put_zigzag(out, i64::from(*partition));
            put_partition(out, state);
            (7, 0)
        }
        Record::Config { resource, name, value } => {
            out.put_i8(resource.kind.id());
            put_str(out, &resource.name);
            put_str(out, name);
            put_option(out, value.as_deref());
            (8, 0)
        }
        Record::ProducerIds { broker, epoch, next } => {
            put_node(out, broker);
            put_zigzag(out, *epoch);
            put_zigzag(out, next.0);
            (9, 0)
        }
    }
}

fn put_broker(out: &mut Vec<u8>, broker: &Broker) {
    put_node(out, &broker.id);
    put_zigzag(out, broker.epoch);
    put_id(out, broker.incarnation);
    put_option(out, broker.rack.as_deref());
    put_list(out, &broker.endpoints, |out, endpoint| {
        put_str(out, &endpoint.listener);
        put_str(out, &endpoint.host);
        put_varint(out, u64::from(endpoint.port));
        out.put_u8(endpoint.protocol.id());
    });
    out.put_u8(u8::from(broker.fenced));
    put_list(out, &broker.directories, |out, id| put_id(out, *id));
}

fn put_partition(out: &mut Vec<u8>, state: &Partition) {
    put_list(out, &state.replicas, put_node);
    put_list(out, &state.isr, put_node);
    put_node(out, &state.leader);
    put_zigzag(out, i64::from(state.leader_epoch.0));
    put_zigzag(out, i64::from(state.partition_epoch));
    put_list(out, &state.directories, |out, id| put_id(out, *id));
}

fn body_of(kind: u64, version: u64, body: &mut Reader<'_>) -> Result<Record, Error> {
    Ok(match (kind, version) {
        (1, 0) => Record::Cluster { id: body.shared_str()? },
        (2, 0) => Record::RegisterBroker(broker_of(body)?),
        (3, 0) => Record::FenceBroker { id: body.node()?, epoch: body.zigzag()?, fenced: body.bool()? },
        (4, 0) => Record::UnregisterBroker { id: body.node()?, epoch: body.zigzag()? },
        (5, 0) => Record::Topic { id: body.id()?, name: body.shared_str()? },
        (6, 0) => Record::RemoveTopic { id: body.id()? },
        (7, 0) => Record::Partition { topic: body.id()?, partition: body.i32()?, state: partition_of(body)? },
        (8, 0) => Record::Config {
            resource: resource_of(body)?,
            name: body.str()?.to_owned(),
            value: body.option()?.map(str::to_owned),
        },
        (9, 0) => Record::ProducerIds { broker: body.node()?, epoch: body.zigzag()?, next: ProducerId(body.zigzag()?) },
        _ => return Err(Error::UnknownRecord { kind, version }),
    })
}

fn broker_of(body: &mut Reader<'_>) -> Result<Broker, Error> {
    Ok(Broker {
        id: body.node()?,
        epoch: body.zigzag()?,
        incarnation: body.id()?,
        rack: body.option()?.map(Into::into),
        endpoints: body.list(|body| {
            Ok(Endpoint {
                listener: body.shared_str()?,
                host: body.shared_str()?,
                port: u16::try_from(body.varint()?).map_err(|_| Error::Bad("port"))?,
                protocol: SecurityProtocol::from_id(body.u8()?).ok_or(Error::Bad("security protocol"))?,
            })
        })?,
        fenced: body.bool()?,
        directories: body.list(Reader::id)?,
    })
}

fn partition_of(body: &mut Reader<'_>) -> Result<Partition, Error> {
    Ok(Partition {
        replicas: body.list(Reader::node)?,
        isr: body.list(Reader::node)?,
        leader: body.node()?,
        leader_epoch: LeaderEpoch(body.i32()?),
        partition_epoch: body.i32()?,
        directories: body.list(Reader::id)?,
    })
}

fn resource_of(body: &mut Reader<'_>) -> Result<ConfigResource, Error> {
    let kind = i8::try_from(body.u8()?).ok().and_then(ResourceKind::from_id).ok_or(Error::Bad("resource kind"))?;
    Ok(ConfigResource { kind, name: body.shared_str()? })
}
