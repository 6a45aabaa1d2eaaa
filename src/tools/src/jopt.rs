//! Options as the stock tools' parser reads them (jopt-simple, `OptionParser(false)`).
//!
//! `--name value`, `--name=value`, `-name value`; no abbreviations; an option may come several times; `--` ends them.
//! `help` lays out the table of options; `usage` says what the stock tools say about a command line (`CommandLineUtils`).

mod help;
mod usage;

pub use help::help;
pub use usage::{VERSION_LINE, help_or_version, print_version, uncaught, usage_fault};

/// `--help`, which every tool has (`CommandDefaultOptions`).
pub const HELP: Opt = Opt::flag(&["help"], "Say what the options are.");

/// `--version`, which every tool has (`CommandDefaultOptions`).
pub const VERSION: Opt = Opt::flag(&["version"], "Say which version this is.");

/// One option that a tool knows.
#[derive(Clone, Debug)]
pub struct Opt {
    /// Its names without dashes; the help shows them in this order.
    pub names: &'static [&'static str],
    /// Whether a value follows.
    pub argument: Argument,
    /// The value in the help: `String: topic`.
    pub metavar: &'static str,
    /// What it is for, in the help.
    pub help: &'static str,
    /// The value that holds where the option does not come.
    pub default: Option<&'static str>,
    /// True if a command line without it is none, unless it asks for help or the version.
    pub required: bool,
    /// True for what is understood and not told: names that Kafka has dropped.
    pub hidden: bool,
}

/// Whether a value follows an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Never.
    None,
    /// Always.
    Required,
    /// Where the next word is no option.
    Optional,
}

impl Opt {
    /// An option without a value.
    pub const fn flag(names: &'static [&'static str], help: &'static str) -> Opt {
        Opt { names, argument: Argument::None, metavar: "", help, default: None, required: false, hidden: false }
    }

    /// An option with a value.
    pub const fn value(names: &'static [&'static str], metavar: &'static str, help: &'static str) -> Opt {
        Opt { names, argument: Argument::Required, metavar, help, default: None, required: false, hidden: false }
    }

    /// An option that must be given; the parser itself sees to it (`required()`).
    #[must_use]
    pub const fn required(mut self) -> Opt {
        self.required = true;
        self
    }

    /// An option that the help does not tell of.
    #[must_use]
    pub const fn hidden(mut self) -> Opt {
        self.hidden = true;
        self
    }

    /// An option with a value and a default.
    #[must_use]
    pub const fn or(mut self, default: &'static str) -> Opt {
        self.default = Some(default);
        self
    }

    /// An option whose value may be left out.
    #[must_use]
    pub const fn optional(mut self) -> Opt {
        self.argument = Argument::Optional;
        self
    }
}

/// What was given.
#[derive(Clone, Debug)]
pub struct Parsed {
    options: &'static [Opt],
    /// The option's place in the list, and its value.
    given: Vec<(usize, Option<String>)>,
    /// Words that are neither options nor their values.
    pub words: Vec<String>,
}

/// Why a command line is none (`joptsimple.OptionException`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// `UnrecognizedOptionException`.
    #[error("{0} is not a recognized option")]
    Unknown(String),
    /// `OptionMissingRequiredArgumentException`.
    #[error("Option {0} requires an argument")]
    NoArgument(String),
    /// `MissingRequiredOptionsException`.
    #[error("Missing required option(s) [{0}]")]
    Missing(String),
    /// `MultipleArgumentsForOptionException`.
    #[error("Found multiple arguments for option {0}, but you asked for only one")]
    Several(String),
    /// `OptionArgumentConversionException`.
    #[error("Cannot parse argument '{value}' of option {option}")]
    BadArgument {
        /// The option.
        option: String,
        /// What was given.
        value: String,
    },
}

impl Fault {
    /// The name of the exception that it is in the stock tools.
    pub fn class(&self) -> &'static str {
        match self {
            Fault::Unknown(_) => "joptsimple.UnrecognizedOptionException",
            Fault::NoArgument(_) => "joptsimple.OptionMissingRequiredArgumentException",
            Fault::Missing(_) => "joptsimple.MissingRequiredOptionsException",
            Fault::Several(_) => "joptsimple.MultipleArgumentsForOptionException",
            Fault::BadArgument { .. } => "joptsimple.OptionArgumentConversionException",
        }
    }
}

