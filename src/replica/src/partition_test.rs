use std::sync::Arc;

use klamm_base::{ErrorCode, LeaderEpoch, Offset};
use klamm_metadata::ConfigResource;
use tokio::sync::Notify;

use crate::testing::{NOW_MS, World, all_values, batch, batch_of, is_woken, values, wanted};
use crate::{Bound, Partition, Replicas};

fn with_topic(world: &mut World) -> (Replicas, Arc<Partition>) {
    let replicas = world.start();
    world.create(&replicas, "t", 1);
    let partition = replicas.partition("t", 0).unwrap();
    (replicas, partition)
}

#[test]
fn what_is_produced_is_committed_at_once_and_offsets_are_dense_p25() {
    for mut world in World::both() {
        let (_replicas, partition) = with_topic(&mut world);
        let first = partition.produce(&batch(&["a", "b"]), 9).unwrap();
        let second = partition.produce(&batch(&["c"]), 9).unwrap();
        assert_eq!((first.base_offset, second.base_offset), (Offset(0), Offset(2)));
        assert_eq!((first.log_append_time_ms, first.log_start), (-1, Offset(0)));
        assert_eq!((partition.high_watermark(), partition.end(Bound::LogEnd)), (Offset(3), Offset(3)));
        assert_eq!(all_values(&partition), ["a", "b", "c"]);
    }
}

#[test]
fn bytes_behind_the_batch_are_dropped_p4() {
    for mut world in World::both() {
        let (_replicas, partition) = with_topic(&mut world);
        let mut bytes = batch(&["a"]).to_vec();
        bytes.extend_from_slice(&batch(&["b"])[..30]);
        partition.produce(&bytes.into(), 9).unwrap();
        partition.produce(&batch(&["c"]), 9).unwrap();
        assert_eq!(all_values(&partition), ["a", "c"]);
    }
}

#[test]
fn a_batch_that_is_refused_takes_no_offset_and_wakes_nobody_p25() {
    let mut world = World::mem(1, &["data"]);
    let (_replicas, partition) = with_topic(&mut world);
    let wake = Arc::new(Notify::new());
    let _parked = partition.park(&wake);
    let mut broken = batch(&["a"]).to_vec();
    *broken.last_mut().unwrap() ^= 1;
    let refusal = partition.produce(&broken.into(), 9).unwrap_err();
    assert_eq!(refusal.code, ErrorCode::CorruptMessage);
    assert_eq!(partition.end(Bound::LogEnd), Offset(0));
    assert!(!is_woken(&wake));
}

#[test]
fn cut_and_mangled_batches_never_panic() {
    let mut world = World::mem(7, &["data"]);
    let (_replicas, partition) = with_topic(&mut world);
    let whole = batch_of(5, 0, 0, &["a", "b", "c"]);
    for len in 0..whole.len() {
        assert!(partition.produce(&whole.slice(..len), 9).is_err(), "{len} bytes");
    }
    for _ in 0..20_000 {
        let mut mangled = whole.to_vec();
        for _ in 0..=world.random.below(3) {
            let at = world.random.below(mangled.len() as u64) as usize;
            mangled[at] = world.random.next_u64() as u8;
        }
        if world.random.below(2) == 0 {
            let crc = klamm_record::crc_of(&mangled);
            mangled[17..21].copy_from_slice(&crc.to_be_bytes());
        }
        let _ = partition.produce(&mangled.into(), 9);
    }
    let end = partition.end(Bound::LogEnd);
    assert_eq!(end, partition.high_watermark());
    assert_eq!(partition.produce(&batch(&["sound"]), 9).unwrap().base_offset, end);
}

#[test]
fn a_repeated_batch_is_told_its_first_place_and_moves_nothing_i2() {
    for mut world in World::both() {
        let (_replicas, partition) = with_topic(&mut world);
        let sent = batch_of(7, 0, 0, &["a", "b"]);
        assert_eq!(partition.produce(&sent, 9).unwrap().base_offset, Offset(0));
        partition.produce(&batch_of(7, 0, 2, &["c"]), 9).unwrap();
        let wake = Arc::new(Notify::new());
        let _parked = partition.park(&wake);
        let again = partition.produce(&sent, 9).unwrap();
        assert_eq!((again.base_offset, again.log_append_time_ms), (Offset(0), NOW_MS));
        assert_eq!(all_values(&partition), ["a", "b", "c"]);
        assert!(!is_woken(&wake), "a repeated batch is no move");
    }
}

