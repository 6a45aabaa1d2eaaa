//! What a container is told, and where: variables, files at the places that images have for them, mounts.

use std::io::{ErrorKind, IoSlice};
use std::path::Path;
use std::process::ExitCode;

use klamm_dialect::{Dialect, Mount, TextFile, World, is_untouched, is_written};
use klamm_env::{Disk, DiskOs, Mode};

use crate::args::{Configure, Server};
use crate::configuration::{DIALECT, Told, check, environment, read_file};
use crate::fail;

const SHARED: &str = "/mnt/shared/config/server.properties";
const BITNAMI: &str = "/bitnami/kafka/config/server.properties";
const IMAGE: &str = "/etc/kafka/docker/server.properties";
/// Where start scripts read or write a `server.properties`: Debezium's, Bitnami's, Apache's. Who mounts one does so
/// whichever script then starts the broker, for most files that name an image leave its command alone.
const ELSEWHERE: [&str; 3] = [
    "/kafka/config/server.properties",
    "/opt/bitnami/kafka/config/server.properties",
    "/opt/kafka/config/server.properties",
];
const MOUNTS: &str = "/proc/self/mountinfo";
const HOSTNAME: &str = "/etc/hostname";

/// `klamm container configure`.
pub fn run(args: &Configure) -> ExitCode {
    match configure(&DiskOs, environment(), &args.to) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Checks what the container is told, and writes it to `to` where it can. A file that somebody else wrote counts, and
/// stays as it is.
fn configure(disk: &dyn Disk, variables: Vec<(String, String)>, to: &Path) -> Result<(), String> {
    let given = file_at(disk, to)?;
    let foreign = given.clone().filter(|file| !is_untouched(file));
    let is_foreign = foreign.is_some();
    let world = World { given: foreign, ..world(disk, variables, Some(to))? };
    let resolved = klamm_dialect::resolve(&world).map_err(|error| error.to_string())?;
    let text = klamm_dialect::write(&resolved.settings);
    check(resolved)?;
    if is_foreign {
        return Ok(());
    }
    match put(disk, to, &text) {
        // On a read-only file system the environment alone says the same; an older file would say something else.
        Err(error) if given.is_some_and(|file| is_written(&file.text) && file.text != text) => {
            Err(format!("{} was written for another environment and cannot be written anew: {error}", to.display()))
        }
        _ => Ok(()),
    }
}

fn put(disk: &dyn Disk, to: &Path, text: &str) -> std::io::Result<()> {
    if let Some(dir) = to.parent() {
        disk.create_dir_all(dir)?;
    }
    // In place, for the file may be mounted by itself.
    disk.open(to, Mode::CreateEmpty)?.write_at(0, &mut [IoSlice::new(text.as_bytes())])
}

/// Reads what a broker in a container is told. A file that is missing says nothing: none could be written.
pub(crate) fn read(disk: &dyn Disk, variables: Vec<(String, String)>, args: &Server) -> Result<Told, String> {
    let given = match &args.file {
        Some(path) => file_at(disk, path)?,
        None => None,
    };
    let world = World { given, overrides: args.overrides.clone(), ..world(disk, variables, args.file.as_deref())? };
    check(klamm_dialect::resolve(&world).map_err(|error| error.to_string())?)
}

/// What the container says, beside the file at `given_at` and what the command line says.
fn world(disk: &dyn Disk, variables: Vec<(String, String)>, given_at: Option<&Path>) -> Result<World, String> {
    let value = |wanted: &str| {
        variables.iter().find(|(name, value)| name == wanted && !value.is_empty()).map(|(_, value)| value.clone())
    };
    let dialect = match value(DIALECT) {
        Some(name) => Some(Dialect::parse(&name).ok_or_else(|| {
            let names: Vec<&str> = Dialect::ALL.iter().map(|dialect| dialect.name()).collect();
            format!("{DIALECT}={name}: there is no such image family (allowed: {})", names.join(", "))
        })?),
        None => None,
    };
    let hostname = value("HOSTNAME").or_else(|| Some(file_at(disk, Path::new(HOSTNAME)).ok()??.text));
    Ok(World {
        dialect,
        hostname: hostname.unwrap_or_default().trim().to_owned(),
        shared: file_at(disk, Path::new(SHARED))?,
        bitnami: file_at(disk, Path::new(BITNAMI))?,
        image: file_at(disk, Path::new(IMAGE))?,
        elsewhere: elsewhere(disk, given_at)?,
        mounts: mounts(disk),
        variables,
        ..World::default()
    })
}

/// The files at other scripts' places than the one that this start reads or writes.
fn elsewhere(disk: &dyn Disk, given_at: Option<&Path>) -> Result<Vec<TextFile>, String> {
    let mut files = Vec::new();
    for path in ELSEWHERE.iter().map(Path::new).filter(|path| given_at != Some(*path)) {
        files.extend(file_at(disk, path)?);
    }
    Ok(files)
}

/// Whether this is a container of klamm's image.
pub(crate) fn is_image(disk: &dyn Disk) -> bool {
    disk.exists(Path::new(IMAGE))
}

/// The file at a place where there may be none.
fn file_at(disk: &dyn Disk, path: &Path) -> Result<Option<TextFile>, String> {
    match read_file(disk, path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) if error.kind() == ErrorKind::IsADirectory => Err(format!(
            "{} is a directory, not a file: an engine makes one where the file that is to be mounted is missing",
            path.display()
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// What is mounted; nothing where the system does not say (`proc_pid_mountinfo(5)`).
fn mounts(disk: &dyn Disk) -> Vec<Mount> {
    let Ok(bytes) = disk.read(Path::new(MOUNTS)) else { return Vec::new() };
    let text = String::from_utf8_lossy(&bytes);
    let paths = text.lines().filter_map(|line| line.split(' ').nth(4)).map(unescape);
    paths.map(|path| Mount { writable: disk.may_write(Path::new(&path)).is_ok(), path }).collect()
}

/// Blanks and backslashes stand there as `\040`, in octal.
fn unescape(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..3).filter(|_| *first == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[3..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
#[path = "container_test.rs"]
mod container_test;
