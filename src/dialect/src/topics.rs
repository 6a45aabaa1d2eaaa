//! Topics that are created at the start.
//!
//! ```text
//!   KAFKA_CREATE_TOPICS   orders:3:1,    events:1:1:compact,    x:1:1:delete --config=retention.ms=1000
//!                         name:partitions:replicas[:cleanup.policy and further options]
//! ```

use klamm_base::name::topic_name_fault;
use klamm_settings::check_topic_value;

use crate::cleaning::without_quotes;
use crate::variables::Variables;

const NAMES: &[&str] = &["KAFKA_CREATE_TOPICS", "CREATE_TOPICS"];
const SEPARATOR: &str = "KAFKA_CREATE_TOPICS_SEPARATOR";

/// A topic to create, if it is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// How many partitions; `None` for the broker's default.
    pub partitions: Option<i32>,
    /// How many replicas; `None` for the broker's default.
    pub replication_factor: Option<i16>,
    /// Its own settings.
    pub configs: Vec<(String, String)>,
    /// The variable that asks for it.
    pub variable: String,
}

/// The topics that the environment asks for. What cannot be read is left out with a note: it never stops a start.
pub(crate) fn topics(variables: &Variables, notes: &mut Vec<String>) -> Vec<Topic> {
    let mut topics: Vec<Topic> = Vec::new();
    for name in NAMES {
        let Some(text) = variables.get(name) else { continue };
        // Each character separates, as in the shell's IFS; a line break always does.
        let separators = variables.raw(SEPARATOR).filter(|text| !text.is_empty()).unwrap_or(",").replace("\\n", "\n");
        for part in text.split(|c| c == '\n' || separators.contains(c)) {
            let part = part.trim();
            let part = without_quotes(part).unwrap_or(part);
            if part.is_empty() {
                continue;
            }
            match topic(name, part, notes) {
                Ok(topic) if topics.iter().any(|have| have.name == topic.name) => {}
                Ok(topic) => topics.push(topic),
                Err(why) => notes.push(format!("{name}: {part} is not created: {why}")),
            }
        }
    }
    topics
}

fn topic(variable: &str, text: &str, notes: &mut Vec<String>) -> Result<Topic, String> {
    let mut fields = text.splitn(4, ':').map(str::trim);
    let name = fields.next().unwrap_or_default();
    if let Some(fault) = topic_name_fault(name) {
        return Err(fault);
    }
    let mut number = |what: &str| match fields.next().unwrap_or_default() {
        "" | "-1" => Ok(None),
        digits => match digits.parse::<i32>() {
            Ok(number) if number > 0 => Ok(Some(number)),
            _ => Err(format!("{digits} is no number of {what} (write NAME:PARTITIONS:REPLICAS)")),
        },
    };
    let partitions = number("partitions")?;
    let mut replicas = number("replicas")?;
    if replicas.is_some_and(|replicas| replicas > 1) {
        notes.push(format!("{variable}: {text}: there is one broker, so {name} has one replica"));
        replicas = Some(1);
    }
    let configs = configs(fields.next().unwrap_or_default(), |why| notes.push(format!("{variable}: {name}: {why}")));
    Ok(Topic {
        name: name.to_owned(),
        partitions,
        replication_factor: replicas.and_then(|replicas| i16::try_from(replicas).ok()),
        configs,
        variable: variable.to_owned(),
    })
}

/// The fourth field: a clean-up policy, and what people put behind it because a shell pastes it into a command line.
fn configs(text: &str, mut note: impl FnMut(String)) -> Vec<(String, String)> {
    let mut configs: Vec<(String, String)> = Vec::new();
    let mut words = text.split_whitespace().peekable();
    let policy = words.next_if(|word| !word.starts_with("--"));
    let mut wanted: Vec<String> = policy.map(|policy| format!("cleanup.policy={policy}")).into_iter().collect();
    while let Some(word) = words.next() {
        match word.strip_prefix("--config") {
            Some("") => wanted.extend(words.next().map(str::to_owned)),
            Some(rest) => wanted.extend(rest.strip_prefix('=').map(str::to_owned)),
            None => note(format!("{word} is ignored")),
        }
    }
    for pair in wanted {
        let pair = pair.trim_matches(['"', '\'']);
        let Some((key, value)) = pair.split_once('=') else {
            note(format!("{pair} is ignored, for it is not of the form KEY=VALUE"));
            continue;
        };
        match check_topic_value(key, value) {
            Ok(()) => configs.push((key.to_owned(), value.to_owned())),
            Err(why) => note(format!("{pair} is ignored: {why}")),
        }
    }
    configs
}

#[cfg(test)]
#[path = "topics_test.rs"]
mod topics_test;
