//! Names of the files in a partition's folder (`LogFileUtils`).

use std::path::{Path, PathBuf};

use klamm_base::Offset;

/// The suffix of a segment's batches.
pub(crate) const LOG: &str = "log";
/// The suffix of an offset index.
pub(crate) const INDEX: &str = "index";
/// The suffix of a time index.
pub(crate) const TIME_INDEX: &str = "timeindex";
/// The suffix of an index of aborted transactions; kept with its segment, not read here.
pub(crate) const TXN_INDEX: &str = "txnindex";
/// The suffix of a producer snapshot.
pub(crate) const SNAPSHOT: &str = "snapshot";
/// Put after the name of a file that waits for its removal.
pub(crate) const DELETED: &str = ".deleted";
/// The file of leader epochs.
pub(crate) const EPOCHS: &str = "leader-epoch-checkpoint";

/// The path of the file with `suffix` that begins at (or, for a snapshot, covers up to) `offset`.
pub(crate) fn file(dir: &Path, offset: Offset, suffix: &str) -> PathBuf {
    dir.join(format!("{:020}.{suffix}", offset.0))
}

/// Reads a name made by [`file`]: the offset and the suffix, which may go on (`log.swap`).
pub(crate) fn parse(name: &str) -> Option<(Offset, &str)> {
    let (digits, suffix) = name.split_once('.')?;
    if digits.len() != 20 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((Offset(digits.parse().ok()?), suffix))
}

/// `path` with [`DELETED`] after its name.
pub(crate) fn doomed(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(DELETED);
    PathBuf::from(name)
}

/// The name under which a file is written before it takes its place.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_back_its_offset_and_suffix() {
        let path = file(Path::new("/d"), Offset(42), LOG);
        assert_eq!(path, Path::new("/d/00000000000000000042.log"));
        assert_eq!(parse("00000000000000000042.log"), Some((Offset(42), "log")));
        assert_eq!(parse("00000000000000000042.log.swap"), Some((Offset(42), "log.swap")));
        for other in ["42.log", "leader-epoch-checkpoint", "99999999999999999999.log", "0000000000000000004x.log", ""] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
