//! What a log promises on any disk.

use klamm_base::{LeaderEpoch, Offset};
use klamm_record::Codec;

use crate::testing::{NOW_MS, Spec, World, append, check, fill, read_all, whole};
use crate::{AppendError, LogConfig, Origin, ReadError};

#[test]
fn a_new_log_is_empty_and_has_kafkas_files() {
    for world in World::each() {
        let (writer, reader) = world.open();
        assert_eq!((reader.log_start(), reader.leo(), reader.size_bytes()), (Offset(0), Offset(0), 0));
        let stem = "00000000000000000000";
        assert_eq!(world.names(), ["index", "log", "timeindex"].map(|suffix| format!("{stem}.{suffix}")));
        assert!(reader.read(Offset(0), 100, true, Offset(0)).unwrap().bytes.is_empty());
        assert_eq!(writer.close().unwrap(), Offset(0));
        assert_eq!(world.names().len(), 3, "an empty log leaves nothing more");
    }
}

#[test]
fn what_is_appended_is_read_with_its_offset_and_epoch_p25() {
    for world in World::each() {
        let (mut writer, reader) = world.open();
        let sent = Spec::of(3).batch();
        let first = writer.append(&sent, LeaderEpoch(4), Origin::Client, NOW_MS).unwrap();
        assert_eq!((first.base_offset, first.last_offset, first.duplicate), (Offset(0), Offset(2), false));
        assert_eq!(first.log_append_time_ms, -1);
        let second = append(&mut writer, Spec::of(1)).unwrap();
        assert_eq!(second.base_offset, Offset(3));
        let found = read_all(&reader);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].header.leader_epoch, LeaderEpoch(4));
        assert_eq!(found[0].body(), sent.body);
        assert_eq!(found[1].header.base_offset, Offset(3));
    }
}

#[test]
fn a_read_begins_at_the_batch_that_holds_the_offset_f3() {
    for world in World::each() {
        let (mut writer, reader) = world.open();
        fill(&mut writer, 60);
        assert!(reader.segment_count() > 2, "the test crosses segments");
        for from in 0..reader.leo().0 {
            let slice = reader.read(Offset(from), 100_000, false, reader.leo()).unwrap();
            let found = whole(&slice.bytes);
            assert_eq!(found[0].header.base_offset.0, from - from % 3, "from {from}");
            assert_eq!(found.last().unwrap().header.next_offset(), slice.next_offset);
        }
    }
}

#[test]
fn the_first_batch_is_whole_whatever_the_limit_f1() {
    for world in World::each() {
        let (mut writer, reader) = world.open();
        fill(&mut writer, 4);
        let size = Spec::of(3).batch().info.size_bytes();
        let leo = reader.leo();
        let count = |max_bytes, min_one| whole(&reader.read(Offset(3), max_bytes, min_one, leo).unwrap().bytes).len();
        for max_bytes in [0, 1, 60, 61, size - 1] {
            assert_eq!(count(max_bytes, true), 1, "{max_bytes} bytes");
            assert_eq!(count(max_bytes, false), 0, "{max_bytes} bytes");
        }
        assert_eq!(count(size, false), 1);
        assert_eq!(count(2 * size - 1, false), 1);
        assert_eq!(count(2 * size, false), 2);
        assert_eq!(count(100 * size, false), 3);
    }
}

#[test]
fn nothing_at_or_above_the_bound_is_read_f7() {
    for world in World::each() {
        let (mut writer, reader) = world.open();
        fill(&mut writer, 40);
        for upper in (0..=reader.leo().0).step_by(3) {
            for from in [0, 3, upper - 3].into_iter().filter(|from| (0..upper).contains(from)) {
                let slice = reader.read(Offset(from), 100_000, true, Offset(upper)).unwrap();
                assert!(slice.next_offset.0 <= upper);
                assert!(slice.next_offset.0 > from);
            }
        }
        let inside = reader.read(Offset(3), 100_000, true, Offset(5)).unwrap();
        assert!(inside.bytes.is_empty(), "a batch that reaches the bound is not shown");
    }
}

