"""Classic groups (G1-G22): every step by hand, with parked requests where the protocol parks."""

import struct
import time
from dataclasses import dataclass, field
from typing import Any

from raw.case import ANSWER_S, SILENT, Context, case, errors
from raw.wire import Conn, Sent

SESSION_MS = 60_000
"""Far longer than any case takes."""

SHORT_MS = 2_000
"""What is waited for to pass; long enough for the few requests that must come before."""


@dataclass
class Member:
    """A member as a client would be: its connection, its id, its generation."""

    c: Context
    group: str
    label: str
    protocols: list[tuple[str, bytes]] = field(default_factory=lambda: [("range", subscription("topic"))])
    instance: str | None = None
    version: int = 9
    session_ms: int = SESSION_MS
    rebalance_ms: int = SESSION_MS
    kind: str = "consumer"
    id: str = ""
    generation: int = -1
    leader: bool = False
    conn: Conn = None

    def __post_init__(self) -> None:
        self.conn = self.c.connect(client_id="raw")

    def join_body(self, **changes: Any) -> dict:
        """A JoinGroup body."""
        return {"group_id": self.group, "session_timeout": self.session_ms, "rebalance_timeout": self.rebalance_ms,
                "member_id": self.id, "group_instance_id": self.instance, "protocol_type": self.kind,
                "protocols": [{"name": n, "metadata": m} for n, m in self.protocols], **changes}

    def take_id(self) -> None:
        """v4 and later: asks once for an id, unless static or already known."""
        if self.version >= 4 and not self.id and self.instance is None:
            answer = self.conn.call("join_group", self.version, self.join_body())
            assert errors(answer) == [79], answer
            self.id = answer["member_id"]

    def send_join(self, **changes: Any) -> Sent:
        """Sends the JoinGroup that may be parked."""
        self.take_id()
        return self.conn.send("join_group", self.version, self.join_body(**changes))

    def joined(self, step: str, sent: Sent, error: Any = 0, **checks: Any) -> dict:
        """Records the answer of a JoinGroup and learns from it."""
        answer = self.c.add(f"{self.label} {step}", self.conn.recv(sent), error=error, **checks)
        if isinstance(answer, dict) and answer.get("error_code") == 0:
            self.id, self.generation = answer["member_id"], answer["generation_id"]
            self.leader = answer["leader"] == self.id
        return answer

    def join(self, step: str = "join", error: Any = 0, says: Any = None, **changes: Any) -> dict:
        """Joins and waits for the answer."""
        return self.joined(step, self.send_join(**changes), error, says=says)

    def sync_body(self, assignments: dict[str, bytes] | None = None, **changes: Any) -> dict:
        """A SyncGroup body."""
        return {"group_id": self.group, "generation_id": self.generation, "member_id": self.id,
                "group_instance_id": self.instance, "protocol_type": self.kind, "protocol_name": self.protocols[0][0],
                "assignments": [{"member_id": m, "assignment": a} for m, a in (assignments or {}).items()], **changes}

    def send_sync(self, assignments: dict[str, bytes] | None = None, version: int = 5, **changes: Any) -> Sent:
        """Sends a SyncGroup that may be parked."""
        return self.conn.send("sync_group", version, self.sync_body(assignments, **changes))

    def sync(self, step: str = "sync", assignments: dict[str, bytes] | None = None, error: Any = 0, says: Any = None,
             version: int = 5, **changes: Any) -> dict:
        """Syncs and waits for the answer."""
        return self.c.add(f"{self.label} {step}", self.conn.recv(self.send_sync(assignments, version, **changes)),
                          error=error, says=says)

    def beat(self, step: str = "heartbeat", error: Any = 0, version: int = 4, **changes: Any) -> dict:
        """A heartbeat."""
        return self.c.add(f"{self.label} {step}", self.conn.call("heartbeat", version, {
            "group_id": self.group, "generation_id": self.generation, "member_id": self.id,
            "group_instance_id": self.instance, **changes}), error=error)

    def leave(self, step: str = "leave", error: Any = 0, version: int = 5) -> dict:
        """Leaves by member id (and instance)."""
        body = {"group_id": self.group}
        row = {"member_id": self.id, "group_instance_id": self.instance}
        body |= {"members": [row]} if version >= 3 else {"member_id": self.id}
        return self.c.add(f"{self.label} {step}", self.conn.call("leave_group", version, body), error=error)


