//! Runs [`klamm_fuzz::settings::settings_topic`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm_fuzz::settings::settings_topic(data));