#[test]
fn offsets_outside_the_log_are_out_of_range_f6() {
    for world in World::each() {
        let (mut writer, reader) = world.open();
        fill(&mut writer, 4);
        writer.delete_records(Offset(4)).unwrap();
        let leo = reader.leo();
        for offset in [-1, 0, 3, 13, i64::MAX] {
            let refused = reader.read(Offset(offset), 100, true, leo);
            assert!(matches!(refused, Err(ReadError::OutOfRange { .. })), "{offset}");
        }
        assert!(reader.read(leo, 100, true, leo).unwrap().bytes.is_empty());
        assert!(reader.read(Offset(8), 100, true, Offset(6)).unwrap().bytes.is_empty(), "between bound and end");
    }
}

#[test]
fn a_segment_rolls_by_size_d1() {
    for world in World::each() {
        let (mut writer, reader) = world.open();
        let size = Spec::of(3).batch().info.size_bytes() as u64;
        let per_segment = u64::from(world.config.segment_bytes) / size;
        for n in 0..3 * per_segment {
            let appended = append(&mut writer, Spec::of(3)).unwrap();
            assert_eq!(appended.rolled, n > 0 && n % per_segment == 0, "batch {n}");
        }
        assert_eq!(reader.segment_count(), 3);
        assert_eq!(reader.active_base_offset().0, 2 * 3 * per_segment as i64);
        check(&world, &reader);
    }
}

#[test]
fn a_segment_rolls_by_the_age_of_its_first_record_d1() {
    for mut world in World::each() {
        world.config = LogConfig { segment_ms: 1000, segment_jitter_ms: 100, ..LogConfig::default() };
        let (mut writer, reader) = world.open();
        for (ts, rolls) in [(5000, false), (5900, false), (5901, true), (4000, false), (6801, false), (6802, true)] {
            assert_eq!(append(&mut writer, Spec::of(1).at(ts)).unwrap().rolled, rolls, "{ts}");
        }
        assert_eq!(reader.segment_count(), 3);
        let mut timeless = |now_ms| {
            let batch = Spec::of(1).at(-1).batch();
            writer.append(&batch, LeaderEpoch(0), Origin::Client, now_ms).unwrap().rolled
        };
        assert!(!timeless(NOW_MS), "a batch without a time is not older than the first");
        drop(world);
    }
}

#[test]
fn a_segment_without_times_rolls_by_the_clock_d1() {
    let mut world = World::real();
    world.config = LogConfig { segment_ms: 1000, ..LogConfig::default() };
    let (mut writer, _) = world.open();
    let mut append = |now_ms| {
        let batch = Spec::of(1).at(-1).batch();
        writer.append(&batch, LeaderEpoch(0), Origin::Client, now_ms).unwrap().rolled
    };
    assert_eq!([append(NOW_MS), append(NOW_MS + 1000), append(NOW_MS + 1001)], [false, false, true]);
    assert_eq!([append(NOW_MS + 2001), append(NOW_MS + 2002)], [false, true]);
}

#[test]
fn a_segment_rolls_when_an_index_is_full_d1() {
    let mut world = World::real();
    world.config = LogConfig { segment_index_bytes: 48, index_interval_bytes: 0, ..LogConfig::default() };
    let (mut writer, reader) = world.open();
    fill(&mut writer, 30);
    assert!(reader.segment_count() >= 5);
    writer.flush().unwrap();
    check(&world, &reader);
    for segment in reader.shared.segments().iter() {
        assert!(world.bytes(&world.path(segment.base_offset.0, "timeindex")).len() <= 48);
    }
}

#[test]
fn a_batch_larger_than_a_segment_is_refused_p17() {
    for world in World::each() {
        let (mut writer, reader) = world.open();
        let large = Spec { value_bytes: 3000, ..Spec::of(1) };
        assert!(matches!(append(&mut writer, large), Err(AppendError::RecordListTooLarge { .. })));
        assert_eq!(reader.leo(), Offset(0), "a refused batch takes no offsets");
        append(&mut writer, Spec::of(1)).unwrap();
    }
}

#[test]
fn a_clean_stop_brings_everything_back() {
    for world in World::each() {
        let (mut writer, reader) = world.open();
        fill(&mut writer, 50);
        append(&mut writer, Spec::of(2).from(9, 0, 0)).unwrap();
        let before = read_all(&reader);
        let producers: Vec<_> = writer.producers().cloned().collect();
        let leo = reader.leo();
        assert_eq!(writer.close().unwrap(), leo);
        let (writer, reader) = world.open_clean();
        assert_eq!(read_all(&reader), before);
        assert_eq!((reader.leo(), reader.recovery_point()), (leo, leo));
        assert_eq!(writer.producers().cloned().collect::<Vec<_>>(), producers);
        assert_eq!(reader.latest_epoch(), Some(LeaderEpoch(0)));
        check(&world, &reader);
    }
}

