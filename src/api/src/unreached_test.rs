//! Clients in trouble and clients that only seem to be.

use super::*;

fn question<'a>(client_id: &'a str, software: &'a str, host: &'a str) -> Question<'a> {
    Question {
        peer: IpAddr::from([172, 18, 0, 5]),
        client_id,
        software: Some(software),
        reached: "[::ffff:172.18.0.2]:9092".parse().expect("an address"),
        host,
        port: 9092,
        about: About::Known,
    }
}

async fn after(ms: u64) {
    tokio::time::advance(Duration::from_millis(ms)).await;
}

fn told(all: &Arc<Unreached>) -> Vec<String> {
    all.look(Instant::now())
}

fn was_warned(all: &Arc<Unreached>) -> bool {
    all.lock().values().any(|client| client.warned)
}

#[tokio::test(start_paused = true)]
async fn a_java_client_that_waits_is_told_of_once() {
    let all = Arc::new(Unreached::default());
    let waiting = all.asked(question("X", JAVA, "kafka.example"), false);
    after(9000).await;
    assert!(told(&all).is_empty());
    after(1500).await;
    let lines = told(&all);
    assert_eq!(lines.len(), 1);
    let wanted = "client \"X\" at 172.18.0.5 reached this broker at 172.18.0.2:9092 but was told to go to \
                  kafka.example:9092 and never came: set advertised.listeners";
    assert!(lines[0].starts_with(wanted), "{lines:?}");
    after(60_000).await;
    assert!(told(&all).is_empty());
    drop(waiting);
    let again = all.asked(question("X", JAVA, "kafka.example"), false);
    after(20_000).await;
    assert!(told(&all).is_empty(), "once for each client, also if it comes back");
    drop(again);
}

#[tokio::test(start_paused = true)]
async fn one_that_asks_again_and_again_is_told_of() {
    let all = Arc::new(Unreached::default());
    for _ in 0..3 {
        assert!(!was_warned(&all));
        drop(all.asked(question("kafkajs", "kafkajs", "kafka"), false));
        after(1600).await;
    }
    assert!(was_warned(&all), "each time on another connection");
    let all = Arc::new(Unreached::default());
    let waiting = all.asked(question("rdkafka", "librdkafka", "kafka"), false);
    for _ in 0..4 {
        after(1000).await;
        assert!(all.asked(question("rdkafka", "librdkafka", "kafka"), true).is_none());
    }
    assert!(was_warned(&all), "on one connection");
    drop(waiting);
}

