use super::*;

fn member(id: &str, topics: &[&str], owned: &[(&str, i32)]) -> Subscriber {
    Subscriber {
        id: id.to_owned(),
        instance: None,
        topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
        owned: owned.iter().map(|(topic, partition)| ((*topic).to_owned(), *partition)).collect(),
        generation: 1,
    }
}

fn topics(list: &[(&str, i32)]) -> BTreeMap<String, i32> {
    list.iter().map(|(topic, count)| ((*topic).to_owned(), *count)).collect()
}

fn shown(assignment: &Assignment) -> Vec<String> {
    let list =
        |has: &BTreeSet<Tp>| has.iter().map(|(topic, partition)| format!("{topic}{partition}")).collect::<Vec<_>>();
    assignment.iter().map(|(id, has)| format!("{id}: {}", list(has).join(" "))).collect()
}

#[test]
fn ranges_are_cut_topic_by_topic_and_the_first_members_get_one_more() {
    let members = [member("b", &["t", "u"], &[]), member("a", &["t"], &[]), member("c", &["t"], &[])];
    let assigned = Assignor::Range.assign(&topics(&[("t", 5), ("u", 2)]), &members);
    assert_eq!(shown(&assigned), ["a: t0 t1", "b: t2 t3 u0 u1", "c: t4"]);
}

#[test]
fn static_members_come_first_in_the_order_of_their_instances() {
    let mut fixed = member("z", &["t"], &[]);
    fixed.instance = Some("i".to_owned());
    let assigned = Assignor::Range.assign(&topics(&[("t", 3)]), &[member("a", &["t"], &[]), fixed]);
    assert_eq!(shown(&assigned), ["a: t2", "z: t0 t1"]);
}

#[test]
fn round_robin_passes_over_members_that_do_not_want_a_topic() {
    let members = [member("a", &["t"], &[]), member("b", &["t", "u"], &[])];
    let assigned = Assignor::RoundRobin.assign(&topics(&[("t", 3), ("u", 2)]), &members);
    assert_eq!(shown(&assigned), ["a: t0 t2", "b: t1 u0 u1"]);
}

#[test]
fn what_changes_hands_is_first_given_to_nobody() {
    let all = [("t", 0), ("t", 1), ("t", 2), ("t", 3)];
    let topics = topics(&[("t", 4)]);
    let first = Assignor::CooperativeSticky.assign(&topics, &[member("a", &["t"], &all), member("b", &["t"], &[])]);
    assert_eq!(shown(&first), ["a: t0 t1", "b: "]);
    let second =
        Assignor::CooperativeSticky.assign(&topics, &[member("a", &["t"], &all[..2]), member("b", &["t"], &[])]);
    assert_eq!(shown(&second), ["a: t0 t1", "b: t2 t3"]);
}

#[test]
fn loads_differ_by_one_at_most_where_all_want_the_same() {
    for (members, partitions) in [(3, 7), (4, 2), (5, 25), (1, 3)] {
        let list: Vec<Subscriber> = (0..members).map(|number| member(&format!("m{number}"), &["t"], &[])).collect();
        let assigned = Assignor::CooperativeSticky.assign(&topics(&[("t", partitions)]), &list);
        let loads: Vec<usize> = assigned.values().map(BTreeSet::len).collect();
        assert_eq!(loads.iter().sum::<usize>(), usize::try_from(partitions).unwrap());
        assert!(loads.iter().max().unwrap() - loads.iter().min().unwrap() <= 1);
    }
}

#[test]
fn a_topic_that_nobody_wants_is_nobody_s() {
    for assignor in [Assignor::Range, Assignor::RoundRobin, Assignor::CooperativeSticky] {
        let assigned = assignor.assign(&topics(&[("x", 3)]), &[member("a", &["t"], &[])]);
        assert_eq!(shown(&assigned), ["a: "]);
        assert_eq!(Assignor::named(assignor.name()), Some(assignor));
    }
}
