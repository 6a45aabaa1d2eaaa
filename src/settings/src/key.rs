//! A row of the table.

use crate::check::{Check, Fault};
use crate::kind::Kind;
use crate::value::Value;

/// A configuration key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// The kind of its value.
    pub kind: Kind,
    /// The value without a setting, as text; `None` is Kafka's null, and for keys that must be set.
    pub default: Option<&'static str>,
    /// What its value must satisfy.
    pub check: Check,
    /// Whether and for whom it can be changed at run time; of broker keys only.
    pub scope: Scope,
    /// Whether Kafka 4.3 knows it; the others came with 4.4 and are known by name only.
    pub in_4_3: bool,
    /// True for a key that is described only if it was set.
    pub hidden: bool,
    /// Whether it has an effect.
    pub implemented: bool,
    /// The broker's key that a topic's key falls back to.
    pub synonym: Option<&'static str>,
    /// The broker's keys that it falls back to after that, with what they are counted in.
    pub older: &'static [(&'static str, Unit)],
    doc: &'static str,
}

/// Who a broker's key can be changed for at run time (`DynamicBrokerConfig`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// For nobody.
    ReadOnly,
    /// For one broker.
    PerBroker,
    /// For one broker or for all.
    ClusterWide,
}

/// What a number of a broker's key is counted in, in the unit of the topic's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The same.
    Same,
    /// Minutes, for milliseconds.
    Minutes,
    /// Hours, for milliseconds.
    Hours,
}

impl Unit {
    /// The factor to the topic's unit.
    pub(crate) fn factor(self) -> i64 {
        match self {
            Unit::Same => 1,
            Unit::Minutes => 60 * 1000,
            Unit::Hours => 60 * 60 * 1000,
        }
    }
}

/// Rows, two lines each: what the key is for, then its name, kind, default and qualities.
macro_rules! keys {
    ($( $(#[doc = $doc:literal])+ $name:literal : $kind:ident $(= $default:literal)?
        $(, $quality:ident $(($($argument:expr),*))? )* ; )*) => {
        &[$(
            $crate::key::Key::new($name, $crate::kind::Kind::$kind, concat!($($doc),+))
                $(.or($default))? $(.$quality($($($argument),*)?))*
        ),*]
    };
}
pub(crate) use keys;

/// The qualities of a row.
impl Key {
    pub(crate) const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Key {
        Key {
            name,
            kind,
            default: None,
            check: Check::Any,
            scope: Scope::ReadOnly,
            in_4_3: true,
            hidden: false,
            implemented: false,
            synonym: None,
            older: &[],
            doc,
        }
    }

    pub(crate) const fn or(mut self, default: &'static str) -> Key {
        self.default = Some(default);
        self
    }

    pub(crate) const fn at_least(mut self, low: i64) -> Key {
        self.check = Check::AtLeast(low as f64);
        self
    }

    pub(crate) const fn between(mut self, low: i64, high: i64) -> Key {
        self.check = Check::Between(low as f64, high as f64);
        self
    }

    pub(crate) const fn up_to(mut self, high: f64) -> Key {
        self.check = Check::Between(0.0, high);
        self
    }

    pub(crate) const fn one_of(mut self, words: &'static [&'static str]) -> Key {
        self.check = Check::OneOf(words);
        self
    }

    pub(crate) const fn one_of_ignore_case(mut self, words: &'static [&'static str]) -> Key {
        self.check = Check::OneOfIgnoreCase(words);
        self
    }

    pub(crate) const fn items(mut self) -> Key {
        self.check = Check::List { of: &[], empty: true };
        self
    }

    pub(crate) const fn some_items(mut self) -> Key {
        self.check = Check::List { of: &[], empty: false };
        self
    }

    pub(crate) const fn items_of(mut self, of: &'static [&'static str]) -> Key {
        self.check = Check::List { of, empty: true };
        self
    }

    pub(crate) const fn some_items_of(mut self, of: &'static [&'static str]) -> Key {
        self.check = Check::List { of, empty: false };
        self
    }

    pub(crate) const fn check(mut self, check: Check) -> Key {
        self.check = check;
        self
    }

    pub(crate) const fn per_broker(mut self) -> Key {
        self.scope = Scope::PerBroker;
        self
    }

    pub(crate) const fn cluster_wide(mut self) -> Key {
        self.scope = Scope::ClusterWide;
        self
    }

    pub(crate) const fn since_4_4(mut self) -> Key {
        self.in_4_3 = false;
        self
    }

    pub(crate) const fn hidden(mut self) -> Key {
        self.hidden = true;
        self
    }

    pub(crate) const fn implemented(mut self) -> Key {
        self.implemented = true;
        self
    }

    pub(crate) const fn from(mut self, synonym: &'static str) -> Key {
        self.synonym = Some(synonym);
        self
    }

    pub(crate) const fn then(mut self, older: &'static [(&'static str, Unit)]) -> Key {
        self.older = older;
        self
    }
}

impl Key {
    /// What it is for, in a sentence.
    pub fn doc(&self) -> &'static str {
        self.doc.trim_start()
    }

    /// Whether its value is never shown.
    pub fn sensitive(&self) -> bool {
        self.kind == Kind::Password
    }

    /// Whether `text` is a value that it allows.
    pub fn allows(&self, text: &str) -> bool {
        self.read(text).is_ok()
    }

    /// Reads and checks a value.
    pub(crate) fn read(&self, text: &str) -> Result<Value, Fault> {
        let mut value = Value::parse(self.kind, text)?;
        if let (Check::List { .. }, Value::List(items)) = (self.check, &mut value) {
            drop_repeated(items);
        }
        self.check.ensure(self.name, &value)?;
        Ok(value)
    }

    /// The default, as a value.
    pub(crate) fn default_value(&self) -> Option<Value> {
        self.default.and_then(|text| Value::parse(self.kind, text).ok())
    }

    /// The broker's keys that a topic's key falls back to, in their order (`ServerTopicConfigSynonyms`).
    pub(crate) fn synonyms(&self) -> impl Iterator<Item = (&'static str, Unit)> {
        self.synonym.map(|name| (name, Unit::Same)).into_iter().chain(self.older.iter().copied())
    }

    /// What is allowed, in words.
    pub(crate) fn allowed(&self) -> String {
        match (self.kind, self.check) {
            (Kind::Boolean, _) => "true or false".to_owned(),
            (kind, Check::Any) => kind.name().to_owned(),
            (kind, check) => format!("{}, {check}", kind.name()),
        }
    }
}

fn drop_repeated(items: &mut Vec<String>) {
    let mut seen = std::collections::BTreeSet::new();
    items.retain(|item| seen.insert(item.clone()));
}

/// The row with this name in a table that is sorted by name.
pub(crate) fn find(table: &'static [Key], name: &str) -> Option<&'static Key> {
    table.binary_search_by(|key| key.name.cmp(name)).ok().map(|place| &table[place])
}
