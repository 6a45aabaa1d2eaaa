//! Runs [`klamm_fuzz::metadata::metadata_records`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm_fuzz::metadata::metadata_records(data));
