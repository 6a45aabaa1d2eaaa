//! What a stop in the middle of something leaves in a partition's folder, and how it is put in order before loading
//! (`LogLoader.load`).
//!
//! ```text
//! X.deleted     was on its way out: goes
//! X.cleaned     compaction had not finished writing it: goes, with every X.swap that does not begin before it
//! X.swap        compaction had written it whole: it replaces the segments that it covers
//! X.index       without X.log: goes
//! X.tmp         had not taken its place: goes
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use klamm_base::Offset;
use klamm_env::{Disk, Mode};

use crate::names;
use crate::scan::{LONG_WINDOW, Scan};

/// The files of a segment that exist beside its batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub has_offsets: bool,
    pub has_times: bool,
}

/// What lies in a partition's folder.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub segments: BTreeMap<Offset, Parts>,
    pub snapshots: BTreeSet<Offset>,
}

/// Puts the folder in order and tells what is in it.
pub(crate) fn tidy(disk: &Arc<dyn Disk>, dir: &Path) -> io::Result<Contents> {
    let names: Vec<String> =
        disk.list(dir)?.into_iter().filter(|entry| !entry.is_dir).map(|entry| entry.name).collect();
    if !names.iter().any(|name| [".swap", ".cleaned", ".tmp", names::DELETED].iter().any(|end| name.ends_with(end))) {
        return survey(disk, dir, &names);
    }
    let is_going = |name: &&String| {
        name.ends_with(".tmp") || (name.ends_with(names::DELETED) && !name.ends_with(".checkpoint.deleted"))
    };
    for name in names.iter().filter(is_going) {
        disk.remove_file(&dir.join(name))?;
    }
    drop_unfinished(disk, dir, &names)?;
    finish_swaps(disk, dir)?;
    disk.sync_dir(dir)?;
    let names: Vec<String> = disk.list(dir)?.into_iter().map(|entry| entry.name).collect();
    survey(disk, dir, &names)
}

fn drop_unfinished(disk: &Arc<dyn Disk>, dir: &Path, names: &[String]) -> io::Result<()> {
    let base_of = |name: &&String| names::parse(name).map(|(base, _)| base);
    let cleaned = names.iter().filter(|name| name.ends_with(".cleaned"));
    let first_cleaned = cleaned.clone().filter_map(|name| base_of(&name)).min();
    for name in cleaned {
        disk.remove_file(&dir.join(name))?;
    }
    let Some(first_cleaned) = first_cleaned else { return Ok(()) };
    for name in names.iter().filter(|name| name.ends_with(".swap")) {
        if base_of(&name).is_some_and(|base| base >= first_cleaned) {
            disk.remove_file(&dir.join(name))?;
        }
    }
    Ok(())
}

fn finish_swaps(disk: &Arc<dyn Disk>, dir: &Path) -> io::Result<()> {
    let names: Vec<String> = disk.list(dir)?.into_iter().map(|entry| entry.name).collect();
    let swaps = || names.iter().filter(|name| name.ends_with(".swap"));
    let mut covered: Option<(Offset, Offset)> = None;
    for name in swaps().filter(|name| name.ends_with(".log.swap")) {
        let Some((base, _)) = names::parse(name) else { continue };
        let end = end_of(disk, &dir.join(name), base)?;
        let (from, to) = covered.unwrap_or((base, end));
        covered = Some((from.min(base), to.max(end)));
    }
    if let Some((from, to)) = covered {
        for name in names.iter().filter(|name| !name.ends_with(".swap")) {
            let is_part =
                |suffix: &str| [names::LOG, names::INDEX, names::TIME_INDEX, names::TXN_INDEX].contains(&suffix);
            if names::parse(name).is_some_and(|(base, suffix)| is_part(suffix) && from <= base && base < to) {
                disk.remove_file(&dir.join(name))?;
            }
        }
    }
    for name in swaps() {
        disk.rename(&dir.join(name), &dir.join(name.trim_end_matches(".swap")))?;
    }
    Ok(())
}

/// The offset after the last batch of a file.
fn end_of(disk: &Arc<dyn Disk>, path: &Path, base: Offset) -> io::Result<Offset> {
    let file = disk.open(path, Mode::Read)?;
    let len = file.len()?;
    let mut scan = Scan::new(file, 0, len, LONG_WINDOW);
    let mut end = base;
    while let Some(placed) = scan.next()? {
        end = placed.header.next_offset();
    }
    Ok(end)
}

fn survey(disk: &Arc<dyn Disk>, dir: &Path, names: &[String]) -> io::Result<Contents> {
    let mut contents = Contents::default();
    for (base, suffix) in names.iter().filter_map(|name| names::parse(name)) {
        if suffix == names::LOG {
            contents.segments.insert(base, Parts::default());
        } else if suffix == names::SNAPSHOT {
            contents.snapshots.insert(base);
        }
    }
    for (base, suffix) in names.iter().filter_map(|name| names::parse(name)) {
        match (contents.segments.get_mut(&base), suffix) {
            (Some(parts), names::INDEX) => parts.has_offsets = true,
            (Some(parts), names::TIME_INDEX) => parts.has_times = true,
            (None, names::INDEX | names::TIME_INDEX | names::TXN_INDEX) => {
                disk.remove_file(&names::file(dir, base, suffix))?;
            }
            _ => {}
        }
    }
    Ok(contents)
}
