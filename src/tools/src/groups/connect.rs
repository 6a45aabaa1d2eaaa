//! From a command line to what a client needs.

use super::failure::read_file;
use crate::client_config::ClientConfig;
use crate::thrown::Thrown;

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
