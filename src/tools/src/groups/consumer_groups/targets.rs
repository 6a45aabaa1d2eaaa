//! Which partitions a command line means: `topic`, or `topic:0,1,2`.

use klamm_base::TopicPartition;

use crate::groups::failure::Failure;

/// True if the argument names partitions.
pub(super) fn has_partitions(argument: &str) -> bool {
    argument.contains(':')
}

/// The partitions of an argument that names some.
///
/// # Errors
/// In Kafka's words if it is none.
pub(super) fn parse_partitions(argument: &str) -> Result<Vec<TopicPartition>, Failure> {
    let [topic, partitions] = java_split(argument, ':')[..] else {
        return Err(Failure::usage(format!("Invalid topic arg '{argument}', expected topic name and partitions")));
    };
    let partition = |index: &str| match index.parse() {
        Ok(index) => Ok(TopicPartition::new(topic, index)),
        // The second quote at the end is Kafka's.
        Err(_) => Err(Failure::usage(format!("Invalid partition '{index}' specified in topic arg '{argument}''"))),
    };
    java_split(partitions, ',').into_iter().map(partition).collect()
}

/// The pieces of a text as Java's `String.split` cuts it: without empty ones at the end.
pub(super) fn java_split(text: &str, at: char) -> Vec<&str> {
    if text.is_empty() {
        return vec![""];
    }
    let mut pieces: Vec<&str> = text.split(at).collect();
    while pieces.last().is_some_and(|piece| piece.is_empty()) {
        pieces.pop();
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_read_and_refused_as_kafka_does_it() {
        let read = |text: &str| {
            let parsed = parse_partitions(text);
            parsed.map(|list| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")).map_err(|failure| {
                let Failure::Usage(text) = failure else { panic!("{failure:?}") };
                text
            })
        };
        assert_eq!(read("t:0,2,").unwrap(), "t-0 t-2");
        assert_eq!(read("t:").unwrap_err(), "Invalid topic arg 't:', expected topic name and partitions");
        assert_eq!(read("t:0:1").unwrap_err(), "Invalid topic arg 't:0:1', expected topic name and partitions");
        assert_eq!(read("t:0,x").unwrap_err(), "Invalid partition 'x' specified in topic arg 't:0,x''");
        assert_eq!(read("t:0,,1").unwrap_err(), "Invalid partition '' specified in topic arg 't:0,,1''");
    }
}
