use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Buf, BufMut, BytesMut};
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::metadata_response::MetadataResponseBroker;
use kafka_protocol::messages::{
    ApiVersionsRequest, ApiVersionsResponse, BrokerId, FindCoordinatorRequest, FindCoordinatorResponse,
    HeartbeatRequest, HeartbeatResponse, MetadataRequest, MetadataResponse,
};
use kafka_protocol::protocol::{Encodable, HeaderVersion, Request, StrBytes};
use klamm_base::ErrorCode;
use klamm_env::net::ListenOptions;
use klamm_env::{Env, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{Address, Client, ClientOptions, Connection, Error, To, Verdict};

/// What a broker of a few lines does with a request: its answer, or nothing to hang up.
type Answers = Arc<dyn Fn(i16, i16) -> Option<BytesMut> + Send + Sync>;

fn body(version: i16, answer: &(impl Encodable + HeaderVersion), header: i16) -> Option<BytesMut> {
    let mut bytes = BytesMut::new();
    if header >= 1 {
        bytes.put_u8(0);
    }
    answer.encode(&mut bytes, version).unwrap();
    Some(bytes)
}

fn answer<R: Request>(version: i16, answer: &R::Response) -> Option<BytesMut> {
    body(version, answer, <R::Response as HeaderVersion>::header_version(version))
}

fn versions(high: i16) -> ApiVersionsResponse {
    let api = |key| ApiVersion::default().with_api_key(key).with_min_version(0).with_max_version(high);
    ApiVersionsResponse::default().with_api_keys([3, 10, 12, 18].map(api).to_vec())
}

fn metadata(port: u16, ids: &[i32]) -> MetadataResponse {
    let broker = |id: &i32| {
        let host = StrBytes::from_static_str("nowhere.invalid");
        MetadataResponseBroker::default().with_node_id(BrokerId(*id)).with_host(host).with_port(i32::from(port))
    };
    MetadataResponse::default().with_brokers(ids.iter().map(broker).collect()).with_controller_id(BrokerId(ids[0]))
}

/// Starts a broker that answers as `answers` says; its address.
async fn broker(env: &Env, answers: Answers) -> Address {
    let options = ListenOptions { backlog: 16, send_buffer: -1, receive_buffer: -1 };
    let listener = env.net.listen("127.0.0.1", 0, options).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let tasks = env.tasks.clone();
    env.tasks.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tasks.spawn(serve(stream, answers.clone()));
        }
    });
    Address { host: "127.0.0.1".to_owned(), port }
}

async fn serve(mut stream: Stream, answers: Answers) {
    while let Ok(size) = stream.read_i32().await {
        let mut frame = vec![0; usize::try_from(size).unwrap()];
        stream.read_exact(&mut frame).await.unwrap();
        let mut header = frame.as_slice();
        let (key, version, id) = (header.get_i16(), header.get_i16(), header.get_i32());
        let Some(body) = answers(key, version) else { return };
        let mut out = BytesMut::new();
        out.put_i32(i32::try_from(body.len() + 4).unwrap());
        out.put_i32(id);
        out.extend_from_slice(&body);
        stream.write_all(&out).await.unwrap();
    }
}

fn client(env: &Env, address: &Address, api_timeout_ms: u64) -> Client {
    let mut options = ClientOptions::new(vec![address.clone()], "test");
    options.api_timeout = Duration::from_millis(api_timeout_ms);
    options.retry_backoff = Duration::from_millis(1);
    Client::new(env, options)
}

fn ask_metadata() -> MetadataRequest {
    MetadataRequest::default().with_topics(Some(Vec::new()))
}

#[tokio::test]
async fn a_broker_that_knows_only_old_versions_is_asked_in_them() {
    let env = Env::real();
    let address = broker(
        &env,
        Arc::new(|key, version| match (key, version) {
            (18, 0) => answer::<ApiVersionsRequest>(0, &versions(1)),
            (18, _) => {
                body(0, &ApiVersionsResponse::default().with_error_code(ErrorCode::UnsupportedVersion.code()), 0)
            }
            (_, version) => {
                assert_eq!(version, 1);
                answer::<MetadataRequest>(1, &metadata(1, &[7]))
            }
        }),
    )
    .await;
    let connection = Connection::open(&env, &address, "test", Duration::from_secs(30)).await.unwrap();
    assert_eq!(connection.versions().range(3), Some((0, 1)));
    let brokers = connection.call(&ask_metadata(), Duration::from_secs(30)).await.unwrap().brokers;
    assert_eq!(brokers[0].node_id.0, 7);
}

