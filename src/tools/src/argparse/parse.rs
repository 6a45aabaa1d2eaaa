//! From words to [`Parsed`] (`ArgumentParserImpl.parseArgs`).

use std::path::Path;

use klamm_env::{Disk, DiskOs};

use super::print::Place;
use super::{Action, Arg, Kind, Parsed, Parser, Stop};

/// The most words that files on the command line may become.
const MAX_WORDS: usize = 1 << 16;

impl Parser {
    /// Reads a command line.
    ///
    /// # Errors
    /// [`Stop`] where there is nothing to do.
    pub fn parse(&self, args: &[String]) -> Result<Parsed, Stop> {
        let mut state = State { args: args.to_vec(), next: 0, separated: false, late: None };
        let mut parsed = Parsed::default();
        let place = Place { parsers: vec![self], command: None };
        place.parse(&mut state, &mut parsed)?;
        match state.late {
            Some(stop) => Err(stop),
            None => Ok(parsed),
        }
    }
}

struct State {
    args: Vec<String>,
    next: usize,
    /// `--` has come: the rest are no options.
    separated: bool,
    /// A fault that is told only if reading to the end finds no other.
    late: Option<Stop>,
}

impl State {
    fn word(&self) -> Option<&str> {
        self.args.get(self.next).map(String::as_str)
    }

    /// Takes the next word if it is no option.
    fn take_value(&mut self, place: &Place<'_>) -> Result<Option<String>, Stop> {
        if self.word().is_none() || self.at_flag(place)? {
            return Ok(None);
        }
        self.next += 1;
        Ok(Some(self.args[self.next - 1].clone()))
    }

    /// True if the next word is an option or `--`. A word that names a file of arguments is replaced by them before.
    fn at_flag(&mut self, place: &Place<'_>) -> Result<bool, Stop> {
        while let Some(file) = self.file_of(place) {
            let lines = DiskOs
                .read(Path::new(&file))
                .map_err(|_| place.refuse(&format!("Could not read arguments from file '{file}'")))?;
            let words: Vec<String> = String::from_utf8_lossy(&lines).lines().map(str::to_owned).collect();
            if words.len() + self.args.len() > MAX_WORDS {
                return Err(place.refuse(&format!("too many arguments in file '{file}'")));
            }
            self.args.splice(self.next..=self.next, words);
        }
        let Some(word) = self.word() else { return Ok(false) };
        let is_number = word.len() > 1 && word[1..].bytes().all(|byte| byte.is_ascii_digit());
        Ok(!self.separated && word.len() > 1 && word.starts_with('-') && !is_number)
    }

    fn file_of(&self, place: &Place<'_>) -> Option<String> {
        let word = self.word().filter(|_| place.parsers[0].from_file)?;
        word.strip_prefix('@').filter(|file| !file.is_empty()).map(str::to_owned)
    }
}

/// What was given so far of one parser: arguments by their place.
struct Used {
    arguments: Vec<bool>,
    /// The argument of a group that excludes all its others.
    groups: Vec<Option<usize>>,
}

