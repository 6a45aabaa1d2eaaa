//! Runs [`klamm_fuzz::record::record_decompress_lz4`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm_fuzz::record::record_decompress_lz4(data));
