//! One file per Kafka API key: decode, ask, answer
