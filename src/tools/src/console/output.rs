//! Standard output of a tool that must go on living while nobody reads it: a thread writes.

use std::io::Write;

use klamm_env::Env;
use tokio::sync::{mpsc, oneshot};

/// Pieces that may wait to be written.
const PIECES: usize = 4;

/// Standard output, written by a thread of its own.
pub(super) struct Output {
    pieces: mpsc::Sender<Vec<u8>>,
    back: oneshot::Receiver<Box<dyn Write + Send>>,
}

impl Output {
    /// Takes over `out`.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn new(env: &Env, mut out: Box<dyn Write + Send>) -> std::io::Result<Output> {
        let (pieces, mut waiting) = mpsc::channel::<Vec<u8>>(PIECES);
        let (give_back, back) = oneshot::channel();
        env.tasks.thread("stdout", move || {
            while let Some(piece) = waiting.blocking_recv() {
                let written = out.write_all(&piece);
                let written = if waiting.is_empty() { written.and_then(|()| out.flush()) } else { written };
                if written.is_err() {
                    break;
                }
            }
            // The tool may have ended.
            let _ = give_back.send(out);
        })?;
        Ok(Output { pieces, back })
    }

    /// Writes a piece; false if nobody listens any more. May be given up; then the piece is lost.
    pub(super) async fn write(&self, piece: Vec<u8>) -> bool {
        self.pieces.send(piece).await.is_ok()
    }

    /// Waits until nobody listens any more.
    pub(super) async fn closed(&self) {
        self.pieces.closed().await;
    }

    /// Waits until everything is written, and gives the stream back.
    pub(super) async fn finish(self) -> Option<Box<dyn Write + Send>> {
        drop(self.pieces);
        self.back.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn that_nobody_reads_is_told() {
        let run = async |env: Env| {
            let output = Output::new(&env, Box::new(Closed)).unwrap();
            while output.write(b"x".to_vec()).await {}
            output.finish().await.is_some()
        };
        assert!(crate::io::block_on(run).unwrap());
    }
}
