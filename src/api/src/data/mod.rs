//! Records: written, read, found and removed.

pub mod delete_records;
pub mod describe_producers;
pub mod fetch;
pub mod init_producer_id;
pub mod list_offsets;
pub mod offset_for_leader_epoch;
pub mod produce;
