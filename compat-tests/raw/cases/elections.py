"""ElectLeaders (E11, as far as a cluster of one broker has something to elect)."""

from raw.case import Context, case


def ask(partitions: list[tuple[str, list[int]]] | None, election: int = 0) -> dict:
    """A request for partitions of topics, or for all there are."""
    topics = None if partitions is None else [{"topic": topic, "partitions": indexes} for topic, indexes in partitions]
    return {"election_type": election, "topic_partitions": topics, "timeout": 5000}


@case("E11")
def a_partition_whose_leader_is_there_keeps_it(c: Context) -> None:
    """ELECTION_NOT_NEEDED with its message, for either kind of election and at every version."""
    topic = c.topic(partitions=3)
    for version in range(3):
        for election in (0, 1):
            c.call(f"v{version} {election}", "elect_leaders", version, ask([(topic.name, [0, 2])], election), error=84)
    after = c.call("metadata", "metadata", 9, {"topics": [{"name": topic.name}], "allow_auto_topic_creation": False}, error=0)
    assert [row["leader_epoch"] for row in after["topics"][0]["partitions"]] == [0, 0, 0]


@case("E11")
def partitions_that_are_not_there(c: Context) -> None:
    """UNKNOWN_TOPIC_OR_PARTITION with what is missing, beside the answers for those that are there, in the order of the request."""
    topic, absent = c.topic(partitions=2), c.name("absent")
    c.call("unknown partition", "elect_leaders", 2, ask([(topic.name, [7, 1, -1])]))
    c.call("unknown topic", "elect_leaders", 2, ask([(absent, [0, 1])]), error=3)
    c.call("both", "elect_leaders", 2, ask([(absent, [0]), (topic.name, [0])]))
    c.call("twice", "elect_leaders", 2, ask([(topic.name, [0, 0]), (topic.name, [0])]), error=84)
    c.call("no name", "elect_leaders", 2, ask([("", [0])]), error=3)
    c.call("no partitions", "elect_leaders", 2, ask([(topic.name, []), (absent, [])]))
    c.call("nothing", "elect_leaders", 2, ask([]), error=0, says={"replica_election_results": []})


@case("E11")
def without_a_list_all_are_looked_at(c: Context) -> None:
    """Every topic is named, without the partitions that need no election."""
    topic = c.topic(partitions=2)
    for version in range(3):
        for election in (0, 1):
            answer = c.quiet("elect_leaders", version, ask(None, election))
            results = {row["topic"]: row["partition_result"] for row in answer["replica_election_results"]}
            c.add(f"v{version} {election}", results.get(topic.name), says=[])
            c.add(f"v{version} {election} nowhere", [name for name, rest in results.items() if rest], says=[])


@case("E11")
def an_unknown_kind_of_election(c: Context) -> None:
    """INVALID_REQUEST for the whole request, which version 1 can say."""
    topic = c.topic()
    for election in (2, -1, 127):
        for wish in ([(topic.name, [0])], None):
            c.call(f"{election} {wish is None}", "elect_leaders", 2, ask(wish, election), error=42)
            c.call(f"v1 {election} {wish is None}", "elect_leaders", 1, ask(wish, election), error=42)
