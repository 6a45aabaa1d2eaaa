//! A broker's birth and death: what is there right after a start, what survives a stop, what a start that fails leaves.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod common;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use common::{Client, address, ask, start, start_with, stop, try_birth, try_start};
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    DescribeClusterRequest, FindCoordinatorRequest, GroupId, IncrementalAlterConfigsRequest, InitProducerIdRequest,
    JoinGroupRequest, MetadataRequest, ProduceRequest,
};
use kafka_protocol::protocol::StrBytes;
use klamm_base::ErrorCode;
use klamm_broker::{Birth, ClusterWish, TopicWish};
use klamm_env::{Disk, DiskOs};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

/// The folder and every file and folder under it: when it was written, in nanoseconds, and a file's bytes.
fn snapshot(folder: &Path) -> BTreeMap<PathBuf, (i128, Option<Bytes>)> {
    let written = |path: &Path| {
        let meta = path.metadata().unwrap();
        i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec())
    };
    let mut found = BTreeMap::from([(folder.to_owned(), (written(folder), None))]);
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        for entry in DiskOs.list(&folder).unwrap() {
            let path = folder.join(&entry.name);
            let bytes = if entry.is_dir { None } else { Some(DiskOs.read(&path).unwrap()) };
            found.insert(path.clone(), (written(&path), bytes));
            if entry.is_dir {
                left.push(path);
            }
        }
    }
    found
}

fn write(path: &Path, text: &str) {
    DiskOs.create_dir_all(path.parent().unwrap()).unwrap();
    DiskOs.replace(path, text.as_bytes()).unwrap();
}

/// A start of a birth that fails, and leaves the folder as it was.
async fn refused_birth(dir: &Path, birth: Birth) -> String {
    let before = snapshot(dir);
    let said = match try_birth(text(dir), &[], birth).await {
        Ok(_) => panic!("that must not start"),
        Err(error) => error.to_string(),
    };
    assert_eq!(snapshot(dir), before, "{said}");
    said
}

fn of_cluster(value: &str, strict: bool) -> Birth {
    let cluster_id = Some(ClusterWish { value: value.to_owned(), strict });
    Birth { cluster_id, ..Birth::default() }
}

async fn cluster_id(broker: &klamm_broker::Broker) -> String {
    let told = Client::to(broker).await.call(&DescribeClusterRequest::default(), 0).await;
    told.cluster_id.to_string()
}

