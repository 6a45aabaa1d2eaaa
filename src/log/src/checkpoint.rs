//! The text files that keep offsets (`CheckpointFile`): written whole and renamed.
//!
//! ```text
//! 0                     version
//! 2                     how many lines follow
//! orders 0 1234         topic partition offset
//! orders 1 1200
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, IoSlice};
use std::path::Path;

use klamm_base::{Offset, TopicPartition};
use klamm_env::{Disk, Mode};

use crate::names;

const VERSION: &str = "0";

/// The text of a checkpoint with these lines.
pub(crate) fn encode_lines(lines: impl ExactSizeIterator<Item = String>) -> String {
    let mut text = format!("{VERSION}\n{}\n", lines.len());
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// The lines of a checkpoint after its version and count.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn parse_lines(bytes: &[u8]) -> Result<Vec<&str>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
    let mut lines = text.lines();
    match lines.next() {
        Some(VERSION) => {}
        Some(other) => return Err(format!("unknown version {other:?}")),
        None => return Err("empty".to_owned()),
    }
    let count: usize = lines.next().and_then(|line| line.trim().parse().ok()).ok_or("no count of entries")?;
    let rest: Vec<&str> = lines.collect();
    if rest.len() != count {
        return Err(format!("{count} entries announced, {} found", rest.len()));
    }
    Ok(rest)
}

/// The text of an offset checkpoint.
pub fn encode_offset_checkpoint(offsets: &BTreeMap<TopicPartition, Offset>) -> String {
    encode_lines(offsets.iter().map(|(partition, offset)| {
        let mut line = String::new();
        let _ = write!(line, "{} {} {offset}", partition.topic, partition.partition);
        line
    }))
}

/// Reads an offset checkpoint.
///
/// # Errors
/// What is wrong with it, in words. Kafka too refuses the whole file then.
pub fn parse_offset_checkpoint(bytes: &[u8]) -> Result<BTreeMap<TopicPartition, Offset>, String> {
    let parse_line = |line: &&str| {
        let mut words = line.split_whitespace();
        let partition = TopicPartition::new(words.next()?, words.next()?.parse().ok()?);
        let offset = Offset(words.next()?.parse().ok()?);
        words.next().is_none().then_some((partition, offset))
    };
    let lines = parse_lines(bytes)?;
    lines.iter().map(|line| parse_line(line).ok_or_else(|| format!("malformed line {line:?}"))).collect()
}

/// Replaces a small file so that the death of the process leaves the old or the new one; the folder is not synced. If
/// `synced` is false, neither are the bytes, and a power cut may leave garbage: only for files that can be made anew.
pub(crate) fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8], synced: bool) -> io::Result<()> {
    let beside = names::beside(path);
    let file = disk.open(&beside, Mode::CreateEmpty)?;
    file.write_at(0, &mut [IoSlice::new(bytes)])?;
    if synced {
        file.sync_data()?;
    }
    disk.rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_survives_its_text() {
        let offsets: BTreeMap<_, _> =
            [("a.b_c-1", 0, 5), ("x", 12, 0)].map(|(t, p, o)| (TopicPartition::new(t, p), Offset(o))).into();
        let text = encode_offset_checkpoint(&offsets);
        assert_eq!(text, "0\n2\na.b_c-1 0 5\nx 12 0\n");
        assert_eq!(parse_offset_checkpoint(text.as_bytes()), Ok(offsets));
        assert_eq!(parse_offset_checkpoint(b"0\n0\n"), Ok(BTreeMap::new()));
    }

    #[test]
    fn a_damaged_checkpoint_is_refused_w2() {
        let bad: [&[u8]; 9] = [
            b"",
            b"1\n0\n",
            b"0\n",
            b"0\nx\n",
            b"0\n1\n",
            b"0\n1\na 0\n",
            b"0\n1\na 0 1 2\n",
            b"0\n0\na 0 1\n",
            b"0\n1\n\xff 0 1\n",
        ];
        for text in bad {
            assert!(parse_offset_checkpoint(text).is_err(), "{text:?}");
        }
    }
}
