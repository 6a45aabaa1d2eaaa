//! Batches of metadata records.

use std::sync::Arc;

use klamm_base::{LeaderEpoch, NodeId, ProducerId, TopicId};
use klamm_metadata::{
    Broker, ConfigResource, Endpoint, Partition, Position, Record, ResourceKind, SecurityProtocol, check, codec,
    snapshot,
};

const CRC_BYTES: usize = 4;

/// Batches of records: what was read can be written and read again; if the records fit an image, the image can be
/// taken apart and put together. An odd first byte gives the rest a fitting CRC.
pub fn metadata_records(data: &[u8]) {
    let Some((seal, batch)) = data.split_first() else { return };
    let mut batch = batch.to_vec();
    if let (1, Some(head)) = (seal & 1, batch.len().checked_sub(CRC_BYTES)) {
        let crc = crc32c::crc32c(&batch[..head]);
        batch[head..].copy_from_slice(&crc.to_be_bytes());
    }
    let Ok(records) = codec::decode(&batch) else { return };
    assert_eq!(codec::decode(&codec::encode(&records)).as_ref(), Ok(&records));
    let at = Position { index: 7, term: 1 };
    let Ok(image) = snapshot::image(&records, at) else { return };
    let _ = check(&image);
    let apart: Vec<Record> = snapshot::records(&image).collect();
    assert_eq!(snapshot::image(&apart, at), Ok(image));
}

fn broker(id: i32) -> Broker {
    Broker {
        id: NodeId(id),
        epoch: 40,
        incarnation: TopicId([3; 16]),
        rack: Some("r1".into()),
        endpoints: vec![Endpoint {
            listener: "PLAINTEXT".into(),
            host: "localhost".into(),
            port: 9092,
            protocol: SecurityProtocol::Plaintext,
        }],
        fenced: false,
        directories: vec![TopicId([4; 16])],
    }
}

fn topic(name: &str, id: u8) -> [Record; 3] {
    let topic = TopicId::from_random([id; 16]);
    let partition = |partition| {
        let state = Partition::new(vec![NodeId(1), NodeId(2)], vec![TopicId::ZERO; 2]);
        Record::Partition { topic, partition, state: Partition { leader_epoch: LeaderEpoch(5), ..state } }
    };
    [Record::Topic { id: topic, name: name.into() }, partition(0), partition(1)]
}

/// A cluster as one batch, and each of its records alone, sealed and not.
pub fn record_seeds() -> Vec<Vec<u8>> {
    let resource = ConfigResource::new(ResourceKind::Topic, "orders");
    let config = |value: Option<&str>| Record::Config {
        resource: resource.clone(),
        name: "retention.ms".into(),
        value: value.map(Into::into),
    };
    let mut records = vec![
        Record::Cluster { id: Arc::from("5L6g3nShT-eMCtK--X86sw") },
        Record::RegisterBroker(broker(1)),
        Record::RegisterBroker(broker(2)),
        Record::FenceBroker { id: NodeId(2), epoch: 40, fenced: true },
        Record::UnregisterBroker { id: NodeId(2), epoch: 40 },
    ];
    records.extend(topic("orders", 1));
    records.extend(topic("payments", 2));
    records.extend([config(Some("1000")), config(None), config(Some("5"))]);
    records.push(Record::RemoveTopic { id: TopicId::from_random([2; 16]) });
    records.push(Record::ProducerIds { broker: NodeId(1), epoch: 40, next: ProducerId(1000) });
    let mut batches = vec![codec::encode(&[]), codec::encode(&records)];
    batches.extend(records.iter().map(|record| codec::encode([record])));
    batches.into_iter().flat_map(|batch| [[&[0][..], &batch].concat(), [&[1][..], &batch].concat()]).collect()
}
