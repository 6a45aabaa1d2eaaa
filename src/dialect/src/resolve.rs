//! From what is handed in to what holds.

use klamm_settings::{ConfigError, Origin, Setting, read_properties};

use crate::cluster::{self, ClusterId};
use crate::draft::{Draft, written as written_by};
use crate::log_filter::log_filter;
use crate::topics::{self, Topic};
use crate::variables::{self, Variables};
use crate::world::{TextFile, World};
use crate::{Dialect, gaps, legacy, listeners, several, stock, written};

/// What a container was told, as one configuration.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The family whose reading it is.
    pub dialect: Dialect,
    /// The settings, by key; each key once.
    pub settings: Vec<Setting>,
    /// What was ignored, assumed or changed, and why; one line each.
    pub notes: Vec<String>,
    /// Variables that mean nothing to this broker, without anybody being warned of it.
    pub idle: Vec<String>,
    /// The cluster id; `None` for a random one.
    pub cluster_id: Option<ClusterId>,
    /// Topics to create.
    pub topics: Vec<Topic>,
    /// What is to be logged, as `target=level` directives.
    pub log_filter: Option<String>,
    /// Whether the line that says that the broker has started comes twice, as in Confluent's image.
    pub started_twice: bool,
    /// Whether ZooKeeper was named, and lines of its time are waited for.
    pub zookeeper: bool,
}

/// Finds out what a container was told.
///
/// # Errors
/// If a file cannot be read as properties, and on signs of several nodes. Values are checked by
/// [`klamm_settings::Settings::of`].
pub fn resolve(world: &World) -> Result<Resolved, ConfigError> {
    let variables = Variables::new(&world.variables);
    let dialect = Dialect::choose(world.dialect, &variables, world.bitnami.is_some());
    let mut draft = Draft::default();
    for setting in base(dialect, world)? {
        draft.put(setting);
    }
    let named = tell(dialect, world, &variables, &mut draft);
    override_all(world, &mut draft);
    let in_file = variables::drop_zookeeper(&mut draft);
    let named = named.or_else(|| in_file.as_ref().map(written_by));
    let zookeeper = named.is_some() && !draft.has("process.roles");
    if let Some(told) = named {
        let what = "ZooKeeper is not used: this broker stands alone and keeps its metadata itself";
        draft.notes.push(format!("{told}: {what}"));
    }
    if zookeeper {
        several::check(&draft)?;
    }
    complete(dialect, world, &variables, zookeeper, &mut draft);
    if let Some(file) = world.given.as_ref().filter(|file| written::is_written(&file.text)) {
        written::take_changes(file, &mut draft)?;
        override_all(world, &mut draft);
    }
    let cluster_id = cluster::cluster_id(dialect, &variables, zookeeper)?;
    let topics = topics::topics(&variables, &mut draft.notes);
    let log_filter = log_filter(dialect, &variables, &mut draft.notes);
    let notes = draft.notes.iter().map(|note| note.replace(char::is_control, " ")).collect();
    Ok(Resolved {
        dialect,
        settings: draft.into_settings(),
        notes,
        idle: variables::idle(dialect, &variables),
        cluster_id,
        topics,
        log_filter,
        started_twice: dialect == Dialect::Confluent,
        zookeeper,
    })
}

/// Lays the environment over the files, unless a mounted file stands for all. Returns what names ZooKeeper.
fn tell(dialect: Dialect, world: &World, variables: &Variables, draft: &mut Draft) -> Option<String> {
    if let Some(file) = mounted(dialect, world) {
        let ignored = variables::keys_of(dialect, variables);
        if !ignored.is_empty() {
            draft.notes.push(format!("{} is mounted, so these are ignored: {}", file.name, ignored.join(", ")));
        }
        listeners::name_hosts(&world.hostname, draft);
        return None;
    }
    let named = variables::overlay(dialect, variables, draft);
    listeners::name_hosts(&world.hostname, draft);
    legacy::overlay(dialect, variables, draft);
    role(dialect, variables, draft);
    let debeziums = "ZOOKEEPER_CONNECT";
    let named = named.or_else(|| (dialect == Dialect::Debezium).then(|| debeziums.to_owned()));
    named.and_then(|name| Some(format!("{name}={}", variables.get(&name)?)))
}

/// The file that stands for the whole configuration in Bitnami's image.
fn mounted(dialect: Dialect, world: &World) -> Option<&TextFile> {
    world.bitnami.as_ref().filter(|_| dialect == Dialect::Bitnami)
}

/// What files say, the strongest last. A file that is as it came with the image says nothing.
fn base(dialect: Dialect, world: &World) -> Result<Vec<Setting>, ConfigError> {
    if let Some(file) = mounted(dialect, world) {
        return read_properties(&file.name, &file.text);
    }
    let mut all = match &world.image {
        Some(image) => stock::changed(image)?,
        None => Vec::new(),
    };
    for file in &world.elsewhere {
        all.extend(someones(file)?);
    }
    if let Some(file) = &world.shared {
        all.extend(read_properties(&file.name, &file.text)?);
    }
    if let Some(file) = &world.given {
        all.extend(someones(file)?);
    }
    Ok(all)
}

/// The settings of a file, unless nobody has touched it.
fn someones(file: &TextFile) -> Result<Vec<Setting>, ConfigError> {
    if written::is_written(&file.text) || stock::changed(file)?.is_empty() {
        return Ok(Vec::new());
    }
    read_properties(&file.name, &file.text)
}

fn override_all(world: &World, draft: &mut Draft) {
    for (key, value) in &world.overrides {
        draft.put(Setting::new(key, value, Origin::Override));
    }
}

/// Debezium says in one word what a node does.
fn role(dialect: Dialect, variables: &Variables, draft: &mut Draft) {
    let role = variables.get("NODE_ROLE").filter(|_| dialect == Dialect::Debezium && !draft.has("process.roles"));
    if let Some(role) = role.filter(|role| matches!(*role, "broker" | "controller")) {
        draft.put_variable("process.roles", role, "NODE_ROLE");
    }
}

/// Fills what is left out and takes away what a single node cannot have.
fn complete(dialect: Dialect, world: &World, variables: &Variables, zookeeper: bool, draft: &mut Draft) {
    variables::drop_authorizer(draft);
    gaps::name_node(variables, draft);
    listeners::complete(dialect, draft);
    gaps::fit_replication(draft);
    gaps::find_data(dialect, world, draft);
    if let Some(delay_ms) = dialect.rebalance_delay_ms(zookeeper) {
        draft.fill("group.initial.rebalance.delay.ms", delay_ms);
    }
}

#[cfg(test)]
#[path = "resolve_test.rs"]
mod resolve_test;
