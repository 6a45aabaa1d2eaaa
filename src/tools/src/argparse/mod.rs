//! Options as argparse4j 0.7 reads them: the parser of the stock tools that have sub-commands.
//!
//! `--name value`, `--name=value`, `-n value`, `-nvalue`, `-ab` for two switches; a long name or a command may be cut short
//! as long as it means one thing; options of the tool stand before its command, those of the command behind it.
//!
//! ```text
//!   Parser ── arguments, groups, commands ──▶ Parsed         parse.rs
//!     └─ usage, help, error lines, as text                   print.rs, wrap.rs
//! ```

mod parse;
mod parsed;
mod print;
mod wrap;

#[cfg(test)]
mod argparse_test;

pub use parsed::{Parsed, Stop};

/// A tool's command line, or that of one of its commands.
#[derive(Clone, Debug)]
pub struct Parser {
    prog: &'static str,
    description: &'static str,
    version: String,
    default_help: bool,
    from_file: bool,
    arguments: Vec<Arg>,
    groups: Vec<Group>,
    commands: Vec<Command>,
    commands_title: &'static str,
    commands_metavar: &'static str,
}

#[derive(Clone, Debug)]
struct Command {
    name: &'static str,
    help: &'static str,
    parser: Parser,
}

/// Arguments that belong together: they may exclude each other, or stand under a title in the help.
#[derive(Clone, Debug)]
pub struct Group {
    title: &'static str,
    description: &'static str,
    exclusive: bool,
    required: bool,
}

impl Group {
    /// Arguments of which one at most may be given.
    pub const fn one_of() -> Group {
        Group { title: "", description: "", exclusive: true, required: false }
    }

    /// Arguments with a title of their own in the help.
    pub const fn titled(title: &'static str) -> Group {
        Group { title, description: "", exclusive: false, required: false }
    }

    /// What the help says about all of them.
    #[must_use]
    pub const fn described(mut self, description: &'static str) -> Group {
        self.description = description;
        self
    }

    /// One of them must be given.
    #[must_use]
    pub const fn required(mut self) -> Group {
        self.required = true;
        self
    }

    fn has_own_help(&self) -> bool {
        !self.exclusive || !self.title.is_empty() || !self.description.is_empty()
    }
}

/// What an argument does when it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Store,
    /// Like `Store`, with one value or more behind it.
    StoreSome,
    Append,
    StoreTrue,
    Help,
    Version,
}

impl Action {
    fn takes_value(self) -> bool {
        matches!(self, Action::Store | Action::StoreSome | Action::Append)
    }
}

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Long,
    Double,
    Choice(&'static [&'static str]),
}

/// One option.
#[derive(Clone, Debug)]
pub struct Arg {
    flags: &'static [&'static str],
    metavar: Option<&'static str>,
    help: String,
    default: Option<String>,
    action: Action,
    kind: Kind,
    required: bool,
    group: Option<usize>,
}

impl Arg {
    const fn new(flags: &'static [&'static str], action: Action) -> Arg {
        Arg {
            flags,
            metavar: None,
            help: String::new(),
            default: None,
            action,
            kind: Kind::Text,
            required: false,
            group: None,
        }
    }

    /// An option with a value; the last one given counts. `flags` carry their dashes.
    pub const fn value(flags: &'static [&'static str]) -> Arg {
        Arg::new(flags, Action::Store)
    }

    /// An option with a value that may come several times.
    pub const fn append(flags: &'static [&'static str]) -> Arg {
        Arg::new(flags, Action::Append)
    }

    /// An option with one value or more behind it (`nargs("+")`).
    pub const fn some(flags: &'static [&'static str]) -> Arg {
        Arg::new(flags, Action::StoreSome)
    }

    /// An option without a value.
    pub fn switch(flags: &'static [&'static str]) -> Arg {
        Arg { default: Some("false".to_owned()), ..Arg::new(flags, Action::StoreTrue) }
    }

    /// An option that prints the version and ends the tool.
    pub const fn version(flags: &'static [&'static str]) -> Arg {
        Arg::new(flags, Action::Version)
    }

    /// What it is for.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Arg {
        self.help = help.into();
        self
    }

    /// The value in usage and help, where it is not the option's name in capitals.
    #[must_use]
    pub const fn metavar(mut self, metavar: &'static str) -> Arg {
        self.metavar = Some(metavar);
        self
    }

    /// The value that holds where the option does not come.
    #[must_use]
    pub fn or(mut self, default: impl Into<String>) -> Arg {
        self.default = Some(default.into());
        self
    }

    /// It must come.
    #[must_use]
    pub const fn required(mut self) -> Arg {
        self.required = true;
        self
    }

    /// Its value is a number of 32 bits.
    #[must_use]
    pub const fn integer(mut self) -> Arg {
        self.kind = Kind::Integer;
        self
    }

    /// Its value is a number of 64 bits.
    #[must_use]
    pub const fn long(mut self) -> Arg {
        self.kind = Kind::Long;
        self
    }

    /// Its value is a number with a fraction.
    #[must_use]
    pub const fn double(mut self) -> Arg {
        self.kind = Kind::Double;
        self
    }

    /// Its value is one of these.
    #[must_use]
    pub const fn choices(mut self, choices: &'static [&'static str]) -> Arg {
        self.kind = Kind::Choice(choices);
        self
    }

    /// Its name in [`Parsed`]: the first long flag, or else the first, without its dashes and with `_` for `-`.
    fn dest(&self) -> String {
        let long = self.flags.iter().find(|flag| flag.starts_with("--"));
        long.unwrap_or(&self.flags[0]).trim_start_matches('-').replace('-', "_")
    }
}

impl Parser {
    /// The parser of a tool, or of a command (whose `prog` is its tool's name, not its own).
    pub fn new(prog: &'static str) -> Parser {
        let help = Arg::new(&["-h", "--help"], Action::Help).help("show this help message and exit");
        Parser {
            prog,
            description: "",
            version: String::new(),
            default_help: false,
            from_file: false,
            arguments: vec![help],
            groups: Vec::new(),
            commands: Vec::new(),
            commands_title: "",
            commands_metavar: "",
        }
    }

    /// What the tool is for.
    #[must_use]
    pub fn description(mut self, description: &'static str) -> Parser {
        self.description = description;
        self
    }

    /// What [`Arg::version`] prints.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Parser {
        self.version = version.into();
        self
    }

    /// The help names defaults. A command does not take this over from its tool.
    #[must_use]
    pub fn default_help(mut self) -> Parser {
        self.default_help = true;
        self
    }

    /// `@FILE` stands for the lines of the file, each an argument.
    #[must_use]
    pub fn from_file(mut self) -> Parser {
        self.from_file = true;
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: Arg) -> Parser {
        self.arguments.push(arg);
        self
    }

    /// Adds arguments that belong together.
    #[must_use]
    pub fn group<const N: usize>(mut self, group: Group, args: [Arg; N]) -> Parser {
        let place = self.groups.len();
        self.groups.push(group);
        self.arguments.extend(args.map(|arg| Arg { group: Some(place), ..arg }));
        self
    }

    /// Adds a command with its own arguments; `help` is its line in the help of the tool.
    #[must_use]
    pub fn command(mut self, name: &'static str, help: &'static str, parser: Parser) -> Parser {
        self.commands.push(Command { name, help, parser });
        self
    }

    /// How the help names the commands: `title` is "" for none of its own, `metavar` stands for them in the usage.
    #[must_use]
    pub fn commands_as(mut self, title: &'static str, metavar: &'static str) -> Parser {
        (self.commands_title, self.commands_metavar) = (title, metavar);
        self
    }
}
