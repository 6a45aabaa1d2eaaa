//! kafka-server-start and kafka-server-stop.
//!
//! Starting is `klamm server` in place of this process, so that whoever started or traced it finds the broker under the
//! same process id. Stopping looks for such processes as the stock script does: in the list of all.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use klamm_env::{Disk, DiskOs};
use klamm_settings::parse_properties;
use rustix::process::{Pid, Signal, getpid, kill_process};

use crate::io::Io;
use crate::jopt::{Opt, Parsed, print_version, usage_fault};

const OPTIONS: &[Opt] = &[
    Opt::value(&["override"], "String", "Sets a property, whatever the file says (KEY=VALUE); may come several times"),
    Opt::flag(&["version"], "Prints the version and ends"),
];

/// A start that was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Start {
    /// Leave the terminal and run on.
    daemon: bool,
    /// The arguments of `klamm server`.
    words: Vec<String>,
}

/// kafka-server-start: `[-daemon] FILE [--override KEY=VALUE]...`.
pub(super) fn start(args: &[String], io: &mut Io) -> u8 {
    match args {
        [] => {
            io.say("USAGE: kafka-server-start [-daemon] server.properties [--override property=value]*");
            crate::FAILED
        }
        [first, rest @ ..] if first == "-daemon" => run_kafka(true, rest, io),
        _ => run_kafka(false, args, io),
    }
}

/// `kafka.Kafka`: starts a broker with these arguments.
pub(super) fn run_kafka(daemon: bool, args: &[String], io: &mut Io) -> u8 {
    if args.iter().any(|arg| arg == "--version") {
        return print_version(io);
    }
    let start = match read(daemon, args) {
        Ok(start) => start,
        Err(message) => return usage_fault(io, OPTIONS, &message),
    };
    let _ = io.out.flush();
    let problem = match become_server(&start) {
        Ok(()) => return 0,
        Err(problem) => problem,
    };
    io.complain(format_args!("kafka-server-start: {problem}"));
    crate::FAILED
}

/// What the arguments ask for (`Kafka.getPropsFromArgs`).
fn read(daemon: bool, args: &[String]) -> Result<Start, String> {
    let usage = || "USAGE: java [options] kafka.Kafka server.properties [--override property=value]*".to_owned();
    let Some((file, rest)) = args.split_first().filter(|_| !args.iter().any(|arg| arg == "--help")) else {
        return Err(usage());
    };
    let parsed = Parsed::read(OPTIONS, rest).map_err(|fault| fault.to_string())?;
    if !parsed.words.is_empty() {
        return Err(format!("Found non argument parameters: {}", parsed.words.join(",")));
    }
    let mut words = vec!["server".to_owned()];
    for pair in parsed.values("override") {
        // A key without a value is an empty one.
        let pair = if pair.contains('=') { pair.to_owned() } else { format!("{pair}=") };
        words.extend(["--override".to_owned(), pair]);
    }
    words.extend(["--".to_owned(), file.clone()]);
    Ok(Start { daemon, words })
}

fn become_server(start: &Start) -> std::io::Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg0("klamm").args(&start.words);
    if !start.daemon {
        return Err(command.exec());
    }
    let log = console_log()?;
    // Its own group, so that the end of the shell that started it is not its end.
    command.process_group(0).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    command.spawn().map(drop)
}

/// Where the output of a broker without a terminal goes: `$LOG_DIR/kafkaServer.out`, else beside the scripts' folder.
fn console_log() -> std::io::Result<std::fs::File> {
    let dir = std::env::var_os("LOG_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let dir = dir.unwrap_or_else(|| {
        let program = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
        let scripts = program.parent().map(Path::to_path_buf).unwrap_or_default();
        if scripts.as_os_str().is_empty() { PathBuf::from("logs") } else { scripts.join("../logs") }
    });
    let opened = DiskOs.create_dir_all(&dir).and_then(|()| open_for_output(&dir.join("kafkaServer.out")));
    // A read-only place is no reason not to start.
    opened.or_else(|_| open_for_output(Path::new("/dev/null")))
}

fn open_for_output(path: &Path) -> std::io::Result<std::fs::File> {
    use rustix::fs::{CWD, Mode as Bits, OFlags, openat};
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
    Ok(openat(CWD, path, flags, Bits::from_raw_mode(0o644))?.into())
}

