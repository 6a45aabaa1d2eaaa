//! The broker that runs in this container, as `docker exec CONTAINER klamm config explain` asks about it.
//!
//! The start script's variables are not those of such a command: the script names the image family and fills variables in.
//! They are where the process that it became has them (`proc_pid_environ(5)`, `proc_pid_cmdline(5)`).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use clap::Parser;
use klamm_env::Disk;

use crate::args::{Arguments, Command, Server};

/// What a running broker was told.
pub(super) struct Running {
    /// Its process id.
    pub pid: u32,
    /// Its environment.
    pub variables: Vec<(String, String)>,
    /// Its command line.
    pub server: Server,
}

/// The broker that runs here, if this user may look at it.
pub(super) fn find(disk: &dyn Disk) -> Option<Running> {
    let processes = disk.list(Path::new("/proc")).ok()?;
    let mut pids: Vec<u32> = processes.iter().filter_map(|entry| entry.name.parse().ok()).collect();
    pids.sort_unstable();
    pids.into_iter().find_map(|pid| {
        let server = server_of(parts(disk, pid, "cmdline")?)?;
        let variables = parts(disk, pid, "environ")?.iter().filter_map(|part| variable(part)).collect();
        Some(Running { pid, variables, server })
    })
}

/// The strings of a file of the process, each of which ends with a zero byte.
fn parts(disk: &dyn Disk, pid: u32, file: &str) -> Option<Vec<Vec<u8>>> {
    let path = format!("/proc/{pid}/{file}");
    let bytes = disk.read(Path::new(&path)).ok()?;
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    Some(bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect())
}

/// The arguments, if they are those of a broker.
fn server_of(words: Vec<Vec<u8>>) -> Option<Server> {
    let is_klamm = words.first()?.rsplit(|byte| *byte == b'/').next() == Some(b"klamm");
    let words = words.into_iter().map(OsString::from_vec);
    match Arguments::try_parse_from(words).ok().filter(|_| is_klamm)?.command {
        Command::Server(server) => Some(server),
        _ => None,
    }
}

fn variable(part: &[u8]) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(part);
    text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {

    use klamm_env::{Clock, DiskMem};

    use super::*;

    #[test]
    fn the_broker_is_found_with_its_variables_and_its_command_line() {
        let disk = DiskMem::new(Clock::manual(0));
        for (path, text) in [
            ("/proc/1/cmdline", "bash\0/etc/kafka/docker/run\0"),
            ("/proc/7/cmdline", "klamm\0server\0--override\0num.partitions=3\0--\0/f\0"),
            ("/proc/7/environ", "KLAMM_DIALECT=confluent\0A=b=c\nd\0"),
            ("/proc/9/cmdline", "klamm\0config\0explain\0"),
        ] {
            let path = Path::new(path);
            disk.create_dir_all(path.parent().unwrap()).unwrap();
            disk.replace(path, text.as_bytes()).unwrap();
        }
        let found = find(&disk).unwrap();
        assert_eq!((found.pid, found.server.file.as_deref()), (7, Some(Path::new("/f"))));
        assert_eq!(found.server.overrides, [("num.partitions".to_owned(), "3".to_owned())]);
        let told = [("KLAMM_DIALECT", "confluent"), ("A", "b=c\nd")];
        assert_eq!(found.variables, told.map(|(name, value)| (name.to_owned(), value.to_owned())));
        disk.remove_dir_all(Path::new("/proc/7")).unwrap();
        assert!(find(&disk).is_none());
    }
}
