//! Usage, help and error lines (`ArgumentParserImpl.printUsage`, `printHelp`, `handleError`).

use super::wrap::{WIDTH, wrap};
use super::{Action, Arg, Group, Kind, Parser, Stop};

/// Where the texts of arguments begin in the help.
const HELP_COLUMN: usize = 25;
/// Suggestions that are farther from what was typed than this are none.
const MAX_DISTANCE: usize = 7;

/// A parser and those above it.
pub(super) struct Place<'a> {
    /// The tool's parser first, the one at work last.
    pub(super) parsers: Vec<&'a Parser>,
    /// The command that led here.
    pub(super) command: Option<&'static str>,
}

impl<'a> Place<'a> {
    pub(super) fn parser(&self) -> &'a Parser {
        self.parsers[self.parsers.len() - 1]
    }

    /// The usage and an error line.
    pub(super) fn refuse(&self, message: &str) -> Stop {
        Stop::Usage(self.usage() + &wrap(&format!("{}: error: {message}\n", self.parser().prog), 0, ""))
    }

    /// An option that nobody knows, and what was meant perhaps.
    pub(super) fn no_option(&self, word: &str) -> Stop {
        let flags = || self.parser().arguments.iter().flat_map(|arg| arg.flags);
        let body = word.trim_start_matches('-');
        let near = if body.chars().count() < 2 { Vec::new() } else { suggestions(body, flags().copied()) };
        self.refuse_with(&format!("unrecognized arguments: '{word}'"), &near)
    }

    /// A command that nobody knows, and what was meant perhaps.
    pub(super) fn no_command(&self, word: &str) -> Stop {
        let names = || self.parser().commands.iter().map(|command| command.name);
        let choice: Vec<String> = names().map(|name| format!("'{name}'")).collect();
        let message = format!("invalid choice: '{word}' (choose from {})", choice.join(", "));
        self.refuse_with(&message, &suggestions(word, names()))
    }

    fn refuse_with(&self, message: &str, near: &[&str]) -> Stop {
        let Stop::Usage(mut text) = self.refuse(message) else { unreachable!("a refusal is a usage") };
        if !near.is_empty() {
            text.push_str("\nDid you mean:\n");
            near.iter().for_each(|name| text.push_str(&format!("\t{name}\n")));
        }
        Stop::Usage(text)
    }

    fn usage(&self) -> String {
        let mut words = Vec::new();
        for above in &self.parsers[..self.parsers.len() - 1] {
            above.add_usage(&mut words, true);
        }
        words.extend(self.command.map(str::to_owned));
        self.parser().add_usage(&mut words, false);
        if !self.parser().commands.is_empty() {
            words.extend([self.parser().commands_syntax(), "...".to_owned()]);
        }
        let head = format!("usage: {}", self.parser().prog);
        match head.len() {
            len if len > 30 => format!("{head}\n{}", lay_out(&words, 6, &" ".repeat(6), &" ".repeat(6))),
            len => format!("{head}{}", lay_out(&words, len, "", &" ".repeat(len))),
        }
    }

    /// The help.
    pub(super) fn help(&self) -> String {
        let parser = self.parser();
        let mut text = self.usage();
        if !parser.description.is_empty() {
            text.push_str(&format!("\n{}\n", wrap(parser.description, 0, "")));
        }
        let has_commands = !parser.commands.is_empty();
        if has_commands && parser.commands_title.is_empty() {
            text.push_str("\npositional arguments:\n");
            parser.add_commands_help(&mut text);
        }
        let plain: Vec<&Arg> = parser.arguments.iter().filter(|arg| !parser.stands_apart(arg)).collect();
        if !plain.is_empty() {
            text.push_str("\noptional arguments:\n");
            plain.iter().for_each(|arg| add_entry(&mut text, &arg.title(), &parser.help_of(arg)));
        }
        if has_commands && !parser.commands_title.is_empty() {
            text.push_str(&format!("\n{}:\n", parser.commands_title));
            parser.add_commands_help(&mut text);
        }
        for (place, group) in parser.groups.iter().enumerate().filter(|(_, group)| group.has_own_help()) {
            parser.add_group_help(&mut text, place, group);
        }
        text
    }
}

impl Parser {
    /// What is said about a command line that can be read and makes no sense (`ArgumentParserException`).
    pub fn refuse(&self, message: &str) -> Stop {
        Place { parsers: vec![self], command: None }.refuse(message)
    }

    /// The help, for a tool that prints it without being asked.
    pub fn help_text(&self) -> String {
        Place { parsers: vec![self], command: None }.help()
    }

    /// Adds arguments to a usage; of a parser above only those that must come.
    fn add_usage(&self, words: &mut Vec<String>, required_only: bool) {
        let excluded = |arg: &Arg| arg.group.is_some_and(|group| self.groups[group].exclusive);
        let shown = |arg: &&Arg| !excluded(arg) && (arg.required || !required_only);
        words.extend(self.arguments.iter().filter(shown).map(Arg::syntax));
        for (place, group) in self.groups.iter().enumerate() {
            if !group.exclusive || (required_only && !group.required) {
                continue;
            }
            let args: Vec<String> =
                self.arguments.iter().filter(|arg| arg.group == Some(place)).map(Arg::bare_syntax).collect();
            let (open, close) = if group.required { ("(", ")") } else { ("[", "]") };
            let last = args.len().saturating_sub(1);
            for (at, arg) in args.iter().enumerate() {
                let (before, behind) = (if at == 0 { open } else { "" }, if at == last { close } else { "" });
                words.push(format!("{before}{arg}{behind}"));
                words.extend((at != last).then(|| "|".to_owned()));
            }
        }
    }

