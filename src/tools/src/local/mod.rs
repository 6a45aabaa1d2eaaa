//! Tools that work on files of this machine or stand around a broker, and the names of those that are not built.

mod belt;
mod checks;
mod dump_log;
mod missing;
mod nc;
mod run_class;
mod server;
mod storage;
mod zookeeper;

use crate::io::Io;
use crate::jopt::print_version;
use crate::table::Tool;

/// The tools of this area.
pub(crate) const TOOLS: &[Tool] = &[
    Tool { name: "kafka-dump-log", class: "org.apache.kafka.tools.DumpLogSegments", run: dump_log::run },
    Tool { name: "kafka-storage", class: "kafka.tools.StorageTool", run: storage::run },
    Tool { name: "kafka-run-class", class: "", run: run_class::run },
    Tool { name: "kafka-server-start", class: "kafka.Kafka", run: server::start },
    Tool { name: "kafka-server-stop", class: "", run: server::stop },
    Tool {
        name: "zookeeper-server-start",
        class: "org.apache.zookeeper.server.quorum.QuorumPeerMain",
        run: zookeeper::start,
    },
    Tool { name: "zookeeper-server-stop", class: "", run: zookeeper::stop },
    Tool {
        name: "zookeeper-shell",
        class: "org.apache.zookeeper.ZooKeeperMainWithTlsSupportForKafka",
        run: zookeeper::shell,
    },
    Tool { name: "nc", class: "", run: nc::run },
    Tool { name: "cub", class: "", run: |args, io| belt::run("cub", args, io) },
    Tool { name: "dub", class: "", run: |args, io| belt::run("dub", args, io) },
    Tool { name: "ub", class: "", run: |args, io| belt::run("ub", args, io) },
];

pub(crate) use missing::TOOLS as MISSING;

/// Answers `--version` where it is all that was asked; the stock scripts of these names know no such option.
fn version_asked(args: &[String], io: &mut Io) -> Option<u8> {
    matches!(args, [only] if only == "--version").then(|| print_version(io))
}
