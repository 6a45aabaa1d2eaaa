"""OffsetCommit, OffsetFetch, OffsetDelete (O1-O13)."""

import uuid

from raw.case import Context, case, errors
from raw.cases.groups import Member, await_state, subscription


def commit(group: str | None, topic, offset: int = 5, *, partitions: tuple[int, ...] = (0,), generation: int = -1, member: str = "",
           instance: str | None = None, metadata: str | None = "m", epoch: int = -1) -> dict:
    """An OffsetCommit of one topic; `topic` is a name, or a Topic for v10."""
    rows = [{"partition_index": p, "committed_offset": offset, "committed_metadata": metadata,
             "committed_leader_epoch": epoch} for p in partitions]
    where = {"name": topic} if isinstance(topic, str) else {"name": topic.name, "topic_id": topic.id}
    return {"group_id": group, "generation_id_or_member_epoch": generation, "member_id": member,
            "group_instance_id": instance, "topics": [{**where, "partitions": rows}]}


def fetch(group: str, topic=None, partitions: list[int] | None = None, *, version: int = 7, stable: bool = False) -> dict:
    """An OffsetFetch in the shape of a version; no topic means all."""
    where = None if topic is None else ({"name": topic} if isinstance(topic, str) else {"name": topic.name, "topic_id": topic.id})
    topics = None if topic is None else [{**where, "partition_indexes": partitions or [0]}]
    body = {"groups": [{"group_id": group, "topics": topics}]} if version >= 8 else {"group_id": group, "topics": topics}
    return {**body, "require_stable": stable} if version >= 7 else body


@case("O1")
def commits_without_a_member(c: Context) -> None:
    """A commit of nobody creates a simple group; in an EMPTY group only nobody may commit."""
    topic = c.topic()
    for version in range(2, 11):
        group = c.name(f"g{version}")
        c.call(f"v{version}", "offset_commit", version, commit(group, topic), error=0)
        c.call(f"v{version} fetched", "offset_fetch", min(version, 10), fetch(group, topic, version=min(version, 10)), error=0)
    group = c.name("odd")
    for step, generation, member in (("absent group, generation -5", -5, ""), ("absent group, a member id", -1, "m")):
        c.call(step, "offset_commit", 7, commit(c.name(step[-3:]), topic, generation=generation, member=member))
    c.call("first", "offset_commit", 7, commit(group, topic), error=0)
    for generation, member in ((-1, "x"), (0, ""), (0, "x"), (5, ""), (-2, ""), (-2, "x")):
        c.call(f"empty group, generation {generation} member {member!r}", "offset_commit", 7,
               commit(group, topic, 9, generation=generation, member=member))
    c.call("described", "describe_groups", 5, {"groups": [group]}, error=0)


@case("O1")
def commits_in_a_living_group(c: Context) -> None:
    """Nobody is UNKNOWN_MEMBER_ID, a member with generation -1 ILLEGAL_GENERATION, the right pair commits."""
    topic = c.topic()
    m = Member(c, c.name("g"), "m")
    m.join()
    c.call("completing", "offset_commit", 7, commit(m.group, topic, generation=1, member=m.id), error=27)
    m.sync(assignments={m.id: b"x"})
    for step, generation, member, error in (("nobody", -1, "", 25), ("member without generation", -1, m.id, 22),
                                            ("wrong member", 1, "y", 25), ("wrong generation", 2, m.id, 22), ("right", 1, m.id, 0)):
        for version in (2, 7, 9, 10):
            c.call(f"{step} v{version}", "offset_commit", version,
                   commit(m.group, topic, generation=generation, member=member), error=error)
    m.leave()
    c.call("after it left", "offset_commit", 7, commit(m.group, topic, generation=1, member=m.id), error=25)
    c.call("nobody now", "offset_commit", 7, commit(m.group, topic, 8), error=0)


