//! What is handed in.

use crate::Dialect;

/// Everything that a container can be told by.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// The environment, in any order.
    pub variables: Vec<(String, String)>,
    /// The family of the script that starts the broker (`KLAMM_DIALECT`); without it the variables tell.
    pub dialect: Option<Dialect>,
    /// The container's host name.
    pub hostname: String,
    /// The file that the command line names.
    pub given: Option<TextFile>,
    /// `/mnt/shared/config/server.properties`.
    pub shared: Option<TextFile>,
    /// `/bitnami/kafka/config/server.properties`.
    pub bitnami: Option<TextFile>,
    /// `/etc/kafka/docker/server.properties`, which people overwrite.
    pub image: Option<TextFile>,
    /// What lies where image families have the `server.properties` that their start scripts read or write, the strongest
    /// last.
    pub elsewhere: Vec<TextFile>,
    /// `--override KEY=VALUE` of the command line, which wins over everything.
    pub overrides: Vec<(String, String)>,
    /// What is mounted in the container.
    pub mounts: Vec<Mount>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFile {
    /// Its name, for errors.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A place where something is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where.
    pub path: String,
    /// Whether the broker may write there.
    pub writable: bool,
}
