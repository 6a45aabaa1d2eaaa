//! The first process of a container whose command is a shell.
//!
//! It starts the shell as its child, in its own process group and terminal, waits for every process that loses its
//! parent, and ends as the shell ends. SIGTERM, SIGINT, SIGHUP and SIGQUIT go to everything that the shell has started;
//! then this process ends when all of that has ended, so that a broker has the time of a clean stop.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::process::Command;
use std::time::Duration;

use klamm_env::DiskOs;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, getpgrp, kill_process, wait};
use tokio::signal::unix::{Signal as Arrivals, SignalKind, signal};
use tokio::time::{Instant, sleep};

use super::processes::{self, Identity, Process};

/// This process.
const FIRST: i32 = 1;

/// How often it is looked whether all have ended that were told to, and whether new ones have come.
const ROUND: Duration = Duration::from_millis(20);

/// How long after a signal the others may outlive the shell. Engines kill long before.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the command to its end, as the first process; the exit code.
///
/// # Errors
/// If it cannot be started, or signals cannot be taken over.
pub(super) fn run(command: &mut Command) -> io::Result<u8> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(live(command))
}

async fn live(command: &mut Command) -> io::Result<u8> {
    // First of all: what arrives from now on is kept until it is looked at.
    let (mut ends, mut children) = (Ends::take()?, signal(SignalKind::child())?);
    let shell = i32::try_from(command.spawn()?.id()).map_err(io::Error::other)?;
    let mut code = None;
    let mut told: Option<Told> = None;
    loop {
        tokio::select! {
            signal = ends.next() => told = Some(Told::new(signal)),
            _ = children.recv() => {}
            () = sleep(ROUND), if told.is_some() => {}
        }
        code = reap(shell).or(code);
        told = told.filter(|told| told.since.elapsed() < PATIENCE);
        let waits = told.as_mut().is_some_and(Told::round);
        match code {
            Some(code) if !waits => return Ok(code),
            _ => {}
        }
    }
}

/// Waits for all that have ended. The shell's exit code, if it is one of them.
fn reap(shell: i32) -> Option<u8> {
    let mut code = None;
    while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
        if pid.as_raw_pid() == shell {
            code = Some(exit_code(status));
        }
    }
    code
}

/// As shells tell it: 128 and the signal's number for what a signal ended.
fn exit_code(status: WaitStatus) -> u8 {
    let code = status.exit_status().or_else(|| status.terminating_signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

/// The signals that ask for an end.
struct Ends {
    hangup: Arrivals,
    interrupt: Arrivals,
    quit: Arrivals,
    terminate: Arrivals,
}

impl Ends {
    fn take() -> io::Result<Ends> {
        Ok(Ends {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.hangup.recv() => Signal::HUP,
            _ = self.interrupt.recv() => Signal::INT,
            _ = self.quit.recv() => Signal::QUIT,
            _ = self.terminate.recv() => Signal::TERM,
        }
    }
}

/// A signal that is handed on, and to whom it was.
struct Told {
    signal: Signal,
    since: Instant,
    /// The process group whose members got the signal already: a key of the terminal is told to all of it.
    by_terminal: Option<i32>,
    /// Those that were told, and those that must not be told by this process's user.
    reached: BTreeMap<Identity, bool>,
}

impl Told {
    fn new(signal: Signal) -> Told {
        let is_key = signal == Signal::INT || signal == Signal::QUIT;
        let by_terminal = is_key.then(foreground).flatten();
        Told { signal, since: Instant::now(), by_terminal, reached: BTreeMap::new() }
    }

    /// Tells those that were not yet told; whether there is somebody to wait for.
    fn round(&mut self) -> bool {
        let all = processes::all(&DiskOs);
        let wanted = match self.signal {
            // A shell that waits for a program handles these for as long as that runs, and hands them to nobody.
            Signal::INT | Signal::QUIT => processes::below(&all, FIRST),
            signal => processes::to_tell(&all, FIRST, signal),
        };
        for process in wanted {
            if !self.reached.contains_key(&process.identity()) {
                let reached = self.tell(process);
                self.reached.insert(process.identity(), reached);
            }
        }
        let out_of_reach: BTreeSet<Identity> =
            self.reached.iter().filter(|(_, reached)| !**reached).map(|(identity, _)| *identity).collect();
        processes::below(&all, FIRST).iter().any(|process| !out_of_reach.contains(&process.identity()))
    }

    fn tell(&self, process: &Process) -> bool {
        if self.by_terminal == Some(process.group) {
            return true;
        }
        let Some(pid) = Pid::from_raw(process.pid) else { return false };
        match kill_process(pid, self.signal) {
            // One that has just ended needs no telling.
            Ok(()) | Err(rustix::io::Errno::SRCH) => true,
            Err(_) => false,
        }
    }
}

/// This process's group, if it is the one that the keys of its terminal reach.
fn foreground() -> Option<i32> {
    let group = rustix::termios::tcgetpgrp(io::stdin()).ok()?;
    (group == getpgrp()).then(|| group.as_raw_pid())
}