#[test]
fn sequences_with_gaps_and_old_epochs_are_refused_i3_i4_i5() {
    let mut world = World::mem(1, &["data"]);
    let (_replicas, partition) = with_topic(&mut world);
    let code = |epoch, sequence| partition.produce(&batch_of(7, epoch, sequence, &["x"]), 9).map_err(|no| no.code);
    assert!(code(1, 0).is_ok());
    assert_eq!(code(1, 2).unwrap_err(), ErrorCode::OutOfOrderSequenceNumber);
    assert_eq!(code(0, 1).unwrap_err(), ErrorCode::InvalidProducerEpoch);
    assert_eq!(code(2, 1).unwrap_err(), ErrorCode::OutOfOrderSequenceNumber);
    assert!(code(2, 0).is_ok());
    assert_eq!(partition.high_watermark(), Offset(2));
    let [producer] = partition.producers()[..] else { panic!("one producer is known") };
    assert_eq!((producer.producer_id.0, producer.producer_epoch.0, producer.last_sequence.0), (7, 2, 0));
}

#[test]
fn a_fetch_is_bounded_by_the_logs_start_and_end_f6() {
    for mut world in World::both() {
        let (_replicas, partition) = with_topic(&mut world);
        for value in ["a", "b", "c"] {
            partition.produce(&batch(&[value]), 9).unwrap();
        }
        partition.delete_records(1).unwrap();
        let code = |offset| partition.fetch(&wanted(offset), 1 << 20, true).map(|found| values(&found, offset));
        for outside in [i64::MIN, -1, 0, 4, i64::MAX] {
            assert_eq!(code(outside), Err(ErrorCode::OffsetOutOfRange), "{outside}");
        }
        assert_eq!(code(1).unwrap(), ["b", "c"]);
        assert_eq!(code(3).unwrap(), [""; 0], "the end itself is no error");
    }
}

#[test]
fn the_first_batch_comes_whole_and_later_ones_only_if_they_fit_f1() {
    let mut world = World::mem(1, &["data"]);
    let (_replicas, partition) = with_topic(&mut world);
    partition.produce(&batch(&["a", "b"]), 9).unwrap();
    partition.produce(&batch(&["c"]), 9).unwrap();
    let fetch = |max_bytes, min_one| values(&partition.fetch(&wanted(0), max_bytes, min_one).unwrap(), 0);
    assert_eq!(fetch(0, true), ["a", "b"]);
    assert_eq!(fetch(1, false), [""; 0]);
    assert_eq!(fetch(batch(&["a", "b"]).len() + 10, true), ["a", "b"], "only whole batches");
    assert_eq!(fetch(1 << 20, false), ["a", "b", "c"]);
}

#[test]
fn every_waiter_is_woken_once_per_move_f5() {
    let mut world = World::mem(1, &["data"]);
    let (_replicas, partition) = with_topic(&mut world);
    let wakes: Vec<Arc<Notify>> = (0..3).map(|_| Arc::default()).collect();
    let parked: Vec<_> = wakes.iter().map(|wake| partition.park(wake)).collect();
    for _ in 0..2 {
        partition.produce(&batch(&["a"]), 9).unwrap();
        for wake in &wakes {
            assert!(is_woken(wake), "the move woke it");
            assert!(!is_woken(wake), "but once");
        }
    }
    partition.delete_records(-1).unwrap();
    assert!(wakes.iter().all(|wake| is_woken(wake)), "a moved start is news as well");
    drop(parked);
    partition.produce(&batch(&["a"]), 9).unwrap();
    assert!(wakes.iter().all(|wake| !is_woken(wake)), "who left is not woken");
}

