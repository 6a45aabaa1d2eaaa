//! `kafka-groups`: the groups of every kind (`GroupsCommand`).

use kafka_protocol::messages::{ListGroupsRequest, ListGroupsResponse};
use klamm_base::name::java_hash;
use klamm_peer::{Client, To, Verdict};

use super::connect::{Failure, admin, in_world, properties};
use super::java_map::in_map_order;
use crate::client_config::ClientConfig;
use crate::io::Io;
use crate::jopt::{HELP, Opt, Parsed, VERSION, help_or_version, usage_fault};
use crate::thrown::{KAFKA, Thrown};

const OPTIONS: &[Opt] = &[
    Opt::value(&["bootstrap-server"], "String: server to connect to", "Must be given: a broker, as HOST:PORT.")
        .required(),
    Opt::value(
        &["command-config"],
        "String: command config property file",
        "A file of client properties for the connection.",
    ),
    Opt::flag(&["list"], "Print the groups."),
    Opt::value(&["group-type"], "String: type", "Only groups of this type: classic, consumer, share or streams."),
    Opt::value(&["protocol"], "String: protocol", "Only groups with this protocol."),
    Opt::flag(&["consumer"], "Only groups of consumers, whether classic, simple or of the newer kind."),
    Opt::flag(&["share"], "Only share groups."),
    Opt::flag(&["streams"], "Only streams groups."),
    HELP,
    VERSION,
];

/// The columns are at least this wide.
const LEAST_WIDTH: usize = 20;

/// Runs the tool; the exit code.
pub(crate) fn run(args: &[String], io: &mut Io) -> u8 {
    let parsed = match Parsed::read(OPTIONS, args) {
        Ok(parsed) => parsed,
        Err(fault) => return usage_fault(io, OPTIONS, &fault.to_string()),
    };
    if let Some(code) = help_or_version(io, &parsed, args, "This tool helps to list groups of all types.") {
        return code;
    }
    let ready = match prepare(io, &parsed) {
        Ok(Some(ready)) => ready,
        Ok(None) => return crate::FAILED,
        Err(failure) => return failure.tell(io),
    };
    match list(io, ready) {
        Ok(()) => 0,
        Err(failure) => {
            io.say(format_args!("Error while executing groups command : {}", failure.thrown.text()));
            let _ = io.out.flush();
            tracing::error!(target: "org.apache.kafka.tools.GroupsCommand", "{}", failure.thrown);
            crate::FAILED
        }
    }
}

/// What is to be listed, and whom to ask for it.
struct Ready {
    servers: String,
    config: ClientConfig,
    filter: Filter,
}

fn prepare(io: &mut Io, parsed: &Parsed) -> Result<Option<Ready>, Failure> {
    if !parsed.has("list") {
        usage_fault(io, OPTIONS, "Command must include exactly one action: --list.");
        return Ok(None);
    }
    let group_type = parsed.single("group-type")?.map(type_name);
    if group_type == Some(None) {
        let message = "--group-type must be a valid group type.";
        return Err(Thrown::new("java.lang.IllegalArgumentException", message).into());
    }
    let others = |used: &str| {
        let all = ["consumer", "group-type", "protocol", "share", "streams"];
        let others: Vec<&str> = match used {
            "consumer" => vec!["group-type", "protocol", "share", "streams"],
            used => all.into_iter().filter(|other| *other != used).collect(),
        };
        parsed.check_invalid(used, &others)
    };
    if let Err(message) = ["consumer", "share", "streams"].into_iter().try_for_each(others) {
        usage_fault(io, OPTIONS, &message);
        return Ok(None);
    }
    Ok(Some(Ready {
        servers: parsed.single("bootstrap-server")?.unwrap_or_default().to_owned(),
        config: properties(parsed.single("command-config")?)?,
        filter: Filter {
            group_type: group_type.flatten(),
            protocol: parsed.single("protocol")?.map(str::to_owned),
            kind: ["consumer", "share", "streams"].into_iter().find(|kind| parsed.has(kind)),
        },
    }))
}

/// The name of a type as it is printed; `None` if it is none.
fn type_name(text: &str) -> Option<&'static str> {
    ["Classic", "Consumer", "Share", "Streams"].into_iter().find(|name| name.eq_ignore_ascii_case(text))
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Listing {
    id: String,
    /// Empty where the broker does not tell.
    group_type: &'static str,
    protocol: String,
}

struct Filter {
    group_type: Option<&'static str>,
    protocol: Option<String>,
    kind: Option<&'static str>,
}

