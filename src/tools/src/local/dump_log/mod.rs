//! kafka-dump-log: what is in the files of a partition (`DumpLogSegments`). It only reads; each file is named in full.

mod decode;
mod index;
mod json;
mod log;
mod log_file;
mod schema;
mod state;
mod text;

#[cfg(test)]
mod dump_log_test;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use klamm_env::{Disk, DiskOs, File, Mode};

use crate::io::Io;
use crate::jopt::{self, HELP, Opt, Parsed, VERSION, help_or_version, usage_fault};
use decode::{Decoder, Plain};

const ABOUT: &str = "This tool helps to parse a log file and dump its contents to the console, useful for debugging a \
                     seemingly corrupt log segment.";
const DECODER: &str = "org.apache.kafka.tools.api.StringDecoder";

const OPTIONS: &[Opt] = &[
    Opt::flag(&["print-data-log"], "Print keys and values too. Any decoder asks for it as well."),
    Opt::flag(&["verify-index-only"], "Check an index against its log, without printing its entries."),
    Opt::flag(&["index-sanity-check"], "Check an index as a broker does at its start, without printing its entries."),
    Opt::value(&["files"], "String: file1, file2, ...", "REQUIRED: The log and index files, separated by commas."),
    Opt::value(&["max-message-size"], "Integer: size", "The size of the largest message.").or("5242880"),
    Opt::value(&["max-bytes"], "Integer: size", "How much of each log is read at most.").or("2147483647"),
    Opt::flag(&["deep-iteration"], "Print a line for each record. Printing data asks for it as well."),
    Opt::value(
        &["value-decoder-class"],
        "String",
        "The class that reads values: a decoder of strings, integers or longs.",
    )
    .optional()
    .or(DECODER),
    Opt::value(&["key-decoder-class"], "String", "The class that reads keys: a decoder of strings, integers or longs.")
        .optional()
        .or(DECODER),
    Opt::flag(&["offsets-decoder"], "The records are those of __consumer_offsets."),
    Opt::flag(&["transaction-log-decoder"], "The records are those of __transaction_state."),
    Opt::flag(&["cluster-metadata-decoder"], "The records are those of __cluster_metadata."),
    Opt::flag(&["remote-log-metadata-decoder"], "The records are those of __remote_log_metadata. Not built in."),
    Opt::flag(&["share-group-state-decoder"], "The records are those of __share_group_state."),
    Opt::flag(&["skip-record-metadata"], "Print keys and values alone, and no control records."),
    HELP,
    VERSION,
];

/// Why dumping ends before its end: the stock tool's exception.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Failure {
    class: &'static str,
    message: Option<String>,
}

impl Failure {
    fn thrown(class: &'static str, message: Option<impl Into<String>>) -> Failure {
        Failure { class, message: message.map(Into::into) }
    }

    fn illegal(message: String) -> Failure {
        Failure::thrown("java.lang.IllegalArgumentException", Some(message))
    }
}

impl From<jopt::Fault> for Failure {
    fn from(fault: jopt::Fault) -> Failure {
        Failure::thrown(fault.class(), Some(fault.to_string()))
    }
}

/// What is asked for. Values are read where a file wants them: one that is wrong is told behind that file's name.
struct Ask<'a> {
    parsed: &'a Parsed,
    print_data: bool,
    deep: bool,
    verify_only: bool,
    sanity_only: bool,
    skip_metadata: bool,
}

/// What is wrong with the files, told at the end; files by their full names.
#[derive(Default)]
struct Faults {
    mismatches: BTreeMap<String, BTreeMap<i64, i64>>,
    times: BTreeMap<String, Vec<(i64, i64)>>,
    out_of_order: BTreeMap<String, Vec<(i64, i64)>>,
    not_found: BTreeMap<String, Vec<(i64, i64)>>,
    gaps: BTreeMap<String, BTreeMap<i64, i64>>,
}

/// kafka-dump-log.
pub(in crate::local) fn run(args: &[String], io: &mut Io) -> u8 {
    let parsed = match Parsed::read(OPTIONS, args) {
        Ok(parsed) => parsed,
        Err(fault) => return fail(io, &Failure::from(fault)),
    };
    if let Some(code) = help_or_version(io, &parsed, args, ABOUT) {
        return code;
    }
    if let Err(message) = parsed.check_required(&["files"]) {
        return usage_fault(io, OPTIONS, &message);
    }
    if parsed.has("remote-log-metadata-decoder") {
        io.complain(
            "kafka-dump-log: --remote-log-metadata-decoder is not built in; --print-data-log prints what is there",
        );
        return crate::FAILED;
    }
    match dump_all(&parsed, io) {
        Ok(()) => 0,
        Err(failure) => fail(io, &failure),
    }
}

fn fail(io: &mut Io, failure: &Failure) -> u8 {
    let message = failure.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
    io.complain(format_args!("Exception in thread \"main\" {}{message}", failure.class));
    crate::FAILED
}

fn dump_all(parsed: &Parsed, io: &mut Io) -> Result<(), Failure> {
    let files = parsed.single("files")?.unwrap_or_default().to_owned();
    let ask = Ask::of(parsed);
    let mut faults = Faults::default();
    // Java's split leaves out empty names at the end.
    for name in files.trim_end_matches(',').split(',') {
        let name = java_path(name);
        io.say(format_args!("Dumping {name}"));
        let own = name.rsplit('/').next().unwrap_or_default();
        match own.rfind('.').map(|at| &own[at..]) {
            Some(".log" | ".checkpoint") => log::dump(&name, &ask, &mut faults, io)?,
            Some(".index") => index::dump_offsets(&name, &ask, &mut faults, io)?,
            Some(".timeindex") => index::dump_times(&name, &ask, &mut faults, io)?,
            Some(".snapshot") => state::dump_producers(&name, io)?,
            Some(".txnindex") => state::dump_aborted(&name, io)?,
            _ => io.complain(format_args!("Ignoring unknown file {name}")),
        }
    }
    faults.tell(io);
    Ok(())
}