def describe(c: Context, label: str, group: str, version: int = 6, **checks: Any) -> Any:
    """Records what DescribeGroups says."""
    return c.call(label, "describe_groups", version, {"groups": [group]}, **checks)


def await_state(c: Context, group: str, *states: str, members: int | None = None) -> None:
    """Asks until the group is in one of the states, with so many members."""
    deadline = time.monotonic() + 60
    while True:
        found = c.quiet("describe_groups", 5, {"groups": [group]})["groups"][0]
        if found["group_state"] in states and (members is None or len(found["members"]) == members):
            return
        assert time.monotonic() < deadline, found


def pair(c: Context, **options: Any) -> tuple[Member, Member]:
    """A stable group of two: leader and follower, generation 2."""
    group = c.name("g")
    a, b = Member(c, group, "a", **options), Member(c, group, "b", **options)
    a.join()
    a.sync(assignments={a.id: b"all"})
    b.take_id()
    parked = b.send_join()
    await_state(c, group, "PreparingRebalance")
    a.beat("heartbeat during rebalance", error=27)
    again = a.send_join()
    a.joined("rejoin", again, says={"generation_id": 2})
    b.joined("join", parked, says={"generation_id": 2})
    leader, other = (a, b) if a.leader else (b, a)
    waiting = other.send_sync()
    leader.sync("sync of two", {leader.id: b"first", other.id: b"second"})
    c.add(f"{other.label} sync of two", other.conn.recv(waiting), error=0, says={"assignment": repr(b"second")})
    return leader, other


def subscription(*topics: str) -> bytes:
    """ConsumerProtocolSubscription v0."""
    return struct.pack(">hi", 0, len(topics)) + b"".join(
        struct.pack(">h", len(t)) + t.encode() for t in topics) + struct.pack(">i", -1)


@case("G1")
def group_ids_and_session_timeouts(c: Context) -> None:
    """An empty group id is INVALID_GROUP_ID, a session timeout out of range INVALID_SESSION_TIMEOUT, before all else."""
    for version in range(10):
        m = Member(c, "", f"v{version}", version=version, id="nobody")
        m.join("empty group", error=24)
        for timeout in (0, -1, 499, 1_800_001, 2**31 - 1):
            m.join(f"session {timeout}", group_id=c.name("g"), session_timeout=timeout, error=26)
    for api, version, body in (("sync_group", 5, {"protocol_type": "a", "protocol_name": "b"}), ("heartbeat", 4, {}),
                               ("leave_group", 5, {"members": [{"member_id": "m"}]})):
        c.call(api, api, version, {"group_id": "", "member_id": "m", **body} if api != "leave_group" else {
            "group_id": "", **body}, error=24)


@case("G2")
def member_ids_of_unknown_groups(c: Context) -> None:
    """A member id in an unknown group is UNKNOWN_MEMBER_ID and creates nothing."""
    for version in range(10):
        m = Member(c, c.name(f"g{version}"), f"v{version}", version=version, id="stranger")
        m.join(error=25)
        describe(c, f"v{version} none", m.group, error=69)


@case("G2")
def a_join_that_is_refused_leaves_an_empty_group(c: Context) -> None:
    """A join with no protocols in an unknown group is INCONSISTENT_GROUP_PROTOCOL and leaves an EMPTY group."""
    m = Member(c, c.name("g"), "m", protocols=[], version=3)
    m.join("no protocols", error=23)
    m.join("no protocol type", protocols=[{"name": "p", "metadata": b""}], protocol_type="", error=23)
    await_state(c, m.group, "Empty", "Dead")
    describe(c, "left behind", m.group)