#[test]
fn a_deleted_topic_wakes_who_waits_and_refuses_everything() {
    for mut world in World::both() {
        let (replicas, partition) = with_topic(&mut world);
        partition.produce(&batch(&["a"]), 9).unwrap();
        let wake = Arc::new(Notify::new());
        let _parked = partition.park(&wake);
        world.delete(&replicas, "t");
        assert!(is_woken(&wake));
        assert!(replicas.partition("t", 0).is_none());
        let gone = ErrorCode::UnknownTopicOrPartition;
        assert_eq!(partition.fetch(&wanted(0), 1000, true).unwrap_err(), gone);
        assert_eq!(partition.produce(&batch(&["b"]), 9).unwrap_err().code, gone);
        assert_eq!(partition.append_own(&batch(&["b"])).unwrap_err(), gone);
        assert_eq!(partition.delete_records(1).unwrap_err(), gone);
    }
}

#[test]
fn a_stopped_broker_appends_nothing_and_still_reads() {
    let mut world = World::mem(1, &["data"]);
    let (replicas, partition) = with_topic(&mut world);
    partition.produce(&batch(&["a"]), 9).unwrap();
    replicas.close().unwrap();
    assert_eq!(partition.produce(&batch(&["b"]), 9).unwrap_err().code, ErrorCode::NotLeaderOrFollower);
    assert_eq!(partition.delete_records(1).unwrap_err(), ErrorCode::NotLeaderOrFollower);
    assert_eq!(all_values(&partition), ["a"]);
    assert!(partition.producers().is_empty());
    replicas.close().unwrap();
    replicas.flush_due().unwrap();
    replicas.tidy();
}

#[test]
fn deleted_records_stay_deleted_after_a_power_cut_d6() {
    for seed in 0..20 {
        let mut world = World::mem(seed, &["data"]);
        let (replicas, partition) = with_topic(&mut world);
        partition.produce(&batch(&["a", "b", "c"]), 9).unwrap();
        partition.flush().unwrap();
        assert_eq!(partition.delete_records(2), Ok(Offset(2)));
        drop(partition);
        let replicas = world.crash(replicas);
        let partition = replicas.partition("t", 0).unwrap();
        assert_eq!(partition.log_start(), Offset(2), "seed {seed}");
        assert_eq!(all_values(&partition), ["c"], "seed {seed}");
    }
}

#[test]
fn a_start_beyond_what_survived_keeps_offsets_from_going_back_d4_d6() {
    for seed in 0..20 {
        let mut world = World::mem(seed, &["data"]);
        let (replicas, partition) = with_topic(&mut world);
        partition.flush().unwrap();
        partition.produce(&batch(&["a", "b", "c"]), 9).unwrap();
        partition.delete_records(-1).unwrap();
        drop(partition);
        let replicas = world.crash(replicas);
        let partition = replicas.partition("t", 0).unwrap();
        assert_eq!((partition.log_start(), partition.high_watermark()), (Offset(3), Offset(3)), "seed {seed}");
        assert_eq!(partition.produce(&batch(&["d"]), 9).unwrap().base_offset, Offset(3), "seed {seed}");
    }
}

#[test]
fn records_are_deleted_up_to_the_high_watermark_and_never_back_d7() {
    for mut world in World::both() {
        let (replicas, partition) = with_topic(&mut world);
        partition.produce(&batch(&["a", "b", "c"]), 9).unwrap();
        for outside in [4, -2, i64::MIN, i64::MAX] {
            assert_eq!(partition.delete_records(outside), Err(ErrorCode::OffsetOutOfRange), "{outside}");
        }
        assert_eq!(partition.delete_records(2), Ok(Offset(2)));
        assert_eq!(partition.delete_records(1), Ok(Offset(2)), "the start is where it was");
        let inside = partition.fetch(&wanted(2), 1000, true).unwrap();
        assert_eq!((values(&inside, 0).len(), inside.log_start), (3, Offset(2)), "the whole batch comes (D8)");
        assert_eq!(partition.delete_records(-1), Ok(Offset(3)));
        world.configure(&replicas, ConfigResource::topic("t"), "cleanup.policy", Some("compact"));
        assert_eq!(partition.delete_records(-1), Err(ErrorCode::PolicyViolation));
    }
}