impl Parsed {
    /// Reads a command line.
    ///
    /// # Errors
    /// On an option that is not in `options`, on one without its value, and where a required one is missing.
    pub fn read(options: &'static [Opt], args: &[String]) -> Result<Parsed, Fault> {
        let mut parsed = Parsed { options, given: Vec::new(), words: Vec::new() };
        let mut args = args.iter().peekable();
        while let Some(arg) = args.next() {
            if arg == "--" {
                parsed.words.extend(args.by_ref().cloned());
                break;
            }
            let (body, short) = match arg.strip_prefix("--") {
                Some(body) => (body, false),
                None => (arg.strip_prefix('-').unwrap_or_default(), true),
            };
            if body.is_empty() {
                parsed.words.push(arg.clone());
                continue;
            }
            let (name, inline) = match body.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (body, None),
            };
            match parsed.place(name) {
                Some(place) => parsed.take(place, inline, &mut args)?,
                None if short => parsed.take_cluster(body, &mut args)?,
                None => return Err(Fault::Unknown(name.to_owned())),
            }
        }
        parsed.check_presence()?;
        Ok(parsed)
    }

    fn take(&mut self, place: usize, inline: Option<String>, args: &mut Args<'_>) -> Result<(), Fault> {
        let option = &self.options[place];
        let value = match option.argument {
            Argument::None => None,
            _ if inline.is_some() => inline,
            Argument::Required => Some(args.next().ok_or_else(|| Fault::NoArgument(shown(option)))?.clone()),
            Argument::Optional => args.next_if(|next| !next.starts_with('-')).cloned(),
        };
        self.given.push((place, value));
        Ok(())
    }

    /// `-abc`: options of one letter in a row; what follows one that wants a value is its value.
    fn take_cluster(&mut self, body: &str, args: &mut Args<'_>) -> Result<(), Fault> {
        let mut places = Vec::new();
        for (at, letter) in body.char_indices() {
            let rest = at + letter.len_utf8();
            let place = self.place(&body[at..rest]).ok_or_else(|| Fault::Unknown(letter.to_string()))?;
            let value =
                (self.options[place].argument != Argument::None && rest < body.len()).then(|| body[rest..].to_owned());
            let ends = self.options[place].argument != Argument::None;
            places.push((place, value));
            if ends {
                break;
            }
        }
        places.into_iter().try_for_each(|(place, value)| self.take(place, value, args))
    }

    fn check_presence(&self) -> Result<(), Fault> {
        let given = |place: usize| self.given.iter().any(|(other, _)| *other == place);
        let asks = |option: &Opt| option.names.iter().any(|name| matches!(*name, "help" | "version"));
        if self.given.iter().any(|(place, _)| asks(&self.options[*place])) {
            return Ok(());
        }
        let missing = self.options.iter().enumerate().filter(|(place, option)| option.required && !given(*place));
        let missing: Vec<String> = missing.map(|(_, option)| option.names.join("/")).collect();
        if missing.is_empty() { Ok(()) } else { Err(Fault::Missing(missing.join(", "))) }
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.options.iter().position(|option| option.names.contains(&name))
    }

    fn place_of(&self, name: &str) -> usize {
        self.place(name).unwrap_or_else(|| panic!("the tool asks for an option {name} that it does not have"))
    }

    /// True if the tool has an option of this name.
    pub fn knows(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// The options that were given, by their first names, in the order of the command line (`OptionSet.specs`).
    pub fn order(&self) -> impl Iterator<Item = &'static str> {
        self.given.iter().filter_map(|(place, _)| self.options[*place].names.first().copied())
    }

    /// True if the option was given.
    pub fn has(&self, name: &str) -> bool {
        let place = self.place_of(name);
        self.given.iter().any(|(other, _)| *other == place)
    }

    /// The values of an option, in their order; not its default.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let place = self.place_of(name);
        self.given.iter().filter(|(other, _)| *other == place).filter_map(|(_, value)| value.as_deref()).collect()
    }

    /// The last value of an option, or its default.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values(name).last().copied().or(self.options[self.place_of(name)].default)
    }

    /// The one value of an option, or its default (`OptionSet.valueOf`).
    ///
    /// # Errors
    /// [`Fault::Several`] if it came more than once.
    pub fn single(&self, name: &str) -> Result<Option<&str>, Fault> {
        match self.values(name)[..] {
            [] | [_] => Ok(self.value(name)),
            _ => Err(Fault::Several(shown(&self.options[self.place_of(name)]))),
        }
    }

    /// The one value of an option, or its default, read as a `T`.
    ///
    /// # Errors
    /// [`Fault::BadArgument`] if it is none, [`Fault::Several`] if it came more than once.
    pub fn read_value<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Fault> {
        let Some(value) = self.single(name)? else { return Ok(None) };
        let bad = || Fault::BadArgument { option: shown(&self.options[self.place_of(name)]), value: value.to_owned() };
        value.parse().map(Some).map_err(|_| bad())
    }
}

