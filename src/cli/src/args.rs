//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::ready::Ready;

/// A broker that speaks the Kafka protocol.
#[derive(Debug, Parser)]
#[command(name = "klamm", version, about, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a broker. It runs until SIGTERM or SIGINT; a second signal kills it.
    Server(Server),
    /// Show the configuration that a broker would have.
    #[command(subcommand)]
    Config(Config),
    /// What the start scripts of a container image call.
    #[command(subcommand, hide = true)]
    Container(Container),
    /// Say whether a broker serves: exit code 0 if it does, 1 if not. Meant for healthchecks.
    #[command(visible_alias = "health")]
    Ready(Ready),
    /// Prints the names of Kafka's shell tools, each of which this binary answers to: `klamm kafka-topics --list`, or
    /// under a link of that name.
    Tools(Tools),
}

/// `klamm tools`.
#[derive(Debug, Args)]
pub struct Tools {
    /// Makes a link to this binary for each name, with and without `.sh`, in this folder.
    #[arg(long, value_name = "FOLDER")]
    pub link: Option<PathBuf>,
}

/// `klamm server`.
#[derive(Debug, Args)]
pub struct Server {
    /// Kafka's server.properties. Without it the broker starts with defaults fit for a developer.
    pub file: Option<PathBuf>,
    /// Sets one key, whatever the file says. May be repeated.
    #[arg(long = "override", value_name = "KEY=VALUE", value_parser = key_value)]
    pub overrides: Vec<(String, String)>,
    /// Reads KAFKA_* and other variables of container images from the environment; KLAMM_DIALECT asks for it too.
    #[arg(long)]
    pub from_environment: bool,
}

/// `klamm config`.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Prints every setting with where it comes from, what was ignored and why; exit code 1 if it would not start.
    Explain(Explain),
}

/// `klamm config explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The broker that would be started.
    #[command(flatten)]
    pub server: Server,
    /// Prints Kafka's defaults too.
    #[arg(long)]
    pub all: bool,
}

/// `klamm container`.
#[derive(Debug, Subcommand)]
pub enum Container {
    /// Checks what the environment and mounted files say, and writes it down where scripts look for it.
    Configure(Configure),
}

/// `klamm container configure`.
#[derive(Debug, Args)]
pub struct Configure {
    /// The server.properties to write. One that somebody else wrote stays as it is and counts.
    #[arg(long)]
    pub to: PathBuf,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.trim().to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(args: &[&str]) -> Result<Server, String> {
        let all = ["klamm", "server"].iter().chain(args);
        match Arguments::try_parse_from(all) {
            Ok(Arguments { command: Command::Server(server) }) => Ok(server),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn overrides_stand_before_or_behind_the_file() {
        let parsed = server(&["--override", "a=b=c", "x.properties", "--override", "d="]).unwrap();
        assert_eq!(parsed.file, Some(PathBuf::from("x.properties")));
        assert_eq!(parsed.overrides, [("a".into(), "b=c".into()), ("d".into(), String::new())]);
        assert_eq!(server(&[]).unwrap().file, None);
    }

    #[test]
    fn an_override_without_a_key_is_refused() {
        for bad in ["a", "=b", ""] {
            assert!(server(&["--override", bad]).unwrap_err().contains("KEY=VALUE"), "{bad}");
        }
    }
}