#[tokio::test]
async fn the_only_broker_is_asked_by_the_way_that_was_found_to_it() {
    let env = Env::real();
    let address = broker(
        &env,
        Arc::new(|key, version| match key {
            18 => answer::<ApiVersionsRequest>(3, &versions(4)),
            3 => answer::<MetadataRequest>(version, &metadata(1, &[5])),
            10 => answer::<FindCoordinatorRequest>(version, &{
                let found = kafka_protocol::messages::find_coordinator_response::Coordinator::default()
                    .with_node_id(BrokerId(5))
                    .with_host(StrBytes::from_static_str("nowhere.invalid"))
                    .with_port(1);
                FindCoordinatorResponse::default().with_coordinators(vec![found])
            }),
            _ => answer::<HeartbeatRequest>(version, &HeartbeatResponse::default()),
        }),
    )
    .await;
    let client = client(&env, &address, 30_000);
    for to in [To::Node(5), To::Controller, To::Group("g".to_owned())] {
        client.call("heartbeat", &to, &HeartbeatRequest::default()).await.unwrap();
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_tried_again_and_an_answer_may_ask_for_another_try() {
    let env = Env::real();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let address = broker(
        &env,
        Arc::new(move |key, version| match key {
            18 => answer::<ApiVersionsRequest>(3, &versions(4)),
            3 => answer::<MetadataRequest>(version, &metadata(1, &[5])),
            _ => match count.fetch_add(1, Ordering::SeqCst) {
                0 => None,
                1 => {
                    let loading = HeartbeatResponse::default();
                    answer::<HeartbeatRequest>(
                        version,
                        &loading.with_error_code(ErrorCode::CoordinatorLoadInProgress.code()),
                    )
                }
                _ => answer::<HeartbeatRequest>(version, &HeartbeatResponse::default()),
            },
        }),
    )
    .await;
    let judge = |answer: &HeartbeatResponse| Verdict::of(answer.error_code);
    let client = client(&env, &address, 30_000);
    let answer = client.call_until("heartbeat", &To::Any, &HeartbeatRequest::default(), judge).await.unwrap();
    assert_eq!((answer.error_code, asked.load(Ordering::SeqCst)), (0, 3));
}

#[tokio::test]
async fn nobody_there_is_told_in_the_java_client_s_words_when_time_is_up() {
    let env = Env::real();
    let options = ListenOptions { backlog: 1, send_buffer: -1, receive_buffer: -1 };
    // Nobody listens there, and nobody else can as long as it is held.
    let reserved = env.net.reserve("127.0.0.1", 0, options).await.unwrap();
    let port = reserved.local_addr().unwrap().port();
    let client = client(&env, &Address { host: "127.0.0.1".to_owned(), port }, 50);
    let error = client.call("listTopics", &To::Any, &ask_metadata()).await.unwrap_err();
    assert_eq!(error.to_string(), "Timed out waiting for a node assignment. Call: listTopics");
}

#[tokio::test]
async fn an_answer_that_is_none_is_an_error_and_no_panic() {
    let env = Env::real();
    let address = broker(
        &env,
        Arc::new(|key, _| match key {
            18 => answer::<ApiVersionsRequest>(3, &versions(4)),
            _ => Some(BytesMut::from(&b"\xff\xff"[..])),
        }),
    )
    .await;
    let error = client(&env, &address, 30_000).call("x", &To::Any, &ask_metadata()).await.unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }), "{error}");
}

/// The broker reads one request and no more, so a large one stays in the pipe when time is up.
#[tokio::test]
async fn a_connection_on_which_a_request_was_given_up_half_written_is_lost() {
    let env = Env::real();
    let options = ListenOptions { backlog: 16, send_buffer: -1, receive_buffer: -1 };
    let listener = env.net.listen("127.0.0.1", 0, options).await.unwrap();
    let address = Address { host: "127.0.0.1".to_owned(), port: listener.local_addr().unwrap().port() };
    env.tasks.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let size = stream.read_i32().await.unwrap();
        stream.read_exact(&mut vec![0; usize::try_from(size).unwrap()]).await.unwrap();
        let body = answer::<ApiVersionsRequest>(3, &versions(3)).unwrap();
        stream.write_i32(i32::try_from(body.len() + 4).unwrap()).await.unwrap();
        stream.write_i32(0).await.unwrap();
        stream.write_all(&body).await.unwrap();
        std::future::pending::<()>().await;
    });
    let connection = Connection::open(&env, &address, "test", Duration::from_secs(30)).await.unwrap();
    let group = StrBytes::from_string("g".repeat(30_000));
    let large = FindCoordinatorRequest::default().with_coordinator_keys(vec![group; 2000]);
    let late = connection.call_at(4, &large, Duration::from_millis(100)).await;
    assert!(matches!(late, Err(Error::TimedOut { .. })), "{late:?}");
    assert!(!connection.is_open());
    let next = connection.call_at(2, &MetadataRequest::default(), Duration::from_secs(30)).await;
    assert!(matches!(next, Err(Error::Lost { .. })), "{next:?}");
    env.tasks.stop();
}