@case("G3")
def a_first_join_is_given_an_id(c: Context) -> None:
    """v4 and later: MEMBER_ID_REQUIRED with <client id>-<uuid>; the member is pending, not in the group."""
    for version in range(4, 10):
        m = Member(c, c.name(f"g{version}"), f"v{version}", version=version)
        answer = m.conn.call("join_group", version, m.join_body())
        c.add(f"v{version} required", answer, error=79)
        m.id = answer["member_id"]
        c.add(f"v{version} its form", m.id.startswith("raw-") and len(m.id) == 40, says=True)
        m.beat("pending does not beat", error=25)
        m.join("with the id", says={"generation_id": 1})
    group = c.name("deleted")
    m = Member(c, group, "deleted")
    m.take_id()
    await_state(c, group, "Empty")
    describe(c, "no members", group, error=0, says={"members": [], "group_state": "Empty"})
    c.call("delete", "delete_groups", 2, {"groups_names": [group]}, error=0)
    m.join("id of a deleted group", error=25)


@case("G3")
def before_version_4_a_join_is_at_once(c: Context) -> None:
    """v0 to v3 join without the extra round; a static member does at every version."""
    for version in range(4):
        m = Member(c, c.name(f"g{version}"), f"v{version}", version=version)
        m.join(says={"generation_id": 1})
        c.add(f"v{version} form", m.id.startswith("raw-") and len(m.id) == 40, says=True)
    for version in range(5, 10):
        m = Member(c, c.name(f"s{version}"), f"static v{version}", version=version, instance="inst")
        m.join(says={"generation_id": 1})
        c.add(f"static v{version} form", m.id.startswith("inst-") and len(m.id) == 41, says=True)


@case("G4")
def protocols_that_do_not_fit(c: Context) -> None:
    """Another protocol type, or no common protocol, is INCONSISTENT_GROUP_PROTOCOL."""
    a = Member(c, c.name("g"), "a", protocols=[("range", b"1"), ("sticky", b"2")])
    a.join(says={"protocol_name": "range"})
    a.sync(assignments={a.id: b"x"})
    for version in (3, 9):
        b = Member(c, a.group, f"b{version}", version=version)
        b.id = ""
        for step, body in (("type", {"protocol_type": "connect"}), ("none common", {"protocols": [{"name": "q", "metadata": b""}]}),
                           ("none", {"protocols": []}), ("empty type", {"protocol_type": ""})):
            c.add(f"v{version} {step}", b.conn.call("join_group", version, b.join_body(**body)), error=23)
    a.beat("undisturbed")


@case("G5")
def strangers_in_a_group(c: Context) -> None:
    """An unknown member id is UNKNOWN_MEMBER_ID, a known instance id with another member id FENCED_INSTANCE_ID."""
    a = Member(c, c.name("g"), "a", instance="i1")
    a.join()
    a.sync(assignments={a.id: b"x"})
    stranger = Member(c, a.group, "stranger", id="nobody", generation=1)
    stranger.join(error=25), stranger.sync(error=25), stranger.beat(error=25), stranger.leave(error=25)
    fenced = Member(c, a.group, "fenced", id="other-id", instance="i1", generation=1)
    fenced.join(error=82), fenced.sync(error=82), fenced.beat(error=82), fenced.leave(error=82)
    unknown = Member(c, a.group, "unknown instance", id=a.id, instance="i9", generation=1)
    unknown.join(error=None), unknown.sync(error=None), unknown.beat(error=None), unknown.leave(error=None)
    a.beat("undisturbed", error=None)


@case("G6")
def one_member_joins_leads_and_leaves(c: Context) -> None:
    """The whole life of a group at every version of the requests: Join, Sync, Heartbeat, Describe, Leave."""
    for version in range(10):
        m = Member(c, c.name(f"g{version}"), f"v{version}", version=version)
        m.join(says={"generation_id": 1})
        describe(c, f"v{version} completing", m.group, says={"group_state": "CompletingRebalance"})
        m.sync(assignments={m.id: b"work"}, version=min(version, 5), says={"assignment": repr(b"work")})
        describe(c, f"v{version} stable", m.group, version=min(version, 6), says={"group_state": "Stable"})
        m.beat(version=min(version, 4))
        m.sync("again", version=min(version, 5), says={"assignment": repr(b"work")})
        m.leave(version=min(version, 5))
        describe(c, f"v{version} empty", m.group, says={"group_state": "Empty", "members": []})
        m.beat("after leave", error=25)


