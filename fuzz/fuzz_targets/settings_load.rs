//! Runs [`klamm_fuzz::settings::settings_load`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm_fuzz::settings::settings_load(data));
