//! Signals that end a broker.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

/// SIGTERM and SIGINT, taken over. Their default actions, which the first process of a container lacks, are ours then.
pub struct Signals {
    term: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM, by which engines and supervisors stop a process.
    Term,
    /// SIGINT, by which a terminal does.
    Interrupt,
}

impl Signal {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Signal::Term => "SIGTERM",
            Signal::Interrupt => "SIGINT",
        }
    }

    /// What a process that it ended exits with, also after a clean stop: 128 and the signal's number, as the JVM.
    pub fn exit_code(self) -> ExitCode {
        match self {
            Signal::Term => ExitCode::from(128 + 15),
            Signal::Interrupt => ExitCode::from(128 + 2),
        }
    }
}

impl Signals {
    /// Takes both over from now on.
    ///
    /// # Errors
    /// As the operating system gives them.
    pub fn take() -> std::io::Result<Signals> {
        Ok(Signals { term: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.term.recv() => Signal::Term,
            _ = self.interrupt.recv() => Signal::Interrupt,
        }
    }
}
