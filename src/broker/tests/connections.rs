//! A broker's connections: order, half frames, limits, the end.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod common;

use common::ask::{self, FETCH_VERSION, PRODUCE_VERSION};
use common::{Client, PATIENCE, start, start_with, stop};
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    ApiVersionsRequest, CreatePartitionsRequest, DeleteRecordsRequest, DescribeClusterRequest, FetchRequest,
    HeartbeatRequest, ListOffsetsRequest, MetadataRequest, ProduceRequest,
};
use klamm_base::ErrorCode;
use tokio::time::{Instant, timeout};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pipelined_requests_are_served_and_answered_in_order_n7() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start(dir.path()).await;
    let mut client = Client::to(&broker).await;
    ask::create(&mut client, "t", 1).await;
    let mut bytes = Vec::new();
    let mut ids = Vec::new();
    for n in 0..50 {
        for (frame, id) in [
            client.frame(&ask::produce_request("t", 1, ask::batch(&[&n.to_string()])), PRODUCE_VERSION),
            client.frame(&ask::fetch_request("t", n, 0), FETCH_VERSION),
            client.frame(&ask::metadata("t"), 9),
        ] {
            bytes.extend_from_slice(&frame);
            ids.push(id);
        }
    }
    client.write(&bytes).await;
    for (n, ids) in ids.chunks(3).enumerate() {
        let produced = client.receive::<ProduceRequest>(PRODUCE_VERSION, ids[0]).await;
        assert_eq!(produced.responses[0].partition_responses[0].base_offset, n as i64);
        let fetched = client.receive::<FetchRequest>(FETCH_VERSION, ids[1]).await;
        assert_eq!(ask::values(&fetched.responses[0].partitions[0]), [n.to_string()], "it sees what came before it");
        client.receive::<MetadataRequest>(9, ids[2]).await;
    }
    stop(broker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_waits_holds_up_what_comes_behind_it_and_nothing_before_it_n8() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start(dir.path()).await;
    let (mut client, mut other) = (Client::to(&broker).await, Client::to(&broker).await);
    ask::create(&mut client, "t", 1).await;
    let (before, first) = client.frame(&ask::metadata("t"), 9);
    // The fetch would wait for longer than anybody here does.
    let (waits, second) = client.frame(&ask::fetch_request("t", 0, 600_000), FETCH_VERSION);
    let (behind, third) = client.frame(&ask::metadata("t"), 9);
    client.write(&[before, waits, behind].concat()).await;
    client.receive::<MetadataRequest>(9, first).await;
    assert!(client.is_silent().await);
    ask::produce(&mut other, "t", &["a"]).await;
    let fetched = client.receive::<FetchRequest>(FETCH_VERSION, second).await;
    assert_eq!(ask::values(&fetched.responses[0].partitions[0]), ["a"]);
    client.receive::<MetadataRequest>(9, third).await;
    stop(broker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_may_come_byte_by_byte_and_two_may_come_in_one_and_a_half() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start(dir.path()).await;
    let mut client = Client::to(&broker).await;
    let (frame, id) = client.frame(&ApiVersionsRequest::default(), 2);
    for byte in &frame {
        client.write(&[*byte]).await;
        tokio::task::yield_now().await;
    }
    client.receive::<ApiVersionsRequest>(2, id).await;
    let (first, first_id) = client.frame(&ask::metadata("t"), 9);
    let (second, second_id) = client.frame(&DescribeClusterRequest::default(), 0);
    let (half, rest) = second.split_at(second.len() / 2);
    client.write(&[&first[..], half].concat()).await;
    client.receive::<MetadataRequest>(9, first_id).await;
    assert!(client.is_silent().await);
    client.write(rest).await;
    client.receive::<DescribeClusterRequest>(0, second_id).await;
    stop(broker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sizes_that_are_not_allowed_close_without_an_answer_n1() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start_with(dir.path(), &[("socket.request.max.bytes", "2000")]).await;
    let mut sound = Client::to(&broker).await;
    for size in [0, -1, i32::MIN, 2001, i32::MAX, i32::from_be_bytes(*b"GET "), i32::from_be_bytes([22, 3, 1, 2])] {
        let mut client = Client::to(&broker).await;
        client.write(&size.to_be_bytes()).await;
        assert!(client.read().await.is_none(), "{size}");
    }
    let mut patient = Client::to(&broker).await;
    patient.write(&2000i32.to_be_bytes()).await;
    assert!(patient.is_silent().await, "exactly the limit is waited for");
    sound.call(&ApiVersionsRequest::default(), 2).await;
    stop(broker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_answer_closes_after_the_answers_to_what_came_before_n3_b7() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start(dir.path()).await;
    let unknown_key = [0, 0, 0, 10, 0x7f, 0xff, 0, 0, 0, 0, 0, 1, 0xff, 0xff];
    let too_new = {
        let mut client = Client::to(&broker).await;
        let mut frame = client.frame(&ask::metadata("t"), 9).0.to_vec();
        frame[6..8].copy_from_slice(&99i16.to_be_bytes());
        frame
    };
    let cut_body = {
        let mut client = Client::to(&broker).await;
        let frame = client.frame(&ask::metadata("t"), 9).0;
        let mut cut = frame[..frame.len() - 3].to_vec();
        let size = cut.len() as i32 - 4;
        cut[..4].copy_from_slice(&size.to_be_bytes());
        cut
    };
    let empty_header = vec![0, 0, 0, 1, 0];
    for refused in [unknown_key.to_vec(), too_new, cut_body, empty_header] {
        let mut client = Client::to(&broker).await;
        let (before, id) = client.frame(&ask::metadata("t"), 9);
        let (behind, _) = client.frame(&ask::metadata("t"), 9);
        let much = behind.repeat(2000);
        client.write(&[&before[..], &refused, &much].concat()).await;
        client.receive::<MetadataRequest>(9, id).await;
        assert!(client.read().await.is_none(), "and nothing behind it is served");
    }
    stop(broker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acks_0_is_never_answered_and_its_failure_closes_p6() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start(dir.path()).await;
    let mut client = Client::to(&broker).await;
    ask::create(&mut client, "t", 1).await;
    client.send(&ask::produce_request("t", 0, ask::batch(&["a"])), PRODUCE_VERSION).await;
    assert_eq!(ask::values(&ask::fetch(&mut client, "t", 0).await), ["a"], "the next answer is the fetch's");
    client.send(&ask::produce_request("missing", 0, ask::batch(&["b"])), PRODUCE_VERSION).await;
    assert!(client.read().await.is_none());
    stop(broker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_beyond_a_bound_are_closed_and_give_way_when_one_ends_n10() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start_with(dir.path(), &[("max.connections.per.ip", "2")]).await;
    let (mut first, mut second) = (Client::to(&broker).await, Client::to(&broker).await);
    first.call(&ApiVersionsRequest::default(), 2).await;
    second.call(&ApiVersionsRequest::default(), 2).await;
    assert!(Client::to(&broker).await.read().await.is_none(), "the third is closed");
    drop(first);
    let admitted = async {
        loop {
            let mut next = Client::to(&broker).await;
            let (frame, _) = next.frame(&ApiVersionsRequest::default(), 2);
            next.write(&frame).await;
            if next.read().await.is_some() {
                break;
            }
        }
    };
    timeout(PATIENCE, admitted).await.expect("the place of the first is free again");
    second.call(&ApiVersionsRequest::default(), 2).await;
    stop(broker).await;
}

async fn with_a_topic(dir: &std::path::Path) -> klamm_broker::Broker {
    let broker = start(dir).await;
    ask::create(&mut Client::to(&broker).await, "t", 1).await;
    broker
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_connection_is_closed_and_one_that_waits_for_records_is_not_n10_u6() {
    let dir = tempfile::tempdir().unwrap();
    stop(with_a_topic(dir.path()).await).await;
    let broker = start_with(dir.path(), &[("connections.max.idle.ms", "1000")]).await;
    let mut waits = Client::to(&broker).await;
    // Begun after its request was sent, those beside it are closed while it waits, and its own answer comes later still.
    let id = waits.send(&ask::fetch_request("t", 0, 600_000), FETCH_VERSION).await;
    let (mut idle, mut half) = (Client::to(&broker).await, Client::to(&broker).await);
    half.write(&[0, 0]).await;
    assert!(idle.read().await.is_none());
    assert!(half.read().await.is_none());
    ask::produce(&mut Client::to(&broker).await, "t", &["a"]).await;
    let fetched = waits.receive::<FetchRequest>(FETCH_VERSION, id).await;
    assert_eq!(ask::values(&fetched.responses[0].partitions[0]), ["a"]);
    stop(broker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_ends_idle_half_and_waiting_connections_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start(dir.path()).await;
    let mut maker = Client::to(&broker).await;
    ask::create(&mut maker, "t", 1).await;
    let (mut idle, mut half, mut waits) =
        (Client::to(&broker).await, Client::to(&broker).await, Client::to(&broker).await);
    idle.call(&ApiVersionsRequest::default(), 2).await;
    half.write(&[0, 0, 1]).await;
    waits.send(&ask::fetch_request("t", 0, 600_000), FETCH_VERSION).await;
    assert!(waits.is_silent().await);
    let began = Instant::now();
    stop(broker).await;
    println!("a stop with four connections took {:?}", began.elapsed());
    for client in [&mut idle, &mut half, &mut waits] {
        assert!(client.read().await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fetch_that_waits_on_a_topic_is_told_when_the_topic_goes_f5() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start(dir.path()).await;
    let (mut client, mut waits) = (Client::to(&broker).await, Client::to(&broker).await);
    ask::create(&mut client, "t", 1).await;
    let id = waits.send(&ask::fetch_request("t", 0, 600_000), FETCH_VERSION).await;
    assert!(waits.is_silent().await);
    ask::delete(&mut client, "t").await;
    let fetched = waits.receive::<FetchRequest>(FETCH_VERSION, id).await;
    assert_eq!(fetched.responses[0].partitions[0].error_code, ErrorCode::UnknownTopicOrPartition.code());
    stop(broker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_while_its_request_waits_disturbs_nobody_n9() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start(dir.path()).await;
    let mut client = Client::to(&broker).await;
    ask::create(&mut client, "t", 1).await;
    for _ in 0..20 {
        let mut gone = Client::to(&broker).await;
        gone.send(&ask::fetch_request("t", 0, 600_000), FETCH_VERSION).await;
        gone.send(&HeartbeatRequest::default(), 4).await;
    }
    assert_eq!(ask::produce(&mut client, "t", &["a"]).await.error_code, 0);
    assert_eq!(ask::values(&ask::fetch(&mut client, "t", 0).await), ["a"]);
    stop(broker).await;
}

/// A request of some megabytes must not cost the square of its entries.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_name_very_many_partitions_are_answered() {
    const MANY: i32 = 200_000;
    let dir = tempfile::tempdir().unwrap();
    let broker = start(dir.path()).await;
    let mut client = Client::to(&broker).await;
    ask::create(&mut client, "t", 1).await;
    let partitions = || (1..=MANY).flat_map(|index| [index, 0]);

    let asked = partitions().map(|index| ListOffsetsPartition::default().with_partition_index(index));
    let topic = ListOffsetsTopic::default().with_name(ask::name("t")).with_partitions(asked.collect());
    let listed = client.call(&ListOffsetsRequest::default().with_topics(vec![topic]), 4).await;
    assert_eq!(listed.topics[0].partitions.len(), MANY as usize + 1);
    let of_zero = listed.topics[0].partitions.iter().find(|part| part.partition_index == 0).unwrap();
    assert_eq!(of_zero.error_code, ErrorCode::InvalidRequest.code(), "L5");

    let asked = partitions().map(|index| DeleteRecordsPartition::default().with_partition_index(index));
    let topic = DeleteRecordsTopic::default().with_name(ask::name("t")).with_partitions(asked.collect());
    let deleted = client.call(&DeleteRecordsRequest::default().with_topics(vec![topic]), 1).await;
    assert_eq!(deleted.topics[0].partitions.len(), MANY as usize + 1);

    let asked = partitions().map(|index| PartitionProduceData::default().with_index(index));
    let topic = TopicProduceData::default().with_name(ask::name("t")).with_partition_data(asked.collect());
    let request = ProduceRequest::default().with_acks(1).with_topic_data(vec![topic]);
    let produced = client.call(&request, PRODUCE_VERSION).await;
    assert_eq!(produced.responses[0].partition_responses.len(), MANY as usize + 1);

    let topics = (0..MANY).map(|n| CreatePartitionsTopic::default().with_name(ask::name(&format!("{}", n / 2))));
    let request = CreatePartitionsRequest::default().with_topics(topics.collect()).with_timeout_ms(30_000);
    assert_eq!(client.call(&request, 1).await.results.len(), MANY as usize / 2);
    stop(broker).await;
}