impl Filter {
    fn allows(&self, group: &Listing) -> bool {
        let protocol_fits = self.protocol.as_ref().is_none_or(|protocol| *protocol == group.protocol);
        match (self.group_type, self.kind) {
            (Some(wanted), _) => group.group_type == wanted && protocol_fits,
            _ if self.protocol.is_some() => protocol_fits,
            (None, Some("consumer")) => {
                group.protocol == "consumer" || group.protocol.is_empty() || group.group_type == "Consumer"
            }
            (None, Some("share")) => group.group_type == "Share",
            (None, Some(_)) => group.group_type == "Streams",
            (None, None) => true,
        }
    }
}

fn list(io: &mut Io, Ready { servers, config, filter }: Ready) -> Result<(), Failure> {
    in_world(async |env| {
        let client = admin(&env, config, &servers, "adminclient-1").await?;
        let groups = ask(&client).await?;
        let wanted: Vec<Listing> = groups.into_iter().filter(|group| filter.allows(group)).collect();
        table(&wanted).iter().for_each(|line| io.say(line));
        Ok(())
    })
}

/// The groups that each broker coordinates (`Admin.listGroups`).
async fn ask(client: &Client) -> Result<Vec<Listing>, Failure> {
    let (nodes, _) = client.nodes("findAllBrokers").await.map_err(|error| Failure {
        thrown: Thrown::new(KAFKA, "Failed to find brokers to send ListGroups"),
        cause: Some(Thrown::of(error).to_string()),
    })?;
    let mut groups: Vec<Listing> = Vec::new();
    for node in nodes {
        let answer = client
            .call_until(
                "listGroups",
                &To::Node(node.id),
                &ListGroupsRequest::default(),
                |answer: &ListGroupsResponse| Verdict::of(answer.error_code),
            )
            .await?;
        if let Some(thrown) = Thrown::wire::<String>(answer.error_code, None) {
            return Err(thrown.into());
        }
        for group in &answer.groups {
            let id = group.group_id.to_string();
            if !groups.iter().any(|known| known.id == id) {
                let group_type = type_name(&group.group_type).unwrap_or_default();
                groups.push(Listing { id, group_type, protocol: group.protocol_type.to_string() });
            }
        }
    }
    Ok(in_map_order(groups, |group| java_hash(&group.id)))
}

fn table(groups: &[Listing]) -> Vec<String> {
    let cells = groups.iter().flat_map(|group| [group.id.len(), group.group_type.len(), group.protocol.len()]);
    let width = cells.max().unwrap_or(0).max(LEAST_WIDTH);
    let mut lines = vec![format!("{:<width$} {:<width$} {:<width$}", "GROUP", "TYPE", "PROTOCOL")];
    let line = |Listing { id, group_type, protocol }: &Listing| {
        format!("{id:<width$} {group_type:<width$} {protocol:<width$} ")
    };
    lines.extend(groups.iter().map(line));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(id: &str, group_type: &'static str, protocol: &str) -> Listing {
        Listing { id: id.to_owned(), group_type, protocol: protocol.to_owned() }
    }

    #[test]
    fn groups_stand_in_columns_of_one_width() {
        let lines = table(&[group("g", "Classic", "consumer"), group("a-group-of-more-than-20", "", "")]);
        assert_eq!(lines[0], format!("{:<23} {:<23} {:<23}", "GROUP", "TYPE", "PROTOCOL"));
        assert_eq!(lines[1], format!("{:<23} {:<23} {:<23} ", "g", "Classic", "consumer"));
        assert_eq!(table(&[]), ["GROUP                TYPE                 PROTOCOL            "]);
    }

    #[test]
    fn a_filter_looks_at_type_then_protocol_then_kind() {
        let allows = |group_type, protocol: Option<&str>, kind, one: &Listing| {
            Filter { group_type, protocol: protocol.map(str::to_owned), kind }.allows(one)
        };
        let classic = group("g", "Classic", "consumer");
        let connect = group("c", "Classic", "connect");
        assert!(allows(None, None, None, &connect) && allows(Some("Classic"), None, None, &connect));
        assert!(
            !allows(Some("Classic"), Some("consumer"), None, &connect) && !allows(Some("Share"), None, None, &classic)
        );
        assert!(allows(None, None, Some("consumer"), &classic) && !allows(None, None, Some("consumer"), &connect));
        assert!(
            !allows(None, None, Some("share"), &classic)
                && allows(None, None, Some("share"), &group("s", "Share", "share"))
        );
        assert_eq!([type_name("classic"), type_name("x")], [Some("Classic"), None]);
    }
}
