//! Kafka's shell tools under their stock names.
//!
//! Law: a tool says and does what the stock tool of Kafka 4.3 says and does, down to the text and the exit code; it talks
//! to brokers through `peer` alone and knows no broker of ours, so it works with any. What a tool cannot do, it says, and
//! ends with 1.
//!
//! ```text
//!   argv[0] ── table (names, with and without .sh) ── the tool's file ──┬─ jopt | argparse   options, as its parser reads them
//!                                                                       ├─ ClientConfig      what --command-config says
//!                                                                       ├─ peer::Client      the cluster
//!                                                                       └─ Io                stdin, stdout, stderr
//! ```

mod admin;
pub mod argparse;
pub mod client_config;
mod clients;
mod console;
mod date;
mod groups;
pub mod io;
pub mod jopt;
mod local;
mod signals;
mod table;
pub mod thrown;

pub use io::Io;
pub use table::{Tool, names, tool};

/// The exit code of a tool that could not do what it was asked.
pub const FAILED: u8 = 1;

/// Runs a tool on this process's standard streams; its exit code.
pub fn run(tool: &Tool, args: &[String]) -> u8 {
    let mut io = Io::standard();
    io::warnings_to_stderr();
    let code = (tool.run)(args, &mut io);
    // Whoever read our output may be gone: `kafka-topics --list | head -1`.
    let _ = io.out.flush();
    code
}
