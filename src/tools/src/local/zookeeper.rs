//! The names that start or ask a ZooKeeper: klamm needs none, and scripts that start one beside the broker go on.

use std::convert::Infallible;
use std::time::Duration;

use klamm_env::net::ListenOptions;
use klamm_env::{Env, Listener};
use tokio::signal::unix::{SignalKind, signal};

use crate::client_config::ClientConfig;
use crate::io::{Io, block_on};

const NEEDLESS: &str = "klamm needs no ZooKeeper: it keeps the cluster's metadata itself";

/// How connections are taken of which none is served.
const LISTEN: ListenOptions = ListenOptions { backlog: 50, send_buffer: -1, receive_buffer: -1 };

/// How long no connection is taken after one could not be.
const BACK_OFF: Duration = Duration::from_millis(100);

/// zookeeper-server-start: says that it is not needed, and lives until it is told to end, as scripts expect of a server.
/// The port of its file is open meanwhile, for those who wait for that; whoever comes is let go at once.
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
    let served = client_address(first)
        .and_then(|address| block_on(async |env| serve(env, address, io).await).map_err(|error| error.to_string())?);
    match served {
        Ok(code) => code,
        Err(problem) => {
            io.complain(format_args!("zookeeper-server-start: {problem}"));
            crate::FAILED
        }
    }
}

/// The address of `clientPortAddress` and `clientPort`. A file that cannot be read names none: scripts start this beside
/// a broker with files of an image that had a ZooKeeper in it.
fn client_address(file: &str) -> Result<Option<(String, u16)>, String> {
    let mut properties = ClientConfig::new();
    if properties.load(file).is_err() {
        return Ok(None);
    }
    let Some(text) = properties.get("clientPort") else { return Ok(None) };
    let port = text.parse().map_err(|_| format!("{file}: clientPort={text}: not a port (allowed: 0 to 65535)"))?;
    Ok(Some((properties.get("clientPortAddress").unwrap_or_default().to_owned(), port)))
}

/// Lets clients come until a signal ends the process; the exit code of a process that the signal ended. Signals are
/// handled, since the first process of a container is not ended by those that it does not handle.
async fn serve(env: Env, address: Option<(String, u16)>, io: &mut Io) -> Result<u8, String> {
    let fault = |error: std::io::Error| error.to_string();
    let mut term = signal(SignalKind::terminate()).map_err(fault)?;
    let mut int = signal(SignalKind::interrupt()).map_err(fault)?;
    let listener = match address {
        Some((host, port)) => Some(env.net.listen(&host, port, LISTEN).await.map_err(fault)?),
        None => None,
    };
    io.say(format_args!("{NEEDLESS}; this process only waits to be stopped"));
    let _ = io.out.flush();
    tokio::select! {
        _ = term.recv() => Ok(143),
        _ = int.recv() => Ok(130),
        never = let_go(listener) => match never {},
    }
}

/// Takes connections and closes them, for ever; without a listener it only waits.
async fn let_go(listener: Option<Listener>) -> Infallible {
    let Some(listener) = listener else { return std::future::pending().await };
    loop {
        if listener.accept().await.is_err() {
            tokio::time::sleep(BACK_OFF).await;
        }
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

#[cfg(test)]
mod tests {
    use klamm_env::{Disk, DiskOs};
    use tempfile::tempdir;

    use super::*;

    fn address(text: &str) -> Result<Option<(String, u16)>, String> {
        let folder = tempdir().unwrap();
        let file = folder.path().join("zookeeper.properties");
        DiskOs.replace(&file, text.as_bytes()).unwrap();
        client_address(file.to_str().unwrap())
    }

    #[test]
    fn the_port_of_its_file_is_what_it_listens_on() {
        assert_eq!(address("dataDir=/tmp\nclientPort=2181\n"), Ok(Some((String::new(), 2181))));
        let local = address("clientPort = 2182 \nclientPortAddress=127.0.0.1\n");
        assert_eq!(local, Ok(Some(("127.0.0.1".to_owned(), 2182))));
        assert_eq!(address("dataDir=/tmp\n"), Ok(None));
        assert_eq!(client_address("/no/such/file"), Ok(None));
        for wrong in ["x", "65536", "-1", ""] {
            let said = address(&format!("clientPort={wrong}")).unwrap_err();
            assert!(said.ends_with(&format!("clientPort={wrong}: not a port (allowed: 0 to 65535)")), "{said}");
        }
    }

    #[test]
    fn a_client_is_let_in_and_let_go() {
        let served = block_on(async |env| {
            let listener = env.net.listen("127.0.0.1", 0, LISTEN).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let client = async {
                for _ in 0..3 {
                    let mut stream = env.net.connect("127.0.0.1", port).await.unwrap();
                    let mut rest = Vec::new();
                    assert_eq!(tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest).await.unwrap(), 0);
                }
            };
            tokio::select! {
                never = let_go(Some(listener)) => match never {},
                () = client => {}
            }
        });
        assert!(served.is_ok());
    }

    #[test]
    fn a_taken_port_is_told_in_one_line_and_nothing_else_is() {
        let out = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let mut io = Io { out: Box::new(Kept(out.clone())), ..Io::standard() };
        let said = block_on(async |env| {
            let taken = env.net.listen("127.0.0.1", 0, LISTEN).await.unwrap();
            let port = taken.local_addr().unwrap().port();
            serve(env.clone(), Some(("127.0.0.1".to_owned(), port)), &mut io).await.unwrap_err()
        });
        let said = said.unwrap();
        assert!(said.contains("127.0.0.1:") && said.contains("in use") && !said.contains('\n'), "{said}");
        assert!(out.lock().unwrap().is_empty());
    }

    struct Kept(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

    impl std::io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
}