@case("G7")
def two_members_rebalance(c: Context) -> None:
    """A second member makes the first rejoin; the leader hands out the assignments; both beat."""
    leader, other = pair(c)
    leader.beat("stable"), other.beat("stable")
    describe(c, "described", leader.group, says={"group_state": "Stable"})
    other.leave()
    leader.beat("one has left", error=27)
    leader.join("alone", says={"generation_id": 3})
    leader.sync("sync alone", {leader.id: b"all"})


@case("G7")
def who_does_not_rejoin_is_removed(c: Context) -> None:
    """At the end of the rebalance timeout dynamic members that did not rejoin are gone."""
    a = Member(c, c.name("g"), "a", rebalance_ms=SHORT_MS)
    a.join()
    a.sync(assignments={a.id: b"x"})
    b = Member(c, a.group, "b", rebalance_ms=SHORT_MS)
    parked = b.send_join()
    await_state(c, a.group, "PreparingRebalance")
    a.sync("sync while preparing", error=27)
    c.timed("b alone", b.conn, parked, SHORT_MS, error=0, says={"generation_id": 2}, came="after the wait")
    a.beat("is gone", error=25)


@case("G7")
def a_static_member_that_does_not_rejoin_stays(c: Context) -> None:
    """At the end of the rebalance timeout static members stay in the group."""
    a = Member(c, c.name("g"), "a", rebalance_ms=SHORT_MS, instance="ia")
    a.join()
    a.sync(assignments={a.id: b"x"})
    b = Member(c, a.group, "b", rebalance_ms=SHORT_MS, instance="ib")
    b.joined("join", b.send_join(), says={"generation_id": 2})
    describe(c, "both", a.group)
    a.beat("still a member", error=None)


@case("G8")
def the_protocol_is_voted_for(c: Context) -> None:
    """Among the protocols that all support each member votes for its first; only the leader sees the members."""
    group = c.name("g")
    wishes = {"a": ["x", "y", "z"], "b": ["y", "x"], "d": ["y", "z", "x"]}
    members = [Member(c, group, label, protocols=[(p, p.encode() + label.encode()) for p in names], version=3)
               for label, names in wishes.items()]
    a, b, d = members
    a.join()
    parked = [b.send_join()]
    await_state(c, group, "PreparingRebalance", members=2)
    parked.append(d.send_join())
    await_state(c, group, "PreparingRebalance", members=3)
    a.joined("rejoin", a.send_join(), says={"protocol_name": "y", "generation_id": 2})
    b.joined("join", parked[0], says={"members": []})
    d.joined("join", parked[1], says={"members": []})


@case("G9")
def who_does_not_sync_is_removed(c: Context) -> None:
    """A member that joined but does not sync within the rebalance timeout is removed."""
    a = Member(c, c.name("g"), "a", rebalance_ms=600)
    a.join()
    await_state(c, a.group, "Empty")
    a.beat("removed", error=25)


@case("G10")
def joins_of_members_in_a_stable_group(c: Context) -> None:
    """A follower with the same metadata is answered at once without a rebalance; with other metadata it rebalances."""
    leader, other = pair(c)
    other.join("same metadata", says={"generation_id": 2, "members": []})
    leader.beat("no rebalance")
    parked = other.send_join(protocols=[{"name": "range", "metadata": subscription("changed")}])
    await_state(c, leader.group, "PreparingRebalance")
    leader.beat("rebalance", error=27)
    leader.joined("rejoins", leader.send_join(), says={"generation_id": 3})
    other.joined("changed metadata", parked, says={"generation_id": 3})
    leader.join("same metadata while completing", says={"generation_id": 3})


