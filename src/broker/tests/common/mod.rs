//! What the tests of a whole broker share: a broker in a folder, and a client that speaks to it in bytes.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use klamm_broker::{Birth, Broker, Error};
use klamm_env::Env;
use klamm_settings::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Far longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Starts a broker on any free port whose data lie in `dirs`, separated by commas.
pub async fn try_start(dirs: &str, overrides: &[(&str, &str)]) -> Result<Broker, Error> {
    try_birth(dirs, overrides, Birth::default()).await
}

pub async fn try_birth(dirs: &str, overrides: &[(&str, &str)], birth: Birth) -> Result<Broker, Error> {
    let own = [("listeners", "PLAINTEXT://127.0.0.1:0"), ("log.dirs", dirs), ("klamm.admin.listener", "")];
    let few = [("offsets.topic.num.partitions", "3")];
    let all = own.iter().chain(&few).chain(overrides).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let settings = Settings::load(None, &all.collect::<Vec<_>>()).unwrap().settings;
    timeout(PATIENCE, Broker::start(Env::real(), settings, birth)).await.expect("a start ends")
}

pub async fn start_with(dir: &Path, overrides: &[(&str, &str)]) -> Broker {
    try_start(dir.to_str().unwrap(), overrides).await.unwrap()
}

pub async fn start(dir: &Path) -> Broker {
    start_with(dir, &[]).await
}

pub async fn stop(broker: Broker) {
    timeout(PATIENCE, broker.stop()).await.expect("a stop ends").unwrap();
}

pub fn address(broker: &Broker) -> SocketAddr {
    broker.listening()[0].1
}

/// A connection.
pub struct Client {
    stream: TcpStream,
    correlation: i32,
}

impl Client {
    pub async fn to(broker: &Broker) -> Client {
        Client::at(address(broker)).await
    }

    #[allow(clippy::disallowed_methods, reason = "a client stands outside of the world that the broker lives in")]
    pub async fn at(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream, correlation: 0 }
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// A frame with its size, and the correlation id of its request.
    pub fn frame<R: Request>(&mut self, request: &R, version: i16) -> (Bytes, i32) {
        self.correlation += 1;
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation)
            .with_client_id(Some(StrBytes::from_static_str("test")));
        let mut body = BytesMut::new();
        header.encode(&mut body, R::header_version(version)).unwrap();
        request.encode(&mut body, version).unwrap();
        let mut frame = BytesMut::new();
        frame.put_i32(body.len() as i32);
        frame.put(body);
        (frame.freeze(), self.correlation)
    }

    /// Sends a request without waiting for its answer; its correlation id.
    pub async fn send<R: Request>(&mut self, request: &R, version: i16) -> i32 {
        let (frame, correlation) = self.frame(request, version);
        self.write(&frame).await;
        correlation
    }

    /// The next frame without its size; `None` if the broker has closed the connection.
    pub async fn read(&mut self) -> Option<Bytes> {
        timeout(PATIENCE, self.read_frame()).await.expect("an answer or the end comes")
    }

    async fn read_frame(&mut self) -> Option<Bytes> {
        let size = self.stream.read_i32().await.ok()?;
        let mut frame = vec![0; size as usize];
        self.stream.read_exact(&mut frame).await.ok()?;
        Some(frame.into())
    }

    /// True if nothing comes for a moment.
    pub async fn is_silent(&mut self) -> bool {
        let mut byte = [0];
        timeout(Duration::from_millis(100), self.stream.peek(&mut byte)).await.is_err()
    }

    /// The next answer, which must be to the request with this id.
    pub async fn receive<R: Request>(&mut self, version: i16, correlation: i32) -> R::Response {
        let mut frame = self.read().await.expect("an answer comes");
        let header = ResponseHeader::decode(&mut frame, R::Response::header_version(version)).unwrap();
        assert_eq!(header.correlation_id, correlation, "answers come in the order of their requests (N7)");
        let response = R::Response::decode(&mut frame, version).unwrap();
        assert!(frame.is_empty(), "nothing stands behind the answer");
        response
    }

    pub async fn call<R: Request>(&mut self, request: &R, version: i16) -> R::Response {
        let correlation = self.send(request, version).await;
        self.receive::<R>(version, correlation).await
    }
}

