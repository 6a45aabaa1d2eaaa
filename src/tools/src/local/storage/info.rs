//! kafka-storage info.

use std::io::ErrorKind;
use std::path::Path;

use klamm_env::{Disk, DiskOs};

use super::config::NodeConfig;
use super::meta::{self, Meta, meta_path};
use crate::io::Io;

#[derive(Default)]
struct Findings {
    dirs: Vec<String>,
    problems: Vec<String>,
    /// What the first sound directory says.
    meta: Option<Meta>,
}

/// Tells what the directories are; the exit code is 1 if one has a problem.
pub(super) fn run(config: &NodeConfig, io: &mut Io) -> u8 {
    let mut found = Findings::default();
    for dir in &config.dirs {
        found.look_at(dir, io);
    }
    if found.meta.as_ref().is_some_and(|meta| meta.version == 0) {
        let text = "The kafka configuration file appears to be for a cluster in KRaft mode, but the directories are \
                    formatted for legacy mode.";
        found.problems.push(text.to_owned());
    }
    found.tell(io);
    u8::from(!found.problems.is_empty())
}

impl Findings {
    fn look_at(&mut self, dir: &str, io: &mut Io) {
        match DiskOs.list(Path::new(dir)) {
            Err(problem) if problem.kind() == ErrorKind::NotADirectory => {
                return self.problems.push(format!("{dir} is not a directory"));
            }
            Err(problem) if problem.kind() == ErrorKind::NotFound => {
                return self.problems.push(format!("{dir} does not exist"));
            }
            Ok(_) | Err(_) => self.dirs.push(dir.to_owned()),
        }
        match (meta::read(dir), &self.meta) {
            (Ok(None), _) => self.problems.push(format!("{dir} is not formatted.")),
            (Ok(Some(meta)), None) => self.meta = Some(meta),
            (Ok(Some(meta)), Some(before)) if meta.cluster_id != before.cluster_id => {
                self.problems.push("Mismatched cluster IDs between storage directories.".to_owned());
            }
            (Ok(Some(meta)), Some(before)) if meta.node_id != before.node_id => {
                self.problems.push("Mismatched node IDs between storage directories.".to_owned());
            }
            (Ok(Some(_)), Some(_)) => {}
            (Err((class, why)), _) => {
                io.say(format_args!("{class}: {why}"));
                self.problems.push(format!("Error loading {}: {why}", meta_path(dir)));
            }
        }
    }

    fn tell(&self, io: &mut Io) {
        let list = |io: &mut Io, one: &str, many: &str, lines: &[String]| {
            if !lines.is_empty() {
                io.say(if lines.len() == 1 { one } else { many });
                lines.iter().for_each(|line| io.say(format_args!("  {line}")));
                io.say("");
            }
        };
        list(io, "Found log directory:", "Found log directories:", &self.dirs);
        if let Some(meta) = &self.meta {
            io.say(format_args!("Found metadata: {}\n", meta.shown()));
        }
        list(io, "Found problem:", "Found problems:", &self.problems);
    }
}