/// What is left of a command line.
type Args<'a> = std::iter::Peekable<std::slice::Iter<'a, String>>;

/// `topic`, or `[bootstrap-server, broker-list]`.
fn shown(option: &Opt) -> String {
    match option.names {
        [name] => (*name).to_owned(),
        names => format!("[{}]", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: &[Opt] = &[
        Opt::value(&["topic", "t"], "String: topic", "Which topic."),
        Opt::flag(&["list"], "List them."),
        Opt::value(&["timeout"], "Long: ms", "How long.").or("5"),
        Opt::value(&["to"], "String", "Where to.").optional(),
    ];

    fn read(line: &str) -> Result<Parsed, Fault> {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Parsed::read(OPTIONS, &args)
    }

    #[test]
    fn values_follow_or_stand_behind_an_equals_sign_and_one_dash_will_do() {
        let parsed = read("-topic a --topic=b=c --list x --to --timeout 9 -- --list").unwrap();
        assert_eq!(parsed.values("topic"), ["a", "b=c"]);
        assert_eq!(parsed.value("t"), Some("b=c"));
        assert!(parsed.has("list") && parsed.has("to") && parsed.value("to").is_none());
        assert_eq!(parsed.words, ["x", "--list"]);
        assert_eq!(parsed.read_value::<u64>("timeout"), Ok(Some(9)));
        assert_eq!(read("").unwrap().read_value::<u64>("timeout"), Ok(Some(5)));
    }

    #[test]
    fn letters_behind_one_dash_are_options_of_their_own() {
        let parsed = read("-t a -tb").unwrap();
        assert_eq!(parsed.values("topic"), ["a", "b"]);
        assert_eq!(read("-foo").unwrap_err(), Fault::Unknown("f".to_owned()));
    }

    #[test]
    fn a_value_that_must_be_one_may_not_come_twice() {
        let fault = read("--timeout 1 --timeout 2").unwrap().read_value::<u64>("timeout").unwrap_err();
        assert_eq!(fault.to_string(), "Found multiple arguments for option timeout, but you asked for only one");
    }

    #[test]
    fn a_required_option_is_missed_unless_help_is_asked_for() {
        const WITH: &[Opt] = &[Opt::value(&["server"], "String", "Whom.").required(), HELP, VERSION];
        let read = |line: &str| Parsed::read(WITH, &line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(read("").unwrap_err().to_string(), "Missing required option(s) [server]");
        assert!(read("--help").is_ok() && read("--version").is_ok() && read("--server a").is_ok());
    }

    #[test]
    fn what_is_no_command_line_is_said_as_the_stock_parser_says_it() {
        let fault = |line: &str| read(line).unwrap_err().to_string();
        assert_eq!(fault("--lis"), "lis is not a recognized option");
        assert_eq!(fault("--topic"), "Option [topic, t] requires an argument");
        let bad = read("--timeout x").unwrap().read_value::<u64>("timeout").unwrap_err();
        assert_eq!(bad.to_string(), "Cannot parse argument 'x' of option timeout");
    }
}
