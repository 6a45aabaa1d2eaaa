//! What the stock tools say about a command line (`CommandLineUtils`).

use crate::io::Io;

use super::{Opt, Parsed, help};

/// What `--version` prints. The first word is the version of Kafka whose tools these are; scripts parse it.
pub const VERSION_LINE: &str = concat!("4.3.1 (klamm ", env!("CARGO_PKG_VERSION"), ")");

/// Says what is wrong and what the options are, on standard error; the exit code (`printUsageAndExit`).
pub fn usage_fault(io: &mut Io, options: &[Opt], message: &str) -> u8 {
    io.complain(message);
    let _ = io.err.write_all(help(options).as_bytes());
    crate::FAILED
}

/// Prints the version on standard output; the exit code (`printVersionAndExit`).
pub fn print_version(io: &mut Io) -> u8 {
    io.say(VERSION_LINE);
    0
}

/// Answers `--help`, `--version` and a command line without arguments; the exit code if it was one of these
/// (`maybePrintHelpOrVersion`). `title` tells what the tool is for. Kafka's tools end with 1 even where help was asked
/// for.
pub fn help_or_version(io: &mut Io, parsed: &Parsed, args: &[String], title: &str) -> Option<u8> {
    if args.is_empty() || parsed.has("help") {
        return Some(usage_fault(io, parsed.options, title));
    }
    parsed.has("version").then(|| print_version(io))
}

/// Says of an exception that a stock tool does not catch what the Java machine says first; the exit code.
pub fn uncaught(io: &mut Io, class: &str, message: &str) -> u8 {
    io.complain(format_args!("Exception in thread \"main\" {class}: {message}"));
    crate::FAILED
}

impl Parsed {
    /// All of these must be given (`checkRequiredArgs`).
    ///
    /// # Errors
    /// In Kafka's words which one is missing.
    pub fn check_required(&self, names: &[&str]) -> Result<(), String> {
        match names.iter().find(|name| !self.has(name)) {
            Some(name) => Err(format!("Missing required argument \"{}\"", self.listed(name))),
            None => Ok(()),
        }
    }

    /// None of `others` may stand beside `used` (`checkInvalidArgs`).
    ///
    /// # Errors
    /// In Kafka's words which one does.
    pub fn check_invalid(&self, used: &str, others: &[&str]) -> Result<(), String> {
        match others.iter().find(|other| self.has(used) && self.has(other)) {
            Some(other) => {
                let (used, other) = (self.listed(used), self.listed(other));
                Err(format!("Option \"{used}\" can't be used with option \"{other}\""))
            }
            None => Ok(()),
        }
    }

    /// `[topic]`, or `[t, topic]`: an option as Kafka's messages name it.
    pub fn listed(&self, name: &str) -> String {
        format!("[{}]", self.options[self.place_of(name)].names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jopt::{HELP, VERSION};

    const OPTIONS: &[Opt] = &[Opt::value(&["topic"], "String", "T."), Opt::flag(&["l", "list"], "L."), HELP, VERSION];

    #[test]
    fn what_is_missing_or_too_much_is_named_as_kafka_names_it() {
        let read = |line: &str| Parsed::read(OPTIONS, &line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let parsed = read("--topic a -l").unwrap();
        assert_eq!(parsed.check_required(&["topic", "list"]), Ok(()));
        assert_eq!(parsed.check_required(&["topic", "help"]).unwrap_err(), "Missing required argument \"[help]\"");
        let clash = parsed.check_invalid("topic", &["help", "list"]).unwrap_err();
        assert_eq!(clash, "Option \"[topic]\" can't be used with option \"[l, list]\"");
        assert_eq!(read("--topic a").unwrap().check_invalid("list", &["topic"]), Ok(()));
    }

    #[test]
    fn the_version_begins_with_kafka_s() {
        assert!(VERSION_LINE.starts_with("4.3.1 (klamm "));
    }
}
