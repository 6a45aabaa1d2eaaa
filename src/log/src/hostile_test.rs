//! Bytes from a stranger: nothing panics, and no memory is taken by a length that they name.

use klamm_base::Offset;
use klamm_env::Random;

use crate::testing::{Spec, World, append, fill};
use crate::{
    ReadError, parse_epoch_checkpoint, parse_meta_properties, parse_offset_checkpoint, parse_offset_index,
    parse_partition_metadata, parse_producer_snapshot, parse_time_index,
};

fn parse_everything(bytes: &[u8]) {
    let _ = parse_offset_index(bytes);
    let _ = parse_time_index(bytes);
    let _ = parse_producer_snapshot(bytes);
    let _ = parse_epoch_checkpoint(bytes);
    let _ = parse_offset_checkpoint(bytes);
    let _ = parse_meta_properties(bytes);
    let _ = parse_partition_metadata(bytes);
}

fn mutate(bytes: &mut Vec<u8>, random: &Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() as u64 + 1) as usize;
        match random.below(4) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.next_u64() as u8),
            _ if at < bytes.len() => {
                bytes[at] = [0, 0x7f, 0x80, 0xff, random.next_u64() as u8][random.below(5) as usize]
            }
            _ => {}
        }
    }
}

#[test]
fn parsers_take_any_bytes() {
    let random = Random::from_seed(11);
    let (world, _) = World::simulated();
    let (mut writer, _) = world.open();
    fill(&mut writer, 30);
    append(&mut writer, Spec::of(2).from(5, 1, 0)).unwrap();
    writer.close().unwrap();
    let seeds: Vec<Vec<u8>> = world.names().iter().map(|name| world.bytes(&world.dir.join(name))).collect();
    for _ in 0..3000 {
        let mut bytes = seeds[random.below(seeds.len() as u64) as usize].clone();
        mutate(&mut bytes, &random);
        parse_everything(&bytes);
    }
    for len in 0..200 {
        let bytes: Vec<u8> = (0..len).map(|_| random.next_u64() as u8).collect();
        parse_everything(&bytes);
        parse_everything(&vec![0xff; len]);
        parse_everything(&vec![0; len]);
    }
}

#[test]
fn a_folder_of_damaged_files_opens_and_takes_records() {
    let random = Random::from_seed(12);
    for round in 0..300 {
        let (world, _) = World::simulated();
        let (mut writer, _) = world.open();
        fill(&mut writer, 40);
        append(&mut writer, Spec::of(2).from(5, 1, 0)).unwrap();
        let leo = writer.close().unwrap();
        for name in world.names() {
            if random.below(2) == 0 {
                let path = world.dir.join(name);
                let mut bytes = world.bytes(&path);
                mutate(&mut bytes, &random);
                world.put(&path, &bytes);
            }
        }
        let recovery_point = Offset(random.below(leo.0 as u64 + 5) as i64);
        let clean_shutdown = random.below(2) == 0;
        let options = crate::OpenOptions { clean_shutdown, recovery_point, log_start: Offset(0), now_ms: 0 };
        let (mut writer, reader) = world.open_with(options);
        append(&mut writer, Spec::of(3)).unwrap();
        for from in 0..=reader.leo().0 {
            match reader.read(Offset(from), 1000, true, reader.leo()) {
                Ok(_) | Err(ReadError::Fault(_)) | Err(ReadError::OutOfRange { .. }) => {}
            }
        }
        for timestamp_ms in [-5, 0, i64::MAX] {
            let _ = reader.offset_for_timestamp(timestamp_ms, reader.leo());
        }
        let _ = reader.max_timestamp();
        assert!(writer.close().is_ok(), "round {round}");
    }
}

#[test]
fn a_length_field_in_a_file_takes_no_memory() {
    let (world, _) = World::simulated();
    let (mut writer, _) = world.open();
    fill(&mut writer, 3);
    drop(writer);
    let path = world.path(0, "log");
    let mut bytes = world.bytes(&path);
    bytes[8..12].copy_from_slice(&i32::MAX.to_be_bytes());
    world.put(&path, &bytes);
    let (_, reader) = world.open();
    assert_eq!(reader.leo(), Offset(0), "the batch would end beyond the file");
}
