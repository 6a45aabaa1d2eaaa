//! What a broker is told, from a file and the command line.

use klamm_env::Env;
use klamm_settings::{Loaded, Settings};

use crate::args::Server;

/// Reads what `klamm server` was told.
///
/// # Errors
/// In one line what is wrong, and where.
pub fn load(env: &Env, args: &Server) -> Result<Loaded, String> {
    let Some(path) = &args.file else {
        return Settings::load(None, &args.overrides).map_err(|error| error.to_string());
    };
    let name = path.display().to_string();
    let fault = |error: std::io::Error| match error.to_string() {
        text if text.contains(&name) => text,
        text => format!("{name}: {text}"),
    };
    let bytes = env.disk.read(path).map_err(fault)?;
    Settings::load(Some((&name, &text_of(&bytes))), &args.overrides).map_err(|error| error.to_string())
}

/// The text of a properties file: UTF-8, or else Latin-1, in which Java reads such files.
fn text_of(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}
