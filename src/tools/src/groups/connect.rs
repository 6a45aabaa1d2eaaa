//! From a command line to what a client needs.

use super::failure::read_file;
use crate::client_config::ClientConfig;
use crate::io::Io;
use crate::jopt::{Fault, Opt, Parsed};
use crate::thrown::Thrown;

/// What named the cluster before 4.0.
pub(crate) const ZOOKEEPER: Opt = Opt::value(&["zookeeper"], "String", "Nothing any more.").hidden();

/// The properties in a file, or none (`Utils.loadProps`).
///
/// # Errors
/// If the file cannot be read, or is none of properties.
pub(crate) fn properties(path: Option<&str>) -> Result<ClientConfig, Thrown> {
    let mut config = ClientConfig::new();
    if let Some(path) = path {
        read_file(path)?;
        config.load(path).map_err(|text| Thrown::new("java.lang.IllegalArgumentException", text))?;
    }
    Ok(config)
}

/// The brokers that a command line names. Where it names only ZooKeeper, the broker of this host is asked.
///
/// # Errors
/// If an option came twice.
pub(crate) fn bootstrap(io: &mut Io, parsed: &Parsed) -> Result<Option<String>, Fault> {
    if let Some(servers) = parsed.single("bootstrap-server")? {
        return Ok(Some(servers.to_owned()));
    }
    Ok(parsed.single("zookeeper")?.map(|_| {
        io.complain(
            "There is no ZooKeeper any more and --zookeeper names no broker: asking localhost:9092. \
             Give the broker by --bootstrap-server HOST:PORT.",
        );
        "localhost:9092".to_owned()
    }))
}
