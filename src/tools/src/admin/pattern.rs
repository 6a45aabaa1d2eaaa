//! Topics chosen by a regular expression (`TopicFilter.IncludeList`).

use klamm_base::name::is_internal_topic;
use regex::Regex;

use crate::thrown::{RUNTIME, Thrown};

/// A filter of topic names: an expression that the whole name must match; a comma means "or".
#[derive(Clone, Debug)]
pub(crate) struct TopicPattern(Regex);

impl TopicPattern {
    /// Reads an expression.
    ///
    /// # Errors
    /// As Kafka says it, if it is none.
    pub(crate) fn parse(raw: &str) -> Result<TopicPattern, Thrown> {
        let text = raw.trim().replace(',', "|").replace(' ', "");
        let text = text.trim_matches(|letter| matches!(letter, '"' | '\''));
        let invalid = |_| Thrown::new(RUNTIME, format!("{text} is an invalid regex."));
        Regex::new(&format!("^(?:{text})$")).map(TopicPattern).map_err(invalid)
    }

    /// True if the topic is meant.
    pub(crate) fn allows(&self, topic: &str, exclude_internal: bool) -> bool {
        self.0.is_match(topic) && !(exclude_internal && is_internal_topic(topic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_name_must_match_one_of_the_expressions() {
        let allows = |pattern: &str, topic: &str| TopicPattern::parse(pattern).unwrap().allows(topic, false);
        assert!(allows("a.*", "abc") && allows("a, b", "b") && allows(" 'orders\" ", "orders") && allows("a.b", "a.b"));
        assert!(!allows("a", "ab") && !allows("a|b", "ab") && !allows("b", "ab"));
        let offsets = |exclude| TopicPattern::parse(".*").unwrap().allows("__consumer_offsets", exclude);
        assert!(offsets(false) && !offsets(true));
    }

    #[test]
    fn what_is_no_expression_is_said_in_kafka_s_words() {
        assert_eq!(TopicPattern::parse("[").unwrap_err().text(), "[ is an invalid regex.");
    }
}
