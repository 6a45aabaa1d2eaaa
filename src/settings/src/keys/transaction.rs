//! Broker keys: transactions and producers.

use crate::key::{Key, keys};

pub(super) const KEYS: &[Key] = keys! {
    /// For how long adding a partition to a transaction is tried again, in milliseconds.
    "add.partitions.to.txn.retry.backoff.max.ms": Int = "100", at_least(0);
    /// The first pause before adding a partition to a transaction is tried again, in milliseconds.
    "add.partitions.to.txn.retry.backoff.ms": Int = "20", at_least(1);
    /// How often is looked for producers to forget, in milliseconds.
    "producer.id.expiration.check.interval.ms": Int = "600000", at_least(1), hidden;
    /// After how long without a record a producer's sequence is forgotten, in milliseconds.
    "producer.id.expiration.ms": Int = "86400000", at_least(1), cluster_wide, implemented;
    /// How often transactions that take too long are aborted, in milliseconds.
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": Int = "10000", at_least(1);
    /// The longest timeout that a transaction may have, in milliseconds.
    "transaction.max.timeout.ms": Int = "900000", at_least(1);
    /// Whether a partition is checked to be in a transaction before records are taken.
    "transaction.partition.verification.enable": Boolean = "true", cluster_wide;
    /// How often expired transactional ids are removed, in milliseconds.
    "transaction.remove.expired.transaction.cleanup.interval.ms": Int = "3600000", at_least(1);
    /// How many bytes of transactions are read at a time while a partition of them is loaded.
    "transaction.state.log.load.buffer.size": Int = "5242880", at_least(1);
    /// How many replicas of the topic of transactions must have a record.
    "transaction.state.log.min.isr": Int = "2", at_least(1);
    /// How many partitions the topic of transactions gets.
    "transaction.state.log.num.partitions": Int = "50", at_least(1);
    /// How many replicas the topic of transactions gets.
    "transaction.state.log.replication.factor": Short = "3", at_least(1);
    /// The largest segment of the topic of transactions, in bytes.
    "transaction.state.log.segment.bytes": Int = "104857600", at_least(1);
    /// Whether a transaction may be committed in two phases and then never times out.
    "transaction.two.phase.commit.enable": Boolean = "false";
    /// After how long without a transaction a transactional id is forgotten, in milliseconds.
    "transactional.id.expiration.ms": Int = "604800000", at_least(1);
};
