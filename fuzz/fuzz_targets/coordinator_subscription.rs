//! Runs [`klamm_fuzz::coordinator::coordinator_subscription`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm_fuzz::coordinator::coordinator_subscription(data));