#[test]
fn appends_go_on_after_a_clean_stop_with_the_same_index_rhythm() {
    for world in World::each() {
        let (mut writer, _) = world.open();
        fill(&mut writer, 5);
        writer.close().unwrap();
        let (mut writer, reader) = world.open_clean();
        fill(&mut writer, 40);
        writer.flush().unwrap();
        check(&world, &reader);
        let leo = reader.leo();
        writer.close().unwrap();
        let (_, reader) = world.open();
        assert_eq!(reader.leo(), leo, "the same after a scan");
        check(&world, &reader);
    }
}

#[test]
fn a_kill_loses_nothing_that_was_appended() {
    for world in World::each() {
        let (mut writer, reader) = world.open();
        fill(&mut writer, 50);
        let before = read_all(&reader);
        drop((writer, reader));
        let (_, reader) = world.open();
        assert_eq!(read_all(&reader), before);
        check(&world, &reader);
    }
}

#[test]
fn the_log_start_moves_and_segments_below_it_go_d5_d8() {
    for world in World::each() {
        let (mut writer, reader) = world.open();
        fill(&mut writer, 60);
        let third = reader.shared.segments()[2].base_offset;
        let held = reader.read(Offset(0), 500, true, reader.leo()).unwrap();
        let to = third.plus(1);
        assert_eq!(writer.delete_records(to).unwrap(), to);
        assert_eq!(writer.delete_records(Offset(3)).unwrap(), to, "never back");
        assert!(writer.delete_records(reader.leo().plus(1)).is_err());
        let at_start = reader.read(to, 500, true, reader.leo()).unwrap();
        assert_eq!(whole(&at_start.bytes)[0].header.base_offset, third, "the whole batch is given");
        assert_eq!(writer.retire_segments(NOW_MS).unwrap(), 2);
        assert_eq!(world.names().iter().filter(|name| name.ends_with(".deleted")).count(), 6);
        assert_eq!(whole(&held.bytes)[0].header.base_offset, Offset(0));
        assert_eq!(writer.remove_expired_files(NOW_MS + 59_999).unwrap(), 6);
        assert_eq!(writer.remove_expired_files(NOW_MS + 60_000).unwrap(), 0);
        assert!(!world.names().iter().any(|name| name.ends_with(".deleted")));
        check(&world, &reader);
        drop(writer);
        let (_, reader) = world.open_at(Offset(0), to);
        assert_eq!(reader.log_start(), to);
        check(&world, &reader);
    }
}

#[test]
fn a_reader_of_a_retired_segment_goes_on_d5() {
    for world in World::each() {
        let (mut writer, reader) = world.open();
        fill(&mut writer, 60);
        let segments = reader.shared.segments();
        writer.delete_records(reader.leo()).unwrap();
        writer.retire_segments(NOW_MS).unwrap();
        assert!(segments[0].find(Offset(4)).unwrap().is_some());
        assert_eq!(reader.segment_count(), 1, "the newest segment stays");
    }
}

#[test]
fn a_record_is_found_by_its_time_l3() {
    for world in World::each() {
        for codec in Codec::ALL {
            let (mut writer, reader) = world.open();
            let start = reader.leo().0;
            for n in 0..30 {
                append(&mut writer, Spec { codec, ..Spec::of(3) }.at(NOW_MS + 10 * n)).unwrap();
            }
            let leo = reader.leo();
            for (asked, offset, found_ms) in
                [(0, 0, 0), (1, 1, 1), (3, 3, 10), (10, 3, 10), (11, 4, 11), (292, 89, 292)]
            {
                let found = reader.offset_for_timestamp(NOW_MS + asked, leo).unwrap().unwrap();
                assert_eq!(
                    (found.offset.0, found.timestamp_ms),
                    (start + offset, NOW_MS + found_ms),
                    "{codec:?} {asked}"
                );
                assert_eq!(found.leader_epoch, LeaderEpoch(0));
            }
            assert_eq!(reader.offset_for_timestamp(NOW_MS + 293, leo).unwrap(), None);
            assert_eq!(
                reader.offset_for_timestamp(NOW_MS + 292, Offset(start + 89)).unwrap(),
                None,
                "not below the bound"
            );
            writer.delete_records(leo).unwrap();
            writer.retire_segments(NOW_MS).unwrap();
            drop(writer);
            world.disk.remove_dir_all(&world.dir).unwrap();
        }
    }
}

