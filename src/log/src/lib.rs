//! One partition on disk: segments, indexes, producer state, epochs, recovery; and the folder that holds many of them.
//!
//! Law: synchronous; one [`Writer`], many [`Reader`]s; knows no leader and no client. It is told the leader epoch with
//! each append and the bound with each read, and never asks whose they are. Nothing is decoded but batch headers, save
//! for the one batch in which a timestamp is looked up. The bytes are Kafka's own format throughout, so that stock tools
//! read what we write and a Kafka folder can be opened.
//!
//! ```text
//! <log.dir>/                                     LogDir (dirs.rs): lock, identity, clean marker, checkpoints
//! ├── meta.properties  .lock  .kafka_cleanshutdown
//! ├── recovery-point-offset-checkpoint  replication-offset-checkpoint  log-start-offset-checkpoint
//! └── <topic>-<partition>/                       Writer + Reader
//!     ├── 00000000000000000000.log               batches, one after another        (segment.rs)
//!     ├── 00000000000000000000.index             offset → position, sparse         (offset_index.rs)
//!     ├── 00000000000000000000.timeindex         timestamp → offset, sparse        (time_index.rs)
//!     ├── 00000000000000000042.snapshot          producer state below offset 42    (producer_snapshot.rs)
//!     ├── leader-epoch-checkpoint                epoch → its first offset          (epochs.rs)
//!     └── partition.metadata                     the topic's id                    (partition_metadata.rs)
//!
//!   segment 0            segment 42 (active)
//!   ├──────────────────┤├──────────────────────────┤
//!   0    ▲             42          ▲               ▲
//!        log_start          recovery_point         leo
//!        below: deleted     below: synced          next offset to be given
//! ```
//!
//! What survives what: everything that [`Writer::append`] returned is visible to readers at once and survives the death
//! of the process; everything below the recovery point that [`Flusher::flush`] returned also survives a power cut. After
//! a failed write or sync the log is poisoned and takes nothing more, because the state of the page cache is unknown.
//!
//! May use: `base`, `env` (disk only), `record`.

mod append;
mod checkpoint;
mod config;
mod dirs;
mod epochs;
mod error;
mod flush;
mod lookup;
mod meta_properties;
mod names;
mod offset_index;
mod open;
mod partition_metadata;
mod producer_snapshot;
mod producers;
mod reader;
mod recover;
mod retire;
mod scan;
mod segment;
mod shared;
mod sparse_index;
mod tidy;
mod time_index;
mod writer;

#[cfg(test)]
mod contract_test;
#[cfg(test)]
mod crash_test;
#[cfg(test)]
mod dirs_test;
#[cfg(test)]
mod hostile_test;
#[cfg(test)]
mod idempotence_test;
#[cfg(test)]
mod testing;

pub use append::{Appendable, Appended, Origin};
pub use checkpoint::{encode_offset_checkpoint, parse_offset_checkpoint};
pub use config::LogConfig;
pub use dirs::{Listing, LogDir, Offsets, parse_partition_dir_name};
pub use epochs::{EpochEnd, EpochEntry, LeaderEpochs, parse_epoch_checkpoint};
pub use error::{AppendError, DirError, Error, ReadError};
pub use flush::Flusher;
pub use lookup::Found;
pub use meta_properties::{MetaProperties, parse_meta_properties};
pub use offset_index::{OffsetEntry, parse_offset_index};
pub use open::OpenOptions;
pub use partition_metadata::{PartitionMetadata, parse_partition_metadata};
pub use producer_snapshot::{encode_producer_snapshot, parse_producer_snapshot};
pub use producers::{BatchEntry, ProducerEntry};
pub use reader::{Reader, Slice};
pub use time_index::{TimeEntry, parse_time_index};
pub use writer::Writer;
