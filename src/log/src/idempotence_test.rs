//! The rules of idempotent producers, line by line.

use klamm_base::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

use crate::testing::{NOW_MS, Spec, World, append, fill, small_config};
use crate::{AppendError, Appended, LogConfig, Origin, Writer};

/// What an append came to.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    At(i64),
    Again(i64),
    OutOfOrder,
    OldEpoch,
}

fn outcome(appended: Result<Appended, AppendError>) -> Outcome {
    match appended {
        Ok(Appended { base_offset, duplicate: true, .. }) => Outcome::Again(base_offset.0),
        Ok(Appended { base_offset, .. }) => Outcome::At(base_offset.0),
        Err(AppendError::OutOfOrderSequence { .. }) => Outcome::OutOfOrder,
        Err(AppendError::InvalidProducerEpoch { .. }) => Outcome::OldEpoch,
        Err(other) => panic!("{other}"),
    }
}

/// Sends two records of producer 7.
fn send(writer: &mut Writer, epoch: i16, sequence: i32) -> Outcome {
    outcome(append(writer, Spec::of(2).from(7, epoch, sequence)))
}

#[test]
fn sequences_follow_each_other_i3_i4_i5_i6() {
    let (world, _) = World::simulated();
    let (mut writer, reader) = world.open();
    use Outcome::{Again, At, OldEpoch, OutOfOrder};
    let table = [
        (3, 10, At(0), "I6: without state any sequence goes"),
        (3, 12, At(2), "I5: the next one"),
        (3, 12, Again(2), "I2: the same again"),
        (3, 10, Again(0), "I2: an older one again"),
        (3, 15, OutOfOrder, "I5: a gap"),
        (3, 13, OutOfOrder, "I5: an overlap"),
        (2, 14, OldEpoch, "I3: an older epoch"),
        (2, 10, OldEpoch, "I3: an older epoch, also with known sequences"),
        (4, 14, OutOfOrder, "I4: a new epoch begins at 0"),
        (4, 0, At(4), "I4: a new epoch at 0"),
        (4, 0, Again(4), "I2: again in the new epoch"),
        (3, 14, OldEpoch, "I3: the epoch before"),
        (4, 2, At(6), "I5: and on"),
    ];
    for (epoch, sequence, expected, why) in table {
        assert_eq!(send(&mut writer, epoch, sequence), expected, "{why}");
    }
    assert_eq!(reader.leo(), Offset(8));
}

#[test]
fn the_last_five_batches_are_known_and_no_more_i1_i2_i5() {
    let (world, _) = World::simulated();
    let (mut writer, _) = world.open();
    for n in 0..6 {
        assert_eq!(send(&mut writer, 0, 2 * n), Outcome::At(i64::from(2 * n)));
    }
    assert_eq!(send(&mut writer, 0, 0), Outcome::OutOfOrder, "the sixth last is forgotten");
    for n in 1..6 {
        assert_eq!(send(&mut writer, 0, 2 * n), Outcome::Again(i64::from(2 * n)));
    }
}

#[test]
fn a_duplicate_tells_the_time_of_the_original_i2() {
    let (world, _) = World::simulated();
    let (mut writer, _) = world.open();
    let spec = Spec::of(2).from(7, 0, 0);
    assert_eq!(append(&mut writer, spec).unwrap().log_append_time_ms, -1);
    let again = append(&mut writer, spec.at(NOW_MS + 77)).unwrap();
    assert_eq!((again.log_append_time_ms, again.last_offset), (NOW_MS + 1, Offset(1)));
}

#[test]
fn a_sequence_wraps_to_zero_i7() {
    let (world, _) = World::simulated();
    let (mut writer, _) = world.open();
    let spec = |sequence| Spec::of(3).from(7, 0, sequence);
    assert_eq!(outcome(append(&mut writer, spec(2_147_483_646))), Outcome::At(0));
    assert_eq!(outcome(append(&mut writer, spec(0))), Outcome::OutOfOrder);
    assert_eq!(outcome(append(&mut writer, spec(1))), Outcome::At(3));
    assert_eq!(outcome(append(&mut writer, spec(2_147_483_646))), Outcome::Again(0));
    let last: Vec<_> = writer.producers().map(|producer| producer.last_sequence()).collect();
    assert_eq!(last, [Sequence(3)]);
}

#[test]
fn the_broker_itself_is_checked_for_its_epoch_only() {
    let (world, _) = World::simulated();
    let (mut writer, _) = world.open();
    let mut send = |epoch, sequence| {
        let batch = Spec::of(2).from(7, epoch, sequence).batch();
        outcome(writer.append(&batch, LeaderEpoch(0), Origin::Coordinator, NOW_MS))
    };
    assert_eq!(send(1, 0), Outcome::At(0));
    assert_eq!(send(1, 50), Outcome::At(2));
    assert_eq!(send(0, 0), Outcome::OldEpoch);
}

