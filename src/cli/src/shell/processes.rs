//! The processes of a container, as `/proc` shows them (`proc_pid_stat(5)`, `proc_pid_status(5)`).

use std::collections::BTreeSet;
use std::path::Path;

use klamm_env::Disk;
use rustix::process::Signal;

/// A process for as long as it lives: its id and when it started, for ids come again.
pub(super) type Identity = (i32, u64);

/// A process that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub pid: i32,
    /// Its parent's id; 0 where that is outside of the container.
    pub parent: i32,
    /// Its process group's.
    pub group: i32,
    /// When it started, in the system's ticks.
    pub started: u64,
    /// The signals for which it has handlers, from the lowest bit on.
    handled: u64,
}

impl Process {
    pub fn identity(&self) -> Identity {
        (self.pid, self.started)
    }

    fn handles(&self, signal: Signal) -> bool {
        u32::try_from(signal.as_raw() - 1)
            .is_ok_and(|bit| self.handled.checked_shr(bit).is_some_and(|left| left & 1 == 1))
    }
}

/// The processes that run; those that have ended and were not waited for are none.
pub(super) fn all(disk: &dyn Disk) -> Vec<Process> {
    let folders = disk.list(Path::new("/proc")).unwrap_or_default();
    folders.iter().filter_map(|folder| read(disk, folder.name.parse().ok()?)).collect()
}

/// A process may end between the two looks; then it is none.
fn read(disk: &dyn Disk, pid: i32) -> Option<Process> {
    let text = |name: &str| {
        let bytes = disk.read(Path::new(&format!("/proc/{pid}/{name}"))).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let (stat, status) = (text("stat")?, text("status")?);
    // Its name stands in parentheses and may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    if matches!(*fields.first()?, "Z" | "X") {
        return None;
    }
    let handled = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?;
    Some(Process {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
        handled: u64::from_str_radix(handled.trim(), 16).ok()?,
    })
}

/// Everything below the process `root`.
pub(super) fn below(all: &[Process], root: i32) -> Vec<&Process> {
    collect(all, root, &|_| true)
}

/// Everything below the process `root` that `signal` has to reach to end it. What handles the signal itself answers for
/// what it started: a script with a trap ends its broker in its own way, and a second signal would cut that short.
pub(super) fn to_tell(all: &[Process], root: i32, signal: Signal) -> Vec<&Process> {
    collect(all, root, &|process| !process.handles(signal))
}

fn collect<'a>(all: &'a [Process], root: i32, goes_on: &dyn Fn(&Process) -> bool) -> Vec<&'a Process> {
    let mut found: Vec<&Process> = Vec::new();
    let (mut seen, mut left) = (BTreeSet::from([root]), vec![root]);
    while let Some(parent) = left.pop() {
        for child in all.iter().filter(|process| process.parent == parent) {
            // Looks at different moments can make a circle out of ids that came again.
            if seen.insert(child.pid) {
                found.push(child);
                if goes_on(child) {
                    left.push(child.pid);
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use klamm_env::{Clock, DiskMem};

    use super::*;

    const TERM_HANDLED: u64 = 1 << 14;

    fn process(pid: i32, parent: i32, handled: u64) -> Process {
        Process { pid, parent, group: 1, started: 7, handled }
    }

    fn pids(found: &[&Process]) -> Vec<i32> {
        let mut pids: Vec<i32> = found.iter().map(|process| process.pid).collect();
        pids.sort_unstable();
        pids
    }

    #[test]
    fn a_signal_reaches_everything_below_but_what_somebody_who_handles_it_started() {
        let all = [
            process(1, 0, u64::MAX),
            process(2, 1, 0),
            process(3, 2, 0),
            process(4, 3, TERM_HANDLED),
            process(5, 4, 0),
            process(6, 2, TERM_HANDLED),
            // Of an engine's exec.
            process(8, 0, 0),
            process(9, 8, 0),
        ];
        assert_eq!(pids(&to_tell(&all, 1, Signal::TERM)), [2, 3, 4, 6]);
        assert_eq!(pids(&to_tell(&all, 1, Signal::INT)), [2, 3, 4, 5, 6]);
        assert_eq!(pids(&below(&all, 1)), [2, 3, 4, 5, 6]);
        assert_eq!(pids(&below(&all, 5)), [0; 0]);
    }

    #[test]
    fn a_circle_of_ids_ends() {
        let all = [process(2, 1, 0), process(3, 2, 0), process(2, 3, 0), process(1, 3, 0)];
        assert_eq!(pids(&below(&all, 1)), [2, 3]);
    }

    #[test]
    fn processes_are_read_whatever_their_names_are() {
        let disk = DiskMem::new(Clock::real());
        let put = |pid: &str, stat: &str, status: &str| {
            let folder = Path::new("/proc").join(pid);
            disk.create_dir_all(&folder).unwrap();
            disk.replace(&folder.join("stat"), stat.as_bytes()).unwrap();
            disk.replace(&folder.join("status"), status.as_bytes()).unwrap();
        };
        let after = "1 1 1 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 4711 1000 10 99\n";
        let status = "Name:\tx\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000001\nSigCgt:\t0000000000004002\n";
        put("7", &format!("7 (a ) (b) R 1) S {}", after.replacen("1 1 1", "3 5 1", 1)), status);
        put("8", &format!("8 (ended) Z {after}"), status);
        put("9", "9 (half", status);
        put("10", &format!("10 (x) S {after}"), "Name:\tx\n");
        put("self", &format!("7 (x) S {after}"), status);
        let found = all(&disk);
        assert_eq!(found, [Process { pid: 7, parent: 3, group: 5, started: 4711, handled: 0x4002 }]);
        assert!(found[0].handles(Signal::TERM) && found[0].handles(Signal::INT) && !found[0].handles(Signal::HUP));
    }

    #[test]
    fn this_process_is_among_those_that_run() {
        let here = i32::try_from(std::process::id()).unwrap();
        let found = all(&klamm_env::DiskOs);
        assert!(found.iter().any(|process| process.pid == here && process.started > 0));
    }
}
