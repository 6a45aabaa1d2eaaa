//! What a connection writes when the broker stops.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::sync::atomic::{AtomicUsize, Ordering};

use klamm_env::Net;
use klamm_env::net::ListenOptions;
use klamm_wire::Answer;
use tokio::task::JoinHandle;

use super::*;
use crate::connections::{ConnectionLimits, Connections};

/// Answers every request with its first byte. One that begins with [`LAST`] is answered as a group that ends answers those
/// who wait in it: once the broker is told to stop, and before the connection hears of that itself.
#[derive(Clone)]
struct Echo {
    tasks: Tasks,
    served: std::sync::Arc<AtomicUsize>,
}

const LAST: u8 = b'!';

impl Serve for Echo {
    async fn serve(&self, _: &Session, frame: Bytes) -> Outcome {
        self.served.fetch_add(1, Ordering::SeqCst);
        if frame[0] == LAST {
            self.tasks.stop();
        }
        Outcome::Answer(Answer::from_body(0, false, &frame[..1]))
    }
}

/// A connection that is served, and the client's end of it.
async fn served(api: &Echo) -> (JoinHandle<()>, Stream) {
    let options = ListenOptions { backlog: 1, send_buffer: -1, receive_buffer: -1 };
    let listener = Net.listen("127.0.0.1", 0, options).await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = Net.connect("127.0.0.1", address.port()).await.unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    let connections = Connections::new(ConnectionLimits { max: 1, max_per_ip: 1, overrides: Default::default() });
    let frames = FrameReader::new(1000, connections.admit(peer.ip()).unwrap().frame_memory());
    let metrics = ServerMetrics::new(&metrics::NoopRecorder, "PLAINTEXT");
    let session = Session::new("PLAINTEXT".into(), address, peer);
    let connection = Connection::new(stream, session, frames, Duration::from_secs(600), metrics);
    (api.tasks.spawn(connection.run(api.clone(), api.tasks.clone())), client)
}

/// Sends requests of one byte each in one write; all that comes back until the connection ends.
async fn all_of(client: &mut Stream, requests: &[u8]) -> Vec<u8> {
    let frames: Vec<u8> = requests.iter().flat_map(|request| [0, 0, 0, 1, *request]).collect();
    client.write_all(&frames).await.unwrap();
    let mut answers = Vec::new();
    // A connection that ends over bytes that were not read is reset; what had come by then counts.
    let _ = client.read_to_end(&mut answers).await;
    answers
}

#[tokio::test]
async fn a_request_that_ends_with_the_broker_is_not_answered_and_the_next_one_is_not_served() {
    let api = Echo { tasks: Tasks::on_current_runtime(), served: Default::default() };
    let (connection, mut client) = served(&api).await;
    client.write_all(&[0, 0, 0, 1, b'a']).await.unwrap();
    let mut answer = [0; 9];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, [0, 0, 0, 5, 0, 0, 0, 0, b'a'], "before the stop everybody is answered");
    assert_eq!(all_of(&mut client, &[LAST, b'b']).await, [0; 0]);
    connection.await.unwrap();
    assert_eq!(api.served.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn at_a_stop_no_answer_is_written_out_of_turn() {
    let api = Echo { tasks: Tasks::on_current_runtime(), served: Default::default() };
    let (connection, mut client) = served(&api).await;
    let answers = all_of(&mut client, &[b'a', LAST, b'b']).await;
    assert!(answers.is_empty() || answers == [0, 0, 0, 5, 0, 0, 0, 0, b'a'], "{answers:?}");
    connection.await.unwrap();
    assert_eq!(api.served.load(Ordering::SeqCst), 2);
}
