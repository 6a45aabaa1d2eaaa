//! The stock tools' names: `kafka-topics` as a link to this binary, or `klamm kafka-topics`.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use klamm_tools::Tool;

use crate::fail;

/// The tool that a command line asks for, and the tool's own arguments.
pub fn tool_of(args: &[OsString]) -> Option<(&'static Tool, Vec<String>)> {
    let text = |place: usize| args.get(place).map(|word| word.to_string_lossy());
    let (tool, first) = match klamm_tools::tool(&text(0)?) {
        Some(tool) => (tool, 1),
        None => (klamm_tools::tool(&text(1)?)?, 2),
    };
    Some((tool, args[first..].iter().map(|word| word.to_string_lossy().into_owned()).collect()))
}

/// `klamm tools`: prints the names, or makes links of them in `folder`.
pub fn list_or_link(folder: Option<&Path>) -> ExitCode {
    let Some(folder) = folder else {
        let names: String = klamm_tools::names().map(|name| format!("{name}\n")).collect();
        // Nobody may be reading to the end.
        let _ = std::io::stdout().lock().write_all(names.as_bytes());
        return ExitCode::SUCCESS;
    };
    match link(folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{}: {error}", folder.display())),
    }
}

/// Links every name, with and without `.sh`, to this binary. A name that is there stays as it is.
fn link(folder: &Path) -> std::io::Result<()> {
    let binary: PathBuf = std::env::current_exe()?;
    for name in klamm_tools::names().flat_map(|name| [name.to_owned(), format!("{name}.sh")]) {
        match symlink(&binary, folder.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
