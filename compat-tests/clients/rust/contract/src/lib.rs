//! What the Rust drivers share: the contract with the tests, and the script of a group of two.
//!
//! A driver is called as `DRIVER BOOTSTRAP CASE TOPIC` with the case's arguments as JSON on stdin, and prints its result as one line of
//! JSON. Bytes travel as base64, and null stays null. What each case does is told in `../README.md`.

use std::collections::BTreeSet;
use std::io::Read;
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

mod group;

pub use group::{Member, group_of_two};

/// How long any single wait may last before the driver gives up and says what it waited for.
pub const WAIT: Duration = Duration::from_secs(45);
const PACE: Duration = Duration::from_millis(50);

pub type Failure = Box<dyn std::error::Error + Send + Sync>;
pub type Outcome<T> = Result<T, Failure>;

/// A record as the tests send it: no offset yet, and perhaps no timestamp.
pub struct Record {
    pub partition: i32,
    pub timestamp: Option<i64>,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

/// Bytes as the tests want them: base64, or null.
pub fn pack(data: Option<&[u8]>) -> Value {
    data.map_or(Value::Null, |bytes| Value::String(STANDARD.encode(bytes)))
}

fn unpack(value: &Value) -> Outcome<Option<Vec<u8>>> {
    value.as_str().map(|text| STANDARD.decode(text)).transpose().map_err(Failure::from)
}

/// The records that a produce case sends.
pub fn records(args: &Value) -> Outcome<Vec<Record>> {
    list(args, "records")?.iter().map(record).collect()
}

fn record(from: &Value) -> Outcome<Record> {
    let headers = from["headers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let headers = headers.iter().map(|pair| Ok((pair[0].as_str().unwrap_or_default().to_owned(), unpack(&pair[1])?)));
    Ok(Record {
        partition: i32::try_from(from["partition"].as_i64().unwrap_or(0))?,
        timestamp: from["timestamp"].as_i64(),
        key: unpack(&from["key"])?,
        value: unpack(&from["value"])?,
        headers: headers.collect::<Outcome<_>>()?,
    })
}

/// Where a consume case starts: partitions and offsets.
pub fn starts(args: &Value) -> Outcome<Vec<(i32, i64)>> {
    let map = args["partitions"].as_object().ok_or("no partitions")?;
    map.iter()
        .map(|(partition, offset)| Ok((partition.parse()?, offset.as_i64().ok_or("an offset is no number")?)))
        .collect()
}

pub fn list<'a>(args: &'a Value, name: &str) -> Outcome<&'a [Value]> {
    args[name].as_array().map(Vec::as_slice).ok_or_else(|| format!("no list {name}").into())
}

pub fn number(args: &Value, name: &str) -> Outcome<i64> {
    args[name].as_i64().ok_or_else(|| format!("no number {name}").into())
}

pub fn text<'a>(args: &'a Value, name: &str) -> Outcome<&'a str> {
    args[name].as_str().ok_or_else(|| format!("no text {name}").into())
}

/// The pairs of an object of strings.
pub fn pairs<'a>(args: &'a Value, name: &str) -> Outcome<Vec<(&'a str, &'a str)>> {
    let map = args[name].as_object().ok_or_else(|| format!("no object {name}"))?;
    Ok(map.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect())
}

/// One record per partition, "late-N", for a group that is shared.
pub fn late_records(total: usize) -> Value {
    let one = |partition: usize| json!({"partition": partition, "key": null, "value": pack(Some(format!("late-{partition}").as_bytes()))});
    json!({"records": (0..total).map(one).collect::<Vec<_>>()})
}

/// Calls `look` until `good` holds for what it returns, for at most [`WAIT`], and returns that.
///
/// # Errors
/// The failure of `look`, or one that says what did not happen and what was seen last.
pub fn until<T: std::fmt::Debug>(
    what: &str,
    mut look: impl FnMut() -> Outcome<T>,
    good: impl Fn(&T) -> bool,
) -> Outcome<T> {
    let end = Instant::now() + WAIT;
    loop {
        let seen = look()?;
        if good(&seen) {
            return Ok(seen);
        }
        if Instant::now() > end {
            return Err(format!("gave up waiting for {what}; last seen: {seen:?}").into());
        }
        sleep(PACE); // the pace of polling: `good` alone ends the wait
    }
}

fn distinct(values: &[String], late: bool) -> BTreeSet<&str> {
    values.iter().map(String::as_str).filter(|value| value.starts_with("late-") == late).collect()
}

/// Runs the case that the command line names: `run(bootstrap, case, topic, arguments)`.
pub fn main(run: impl FnOnce(&str, &str, &str, &Value) -> Outcome<Value>) {
    let outcome = read_and_run(run);
    match outcome {
        Ok(result) => println!("{result}"),
        Err(failure) => {
            eprintln!("{failure}");
            std::process::exit(1);
        }
    }
}

fn read_and_run(run: impl FnOnce(&str, &str, &str, &Value) -> Outcome<Value>) -> Outcome<Value> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [bootstrap, case, topic] = words.as_slice() else {
        return Err("usage: DRIVER BOOTSTRAP CASE TOPIC".into());
    };
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input)?;
    run(bootstrap, case, topic, &serde_json::from_str(&input)?)
}
