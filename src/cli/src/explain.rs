//! `klamm config explain`: what holds, and where it comes from.
//!
//! In a container it is the broker that runs there that is explained, unless the command line names another.

mod running;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use klamm_dialect::Resolved;
use klamm_env::{Disk, DiskOs};
use klamm_settings::broker_keys;

use crate::args::{Explain, Server};
use crate::configuration::{DIALECT, Told, environment, read};
use crate::{container, fail};

/// Where the second column begins, unless a setting is longer.
const COLUMN: usize = 64;

/// Prints the configuration that a broker would have.
pub fn run(args: &Explain) -> ExitCode {
    let asked = asked(&DiskOs, environment(), &args.server);
    match read(&DiskOs, asked.variables, &asked.server) {
        Ok(told) => {
            let text = asked.about + &text(&told, args.all);
            // Nobody may be reading to the end.
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

/// Which broker is asked about.
struct Asked {
    variables: Vec<(String, String)>,
    server: Server,
    /// A line that says so, if it is not the one of the command line.
    about: String,
}

fn asked(disk: &dyn Disk, variables: Vec<(String, String)>, told: &Server) -> Asked {
    let Server { file, overrides, from_environment } = told;
    let mut server = Server { file: file.clone(), overrides: overrides.clone(), from_environment: *from_environment };
    let is_told = told.file.is_some() || told.from_environment || variables.iter().any(|(name, _)| name == DIALECT);
    if is_told || !container::is_image(disk) {
        return Asked { variables, server, about: String::new() };
    }
    let Some(running) = running::find(disk) else {
        server.from_environment = true;
        return Asked { variables, server, about: String::new() };
    };
    server.file = running.server.file;
    server.from_environment = running.server.from_environment;
    server.overrides.splice(0..0, running.server.overrides);
    let about = format!("# the broker that runs here as process {}\n\n", running.pid);
    Asked { variables: running.variables, server, about }
}

/// The settings by key, then what is none.
pub(crate) fn text(told: &Told, all: bool) -> String {
    let mut rows: Vec<(String, String, String)> = Vec::new();
    for (key, value, origin) in told.settings.told() {
        rows.push((key.to_owned(), value, origin.to_string()));
    }
    if all {
        for key in broker_keys().filter(|key| key.in_4_3 && told.settings.written(key.name).is_none()) {
            let value = key.default.unwrap_or("(none)").to_owned();
            rows.push((key.name.to_owned(), value, "Kafka's default".to_owned()));
        }
        rows.sort();
    }
    let mut text = String::new();
    for (key, value, place) in rows {
        let setting = format!("{key}={}", value.replace(char::is_control, " "));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{setting:COLUMN$}  # {place}");
    }
    let more: Vec<String> = told.resolved.iter().flat_map(beside).chain(told.warnings.iter().cloned()).collect();
    if !more.is_empty() {
        text.push('\n');
    }
    for line in more {
        let _ = writeln!(text, "# {line}");
    }
    text
}

/// What a container says that is no setting, one line each.
fn beside(resolved: &Resolved) -> Vec<String> {
    let mut lines = vec![format!("the environment is read as that of the image family {}", resolved.dialect.name())];
    lines.push(match &resolved.cluster_id {
        None => "the cluster id of a fresh data directory is random; a stored one stays".to_owned(),
        Some(id) => {
            let place = id.variable.as_deref().unwrap_or("the image's default");
            let other = if id.strict { "refused" } else { "taken as it is" };
            format!("cluster id {} ({place}); a data directory of another cluster is {other}", id.value)
        }
    });
    for topic in &resolved.topics {
        let mut line = format!("topic {} is created ({})", topic.name, topic.variable);
        if let Some(partitions) = topic.partitions {
            let _ = write!(line, ", partitions: {partitions}");
        }
        for (key, value) in &topic.configs {
            let _ = write!(line, ", {key}={value}");
        }
        lines.push(line);
    }
    if !resolved.idle.is_empty() {
        let names = resolved.idle.join(", ").replace(char::is_control, " ");
        lines.push(format!("of no meaning here (for Java, a start script, another service, ZooKeeper, ACLs): {names}"));
    }
    lines.extend(resolved.log_filter.as_ref().map(|filter| format!("log filter: {filter}")));
    lines
}
