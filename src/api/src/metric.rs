//! Metrics per API, under the names that Kafka's JMX exporters use for `RequestMetrics`.

use std::time::Duration;

use metrics::{Counter, Histogram, Key, Label, Level, Metadata, Recorder};

use crate::reply::Outcome;
use crate::table::{Row, TABLE};

const METADATA: Metadata<'static> = Metadata::new("klamm_api", Level::INFO, None);

/// Requests, times and sizes of every API of one broker.
pub struct ApiMetrics {
    /// In the order of [`TABLE`].
    rows: Vec<RowMetrics>,
}

struct RowMetrics {
    /// By version, from the lowest served on.
    requests: Vec<Counter>,
    closed: Counter,
    total_time_ms: Histogram,
    response_bytes: Counter,
}

impl ApiMetrics {
    /// Registers the metrics with `recorder`.
    pub fn new(recorder: &dyn Recorder) -> ApiMetrics {
        ApiMetrics { rows: TABLE.iter().map(|row| RowMetrics::new(recorder, row)).collect() }
    }

    pub(crate) fn served(&self, row: &Row, version: i16, took: Duration, outcome: &Outcome) {
        let Ok(index) = TABLE.binary_search_by_key(&row.key, |row| row.key) else { return };
        let metrics = &self.rows[index];
        if let Some(requests) = usize::try_from(version - row.served.min).ok().and_then(|at| metrics.requests.get(at)) {
            requests.increment(1);
        }
        metrics.total_time_ms.record(took.as_secs_f64() * 1000.0);
        match outcome {
            Outcome::Answer(answer) => metrics.response_bytes.increment(answer.size_bytes() as u64),
            Outcome::Nothing => {}
            Outcome::Close(_) => metrics.closed.increment(1),
        }
    }
}

impl RowMetrics {
    fn new(recorder: &dyn Recorder, row: &Row) -> RowMetrics {
        let request = Label::new("request", row.name);
        let key = |name: &'static str| Key::from_parts(name, vec![request.clone()]);
        let per_version = |version: i16| {
            let labels = vec![request.clone(), Label::new("version", version.to_string())];
            recorder
                .register_counter(&Key::from_parts("kafka_network_requestmetrics_requests_total", labels), &METADATA)
        };
        RowMetrics {
            requests: (row.served.min..=row.served.max).map(per_version).collect(),
            closed: recorder.register_counter(&key("klamm_requests_closed_total"), &METADATA),
            total_time_ms: recorder.register_histogram(&key("kafka_network_requestmetrics_totaltimems"), &METADATA),
            response_bytes: recorder
                .register_counter(&key("kafka_network_requestmetrics_responsebytes_total"), &METADATA),
        }
    }
}
