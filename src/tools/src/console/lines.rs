//! Lines of standard input. A thread reads, so that signals and the broker are heard while nothing is typed.

use std::io::Read;
use std::sync::Arc;

use klamm_env::Env;
use tokio::sync::mpsc;

/// Bytes that are read at once.
const PIECE_BYTES: usize = 64 * 1024;
/// Pieces that are read ahead.
const PIECES: usize = 4;

/// A line without its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) bytes: Vec<u8>,
    /// How many bytes beyond the limit were left out.
    pub(super) cut_bytes: usize,
}

/// Lines, as Java's `BufferedReader.readLine` finds them: they end in `\n`, `\r`, `\r\n` or with the input.
pub(super) struct Lines {
    pieces: mpsc::Receiver<std::io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    at: usize,
    after_return: bool,
    limit_bytes: usize,
    /// What was read of the next line.
    line: Line,
    /// Nothing more is read.
    closed: bool,
}

impl Lines {
    /// The lines of `input`. Of one that is longer than `limit_bytes` the rest is left out.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn of(env: &Env, mut input: Box<dyn Read + Send>, limit_bytes: usize) -> std::io::Result<Lines> {
        let (sender, pieces) = mpsc::channel(PIECES);
        env.tasks.thread("stdin", move || {
            loop {
                let mut piece = vec![0; PIECE_BYTES];
                let read = input.read(&mut piece);
                let last = !matches!(read, Ok(1..));
                let read = read.map(|size| {
                    piece.truncate(size);
                    piece
                });
                if sender.blocking_send(read).is_err() || last {
                    return;
                }
            }
        })?;
        Ok(Lines {
            pieces,
            piece: Vec::new(),
            at: 0,
            after_return: false,
            limit_bytes,
            line: Line::default(),
            closed: false,
        })
    }

    /// The next line, or `None` at the end. May be given up and asked for anew.
    ///
    /// # Errors
    /// What reading fails with.
    pub(super) async fn next(&mut self) -> std::io::Result<Option<Line>> {
        loop {
            if let Some(line) = self.take() {
                return Ok(Some(line));
            }
            let piece = self.pieces.recv().await.unwrap_or_else(|| Ok(Vec::new()))?;
            if piece.is_empty() {
                let rest = std::mem::take(&mut self.line);
                return Ok(Some(rest).filter(|rest| !rest.bytes.is_empty() && !self.closed));
            }
            (self.piece, self.at) = (piece, 0);
        }
    }

    /// Reads no further: whole lines that were read still come, then the end.
    pub(super) fn close(&mut self) {
        self.pieces.close();
        self.closed = true;
    }

    /// The next line, if it is at hand.
    fn take(&mut self) -> Option<Line> {
        if std::mem::take(&mut self.after_return) {
            match self.piece.get(self.at) {
                Some(b'\n') => self.at += 1,
                Some(_) => {}
                None => self.after_return = true,
            }
        }
        let rest = &self.piece[self.at..];
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let part = &rest[..end.unwrap_or(rest.len())];
        let room = self.limit_bytes.saturating_sub(self.line.bytes.len()).min(part.len());
        self.line.bytes.extend_from_slice(&part[..room]);
        self.line.cut_bytes += part.len() - room;
        let Some(end) = end else {
            self.at = self.piece.len();
            return None;
        };
        self.after_return = rest[end] == b'\r';
        self.at += end + 1;
        Some(std::mem::take(&mut self.line))
    }
}

/// Text as Java holds it: bytes that are no UTF-8 become U+FFFD.
pub(super) fn as_java_reads(bytes: Vec<u8>) -> Arc<str> {
    match String::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &'static [u8], limit: usize) -> Vec<(String, usize)> {
        let read = async |env: Env| {
            let mut lines = Lines::of(&env, Box::new(input), limit).unwrap();
            let mut all = Vec::new();
            while let Some(line) = lines.next().await.unwrap() {
                all.push((String::from_utf8(line.bytes).unwrap(), line.cut_bytes));
            }
            all
        };
        crate::io::block_on(read).unwrap()
    }

    #[test]
    fn lines_end_as_java_s_do() {
        let texts = |input| lines(input, 100).into_iter().map(|(text, _)| text).collect::<Vec<_>>();
        assert_eq!(texts(b"a\nb\r\nc\rd"), ["a", "b", "c", "d"]);
        assert_eq!(texts(b"\n\n x \n"), ["", "", " x "]);
        assert_eq!(texts(b"a\r"), ["a"]);
        assert!(texts(b"").is_empty());
    }

    #[test]
    fn what_goes_beyond_the_limit_is_counted_and_left_out() {
        assert_eq!(lines(b"abcdef\nxy", 4), [("abcd".to_owned(), 2), ("xy".to_owned(), 0)]);
    }

    #[test]
    fn once_closed_whole_lines_that_were_read_still_come() {
        struct Endless;
        impl Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let piece = b"a\nb\ncut";
                buffer[..piece.len()].copy_from_slice(piece);
                Ok(piece.len())
            }
        }
        let read = async |env: Env| {
            let mut lines = Lines::of(&env, Box::new(Endless), 9).unwrap();
            let first = lines.next().await.unwrap().unwrap().bytes;
            lines.close();
            let mut rest = Vec::new();
            while let Some(line) = lines.next().await.unwrap() {
                rest.push(line.bytes);
            }
            (first, rest)
        };
        let (first, rest) = crate::io::block_on(read).unwrap();
        assert_eq!((first, &rest[0]), (b"a".to_vec(), &b"b".to_vec()));
        assert!(rest.len() < 2 * (PIECES + 2), "no more than was read ahead");
        assert!(rest.last().is_some_and(|line| line == b"b"), "what has no end is no line: {rest:?}");
    }

    #[test]
    fn a_return_and_a_line_feed_may_lie_in_different_pieces() {
        struct Pieces(Vec<&'static [u8]>);
        impl Read for Pieces {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                if self.0.is_empty() {
                    return Ok(0);
                }
                let piece = self.0.remove(0);
                buffer[..piece.len()].copy_from_slice(piece);
                Ok(piece.len())
            }
        }
        let read = async |env: Env| {
            let mut lines = Lines::of(&env, Box::new(Pieces(vec![b"a\r", b"\nb", b"c\n"])), 9).unwrap();
            [lines.next().await.unwrap().unwrap().bytes, lines.next().await.unwrap().unwrap().bytes]
        };
        assert_eq!(crate::io::block_on(read).unwrap(), [b"a".to_vec(), b"bc".to_vec()]);
    }
}
