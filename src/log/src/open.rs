//! Opening a log: put the folder in order, load or recover the segments, then what is known about them.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use klamm_base::Offset;
use klamm_env::Disk;
use klamm_record::{BatchHeader, HEADER_LEN};

use crate::config::LogConfig;
use crate::epochs::{LeaderEpochs, parse_epoch_checkpoint};
use crate::error::Error;
use crate::names;
use crate::producer_snapshot;
use crate::producers::Producers;
use crate::reader::Reader;
use crate::recover::{Loaded, Loader};
use crate::scan::{LONG_WINDOW, Scan};
use crate::segment::Segment;
use crate::shared::{Marks, Shared};
use crate::tidy::{Contents, Parts, tidy};
use crate::writer::Writer;

/// What the log directory knows of a log before it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOptions {
    /// True if the log directory had the marker of a clean stop.
    pub clean_shutdown: bool,
    /// From the recovery-point checkpoint: everything below was synced; 0 if unknown.
    pub recovery_point: Offset,
    /// From the log-start checkpoint: nothing below may be read; 0 if unknown.
    pub log_start: Offset,
    /// Wall time, in milliseconds since 1970.
    pub now_ms: i64,
}

impl Writer {
    /// Opens the log in `dir`, which is made if it does not exist. After a clean stop nothing is scanned; after any
    /// other the segments that are not wholly below the recovery point are checked batch by batch, and the log is cut at
    /// the first that is not whole.
    ///
    /// # Errors
    /// [`Error::Disk`]. Damage is no error: what can be made again from the batches is, with a line in the server's
    /// log.
    pub fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        config: LogConfig,
        options: &OpenOptions,
    ) -> Result<(Writer, Reader), Error> {
        let mut is_new = !disk.exists(dir);
        if is_new {
            disk.create_dir_all(dir)?;
        }
        let mut contents = tidy(&disk, dir)?;
        if contents.segments.is_empty() {
            begin_at(&disk, dir, &mut contents, options.log_start)?;
            is_new = true;
        }
        let known_epochs = read_epochs(disk.as_ref(), dir)?;
        let mut epochs = known_epochs.clone().unwrap_or_default();
        let mut loaded = Loader { disk: &disk, dir, config: &config, options, epochs: &mut epochs }.load(&contents)?;
        if known_epochs.is_none() {
            epochs = epochs_of(&loaded)?;
        }
        if loaded.leo < options.log_start {
            loaded = start_over(&disk, dir, &mut contents, options)?;
        }
        let log_start = options.log_start.max(loaded.segments[0].base_offset);
        epochs.truncate_end(loaded.leo);
        epochs.truncate_start(log_start);
        let are_epochs_new = known_epochs.as_ref() != Some(&epochs) && loaded.leo > log_start;
        let producers = load_producers(&disk, dir, &mut contents.snapshots, &loaded, &config, options.now_ms)?;
        let marks = Marks {
            log_start,
            leo: loaded.leo,
            recovery_point: if options.clean_shutdown { loaded.leo } else { options.recovery_point.min(loaded.leo) },
            are_files_unsynced: is_new || are_epochs_new || !options.clean_shutdown,
        };
        let shared = Shared::new(disk, dir.to_owned(), loaded.segments.clone(), epochs, &marks);
        let writer = Writer::over(Arc::new(shared), config, loaded, producers, contents.snapshots, options.now_ms)?;
        let reader = writer.reader();
        Ok((writer, reader))
    }

    fn over(
        shared: Arc<Shared>,
        config: LogConfig,
        loaded: Loaded,
        producers: Producers,
        snapshots: BTreeSet<Offset>,
        now_ms: i64,
    ) -> Result<Writer, Error> {
        let active = loaded.segments[loaded.segments.len() - 1].clone();
        let first = match active.size() {
            0 => None,
            _ => BatchHeader::parse(&active.file()?.read_at(0, HEADER_LEN)?).ok(),
        };
        Ok(Writer {
            shared,
            config,
            active,
            since_entry: loaded.since_entry,
            first_timestamp_ms: first.map(|header| header.max_timestamp_ms),
            begun_ms: now_ms,
            leo: loaded.leo,
            producers,
            snapshots,
            doomed: Vec::new(),
        })
    }
}

/// Makes the first segment of a log.
fn begin_at(disk: &Arc<dyn Disk>, dir: &Path, contents: &mut Contents, base: Offset) -> io::Result<()> {
    Segment::create(disk, dir, base)?;
    contents.segments.insert(base, Parts { has_offsets: true, has_times: true });
    Ok(())
}