@case("O2")
def a_generation_in_an_absent_group(c: Context) -> None:
    """GROUP_ID_NOT_FOUND from v9 on, ILLEGAL_GENERATION before."""
    topic = c.topic()
    for version in range(2, 11):
        c.call(f"v{version}", "offset_commit", version, commit(c.name("g"), topic, generation=0, member="m"),
               error=69 if version >= 9 else 22)


@case("O2")
def a_static_member_commits(c: Context) -> None:
    """A known instance id with another member id is FENCED_INSTANCE_ID."""
    topic = c.topic()
    m = Member(c, c.name("g"), "m", instance="i")
    m.join()
    m.sync(assignments={m.id: b"x"})
    for step, member, instance in (("right", m.id, "i"), ("fenced", "other", "i"), ("unknown instance", m.id, "j"),
                                   ("without instance", m.id, None)):
        c.call(step, "offset_commit", 7, commit(m.group, topic, generation=1, member=member, instance=instance))


@case("O3")
def commits_while_a_group_prepares(c: Context) -> None:
    """PREPARING_REBALANCE accepts commits of the old generation."""
    topic = c.topic()
    a = Member(c, c.name("g"), "a")
    a.join()
    a.sync(assignments={a.id: b"x"})
    b = Member(c, a.group, "b", version=3)
    parked = b.send_join()
    await_state(c, a.group, "PreparingRebalance")
    c.call("preparing", "offset_commit", 7, commit(a.group, topic, 44, generation=1, member=a.id), error=0)
    a.joined("rejoin", a.send_join())
    b.joined("join", parked)
    c.call("completing", "offset_commit", 7, commit(a.group, topic, 45, generation=2, member=a.id), error=27)
    c.call("fetched", "offset_fetch", 7, fetch(a.group, topic.name), error=0, says={"committed_offset": 44})


@case("O4")
def what_is_committed_comes_back(c: Context) -> None:
    """Any offset is kept as given; null metadata is ""; metadata above 4096 bytes is OFFSET_METADATA_TOO_LARGE."""
    topic, group = c.topic(partitions=2), c.name("g")
    for offset in (0, 1, 10**12, 2**63 - 1, -1, -5, -(2**63)):
        c.call(f"offset {offset}", "offset_commit", 7, commit(group, topic, offset, epoch=3), error=0)
        c.call(f"offset {offset} back", "offset_fetch", 7, fetch(group, topic.name), error=0,
               says={"committed_offset": offset, "committed_leader_epoch": 3})
    for metadata in ("", None, "é" * 10, "x" * 4096, "x" * 4097, "é" * 2049):
        name = f"metadata {len(metadata) if metadata is not None else None} {(metadata or '')[:1]}"
        c.call(name, "offset_commit", 7, commit(group, topic, metadata=metadata))
        c.call(f"{name} back", "offset_fetch", 7, fetch(group, topic.name))
    rows = [{"partition_index": 0, "committed_offset": 1, "committed_metadata": "x" * 5000},
            {"partition_index": 1, "committed_offset": 2, "committed_metadata": "ok"}]
    c.call("one too large", "offset_commit", 7, {**commit(group, topic), "topics": [{"name": topic.name, "partitions": rows}]},
           error=12)
    c.call("all", "offset_fetch", 7, fetch(group), error=0)


@case("O4")
def a_partition_twice_in_one_commit(c: Context) -> None:
    """Two answers, the last one stays; in OffsetFetch two answers too."""
    topic, group = c.topic(), c.name("g")
    rows = [{"partition_index": 0, "committed_offset": offset, "committed_metadata": ""} for offset in (3, 9, 6)]
    c.call("commit", "offset_commit", 7, {**commit(group, topic), "topics": [{"name": topic.name, "partitions": rows}]}, error=0)
    c.call("fetch", "offset_fetch", 7, fetch(group, topic.name, [0, 0]), says={"committed_offset": 6})
    c.call("group twice", "offset_fetch", 8, {"groups": fetch(group, topic.name, version=8)["groups"] * 2})