@case("G10")
def a_leader_that_joins_again_rebalances(c: Context) -> None:
    """The leader's JoinGroup in a stable group always starts a rebalance."""
    leader, other = pair(c)
    parked = leader.send_join()
    await_state(c, leader.group, "PreparingRebalance")
    other.beat("rebalance", error=27)
    other_joined = other.send_join()
    leader.joined("led again", parked, says={"generation_id": 3})
    other.joined("followed", other_joined, says={"generation_id": 3})


@case("G10")
def a_member_id_in_an_empty_group(c: Context) -> None:
    """A former member's id in an EMPTY group is UNKNOWN_MEMBER_ID."""
    m = Member(c, c.name("g"), "m")
    m.join()
    m.sync(assignments={m.id: b"x"})
    m.leave()
    m.join("after it left", error=25)


@case("G12")
def a_static_member_comes_back(c: Context) -> None:
    """Same protocol in a stable group: a new id, no rebalance; the leader gets skip_assignment at v9."""
    for version in (5, 8, 9):
        a = Member(c, c.name(f"g{version}"), f"v{version}", version=version, instance="ia")
        a.join()
        a.sync(assignments={a.id: b"mine"}, version=min(5, version))
        old, a.id = a.id, ""
        a.join("back", says={"generation_id": 1})
        c.add(f"v{version} a new id", a.id != old, says=True)
        a.sync("assignment is kept", version=min(5, version), says={"assignment": repr(b"mine")})
        ghost = Member(c, a.group, f"v{version} ghost", version=version, instance="ia", id=old, generation=1)
        ghost.beat(error=82)
        changed = Member(c, a.group, f"v{version} changed", version=version, instance="ia", protocols=[("range", subscription("other"))])
        changed.join("other metadata", error=None)
        changed.leave(error=None, version=min(5, version))


@case("G12")
def a_static_follower_comes_back(c: Context) -> None:
    """A follower with an instance id gets a new id without disturbing the leader."""
    group = c.name("g")
    a = Member(c, group, "a", instance="ia")
    a.join()
    a.sync(assignments={a.id: b"x"})
    b = Member(c, group, "b", instance="ib")
    parked = b.send_join()
    await_state(c, group, "PreparingRebalance")
    a.joined("rejoin", a.send_join())
    b.joined("join", parked)
    leader, other = (a, b) if a.leader else (b, a)
    waiting = other.send_sync()
    leader.sync("of two", {leader.id: b"1", other.id: b"2"})
    c.add("other sync", other.conn.recv(waiting), error=0)
    other.id = ""
    other.join("back", says={"generation_id": 2, "members": []})
    leader.beat("undisturbed")
    other.sync("kept", says={"assignment": repr(b"2")})
    describe(c, "described", group)


@case("G13")
def syncs_that_are_refused(c: Context) -> None:
    """Unknown group or member 25, wrong generation 22, null or other protocol 23."""
    m = Member(c, c.name("g"), "m", id="x", generation=1)
    m.sync("unknown group", error=25)
    m.sync("null type", error=23, protocol_type=None), m.sync("null name", error=23, protocol_name=None)
    m.id = ""
    m.join()
    for step, changes, error in (
            ("generation 0", {"generation_id": 0}, 22), ("generation 2", {"generation_id": 2}, 22),
            ("generation -1", {"generation_id": -1}, 22), ("unknown member", {"member_id": "y"}, 25),
            ("other type", {"protocol_type": "connect"}, 23), ("other name", {"protocol_name": "sticky"}, 23),
            ("empty type", {"protocol_type": ""}, 23), ("empty member", {"member_id": ""}, 25)):
        m.sync(step, error=error, **changes)
    m.sync("v4 knows no protocol", {m.id: b"z"}, version=4, protocol_name=None)
    m.sync("wrong generation when stable", error=22, generation_id=5)


