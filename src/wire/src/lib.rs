//! Kafka framing, headers and gathered answers
