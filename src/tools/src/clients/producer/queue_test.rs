use super::*;
use crate::client_config::ClientConfig;
use klamm_record::BatchHeader;

fn queues(pairs: &[(&str, &str)]) -> Queues {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", "localhost:1");
    config.set("batch.size", "150");
    pairs.iter().for_each(|(key, value)| config.set(*key, *value));
    let mut queues = Queues::new(ProducerConfig::read(&config, "t").unwrap(), true);
    queues.identity = Some((7, 0));
    queues
}

fn key() -> Key {
    (Arc::from("t"), 0)
}

fn put(queues: &mut Queues, value: &[u8], now: Instant) -> bool {
    queues.append(&key(), NewRecord { key: None, value: Some(value), headers: &[] }, 1, now)
}

fn take(queues: &mut Queues, now: Instant) -> Option<(Outgoing, i32)> {
    let ready = queues.ready(now);
    let outgoing = queues.take(ready.first()?, 1 << 20)?;
    let sequence = BatchHeader::parse(&outgoing.bytes).unwrap().base_sequence.0;
    Some((outgoing, sequence))
}

fn refused(code: ErrorCode) -> Outcome {
    Outcome::Refused(code, None)
}

#[tokio::test]
async fn a_batch_goes_when_it_is_full_or_has_lingered_or_all_must_go() {
    let mut queues = queues(&[("linger.ms", "1000")]);
    let now = Instant::now();
    assert!(!put(&mut queues, &[0; 30], now) && take(&mut queues, now).is_none());
    assert_eq!(queues.next_event(), Some(now + Duration::from_secs(1)));
    assert!(put(&mut queues, &[0; 60], now), "the second does not fit beside the first");
    assert_eq!(take(&mut queues, now).unwrap().1, 0);
    assert!(take(&mut queues, now).is_none(), "the open one lingers");
    assert_eq!(take(&mut queues, now + Duration::from_secs(1)).unwrap().1, 1);
    put(&mut queues, b"x", now);
    queues.flushing = true;
    assert_eq!(take(&mut queues, now).unwrap().1, 2);
}

#[tokio::test]
async fn batches_that_come_back_go_out_again_in_their_order_with_their_sequences() {
    let mut queues = queues(&[("linger.ms", "0")]);
    let now = Instant::now();
    let places: Vec<u64> = (0..3u8)
        .map(|value| {
            put(&mut queues, &[value; 100], now);
            take(&mut queues, now).unwrap().0.place
        })
        .collect();
    queues.finish(&key(), places[0], refused(ErrorCode::NotLeaderOrFollower), now);
    queues.finish(&key(), places[1], refused(ErrorCode::OutOfOrderSequenceNumber), now);
    let later = now + Duration::from_secs(5);
    assert!(take(&mut queues, later).is_none(), "the third is still on its way");
    queues.finish(&key(), places[2], refused(ErrorCode::OutOfOrderSequenceNumber), now);
    assert!(take(&mut queues, now).is_none(), "a pause comes first");
    assert_eq!(take(&mut queues, later).map(|(_, sequence)| sequence), Some(0));
    queues.finish(&key(), places[0], Outcome::Written, later);
    assert_eq!(take(&mut queues, later).map(|(_, sequence)| sequence), Some(1));
    queues.finish(&key(), places[1], Outcome::Written, later);
    assert_eq!(take(&mut queues, later).map(|(_, sequence)| sequence), Some(2));
    queues.finish(&key(), places[2], refused(ErrorCode::DuplicateSequenceNumber), later);
    assert!(queues.is_done() && queues.deliveries().iter().all(|delivery| delivery.fault.is_none()));
    assert_eq!(queues.used_bytes(), 0);
}

