//! Metrics of sockets, under the names that Kafka's JMX exporters use.

use metrics::{Counter, Gauge, Key, Label, Level, Metadata, Recorder};

const METADATA: Metadata<'static> = Metadata::new("klamm_server", Level::INFO, None);

/// Counts of one listener.
#[derive(Clone)]
pub struct ServerMetrics {
    pub(crate) open: Gauge,
    pub(crate) created: Counter,
    pub(crate) refused: Counter,
    pub(crate) closed_by_fault: Counter,
    pub(crate) bytes_in: Counter,
    pub(crate) bytes_out: Counter,
}

impl ServerMetrics {
    /// Registers the metrics of the listener `listener` with `recorder`.
    pub fn new(recorder: &dyn Recorder, listener: &str) -> ServerMetrics {
        let label = Label::new("listener", listener.to_owned());
        let key = |name: &'static str| Key::from_parts(name, vec![label.clone()]);
        let counter = |name| recorder.register_counter(&key(name), &METADATA);
        ServerMetrics {
            open: recorder.register_gauge(&key("kafka_server_socket_server_metrics_connection_count"), &METADATA),
            created: counter("kafka_server_socket_server_metrics_connection_creation_total"),
            refused: counter("klamm_connections_refused_total"),
            closed_by_fault: counter("klamm_connections_closed_by_fault_total"),
            bytes_in: counter("kafka_server_socket_server_metrics_incoming_byte_total"),
            bytes_out: counter("kafka_server_socket_server_metrics_outgoing_byte_total"),
        }
    }
}
