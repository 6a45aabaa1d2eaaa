//! Waiting for services: a port that takes connections, an HTTP server that answers, a cluster with enough brokers.

use std::time::Duration;

use klamm_env::{Env, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::client_config::ClientConfig;

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(500);
/// What is read of an HTTP answer at most.
const ANSWER_BYTES: u64 = 64 * 1024;

/// Waits until `host:port` takes a connection; false if it does not within `patience`.
pub(super) async fn wait_for_port(env: &Env, host: &str, port: u16, patience: Duration) -> bool {
    let end = Instant::now() + patience;
    loop {
        // One try at least, also with no time at all.
        let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(100));
        if matches!(timeout(left, env.net.connect(host, port)).await, Ok(Ok(_))) {
            return true;
        }
        if Instant::now() + PAUSE > end {
            sleep_until(end).await;
            return false;
        }
        sleep(PAUSE).await;
    }
}

/// Asks an HTTP server for `path`; the status and the beginning of the answer.
///
/// # Errors
/// In one line what is wrong.
pub(super) async fn http_get(env: &Env, host: &str, port: u16, path: &str) -> Result<(u16, String), String> {
    let ask = async {
        let mut stream: Stream = env.net.connect(host, port).await?;
        let request = format!("GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\nAccept: */*\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(ANSWER_BYTES).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = match timeout(Duration::from_secs(30), ask).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(problem)) => return Err(problem.to_string()),
        Err(_) => return Err("no answer within 30 s".to_owned()),
    };
    let status = answer.split(' ').nth(1).and_then(|word| word.get(..3)).and_then(|word| word.parse().ok());
    status.map(|status| (status, answer)).ok_or_else(|| "the answer is not HTTP".to_owned())
}

/// Waits until a cluster has `wanted` brokers.
///
/// # Errors
/// In one line why it has not.
pub(super) async fn wait_for_brokers(
    env: &Env,
    config: &ClientConfig,
    wanted: usize,
    patience: Duration,
) -> Result<(), String> {
    let end = Instant::now() + patience;
    let mut options = config.options("cub")?;
    loop {
        options.api_timeout = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(100));
        let client = klamm_peer::Client::new(env, options.clone());
        let found = client.nodes("listNodes").await.map(|(nodes, _)| nodes.len());
        match found {
            Ok(found) if found >= wanted => return Ok(()),
            Ok(found) if Instant::now() + PAUSE > end => {
                return Err(format!("Expected {wanted} brokers but found only {found}."));
            }
            Err(error) if Instant::now() >= end => return Err(error.to_string()),
            Ok(_) | Err(_) => sleep(PAUSE).await,
        }
    }
}