#[test]
fn deletions_at_once_leave_on_disk_what_the_furthest_was_told_d6() {
    let mut world = World::mem(1, &["data"]);
    let (replicas, partition) = with_topic(&mut world);
    for _ in 0..100 {
        partition.produce(&batch(&["a"]), 9).unwrap();
    }
    let tasks = world.env().tasks;
    let delete = |offset| {
        let partition = partition.clone();
        tasks.spawn({
            let tasks = tasks.clone();
            async move { tasks.offload(move || partition.delete_records(offset)).await }
        })
    };
    let deletions: Vec<_> = (0..100).map(|n| delete(n * 37 % 100 + 1)).collect();
    for deletion in deletions {
        world.block_on(deletion).unwrap().unwrap();
    }
    assert_eq!(partition.log_start(), Offset(100));
    drop(partition);
    let replicas = world.kill(replicas);
    assert_eq!(replicas.partition("t", 0).unwrap().log_start(), Offset(100));
}

#[test]
fn leader_epochs_of_clients_are_compared_f11() {
    let mut world = World::mem(1, &["data"]);
    let (_replicas, partition) = with_topic(&mut world);
    let check = |epoch| partition.check_epoch_strictly(LeaderEpoch(epoch));
    assert_eq!((check(-1), check(0)), (Ok(()), Ok(())));
    assert_eq!(check(1), Err(ErrorCode::UnknownLeaderEpoch));
    assert_eq!(check(-2), Err(ErrorCode::FencedLeaderEpoch));
    let fetch = |current, last, offset| {
        let mut wanted = wanted(offset);
        (wanted.current_leader_epoch, wanted.last_fetched_epoch) = (LeaderEpoch(current), LeaderEpoch(last));
        partition.fetch(&wanted, 1000, true).map(|fetched| fetched.diverging)
    };
    partition.produce(&batch(&["a"]), 9).unwrap();
    assert_eq!(fetch(1, -1, 0), Err(ErrorCode::UnknownLeaderEpoch));
    assert_eq!(fetch(-2, -1, 0), Ok(None), "any negative epoch of a fetch is none");
    assert_eq!(fetch(0, 0, 1), Ok(None));
    assert_eq!(fetch(0, 0, 2), Ok(Some((LeaderEpoch(0), Offset(1)))), "the log ends before the client's (F12)");
    assert_eq!(fetch(0, 3, 1), Err(ErrorCode::OffsetOutOfRange), "an epoch that is still to come (F12)");
}

#[test]
fn a_topics_new_configuration_holds_from_the_next_append_on_v6() {
    for mut world in World::both() {
        let (replicas, partition) = with_topic(&mut world);
        let topic = || ConfigResource::topic("t");
        world.configure(&replicas, topic(), "max.message.bytes", Some("100"));
        let large = batch(&["a value of some forty characters, or so it is"]);
        assert_eq!(partition.produce(&large, 9).unwrap_err().code, ErrorCode::MessageTooLarge);
        world.configure(&replicas, topic(), "max.message.bytes", None);
        partition.produce(&large, 9).unwrap();

        world.configure(&replicas, topic(), "message.timestamp.type", Some("LogAppendTime"));
        world.clock.set(NOW_MS + 5000);
        assert_eq!(partition.produce(&large, 9).unwrap().log_append_time_ms, NOW_MS + 5000, "P22");

        world.configure(&replicas, topic(), "internal.segment.bytes", Some("150"));
        for _ in 0..3 {
            partition.produce(&large, 9).unwrap();
        }
        assert_eq!(partition.reader.segment_count(), 4, "each batch has a segment of its own now");
        world.configure(&replicas, topic(), "internal.segment.bytes", Some("110"));
        assert_eq!(partition.produce(&large, 9).unwrap_err().code, ErrorCode::RecordListTooLarge, "P17");
        assert_eq!(partition.high_watermark(), Offset(5));
    }
}

