//! The only outbound Kafka client.
