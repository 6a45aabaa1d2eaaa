//! Fuzz targets: one for each decoder of bytes from outside.
//!
//! A target is a function that takes any bytes and panics if the decoder breaks a promise. It is run in two ways:
//! `tests/seeded.rs` feeds it the same mutated seeds in every run, and `fuzz_targets/` hands it to libFuzzer.
//!
//! To add a target: write the function and its seeds in its room's module, a row in [`TARGETS`], a `[[bin]]` in
//! `Cargo.toml` and its file of one line in `fuzz_targets/`.

pub mod api;
pub mod coordinator;
pub mod log;
pub mod metadata;
pub mod record;
pub mod settings;
pub mod wire;

/// As in the binary: the decoders of `kafka-protocol` reserve by lengths in the data, and jemalloc only maps what they
/// reserve (`docs/decisions/0004-hostile-lengths.md`).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// One decoder under test.
pub struct Target {
    /// The function's name, which is that of the libFuzzer binary too.
    pub name: &'static str,
    /// Decodes the bytes and checks what came of it.
    pub run: fn(&[u8]),
    /// Good inputs, from which mutations start.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target, room by room.
pub const TARGETS: &[Target] = &[
    Target { name: "record_batches", run: record::record_batches, seeds: record::batch_seeds },
    Target { name: "record_validate", run: record::record_validate, seeds: record::produced_seeds },
    Target { name: "record_records", run: record::record_records, seeds: record::batch_seeds },
    Target { name: "record_decompress_gzip", run: record::record_decompress_gzip, seeds: record::gzip_seeds },
    Target { name: "record_decompress_snappy", run: record::record_decompress_snappy, seeds: record::snappy_seeds },
    Target { name: "record_decompress_lz4", run: record::record_decompress_lz4, seeds: record::lz4_seeds },
    Target { name: "record_decompress_zstd", run: record::record_decompress_zstd, seeds: record::zstd_seeds },
    Target { name: "wire_request_header", run: wire::wire_request_header, seeds: wire::header_seeds },
    Target { name: "wire_tagged_fields", run: wire::wire_tagged_fields, seeds: wire::tag_seeds },
    Target { name: "wire_body", run: wire::wire_body, seeds: wire::body_seeds },
    Target { name: "log_offset_index", run: log::log_offset_index, seeds: log::offset_index_seeds },
    Target { name: "log_time_index", run: log::log_time_index, seeds: log::time_index_seeds },
    Target { name: "log_producer_snapshot", run: log::log_producer_snapshot, seeds: log::producer_snapshot_seeds },
    Target { name: "log_epoch_checkpoint", run: log::log_epoch_checkpoint, seeds: log::epoch_checkpoint_seeds },
    Target { name: "log_offset_checkpoint", run: log::log_offset_checkpoint, seeds: log::offset_checkpoint_seeds },
    Target { name: "log_meta_properties", run: log::log_meta_properties, seeds: log::meta_properties_seeds },
    Target { name: "log_partition_metadata", run: log::log_partition_metadata, seeds: log::partition_metadata_seeds },
    Target { name: "log_partition_dir_name", run: log::log_partition_dir_name, seeds: log::partition_dir_name_seeds },
    Target { name: "metadata_records", run: metadata::metadata_records, seeds: metadata::record_seeds },
    Target { name: "coordinator_key", run: coordinator::coordinator_key, seeds: coordinator::key_seeds },
    Target { name: "coordinator_offset", run: coordinator::coordinator_offset, seeds: coordinator::offset_seeds },
    Target { name: "coordinator_group", run: coordinator::coordinator_group, seeds: coordinator::group_seeds },
    Target {
        name: "coordinator_subscription",
        run: coordinator::coordinator_subscription,
        seeds: coordinator::subscription_seeds,
    },
    Target { name: "api_body", run: api::api_body, seeds: api::body_seeds },
    Target { name: "settings_load", run: settings::settings_load, seeds: settings::properties_seeds },
    Target { name: "settings_topic", run: settings::settings_topic, seeds: settings::topic_seeds },
];
