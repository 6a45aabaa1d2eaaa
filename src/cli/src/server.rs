//! `klamm server`.

use std::io::Write;
use std::net::IpAddr;
use std::process::ExitCode;

use klamm_broker::{Birth, Broker};
use klamm_env::{Clock, Env};
use tokio::time::Instant;

use crate::args::Server;
use crate::configuration::{Configuration, DIALECT, load};
use crate::log_lines::{self, Ready};
use crate::signals::{Signal, Signals};
use crate::{fail, logging};

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
    let began = Instant::now();
    let env = Env::real();
    let (clock, start_ms) = (env.clock.clone(), env.clock.now_ms());
    let mut signals = match Signals::take(&*env.disk) {
        Ok(signals) => signals,
        Err(error) => return fail(&error),
    };
    let Configuration { settings, warnings, birth, blame, log_filter, started_twice: twice, zookeeper } =
        match load(&env, args) {
            Ok(configuration) => configuration,
            Err(error) => return fail(&error),
        };
    logging::start(clock.clone(), log_filter.as_deref());
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    let node_id = settings.broker_config().node_id;
    let birth = Birth { gateways: gateways(&env), ..birth };
    let broker = tokio::select! {
        broker = Broker::start(env, settings, birth) => broker,
        // A crash at any moment loses nothing; so does an end before the start is done.
        signal = signals.next() => return terminating(&clock, signal),
    };
    let broker = match broker {
        Ok(broker) => broker,
        Err(error) => return fail(&blame.line(&error)),
    };
    let ready = Ready { node_id, start_ms, now_ms: clock.now_ms(), zookeeper, twice };
    say_ready(&broker, ready, began);
    tokio::select! {
        signal = signals.next() => stop(broker, signals, &clock, signal).await,
        fault = broker.failed() => fail(&format!("the metadata quorum has failed: {fault}")),
    }
}

/// By which addresses the host comes to this container. In Kubernetes ports are not published like that, and a pod's
/// address is within reach of the nodes.
fn gateways(env: &Env) -> Vec<IpAddr> {
    if std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() {
        return Vec::new();
    }
    klamm_broker::gateways::find(&*env.disk, std::env::var_os(DIALECT).is_some())
}

/// A clean stop, which a second signal cuts short.
async fn stop(broker: Broker, mut signals: Signals, clock: &Clock, signal: Signal) -> ExitCode {
    let code = terminating(clock, signal);
    tokio::select! {
        stopped = broker.stop() => match stopped {
            Ok(()) => code,
            Err(error) => fail(&error),
        },
        again = signals.next() => {
            tracing::warn!("{} again: not waiting any longer", again.name());
            again.exit_code()
        }
    }
}

fn terminating(clock: &Clock, signal: Signal) -> ExitCode {
    say(&log_lines::terminating(clock.now_ms(), signal.name()));
    signal.exit_code()
}

/// Every listener serves: the lines that Kafka's users wait for, and klamm's own.
fn say_ready(broker: &Broker, ready: Ready, began: Instant) {
    log_lines::ready(ready).iter().for_each(|line| say(line));
    let listeners: Vec<String> =
        broker.listening().iter().map(|(name, address)| format!("{name}://{address}")).collect();
    let admin = broker.admin().map(|address| format!(", admin http://{address}")).unwrap_or_default();
    let (version, took_ms) = (env!("CARGO_PKG_VERSION"), began.elapsed().as_millis());
    say(&format!("klamm {version} ready in {took_ms} ms: {}{admin}\n", listeners.join(", ")));
}

/// One write for a line, so that whoever follows the output sees it whole.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody may be reading; the broker serves all the same.
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}
