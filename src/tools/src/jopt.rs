//! Options as the stock tools' parser reads them (jopt-simple, `OptionParser(false)`).
//!
//! `--name value`, `--name=value`, `-name value`; no abbreviations; an option may come several times; `--` ends them.

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
        Opt { names, argument: Argument::None, metavar: "", help, default: None }
    }

    /// An option with a value.
    pub const fn value(names: &'static [&'static str], metavar: &'static str, help: &'static str) -> Opt {
        Opt { names, argument: Argument::Required, metavar, help, default: None }
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
    /// `OptionArgumentConversionException`.
    #[error("Cannot parse argument '{value}' of option {option}")]
    BadArgument {
        /// The option.
        option: String,
        /// What was given.
        value: String,
    },
}

impl Parsed {
    /// Reads a command line.
    ///
    /// # Errors
    /// On an option that is not in `options`, and on one without its value.
    pub fn read(options: &'static [Opt], args: &[String]) -> Result<Parsed, Fault> {
        let mut parsed = Parsed { options, given: Vec::new(), words: Vec::new() };
        let mut args = args.iter().peekable();
        while let Some(arg) = args.next() {
            if arg == "--" {
                parsed.words.extend(args.cloned());
                break;
            }
            let Some(body) = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-')).filter(|body| !body.is_empty())
            else {
                parsed.words.push(arg.clone());
                continue;
            };
            let (name, inline) = match body.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (body, None),
            };
            let place = parsed.place(name).ok_or_else(|| Fault::Unknown(name.to_owned()))?;
            let value = match options[place].argument {
                Argument::None => None,
                _ if inline.is_some() => inline,
                Argument::Required => {
                    Some(args.next().ok_or_else(|| Fault::NoArgument(shown(&options[place])))?.clone())
                }
                Argument::Optional => args.next_if(|next| !next.starts_with('-')).cloned(),
            };
            parsed.given.push((place, value));
        }
        Ok(parsed)
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.options.iter().position(|option| option.names.contains(&name))
    }

    fn place_of(&self, name: &str) -> usize {
        self.place(name).unwrap_or_else(|| panic!("the tool asks for an option {name} that it does not have"))
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

    /// The last value of an option, or its default, read as a `T`.
    ///
    /// # Errors
    /// [`Fault::BadArgument`] if it is none.
    pub fn read_value<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Fault> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let bad = || Fault::BadArgument { option: shown(&self.options[self.place_of(name)]), value: value.to_owned() };
        value.parse().map(Some).map_err(|_| bad())
    }
}

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
    fn what_is_no_command_line_is_said_as_the_stock_parser_says_it() {
        let fault = |line: &str| read(line).unwrap_err().to_string();
        assert_eq!(fault("--lis"), "lis is not a recognized option");
        assert_eq!(fault("--topic"), "Option [topic, t] requires an argument");
        let bad = read("--timeout x").unwrap().read_value::<u64>("timeout").unwrap_err();
        assert_eq!(bad.to_string(), "Cannot parse argument 'x' of option timeout");
    }
}
