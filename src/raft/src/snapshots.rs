//! Images in files, so that the log can be short.
//!
//! ```text
//! meta-<index>-<term>.snap, both in 20 digits:
//!   magic "klmmeta1" | last log id | 0 or 1 u8, log id of the membership | membership | records | crc32c u32
//!   records: a batch of klamm_metadata::codec that makes the image from nothing; the rest as in `codec`
//! ```
//!
//! A file is written beside its place, synced and renamed, so it is whole or absent. The newest two are kept.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Buf, BufMut};
use klamm_env::Disk;
use klamm_metadata::{Image, Position, codec, snapshot};
use openraft::StoredMembership;

use crate::Error;
use crate::codec::{Fault, log_id_of, members_of, put_log_id, put_members};
use crate::types::{LogId, SnapshotMeta};

const MAGIC: &[u8; 8] = b"klmmeta1";
const KEEP: usize = 2;

/// The folder of snapshots. Clones share it.
#[derive(Clone)]
pub(crate) struct Snapshots {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
}

/// What a snapshot holds.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub meta: SnapshotMeta,
    pub image: Image,
    pub path: PathBuf,
}

impl Snapshots {
    pub fn new(disk: Arc<dyn Disk>, dir: &Path) -> Snapshots {
        Snapshots { disk, dir: dir.to_owned() }
    }

    /// The newest snapshot. Removes what an interrupted writing left.
    ///
    /// # Errors
    /// If the newest one cannot be read: an older one may lack what the log no longer has.
    pub fn newest(&self) -> Result<Option<Loaded>, Error> {
        for entry in self.disk.list(&self.dir)?.into_iter().filter(|entry| entry.name.ends_with(".snap.tmp")) {
            self.disk.remove_file(&self.dir.join(entry.name))?;
        }
        match self.names()?.pop() {
            Some(name) => self.read(&self.dir.join(name)).map(Some),
            None => Ok(None),
        }
    }

    /// Reads a snapshot's file.
    ///
    /// # Errors
    /// If it is not whole.
    pub fn read(&self, path: &Path) -> Result<Loaded, Error> {
        let bytes = self.disk.read(path)?;
        let (meta, image) = parse(&bytes)
            .map_err(|fault| Error::Damaged { dir: self.dir.clone(), what: format!("{}: {fault}", path.display()) })?;
        Ok(Loaded { meta, image, path: path.to_owned() })
    }

    /// Writes a snapshot of `image`, whose last entry is `last`, and removes those that are no longer needed.
    pub fn write(&self, image: &Image, last: LogId, membership: &crate::types::StoredMembership) -> io::Result<Loaded> {
        let path = self.dir.join(file_name(&last));
        self.disk.replace(&path, &to_bytes(image, &last, membership))?;
        let names = self.names()?;
        for name in names.iter().take(names.len().saturating_sub(KEEP)) {
            self.disk.remove_file(&self.dir.join(name))?;
        }
        Ok(Loaded { meta: meta(last, membership.clone()), image: image.clone(), path })
    }

    /// Where a snapshot that comes from the leader is put until it is whole.
    pub fn incoming(&self) -> PathBuf {
        self.dir.join("incoming.snap.tmp")
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let names = self.disk.list(&self.dir)?.into_iter().map(|entry| entry.name);
        Ok(names.filter(|name| name.starts_with("meta-") && name.ends_with(".snap")).collect())
    }
}

fn file_name(last: &LogId) -> String {
    format!("meta-{:020}-{:020}.snap", last.index, last.leader_id.term)
}

fn meta(last: LogId, last_membership: crate::types::StoredMembership) -> SnapshotMeta {
    SnapshotMeta { last_log_id: Some(last), last_membership, snapshot_id: file_name(&last) }
}

fn to_bytes(image: &Image, last: &LogId, membership: &crate::types::StoredMembership) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    put_log_id(&mut out, last);
    out.put_u8(u8::from(membership.log_id().is_some()));
    put_log_id(&mut out, &membership.log_id().unwrap_or_default());
    put_members(&mut out, membership.membership());
    let records: Vec<_> = snapshot::records(image).collect();
    out.put_slice(&codec::encode(&records));
    let crc = crc32c::crc32c(&out);
    out.put_u32(crc);
    out
}

fn parse(bytes: &[u8]) -> Result<(SnapshotMeta, Image), Fault> {
    let (head, crc) = bytes.split_last_chunk().ok_or_else(|| Fault("cut short".to_owned()))?;
    if crc32c::crc32c(head) != u32::from_be_bytes(*crc) {
        return Err(Fault("checksum mismatch".to_owned()));
    }
    let mut body = head.strip_prefix(MAGIC).ok_or_else(|| Fault("not a snapshot of this version".to_owned()))?;
    let last = log_id_of(&mut body)?;
    let has = body.try_get_u8()? == 1;
    let members_at = log_id_of(&mut body)?;
    let members = members_of(&mut body)?;
    let metadata = |error: klamm_metadata::Error| Fault(error.to_string());
    let records = codec::decode(body).map_err(metadata)?;
    let at = Position { index: last.index, term: last.leader_id.term };
    let image = snapshot::image(&records, at).map_err(metadata)?;
    Ok((meta(last, StoredMembership::new(has.then_some(members_at), members)), image))
}

#[cfg(test)]
mod tests {
    use klamm_env::{Clock, DiskMem, Mode};
    use klamm_metadata::Record;

    use super::*;
    use crate::types::{Members, log_id};

    fn folder() -> (Arc<dyn Disk>, Snapshots) {
        let disk: Arc<dyn Disk> = Arc::new(DiskMem::new(Clock::manual(0)));
        disk.create_dir_all(Path::new("/s")).unwrap();
        (disk.clone(), Snapshots::new(disk, Path::new("/s")))
    }

    fn image(index: u64) -> Image {
        let records = [Record::Cluster { id: format!("c{index}").into() }];
        snapshot::image(&records, Position { index, term: 3 }).unwrap()
    }

    fn membership() -> crate::types::StoredMembership {
        StoredMembership::new(Some(log_id(0, 0)), Members::new(vec![[7].into()], ()))
    }

    #[test]
    fn the_newest_two_are_kept_and_the_newest_is_read() {
        let (disk, snapshots) = folder();
        for index in [5, 40, 300] {
            snapshots.write(&image(index), log_id(3, index), &membership()).unwrap();
        }
        let newest = snapshots.newest().unwrap().unwrap();
        assert_eq!(newest.image, image(300));
        assert_eq!(newest.meta.last_log_id, Some(log_id(3, 300)));
        assert_eq!(newest.meta.last_membership, membership());
        assert_eq!(disk.list(Path::new("/s")).unwrap().len(), 2);
    }

    #[test]
    fn a_half_written_file_is_removed_and_a_damaged_one_is_an_error() {
        let (disk, snapshots) = folder();
        disk.open(Path::new("/s/meta-1.snap.tmp"), Mode::Create).unwrap();
        assert!(snapshots.newest().unwrap().is_none());
        assert!(disk.list(Path::new("/s")).unwrap().is_empty());
        let path = snapshots.write(&image(9), log_id(3, 9), &membership()).unwrap().path;
        let whole = disk.read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.to_vec();
            bytes[at] ^= 4;
            disk.replace(&path, &bytes).unwrap();
            assert!(snapshots.newest().unwrap_err().to_string().contains("damaged"), "byte {at}");
        }
    }
}
