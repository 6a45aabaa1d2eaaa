//! Accepting connections.

use std::sync::Arc;
use std::time::Duration;

use klamm_api::{Api, Session};
use klamm_env::{Listener, Stream, Tasks};

use crate::connection::Connection;
use crate::connections::{Connections, Place};
use crate::frame::FrameReader;
use crate::metric::ServerMetrics;

/// What a listener needs to know.
#[derive(Clone)]
pub struct ListenerConfig {
    /// Its name (`PLAINTEXT`, `INTERNAL`, ...).
    pub name: Arc<str>,
    /// `socket.request.max.bytes`.
    pub max_frame_bytes: usize,
    /// `connections.max.idle.ms`.
    pub max_idle: Duration,
}

/// How long accepting pauses after a failure, as when no file descriptor is left (W12).
const BACK_OFF: Duration = Duration::from_millis(100);

/// Accepts connections until the broker stops.
pub async fn serve_listener(
    listener: Listener,
    config: ListenerConfig,
    api: Api,
    connections: Connections,
    metrics: ServerMetrics,
    tasks: Tasks,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = tasks.stopped() => return,
        };
        match accepted {
            Ok((stream, peer)) => match connections.admit(peer.ip().to_canonical()) {
                Some(place) => open(stream, peer, place, &config, &api, &metrics, &tasks),
                None => metrics.refused.increment(1),
            },
            Err(error) => {
                tracing::warn!(listener = %config.name, %error, "a connection could not be accepted");
                tokio::time::sleep(BACK_OFF).await;
            }
        }
    }
}

fn open(
    stream: Stream,
    peer: std::net::SocketAddr,
    place: Place,
    config: &ListenerConfig,
    api: &Api,
    metrics: &ServerMetrics,
    tasks: &Tasks,
) {
    let Ok(local) = stream.local_addr() else { return };
    let session = Session::new(config.name.clone(), local, peer);
    let frames = FrameReader::new(config.max_frame_bytes, place.frame_memory());
    let connection = Connection::new(stream, session, frames, config.max_idle, metrics.clone());
    let (api, metrics, spawner) = (api.clone(), metrics.clone(), tasks.clone());
    let tasks = tasks.clone();
    spawner.spawn(async move {
        metrics.created.increment(1);
        metrics.open.increment(1.0);
        connection.run(api, tasks).await;
        metrics.open.decrement(1.0);
        drop(place);
    });
}
