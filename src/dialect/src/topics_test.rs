use super::*;

fn wishes(all: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let pairs: Vec<(String, String)> =
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut notes = Vec::new();
    let topics = topics(&Variables::new(&pairs), &mut notes);
    let shown = topics.into_iter().map(|topic| {
        let number = |number: Option<i64>| number.map_or("-".to_owned(), |number| number.to_string());
        let configs: Vec<String> = topic.configs.iter().map(|(key, value)| format!(" {key}={value}")).collect();
        let (partitions, replicas) = (topic.partitions.map(i64::from), topic.replication_factor.map(i64::from));
        format!("{} {} {}{}", topic.name, number(partitions), number(replicas), configs.concat())
    });
    (shown.collect(), notes)
}

#[test]
fn topics_are_read_as_start_scripts_read_them() {
    for (text, expected) in [
        ("Topic1:1:3", &["Topic1 1 1"][..]),
        ("a:1:1,b:2:1:compact", &["a 1 1", "b 2 1 cleanup.policy=compact"]),
        ("a:1:1, b:2:1 ,", &["a 1 1", "b 2 1"]),
        ("\"test-topic:1:1\"", &["test-topic 1 1"]),
        ("a:1:1,\n b:2:1\n", &["a 1 1", "b 2 1"]),
        ("a", &["a - -"]),
        ("a:3", &["a 3 -"]),
        (
            "x:1:1:delete --config=retention.ms=1000 --config segment.bytes=1048576",
            &["x 1 1 cleanup.policy=delete retention.ms=1000 segment.bytes=1048576"],
        ),
        ("a:1:1,a:2:1", &["a 1 1"]),
        ("", &[]),
    ] {
        assert_eq!(wishes(&[("KAFKA_CREATE_TOPICS", text)]).0, expected, "{text:?}");
    }
    let separated = [("KAFKA_CREATE_TOPICS", "a:1:1\nb:2:1"), ("KAFKA_CREATE_TOPICS_SEPARATOR", "$'\n'")];
    assert_eq!(wishes(&separated).0, ["a 1 1", "b 2 1"]);
    let both = [("KAFKA_CREATE_TOPICS", "a:1:1"), ("CREATE_TOPICS", "b:1:1,a:9:1")];
    assert_eq!(wishes(&both).0, ["a 1 1", "b 1 1"]);
}

#[test]
fn what_cannot_be_stops_no_start_and_is_told() {
    let (topics, notes) = wishes(&[("KAFKA_CREATE_TOPICS", "Topic2:1:2:compact,bad name:1:1,c:x:1,d:1:1:burn,e:0:1")]);
    assert_eq!(topics, ["Topic2 1 1 cleanup.policy=compact", "d 1 1"]);
    assert_eq!(notes.len(), 5, "{notes:?}");
    assert_eq!(notes[0], "KAFKA_CREATE_TOPICS: Topic2:1:2:compact: there is one broker, so Topic2 has one replica");
    assert!(notes[1].starts_with("KAFKA_CREATE_TOPICS: bad name:1:1 is not created: Topic name is invalid"));
    assert!(notes[2].ends_with("x is no number of partitions (write NAME:PARTITIONS:REPLICAS)"));
    assert!(notes[3].starts_with("KAFKA_CREATE_TOPICS: d: cleanup.policy=burn is ignored: "), "{}", notes[3]);
}
