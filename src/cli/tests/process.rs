//! The command line as a process of its own: exit codes, what is said and where, signals.
//!
//! Run without `KLAMM_TEST_CHILD` this is the test; with it, it is the program, with the arguments that it was given.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitCode, Output, Stdio};

use klamm_env::disk::Mode;
use klamm_env::{Disk, DiskOs};

const CHILD: &str = "KLAMM_TEST_CHILD";

const CASES: [(&str, fn()); 17] = [
    ("help and version are no failures", help_and_version_are_no_failures),
    ("a command line that makes no sense ends with 2", a_command_line_that_makes_no_sense_ends_with_2),
    ("a file that cannot be read ends with 1", a_file_that_cannot_be_read_ends_with_1),
    ("a bad value is told with file, line, key and range", a_bad_value_is_told_with_file_line_key_and_range),
    ("a bad override is told as it was typed", a_bad_override_is_told_as_it_was_typed),
    ("settings that do not go together end with 1", settings_that_do_not_go_together_end_with_1),
    ("a key without effect gives one warning", a_key_without_effect_gives_one_warning),
    ("a log filter that makes no sense is told of", a_log_filter_that_makes_no_sense_is_told_of),
    ("the lines that Kafka's users wait for come in their order", the_lines_that_kafkas_users_wait_for_come_in_order),
    ("a folder of another user is refused and left alone", a_folder_of_another_user_is_refused_and_left_alone),
    ("ready tells what the admin port and the listener tell", ready_tells_what_the_admin_port_and_the_listener_tell),
    ("ready waits for a broker that is not there yet", ready_waits_for_a_broker_that_is_not_there_yet),
    ("SIGTERM, SIGINT and SIGHUP stop a broker cleanly", sigterm_sigint_and_sighup_stop_a_broker_cleanly),
    ("a broker below nohup outlives its terminal", a_broker_below_nohup_outlives_its_terminal),
    ("a broker goes on when nobody reads what it says", a_broker_goes_on_when_nobody_reads_what_it_says),
    ("a port or a directory in use ends with 1", a_port_or_a_directory_in_use_ends_with_1),
    ("a killed broker starts again", a_killed_broker_starts_again),
];

fn main() -> ExitCode {
    if std::env::var_os(CHILD).is_some() {
        return klamm_cli::run(std::env::args_os());
    }
    for (name, case) in CASES {
        println!("test {name} ...");
        case();
    }
    println!("{} tests passed", CASES.len());
    ExitCode::SUCCESS
}

fn klamm(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(args).env(CHILD, "1").env_remove("KLAMM_LOG");
    command
}

/// By a program that becomes klamm.
fn klamm_by(program: &[&str], args: &[&str]) -> Command {
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).arg(std::env::current_exe().unwrap()).args(args);
    command.env(CHILD, "1").env_remove("KLAMM_LOG");
    command
}