impl Place<'_> {
    fn parse(&self, state: &mut State, parsed: &mut Parsed) -> Result<(), Stop> {
        let parser = self.parser();
        for arg in &parser.arguments {
            parsed.values.insert(arg.dest(), arg.default.iter().cloned().collect());
        }
        let mut used = Used { arguments: vec![false; parser.arguments.len()], groups: vec![None; parser.groups.len()] };
        while state.word().is_some() {
            let at_flag = state.at_flag(self)?;
            let Some(word) = state.word().map(str::to_owned) else { break };
            if word == "--" && !state.separated {
                state.separated = true;
                state.next += 1;
            } else if at_flag {
                self.option(&word, state, parsed, &mut used)?;
            } else if !state.separated && !parser.commands.is_empty() {
                self.check_required(state, &used);
                return self.command(&word, state, parsed);
            } else {
                let rest = state.args[state.next..].join(" ");
                return Err(self.refuse(&format!("unrecognized arguments: '{rest}'")));
            }
        }
        if !parser.commands.is_empty() {
            return Err(self.refuse("too few arguments"));
        }
        self.check_required(state, &used);
        Ok(())
    }

    fn command(&self, word: &str, state: &mut State, parsed: &mut Parsed) -> Result<(), Stop> {
        let commands = &self.parser().commands;
        let exact = commands.iter().find(|command| command.name == word);
        let mut near: Vec<_> =
            commands.iter().filter(|command| !word.is_empty() && command.name.starts_with(word)).collect();
        let command = match (exact, near.as_slice()) {
            (Some(command), _) => command,
            (None, [command]) => *command,
            (None, []) => return Err(self.no_command(word)),
            (None, _) => {
                near.sort_by_key(|command| command.name);
                let names: Vec<&str> = near.iter().map(|command| command.name).collect();
                return Err(self.refuse(&format!("ambiguous command: {word} could match {}", names.join(", "))));
            }
        };
        state.next += 1;
        parsed.command = Some(command.name);
        let parsers = self.parsers.iter().copied().chain([&command.parser]).collect();
        Place { parsers, command: Some(command.name) }.parse(state, parsed)
    }

    /// One word with options in it, and the values behind it.
    fn option(&self, word: &str, state: &mut State, parsed: &mut Parsed, used: &mut Used) -> Result<(), Stop> {
        let (flag, inline) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value.to_owned())),
            None => (word, None),
        };
        if let Some(place) = self.find(flag)? {
            state.next += 1;
            return self.process(place, inline, state, parsed, used);
        }
        // Several short ones in one word; the last of them may have its value there.
        let letters = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')).unwrap_or_default();
        for (at, letter) in letters.char_indices() {
            let Some(place) = self.exact(&format!("-{letter}")) else { break };
            let behind = &letters[at + letter.len_utf8()..];
            if self.parser().arguments[place].action.takes_value() {
                state.next += 1;
                let inline = Some(behind.to_owned()).filter(|value| !value.is_empty());
                return self.process(place, inline, state, parsed, used);
            }
            self.check_exclusive(place, used)?;
            self.switch(place, parsed, used)?;
            if behind.is_empty() {
                state.next += 1;
                return Ok(());
            }
        }
        Err(self.no_option(word))
    }

    fn exact(&self, flag: &str) -> Option<usize> {
        self.parser().arguments.iter().position(|arg| arg.flags.contains(&flag))
    }

    /// The argument that a flag means, whole or cut short.
    fn find(&self, flag: &str) -> Result<Option<usize>, Stop> {
        if let Some(place) = self.exact(flag) {
            return Ok(Some(place));
        }
        let flags = self.parser().arguments.iter().flat_map(|arg| arg.flags);
        let mut near: Vec<&str> = flags.copied().filter(|name| name.starts_with(flag)).collect();
        match near.as_slice() {
            [] => Ok(None),
            [name] => Ok(self.exact(name)),
            _ => {
                near.sort_unstable();
                Err(self.refuse(&format!("ambiguous option: {flag} could match {}", near.join(", "))))
            }
        }
    }

    fn process(
        &self,
        place: usize,
        inline: Option<String>,
        state: &mut State,
        parsed: &mut Parsed,
        used: &mut Used,
    ) -> Result<(), Stop> {
        let arg = &self.parser().arguments[place];
        self.check_exclusive(place, used)?;
        if !arg.action.takes_value() {
            return match inline {
                Some(value) => Err(self.refuse_arg(arg, &format!("ignore implicit argument '{value}'"))),
                None => self.switch(place, parsed, used),
            };
        }
        let mut given: Vec<String> = inline.into_iter().collect();
        if given.is_empty() {
            let many = arg.action == Action::StoreSome;
            while let Some(value) = state.take_value(self)? {
                given.push(value);
                if !many {
                    break;
                }
            }
        }
        if given.is_empty() {
            let one = arg.action != Action::StoreSome;
            return Err(self.refuse_arg(arg, if one { "expected one argument" } else { "expected 1 argument(s)" }));
        }
        given.iter().try_for_each(|value| check_value(arg.kind, value)).map_err(|why| self.refuse_arg(arg, &why))?;
        let values = parsed.values.entry(arg.dest()).or_default();
        if arg.action != Action::Append || !used.arguments[place] {
            values.clear();
        }
        values.extend(given);
        used.arguments[place] = true;
        Ok(())
    }

    fn switch(&self, place: usize, parsed: &mut Parsed, used: &mut Used) -> Result<(), Stop> {
        let arg = &self.parser().arguments[place];
        used.arguments[place] = true;
        match arg.action {
            Action::Help => Err(Stop::Help(self.help())),
            Action::Version => Err(Stop::Help(format!("{}\n", self.parsers[0].version))),
            _ => {
                parsed.values.insert(arg.dest(), vec!["true".to_owned()]);
                Ok(())
            }
        }
    }

    fn check_exclusive(&self, place: usize, used: &mut Used) -> Result<(), Stop> {
        let arg = &self.parser().arguments[place];
        let Some(group) = arg.group.filter(|group| self.parser().groups[*group].exclusive) else { return Ok(()) };
        match used.groups[group] {
            Some(other) if other != place => {
                let other = self.parser().arguments[other].flags.join("/");
                Err(self.refuse_arg(arg, &format!("not allowed with argument {other}")))
            }
            _ => {
                used.groups[group] = Some(place);
                Ok(())
            }
        }
    }

    /// Of several required arguments that did not come the last one is named.
    fn check_required(&self, state: &mut State, used: &Used) {
        if state.late.is_some() {
            return;
        }
        let arguments = || self.parser().arguments.iter();
        let missing = arguments().zip(&used.arguments).rfind(|(arg, used)| arg.required && !**used);
        if let Some((arg, _)) = missing {
            state.late = Some(self.refuse(&format!("argument {} is required", arg.flags.join("/"))));
            return;
        }
        for (place, group) in self.parser().groups.iter().enumerate() {
            if group.exclusive && group.required && used.groups[place].is_none() {
                let of_group = arguments().filter(|arg| arg.group == Some(place));
                let names: String = of_group.map(|arg| arg.flags.join("/") + " ").collect();
                state.late = Some(self.refuse(&format!("one of the arguments {names}is required")));
                return;
            }
        }
    }

    fn refuse_arg(&self, arg: &Arg, why: &str) -> Stop {
        self.refuse(&format!("argument {}: {why}", arg.flags.join("/")))
    }
}

/// What is wrong with a value (`ReflectArgumentType`, `CollectionArgumentChoice`).
fn check_value(kind: Kind, value: &str) -> Result<(), String> {
    let convert = |good: bool, name: &str| match good {
        true => Ok(()),
        false => Err(format!("could not convert '{value}' to {name} (For input string: \"{value}\")")),
    };
    match kind {
        Kind::Text => Ok(()),
        Kind::Integer => convert(value.parse::<i32>().is_ok(), "Integer"),
        Kind::Long => convert(value.parse::<i64>().is_ok(), "Long"),
        Kind::Double => convert(value.trim().parse::<f64>().is_ok(), "Double"),
        Kind::Choice(choices) if choices.contains(&value) => Ok(()),
        Kind::Choice(choices) => Err(format!("invalid choice: '{value}' (choose from {{{}}})", choices.join(","))),
    }
}
