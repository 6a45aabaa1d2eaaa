//! Records of Kafka's own topics as JSON: which fields a record has, from a table, and the reading of them
//! (the generated message classes and `JsonConverter`s).
//!
//! ```text
//!   value 1 0-4 4 offset:int64 leaderEpoch:int32@3+ topicId:uuid@4+#0 members:[memberId:string] endpoint:?{host:string}
//!   ╰──┬──╯ ╰┬╯ │  ╰────┬────╯             ╰──┬──╯            │              ╰───────┬───────╯          ╰──────┬──────╯
//!    name    │  │  name and kind     since version 3       as tag 0            a list of structs     a struct that may be null
//!            │  from this version on lengths are compact and there are tags ("never": in none)
//!            versions
//! ```
//! Fields stand in the order in which JSON has them. A string, bytes or a list may be null wherever its length says so.

use std::collections::BTreeMap;

use klamm_base::TopicId;

use super::json::Json;
use super::text::java_text;

#[cfg(test)]
#[path = "schema_test.rs"]
mod schema_test;

/// How a field is written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Boolean,
    Int8,
    Int16,
    Uint16,
    Int32,
    Int64,
    Float64,
    Uuid,
    String,
    Bytes,
    List(Box<Kind>),
    Struct(Vec<Field>),
    NullableStruct(Vec<Field>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: &'static str,
    kind: Kind,
    first: i16,
    last: i16,
    tag: Option<u32>,
}

/// One kind of record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schema {
    /// What stands behind `=` in its name.
    pub(super) label: &'static str,
    /// The versions that there are.
    pub(super) versions: (i16, i16),
    flexible_since: Option<i16>,
    fields: Vec<Field>,
}

/// Finds a record in a table by its name, such as `key 3`.
///
/// # Panics
/// If the table is wrong, which a test of all tables sees.
pub(super) fn find(table: &'static str, name: &str) -> Option<Schema> {
    table.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let rest = line.strip_prefix(name)?;
        let (label, rest) = match rest.strip_prefix('=') {
            Some(labelled) => labelled.split_once(' ')?,
            None => ("", rest.strip_prefix(' ')?),
        };
        Some(parse(label, rest))
    })
}

fn parse(label: &'static str, text: &'static str) -> Schema {
    let mut words = text.splitn(3, ' ');
    let versions = words.next().and_then(|word| word.split_once('-')).expect("versions");
    let number = |text: &str| text.parse().expect("a version");
    let flexible_since = words.next().filter(|word| *word != "never").map(number);
    let mut rest = words.next().unwrap_or_default();
    Schema { label, versions: (number(versions.0), number(versions.1)), flexible_since, fields: fields(&mut rest) }
}

/// Takes fields off the front of `text`, up to its end or the bracket that ends them.
fn fields(text: &mut &'static str) -> Vec<Field> {
    let mut all = Vec::new();
    while !text.is_empty() && !text.starts_with([']', '}']) {
        let (name, rest) = text.split_once(':').expect("a name");
        *text = rest;
        let kind = kind(text);
        let mut field = Field { name, kind, first: 0, last: i16::MAX, tag: None };
        if let Some(rest) = text.strip_prefix('@') {
            *text = rest;
            field.first = take_number(text);
            field.last = match text.strip_prefix('-') {
                Some(rest) => {
                    *text = rest;
                    take_number(text)
                }
                None => i16::MAX,
            };
            *text = text.strip_prefix('+').unwrap_or(text);
        }
        if let Some(rest) = text.strip_prefix('#') {
            *text = rest;
            field.tag = Some(take_number(text));
        }
        *text = text.strip_prefix(' ').unwrap_or(text);
        all.push(field);
    }
    all
}

fn take_number<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &mut &'static str) -> T {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    digits.parse().expect("a number")
}

fn kind(text: &mut &'static str) -> Kind {
    let inner = |text: &mut &'static str, skipped: usize| {
        *text = &text[skipped..];
        let inner = fields(text);
        *text = &text[1..];
        inner
    };
    if text.starts_with('{') {
        return Kind::Struct(inner(text, 1));
    }
    if text.starts_with("?{") {
        return Kind::NullableStruct(inner(text, 2));
    }
    if text.starts_with('[') {
        let is_struct = text.find([':', ']']).is_some_and(|at| text[at..].starts_with(':'));
        if is_struct {
            return Kind::List(Box::new(Kind::Struct(inner(text, 1))));
        }
        *text = &text[1..];
        let item = kind(text);
        *text = &text[1..];
        return Kind::List(Box::new(item));
    }
    let end = text.find([' ', '@', '#', ']', '}']).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    *text = rest;
    match word {
        "boolean" => Kind::Boolean,
        "int8" => Kind::Int8,
        "int16" => Kind::Int16,
        "uint16" => Kind::Uint16,
        "int32" => Kind::Int32,
        "int64" => Kind::Int64,
        "float64" => Kind::Float64,
        "uuid" => Kind::Uuid,
        "string" => Kind::String,
        "bytes" => Kind::Bytes,
        other => panic!("no kind of field: {other}"),
    }
}

/// The bytes of a record end within a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut;

impl Schema {
    /// True if there is this version.
    pub(super) fn has(&self, version: i16) -> bool {
        (self.versions.0..=self.versions.1).contains(&version)
    }

