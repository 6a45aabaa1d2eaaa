//! Runs [`klamm_fuzz::api::api_body`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm_fuzz::api::api_body(data));