/// Drops everything of a log that ends before it starts: what it should have begun with is lost.
fn start_over(disk: &Arc<dyn Disk>, dir: &Path, contents: &mut Contents, options: &OpenOptions) -> io::Result<Loaded> {
    tracing::warn!(dir = %dir.display(), log_start = options.log_start.0, "the log ends before its start offset, beginning anew there");
    for base in contents.segments.keys() {
        for suffix in [names::LOG, names::INDEX, names::TIME_INDEX, names::TXN_INDEX] {
            let path = names::file(dir, *base, suffix);
            if disk.exists(&path) {
                disk.remove_file(&path)?;
            }
        }
    }
    for offset in std::mem::take(&mut contents.snapshots) {
        disk.remove_file(&names::file(dir, offset, names::SNAPSHOT))?;
    }
    let base = options.log_start;
    let segment = Arc::new(Segment::create(disk, dir, base)?);
    disk.sync_dir(dir)?;
    Ok(Loaded { segments: vec![segment], leo: base, since_entry: 0 })
}

/// The epochs from their file; `None` if it is missing or damaged.
fn read_epochs(disk: &dyn Disk, dir: &Path) -> io::Result<Option<LeaderEpochs>> {
    match disk.read(&dir.join(names::EPOCHS)) {
        Ok(bytes) => match parse_epoch_checkpoint(&bytes) {
            Ok(epochs) => Ok(Some(epochs)),
            Err(why) => {
                tracing::warn!(dir = %dir.display(), why, "leader-epoch-checkpoint is damaged, making it from the log");
                Ok(None)
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The epochs as the batches tell them.
fn epochs_of(loaded: &Loaded) -> io::Result<LeaderEpochs> {
    let mut epochs = LeaderEpochs::default();
    for segment in loaded.segments.iter().filter(|segment| segment.size() > 0) {
        let mut scan = Scan::new(segment.file()?, 0, segment.size(), LONG_WINDOW);
        while let Some(placed) = scan.next()? {
            epochs.observe(placed.header.leader_epoch, placed.header.base_offset);
        }
    }
    Ok(epochs)
}

/// The producer state at the end of the log: the newest good snapshot, and the batches after it.
fn load_producers(
    disk: &Arc<dyn Disk>,
    dir: &Path,
    snapshots: &mut BTreeSet<Offset>,
    loaded: &Loaded,
    config: &LogConfig,
    now_ms: i64,
) -> io::Result<Producers> {
    let mut producers = Producers::default();
    let before = snapshots.len();
    let mut from = loaded.segments[0].base_offset;
    while let Some(offset) = snapshots.last().copied() {
        let path = names::file(dir, offset, names::SNAPSHOT);
        if offset <= loaded.leo
            && let Some(found) = producer_snapshot::parse(&disk.read(&path)?)
        {
            (producers, from) = (found, offset);
            break;
        }
        tracing::warn!(path = %path.display(), leo = loaded.leo.0, "a producer snapshot is damaged or beyond the log, removing it");
        disk.remove_file(&path)?;
        snapshots.remove(&offset);
    }
    if snapshots.len() < before {
        // A snapshot from beyond a cut that came back by a power cut would speak of batches that were never here.
        disk.sync_dir(dir)?;
    }
    producers.expire(now_ms, config.producer_id_expiration_ms);
    replay(loaded, from, &mut producers)?;
    drop_stray_snapshots(disk.as_ref(), dir, snapshots, loaded)?;
    Ok(producers)
}

/// Updates the producers from the batches at or after `from`.
fn replay(loaded: &Loaded, from: Offset, producers: &mut Producers) -> io::Result<()> {
    for (place, segment) in loaded.segments.iter().enumerate() {
        let end = loaded.segments.get(place + 1).map_or(loaded.leo, |next| next.base_offset);
        if end <= from {
            continue;
        }
        let start = if from <= segment.base_offset { 0 } else { segment.position_before(from)? };
        let mut scan = Scan::new(segment.file()?, start, segment.size(), LONG_WINDOW);
        while let Some(placed) = scan.next()? {
            if placed.header.base_offset >= from {
                producers.update(&placed.header);
            }
        }
    }
    Ok(())
}

/// Removes snapshots that belong to no segment, but keeps the newest.
fn drop_stray_snapshots(
    disk: &dyn Disk,
    dir: &Path,
    snapshots: &mut BTreeSet<Offset>,
    loaded: &Loaded,
) -> io::Result<()> {
    let newest = snapshots.last().copied();
    let is_kept =
        |offset: Offset| Some(offset) == newest || loaded.segments.iter().any(|segment| segment.base_offset == offset);
    let stray: Vec<Offset> = snapshots.iter().copied().filter(|offset| !is_kept(*offset)).collect();
    for offset in stray {
        disk.remove_file(&names::file(dir, offset, names::SNAPSHOT))?;
        snapshots.remove(&offset);
    }
    Ok(())
}
