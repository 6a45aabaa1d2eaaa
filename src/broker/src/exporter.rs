//! The admin HTTP port: metrics for Prometheus, and whether the broker lives and serves.
//!
//! - `/metrics`: all metrics in Prometheus' text format.
//! - `/healthz`: 200 as long as the process turns.
//! - `/ready`, also `/health`: 200 once every listener serves, 503 while stopping; before, nobody listens here.

use std::fmt::Write;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use klamm_api::Services;
use klamm_env::{Listener, Tasks};
use metrics_exporter_prometheus::PrometheusHandle;

/// How often histograms are drained, so that they do not grow while nobody scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

/// What the admin port tells of.
#[derive(Clone)]
pub struct Exporter {
    handle: PrometheusHandle,
    /// Gone when the broker has stopped: a scraper that keeps its connection must not keep the partitions.
    services: Weak<Services>,
    tasks: Tasks,
}

impl Exporter {
    /// An exporter of what was registered with the recorder behind `handle`, and of the state of `services`.
    pub fn new(handle: PrometheusHandle, services: &Arc<Services>, tasks: Tasks) -> Exporter {
        Exporter { handle, services: Arc::downgrade(services), tasks }
    }

    /// Keeps histograms small until the broker stops.
    pub async fn upkeep(self) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(UPKEEP) => self.handle.run_upkeep(),
                () = self.tasks.stopped() => return,
            }
        }
    }

    /// Serves HTTP until the broker stops.
    pub async fn serve(self, listener: Listener) {
        let tasks = self.tasks.clone();
        let router = Router::new()
            .route("/metrics", get(metrics))
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/ready", get(ready))
            .route("/health", get(ready))
            .with_state(self);
        let stopped = async move { tasks.stopped().await };
        let served = axum::serve(listener.into_tokio(), router).with_graceful_shutdown(stopped).await;
        if let Err(error) = served {
            tracing::error!(%error, "the admin HTTP port is closed");
        }
    }
}

async fn metrics(State(exporter): State<Exporter>) -> impl IntoResponse {
    let mut text = exporter.handle.render();
    if let Some(services) = exporter.services.upgrade() {
        gauges(&services, &mut text);
    }
    ([("content-type", "text/plain; version=0.0.4; charset=utf-8")], text)
}

async fn ready(State(exporter): State<Exporter>) -> impl IntoResponse {
    // The port is opened when the broker is ready; what remains to tell is that it stops.
    if exporter.tasks.is_stopping() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}

/// How a gauge is read off a partition.
type Look = fn(&klamm_replica::Partition) -> i64;

/// What is not counted but looked at: a partition that is gone has no line.
fn gauges(services: &Services, text: &mut String) {
    let image = services.image();
    let partitions = services.replicas.all();
    let plain = [
        ("kafka_server_kafkaserver_brokerstate", 3),
        ("kafka_server_replicamanager_partitioncount", partitions.len()),
        ("kafka_server_replicamanager_leadercount", partitions.len()),
        ("kafka_server_replicamanager_underreplicatedpartitions", 0),
        ("kafka_controller_kafkacontroller_activecontrollercount", 1),
        ("kafka_controller_kafkacontroller_activebrokercount", image.alive_brokers().count()),
        ("kafka_controller_kafkacontroller_globaltopiccount", image.topics.len()),
        (
            "kafka_controller_kafkacontroller_globalpartitioncount",
            image.topics.values().map(|t| t.partitions.len()).sum(),
        ),
        ("kafka_server_fetchsessioncache_numincrementalfetchsessions", services.sessions.count()),
    ];
    for (name, value) in plain {
        let _ = writeln!(text, "# TYPE {name} gauge\n{name} {value}");
    }
    let per_partition: [(&str, Look); 3] = [
        ("kafka_log_log_size", |partition| i64::try_from(partition.size_bytes()).unwrap_or(i64::MAX)),
        ("kafka_log_log_logstartoffset", |partition| partition.log_start().0),
        ("kafka_log_log_logendoffset", |partition| partition.end(klamm_replica::Bound::LogEnd).0),
    ];
    for (name, value) in per_partition {
        let _ = writeln!(text, "# TYPE {name} gauge");
        for partition in &partitions {
            let (topic, index) = (&partition.id.topic, partition.id.partition);
            let _ = writeln!(text, "{name}{{topic=\"{topic}\",partition=\"{index}\"}} {}", value(partition));
        }
    }
}
