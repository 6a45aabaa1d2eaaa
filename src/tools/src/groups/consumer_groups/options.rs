//! The options of kafka-consumer-groups, and which of them go together (`ConsumerGroupCommandOptions`).

use crate::admin::connect::{BROKER_LIST, ZOOKEEPER};
use crate::io::Io;
use crate::jopt::{HELP, Opt, Parsed, VERSION};

/// What the tool is for.
pub(super) const TITLE: &str = "This tool helps to list all consumer groups, describe a consumer group, delete consumer group info, or reset consumer group offsets.";

/// What the tool can be asked to do, in the order in which Kafka names it.
pub(super) const ACTIONS: &[&str] =
    &["list", "describe", "delete", "reset-offsets", "delete-offsets", "validate-regex"];
/// Which groups.
const SCOPES: &[&str] = &["group", "all-groups"];
/// What makes the new offsets.
pub(super) const SCENARIOS: &[&str] =
    &["to-offset", "shift-by", "to-datetime", "by-duration", "to-earliest", "to-latest", "to-current", "from-file"];

/// The options.
pub(super) const OPTIONS: &[Opt] = &[
    Opt::flag(&["all-groups"], "Every consumer group."),
    Opt::flag(&["all-topics"], "With reset-offsets: every topic that the group has committed offsets for."),
    Opt::value(
        &["bootstrap-server"],
        "String: server to connect to",
        "REQUIRED: Brokers to begin with, as host:port with commas.",
    ),
    Opt::value(&["by-duration"], "String: duration", "Reset to the offset of this long ago: PnDTnHnMnS."),
    Opt::value(&["command-config"], "String: command config property file", "A file with properties of the client."),
    Opt::flag(&["delete"], "Delete the groups that are named, with their offsets."),
    Opt::flag(&["delete-offsets"], "Delete offsets of one group, of the topics that are named."),
    Opt::flag(&["describe"], "Tell of the groups that are named: offsets and lag, members, state."),
    Opt::flag(&["dry-run"], "With reset-offsets: say what would be done and do nothing."),
    Opt::flag(&["execute"], "With reset-offsets: do it."),
    Opt::flag(&["export"], "With reset-offsets: print the plan as CSV."),
    Opt::value(&["from-file"], "String: path to CSV file", "Reset to what a CSV file says."),
    Opt::value(&["group"], "String: consumer group", "The group; may come several times."),
    HELP,
    Opt::flag(&["list"], "List the consumer groups."),
    Opt::flag(&["members"], "With describe: the members of the group."),
    Opt::flag(
        &["offsets"],
        "With describe: each partition with its offsets and lag. This is what describe does anyway.",
    ),
    Opt::flag(&["reset-offsets"], "Move the committed offsets of a group that has no members."),
    Opt::value(&["shift-by"], "Long: number-of-offsets", "Move the offsets by so many, forward or, below 0, back."),
    Opt::value(
        &["state"],
        "String",
        "With describe: the state of the group. With list: show states, and only groups in the ones given.",
    )
    .optional(),
    Opt::value(&["timeout"], "Long: timeout (ms)", "How long each call to the cluster may take.").or("30000"),
    Opt::flag(&["to-current"], "Reset to what is committed now."),
    Opt::value(&["to-datetime"], "String: datetime", "Reset to the offset of this time: YYYY-MM-DDTHH:mm:SS.sss."),
    Opt::flag(&["to-earliest"], "Reset to the earliest offsets."),
    Opt::flag(&["to-latest"], "Reset to the ends of the logs."),
    Opt::value(&["to-offset"], "Long: offset", "Reset to this offset."),
    Opt::value(
        &["topic"],
        "String: topic",
        "The topic, or topic:0,1,2 for some of its partitions; may come several times.",
    ),
    Opt::value(&["type"], "String", "With list: show types, and only groups of the ones given.").optional(),
    Opt::value(&["validate-regex"], "String: regex", "Say whether this regular expression is one that brokers take."),
    Opt::flag(&["verbose"], "With describe: more columns."),
    VERSION,
    // What Kafka has dropped and scripts still say.
    Opt::flag(&["new-consumer"], "Every consumer is new.").hidden(),
    BROKER_LIST,
    ZOOKEEPER,
];

