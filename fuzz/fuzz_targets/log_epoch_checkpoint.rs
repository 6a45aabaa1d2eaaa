//! Runs [`klamm_fuzz::log::log_epoch_checkpoint`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm_fuzz::log::log_epoch_checkpoint(data));
