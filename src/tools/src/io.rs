//! What a tool reads and writes.

use std::io::{BufWriter, Read, Write};

use klamm_env::Env;

/// The streams of a tool. A test hands in its own.
pub struct Io {
    /// Standard output; buffered, so a tool that waits flushes before.
    pub out: Box<dyn Write + Send>,
    /// Standard error.
    pub err: Box<dyn Write + Send>,
    /// Standard input.
    pub input: Box<dyn Read + Send>,
}

impl Io {
    /// The process's own.
    pub fn standard() -> Io {
        Io {
            out: Box::new(BufWriter::with_capacity(64 * 1024, std::io::stdout())),
            err: Box::new(std::io::stderr()),
            input: Box::new(std::io::stdin()),
        }
    }

    /// Writes a line to standard output. That nobody reads it is no fault of the tool.
    pub fn say(&mut self, line: impl std::fmt::Display) {
        let _ = writeln!(self.out, "{line}");
    }

    /// Writes a line to standard error, behind what was said before.
    pub fn complain(&mut self, line: impl std::fmt::Display) {
        let _ = self.out.flush();
        let _ = writeln!(self.err, "{line}");
    }
}

/// Runs the part of a tool that waits for brokers, in the real world, on this thread.
///
/// # Errors
/// If the system gives no runtime.
pub fn block_on<T>(work: impl AsyncFnOnce(Env) -> T) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let value = runtime.block_on(async { work(Env::real()).await });
    // A read of standard input may hang in a thread of its own; nobody waits for it.
    runtime.shutdown_background();
    Ok(value)
}