@case("G13")
def a_member_without_assignment_gets_empty_bytes(c: Context) -> None:
    """The leader may leave members out, name strangers, and name nobody."""
    group = c.name("g")
    a = Member(c, group, "a")
    a.join()
    a.sync("nobody named", {}, says={"assignment": repr(b"")})
    b = Member(c, c.name("h"), "b")
    b.join()
    b.sync("stranger named", {"stranger": b"s", b.id: b"b"}, says={"assignment": repr(b"b")})


@case("G13")
def a_follower_waits_for_the_leader(c: Context) -> None:
    """A follower's SyncGroup is parked until the leader's has come, and sees a rebalance instead."""
    group = c.name("g")
    a, b = Member(c, group, "a", version=3), Member(c, group, "b", version=3)
    a.join()
    parked = b.send_join()
    await_state(c, group, "PreparingRebalance", members=2)
    a.joined("rejoin", a.send_join())
    b.joined("join", parked)
    leader, other = (a, b) if a.leader else (b, a)
    waiting = other.send_sync(version=3)
    c.silence("parked", other.conn)
    third = Member(c, group, "third", version=3)
    joining = third.send_join()
    c.add("sync ends by rebalance", other.conn.recv(waiting), error=27)
    leader.beat("rebalance", error=27)
    leader_joins, other_joins = leader.send_join(), other.send_join()
    leader.joined("third time", leader_joins, says={"generation_id": 3})
    other.joined("third time", other_joins)
    third.joined("third time", joining)


@case("G15")
def heartbeats(c: Context) -> None:
    """NONE when stable or completing, ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, an unknown group likewise."""
    m = Member(c, c.name("g"), "m", id="x", generation=3)
    for version in range(5):
        m.beat(f"v{version} unknown group", error=25, version=version)
    m.id = ""
    m.join()
    m.beat("completing")
    m.sync(assignments={m.id: b"x"})
    for version in range(5):
        m.beat(f"v{version} stable", version=version)
        m.beat(f"v{version} generation", error=22, version=version, generation_id=7)
        m.beat(f"v{version} generation -1", error=22, version=version, generation_id=-1)
        m.beat(f"v{version} member", error=25, version=version, member_id="y")
        m.beat(f"v{version} no member", error=25, version=version, member_id="")


@case("G15")
def a_wrong_generation_during_a_rebalance(c: Context) -> None:
    """ILLEGAL_GENERATION also while the group prepares."""
    a = Member(c, c.name("g"), "a")
    a.join()
    a.sync(assignments={a.id: b"x"})
    b = Member(c, a.group, "b", version=3)
    parked = b.send_join()
    await_state(c, a.group, "PreparingRebalance")
    a.beat("right", error=27), a.beat("wrong", error=22, generation_id=9), a.beat("stranger", error=25, member_id="q")
    a.joined("rejoin", a.send_join()), b.joined("join", parked)


@case("G17")
def leaving(c: Context) -> None:
    """v3 and later leave in batches with a code for each; a static member by its instance id alone."""
    m = Member(c, c.name("g"), "m", instance="im")
    unknown = c.name("unknown")
    for version in range(6):
        body = {"members": [{"member_id": "x"}, {"member_id": "y", "group_instance_id": "z"}]} if version >= 3 else {
            "member_id": "x"}
        c.call(f"v{version} unknown group", "leave_group", version, {"group_id": unknown, **body})
        c.call(f"v{version} nobody", "leave_group", version, {"group_id": unknown, **(
            {"members": []} if version >= 3 else {"member_id": ""})})
    m.join()
    m.sync(assignments={m.id: b"x"})
    for version in (3, 5):
        c.call(f"v{version} wrong ones", "leave_group", version, {"group_id": m.group, "members": [
            {"member_id": "x"}, {"member_id": "", "group_instance_id": "nope"}, {"member_id": "z", "group_instance_id": "im"}]},
            ordered=True)
    m.beat("still there")
    c.call("by instance", "leave_group", 5, {"group_id": m.group, "members": [
        {"member_id": "", "group_instance_id": "im"}]}, error=0)
    describe(c, "empty", m.group, says={"group_state": "Empty"})
    c.call("twice in one request", "leave_group", 5, {"group_id": m.group, "members": [
        {"member_id": m.id}, {"member_id": m.id}]}, ordered=True)


