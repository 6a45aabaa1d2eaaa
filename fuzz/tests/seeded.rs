//! A fuzz run that is the same every time: for each target, mutations of its seeds drawn from numbered seeds.
//!
//! A failure names target and number; `FUZZ_SEED=NUMBER cargo test TARGET` runs that one input alone, and
//! `FUZZ_INPUTS=COUNT` changes how many are tried.

use std::panic::{AssertUnwindSafe, catch_unwind};

use klamm_fuzz::{TARGETS, Target};

const INPUTS: u64 = 20_000;

/// SplitMix64: small, and good enough to scatter mutations.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 if that is 0.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        // Bytes at the edges break more than bytes in the middle.
        const EDGES: [u8; 8] = [0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff];
        if self.below(2) == 0 { EDGES[self.below(EDGES.len())] } else { self.next() as u8 }
    }
}

/// The input that belongs to a number.
fn input(seeds: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut chance = Chance(number);
    if chance.below(20) == 0 || seeds.is_empty() {
        return (0..chance.below(400)).map(|_| chance.byte()).collect();
    }
    let mut input = seeds[chance.below(seeds.len())].clone();
    for _ in 0..=chance.below(4) {
        mutate(&mut input, seeds, &mut chance);
    }
    input
}

fn mutate(input: &mut Vec<u8>, seeds: &[Vec<u8>], chance: &mut Chance) {
    let at = chance.below(input.len());
    match chance.below(8) {
        0 => input.truncate(at),
        1 => input.insert(at, chance.byte()),
        2 if !input.is_empty() => drop(input.remove(at)),
        3 => {
            let other = &seeds[chance.below(seeds.len())];
            let from = chance.below(other.len());
            input.splice(at.., other[from..].iter().copied());
        }
        4 => {
            let end = (at + 4).min(input.len());
            let word = [i32::MAX, i32::MIN, -1, 0, 48, 61][chance.below(6)].to_be_bytes();
            input[at..end].copy_from_slice(&word[..end - at]);
        }
        5 if !input.is_empty() => input[at] ^= 1 << chance.below(8),
        _ if !input.is_empty() => input[at] = chance.byte(),
        _ => input.push(chance.byte()),
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn run(name: &str) {
    let target: &Target = TARGETS.iter().find(|target| target.name == name).expect("a target of that name");
    let seeds = (target.seeds)();
    for seed in &seeds {
        (target.run)(seed);
    }
    let numbers = match number("FUZZ_SEED") {
        Some(only) => only..only + 1,
        None => 0..number("FUZZ_INPUTS").unwrap_or(INPUTS),
    };
    println!("target {name}: FUZZ_SEED from {} to {}", numbers.start, numbers.end);
    for number in numbers {
        let input = input(&seeds, number);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.run)(&input))) {
            eprintln!("target {name} fails: FUZZ_SEED={number}, input {input:02x?}");
            std::panic::resume_unwind(panic);
        }
    }
}

macro_rules! seeded {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                run(stringify!($name));
            }
        )*

        #[test]
        fn every_target_has_its_test() {
            let named = [$(stringify!($name)),*];
            assert_eq!(TARGETS.iter().map(|target| target.name).collect::<Vec<_>>(), named);
        }
    };
}

seeded! {
    record_batches
    record_validate
    record_records
    record_decompress_gzip
    record_decompress_snappy
    record_decompress_lz4
    record_decompress_zstd
    wire_request_header
    wire_tagged_fields
    wire_body
    log_offset_index
    log_time_index
    log_producer_snapshot
    log_epoch_checkpoint
    log_offset_checkpoint
    log_meta_properties
    log_partition_metadata
    log_partition_dir_name
    metadata_records
    coordinator_key
    coordinator_offset
    coordinator_group
    coordinator_subscription
    api_body
    settings_load
    settings_topic
}
