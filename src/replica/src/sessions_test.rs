use super::*;

fn key(topic: &str, partition: i32) -> PartitionKey {
    (TopicKey::Name(Arc::from(topic)), partition)
}

fn wanted(offset: i64) -> Wanted {
    Wanted {
        fetch_offset: Offset(offset),
        max_bytes: 1 << 20,
        current_leader_epoch: LeaderEpoch::NONE,
        last_fetched_epoch: LeaderEpoch::NONE,
    }
}

fn request(session_id: i32, epoch: i32, partitions: &[(&str, i32)]) -> FetchRequest {
    FetchRequest {
        session_id,
        epoch,
        partitions: partitions.iter().map(|(topic, index)| (key(topic, *index), wanted(0))).collect(),
        forgotten: Vec::new(),
        uses_topic_ids: false,
    }
}

fn summary(high_watermark: i64, has_records: bool) -> Summary {
    Summary { has_records, must_send: false, high_watermark, log_start: 0 }
}

fn counter() -> impl FnMut() -> u64 {
    let mut next = 0;
    move || {
        next += 1;
        next
    }
}

/// A session over `a-0` and `a-1`, both known at high watermark 5.
fn with_session(sessions: &FetchSessions) -> i32 {
    let context = sessions.begin(request(0, 0, &[("a", 0), ("a", 1)]), 0);
    let answers = [(key("a", 0), None, summary(5, true)), (key("a", 1), None, summary(5, false))];
    let (id, kept) = sessions.finish(&context, &answers, false, 0, counter());
    assert_eq!(kept, [true, true]);
    id
}

fn entries(context: &FetchContext) -> Vec<PartitionKey> {
    match context {
        FetchContext::Incremental(session) => lock(session).entries().into_iter().map(|entry| entry.key).collect(),
        FetchContext::Sessionless(entries) | FetchContext::Full(entries) => {
            entries.iter().map(|entry| entry.key.clone()).collect()
        }
        FetchContext::Failed(_) => Vec::new(),
    }
}

#[test]
fn epoch_0_creates_a_session_and_minus_1_wants_none_s1() {
    let sessions = FetchSessions::new(10);
    let id = with_session(&sessions);
    assert!(id > 0);
    let context = sessions.begin(request(id, -1, &[("a", 0)]), 0);
    assert!(matches!(context, FetchContext::Sessionless(_)));
    assert_eq!(sessions.count(), 0, "the old session is closed");
}

#[test]
fn an_unknown_id_and_a_wrong_epoch_are_told_apart_and_the_session_lives_s2() {
    let sessions = FetchSessions::new(10);
    let id = with_session(&sessions);
    let failed = |id, epoch| match sessions.begin(request(id, epoch, &[]), 0) {
        FetchContext::Failed(code) => Some(code),
        _ => None,
    };
    assert_eq!(failed(id + 1, 1), Some(ErrorCode::FetchSessionIdNotFound));
    assert_eq!(failed(0, 1), Some(ErrorCode::FetchSessionIdNotFound));
    assert_eq!(failed(id, 2), Some(ErrorCode::InvalidFetchSessionEpoch));
    assert_eq!(failed(id, 1), None);
    assert_eq!(failed(id, 1), Some(ErrorCode::InvalidFetchSessionEpoch), "the epoch went on");
    assert_eq!(failed(id, 2), None);
}

#[test]
fn the_epoch_after_the_largest_is_1_s2() {
    assert_eq!(next_epoch(i32::MAX), 1);
}

#[test]
fn names_and_ids_do_not_mix_and_the_epoch_stays_s3() {
    let sessions = FetchSessions::new(10);
    let id = with_session(&sessions);
    let by_id = FetchRequest { uses_topic_ids: true, ..request(id, 1, &[]) };
    assert!(matches!(sessions.begin(by_id, 0), FetchContext::Failed(ErrorCode::FetchSessionTopicIdError)));
    assert!(matches!(sessions.begin(request(id, 1, &[]), 0), FetchContext::Incremental(_)));
}

