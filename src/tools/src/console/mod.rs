//! Tools that produce and consume.
//!
//! ```text
//!   producer ── line_reader ── lines (a thread reads)        ┐
//!   producer_perf ── payload, stats                          ├─ clients::{producer, consumer}
//!   consumer ── formatter ── deserializer ── output (a thread writes)
//!   consumer_perf ── date_format                             ┘
//! ```

mod consumer;
mod consumer_options;
mod consumer_perf;
mod coordinator_records;
mod date_format;
mod deserializer;
mod formatter;
mod line_reader;
mod lines;
mod output;
mod perf_stats;
mod producer;
mod producer_perf;
mod producer_perf_options;
mod properties;

use crate::table::Tool;

/// The tools of this area.
pub(crate) const TOOLS: &[Tool] = &[
    Tool { name: "kafka-console-producer", class: "org.apache.kafka.tools.ConsoleProducer", run: producer::run },
    Tool {
        name: "kafka-console-consumer",
        class: "org.apache.kafka.tools.consumer.ConsoleConsumer",
        run: consumer::run,
    },
    Tool {
        name: "kafka-producer-perf-test",
        class: "org.apache.kafka.tools.ProducerPerformance",
        run: producer_perf::run,
    },
    Tool {
        name: "kafka-consumer-perf-test",
        class: "org.apache.kafka.tools.ConsumerPerformance",
        run: consumer_perf::run,
    },
];