@case("O5")
def topics_that_do_not_exist(c: Context) -> None:
    """Unknown topics and partitions have their code in a commit, others are kept; ids at v10 likewise."""
    topic, group = c.topic(), c.name("g")
    body = commit(group, topic, partitions=(0, 7, -1))
    body["topics"].append(commit(group, c.name("absent"))["topics"][0])
    for version in (2, 7, 9):
        c.call(f"v{version}", "offset_commit", version, body, error=3)
    stranger = {"topic_id": uuid.UUID(int=5), "partitions": [{"partition_index": 0, "committed_offset": 1, "committed_metadata": ""}]}
    c.call("v10 stranger", "offset_commit", 10, {**body, "topics": [commit(group, topic)["topics"][0], stranger]}, error=100)
    c.call("v10 zero id", "offset_commit", 10, {**body, "topics": [{**stranger, "topic_id": None}]}, error=100)
    c.call("nothing", "offset_commit", 7, {**body, "topics": []}, says={"topics": []})
    c.call("no partitions", "offset_commit", 7, commit(group, topic, partitions=()))
    c.call("kept", "offset_fetch", 7, fetch(group), error=0)


@case("O5")
def the_empty_group_id(c: Context) -> None:
    """"" may commit and fetch, is listed, described and deleted; OffsetDelete and members refuse it."""
    topic = c.topic()
    for version in (2, 7, 9, 10):
        c.call(f"commit v{version}", "offset_commit", version, commit("", topic, 11), error=0)
    for version in range(1, 11):
        c.call(f"fetch v{version}", "offset_fetch", version, fetch("", topic, version=version), error=0)
    c.call("described", "describe_groups", 5, {"groups": [""]}, error=0)
    listed = [g for g in c.quiet("list_groups", 4, {})["groups"] if g["group_id"] == ""]
    c.add("listed", len(listed), says=1)
    c.call("offset delete", "offset_delete", 0, {"group_id": "", "topics": [
        {"name": topic.name, "partitions": [{"partition_index": 0}]}]}, error=24)
    c.call("deleted", "delete_groups", 2, {"groups_names": [""]}, error=0)
    c.call("fetched after", "offset_fetch", 7, fetch("", topic.name), says={"committed_offset": -1})


@case("O8")
def offsets_that_are_not_there(c: Context) -> None:
    """-1, epoch -1, "" and NONE for anything absent; v10 ids UNKNOWN_TOPIC_ID; null topics are all."""
    topic, group = c.topic(partitions=3), c.name("g")
    for version in range(1, 11):
        c.call(f"v{version} absent group", "offset_fetch", version, fetch(c.name("absent"), topic, [0, 1], version=version))
        if version >= 2:
            c.call(f"v{version} absent group, all", "offset_fetch", version, fetch(c.name("absent"), version=version))
    c.call("commit", "offset_commit", 7, commit(group, topic, 7, partitions=(0, 2)), error=0)
    for version in range(1, 11):
        c.call(f"v{version} some", "offset_fetch", version, fetch(group, topic, [0, 1, 2, 77], version=version))
        if version >= 2:
            c.call(f"v{version} all", "offset_fetch", version, fetch(group, version=version))
        if version < 10:
            c.call(f"v{version} absent topic", "offset_fetch", version, fetch(group, c.name("nope"), version=version))
    c.call("v10 stranger", "offset_fetch", 10, {"groups": [{"group_id": group, "topics": [
        {"topic_id": uuid.UUID(int=6), "partition_indexes": [0, 1]}]}]}, error=100)
    c.call("v8 several groups", "offset_fetch", 8, {"groups": [
        *fetch(group, version=8)["groups"], *fetch(c.name("absent"), topic, version=8)["groups"]]})
    c.call("v8 no groups", "offset_fetch", 8, {"groups": []})
    c.call("no topics", "offset_fetch", 7, {"group_id": group, "topics": []}, says={"topics": []})
    for version in (7, 8, 9):
        c.call(f"v{version} stable", "offset_fetch", version, fetch(group, topic, version=version, stable=True), error=0)