#[test]
fn only_what_changed_is_sent_s4() {
    let sessions = FetchSessions::new(10);
    let id = with_session(&sessions);
    let context = sessions.begin(request(id, 1, &[]), 0);
    let answers = [(key("a", 0), None, summary(5, false)), (key("a", 1), None, summary(6, false))];
    assert_eq!(sessions.finish(&context, &answers, false, 0, counter()), (id, vec![false, true]));
    let context = sessions.begin(request(id, 2, &[]), 0);
    let moved = Summary { log_start: 3, ..summary(5, false) };
    let answers = [(key("a", 0), None, moved), (key("a", 1), None, summary(6, false))];
    assert_eq!(sessions.finish(&context, &answers, false, 0, counter()).1, [true, false]);
}

#[test]
fn a_partition_with_an_error_is_sent_again_when_it_heals_s4() {
    let sessions = FetchSessions::new(10);
    let id = with_session(&sessions);
    let context = sessions.begin(request(id, 1, &[]), 0);
    let error = Summary { has_records: false, must_send: true, high_watermark: -1, log_start: -1 };
    assert_eq!(sessions.finish(&context, &[(key("a", 0), None, error)], false, 0, counter()).1, [true]);
    let context = sessions.begin(request(id, 2, &[]), 0);
    assert_eq!(sessions.finish(&context, &[(key("a", 0), None, summary(5, false))], false, 0, counter()).1, [true]);
}

#[test]
fn what_returned_data_goes_to_the_end_but_not_in_the_creating_fetch_s5() {
    let sessions = FetchSessions::new(10);
    let id = with_session(&sessions);
    let context = sessions.begin(request(id, 1, &[]), 0);
    assert_eq!(entries(&context), [key("a", 0), key("a", 1)]);
    sessions.finish(&context, &[(key("a", 0), None, summary(7, true))], false, 0, counter());
    assert_eq!(entries(&sessions.begin(request(id, 2, &[]), 0)), [key("a", 1), key("a", 0)]);
}

#[test]
fn a_session_that_forgets_everything_ends_s6() {
    let sessions = FetchSessions::new(10);
    let id = with_session(&sessions);
    let forget = FetchRequest { forgotten: vec![key("a", 0), key("a", 1)], ..request(id, 1, &[]) };
    assert!(matches!(sessions.begin(forget, 0), FetchContext::Sessionless(_)));
    assert_eq!(sessions.count(), 0);
}

#[test]
fn a_full_cache_serves_without_a_session_until_one_is_idle_s7() {
    let sessions = FetchSessions::new(1);
    let id = with_session(&sessions);
    let context = sessions.begin(request(0, 0, &[("b", 0)]), 1000);
    assert_eq!(sessions.finish(&context, &[], false, 1000, counter()).0, 0);
    let later = EVICTION_MS + 1;
    let context = sessions.begin(request(0, 0, &[("b", 0)]), later);
    let (new, _) = sessions.finish(&context, &[], false, later, || 77);
    assert_eq!(new, 77);
    assert!(matches!(sessions.begin(request(id, 1, &[]), later), FetchContext::Failed(_)), "the idle one is gone");
}

#[test]
fn an_old_session_gives_way_to_a_larger_one_s7() {
    let sessions = FetchSessions::new(1);
    let id = with_session(&sessions);
    let later = EVICTION_MS + 1;
    assert!(matches!(sessions.begin(request(id, 1, &[]), later), FetchContext::Incremental(_)), "in use");
    let context = sessions.begin(request(0, 0, &[("b", 0)]), later);
    assert_eq!(sessions.finish(&context, &[], false, later, counter()).0, 0, "a smaller one gets no slot");
    let context = sessions.begin(request(0, 0, &[("b", 0), ("b", 1), ("b", 2)]), later);
    assert!(sessions.finish(&context, &[], false, later, counter()).0 > 0);
}

#[test]
fn a_partition_named_twice_counts_as_its_last_mention_f19b() {
    let sessions = FetchSessions::new(1);
    let twice =
        FetchRequest { partitions: vec![(key("a", 0), wanted(1)), (key("a", 0), wanted(2))], ..request(0, -1, &[]) };
    let FetchContext::Sessionless(entries) = sessions.begin(twice, 0) else { panic!("no session was wanted") };
    assert_eq!(entries.iter().map(|entry| entry.wanted.fetch_offset).collect::<Vec<_>>(), [Offset(2)]);
}
