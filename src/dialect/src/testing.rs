//! What tests share: a container whose host is called `box`, told by a text of `NAME=VALUE` lines.

use klamm_settings::{BrokerConfig, Listener, Settings};

use crate::{Dialect, Mount, Resolved, TextFile, World, resolve};

/// A container of this image family with these variables, one on each line.
pub(crate) fn world(dialect: &str, environment: &str) -> World {
    let lines = environment.lines().map(str::trim).filter(|line| !line.is_empty());
    let pairs = lines.map(|line| line.split_once('=').unwrap_or_else(|| panic!("{line}")));
    World {
        variables: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        dialect: Some(Dialect::parse(dialect).unwrap_or_else(|| panic!("{dialect}"))),
        hostname: "box".to_owned(),
        ..World::default()
    }
}

pub(crate) fn file(name: &str, text: &str) -> Option<TextFile> {
    Some(TextFile { name: name.to_owned(), text: text.to_owned() })
}

pub(crate) fn mount(path: &str, writable: bool) -> Mount {
    Mount { path: path.to_owned(), writable }
}

/// What starts.
pub(crate) struct Started {
    pub resolved: Resolved,
    pub settings: Settings,
    pub config: BrokerConfig,
    /// Notes and warnings.
    pub said: Vec<String>,
}

impl Started {
    pub fn listeners(&self) -> String {
        joined(&self.config.listeners)
    }

    pub fn advertised(&self) -> String {
        joined(&self.config.advertised_listeners)
    }

    pub fn value(&self, key: &str) -> &str {
        self.settings.value(key).unwrap_or_default()
    }

    pub fn says(&self, part: &str) -> bool {
        self.said.iter().any(|line| line.contains(part))
    }
}

fn joined(listeners: &[Listener]) -> String {
    let texts: Vec<String> = listeners.iter().map(|one| format!("{}://{}:{}", one.name, one.host, one.port)).collect();
    texts.join(",")
}

/// Starts with what `world` says, or tells why not.
pub(crate) fn start(world: &World) -> Result<Started, String> {
    let resolved = resolve(world).map_err(|error| error.to_string())?;
    let loaded = Settings::of(resolved.settings.clone()).map_err(|error| error.to_string())?;
    let said: Vec<String> = resolved.notes.iter().cloned().chain(loaded.warnings).collect();
    Ok(Started { resolved, config: loaded.settings.broker_config(), settings: loaded.settings, said })
}

pub(crate) fn started(dialect: &str, environment: &str) -> Started {
    match start(&world(dialect, environment)) {
        Ok(started) => started,
        Err(error) => panic!("{environment}\n{error}"),
    }
}

/// The line that a start ends with.
pub(crate) fn refused(dialect: &str, environment: &str) -> String {
    match start(&world(dialect, environment)) {
        Ok(_) => panic!("{environment}\nit was accepted"),
        Err(error) => error,
    }
}
