//! Signs that a node is meant to be one of several.
//!
//! Several brokers that would find each other through ZooKeeper would become several clusters here, without anybody
//! noticing. What says so in KRaft's words (voters, roles) is refused by [`klamm_settings`].

use klamm_settings::ConfigError;

use crate::draft::Draft;

const SIGNS: &[&str] = &[
    "default.replication.factor",
    "min.insync.replicas",
    "offsets.topic.replication.factor",
    "transaction.state.log.min.isr",
    "transaction.state.log.replication.factor",
];

/// Refuses a broker of ZooKeeper's time that shows that it has neighbours.
pub(crate) fn check(draft: &Draft) -> Result<(), ConfigError> {
    let asks_for_more = |key: &&str| {
        let setting = draft.setting(key);
        setting
            .is_some_and(|setting| setting.origin.is_told() && setting.value.trim().parse::<i32>().is_ok_and(|n| n > 1))
    };
    match SIGNS.iter().copied().find(|key| asks_for_more(key)) {
        Some(key) => Err(draft.fault(
            key,
            "without ZooKeeper several brokers would not find each other, and a cluster of several nodes is not \
             supported yet (write 1 for a single broker)",
        )),
        None => Ok(()),
    }
}
