//! Signals that end a broker.

use std::path::Path;
use std::process::ExitCode;

use klamm_env::Disk;
use tokio::signal::unix::{SignalKind, signal};

/// What the system tells of this process (`proc_pid_status(5)`).
const STATUS: &str = "/proc/self/status";

/// SIGTERM, SIGINT and SIGHUP, taken over. Their default actions, which the first process of a container lacks, are ours
/// then.
pub struct Signals {
    term: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    /// None below `nohup`: whoever started this process wants it to outlive its terminal.
    hangup: Option<tokio::signal::unix::Signal>,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM, by which engines and supervisors stop a process.
    Term,
    /// SIGINT, by which a terminal does.
    Interrupt,
    /// SIGHUP, by which a terminal that goes away does.
    Hangup,
}

impl Signal {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Signal::Term => "SIGTERM",
            Signal::Interrupt => "SIGINT",
            Signal::Hangup => "SIGHUP",
        }
    }

    /// What a process that it ended exits with, also after a clean stop: 128 and the signal's number, as the JVM.
    pub fn exit_code(self) -> ExitCode {
        match self {
            Signal::Term => ExitCode::from(128 + 15),
            Signal::Interrupt => ExitCode::from(128 + 2),
            Signal::Hangup => ExitCode::from(128 + 1),
        }
    }
}

impl Signals {
    /// Takes them over from now on; SIGHUP only where it is not ignored, as the JVM does.
    ///
    /// # Errors
    /// As the operating system gives them.
    pub fn take(disk: &dyn Disk) -> std::io::Result<Signals> {
        let hangup = if ignores_hangup(disk) { None } else { Some(signal(SignalKind::hangup())?) };
        Ok(Signals { term: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())?, hangup })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Signal {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => drop(hangup.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.term.recv() => Signal::Term,
            _ = self.interrupt.recv() => Signal::Interrupt,
            () = hangup => Signal::Hangup,
        }
    }
}

/// Whether this process was started with SIGHUP ignored; not where the system does not say.
fn ignores_hangup(disk: &dyn Disk) -> bool {
    let status = disk.read(Path::new(STATUS)).unwrap_or_default();
    let status = String::from_utf8_lossy(&status);
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The lowest bit is signal 1, SIGHUP.
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
