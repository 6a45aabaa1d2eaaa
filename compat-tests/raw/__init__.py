"""The protocol byte by byte: one case per rule, run against Kafka and klamm, answers compared. See README.md."""