    fn commands_syntax(&self) -> String {
        let names: Vec<&str> = self.commands.iter().map(|command| command.name).collect();
        match self.commands_metavar {
            "" => format!("{{{}}}", names.join(",")),
            metavar => metavar.to_owned(),
        }
    }

    fn add_commands_help(&self, text: &mut String) {
        add_entry(text, &self.commands_syntax(), "");
        for command in &self.commands {
            add_entry(text, &format!("  {}", command.name), command.help);
        }
    }

    fn add_group_help(&self, text: &mut String, place: usize, group: &Group) {
        text.push('\n');
        if !group.title.is_empty() {
            text.push_str(&format!("{}:\n", group.title));
        }
        if !group.description.is_empty() {
            text.push_str(&format!("  {}\n\n", wrap(group.description, 2, "  ")));
        }
        for arg in self.arguments.iter().filter(|arg| arg.group == Some(place)) {
            add_entry(text, &arg.title(), &self.help_of(arg));
        }
    }

    fn stands_apart(&self, arg: &Arg) -> bool {
        arg.group.is_some_and(|group| self.groups[group].has_own_help())
    }

    fn help_of(&self, arg: &Arg) -> String {
        match arg.default.as_ref().filter(|_| self.default_help) {
            Some(default) if arg.help.is_empty() => format!("(default: {default})"),
            Some(default) => format!("{} (default: {default})", arg.help),
            None => arg.help.clone(),
        }
    }
}

impl Arg {
    fn shown_value(&self) -> Option<String> {
        if !self.action.takes_value() {
            return None;
        }
        let metavar = match (self.metavar, self.kind) {
            (Some(metavar), _) => metavar.to_owned(),
            (None, Kind::Choice(choices)) => format!("{{{}}}", choices.join(",")),
            (None, _) => self.dest().to_uppercase(),
        };
        Some(if self.action == Action::StoreSome { format!("{metavar} [{metavar} ...]") } else { metavar })
    }

    fn bare_syntax(&self) -> String {
        self.flag_with_value(self.flags[0])
    }

    fn syntax(&self) -> String {
        if self.required { self.bare_syntax() } else { format!("[{}]", self.bare_syntax()) }
    }

    fn flag_with_value(&self, flag: &str) -> String {
        self.shown_value().map_or_else(|| flag.to_owned(), |value| format!("{flag} {value}"))
    }

    fn title(&self) -> String {
        let flags: Vec<String> = self.flags.iter().map(|flag| self.flag_with_value(flag)).collect();
        flags.join(", ")
    }
}

/// The words of a usage in lines, none of them broken.
fn lay_out(words: &[String], offset: usize, first: &str, later: &str) -> String {
    let (mut text, mut width) = (first.to_owned(), offset + first.len());
    for (at, word) in words.iter().enumerate() {
        if at > 0 && width + word.len() + 1 > WIDTH {
            text.push_str(&format!("\n{later}"));
            width = later.len();
        }
        text.push_str(&format!(" {word}"));
        width += 1 + word.len();
    }
    text + "\n"
}

/// A name and its text, beside it or below.
fn add_entry(text: &mut String, title: &str, help: &str) {
    text.push_str(&format!("  {title}"));
    if !help.is_empty() {
        let width = title.chars().count();
        let indent = " ".repeat(HELP_COLUMN);
        let gap = if width <= 21 { " ".repeat(HELP_COLUMN - width - 2) } else { format!("\n{indent}") };
        text.push_str(&format!("{gap}{}", wrap(help, HELP_COLUMN, &indent)));
    }
    text.push('\n');
}

/// The names nearest to what was typed, if any is near.
fn suggestions<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut near: Vec<(usize, &str)> = names
        .map(|name| (name, name.trim_start_matches('-')))
        .filter(|(name, body)| !name.starts_with('-') || body.chars().count() > 1)
        .map(|(name, body)| (if body.starts_with(typed) { 0 } else { distance(typed, body) }, name))
        .collect();
    near.sort_unstable();
    let Some(best) = near.first().map(|(distance, _)| *distance).filter(|best| *best < MAX_DISTANCE) else {
        return Vec::new();
    };
    near.into_iter().filter(|(distance, _)| *distance == best).map(|(_, name)| name).collect()
}

/// How far `to` is from `from`: letters added cost 1, other ones 2, lost ones 4, neighbours in the wrong order nothing.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().take(256).collect(), to.chars().collect());
    let mut before_last: Vec<usize> = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for i in 1..=from.len() {
        let mut row = vec![i; to.len() + 1];
        for j in 1..=to.len() {
            let same = from[i - 1] == to[j - 1];
            row[j] = last[j - 1] + if same { 0 } else { 2 };
            if i > 1 && j > 1 && !same && from[i - 2] == to[j - 1] && from[i - 1] == to[j - 2] {
                row[j] = row[j].min(before_last[j - 2]);
            }
            row[j] = row[j].min(last[j] + 4).min(row[j - 1] + 1);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}