/// Options that make no sense where none of the others stands beside them (`availableIf`).
const AVAILABLE_IF: &[(&str, &[&str])] = &[
    ("members", &["describe"]),
    ("verbose", &["describe"]),
    ("offsets", &["describe"]),
    ("state", &["describe", "list"]),
    ("type", &["list"]),
];

/// The options that may not stand there (`UnavailableOptionException`); `None` if there are none.
pub(super) fn unavailable(parsed: &Parsed) -> Option<String> {
    if parsed.has("help") || parsed.has("version") {
        return None;
    }
    let out_of_place =
        AVAILABLE_IF.iter().filter(|(name, with)| parsed.has(name) && !with.iter().any(|it| parsed.has(it)));
    let mut names: Vec<&str> = out_of_place.map(|(name, _)| *name).collect();
    names.sort_unstable();
    let text = || format!("Option(s) [{}] are unavailable given other options on the command line", names.join(", "));
    (!names.is_empty()).then(text)
}

/// Which options go together, in the order in which Kafka asks.
///
/// # Errors
/// In Kafka's words what does not.
pub(super) fn check(parsed: &Parsed, io: &mut Io) -> Result<(), String> {
    if !has_any(parsed, &["validate-regex", "broker-list", "zookeeper"]) {
        parsed.check_required(&["bootstrap-server"])?;
    }
    check_describe(parsed)?;
    if parsed.has("delete") {
        if !has_any(parsed, SCOPES) {
            return Err(format!("Option [delete] takes one of these options: {}", listed(SCOPES)));
        }
        if parsed.has("topic") {
            let text = "The consumer does not support topic-specific offset deletion from a consumer group.";
            return Err(text.to_owned());
        }
    }
    if parsed.has("delete-offsets") && !(parsed.has("group") && parsed.has("topic")) {
        return Err("Option [delete-offsets] takes the following options: [group], [topic]".to_owned());
    }
    check_reset(parsed, io)?;
    parsed.check_invalid("group", &["all-groups"])?;
    parsed.check_invalid("group", &["list"])?;
    parsed.check_invalid("topic", &["list", "describe"])
}

fn check_describe(parsed: &Parsed) -> Result<(), String> {
    if !parsed.has("describe") {
        return Ok(());
    }
    if !has_any(parsed, SCOPES) {
        return Err(format!("Option [describe] takes one of these options: {}", listed(SCOPES)));
    }
    let views = ["members", "offsets", "state"];
    if views.iter().filter(|view| parsed.has(view)).count() > 1 {
        return Err(format!("Option [describe] takes at most one of these options: {}", listed(&views)));
    }
    if parsed.has("state") && parsed.value("state").is_some() {
        return Err("Option [describe] does not take a value for [state]".to_owned());
    }
    Ok(())
}

fn check_reset(parsed: &Parsed, io: &mut Io) -> Result<(), String> {
    if !parsed.has("reset-offsets") {
        return Ok(());
    }
    if parsed.has("dry-run") && parsed.has("execute") {
        return Err("Option [reset-offsets] only accepts one of [execute] and [dry-run]".to_owned());
    }
    if !has_any(parsed, &["dry-run", "execute"]) {
        io.complain(
            "WARN: No action will be performed as the --execute option is missing. In version 5.0, this command will \
             require either --dry-run or --execute to be specified. You should add the --dry-run option explicitly if \
             you are scripting this command and want to keep the current default behavior without prompting.",
        );
    }
    if !has_any(parsed, SCOPES) {
        return Err(format!("Option [reset-offsets] takes one of these options: {}", listed(SCOPES)));
    }
    let order =
        ["to-offset", "to-datetime", "by-duration", "to-earliest", "to-latest", "to-current", "shift-by", "from-file"];
    order.iter().try_for_each(|used| {
        let others: Vec<&str> = SCENARIOS.iter().copied().filter(|other| other != used).collect();
        parsed.check_invalid(used, &others)
    })
}

fn has_any(parsed: &Parsed, names: &[&str]) -> bool {
    names.iter().any(|name| parsed.has(name))
}

/// `[group], [all-groups]`.
pub(super) fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("[{name}]")).collect::<Vec<_>>().join(", ")
}