#[test]
fn what_is_configured_for_all_brokers_reaches_topics_without_a_value_of_their_own_v6() {
    let mut world = World::mem(1, &["data"]);
    let (replicas, partition) = with_topic(&mut world);
    world.create(&replicas, "own", 1);
    world.configure(&replicas, ConfigResource::topic("own"), "flush.messages", Some("9"));
    world.configure(&replicas, ConfigResource::all_brokers(), "log.flush.interval.messages", Some("2"));
    assert_eq!(partition.config().flush_messages, 2);
    assert_eq!(replicas.partition("own", 0).unwrap().config().flush_messages, 9);
    partition.produce(&batch(&["a"]), 9).unwrap();
    assert_eq!(partition.recovery_point(), Offset(0));
    partition.produce(&batch(&["b"]), 9).unwrap();
    assert_eq!(partition.recovery_point(), Offset(2), "the second record brings the sync");
}

#[test]
fn records_are_synced_when_the_oldest_unsynced_is_as_old_as_flush_ms() {
    let mut world = World::mem(1, &["data"]);
    let (replicas, partition) = with_topic(&mut world);
    world.configure(&replicas, ConfigResource::topic("t"), "flush.ms", Some("5000"));
    let mut synced_at = Vec::new();
    for second in 0..16 {
        world.clock.set(NOW_MS + 1000 * second);
        partition.produce(&batch(&["a"]), 9).unwrap();
        let before = partition.recovery_point();
        replicas.flush_due().unwrap();
        if partition.recovery_point() > before {
            assert_eq!(partition.recovery_point(), partition.high_watermark());
            synced_at.push(second);
        }
    }
    assert_eq!(synced_at, [5, 11], "not at every look once the first time was up");
}

#[test]
fn a_rolled_segment_is_synced_at_the_next_look() {
    let mut world = World::mem(1, &["data"]);
    let (replicas, partition) = with_topic(&mut world);
    world.configure(&replicas, ConfigResource::topic("t"), "internal.segment.bytes", Some("100"));
    partition.produce(&batch(&["a"]), 9).unwrap();
    replicas.flush_due().unwrap();
    assert_eq!(partition.recovery_point(), Offset(0));
    partition.produce(&batch(&["b"]), 9).unwrap();
    replicas.flush_due().unwrap();
    assert_eq!(partition.recovery_point(), Offset(2));
}

#[test]
fn a_log_that_failed_takes_nothing_more_and_others_go_on_w8() {
    let mut world = World::mem(1, &["data"]);
    let (replicas, failing) = with_topic(&mut world);
    world.create(&replicas, "u", 1);
    let sound = replicas.partition("u", 0).unwrap();
    for topic in ["t", "u"] {
        world.configure(&replicas, ConfigResource::topic(topic), "flush.ms", Some("0"));
    }
    failing.produce(&batch(&["a"]), 9).unwrap();
    let disk = world.mem.clone().unwrap();
    disk.fail_after(Some(0));
    assert_eq!(failing.produce(&batch(&["b"]), 9).unwrap_err().code, ErrorCode::KafkaStorageError);
    disk.fail_after(None);
    assert_eq!(failing.produce(&batch(&["b"]), 9).unwrap_err().code, ErrorCode::KafkaStorageError, "for good");
    assert_eq!(all_values(&failing), ["a"], "what was there can be read, the torn batch cannot (W9)");
    sound.produce(&batch(&["c"]), 9).unwrap();
    assert!(replicas.flush_due().is_err(), "somebody must hear of it");
    assert_eq!(sound.recovery_point(), Offset(1), "the other log is synced all the same");
    assert!(replicas.close().is_err());
    assert!(!world.exists(0, ".kafka_cleanshutdown"), "that was no clean stop");
    drop((failing, sound));
    let replicas = world.kill(replicas);
    assert_eq!(all_values(&replicas.partition("t", 0).unwrap()), ["a"]);
    assert_eq!(all_values(&replicas.partition("u", 0).unwrap()), ["c"]);
}
