//! Metrics of what goes in and out, under the names that Kafka's JMX exporters use for `BrokerTopicMetrics`.

use std::sync::Arc;

use metrics::{Counter, Key, Label, Level, Metadata, Recorder};

const METADATA: Metadata<'static> = Metadata::new("klamm_replica", Level::INFO, None);

/// Where the rooms' metrics of one broker are registered.
#[derive(Clone)]
pub struct ReplicaMetrics {
    recorder: Arc<dyn Recorder + Send + Sync>,
    all: Arc<TopicMetrics>,
}

/// Counts of one topic, or of all together.
pub(crate) struct TopicMetrics {
    pub messages_in: Counter,
    pub bytes_in: Counter,
    pub bytes_out: Counter,
    pub failed_produces: Counter,
    pub failed_fetches: Counter,
}

impl ReplicaMetrics {
    /// Metrics that are registered with `recorder`.
    pub fn new(recorder: Arc<dyn Recorder + Send + Sync>) -> ReplicaMetrics {
        let all = Arc::new(TopicMetrics::new(&*recorder, Vec::new()));
        ReplicaMetrics { recorder, all }
    }

    /// The counts of one topic.
    pub(crate) fn topic(&self, topic: &str) -> PartitionMetrics {
        let labels = vec![Label::new("topic", topic.to_owned())];
        PartitionMetrics { topic: Arc::new(TopicMetrics::new(&*self.recorder, labels)), all: self.all.clone() }
    }
}

impl TopicMetrics {
    fn new(recorder: &dyn Recorder, labels: Vec<Label>) -> TopicMetrics {
        let counter = |name: &'static str| recorder.register_counter(&Key::from_parts(name, labels.clone()), &METADATA);
        TopicMetrics {
            messages_in: counter("kafka_server_brokertopicmetrics_messagesin_total"),
            bytes_in: counter("kafka_server_brokertopicmetrics_bytesin_total"),
            bytes_out: counter("kafka_server_brokertopicmetrics_bytesout_total"),
            failed_produces: counter("kafka_server_brokertopicmetrics_failedproducerequests_total"),
            failed_fetches: counter("kafka_server_brokertopicmetrics_failedfetchrequests_total"),
        }
    }
}

/// A topic's counts and the sums beside them, which every event raises together.
#[derive(Clone)]
pub(crate) struct PartitionMetrics {
    topic: Arc<TopicMetrics>,
    all: Arc<TopicMetrics>,
}

impl PartitionMetrics {
    pub fn produced(&self, messages: u64, bytes: u64) {
        for metrics in [&self.topic, &self.all] {
            metrics.messages_in.increment(messages);
            metrics.bytes_in.increment(bytes);
        }
    }

    pub fn fetched(&self, bytes: u64) {
        for metrics in [&self.topic, &self.all] {
            metrics.bytes_out.increment(bytes);
        }
    }

    pub fn produce_failed(&self) {
        for metrics in [&self.topic, &self.all] {
            metrics.failed_produces.increment(1);
        }
    }

    pub fn fetch_failed(&self) {
        for metrics in [&self.topic, &self.all] {
            metrics.failed_fetches.increment(1);
        }
    }
}