#[tokio::test]
async fn the_sequences_behind_a_batch_that_failed_for_good_close_the_gap() {
    let mut queues = queues(&[("linger.ms", "0")]);
    let now = Instant::now();
    put(&mut queues, &[0; 100], now);
    let first = take(&mut queues, now).unwrap().0.place;
    put(&mut queues, &[1; 100], now);
    let second = take(&mut queues, now).unwrap().0.place;
    queues.finish(&key(), first, refused(ErrorCode::InvalidRecord), now);
    queues.finish(&key(), second, refused(ErrorCode::OutOfOrderSequenceNumber), now);
    assert_eq!(
        take(&mut queues, now + Duration::from_secs(1)).unwrap().1,
        0,
        "the second takes the first one's number"
    );
    assert_eq!(queues.deliveries().len(), 1);
}

#[tokio::test]
async fn a_batch_that_is_too_large_comes_back_in_halves() {
    let mut queues = queues(&[("linger.ms", "0"), ("batch.size", "10000")]);
    let now = Instant::now();
    put(&mut queues, &[0; 100], now);
    put(&mut queues, &[1; 3000], now);
    put(&mut queues, &[2; 100], now);
    let whole = take(&mut queues, now).unwrap().0;
    queues.finish(&key(), whole.place, refused(ErrorCode::MessageTooLarge), now);
    let (first, sequence) = take(&mut queues, now).unwrap();
    assert_eq!((sequence, BatchHeader::parse(&first.bytes).unwrap().record_count), (0, 1));
    queues.finish(&key(), first.place, Outcome::Written, now);
    let (rest, sequence) = take(&mut queues, now).unwrap();
    assert_eq!((sequence, BatchHeader::parse(&rest.bytes).unwrap().record_count), (1, 2));
    queues.finish(&key(), rest.place, refused(ErrorCode::MessageTooLarge), now);
    let large = take(&mut queues, now).unwrap().0;
    queues.finish(&key(), large.place, refused(ErrorCode::MessageTooLarge), now);
    let (last, sequence) = take(&mut queues, now).unwrap();
    assert_eq!(sequence, 1, "the number of the one that was refused is free");
    queues.finish(&key(), last.place, Outcome::Written, now);
    let faults: Vec<bool> = queues.deliveries().iter().map(|delivery| delivery.fault.is_some()).collect();
    assert_eq!((faults, queues.is_done()), (vec![false, true, false], true));
}

#[tokio::test]
async fn what_is_too_old_fails_and_an_unknown_fate_begins_the_next_epoch() {
    let mut queues = queues(&[("linger.ms", "0"), ("request.timeout.ms", "10"), ("delivery.timeout.ms", "100")]);
    let now = Instant::now();
    put(&mut queues, &[0; 100], now);
    let first = take(&mut queues, now).unwrap().0.place;
    queues.finish(&key(), first, refused(ErrorCode::RequestTimedOut), now);
    let late = now + Duration::from_millis(100);
    queues.expire(late);
    let fault = queues.deliveries().pop().unwrap().fault.unwrap();
    assert_eq!(
        fault.to_string(),
        "org.apache.kafka.common.errors.TimeoutException: Expiring 1 record(s) for t-0:100 ms has passed since batch creation"
    );
    assert_eq!(queues.identity, Some((7, 1)));
    put(&mut queues, b"x", late);
    assert_eq!(take(&mut queues, late + Duration::from_secs(2)).unwrap().1, 0);
}

#[tokio::test]
async fn tries_are_counted_but_not_those_that_reached_nobody() {
    let mut queues = queues(&[("linger.ms", "0"), ("retries", "1")]);
    let mut now = Instant::now();
    put(&mut queues, b"x", now);
    for outcome in [Outcome::Unsent, Outcome::Unsent, refused(ErrorCode::NetworkException)] {
        now += Duration::from_secs(2);
        let place = take(&mut queues, now).unwrap().0.place;
        queues.finish(&key(), place, outcome, now);
        assert!(!queues.is_done());
    }
    now += Duration::from_secs(2);
    let place = take(&mut queues, now).unwrap().0.place;
    queues.finish(&key(), place, refused(ErrorCode::NetworkException), now);
    assert!(queues.is_done() && queues.deliveries().pop().unwrap().fault.is_some());
}
