//! Fuzz targets: one for each decoder of bytes from outside.
//!
//! A target is a function that takes any bytes and panics if the decoder breaks a promise. It is run in two ways:
//! `tests/seeded.rs` feeds it the same mutated seeds in every run, and `fuzz_targets/` hands it to libFuzzer.
//!
//! To add a target: write the function and its seeds in its room's module, a row in [`TARGETS`], a `[[bin]]` in
//! `Cargo.toml` and its file of one line in `fuzz_targets/`.

pub mod record;

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
];