#[test]
fn producers_without_an_id_have_no_sequence_p18() {
    let (world, _) = World::simulated();
    let (mut writer, _) = world.open();
    for id in [-1, -2] {
        for sequence in [4, 4, 0] {
            assert!(matches!(outcome(append(&mut writer, Spec::of(1).from(id, 0, sequence))), Outcome::At(_)));
        }
    }
    assert_eq!(writer.producers().count(), 0);
}

#[test]
fn deleting_records_keeps_the_state_i6() {
    let (world, _) = World::simulated();
    let (mut writer, reader) = world.open();
    assert_eq!(send(&mut writer, 0, 0), Outcome::At(0));
    writer.delete_records(reader.leo()).unwrap();
    assert_eq!(send(&mut writer, 0, 0), Outcome::Again(0));
    assert_eq!(send(&mut writer, 0, 9), Outcome::OutOfOrder);
}

#[test]
fn all_five_batches_are_known_after_any_stop_i1_i11() {
    for clean in [true, false] {
        let (world, _) = World::simulated();
        let (mut writer, _) = world.open();
        for n in 0..7 {
            send(&mut writer, 0, 2 * n);
        }
        if clean {
            writer.close().unwrap();
        } else {
            drop(writer);
        }
        let (mut writer, _) = if clean { world.open_clean() } else { world.open() };
        for n in 2..7 {
            assert_eq!(send(&mut writer, 0, 2 * n), Outcome::Again(i64::from(2 * n)), "clean: {clean}");
        }
        assert_eq!(send(&mut writer, 0, 14), Outcome::At(14));
        let entry = writer.producers().next().unwrap();
        assert_eq!((entry.producer_id, entry.epoch), (ProducerId(7), ProducerEpoch(0)));
    }
}

#[test]
fn a_silent_producer_is_forgotten_i10() {
    let (mut world, _) = World::simulated();
    world.config = LogConfig { producer_id_expiration_ms: 1000, ..small_config() };
    let (mut writer, _) = world.open();
    send(&mut writer, 0, 0);
    writer.expire_producers(NOW_MS + 1000);
    assert_eq!(writer.producers().count(), 1, "its newest record is a millisecond younger");
    writer.expire_producers(NOW_MS + 1001);
    assert_eq!(writer.producers().count(), 0);
    assert_eq!(send(&mut writer, 0, 40), Outcome::At(2));
}

#[test]
fn a_roll_leaves_a_snapshot_and_the_two_newest_segments_keep_theirs_i11() {
    let (world, _) = World::simulated();
    let (mut writer, reader) = world.open();
    send(&mut writer, 0, 0);
    fill(&mut writer, 60);
    let snapshots = |world: &World| -> Vec<i64> {
        let names = world.names();
        names.iter().filter_map(|name| name.strip_suffix(".snapshot")?.parse().ok()).collect()
    };
    let bases: Vec<i64> = reader.shared.segments().iter().map(|segment| segment.base_offset.0).collect();
    assert_eq!(snapshots(&world), bases[bases.len() - 2..]);
    let leo = reader.leo().0;
    writer.close().unwrap();
    assert_eq!(snapshots(&world).last(), Some(&leo));
}

#[test]
fn a_damaged_snapshot_makes_way_for_an_older_one_or_the_log_i11() {
    let (world, _) = World::simulated();
    let (mut writer, _) = world.open();
    send(&mut writer, 0, 0);
    fill(&mut writer, 60);
    send(&mut writer, 0, 2);
    writer.close().unwrap();
    loop {
        let (mut writer, _) = world.open_clean();
        assert!(matches!(send(&mut writer, 0, 0), Outcome::Again(0)));
        assert!(matches!(send(&mut writer, 0, 2), Outcome::Again(_)));
        drop(writer);
        let names = world.names();
        let Some(newest) = names.iter().rfind(|name| name.ends_with(".snapshot")) else { break };
        let path = world.dir.join(newest);
        let mut bytes = world.bytes(&path);
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        world.put(&path, &bytes);
    }
}

#[test]
fn a_failed_write_does_not_count_as_sent_i12_w8_w9() {
    let (world, disk) = World::simulated();
    let (mut writer, reader) = world.open();
    assert_eq!(send(&mut writer, 0, 0), Outcome::At(0));
    disk.fail_after(Some(0));
    let failed = append(&mut writer, Spec::of(2).from(7, 0, 2));
    assert!(matches!(failed, Err(AppendError::Fault(crate::Error::Disk(_)))));
    disk.fail_after(None);
    assert_eq!(reader.leo(), Offset(2), "nothing is visible");
    let next = append(&mut writer, Spec::of(2).from(7, 0, 2));
    assert!(matches!(next, Err(AppendError::Fault(crate::Error::Poisoned))), "and nothing more is taken");
    assert!(matches!(writer.flush(), Err(crate::Error::Poisoned)));
    assert!(writer.close().is_err());
    let (mut writer, _) = world.open();
    assert_eq!(send(&mut writer, 0, 2), Outcome::At(2));
}