/// Runs to the end, which must come by itself: `timeout` ends it with 124 else.
fn run(args: &[&str]) -> Output {
    let own = std::env::current_exe().unwrap();
    let mut command = Command::new("timeout");
    command.arg("60").arg(own).args(args).env(CHILD, "1").env_remove("KLAMM_LOG").stdin(Stdio::null());
    // What starts although it should not leaves its data where they are thrown away.
    let elsewhere = tempfile::tempdir().unwrap();
    command.current_dir(elsewhere.path()).output().unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// The one line of a start that fails; nobody is told on stdout that it is ready.
fn refusal(args: &[&str]) -> String {
    refused(args, &run(args))
}

fn refused(args: &[&str], output: &Output) -> String {
    assert_eq!(code(output), Some(1), "{args:?}: {}", stderr(output));
    assert!(!stdout(output).contains("started") && !stdout(output).contains("RUNNING"), "{}", stdout(output));
    let told = stderr(output).strip_prefix("klamm: ").and_then(|told| told.strip_suffix('\n'));
    let told = told.filter(|told| !told.contains('\n')).unwrap_or_else(|| panic!("{args:?}: {}", stderr(output)));
    told.to_owned()
}

fn write(path: &Path, bytes: &[u8]) {
    let file = DiskOs.open(path, Mode::CreateEmpty).unwrap();
    file.write_at(0, &mut [std::io::IoSlice::new(bytes)]).unwrap();
}

/// What a stop by SIGTERM ends with, and one by SIGINT.
const TERMINATED: Option<i32> = Some(143);
const INTERRUPTED: Option<i32> = Some(130);
const HUNG_UP: Option<i32> = Some(129);

/// A broker that runs.
struct Running {
    child: Child,
    out: Option<BufReader<ChildStdout>>,
    /// What was told before the ready line.
    before: String,
    ready: String,
}

impl Running {
    fn start(args: &[&str]) -> Running {
        Running::of(&mut klamm(args))
    }

    fn of(command: &mut Command) -> Running {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let (mut before, mut ready) = (String::new(), String::new());
        while out.read_line(&mut ready).unwrap() > 0 && !ready.starts_with("klamm ") {
            before.push_str(&ready);
            ready.clear();
        }
        assert!(ready.contains(" ready in "), "{before}{ready}");
        Running { child, out: Some(out), before, ready }
    }

    fn address(&self) -> &str {
        let (_, rest) = self.ready.split_once("PLAINTEXT://").unwrap();
        rest.split([',', '\n']).next().unwrap()
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end: its exit code, if it was not killed, and what it said beside the ready line.
    fn end(mut self) -> (Option<i32>, String, String) {
        let (mut out, mut err) = (std::mem::take(&mut self.before), String::new());
        self.out.take().map(|mut rest| rest.read_to_string(&mut out).unwrap());
        self.child.stderr.take().map(|mut rest| rest.read_to_string(&mut err).unwrap());
        (self.child.wait().unwrap().code(), out, err)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, unless the test fails.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port on which nobody listens. It lies below those that the system gives out by itself: a client that asks again and
/// again for one of those can be given that very port, and reach itself.
#[allow(clippy::disallowed_methods, reason = "a test stands outside of the world that the broker lives in")]
fn unused_port() -> u16 {
    let first = 20_000 + u16::try_from(std::process::id() % 6_000).unwrap();
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (first..first + 6_000).find(is_free).unwrap()
}

/// Arguments of a broker on any free port.
fn server(dir: &Path) -> Vec<String> {
    let overrides = [
        "listeners=PLAINTEXT://127.0.0.1:0".to_owned(),
        "klamm.admin.listener=".to_owned(),
        format!("log.dirs={}", dir.display()),
        "offsets.topic.num.partitions=2".to_owned(),
    ];
    let mut args = vec!["server".to_owned()];
    for one in overrides {
        args.extend(["--override".to_owned(), one]);
    }
    args
}

fn texts(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

fn help_and_version_are_no_failures() {
    let output = run(&["--help"]);
    assert_eq!((code(&output), stderr(&output)), (Some(0), ""));
    assert!(stdout(&output).contains("server"));
    let output = run(&["--version"]);
    assert_eq!((code(&output), stdout(&output)), (Some(0), concat!("klamm ", env!("CARGO_PKG_VERSION"), "\n")));
    assert_eq!(code(&run(&["server", "--help"])), Some(0));
}

fn a_command_line_that_makes_no_sense_ends_with_2() {
    for args in [
        &[][..],
        &["serve"],
        &["server", "a", "b"],
        &["server", "--unknown"],
        &["server", "--override"],
        &["server", "--override", "a"],
        &["server", "--override", "=b"],
    ] {
        let output = run(args);
        assert_eq!((code(&output), stdout(&output)), (Some(2), ""), "{args:?}");
        assert!(!stderr(&output).is_empty(), "{args:?}");
    }
}

fn a_file_that_cannot_be_read_ends_with_1() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing.properties");
    let told = refusal(&["server", missing.to_str().unwrap()]);
    assert!(told.contains("missing.properties") && told.contains("No such file"), "{told}");
    let told = refusal(&["server", dir.path().to_str().unwrap()]);
    assert!(told.contains(dir.path().to_str().unwrap()), "{told}");
}

fn a_bad_value_is_told_with_file_line_key_and_range() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("server.properties");
    // The comment is Latin-1, as Java reads such files.
    write(&file, b"# caf\xe9\nnode.id=1\nprocess.roles=broker,controller\nnum.partitions=0\n");
    let told = refusal(&["server", file.to_str().unwrap()]);
    let place = format!("{}:4: num.partitions=0: ", file.display());
    assert!(told.starts_with(&place) && told.contains("(allowed: INT, at least 1)"), "{told}");
}

fn a_bad_override_is_told_as_it_was_typed() {
    let told = refusal(&["server", "--override", "num.partitions=many"]);
    assert!(told.starts_with("--override num.partitions=many: "), "{told}");
    let told = refusal(&["server", "--override", "node.id=-5"]);
    assert!(told.contains("node.id=-5"), "{told}");
}

fn settings_that_do_not_go_together_end_with_1() {
    let told = refusal(&["server", "--override", "listeners=A://127.0.0.1:0"]);
    assert!(told.contains("listeners"), "{told}");
    let told = refusal(&["server", "--override", "connections.max.idle.ms=50"]);
    assert!(told.contains("connections.max.idle.ms, which is 50"), "{told}");
}

fn a_key_without_effect_gives_one_warning() {
    let dir = tempfile::tempdir().unwrap();
    let mut args = server(&dir.path().join("data"));
    args.extend(["--override".to_owned(), "no.such.key=1".to_owned()]);
    let broker = Running::start(&texts(&args));
    broker.signal("-TERM");
    let (code, out, err) = broker.end();
    assert_eq!((code, err.as_str()), (TERMINATED, ""), "{out}");
    assert_eq!(out.matches("no.such.key").count(), 1, "{out}");
}

fn ready_tells_what_the_admin_port_and_the_listener_tell() {
    let dir = tempfile::tempdir().unwrap();
    let mut args = server(dir.path());
    let listeners = format!("listeners=PLAINTEXT://127.0.0.1:{}", unused_port());
    args.extend(["--override".to_owned(), listeners]);
    args.extend(["--override".to_owned(), "klamm.admin.listener=127.0.0.1:0".to_owned()]);
    let broker = Running::start(&texts(&args));
    let (_, admin) = broker.ready.trim_end().split_once("admin ").unwrap();
    let (admin, listener) = (admin.to_owned(), broker.address().to_owned());
    for command in ["ready", "health"] {
        for args in [&[command, "--admin", &admin][..], &[command, "--bootstrap", &listener]] {
            let output = run(args);
            assert_eq!((code(&output), stderr(&output)), (Some(0), ""), "{args:?}");
        }
    }
    broker.signal("-TERM");
    assert_eq!(broker.end().0, TERMINATED);
    for args in [&["ready", "--admin", &admin][..], &["ready", "--bootstrap", &listener, "--wait", "100ms"]] {
        let told = refused(args, &run(args));
        assert!(told.starts_with("not ready: ") && told.contains("refused"), "{told}");
    }
}

fn ready_waits_for_a_broker_that_is_not_there_yet() {
    let dir = tempfile::tempdir().unwrap();
    let address = format!("127.0.0.1:{}", unused_port());
    let mut waiting = klamm(&["ready", "--bootstrap", &address, "--wait", "60s"]).spawn().unwrap();
    assert!(waiting.try_wait().unwrap().is_none());
    let mut args = server(dir.path());
    args.extend(["--override".to_owned(), format!("listeners=PLAINTEXT://{address}")]);
    let broker = Running::start(&texts(&args));
    assert_eq!(waiting.wait().unwrap().code(), Some(0));
    broker.signal("-TERM");
    assert_eq!(broker.end().0, TERMINATED);
}

fn the_lines_that_kafkas_users_wait_for_come_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut args = server(dir.path());
    args.extend(["--override".to_owned(), "node.id=7".to_owned()]);
    let mut command = klamm(&texts(&args));
    command.env("TZ", "XYZ-05:45").env("KLAMM_LOG", "error");
    let broker = Running::of(&mut command);
    let mut rest = broker.before.as_str();
    for wanted in [
        "Transitioning from STARTING to RECOVERY.",
        "[BrokerLifecycleManager id=7] The broker has been unfenced. Transitioning from RECOVERY to RUNNING.",
        "[BrokerServer id=7] Transition from STARTING to STARTED",
        "Kafka version: ",
        "Kafka startTimeMs: ",
        "[KafkaRaftServer nodeId=7] Kafka Server started (kafka.server.KafkaRaftServer)",
    ] {
        let at = rest.find(wanted).unwrap_or_else(|| panic!("{wanted}: {}", broker.before));
        rest = &rest[at + wanted.len()..];
    }
    assert!(!broker.before.contains("[KafkaServer id="), "{}", broker.before);
    // [yyyy-MM-dd HH:mm:ss,SSS], in the zone that TZ names, which is 345 minutes before UTC.
    let (hour, minute): (i64, i64) = (broker.before[12..14].parse().unwrap(), broker.before[15..17].parse().unwrap());
    let (_, started) = broker.before.split_once("startTimeMs: ").unwrap();
    let started_ms: i64 = started.split(' ').next().unwrap().parse().unwrap();
    let later = (hour * 60 + minute - (started_ms / 60_000 + 345)).rem_euclid(24 * 60);
    assert!(later <= 5, "{}", broker.before);
    broker.signal("-TERM");
    assert_eq!(broker.end().0, TERMINATED);
}

/// As root, who may write everywhere, the broker is run as another user.
fn a_folder_of_another_user_is_refused_and_left_alone() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("data");
    DiskOs.create_dir_all(&dir).unwrap();
    let is_root = parent.path().metadata().unwrap().uid() == 0;
    let mode = |path: &Path, mode| std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    mode(parent.path(), 0o755);
    mode(&dir, 0o555);
    let before = dir.metadata().unwrap();
    for data in [dir.clone(), dir.join("deeper")] {
        let args = server(&data);
        let mut command = klamm(&texts(&args));
        if is_root {
            command.uid(65_534);
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        let told = refused(&texts(&args), &output);
        let begin = format!("--override log.dirs={0}: log directory {0}: ", data.display());
        assert!(told.starts_with(&begin), "{told}");
        assert!(told.contains("may not write to") && told.contains("chown -R"), "{told}");
    }
    let after = dir.metadata().unwrap();
    assert_eq!((before.mtime(), before.mtime_nsec()), (after.mtime(), after.mtime_nsec()));
    mode(&dir, 0o755);
}

fn sigterm_sigint_and_sighup_stop_a_broker_cleanly() {
    let dir = tempfile::tempdir().unwrap();
    for (signal, ends_with) in [("-TERM", TERMINATED), ("-INT", INTERRUPTED), ("-HUP", HUNG_UP)] {
        // Whoever runs this test may ignore SIGHUP.
        let by = ["env", "--default-signal=HUP"];
        let broker = Running::of(&mut klamm_by(&by, &texts(&server(dir.path()))));
        assert!(!dir.path().join(".kafka_cleanshutdown").exists());
        broker.signal(signal);
        let (code, out, err) = broker.end();
        assert_eq!(
            (code, err.as_str()),
            (ends_with, ""),
            "{signal}: nothing is wrong, so nothing goes to stderr; {out}"
        );
        let line = format!("Terminating process due to signal SIG{} (org.apache.kafka.common", &signal[1..]);
        assert_eq!(out.matches(&line).count(), 1, "{out}");
        assert!(dir.path().join(".kafka_cleanshutdown").exists());
    }
}

fn a_broker_below_nohup_outlives_its_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let broker = Running::of(&mut klamm_by(&["nohup"], &texts(&server(dir.path()))));
    broker.signal("-HUP");
    assert_eq!(code(&run(&["ready", "--bootstrap", broker.address()])), Some(0));
    broker.signal("-TERM");
    let (code, out, _) = broker.end();
    assert_eq!((code, out.contains("SIGHUP")), (TERMINATED, false), "{out}");
}

fn a_log_filter_that_makes_no_sense_is_told_of() {
    let dir = tempfile::tempdir().unwrap();
    for (filter, times) in [("klamm=loud", 1), ("", 0)] {
        let broker = Running::of(klamm(&texts(&server(dir.path()))).env("KLAMM_LOG", filter));
        assert_eq!(broker.before.matches("WARN the log filter is not understood and not used: ").count(), times);
        broker.signal("-TERM");
        assert_eq!(broker.end().0, TERMINATED);
    }
}

/// As behind `2>&1 | head -1`.
fn a_broker_goes_on_when_nobody_reads_what_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let mut broker = Running::of(klamm(&texts(&server(dir.path()))).env("KLAMM_LOG", "trace"));
    let address = broker.address().to_owned();
    drop((broker.out.take(), broker.child.stderr.take()));
    for _ in 0..3 {
        assert_eq!(code(&run(&["ready", "--bootstrap", &address])), Some(0));
    }
    broker.signal("-TERM");
    assert_eq!(broker.end().0, TERMINATED);
    assert!(dir.path().join(".kafka_cleanshutdown").exists());
}

fn a_port_or_a_directory_in_use_ends_with_1() {
    let dirs = tempfile::tempdir().unwrap();
    let (used, fresh) = (dirs.path().join("used"), dirs.path().join("fresh"));
    let broker = Running::start(&texts(&server(&used)));
    let told = refusal(&texts(&server(&used)));
    assert!(told.contains("in use by another process"), "{told}");
    let mut args = server(&fresh);
    args.extend(["--override".to_owned(), format!("listeners=PLAINTEXT://{}", broker.address())]);
    let told = refusal(&texts(&args));
    assert!(told.contains("listener PLAINTEXT") && told.contains(broker.address()), "{told}");
    assert!(!fresh.exists());
    broker.signal("-TERM");
    assert_eq!(broker.end().0, TERMINATED);
}

fn a_killed_broker_starts_again() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let broker = Running::start(&texts(&server(dir.path())));
        broker.signal("-KILL");
        assert_eq!(broker.end().0, None);
        assert!(!dir.path().join(".kafka_cleanshutdown").exists());
    }
    let broker = Running::start(&texts(&server(dir.path())));
    broker.signal("-TERM");
    assert_eq!(broker.end().0, TERMINATED);
}
