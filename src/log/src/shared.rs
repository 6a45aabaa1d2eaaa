//! What the writer, the readers and the flusher of one log have in common.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use klamm_base::Offset;
use klamm_env::Disk;

use crate::epochs::LeaderEpochs;
use crate::segment::Segment;

/// How many places where a reader stopped are remembered.
const RESUME_POINTS: usize = 8;

/// The common state. The writer alone changes segments and marks; the flusher alone moves the recovery point.
pub(crate) struct Shared {
    pub disk: Arc<dyn Disk>,
    pub dir: PathBuf,
    /// The segments, oldest first; never empty. The last one grows.
    segments: ArcSwap<Vec<Arc<Segment>>>,
    leo: AtomicI64,
    log_start: AtomicI64,
    recovery_point: AtomicI64,
    epochs: ArcSwap<LeaderEpochs>,
    /// True if the epochs in memory are newer than those that were synced.
    pub epochs_unsynced: AtomicBool,
    /// True if names in the folder were changed since it was synced.
    pub names_unsynced: AtomicBool,
    /// True if the folder itself may be new.
    pub folder_unsynced: AtomicBool,
    /// Set by the first write or sync that fails; never unset.
    poisoned: AtomicBool,
    /// Held while flushing, so that one flush at a time moves the recovery point.
    pub flushing: Mutex<()>,
    /// Held while writing the leader-epoch checkpoint.
    pub saving_epochs: Mutex<()>,
    resume_points: Mutex<ResumePoints>,
}

/// Where readers stopped, so that the next read of each goes on without a search.
#[derive(Default)]
struct ResumePoints {
    points: [Option<ResumePoint>; RESUME_POINTS],
    next: usize,
}

#[derive(Clone, Copy)]
struct ResumePoint {
    offset: Offset,
    segment: Offset,
    position: u64,
}

/// The marks of a log that is being opened.
pub(crate) struct Marks {
    pub log_start: Offset,
    pub leo: Offset,
    pub recovery_point: Offset,
    /// True if the small files and the names in the folder may be unsynced.
    pub are_files_unsynced: bool,
}

impl Shared {
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        dir: PathBuf,
        segments: Vec<Arc<Segment>>,
        epochs: LeaderEpochs,
        marks: &Marks,
    ) -> Shared {
        assert!(marks.log_start <= marks.leo, "a log begins before it ends");
        assert!(marks.recovery_point <= marks.leo, "what is synced exists");
        Shared {
            disk,
            dir,
            segments: ArcSwap::from_pointee(segments),
            leo: AtomicI64::new(marks.leo.0),
            log_start: AtomicI64::new(marks.log_start.0),
            recovery_point: AtomicI64::new(marks.recovery_point.0),
            epochs: ArcSwap::from_pointee(epochs),
            epochs_unsynced: AtomicBool::new(marks.are_files_unsynced),
            names_unsynced: AtomicBool::new(marks.are_files_unsynced),
            folder_unsynced: AtomicBool::new(marks.are_files_unsynced),
            poisoned: AtomicBool::new(false),
            flushing: Mutex::new(()),
            saving_epochs: Mutex::new(()),
            resume_points: Mutex::default(),
        }
    }

    pub(crate) fn segments(&self) -> Arc<Vec<Arc<Segment>>> {
        self.segments.load_full()
    }

    pub(crate) fn set_segments(&self, segments: Vec<Arc<Segment>>) {
        assert!(!segments.is_empty(), "a log has a segment");
        self.segments.store(Arc::new(segments));
    }

    pub(crate) fn leo(&self) -> Offset {
        Offset(self.leo.load(Ordering::Acquire))
    }

    /// Lets readers see records below `leo`.
    pub(crate) fn publish(&self, leo: Offset) {
        assert!(leo > self.leo(), "the log end offset only rises");
        self.leo.store(leo.0, Ordering::Release);
    }

    pub(crate) fn log_start(&self) -> Offset {
        Offset(self.log_start.load(Ordering::Acquire))
    }

    pub(crate) fn set_log_start(&self, log_start: Offset) {
        assert!(self.log_start() <= log_start && log_start <= self.leo(), "the log start offset rises up to the end");
        self.log_start.store(log_start.0, Ordering::Release);
    }

    pub(crate) fn recovery_point(&self) -> Offset {
        Offset(self.recovery_point.load(Ordering::Acquire))
    }

    pub(crate) fn set_recovery_point(&self, recovery_point: Offset) {
        assert!(self.recovery_point() <= recovery_point, "the recovery point only rises");
        self.recovery_point.store(recovery_point.0, Ordering::Release);
    }

    pub(crate) fn epochs(&self) -> Arc<LeaderEpochs> {
        self.epochs.load_full()
    }

    pub(crate) fn set_epochs(&self, epochs: LeaderEpochs) {
        self.epochs.store(Arc::new(epochs));
        self.epochs_unsynced.store(true, Ordering::Release);
    }

    pub(crate) fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Acquire)
    }

    pub(crate) fn poison(&self) {
        self.poisoned.store(true, Ordering::Release);
    }

    fn resume_points(&self) -> MutexGuard<'_, ResumePoints> {
        self.resume_points.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers that the batch with `offset` begins, or will begin, at `position` of the segment at `segment`.
    pub(crate) fn remember(&self, offset: Offset, segment: Offset, position: u64) {
        let mut resume = self.resume_points();
        let known = resume.points.iter().position(|point| point.is_some_and(|point| point.offset == offset));
        let place = known.unwrap_or(resume.next);
        resume.points[place] = Some(ResumePoint { offset, segment, position });
        if known.is_none() {
            resume.next = (resume.next + 1) % RESUME_POINTS;
        }
    }

    /// Where the batch with `offset` begins in the segment at `segment`, if a reader stopped there.
    pub(crate) fn recall(&self, offset: Offset, segment: Offset) -> Option<u64> {
        let resume = self.resume_points();
        let is_it = |point: &&ResumePoint| point.offset == offset && point.segment == segment;
        resume.points.iter().flatten().find(is_it).map(|point| point.position)
    }
}
