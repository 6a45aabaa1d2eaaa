//! Killing a process that proposes, and looking at what it acknowledged. The process is this test's own program, told to
//! run the one ignored test here.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use klamm_base::NodeId;
use klamm_env::Env;
use klamm_metadata::{ConfigResource, Record, ResourceKind};

use crate::Quorum;

const DIR: &str = "KLAMM_KILL_TEST_DIR";
const CYCLES: usize = 6;

fn counter() -> ConfigResource {
    ConfigResource::new(ResourceKind::Group, "counter")
}

fn read(quorum: &Quorum) -> u64 {
    let image = quorum.image();
    image.config(&counter()).map_or(0, |values| values["value"].parse().unwrap())
}

#[tokio::test]
#[ignore = "the process that is killed; the test below starts it"]
async fn propose_until_killed() {
    let Some(dir) = std::env::var_os(DIR).map(PathBuf::from) else { return };
    let quorum = Quorum::start(&Env::real(), &dir, NodeId(1), None).await.unwrap();
    let mut out = std::io::stdout();
    for value in read(&quorum) + 1.. {
        // Large values now and then, so that the kill also falls into an entry of many pieces.
        let filler = "x".repeat(if value % 7 == 0 { 100_000 } else { 10 });
        let set =
            |name: &str, value: String| Record::Config { resource: counter(), name: name.into(), value: Some(value) };
        quorum.propose(vec![set("filler", filler), set("value", value.to_string())]).await.unwrap();
        writeln!(out, "acknowledged {value}").unwrap();
        out.flush().unwrap();
    }
}

/// Runs the process until it has acknowledged `count` more, kills it, and returns the last value it acknowledged.
fn run_and_kill(dir: &Path, count: usize) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill_test::propose_until_killed", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let value = |line: &String| line.rsplit_once("acknowledged ").and_then(|(_, value)| value.parse::<u64>().ok());
    let mut last = lines.by_ref().map_while(Result::ok).filter_map(|line| value(&line)).nth(count).unwrap();
    child.kill().unwrap();
    for line in lines.map_while(Result::ok) {
        last = value(&line).unwrap_or(last);
    }
    child.wait().unwrap();
    last
}

#[test]
fn what_was_acknowledged_survives_kill_after_kill() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    for cycle in 0..CYCLES {
        let acknowledged = run_and_kill(dir.path(), 20 + 13 * cycle);
        let found = runtime.block_on(async {
            let quorum = Quorum::start(&Env::real(), dir.path(), NodeId(1), None).await.unwrap();
            let found = read(&quorum);
            quorum.stop().await;
            found
        });
        // One more may have been committed before its acknowledgement was written.
        assert!((acknowledged..=acknowledged + 1).contains(&found), "cycle {cycle}: {acknowledged} but {found}");
    }
}