@case("O10")
def member_epochs_of_a_classic_group(c: Context) -> None:
    """OffsetFetch v9 with a member id and epoch."""
    topic = c.topic()
    m = Member(c, c.name("g"), "m")
    m.join()
    m.sync(assignments={m.id: b"x"})
    for member, epoch in ((m.id, 1), (m.id, 7), ("nobody", 1), (None, -1), ("", 0)):
        c.call(f"{'m' if member == m.id else member} {epoch}", "offset_fetch", 9, {"groups": [
            {"group_id": m.group, "member_id": member, "member_epoch": epoch,
             "topics": [{"name": topic.name, "partition_indexes": [0]}]}]})


@case("O12")
def offsets_are_deleted(c: Context) -> None:
    """Absent group 69, subscribed topics 86, other living groups 68, else deleted."""
    subscribed, free = c.topic("subscribed"), c.topic("free")

    def delete(group: str, *topics, partitions: tuple[int, ...] = (0,)) -> dict:
        return {"group_id": group, "topics": [{"name": t if isinstance(t, str) else t.name, "partitions": [
            {"partition_index": p} for p in partitions]} for t in topics]}

    c.call("absent group", "offset_delete", 0, delete(c.name("absent"), free), error=69)
    m = Member(c, c.name("g"), "m", protocols=[("range", subscription(subscribed.name))])
    m.join()
    m.sync(assignments={m.id: b"x"})
    for topic in (subscribed, free):
        c.call(f"commit {topic.name[-4:]}", "offset_commit", 7, commit(m.group, topic, generation=1, member=m.id), error=0)
    c.call("living consumer group", "offset_delete", 0, delete(m.group, subscribed, free), error=86)
    c.call("left over", "offset_fetch", 7, fetch(m.group), error=0)
    m.leave()
    c.call("unknown topics", "offset_delete", 0, delete(m.group, c.name("nope"), subscribed, partitions=(0, 9)))
    c.call("nothing left", "offset_fetch", 7, fetch(m.group), error=0, says={"topics": []})
    other = Member(c, c.name("connect"), "other", kind="connect")
    other.join()
    other.sync(assignments={other.id: b"x"})
    c.call("another kind of group", "offset_delete", 0, delete(other.group, free), error=68)
    c.call("no topics", "offset_delete", 0, delete(other.group))


@case("O13")
def the_last_of_pipelined_commits_wins(c: Context) -> None:
    """Commits of one connection take effect in their order."""
    topic, group, conn = c.topic(), c.name("g"), c.connect()
    sent = [conn.send("offset_commit", 7, commit(group, topic, offset)) for offset in range(50)]
    read = conn.send("offset_fetch", 7, fetch(group, topic.name))
    c.add("errors", [code for one in sent for code in errors(conn.recv(one)) if code], says=[])
    c.add("last", conn.recv(read), error=0, says={"committed_offset": 49})


@case("O7")
def offsets_go_with_their_topic(c: Context) -> None:
    """Deleting a topic deletes its offsets; other topics' offsets stay."""
    gone, stays, group = c.topic("gone"), c.topic("stays"), c.name("g")
    c.call("commit gone", "offset_commit", 7, commit(group, gone, 3), error=0)
    c.call("commit stays", "offset_commit", 7, commit(group, stays, 4), error=0)
    c.quiet("delete_topics", 5, {"topic_names": [gone.name], "timeout": 10_000})
    import time
    deadline = time.monotonic() + 60
    while len(c.quiet("offset_fetch", 7, fetch(group))["topics"]) > 1:
        assert time.monotonic() < deadline, "the offsets of a deleted topic are still there"
    c.call("left", "offset_fetch", 7, fetch(group), error=0, says={"committed_offset": 4})
