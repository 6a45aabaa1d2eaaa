//! What is left out, and what a single node cannot have.

use klamm_settings::{Origin, Setting};

use crate::Dialect;
use crate::draft::Draft;
use crate::variables::Variables;
use crate::world::World;

/// Replication of internal topics: more than one replica needs more than one broker.
const REPLICATION: &[&str] = &[
    "offsets.topic.replication.factor",
    "share.coordinator.state.topic.min.isr",
    "share.coordinator.state.topic.replication.factor",
    "transaction.state.log.min.isr",
    "transaction.state.log.replication.factor",
];

/// Data directories that files in the wild mount a volume on, the ones that say most first.
const DATA_DIRS: &[&str] =
    &["/bitnami/kafka/data", "/tmp/kraft-combined-logs", "/tmp/kafka-logs", "/var/lib/kafka/data"];

/// One node is broker and controller; it has an id.
pub(crate) fn name_node(variables: &Variables, draft: &mut Draft) {
    draft.fill("process.roles", "broker,controller");
    // -1 asked ZooKeeper for an id.
    if draft.get("broker.id").is_some_and(|id| id.trim() == "-1") {
        draft.remove("broker.id");
    }
    if draft.has("node.id") || draft.has("broker.id") {
        return;
    }
    // The only voter is this node.
    let voters = draft.items("controller.quorum.voters");
    if let [voter] = voters.as_slice()
        && let Some((id, _)) = voter.split_once('@').filter(|(id, _)| id.parse::<u16>().is_ok())
    {
        draft.derive("node.id", id, "controller.quorum.voters");
        return;
    }
    // Names as common as these may belong to something else.
    let is_id = |value: &str| value.parse::<i32>().is_ok_and(|id| id >= 0);
    match variables.first(&["NODE_ID", "BROKER_ID"]).filter(|(_, value)| is_id(value)) {
        Some((name, value)) => draft.put_variable("node.id", value, name),
        None => draft.fill("node.id", "1"),
    }
}

/// Internal topics have one replica where there is one broker.
pub(crate) fn fit_replication(draft: &mut Draft) {
    for key in REPLICATION.iter().chain(&["default.replication.factor"]) {
        let wanted = draft.get(key).and_then(|value| value.trim().parse::<i32>().ok());
        if wanted.is_some_and(|wanted| wanted > 1) {
            draft.note_on(key, "there is one broker: 1 is used");
            draft.derive(key, "1", key);
        }
    }
    for key in REPLICATION {
        draft.fill(key, "1");
    }
}

/// Where the data are kept: where the image has them, or where a volume shows that they are expected.
pub(crate) fn find_data(dialect: Dialect, world: &World, draft: &mut Draft) {
    if draft.has("log.dirs") || draft.has("log.dir") {
        return;
    }
    let node = draft.get("node.id").or_else(|| draft.get("broker.id")).unwrap_or("1").to_owned();
    let own = dialect.data_dir(&world.hostname, &node);
    let debeziums = Dialect::Debezium.data_dir(&world.hostname, &node);
    let candidates = [own.as_str(), debeziums.as_str()].into_iter().chain(DATA_DIRS.iter().copied());
    let mut chosen = None;
    for dir in candidates {
        match mounted(world, dir) {
            Some(true) => {
                chosen = Some(dir);
                break;
            }
            // The image's own place is not left for want of rights: that would hide where the data went.
            Some(false) if dir == own => break,
            Some(false) => draft.notes.push(format!("the volume at {dir} is not used: the broker may not write to it")),
            None => {}
        }
    }
    let chosen = chosen.unwrap_or(&own).to_owned();
    draft.put(Setting::new("log.dirs", &chosen, Origin::Image));
}

/// Whether something is mounted at `dir` or above it, and then whether it may be written to. What is mounted at `/` or
/// `/tmp` is there for other reasons.
fn mounted(world: &World, dir: &str) -> Option<bool> {
    let holds = |path: &str| {
        let path = path.trim_end_matches('/');
        let below = dir.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        below && !matches!(path, "" | "/tmp" | "/var" | "/var/lib")
    };
    let nearest = world.mounts.iter().filter(|mount| holds(&mount.path)).max_by_key(|mount| mount.path.len());
    nearest.map(|mount| mount.writable)
}