    /// Reads a record of this version; what follows it is left.
    pub(super) fn read(&self, version: i16, bytes: &mut &[u8]) -> Result<Json, Cut> {
        let flexible = self.flexible_since.is_some_and(|since| version >= since);
        let mut reader = Reader { bytes, version, flexible };
        let read = reader.fields(&self.fields);
        *bytes = reader.bytes;
        read
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    version: i16,
    flexible: bool,
}

impl<'a> Reader<'a> {
    fn fields(&mut self, fields: &[Field]) -> Result<Json, Cut> {
        let here = |field: &&Field| (field.first..=field.last).contains(&self.version);
        let fields: Vec<&Field> = fields.iter().filter(here).collect();
        let flexible = self.flexible;
        let is_tagged = |field: &Field| field.tag.is_some() && flexible;
        let mut plain = Vec::new();
        for field in fields.iter().filter(|field| !is_tagged(field)) {
            plain.push((field.name, self.value(&field.kind)?));
        }
        let mut tagged = if self.flexible { self.tags(&fields)? } else { BTreeMap::new() };
        let mut plain = plain.into_iter().peekable();
        let mut all = Vec::new();
        for field in fields {
            if let Some(value) = plain.next_if(|(name, _)| *name == field.name) {
                all.push(value);
            } else if let Some(value) = tagged.remove(&field.tag.unwrap_or(u32::MAX)) {
                all.push((field.name, value));
            }
        }
        Ok(Json::Object(all))
    }

    /// The tagged fields that are there; those that nobody knows are passed over.
    fn tags(&mut self, fields: &[&Field]) -> Result<BTreeMap<u32, Json>, Cut> {
        let mut tagged = BTreeMap::new();
        for _ in 0..self.unsigned()? {
            let tag = self.unsigned()?;
            let size = self.unsigned()?;
            let content = self.take(usize::try_from(size).map_err(|_| Cut)?)?;
            if let Some(field) = fields.iter().find(|field| field.tag == Some(tag)) {
                let mut inner = Reader { bytes: content, version: self.version, flexible: true };
                tagged.insert(tag, inner.value(&field.kind)?);
            }
        }
        Ok(tagged)
    }

    fn value(&mut self, kind: &Kind) -> Result<Json, Cut> {
        let number = |value: i64| Ok(Json::Raw(value.to_string()));
        match kind {
            Kind::Boolean => Ok(Json::Raw((self.array::<1>()? != [0]).to_string())),
            Kind::Int8 => number(i64::from(i8::from_be_bytes(self.array()?))),
            Kind::Int16 => number(i64::from(i16::from_be_bytes(self.array()?))),
            Kind::Uint16 => number(i64::from(u16::from_be_bytes(self.array()?))),
            Kind::Int32 => number(i64::from(i32::from_be_bytes(self.array()?))),
            Kind::Int64 => number(i64::from_be_bytes(self.array()?)),
            Kind::Float64 => Ok(Json::Raw(java_double(f64::from_be_bytes(self.array()?)))),
            Kind::Uuid => Ok(Json::Text(TopicId(self.array()?).to_string())),
            Kind::String => Ok(match self.sized(2)? {
                Some(bytes) => Json::Text(java_text(bytes)),
                None => Json::null(),
            }),
            Kind::Bytes => Ok(self.sized(4)?.map_or_else(Json::null, |bytes| Json::Bytes(bytes.to_vec()))),
            Kind::List(item) => self.list(item),
            Kind::Struct(fields) => self.fields(fields),
            Kind::NullableStruct(fields) => match i8::from_be_bytes(self.array()?) {
                // Null is -1, and 0 in a tag.
                ..=0 => Ok(Json::null()),
                _ => self.fields(fields),
            },
        }
    }

    fn list(&mut self, item: &Kind) -> Result<Json, Cut> {
        let Some(count) = self.length(4)? else { return Ok(Json::null()) };
        // Each item takes a byte at least, so a longer list is a lie.
        if count > self.bytes.len() {
            return Err(Cut);
        }
        (0..count).map(|_| self.value(item)).collect::<Result<_, _>>().map(Json::List)
    }

    fn sized(&mut self, width: usize) -> Result<Option<&'a [u8]>, Cut> {
        self.length(width)?.map(|length| self.take(length)).transpose()
    }

    /// A length of `width` bytes, or a compact one; `None` for null.
    fn length(&mut self, width: usize) -> Result<Option<usize>, Cut> {
        if self.flexible {
            return Ok(usize::try_from(self.unsigned()?).map_err(|_| Cut)?.checked_sub(1));
        }
        let length = match width {
            2 => i32::from(i16::from_be_bytes(self.array()?)),
            _ => i32::from_be_bytes(self.array()?),
        };
        Ok(usize::try_from(length).ok())
    }

    fn unsigned(&mut self) -> Result<u32, Cut> {
        unsigned(&mut self.bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Cut> {
        let (head, rest) = self.bytes.split_first_chunk().ok_or(Cut)?;
        self.bytes = rest;
        Ok(*head)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Cut> {
        let (head, rest) = self.bytes.split_at_checked(length).ok_or(Cut)?;
        self.bytes = rest;
        Ok(head)
    }
}

/// Takes an unsigned number of seven bits a byte off the front.
pub(super) fn unsigned(bytes: &mut &[u8]) -> Result<u32, Cut> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(Cut)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return u32::try_from(value).map_err(|_| Cut);
        }
    }
    Err(Cut)
}

/// A number as Java prints it: `1.0`, `1.0E7`.
fn java_double(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return if value.is_nan() {
            "\"NaN\"".to_owned()
        } else {
            format!("\"{}Infinity\"", if value < 0.0 { "-" } else { "" })
        };
    }
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{value:?}");
    }
    let text = format!("{value:E}");
    match text.split_once('E') {
        Some((digits, power)) if !digits.contains('.') => format!("{digits}.0E{power}"),
        _ => text,
    }
}
