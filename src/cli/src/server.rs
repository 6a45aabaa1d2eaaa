//! `klamm server`.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use klamm_broker::{Birth, Broker};
use klamm_env::Env;
use tokio::time::Instant;
use tracing_subscriber::EnvFilter;

use crate::args::Server;
use crate::configuration::load;
use crate::signals::Signals;

/// Runs a broker until it is told to stop.
pub fn run(args: &Server) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("klamm").build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let code = runtime.block_on(serve(args));
    // Tasks that still hold a connection are dropped with the runtime; nothing waits for them.
    runtime.shutdown_background();
    code
}

async fn serve(args: &Server) -> ExitCode {
    let started = Instant::now();
    let env = Env::real();
    let loaded = match load(&env, args) {
        Ok(loaded) => loaded,
        Err(error) => return fail(&error),
    };
    log_to_stderr();
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let mut signals = match Signals::take() {
        Ok(signals) => signals,
        Err(error) => return fail(&error),
    };
    let broker = tokio::select! {
        broker = Broker::start(env, loaded.settings, Birth::default()) => broker,
        signal = signals.next() => return fail(&format!("{signal} before the broker was ready")),
    };
    let broker = match broker {
        Ok(broker) => broker,
        Err(error) => return fail(&error),
    };
    say_ready(&broker, started);
    tokio::select! {
        signal = signals.next() => tracing::info!("{signal}: stopping"),
        fault = broker.failed() => return fail(&format!("the metadata quorum has failed: {fault}")),
    }
    tokio::select! {
        stopped = broker.stop() => match stopped {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error),
        },
        signal = signals.next() => {
            tracing::warn!("{signal} again: not waiting any longer");
            ExitCode::FAILURE
        }
    }
}

/// `KLAMM_LOG` filters as `RUST_LOG` does elsewhere; without it everything from INFO on is told.
fn log_to_stderr() {
    let filter =
        EnvFilter::try_from_env("KLAMM_LOG").unwrap_or_else(|_| EnvFilter::new("info,openraft=warn,sled=warn"));
    let ansi = std::io::stderr().is_terminal();
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(ansi);
    // A process has one; a second broker in it shares the first one's.
    let _ = subscriber.try_init();
}

/// The one line on stdout, once every listener serves.
fn say_ready(broker: &Broker, started: Instant) {
    let listeners: Vec<String> =
        broker.listening().iter().map(|(name, address)| format!("{name}://{address}")).collect();
    let admin = broker.admin().map(|address| format!(", admin http://{address}")).unwrap_or_default();
    let (version, took_ms) = (env!("CARGO_PKG_VERSION"), started.elapsed().as_millis());
    let mut out = std::io::stdout().lock();
    let said = writeln!(out, "klamm {version} ready in {took_ms} ms: {}{admin}", listeners.join(", "));
    // Nobody may be reading; the broker serves all the same.
    let _ = said.and_then(|()| out.flush());
}

fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("klamm: {error}");
    ExitCode::FAILURE
}
