//! What a broker is told, from files, the command line and the environment.
//!
//! The environment counts in a container, whose start scripts set `KLAMM_DIALECT`, and where somebody asks for it.

use std::io;
use std::path::Path;

use klamm_broker::{Birth, ClusterWish, TopicWish};
use klamm_dialect::{Resolved, TextFile};
use klamm_env::{Disk, Env};
use klamm_settings::{Loaded, Setting, Settings};

use crate::args::Server;
use crate::blame::Blame;
use crate::container;

/// The variable that names the image family whose start script runs.
pub const DIALECT: &str = "KLAMM_DIALECT";

/// What a broker is told.
#[derive(Debug)]
pub struct Configuration {
    /// The settings.
    pub settings: Settings,
    /// What their author should know, one line each.
    pub warnings: Vec<String>,
    /// What is no setting: the cluster's id, topics to create.
    pub birth: Birth,
    /// What a start that fails is to be blamed on.
    pub blame: Blame,
    /// What is to be logged, as `target=level` directives; `None` if nobody said.
    pub log_filter: Option<String>,
    /// Whether the line that says that the broker has started is told twice, as by Confluent's image.
    pub started_twice: bool,
    /// Whether ZooKeeper was named, and somebody may wait for the line that brokers of its time told.
    pub zookeeper: bool,
}

/// Reads what `klamm server` was told.
///
/// # Errors
/// In one line what is wrong, and where.
pub fn load(env: &Env, args: &Server) -> Result<Configuration, String> {
    let told = read(&*env.disk, environment(), args)?;
    let cluster_id = told.resolved.as_ref().and_then(|resolved| resolved.cluster_id.as_ref());
    let cluster_id = cluster_id.and_then(|id| Some(format!("{}={}", id.variable.as_ref()?, id.value)));
    let mut configuration = Configuration {
        blame: Blame::new(&told.settings, cluster_id),
        settings: told.settings,
        warnings: told.warnings,
        birth: Birth::default(),
        log_filter: None,
        started_twice: false,
        zookeeper: false,
    };
    if let Some(resolved) = told.resolved {
        configuration.birth = birth(&resolved);
        configuration.log_filter = resolved.log_filter;
        configuration.started_twice = resolved.started_twice;
        configuration.zookeeper = resolved.zookeeper;
    }
    Ok(configuration)
}

/// Settings, and what a container said beside them.
#[derive(Debug)]
pub(crate) struct Told {
    pub settings: Settings,
    pub warnings: Vec<String>,
    pub resolved: Option<Resolved>,
}

/// The environment of this process. What is no text is no setting.
pub(crate) fn environment() -> Vec<(String, String)> {
    let text = |name: std::ffi::OsString| name.to_string_lossy().into_owned();
    std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
}

/// Reads everything that counts.
pub(crate) fn read(disk: &dyn Disk, variables: Vec<(String, String)>, args: &Server) -> Result<Told, String> {
    let in_container = args.from_environment || variables.iter().any(|(name, _)| name == DIALECT);
    if in_container {
        return container::read(disk, variables, args);
    }
    let file = args.file.as_deref().map(|path| read_file(disk, path)).transpose().map_err(|error| error.to_string())?;
    let file = file.as_ref().map(|file| (file.name.as_str(), file.text.as_str()));
    let Loaded { settings, warnings } = Settings::load(file, &args.overrides).map_err(|error| error.to_string())?;
    Ok(Told { settings, warnings, resolved: None })
}

/// Checks settings and puts the notes of their making before the warnings.
pub(crate) fn check(mut resolved: Resolved) -> Result<Told, String> {
    let all: Vec<Setting> = std::mem::take(&mut resolved.settings);
    let Loaded { settings, warnings } = Settings::of(all).map_err(|error| error.to_string())?;
    let warnings = std::mem::take(&mut resolved.notes).into_iter().chain(warnings).collect();
    Ok(Told { settings, warnings, resolved: Some(resolved) })
}

fn birth(resolved: &Resolved) -> Birth {
    let topics = resolved.topics.iter().map(|topic| TopicWish {
        name: topic.name.clone(),
        partitions: topic.partitions.unwrap_or(-1),
        replication_factor: topic.replication_factor.unwrap_or(-1),
        configs: topic.configs.clone(),
    });
    let cluster_id = resolved.cluster_id.as_ref();
    Birth {
        cluster_id: cluster_id.map(|id| ClusterWish { value: id.value.clone(), strict: id.strict }),
        topics: topics.collect(),
        ..Birth::default()
    }
}

/// Reads a properties file: UTF-8, or else Latin-1, in which Java reads such files.
pub(crate) fn read_file(disk: &dyn Disk, path: &Path) -> io::Result<TextFile> {
    let name = path.display().to_string();
    let bytes = disk.read(path).map_err(|error| match error.to_string() {
        text if text.contains(&name) => error,
        text => io::Error::new(error.kind(), format!("{name}: {text}")),
    })?;
    // Some editors begin a file with a mark that would become part of its first key.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    Ok(TextFile { name, text })
}