/// kafka-server-stop: `[--process-role=ROLE] [--node-id=ID]`.
pub(super) fn stop(args: &[String], io: &mut Io) -> u8 {
    if let Some(code) = super::version_asked(args, io) {
        return code;
    }
    let wanted = |name: &str| args.iter().find_map(|arg| arg.strip_prefix(name)?.strip_prefix('='));
    let (role, node_id) = (wanted("--process-role"), wanted("--node-id"));
    let Some(signal) = signal_named(&std::env::var("SIGNAL").unwrap_or_else(|_| "TERM".to_owned())) else {
        io.complain("kafka-server-stop: SIGNAL is TERM, INT, QUIT, HUP or KILL");
        return crate::FAILED;
    };
    let found: Vec<Pid> = servers()
        .into_iter()
        .filter(|(_, file)| role.is_none_or(|role| says(file.as_deref(), &["process.roles"], role)))
        .filter(|(_, file)| node_id.is_none_or(|id| says(file.as_deref(), &["node.id", "broker.id"], id)))
        .map(|(pid, _)| pid)
        .collect();
    if found.is_empty() {
        io.say("No kafka server to stop");
        return crate::FAILED;
    }
    let mut code = 0;
    for pid in found {
        if let Err(problem) = kill_process(pid, signal) {
            io.complain(format_args!("kafka-server-stop: {}: {problem}", pid.as_raw_nonzero()));
            code = crate::FAILED;
        }
    }
    code
}

fn signal_named(name: &str) -> Option<Signal> {
    Some(match name.strip_prefix("SIG").unwrap_or(name) {
        "TERM" | "15" => Signal::TERM,
        "INT" | "2" => Signal::INT,
        "QUIT" | "3" => Signal::QUIT,
        "HUP" | "1" => Signal::HUP,
        "KILL" | "9" => Signal::KILL,
        _ => return None,
    })
}

/// The brokers that run here, with their configuration files.
fn servers() -> Vec<(Pid, Option<String>)> {
    let processes = DiskOs.list(Path::new("/proc")).unwrap_or_default();
    let pids = processes.iter().filter_map(|entry| Pid::from_raw(entry.name.parse().ok()?));
    pids.filter(|pid| *pid != getpid()).filter_map(|pid| Some((pid, server_file(&command_line(pid)?)?))).collect()
}

fn command_line(pid: Pid) -> Option<Vec<String>> {
    let path = format!("/proc/{}/cmdline", pid.as_raw_nonzero());
    let bytes = DiskOs.read(Path::new(&path)).ok()?;
    let words = bytes.strip_suffix(b"\0").unwrap_or(&bytes).split(|byte| *byte == 0);
    Some(words.map(|word| String::from_utf8_lossy(word).into_owned()).collect())
}

/// The file of a `klamm server`; `None` for another process.
fn server_file(words: &[String]) -> Option<Option<String>> {
    let [program, command, rest @ ..] = words else { return None };
    if program.rsplit('/').next() != Some("klamm") || command != "server" {
        return None;
    }
    let mut rest = rest.iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--override" => drop(rest.next()),
            "--" => return Some(rest.next().cloned()),
            option if option.starts_with("--") => {}
            file => return Some(Some(file.to_owned())),
        }
    }
    Some(None)
}

/// True if one of `keys` has this value in a properties file; a list has it too.
fn says(file: Option<&str>, keys: &[&str], value: &str) -> bool {
    let Some(Ok(bytes)) = file.map(|file| DiskOs.read(Path::new(file))) else { return false };
    let Ok(pairs) = parse_properties(&String::from_utf8_lossy(&bytes)) else { return false };
    let is_one = |text: &str| text.trim() == value || text.split(',').any(|item| item.trim() == value);
    keys.iter().any(|key| pairs.iter().rev().find(|(name, _)| name == key).is_some_and(|(_, text)| is_one(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn the_arguments_of_a_start_become_those_of_the_server() {
        let start = read(false, &words("a.properties --override a=b=c -override d")).unwrap();
        assert_eq!(start.words, words("server --override a=b=c --override d= -- a.properties"));
        let refusal = |line: &str| read(false, &words(line)).unwrap_err();
        assert!(refusal("").starts_with("USAGE: java [options] kafka.Kafka "));
        assert!(refusal("--help").starts_with("USAGE: "));
        assert_eq!(refusal("a.properties x y"), "Found non argument parameters: x,y");
        assert_eq!(refusal("a.properties --overide x=y"), "overide is not a recognized option");
        assert_eq!(refusal("a.properties --override"), "Option override requires an argument");
    }

    #[test]
    fn a_broker_is_told_from_other_processes_by_its_command_line() {
        let file = |line: &str| server_file(&words(line));
        assert_eq!(file("klamm server --override a=b -- /x.properties"), Some(Some("/x.properties".to_owned())));
        assert_eq!(file("/usr/bin/klamm server x.properties --override a=b"), Some(Some("x.properties".to_owned())));
        assert_eq!(file("./klamm server --from-environment"), Some(None));
        for other in ["", "klamm", "klamm tools", "vi server", "bash klamm server", "kafka-topics server"] {
            assert_eq!(file(other), None, "{other}");
        }
    }
}
