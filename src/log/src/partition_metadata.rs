//! The file that ties a partition's folder to one incarnation of its topic (KIP-516, `PartitionMetadataFile`).
//!
//! ```text
//! version: 0
//! topic_id: 5L6g3nShT-eMCtK--X86sw
//! ```

use std::io;
use std::path::Path;

use klamm_base::TopicId;
use klamm_env::Disk;

use crate::checkpoint::replace;

/// The file's name.
const NAME: &str = "partition.metadata";

/// What the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionMetadata {
    /// The topic's id.
    pub topic_id: TopicId,
}

/// Reads the file's bytes; `None` if they are damaged or name no id.
pub fn parse_partition_metadata(bytes: &[u8]) -> Option<PartitionMetadata> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut fields = text.lines().map(|line| line.split_once(':').map(|(key, value)| (key.trim(), value.trim())));
    let (key, version) = fields.next()??;
    if key != "version" || version != "0" {
        return None;
    }
    let (key, id) = fields.next()??;
    let topic_id = TopicId::parse(id).filter(|id| !id.is_zero())?;
    (key == "topic_id").then_some(PartitionMetadata { topic_id })
}

impl PartitionMetadata {
    /// Reads it from a partition's folder; `None` if it is missing or damaged.
    ///
    /// # Errors
    /// As the disk gives them.
    pub fn read(disk: &dyn Disk, partition_dir: &Path) -> io::Result<Option<PartitionMetadata>> {
        match disk.read(&partition_dir.join(NAME)) {
            Ok(bytes) => Ok(parse_partition_metadata(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes it into a partition's folder, made if missing. Not synced: the cluster's metadata knows the id too, and
    /// a file that a power cut damaged reads as missing.
    ///
    /// # Errors
    /// As the disk gives them.
    pub fn write(&self, disk: &dyn Disk, partition_dir: &Path) -> io::Result<()> {
        if !disk.exists(partition_dir) {
            disk.create_dir_all(partition_dir)?;
        }
        let text = format!("version: 0\ntopic_id: {}", self.topic_id);
        replace(disk, &partition_dir.join(NAME), text.as_bytes(), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_kafkas_and_damage_reads_as_missing() {
        let read = parse_partition_metadata(b"version: 0\ntopic_id: 5L6g3nShT-eMCtK--X86sw");
        assert_eq!(read.map(|read| read.topic_id.to_string()).as_deref(), Some("5L6g3nShT-eMCtK--X86sw"));
        for bad in [
            "",
            "version: 1\ntopic_id: 5L6g3nShT-eMCtK--X86sw",
            "version: 0\n",
            "version: 0\ntopic_id: x",
            "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA",
            "\0\0\0\0",
        ] {
            assert_eq!(parse_partition_metadata(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
