//! The command line.
//!
//! Law: reads arguments, settings and signals; everything else is the broker's. Exit codes: 143 after a stop by SIGTERM,
//! 130 after one by SIGINT and 129 after one by SIGHUP, as Kafka's; 1 for anything that keeps a broker from starting or
//! going on, 2 for a command line that makes no sense.

pub mod args;
pub mod blame;
pub mod configuration;
pub mod container;
pub mod explain;
pub mod log_lines;
pub mod logging;
pub mod multicall;
pub mod ready;
pub mod server;
pub mod shell;
pub mod signals;

use std::ffi::OsString;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Arguments, Command, Config, Container};

/// Runs the command that `args` names.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    if let Some(shell) = shell::asked(&args) {
        return shell::run(shell, &args);
    }
    if let Some((tool, words)) = multicall::tool_of(&args) {
        return ExitCode::from(klamm_tools::run(tool, &words));
    }
    match Arguments::try_parse_from(args) {
        Ok(Arguments { command: Command::Server(server) }) => server::run(&server),
        Ok(Arguments { command: Command::Config(Config::Explain(explain)) }) => explain::run(&explain),
        Ok(Arguments { command: Command::Container(Container::Configure(configure)) }) => container::run(&configure),
        Ok(Arguments { command: Command::Ready(ready) }) => ready::run(&ready),
        Ok(Arguments { command: Command::Tools(tools) }) => multicall::list_or_link(tools.link.as_deref()),
        Err(error) => {
            // Help and version are no failures; clap knows which stream they belong to.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}

/// Says in one line on stderr why a command failed; exit code 1.
pub(crate) fn fail(why: &dyn Display) -> ExitCode {
    // Nobody may be reading; the exit code says it too.
    let _ = writeln!(std::io::stderr(), "klamm: {why}");
    ExitCode::FAILURE
}
