//! Runs [`klamm_fuzz::wire::wire_tagged_fields`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm_fuzz::wire::wire_tagged_fields(data));