@case("G17")
def a_pending_member_leaves(c: Context) -> None:
    """Leaving with an id that was only handed out succeeds once."""
    m = Member(c, c.name("g"), "m")
    m.take_id()
    m.leave("pending")
    m.leave("again", error=25)
    m.join("its id is gone", error=25)


@case("G18")
def a_member_that_is_silent_expires(c: Context) -> None:
    """Without heartbeats a member is removed after its session timeout, and a rebalance starts."""
    a = Member(c, c.name("g"), "a")
    a.join()
    a.sync(assignments={a.id: b"x"})
    b = Member(c, a.group, "b", session_ms=SHORT_MS)
    parked = b.send_join()
    await_state(c, a.group, "PreparingRebalance")
    a.joined("rejoin", a.send_join())
    b.joined("join", parked)
    leader, other = (a, b) if a.leader else (b, a)
    waiting = other.send_sync()
    leader.sync("of two", {leader.id: b"1", other.id: b"2"})
    c.add("sync", other.conn.recv(waiting), error=0)
    await_state(c, a.group, "PreparingRebalance")
    b.beat("expired", error=25)
    a.joined("alone", a.send_join(), says={"generation_id": 3})


@case("G18")
def heartbeats_and_commits_keep_a_session(c: Context) -> None:
    """A member that beats or commits stays beyond its session timeout."""
    topic = c.topic()
    m = Member(c, c.name("g"), "m", session_ms=SHORT_MS)
    m.join()
    m.sync(assignments={m.id: b"x"})
    until, turn = time.monotonic() + 2 * SHORT_MS / 1000, 0
    bad = []
    while time.monotonic() < until:
        # A parked fetch is the clock here: it takes 150 ms and needs no sleep.
        c.quiet("fetch", 11, {"max_wait": 150, "min_bytes": 1, "max_bytes": 10, "topics": [
            {"topic": topic.name, "partitions": [{"partition": 0, "partition_max_bytes": 10}]}]})
        turn += 1
        if turn % 2:
            answer = m.conn.call("heartbeat", 4, {"group_id": m.group, "generation_id": 1, "member_id": m.id})
        else:
            answer = m.conn.call("offset_commit", 7, {
                "group_id": m.group, "generation_id_or_member_epoch": 1, "member_id": m.id, "topics": [
                    {"name": topic.name, "partitions": [{"partition_index": 0, "committed_offset": turn}]}]})
        bad += [code for code in errors(answer) if code]
    c.add("errors meanwhile", bad, says=[])
    m.beat("still there")


@case("G20")
def groups_are_described(c: Context) -> None:
    """Unknown groups are Dead before v6 and GROUP_ID_NOT_FOUND from then on; metadata only of stable groups."""
    m = Member(c, c.name("g"), "m", protocols=[("range", subscription("t"))])
    m.join()
    for state in ("completing", "stable"):
        if state == "stable":
            m.sync(assignments={m.id: b"work"})
        for version in range(7):
            c.call(f"{state} v{version}", "describe_groups", version, {"groups": [m.group, c.name("unknown")]})
            if version >= 3:
                c.call(f"{state} v{version} operations", "describe_groups", version, {
                    "groups": [m.group, c.name("unknown")], "include_authorized_operations": True})
    for version in (0, 5, 6):
        c.call(f"nothing v{version}", "describe_groups", version, {"groups": []}, says={"groups": []})
        c.call(f"empty id v{version}", "describe_groups", version, {"groups": [c.name("never"), c.name("never")]})