#[tokio::test(start_paused = true)]
async fn one_that_does_something_is_not_told_of() {
    let all = Arc::new(Unreached::default());
    let waiting = all.asked(question("X", JAVA, "kafka"), false);
    after(5000).await;
    drop(all.came(IpAddr::from([172, 18, 0, 5]), "X", 9092));
    after(60_000).await;
    assert!(told(&all).is_empty());
    drop(waiting);
    // Several of one name start at once, and each comes.
    for _ in 0..20 {
        let waiting = all.asked(question("many", "librdkafka", "kafka"), false);
        after(500).await;
        drop(all.came("::ffff:172.18.0.5".parse().expect("an address"), "many", 9093));
        drop(waiting);
    }
    assert!(told(&all).is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_for_missing_topics_is_not_told_of_unless_it_is_silent() {
    let all = Arc::new(Unreached::default());
    let missing = |client_id, software| Question { about: About::Missing, ..question(client_id, software, "kafka") };
    let first = all.asked(missing("rdkafka", "librdkafka"), false);
    drop(first);
    let second = all.asked(missing("rdkafka", "librdkafka"), false);
    for _ in 0..20 {
        after(1000).await;
        assert!(all.asked(missing("rdkafka", "librdkafka"), true).is_none());
        assert!(told(&all).is_empty() && !was_warned(&all));
    }
    for _ in 0..3 {
        assert!(all.asked(question("rdkafka", "librdkafka", "kafka"), true).is_none());
        after(2000).await;
    }
    assert!(was_warned(&all), "the topic is there, and it does not go to it");
    drop(second);
    let java = all.asked(missing("producer-1", JAVA), false);
    after(11_000).await;
    assert!(told(&all)[0].contains("producer-1"), "its question creates the topic");
    drop(java);
}

/// A librdkafka consumer in its group that asks for a missing topic on its first connection each second.
#[tokio::test(start_paused = true)]
async fn one_that_is_here_may_ask_as_often_as_it_likes() {
    let all = Arc::new(Unreached::default());
    let peer = IpAddr::from([172, 18, 0, 5]);
    let waiting = all.asked(question("rdkafka", "librdkafka", "kafka"), false);
    let here = all.came(peer, "rdkafka", 9092);
    for _ in 0..200 {
        assert!(all.asked(question("rdkafka", "librdkafka", "kafka"), true).is_none());
        after(1000).await;
        assert!(told(&all).is_empty() && !was_warned(&all));
    }
    drop(here);
    assert!(told(&all).is_empty(), "what it asked before says nothing");
    for _ in 0..5 {
        assert!(all.asked(question("rdkafka", "librdkafka", "kafka"), true).is_none());
        after(1000).await;
    }
    assert!(was_warned(&all), "since it has gone it does not come again");
    drop(waiting);
    assert!(all.came(peer, "nobody", 9092).is_none(), "who never asked is not kept");
}

#[tokio::test(start_paused = true)]
async fn an_admin_client_that_only_asks_has_come_with_its_second_connection() {
    let all = Arc::new(Unreached::default());
    let list = Question { about: About::Brokers, ..question("adminclient-1", JAVA, "kafka") };
    let first = all.asked(list, false);
    let second = all.asked(list, false);
    for _ in 0..5 {
        after(10_000).await;
        assert!(told(&all).is_empty() && all.asked(list, true).is_none());
    }
    drop((first, second));
    after(61_000).await;
    told(&all);
    assert!(all.lock().is_empty(), "who left is forgotten");
}

#[tokio::test(start_paused = true)]
async fn a_librdkafka_consumer_of_missing_topics_is_not_told_of() {
    let all = Arc::new(Unreached::default());
    let group = question("rdkafka", "confluent-kafka-python", "kafka");
    // It asks for the coordinator until it has an answer; then each connection, to the coordinator and to the broker, anew.
    let bootstrap = all.asked(group, false);
    assert!(all.asked(group, true).is_none() && all.asked(group, true).is_none());
    after(3500).await;
    let others = [all.asked(group, false), all.asked(group, false)];
    for _ in 0..20 {
        assert!(all.asked(Question { about: About::Missing, ..group }, true).is_none());
        after(1000).await;
        assert!(told(&all).is_empty() && !was_warned(&all));
    }
    drop((bootstrap, others));
}

#[tokio::test(start_paused = true)]
async fn two_librdkafka_clients_of_one_name_that_are_lost_are_told_of_once() {
    let all = Arc::new(Unreached::default());
    let lost = question("rdkafka", "librdkafka", "kafka");
    let both = [all.asked(lost, false), all.asked(lost, false)];
    for _ in 0..3 {
        assert!(!was_warned(&all));
        after(1000).await;
        assert!(all.asked(lost, true).is_none());
    }
    assert!(was_warned(&all));
    drop(both);
}

#[tokio::test(start_paused = true)]
async fn one_that_asks_where_it_was_sent_to_has_come() {
    let all = Arc::new(Unreached::default());
    let elsewhere =
        Question { reached: "172.19.0.2:9092".parse().expect("an address"), ..question("X", JAVA, "172.18.0.2") };
    let first = all.asked(elsewhere, false);
    after(9000).await;
    let second = all.asked(question("X", JAVA, "172.18.0.2"), false);
    assert!(second.is_some() && all.asked(question("X", JAVA, "172.18.0.2"), true).is_none());
    after(60_000).await;
    assert!(told(&all).is_empty() && !was_warned(&all));
    drop((first, second));
}

#[tokio::test(start_paused = true)]
async fn one_that_was_told_of_is_forgotten_when_it_has_been_away_for_an_hour() {
    let all = Arc::new(Unreached::default());
    let waiting = all.asked(question("X", JAVA, "kafka"), false);
    after(11_000).await;
    assert_eq!(told(&all).len(), 1);
    after(7_200_000).await;
    told(&all);
    assert!(was_warned(&all), "it is still there");
    drop(waiting);
    told(&all);
    assert!(all.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn healthchecks_and_idle_clients_are_not_told_of() {
    let all = Arc::new(Unreached::default());
    // One question and gone, again and again.
    for _ in 0..20 {
        drop(all.asked(question("check", JAVA, "kafka"), false));
        after(61_000).await;
        assert!(told(&all).is_empty());
    }
    // A library that opens no connection before it has something to do.
    let idle = all.asked(question("idle", "librdkafka", "kafka"), false);
    after(300_000).await;
    assert!(told(&all).is_empty());
    drop(idle);
    after(61_000).await;
    told(&all);
    assert!(all.lock().is_empty(), "who left is forgotten");
}

#[tokio::test(start_paused = true)]
async fn of_those_who_ask_about_nothing_only_an_admin_client_means_to_go_somewhere() {
    let all = Arc::new(Unreached::default());
    let idle_producer = Question { about: About::Brokers, ..question("producer-1", JAVA, "kafka") };
    let listing = Question { about: About::Brokers, ..question("adminclient-1", "librdkafka", "kafka") };
    assert!(all.asked(idle_producer, false).is_none() && all.asked(listing, false).is_none());
    let tool = all.asked(Question { about: About::Brokers, ..question("adminclient-1", JAVA, "kafka") }, false);
    after(11_000).await;
    assert!(told(&all)[0].contains("adminclient-1"));
    drop(tool);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_sent_to_where_it_is_is_not_watched() {
    let all = Arc::new(Unreached::default());
    assert!(all.asked(question("X", JAVA, "172.18.0.2"), false).is_none());
    assert!(all.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn clients_beyond_a_bound_are_not_watched_and_ids_are_cut() {
    let all = Arc::new(Unreached::default());
    let kept: Vec<Held> = (0..2 * CLIENTS_MAX)
        .filter_map(|n| all.asked(question(&format!("{n}-{}", "ü".repeat(1000)), JAVA, "kafka"), false))
        .collect();
    assert_eq!((kept.len(), all.lock().len()), (CLIENTS_MAX, CLIENTS_MAX));
    assert!(all.lock().keys().all(|(_, id, _)| id.len() <= CLIENT_ID_MAX));
}