/// The one line of a start that fails.
async fn refusal(dirs: &str, overrides: &[(&str, &str)]) -> String {
    match try_start(dirs, overrides).await {
        Ok(_) => panic!("that must not start"),
        Err(error) => {
            let text = error.to_string();
            assert!(!text.is_empty() && !text.contains('\n'), "one line: {text:?}");
            text
        }
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_brokers_live_in_one_process_and_know_nothing_of_each_other() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let one = start_with(dirs[0].path(), &[("node.id", "1"), ("klamm.admin.listener", "127.0.0.1:0")]).await;
    let two = start_with(dirs[1].path(), &[("node.id", "2"), ("klamm.admin.listener", "127.0.0.1:0")]).await;
    let (mut first, mut second) = (Client::to(&one).await, Client::to(&two).await);
    let clusters = [
        first.call(&DescribeClusterRequest::default(), 0).await,
        second.call(&DescribeClusterRequest::default(), 0).await,
    ];
    assert_ne!(clusters[0].cluster_id, clusters[1].cluster_id);
    assert_eq!([clusters[0].brokers[0].broker_id.0, clusters[1].brokers[0].broker_id.0], [1, 2]);
    ask::create(&mut first, "t", 1).await;
    ask::produce(&mut first, "t", &["a"]).await;
    let unknown = ErrorCode::UnknownTopicOrPartition.code();
    assert_eq!(ask::fetch(&mut second, "t", 0).await.error_code, unknown);
    let told = |text: &str| text.contains("messagesin_total{topic=\"t\"} 1");
    assert!(told(&http(&one, "/metrics").await), "one broker counts it");
    assert!(!told(&http(&two, "/metrics").await), "the other does not");
    stop(one).await;
    ask::create(&mut second, "t", 1).await;
    assert_eq!(ask::produce(&mut second, "t", &["b"]).await.error_code, 0, "one's stop is not the other's");
    stop(two).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_produced_is_there_after_a_stop_and_a_start() {
    let dir = tempfile::tempdir().unwrap();
    let mut kept = Vec::new();
    for round in 0..4 {
        let broker = start(dir.path()).await;
        let mut client = Client::to(&broker).await;
        if round == 0 {
            ask::create(&mut client, "t", 2).await;
        } else {
            assert_eq!(ask::values(&ask::fetch(&mut client, "t", 0).await), kept, "round {round}");
        }
        let value = format!("round {round}");
        assert_eq!(ask::produce(&mut client, "t", &[&value]).await.base_offset, round);
        kept.push(value);
        let began = Instant::now();
        stop(broker).await;
        println!("a stop took {:?}", began.elapsed());
        assert!(DiskOs.exists(&dir.path().join(".kafka_cleanshutdown")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_requests_after_a_start_succeed() {
    let dir = tempfile::tempdir().unwrap();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let broker = start(dir.path()).await;
        let mut client = Client::to(&broker).await;
        let protocol = JoinGroupRequestProtocol::default()
            .with_name(StrBytes::from_static_str("range"))
            .with_metadata(Bytes::from_static(b"m"));
        let join = JoinGroupRequest::default()
            .with_group_id(GroupId(StrBytes::from_static_str("g")))
            .with_session_timeout_ms(10_000)
            .with_rebalance_timeout_ms(10_000)
            .with_protocol_type(StrBytes::from_static_str("consumer"))
            .with_protocols(vec![protocol]);
        let joined = client.call(&join, 3).await;
        assert_eq!((joined.error_code, joined.members.len()), (0, 1));
        let id = client.call(&InitProducerIdRequest::default().with_transactional_id(None), 4).await;
        assert_eq!(id.error_code, 0);
        ids.push(id.producer_id.0);
        let find = FindCoordinatorRequest::default().with_key(StrBytes::from_static_str("g"));
        let found = client.call(&find, 3).await;
        assert_eq!((found.error_code, found.port), (0, i32::from(address(&broker).port())));
        stop(broker).await;
    }
    ids.dedup();
    assert_eq!(ids.len(), 3, "no producer id is given twice (I14)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_came_back_is_told_apart_by_its_id_p2() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start(dir.path()).await;
    let mut client = Client::to(&broker).await;
    let old = ask::create(&mut client, "t", 1).await;
    ask::delete(&mut client, "t").await;
    let new = ask::create(&mut client, "t", 1).await;
    for (id, code) in [(old, ErrorCode::UnknownTopicId), (new, ErrorCode::None)] {
        let part = PartitionProduceData::default().with_index(0).with_records(Some(ask::batch(&["a"])));
        let data = TopicProduceData::default().with_topic_id(id).with_partition_data(vec![part]);
        let request = ProduceRequest::default().with_acks(1).with_timeout_ms(1000).with_topic_data(vec![data]);
        let response = client.call(&request, 13).await;
        assert_eq!(response.responses[0].partition_responses[0].error_code, code.code());
    }
    assert_eq!(ask::values(&ask::fetch(&mut client, "t", 0).await), ["a"]);
    stop(broker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_in_use_is_refused_and_left_alone_w11() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start(dir.path()).await;
    let mut client = Client::to(&broker).await;
    ask::create(&mut client, "t", 1).await;
    let said = refusal(text(dir.path()), &[]).await;
    assert!(said.contains("in use by another process"), "{said}");
    assert_eq!(ask::produce(&mut client, "t", &["a"]).await.error_code, 0, "the one that has it goes on");
    stop(broker).await;
    let before = snapshot(dir.path());
    let lock = DiskOs.lock(&dir.path().join(".lock")).unwrap();
    refusal(text(dir.path()), &[]).await;
    assert_eq!(snapshot(dir.path()), before);
    drop(lock);
    stop(start(dir.path()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_of_another_node_is_refused_and_left_alone_w11() {
    let dir = tempfile::tempdir().unwrap();
    stop(start(dir.path()).await).await;
    let before = snapshot(dir.path());
    let said = refusal(text(dir.path()), &[("node.id", "7")]).await;
    assert!(said.contains("belongs to node 1, not to node 7"), "{said}");
    assert_eq!(snapshot(dir.path()), before);
    stop(start(dir.path()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_of_another_cluster_is_refused_and_left_alone_w11() {
    let (own, foreign) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    stop(start(own.path()).await).await;
    stop(start(foreign.path()).await).await;
    let before = [snapshot(own.path()), snapshot(foreign.path())];
    let both = format!("{},{}", text(own.path()), text(foreign.path()));
    let said = refusal(&both, &[]).await;
    assert!(said.contains("belongs to cluster"), "{said}");
    assert_eq!([snapshot(own.path()), snapshot(foreign.path())], before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_for_a_cluster_id_is_kept_and_another_one_is_refused_or_overruled() {
    let dir = tempfile::tempdir().unwrap();
    let broker = try_birth(text(dir.path()), &[], of_cluster("any-text", true)).await.unwrap();
    assert_eq!(cluster_id(&broker).await, "any-text");
    stop(broker).await;
    let said = refused_birth(dir.path(), of_cluster("other", true)).await;
    let expected =
        format!("Invalid cluster.id in: {}/meta.properties. Expected other, but read any-text", dir.path().display());
    assert_eq!(said, expected);
    for birth in [of_cluster("other", false), of_cluster("any-text", true), Birth::default()] {
        let broker = try_birth(text(dir.path()), &[], birth).await.unwrap();
        assert_eq!(cluster_id(&broker).await, "any-text");
        stop(broker).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_that_was_only_formatted_starts_with_its_cluster_id() {
    let dir = tempfile::tempdir().unwrap();
    let meta = "version=1\ncluster.id=4L6g3nShT-eMCtK--X86sw\nnode.id=1\ndirectory.id=4nEmHXvYQMyKUYLDCMpGng\n";
    write(&dir.path().join("meta.properties"), meta);
    refused_birth(dir.path(), of_cluster("5L6g3nShT-eMCtK--X86sw", true)).await;
    let broker = start(dir.path()).await;
    assert_eq!(cluster_id(&broker).await, "4L6g3nShT-eMCtK--X86sw");
    stop(broker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_keeps_a_broker_from_starting_leaves_its_directory_alone() {
    let dirs = tempfile::tempdir().unwrap();
    let dir = dirs.path().join("data");
    stop(start(&dir).await).await;
    let (meta, offsets) = (dir.join("meta.properties"), dir.join("log-start-offset-checkpoint"));
    for (file, damage, named) in [
        (&meta, "version=1\ncluster.id=A\n", "node.id is missing"),
        (&meta, "\u{0}\u{1}", "cluster.id is missing"),
        (&offsets, "0\n7\n", "log-start-offset-checkpoint"),
    ] {
        let good = DiskOs.read(file).unwrap();
        write(file, damage);
        let said = refused_birth(&dir, Birth::default()).await;
        assert!(said.contains(named), "{said}");
        DiskOs.replace(file, &good).unwrap();
    }
    for bad_id in ["", "a b"] {
        refused_birth(&dir, of_cluster(bad_id, true)).await;
    }
    let holder = start(&dirs.path().join("holder")).await;
    let taken = address(&holder).to_string();
    let before = snapshot(&dir);
    for (key, value) in [
        ("klamm.admin.listener", taken.clone()),
        ("listeners", format!("A://127.0.0.1:0,PLAINTEXT://{taken}")),
        // No resolver asks anybody for a name with so long a part.
        ("listeners", format!("PLAINTEXT://{}.invalid:0", "x".repeat(64))),
    ] {
        let map = ("listener.security.protocol.map", "A:PLAINTEXT,PLAINTEXT:PLAINTEXT");
        let said = refusal(text(&dir), &[map, (key, &value)]).await;
        assert!(said.starts_with("listener "), "{said}");
    }
    assert_eq!(snapshot(&dir), before);
    stop(holder).await;
    stop(start(&dir).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_apache_kafka_left_is_refused_and_left_alone() {
    let meta = "version=1\ncluster.id=A\nnode.id=1\n";
    for (leftover, named) in [
        ("__cluster_metadata-0/00000000000000000000.log", "__cluster_metadata-0"),
        ("__cluster_metadata-0/quorum-state", "__cluster_metadata-0"),
        ("orders-0/00000000000000000000.log", "orders-0"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("meta.properties"), meta);
        write(&dir.path().join(leftover), "x");
        let said = refused_birth(dir.path(), Birth::default()).await;
        assert!(said.contains(named) && said.contains("Apache Kafka"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wished_topics_are_there_when_the_broker_is_and_what_exists_stays() {
    let dir = tempfile::tempdir().unwrap();
    let wish = |name: &str, partitions, replication_factor, configs: &[(&str, &str)]| TopicWish {
        name: name.to_owned(),
        partitions,
        replication_factor,
        configs: configs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
    };
    let birth = Birth {
        topics: vec![
            wish("few", 2, 1, &[("retention.ms", "3600000")]),
            wish("more", 3, 3, &[]),
            wish("usual", -1, -1, &[]),
            wish("not a name", 1, 1, &[]),
            wish("bad", 1, 1, &[("no.such.key", "1")]),
            wish("few", 9, 1, &[]),
        ],
        ..Birth::default()
    };
    for round in 0..2 {
        let broker = try_birth(text(dir.path()), &[], birth.clone()).await.unwrap();
        let mut client = Client::to(&broker).await;
        for topic in ["few", "more", "usual"] {
            let produced = ask::produce(&mut client, topic, &["a"]).await;
            assert_eq!((produced.error_code, produced.base_offset), (0, round), "{topic}: the first try succeeds");
        }
        let told = client.call(&MetadataRequest::default().with_topics(None), 9).await;
        let shape = |topic: &MetadataResponseTopic| {
            (topic.name.as_ref().unwrap().to_string(), topic.partitions.len(), topic.partitions[0].replica_nodes.len())
        };
        let mut topics: Vec<_> = told.topics.iter().filter(|topic| !topic.is_internal).map(shape).collect();
        topics.sort();
        assert_eq!(topics, [("few".into(), 2, 1), ("more".into(), 3, 1), ("usual".into(), 1, 1)]);
        stop(broker).await;
    }
}

/// What Metadata, DescribeCluster and FindCoordinator tell the client of where the broker is.
async fn places(client: &mut Client) -> [(String, i32); 3] {
    let told = client.call(&MetadataRequest::default().with_topics(None), 9).await;
    let cluster = client.call(&DescribeClusterRequest::default(), 0).await;
    let find = FindCoordinatorRequest::default().with_key(StrBytes::from_static_str("g"));
    let found = client.call(&find, 3).await;
    [
        (told.brokers[0].host.to_string(), told.brokers[0].port),
        (cluster.brokers[0].host.to_string(), cluster.brokers[0].port),
        (found.host.to_string(), found.port),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_advertised_host_each_client_is_told_the_address_that_it_reached() {
    let dirs = tempfile::tempdir().unwrap();
    let any = [("listeners", "PLAINTEXT://:0")];
    let broker = start_with(&dirs.path().join("any"), &any).await;
    let port = address(&broker).port();
    for host in ["127.0.0.1", "127.0.0.2", "::1"] {
        let mut client = Client::at(SocketAddr::new(host.parse().unwrap(), port)).await;
        assert_eq!(places(&mut client).await, [(); 3].map(|()| (host.to_owned(), i32::from(port))));
    }
    stop(broker).await;
    // A client on a container's host comes from the gateway.
    let birth = Birth { gateways: vec!["127.0.0.1".parse().unwrap()], ..Birth::default() };
    let broker = try_birth(text(&dirs.path().join("inside")), &any, birth.clone()).await.unwrap();
    let port = address(&broker).port();
    let mut client = Client::at(SocketAddr::new("127.0.0.1".parse().unwrap(), port)).await;
    assert_eq!(places(&mut client).await, [(); 3].map(|()| ("localhost".to_owned(), i32::from(port))));
    stop(broker).await;
    let advertised = [any[0], ("advertised.listeners", "PLAINTEXT://kafka.example:1234")];
    let broker = try_birth(text(&dirs.path().join("set")), &advertised, birth).await.unwrap();
    let mut client = Client::at(SocketAddr::new("127.0.0.1".parse().unwrap(), address(&broker).port())).await;
    assert_eq!(places(&mut client).await, [(); 3].map(|()| ("kafka.example".to_owned(), 1234)));
    stop(broker).await;
}

/// Changes `advertised.listeners` of broker 1: to a value, or back to what the file says. The code of the answer.
async fn advertise(client: &mut Client, value: Option<&str>) -> i16 {
    let config = AlterableConfig::default()
        .with_name(StrBytes::from_static_str("advertised.listeners"))
        .with_config_operation(if value.is_some() { 0 } else { 1 })
        .with_value(value.map(|value| StrBytes::from_string(value.to_owned())));
    let broker = AlterConfigsResource::default()
        .with_resource_type(4)
        .with_resource_name(StrBytes::from_static_str("1"))
        .with_configs(vec![config]);
    let alter = IncrementalAlterConfigsRequest::default().with_resources(vec![broker]);
    client.call(&alter, 1).await.responses[0].error_code
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_advertised_at_run_time_is_told_at_once_and_after_a_restart_until_it_is_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let set = [("advertised.listeners", "PLAINTEXT://file.example:1")];
    let everywhere = |host: &str, port: i32| [(); 3].map(|()| (host.to_owned(), port));
    let broker = start_with(dir.path(), &set).await;
    let (mut asking, mut other) = (Client::to(&broker).await, Client::to(&broker).await);
    assert_eq!(places(&mut other).await, everywhere("file.example", 1));
    assert_eq!(advertise(&mut asking, Some("PLAINTEXT://later.example:2")).await, 0);
    assert_eq!(places(&mut asking).await, everywhere("later.example", 2));
    assert_eq!(
        places(&mut other).await,
        everywhere("later.example", 2),
        "connections that were there before are told too"
    );
    assert_eq!(advertise(&mut asking, Some("OTHER://x:1")).await, ErrorCode::InvalidRequest.code());
    ask::create(&mut asking, "t", 1).await;
    assert_eq!(places(&mut asking).await, everywhere("later.example", 2), "as after any other change");
    stop(broker).await;

    let broker = start_with(dir.path(), &set).await;
    let mut client = Client::to(&broker).await;
    assert_eq!(places(&mut client).await, everywhere("later.example", 2));
    assert_eq!(advertise(&mut client, None).await, 0);
    assert_eq!(places(&mut client).await, everywhere("file.example", 1));
    assert_eq!(advertise(&mut client, Some("PLAINTEXT://:0")).await, 0, "as in a file");
    assert_eq!(places(&mut client).await, everywhere("127.0.0.1", i32::from(address(&broker).port())));
    stop(broker).await;

    // Its listener has another name now: what was configured cannot be told, and what the settings say is.
    let renamed = [
        ("listeners", "OTHER://127.0.0.1:0"),
        ("advertised.listeners", "OTHER://file.example:1"),
        ("listener.security.protocol.map", "OTHER:PLAINTEXT"),
        ("inter.broker.listener.name", "OTHER"),
    ];
    let broker = start_with(dir.path(), &renamed).await;
    assert_eq!(places(&mut Client::to(&broker).await).await, everywhere("file.example", 1));
    stop(broker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_in_use_is_told_before_a_directory_is_touched() {
    let dirs = tempfile::tempdir().unwrap();
    let (used, fresh) = (dirs.path().join("used"), dirs.path().join("fresh"));
    stop(start(&used).await).await;
    let holder = start(&dirs.path().join("holder")).await;
    let listeners = format!("PLAINTEXT://{}", address(&holder));
    let before = snapshot(&used);
    for dir in [&used, &fresh] {
        let said = refusal(text(dir), &[("listeners", &listeners)]).await;
        assert!(said.contains("PLAINTEXT") && said.contains(&address(&holder).port().to_string()), "{said}");
    }
    assert_eq!(snapshot(&used), before);
    assert!(!DiskOs.exists(&fresh));
    stop(holder).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_fails_late_leaves_nothing_running() {
    let dirs = tempfile::tempdir().unwrap();
    let (one, two) = (dirs.path().join("one"), dirs.path().join("two"));
    let both = format!("{},{}", text(&one), text(&two));
    let broker = try_start(&both, &[]).await.unwrap();
    let mut client = Client::to(&broker).await;
    ask::create(&mut client, "t", 1).await;
    stop(broker).await;
    for twin in [one.join("t-0"), two.join("t-0")] {
        DiskOs.create_dir_all(&twin).unwrap();
    }
    for _ in 0..3 {
        let said = refusal(&both, &[]).await;
        assert!(said.contains("t-0 lies twice"), "neither a lock nor a port is left behind: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scraper_that_keeps_its_connection_does_not_keep_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start_with(dir.path(), &[("klamm.admin.listener", "127.0.0.1:0")]).await;
    assert!(http(&broker, "/ready").await.starts_with("HTTP/1.1 200"));
    assert!(http(&broker, "/healthz").await.starts_with("HTTP/1.1 200"));
    let mut scraper = connect(broker.admin().unwrap()).await;
    scraper.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut some = [0; 64];
    scraper.read_exact(&mut some).await.unwrap();
    stop(broker).await;
    let again = start(dir.path()).await;
    drop(scraper);
    stop(again).await;
}

#[allow(clippy::disallowed_methods, reason = "a client stands outside of the world that the broker lives in")]
async fn connect(address: std::net::SocketAddr) -> tokio::net::TcpStream {
    tokio::net::TcpStream::connect(address).await.unwrap()
}

async fn http(broker: &klamm_broker::Broker, path: &str) -> String {
    let mut stream = connect(broker.admin().unwrap()).await;
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
