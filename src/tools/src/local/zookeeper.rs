//! The names that start or ask a ZooKeeper: klamm needs none, and scripts that start one beside the broker go on.

use tokio::signal::unix::{SignalKind, signal};

use crate::io::{Io, block_on};

const NEEDLESS: &str = "klamm needs no ZooKeeper: it keeps the cluster's metadata itself";

/// zookeeper-server-start: says that it is not needed, and lives until it is told to end, as scripts expect of a server.
pub(super) fn start(args: &[String], io: &mut Io) -> u8 {
    if let Some(code) = super::version_asked(args, io) {
        return code;
    }
    let [first, ..] = args else {
        io.say("USAGE: zookeeper-server-start [-daemon] zookeeper.properties");
        return crate::FAILED;
    };
    if first == "-daemon" {
        io.say(NEEDLESS);
        return 0;
    }
    match block_on(async |_| wait_for_signal(io).await) {
        Ok(Ok(code)) => code,
        Ok(Err(problem)) | Err(problem) => {
            io.complain(format_args!("zookeeper-server-start: {problem}"));
            crate::FAILED
        }
    }
}

/// The exit code of a process that the signal ended. Handled, since the first process of a container is not ended by
/// signals that it does not handle.
async fn wait_for_signal(io: &mut Io) -> std::io::Result<u8> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    io.say(format_args!("{NEEDLESS}; this process only waits to be stopped"));
    let _ = io.out.flush();
    tokio::select! {
        _ = term.recv() => Ok(143),
        _ = int.recv() => Ok(130),
    }
}

/// zookeeper-server-stop.
pub(super) fn stop(args: &[String], io: &mut Io) -> u8 {
    if let Some(code) = super::version_asked(args, io) {
        return code;
    }
    io.say("No zookeeper server to stop");
    crate::FAILED
}

/// zookeeper-shell.
pub(super) fn shell(args: &[String], io: &mut Io) -> u8 {
    if let Some(code) = super::version_asked(args, io) {
        return code;
    }
    io.complain(format_args!(
        "zookeeper-shell: there is no ZooKeeper; {NEEDLESS}. Take kafka-topics, kafka-configs and \
        kafka-broker-api-versions with --bootstrap-server HOST:9092"
    ));
    crate::FAILED
}
