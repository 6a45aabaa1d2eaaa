//! What tests share: a broker with the settings of the one whose answers are kept in `tests/fixtures`.
//!
//! Those answers are Apache Kafka 4.3.1's, of a fresh node with `server.properties` as it lies there: first as it
//! starts (`topic.txt`, `broker.txt`, ...), then after the changes of `alters.txt`, one after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{EffectiveBroker, Refused, Settings, check_broker, check_client_metrics, check_group, check_topic};
use klamm_base::ErrorCode;

pub(crate) type Values = BTreeMap<String, String>;

/// Reads settings from the text of a file called `f`.
pub(crate) fn settings(text: &str) -> Settings {
    match Settings::load(Some(("f", text)), &[]) {
        Ok(loaded) => loaded.settings,
        Err(error) => panic!("{error}"),
    }
}

/// A broker with these settings and nothing dynamic.
pub(crate) fn broker(text: &str) -> EffectiveBroker {
    EffectiveBroker::new(Arc::new(settings(text)))
}

/// Names and values.
pub(crate) fn values(pairs: &[(&str, &str)]) -> Values {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The node whose answers are kept, and what is configured there.
pub(crate) struct Node {
    pub broker: EffectiveBroker,
    pub topic: Values,
    pub group: Values,
    pub metrics: Values,
}

impl Node {
    /// As it starts: Kafka keeps `min.insync.replicas` for all brokers once eligible leader replicas (KIP-966) are on.
    pub fn fresh() -> Node {
        let broker = broker(include_str!("../tests/fixtures/server.properties"));
        Node {
            broker: broker.with_dynamic(&values(&[("min.insync.replicas", "1")]), &Values::new()),
            topic: Values::new(),
            group: Values::new(),
            metrics: Values::new(),
        }
    }

    /// After every change that was not refused. `watch` sees each: the line, and what is said here.
    pub fn changed(mut watch: impl FnMut(&str, &str)) -> Node {
        let mut node = Node::fresh();
        for line in include_str!("../tests/fixtures/alters.txt").lines() {
            let mut fields: Vec<&str> = line.split('\t').collect();
            fields.pop();
            let said = match node.alter(fields[0], &fields[1..]) {
                Ok(()) => "OK".to_owned(),
                Err(refused) => format!("{}: {}", refused.code.name(), refused.message),
            };
            watch(line, &said);
        }
        node
    }

    fn alter(&mut self, resource: &str, changes: &[&str]) -> Result<(), Refused> {
        let old = match resource {
            "topic" => &self.topic,
            "group" => &self.group,
            "client-metrics" => &self.metrics,
            "broker" => &self.broker.own,
            _ => &self.broker.all,
        };
        let mut new = old.clone();
        for change in changes {
            match change.strip_prefix('!') {
                Some(name) => drop(new.remove(name)),
                None => {
                    let (name, value) = change.split_once('=').expect("a change is NAME=VALUE or !NAME");
                    new.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        let invalid = |message| Refused { code: ErrorCode::InvalidConfig, message };
        match resource {
            "topic" => check_topic(&new, &self.broker).map(|()| self.topic = new).map_err(invalid),
            "group" => check_group(&new, &self.broker).map(|()| self.group = new).map_err(invalid),
            "client-metrics" => check_client_metrics(&new).map(|()| self.metrics = new),
            "broker" => check_broker(true, &new, &self.broker).map(|()| self.broker.own = new),
            _ => check_broker(false, &new, &self.broker).map(|()| self.broker.all = new),
        }
    }
}