@case("G20")
def groups_are_listed(c: Context) -> None:
    """Filters by state and type, in any letter case; unknown filters match nothing."""
    m = Member(c, c.name("g"), "m")
    m.join()
    m.sync(assignments={m.id: b"x"})
    other = Member(c, c.name("other"), "other", kind="connect", protocols=[("p", b"")], version=3)
    other.join()
    prefix = c.name("")

    def mine(answer: dict) -> dict:
        return {**answer, "groups": [g for g in answer["groups"] if g["group_id"].startswith(prefix)]}

    for version in range(6):
        c.add(f"v{version}", mine(c.quiet("list_groups", version, {})), error=0)
    for states in (["Stable"], ["stable"], ["STABLE", "Empty"], ["CompletingRebalance"], ["Dead"], ["nonsense"], [""],
                   ["Stable", "nonsense"]):
        c.add(f"states {states}", mine(c.quiet("list_groups", 4, {"states_filter": states})), error=0)
    for types in (["classic"], ["Classic"], ["consumer"], ["nonsense"], [""], ["share", "classic"]):
        c.add(f"types {types}", mine(c.quiet("list_groups", 5, {"types_filter": types})), error=0)
    c.add("both", mine(c.quiet("list_groups", 5, {"types_filter": ["classic"], "states_filter": ["stable"]})), error=0)


@case("G20")
def groups_are_deleted(c: Context) -> None:
    """Non-empty 68, unknown 69, empty deleted with its offsets; a name twice is answered once."""
    topic = c.topic()
    m = Member(c, c.name("g"), "m")
    m.join()
    m.sync(assignments={m.id: b"x"})
    commit = {"group_id": m.group, "generation_id_or_member_epoch": 1, "member_id": m.id, "topics": [
        {"name": topic.name, "partitions": [{"partition_index": 0, "committed_offset": 3}]}]}
    c.call("commit", "offset_commit", 7, commit, error=0)
    for version in range(3):
        c.call(f"v{version}", "delete_groups", version, {"groups_names": [m.group, c.name("unknown"), m.group]})
    m.leave()
    c.call("offsets before", "offset_fetch", 7, {"group_id": m.group, "topics": None}, error=0)
    c.call("empty", "delete_groups", 2, {"groups_names": [m.group]}, error=0)
    c.call("again", "delete_groups", 2, {"groups_names": [m.group]}, error=69)
    c.call("offsets after", "offset_fetch", 7, {"group_id": m.group, "topics": None}, error=0)
    c.call("nothing", "delete_groups", 2, {"groups_names": []}, says={"results": []})
    c.call("empty name", "delete_groups", 2, {"groups_names": [c.name("nope"), c.name("nope")]}, error=69)


@case("G22")
def metadata_is_opaque(c: Context) -> None:
    """Subscriptions and assignments come back byte for byte, whatever they are."""
    blob = bytes(range(256)) * 20
    a = Member(c, c.name("g"), "a", kind="anything", protocols=[("p", blob), ("q", b"")])
    answer = a.join()
    c.add("metadata", answer["members"][0]["metadata"] == blob, says=True)
    a.sync(assignments={a.id: blob[::-1]}, says={"assignment": repr(blob[::-1])})
    describe(c, "described", a.group)


@case("G22")
def consumer_metadata_that_does_not_parse(c: Context) -> None:
    """Metadata is opaque, but Kafka reads the subscriptions of consumer groups and never answers some that do not parse."""
    fine = {"nothing": b"", "one byte": b"m", "version alone": b"\0\0", "version -1": b"\xff\xff\0\0\0\0"}
    odd = {"a word": b"changed", "cut": b"\0\0\0\0\0\x01", "2^31-1 topics": b"\0\0\x7f\xff\xff\xff",
           "null topics": b"\0\0\xff\xff\xff\xff"}
    for name, metadata in (fine | odd).items():
        m = Member(c, c.name(name.replace(" ", "-")), name, protocols=[("range", metadata)])
        sent = m.send_join()
        c.add(name, m.conn.recv(sent, c.mute_s if name in odd else ANSWER_S), says=SILENT if name in odd else None)


@case("G9")
def a_session_that_ends_while_completing(c: Context) -> None:
    """A member whose session ends before it syncs is removed (G16)."""
    a = Member(c, c.name("g"), "a", session_ms=600)
    a.join()
    await_state(c, a.group, "Empty")
    a.sync("too late", error=25)
