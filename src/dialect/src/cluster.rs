//! The cluster's id.

use klamm_settings::{ConfigError, Origin};

use crate::Dialect;
use crate::draft::fault;
use crate::variables::Variables;

const NAMES: &[&str] = &["CLUSTER_ID", "KAFKA_CLUSTER_ID", "KAFKA_KRAFT_CLUSTER_ID"];

/// The cluster id that a fresh data directory gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterId {
    /// The id; any text without blanks, for files in the wild have all kinds.
    pub value: String,
    /// The variable that says so; `None` for the image's own.
    pub variable: Option<String>,
    /// Whether a data directory of another cluster stops the start; if not, what is stored there wins.
    pub strict: bool,
}

/// The id that the environment names, or the image's own. A broker of ZooKeeper's time got a random one.
///
/// # Errors
/// If it has blanks in it.
pub(crate) fn cluster_id(
    dialect: Dialect,
    variables: &Variables,
    zookeeper: bool,
) -> Result<Option<ClusterId>, ConfigError> {
    let Some((name, value)) = variables.first(NAMES) else {
        let own = dialect.cluster_id().filter(|_| !zookeeper || dialect == Dialect::Debezium);
        return Ok(own.map(|value| ClusterId { value: value.to_owned(), variable: None, strict: false }));
    };
    if value.contains(char::is_whitespace) {
        let origin = Origin::Variable { name: name.to_owned() };
        return Err(fault(
            origin,
            "cluster.id",
            value,
            "a cluster id has no blanks in it (5L6g3nShT-eMCtK--X86sw, for example)",
        ));
    }
    Ok(Some(ClusterId { value: value.to_owned(), variable: Some(name.to_owned()), strict: dialect.is_strict() }))
}