#[test]
fn a_lookup_by_time_respects_the_log_start_and_max_timestamp_does_not_l2() {
    for world in World::each() {
        let (mut writer, reader) = world.open();
        assert_eq!(reader.max_timestamp().unwrap(), None);
        append(&mut writer, Spec::of(1).at(NOW_MS)).unwrap();
        append(&mut writer, Spec::of(1).at(NOW_MS + 900)).unwrap();
        append(&mut writer, Spec::of(1).at(NOW_MS + 500)).unwrap();
        append(&mut writer, Spec::of(1).at(NOW_MS + 900)).unwrap();
        let newest = reader.max_timestamp().unwrap().unwrap();
        assert_eq!((newest.offset, newest.timestamp_ms), (Offset(1), NOW_MS + 900));
        writer.delete_records(Offset(2)).unwrap();
        let found = reader.offset_for_timestamp(0, reader.leo()).unwrap().unwrap();
        assert_eq!(found.offset, Offset(2));
        assert_eq!(reader.max_timestamp().unwrap().unwrap().offset, Offset(1));
    }
}

#[test]
fn epochs_are_known_without_records_and_after_a_restart_l6() {
    for world in World::each() {
        let (mut writer, reader) = world.open();
        writer.begin_epoch(LeaderEpoch(2)).unwrap();
        assert_eq!(reader.end_offset_for_epoch(LeaderEpoch(2)).end_offset, Offset(0));
        for epoch in [2, 5, 9] {
            writer.append(&Spec::of(3).batch(), LeaderEpoch(epoch), Origin::Client, NOW_MS).unwrap();
        }
        writer.begin_epoch(LeaderEpoch(11)).unwrap();
        let ends =
            |reader: &crate::Reader| [2, 4, 5, 9].map(|e| reader.end_offset_for_epoch(LeaderEpoch(e)).end_offset.0);
        assert_eq!(ends(&reader), [3, 3, 6, 9]);
        assert_eq!(reader.epoch_for_offset(Offset(4)), Some(LeaderEpoch(5)));
        let text = String::from_utf8(world.bytes(&world.dir.join("leader-epoch-checkpoint"))).unwrap();
        assert_eq!(text, "0\n4\n2 0\n5 3\n9 6\n11 9\n");
        drop(writer);
        let (_, reader) = world.open();
        assert_eq!(ends(&reader), [3, 3, 6, 9]);
        assert_eq!(reader.latest_epoch(), Some(LeaderEpoch(9)), "an epoch without records is gone");
    }
}

#[test]
fn flush_messages_syncs_within_the_append() {
    let (mut world, _) = World::simulated();
    world.config.flush_messages = 7;
    let (mut writer, reader) = world.open();
    let points: Vec<i64> = (0..6)
        .map(|_| {
            append(&mut writer, Spec::of(3)).unwrap();
            reader.recovery_point().0
        })
        .collect();
    assert_eq!(points, [0, 0, 9, 9, 9, 18]);
}

#[test]
fn readers_and_a_flusher_go_on_beside_the_writer() {
    for world in World::each() {
        let (mut writer, reader) = world.open();
        let (flusher, count) = (writer.flusher(), 3 * 2000);
        std::thread::scope(|threads| {
            for max_bytes in [1, 300, 5000] {
                let reader = reader.clone();
                threads.spawn(move || {
                    let mut from = Offset(0);
                    while from.0 < count {
                        let leo = reader.leo();
                        let slice = reader.read(from, max_bytes, true, leo).unwrap();
                        assert_eq!(slice.bytes.is_empty(), from == leo, "what is published can be read");
                        for batch in whole(&slice.bytes) {
                            assert_eq!(batch.header.base_offset, from);
                            from = batch.header.next_offset();
                        }
                        assert_eq!(slice.next_offset, from);
                    }
                });
            }
            threads.spawn(move || while flusher.flush().unwrap().0 < count {});
            fill(&mut writer, 2000);
        });
        assert_eq!(reader.recovery_point(), Offset(count));
        check(&world, &reader);
    }
}