/// The decoders of Kafka's own topics.
const DECODERS: [(&str, Decoder); 4] = [
    ("offsets-decoder", Decoder::OFFSETS),
    ("transaction-log-decoder", Decoder::TRANSACTIONS),
    ("cluster-metadata-decoder", Decoder::Metadata),
    ("share-group-state-decoder", Decoder::SHARE_STATE),
];

impl Ask<'_> {
    fn of(parsed: &Parsed) -> Ask<'_> {
        let others = ["print-data-log", "key-decoder-class", "value-decoder-class"];
        let print_data = DECODERS.iter().map(|(name, _)| *name).chain(others).any(|name| parsed.has(name));
        Ask {
            parsed,
            print_data,
            deep: print_data || parsed.has("deep-iteration"),
            verify_only: parsed.has("verify-index-only"),
            sanity_only: parsed.has("index-sanity-check"),
            skip_metadata: parsed.has("skip-record-metadata"),
        }
    }

    fn decoder(&self) -> Result<Decoder, Failure> {
        match DECODERS.into_iter().find(|(name, _)| self.parsed.has(name)) {
            Some((_, decoder)) => Ok(decoder),
            None => {
                let value = plain(self.parsed, "value-decoder-class")?;
                Ok(Decoder::Plain(plain(self.parsed, "key-decoder-class")?, value))
            }
        }
    }

    fn max_bytes(&self) -> Result<i32, Failure> {
        Ok(self.parsed.read_value("max-bytes")?.unwrap_or(i32::MAX))
    }

    fn max_message_size(&self) -> Result<i32, Failure> {
        Ok(self.parsed.read_value("max-message-size")?.unwrap_or(i32::MAX))
    }
}

fn plain(parsed: &Parsed, option: &str) -> Result<Plain, Failure> {
    let class = parsed.value(option).unwrap_or(DECODER);
    let missing = || Failure::thrown("java.lang.RuntimeException", Some("Failed to load decoder class"));
    Plain::of_class(class).ok_or_else(missing)
}

impl Faults {
    fn tell(&self, io: &mut Io) {
        for (file, pairs) in &self.mismatches {
            io.complain(format_args!("Mismatches in :{file}"));
            for (offset, found) in pairs.iter().rev() {
                io.complain(format_args!("  Index offset: {offset}, log offset: {found}"));
            }
        }
        for (file, pairs) in &self.times {
            io.complain(format_args!("Found timestamp mismatch in :{file}"));
            for (time, found) in pairs {
                io.complain(format_args!("  Index timestamp: {time}, log timestamp: {found}"));
            }
        }
        for (file, pairs) in &self.out_of_order {
            io.complain(format_args!("Found out of order timestamp in :{file}"));
            for (time, before) in pairs {
                io.complain(format_args!("  Index timestamp: {time}, Previously indexed timestamp: {before}"));
            }
        }
        for (file, pairs) in &self.not_found {
            io.complain(format_args!("The following indexed offsets are not found in :{file}"));
            for (offset, found) in pairs {
                io.complain(format_args!("Indexed offset: {offset}, found log offset: {found}"));
            }
        }
        for (file, pairs) in &self.gaps {
            io.complain(format_args!("Non-consecutive offsets in {file}"));
            for (before, behind) in pairs {
                io.complain(format_args!("  {before} is followed by {behind}"));
            }
        }
    }
}

/// A path as Java's `File` prints it: slashes stand alone and not at the end.
fn java_path(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    for letter in name.chars() {
        if letter != '/' || !path.ends_with('/') {
            path.push(letter);
        }
    }
    if path.len() > 1 && path.ends_with('/') {
        path.pop();
    }
    path
}

/// The full path, as Java's `File.getAbsolutePath`.
fn absolute(name: &str) -> String {
    if name.starts_with('/') {
        return name.to_owned();
    }
    let here = std::env::current_dir().map(|dir| dir.display().to_string()).unwrap_or_default();
    format!("{}/{name}", here.trim_end_matches('/'))
}

/// The offset that a file's name begins with.
fn offset_of(name: &str) -> Result<i64, Failure> {
    let own = name.rsplit('/').next().unwrap_or_default();
    let digits = own.split('.').next().unwrap_or_default();
    digits.parse().map_err(|_| {
        Failure::thrown("java.lang.NumberFormatException", Some(format!("For input string: \"{digits}\"")))
    })
}

/// Another file of the same segment, by its full path.
fn sibling(name: &str, suffix: &str) -> String {
    let path = absolute(name);
    let (dir, own) = path.rsplit_once('/').unwrap_or(("", &path));
    format!("{dir}/{}{suffix}", own.split('.').next().unwrap_or_default())
}

fn open(name: &str) -> Result<Arc<dyn File>, Failure> {
    DiskOs.open(Path::new(name), Mode::Read).map_err(|problem| io_failure(name, &problem))
}

fn io_failure(name: &str, problem: &std::io::Error) -> Failure {
    let (class, message) = match problem.kind() {
        ErrorKind::NotFound => ("java.nio.file.NoSuchFileException", name.to_owned()),
        ErrorKind::PermissionDenied => ("java.nio.file.AccessDeniedException", name.to_owned()),
        ErrorKind::IsADirectory => ("java.io.IOException", "Is a directory".to_owned()),
        _ => ("java.io.IOException", problem.to_string()),
    };
    Failure::thrown(class, Some(message))
}
