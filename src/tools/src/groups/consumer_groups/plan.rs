//! Reset plans as CSV, read and written as the stock tool's library does it (`CsvUtils`).
//!
//! ```text
//!   topic,partition,offset             of one group
//!   group,topic,partition,offset       of several
//! ```

use std::collections::BTreeMap;

use klamm_base::TopicPartition;
use klamm_base::name::java_hash;

use crate::admin::java_map::{in_map_order, partition_hash};
use crate::groups::offsets::Offsets;
use crate::thrown::{RUNTIME, Thrown};

/// New offsets by group.
pub(super) type Plan = BTreeMap<String, Offsets>;

/// A text longer than this is quoted without a look at it.
const LOOKED_AT_CHARS: usize = 24;

/// A plan as CSV; with the group in each line, unless `single` says that there is but one.
pub(super) fn export(plan: &Plan, single: bool) -> String {
    let groups = in_groups(plan).into_iter();
    let rows = groups.flat_map(|(group, offsets)| in_partitions(offsets).into_iter().map(move |row| (group, row)));
    let line = |(group, (partition, offset)): (&String, (&TopicPartition, &i64))| {
        let rest = format!("{},{},{offset}\n", quoted(&partition.topic), partition.partition);
        if single { rest } else { format!("{},{rest}", quoted(group)) }
    };
    rows.map(line).collect()
}

/// The groups of a plan in the order in which the stock tool prints them.
pub(super) fn in_groups(plan: &Plan) -> Vec<(&String, &Offsets)> {
    in_map_order(plan.iter().collect(), |(group, _)| java_hash(group))
}

/// The partitions of a plan in the order in which the stock tool prints them.
pub(super) fn in_partitions(offsets: &Offsets) -> Vec<(&TopicPartition, &i64)> {
    in_map_order(offsets.iter().collect(), |(target, _)| partition_hash(&target.topic, target.partition))
}

/// Quotes what might be more than one value.
fn quoted(text: &str) -> String {
    // Every sign below the dash, for the comma and the quote are there.
    if text.chars().count() > LOOKED_AT_CHARS || text.chars().any(|sign| sign < '-') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Reads a plan. `single` is the group of lines that name none; such lines may stand only where it is given.
///
/// # Errors
/// If a line is none. `Ok` holds what is wrong with the first line as one of a single group, which Kafka prints.
pub(super) fn import(text: &str, single: Option<&str>) -> Result<(Plan, Option<Thrown>), Thrown> {
    let lines = super::targets::java_split(text, '\n');
    let first = lines.first().map_or(Ok(()), |line| no_group(line).map(drop));
    let mut plan = Plan::new();
    for line in lines {
        let (group, row) = match single.filter(|_| first.is_ok()) {
            Some(group) => (group.to_owned(), no_group(line)),
            None => with_group(line),
        };
        let (partition, offset) = row.map_err(|thrown| thrown.within(RUNTIME))?;
        plan.entry(group).or_default().insert(partition, offset);
    }
    Ok((plan, first.err()))
}

type Row = Result<(TopicPartition, i64), Thrown>;

fn no_group(line: &str) -> Row {
    let values = split(line);
    if values.len() > 3 {
        return Err(too_many(&values, 3));
    }
    row(&values)
}

fn with_group(line: &str) -> (String, Row) {
    let values = split(line);
    let group = values.first().cloned().unwrap_or_default();
    let row = if values.len() > 4 { Err(too_many(&values, 4)) } else { row(values.get(1..).unwrap_or_default()) };
    (group, row)
}

/// What is missing is empty or 0.
fn row(values: &[String]) -> Row {
    let topic = values.first().map_or("", String::as_str);
    let partition = number(values.get(1), "int")?;
    let offset = number(values.get(2), "long")?;
    Ok((TopicPartition::new(topic, partition), offset))
}

fn number<T: std::str::FromStr + Default>(value: Option<&String>, kind: &str) -> Result<T, Thrown> {
    let text = value.map_or("", |value| value.trim());
    if text.is_empty() {
        return Ok(T::default());
    }
    text.parse().map_err(|_| {
        let text =
            format!("Cannot deserialize value of type `{kind}` from String \"{text}\": not a valid `{kind}` value");
        Thrown::new("com.fasterxml.jackson.databind.exc.InvalidFormatException", text)
    })
}

fn too_many(values: &[String], most: usize) -> Thrown {
    let value = &values[most];
    let text = format!(
        "Too many entries: expected at most {most} (value #{most} ({} chars) \"{value}\")",
        value.chars().count()
    );
    Thrown::new("com.fasterxml.jackson.dataformat.csv.CsvReadException", text)
}

/// The values of a line; one that begins with a quote goes on to the next one that is not doubled.
fn split(line: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut signs = line.trim_end_matches('\r').chars().peekable();
    loop {
        let mut value = String::new();
        if signs.next_if_eq(&'"').is_some() {
            while let Some(sign) = signs.next() {
                if sign != '"' {
                    value.push(sign);
                } else if signs.next_if_eq(&'"').is_some() {
                    value.push('"');
                } else {
                    break;
                }
            }
        }
        while let Some(sign) = signs.next_if(|sign| *sign != ',') {
            value.push(sign);
        }
        values.push(value);
        if signs.next().is_none() {
            return values;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(rows: &[(&str, i32, i64)]) -> Offsets {
        rows.iter().map(|(topic, partition, offset)| (TopicPartition::new(*topic, *partition), *offset)).collect()
    }

    #[test]
    fn a_plan_survives_its_file() {
        let long = "a.topic.whose.name.is.rather.long";
        let plan = Plan::from([
            ("g 1".to_owned(), offsets(&[(long, 0, 5), ("t", 11, 7)])),
            ("g-2".to_owned(), offsets(&[("t", 0, 0)])),
        ]);
        let text = export(&plan, false);
        assert_eq!(text, format!("\"g 1\",\"{long}\",0,5\n\"g 1\",t,11,7\ng-2,t,0,0\n"));
        assert_eq!(import(&text, None).unwrap().0, plan);
        // Lines with groups are understood where one group is asked for, too.
        assert_eq!(import(&text, Some("g-2")).unwrap().0, plan);
    }

    #[test]
    fn lines_without_a_group_belong_to_the_one_that_is_asked_for() {
        let plan = Plan::from([("g".to_owned(), offsets(&[("t", 0, 5), ("t", 1, 6)]))]);
        // Java's hash maps give the later one out first.
        assert_eq!(export(&plan, true), "t,1,6\nt,0,5\n");
        assert_eq!(import("t,0,5\r\nt,1,6\n\n", Some("g")).unwrap(), (plan, None));
    }

    #[test]
    fn a_line_that_is_none_is_refused() {
        let thrown = import("t,0,5\nt,x,6\n", Some("g")).unwrap_err();
        assert!(thrown.text().contains("from String \"x\""), "{thrown}");
        assert!(import("g,t,0,5,6", None).is_err());
    }
}
