//! The script of a group of two members.

use serde_json::{Value, json};

use crate::{Outcome, distinct, number, until};

/// A member of a group that reads in the background.
pub trait Member {
    /// The partitions that it owns now, in order.
    ///
    /// # Errors
    /// Whatever ended its reading.
    fn owned(&self) -> Outcome<Vec<i32>>;
    /// Every value that it has read.
    fn values(&self) -> Vec<String>;
    /// Leaves the group.
    ///
    /// # Errors
    /// Whatever ended its reading.
    fn stop(self: Box<Self>) -> Outcome<()>;
}

type Members = Vec<Box<dyn Member>>;

fn assignments(members: &Members) -> Outcome<Vec<Vec<i32>>> {
    members.iter().map(|member| member.owned()).collect()
}

fn read_all(members: &Members, early: usize, late: usize) -> Outcome<()> {
    let look = || {
        assignments(members)?;
        let values: Vec<String> = members.iter().flat_map(|member| member.values()).collect();
        Ok((distinct(&values, false).len(), distinct(&values, true).len()))
    };
    until("the members to read the topic", look, |seen| seen.0 >= early && seen.1 >= late).map(|_| ())
}

/// One member takes everything, a second one halves it, and when that one leaves the first has everything again. While the group is
/// shared, `produce_late(n)` writes one record "late-N" to each of the n partitions.
///
/// # Errors
/// The failure of a member, or a wait that took too long.
pub fn group_of_two(
    join: impl Fn() -> Outcome<Box<dyn Member>>,
    produce_late: impl FnOnce(usize) -> Outcome<()>,
    args: &Value,
) -> Outcome<Value> {
    let total = usize::try_from(number(args, "partitions")?)?;
    let count = usize::try_from(number(args, "count")?)?;
    let mut members: Members = vec![join()?];
    let alone = until("the first member to own every partition", || assignments(&members), |a| a[0].len() == total)?;
    read_all(&members, count, 0)?;
    members.push(join()?);
    let halves =
        |a: &Vec<Vec<i32>>| a.iter().all(|part| part.len() == total / 2) && !a[0].iter().any(|p| a[1].contains(p));
    let shared = until("the two members to share the partitions", || assignments(&members), halves)?;
    produce_late(total)?;
    read_all(&members, count, total)?;
    let late: Vec<usize> = members.iter().map(|member| distinct(&member.values(), true).len()).collect();
    if let Some(second) = members.pop() {
        second.stop()?;
    }
    let after =
        until("the first member to own every partition again", || assignments(&members), |a| a[0].len() == total)?;
    let values = members[0].values();
    if let Some(first) = members.pop() {
        first.stop()?;
    }
    let mut union = shared.concat();
    union.sort_unstable();
    Ok(json!({
        "alone": alone[0], "shared_sizes": [shared[0].len(), shared[1].len()], "shared_union": union,
        "late": late, "after": after[0], "read_by_first": distinct(&values, false),
    }))
}