pub mod ask {
    //! Requests and what matters of their answers.

    use bytes::Bytes;
    use kafka_protocol::messages::create_topics_request::CreatableTopic;
    use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
    use kafka_protocol::messages::fetch_response::PartitionData;
    use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
    use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
    use kafka_protocol::messages::produce_response::PartitionProduceResponse;
    use kafka_protocol::messages::{
        CreateTopicsRequest, DeleteTopicsRequest, FetchRequest, MetadataRequest, ProduceRequest, TopicName,
    };
    use kafka_protocol::protocol::StrBytes;
    use klamm_record::{BatchBuilder, Codec, batches, records};
    use uuid::Uuid;

    use super::Client;

    pub const PRODUCE_VERSION: i16 = 9;
    pub const FETCH_VERSION: i16 = 12;

    pub fn name(topic: &str) -> TopicName {
        TopicName(StrBytes::from_string(topic.to_owned()))
    }

    /// Creates a topic; its id.
    pub async fn create(client: &mut Client, topic: &str, partitions: i32) -> Uuid {
        let wanted =
            CreatableTopic::default().with_name(name(topic)).with_num_partitions(partitions).with_replication_factor(1);
        let request = CreateTopicsRequest::default().with_topics(vec![wanted]).with_timeout_ms(10_000);
        let response = client.call(&request, 7).await;
        assert_eq!(response.topics[0].error_code, 0, "{topic} is created");
        response.topics[0].topic_id
    }

    pub async fn delete(client: &mut Client, topic: &str) {
        let request = DeleteTopicsRequest::default().with_topic_names(vec![name(topic)]).with_timeout_ms(10_000);
        assert_eq!(client.call(&request, 5).await.responses[0].error_code, 0, "{topic} is deleted");
    }

    pub fn metadata(topic: &str) -> MetadataRequest {
        let wanted = MetadataRequestTopic::default().with_name(Some(name(topic)));
        MetadataRequest::default().with_topics(Some(vec![wanted]))
    }

    pub fn batch(values: &[&str]) -> Bytes {
        let mut builder = BatchBuilder::new(Codec::None);
        for value in values {
            builder.append(1_750_000_000_000, None, Some(value.as_bytes()), &[]);
        }
        builder.build()
    }

    pub fn produce_request(topic: &str, acks: i16, records: Bytes) -> ProduceRequest {
        let part = PartitionProduceData::default().with_index(0).with_records(Some(records));
        let data = TopicProduceData::default().with_name(name(topic)).with_partition_data(vec![part]);
        ProduceRequest::default().with_acks(acks).with_timeout_ms(10_000).with_topic_data(vec![data])
    }

    /// Produces to partition 0.
    pub async fn produce(client: &mut Client, topic: &str, values: &[&str]) -> PartitionProduceResponse {
        let request = produce_request(topic, -1, batch(values));
        let mut response = client.call(&request, PRODUCE_VERSION).await;
        response.responses.remove(0).partition_responses.remove(0)
    }

    pub fn fetch_request(topic: &str, offset: i64, max_wait_ms: i32) -> FetchRequest {
        let part = FetchPartition::default().with_fetch_offset(offset).with_partition_max_bytes(1 << 20);
        let wanted = FetchTopic::default().with_topic(name(topic)).with_partitions(vec![part]);
        FetchRequest::default()
            .with_max_wait_ms(max_wait_ms)
            .with_min_bytes(1)
            .with_max_bytes(1 << 20)
            .with_session_epoch(-1)
            .with_topics(vec![wanted])
    }

    /// Fetches from partition 0.
    pub async fn fetch(client: &mut Client, topic: &str, offset: i64) -> PartitionData {
        let mut response = client.call(&fetch_request(topic, offset, 0), FETCH_VERSION).await;
        response.responses.remove(0).partitions.remove(0)
    }

    pub fn values(found: &PartitionData) -> Vec<String> {
        let mut values = Vec::new();
        for batch in batches(&found.records.clone().unwrap_or_default()) {
            let batch = batch.unwrap();
            values.extend(
                records(&batch).map(|record| String::from_utf8(record.unwrap().value.unwrap().to_vec()).unwrap()),
            );
        }
        values
    }
}
