"""Frames, headers, unknown keys and versions, order per connection (N1-N13)."""

import struct

from raw import codec
from raw.case import ANSWER_S, CLOSED, Context, batch, case, fetch_body, produce_body
from raw.codec import KEYS, request_header, uvarint

METADATA = KEYS["metadata"]
NO_TOPICS = {"topics": []}


def alive(c: Context, label: str) -> None:
    """The broker still serves a new connection."""
    c.call(label, "metadata", 12, NO_TOPICS, conn=c.connect(), drop=("controller_id",))


@case("N1")
def sizes_that_no_frame_can_have(c: Context) -> None:
    """A size that is negative, too small for a header or above socket.request.max.bytes ends the connection."""
    for size in (-1, -(2**31), 0, 1, 9, 104_857_601, 2**31 - 1):
        conn = c.connect()
        conn.raw(struct.pack(">i", size) + b"\0" * max(0, min(size, 9)))
        c.silence(f"size {size}", conn, wait_s=ANSWER_S, says=CLOSED)
    alive(c, "others")


@case("N1")
def a_size_of_exactly_the_limit_is_waited_for(c: Context) -> None:
    """104857600 is a legal size: the broker waits for the bytes."""
    conn = c.connect()
    conn.raw(struct.pack(">i", 104_857_600) + b"\0" * 100)
    c.silence("limit", conn)


@case("N1")
def a_frame_in_single_bytes_is_put_together(c: Context) -> None:
    """A frame may arrive byte by byte."""
    conn = c.connect()
    body = codec.encode("metadata", 1, NO_TOPICS)
    frame = request_header(METADATA, 1, 7, "raw", False) + body
    for byte in struct.pack(">i", len(frame)) + frame:
        conn.raw(bytes([byte]))
    from raw.wire import Sent
    c.add("answer", conn.recv(Sent("metadata", 1, 7)), drop=("controller_id",), says={"topics": []})


@case("N3")
def an_unknown_api_key_closes(c: Context) -> None:
    """Unknown, negative, removed and controller-only keys end the connection without an answer."""
    for key in (999, -1, 93, 4, 5, 6, 7, 52, 53, 54, 56, 58, 59, 62, 63, 67, 70, 73, 82, 32767):
        for flexible in (False, True):
            conn = c.connect()
            conn.frame(request_header(key, 0, 1, "raw", flexible))
            c.silence(f"key {key} flexible={flexible}", conn, wait_s=ANSWER_S, says=CLOSED)
    alive(c, "others")


@case("N3")
def an_unsupported_version_closes(c: Context) -> None:
    """A version outside the range (of any api but ApiVersions) ends the connection; there is no error reply."""
    for api, bad in (("metadata", 14), ("metadata", -1), ("metadata", 32767), ("fetch", 3), ("fetch", 19),
                     ("list_offsets", 0), ("list_offsets", 12), ("create_topics", 1), ("create_topics", 8),
                     ("offset_commit", 1), ("offset_fetch", 0), ("delete_topics", 0), ("offset_for_leader_epoch", 1),
                     ("describe_configs", 0), ("init_producer_id", 6), ("describe_log_dirs", 0), ("join_group", 10),
                     ("heartbeat", 5), ("describe_quorum", 3), ("offset_delete", 1)):
        conn = c.connect()
        conn.frame(request_header(KEYS[api], bad, 1, "raw", bad > 3) + b"\0" * 40)
        c.silence(f"{api} v{bad}", conn, wait_s=ANSWER_S, says=CLOSED)


@case("A6")
def produce_0_to_2_is_advertised_and_refused(c: Context) -> None:
    """Produce 0-2 stands in the list for old clients' sake, a request of it ends the connection."""
    answer = c.quiet("api_versions", 0, {})
    row = next(row for row in answer["api_keys"] if row["api_key"] == 0)
    c.add("range", [row["min_version"], row["max_version"]], says=[0, 13])
    for version in (0, 1, 2):
        conn = c.connect()
        conn.frame(request_header(0, version, 1, "raw", False) + struct.pack(">hii", 1, 1000, 0))
        c.silence(f"v{version}", conn, wait_s=ANSWER_S, says=CLOSED)


@case("N3")
def a_body_that_does_not_parse_closes(c: Context) -> None:
    """A body cut short ends the connection; bytes after a whole one are ignored and the connection goes on."""
    topic = c.topic()
    for api, version, body in (
            ("metadata", 12, {"topics": [{"name": topic.name}]}), ("metadata", 1, {"topics": [{"name": topic.name}]}),
            ("fetch", 11, fetch_body(topic, {0: 0})), ("fetch", 12, fetch_body(topic, {0: 0}, version=12)),
            ("list_offsets", 5, {"topics": [{"name": topic.name, "partitions": [{"partition_index": 0}]}]}),
            ("produce", 8, produce_body(topic, {0: batch.batch()})), ("join_group", 5, {"group_id": "g"}),
            ("produce", 9, produce_body(topic, {0: batch.batch()})), ("find_coordinator", 4, {"coordinator_keys": ["g"]})):
        whole = codec.encode(api, version, body)
        for cut in (1, len(whole) // 2, len(whole) - 1):
            conn = c.connect()
            conn.send(api, version, whole[:-cut] if cut < len(whole) else b"")
            c.silence(f"{api} v{version} cut by {cut} of {len(whole)}", conn, wait_s=ANSWER_S, says=CLOSED)
    c.content("nothing was appended", topic)


@case("N3")
def bytes_after_the_body_are_ignored(c: Context) -> None:
    """Trailing bytes after a well-formed body do no harm."""
    for version in (1, 12):
        c.call(f"metadata v{version}", "metadata", version, NO_TOPICS, tail=b"\x01\x02\x03" * 20,
               drop=("controller_id",), says={"topics": []})
        c.call(f"and on v{version}", "metadata", version, NO_TOPICS, drop=("controller_id",))


@case("N3")
def telemetry_is_answered_though_not_advertised(c: Context) -> None:
    """71 and 72 are served without a receiver though they are not in the list."""
    keys = [row["api_key"] for row in c.quiet("api_versions", 0, {})["api_keys"]]
    c.add("advertised", [key for key in keys if key in (71, 72)], says=[])
    c.call("subscriptions", "get_telemetry_subscriptions", 0, {}, error=0, drop=("subscription_id",
           "client_instance_id"))
    c.call("push", "push_telemetry", 0, {}, error=42)


@case("N4")
def every_client_id_is_accepted(c: Context) -> None:
    """Null, empty, long, negative lengths and bytes that are no UTF-8 are all client ids, in both header versions."""
    for name, client_id in (("null", None), ("empty", ""), ("latin", b"\xe9\xff\x00"), ("long", "x" * 32767)):
        for version in (1, 12):
            c.call(f"{name} v{version}", "metadata", version, NO_TOPICS, conn=c.connect(client_id),
                   drop=("controller_id",), says={"topics": []})
    for version in (1, 12):
        conn = c.connect()
        head = struct.pack(">hhih", METADATA, version, 3, -5) + (b"\0" if version == 12 else b"")
        conn.frame(head + codec.encode("metadata", version, NO_TOPICS))
        from raw.wire import Sent
        c.add(f"length -5 v{version}", conn.recv(Sent("metadata", version, 3)), drop=("controller_id",),
              says={"topics": []})


@case("N6")
def unknown_tags_are_skipped(c: Context) -> None:
    """Unknown tags in header and body, unordered and repeated ones too, and a known tag with bytes to spare."""
    one = uvarint(1000) + uvarint(3) + b"abc"
    two = uvarint(7) + uvarint(0)
    for name, tags in (("one", uvarint(1) + one), ("two", uvarint(2) + two + one), ("unordered", uvarint(2) + one + two),
                       ("repeated", uvarint(3) + one + one + one)):
        c.call(f"header {name}", "metadata", 12, NO_TOPICS, header_tags=tags, drop=("controller_id",),
               says={"topics": []})
        body = codec.encode("metadata", 12, NO_TOPICS)
        c.call(f"body {name}", "metadata", 12, body[:-1] + tags, drop=("controller_id",), says={"topics": []})
    topic = c.topic()
    fetch = codec.encode("fetch", 12, fetch_body(topic, {0: 0}, version=12))
    spare = uvarint(1) + uvarint(0) + uvarint(6) + uvarint(3) + b"xy" + b"zzz"
    c.call("known tag with bytes to spare", "fetch", 12, fetch[:-1] + spare, error=0)


@case("N6")
def a_tag_that_ends_behind_the_frame_closes(c: Context) -> None:
    """A tag size past the end, in header or body, and a tag count past the end do not parse."""
    body = codec.encode("metadata", 12, NO_TOPICS)
    for name, tags in (("size", uvarint(1) + uvarint(9) + uvarint(50) + b"x"), ("count", uvarint(100)),
                       ("huge", uvarint(1) + uvarint(9) + uvarint(2**31 - 1)), ("cut", uvarint(1))):
        conn = c.connect()
        conn.send("metadata", 12, body[:-1] + tags)
        c.silence(f"body {name}", conn, wait_s=ANSWER_S, says=CLOSED)
    conn = c.connect()
    conn.send("metadata", 12, body, header_tags=uvarint(1) + uvarint(9) + uvarint(500))
    c.silence("header size", conn, wait_s=ANSWER_S, says=CLOSED)


@case("N6")
def null_where_none_may_be_closes(c: Context) -> None:
    """A null array, string or bytes in a field that is not nullable is a body that does not parse."""
    topic = c.topic()
    for name, api, version, body in (
            ("array", "fetch", 12, {"topics": None}), ("array old", "fetch", 11, {"topics": None}),
            ("string", "find_coordinator", 3, {"key": None}), ("string old", "find_coordinator", 2, {"key": None}),
            ("group", "offset_fetch", 6, {"group_id": None, "topics": []}),
            ("group old", "offset_fetch", 5, {"group_id": None, "topics": []}),
            ("inner", "produce", 9, {"acks": 1, "topic_data": [{"name": topic.name, "partition_data": None}]}),
            ("bytes", "join_group", 6, {"group_id": "g", "protocols": [{"name": "p", "metadata": None}]}),
            ("metadata v0", "metadata", 0, {"topics": None})):
        conn = c.connect()
        conn.send(api, version, body)
        c.silence(name, conn, wait_s=ANSWER_S, says=CLOSED)


@case("N7")
def answers_come_in_the_order_of_requests(c: Context) -> None:
    """Forty pipelined requests of several kinds are answered in their order, with their correlation ids."""
    topic, conn = c.topic(), c.connect()
    sent = []
    for round_ in range(10):
        sent.append(conn.send("metadata", 12, {"topics": [{"name": topic.name}]}))
        sent.append(conn.send("produce", 9, produce_body(topic, {0: batch.batch([batch.Rec(b"%d" % round_)])}, acks=1)))
        sent.append(conn.send("list_offsets", 5, {"replica_id": -1, "topics": [
            {"name": topic.name, "partitions": [{"partition_index": 0, "timestamp": -1}]}]}))
        sent.append(conn.send("api_versions", 0, {}))
    for index, one in enumerate(sent):
        answer = conn.recv(one)
        drop = ("controller_id", "api_keys")
        says = {"base_offset": index // 4} if one.api == "produce" else (
            {"offset": index // 4 + 1} if one.api == "list_offsets" else None)
        c.add(f"{index} {one.api}", answer, drop=drop, error=0, says=says)


@case("N8")
def a_parked_fetch_holds_back_what_follows_on_its_connection(c: Context) -> None:
    """Fetch (parked) and Metadata pipelined: Metadata is answered only after the Fetch."""
    topic, conn = c.topic(), c.connect()
    fetch = conn.send("fetch", 11, fetch_body(topic, {0: 0}, max_wait=60_000, min_bytes=1))
    metadata = conn.send("metadata", 12, NO_TOPICS)
    c.silence("nothing yet", conn, wait_s=0.3)
    c.put(topic, batch.batch())
    c.add("fetch", conn.recv(fetch), error=0)
    c.add("metadata", conn.recv(metadata), drop=("controller_id",), says={"topics": []})


@case("N8")
def a_parked_join_holds_back_what_follows_on_its_connection(c: Context) -> None:
    """A JoinGroup that waits for another member holds back the next request of its connection only."""
    group = c.name("g")
    a, b = c.connect(), c.connect()
    join = {"group_id": group, "session_timeout": 60_000, "rebalance_timeout": 60_000, "member_id": "",
            "protocol_type": "consumer", "protocols": [{"name": "p", "metadata": b"m"}]}
    first = c.add("first", a.call("join_group", 3, join), error=0)
    parked = b.send("join_group", 3, {**join, "protocols": [{"name": "p", "metadata": b"n"}]})
    behind = b.send("metadata", 12, NO_TOPICS)
    c.silence("nothing yet", b, wait_s=0.3)
    c.add("first goes on", a.call("metadata", 12, NO_TOPICS), drop=("controller_id",))
    c.add("first rejoins", a.call("join_group", 3, {**join, "member_id": first["member_id"]}), error=0)
    c.add("join", b.recv(parked), error=0)
    c.add("metadata", b.recv(behind), drop=("controller_id",))


@case("N9")
def a_request_of_a_client_that_has_gone_is_executed(c: Context) -> None:
    """The client closes its socket right after the request: the records are appended all the same."""
    topic = c.topic()
    for acks in (1, 0, -1):
        gone = c.connect()
        gone.send("produce", 9, produce_body(topic, {0: batch.batch([batch.Rec(b"acks %d" % acks)])}, acks=acks))
        gone.close()
    sizes = 3 * len(batch.batch([batch.Rec(b"acks 0")]))
    body = fetch_body(topic, {0: 0}, max_wait=10_000, min_bytes=sizes)
    answer = c.quiet("fetch", 11, body)
    values = sorted(one["records"][0]["value"] for one in batch.parse(answer["responses"][0]["partitions"][0]["records"]))
    c.add("values", [value.decode() for value in values], says=["acks -1", "acks 0", "acks 1"])


@case("N9")
def a_frame_that_is_never_finished_harms_nobody(c: Context) -> None:
    """Half a frame and a close: nothing is executed, others are served."""
    topic, conn = c.topic(), c.connect()
    payload = request_header(0, 8, 1, "raw", False) + codec.encode("produce", 8, produce_body(topic, {0: batch.batch()}))
    conn.raw(struct.pack(">i", len(payload)) + payload[:-5])
    alive(c, "others meanwhile")
    conn.close()
    c.content("nothing", topic)


@case("N13")
def any_correlation_id_is_echoed(c: Context) -> None:
    """Negative, extreme, zero and repeated correlation ids come back as they were sent."""
    conn = c.connect()
    sent = [conn.send("metadata", version, NO_TOPICS, correlation=number)
            for number in (0, -1, 2**31 - 1, -(2**31), 7, 7) for version in (1, 12)]
    for index, one in enumerate(sent):
        answer = conn.recv(one)
        c.add(f"{index}", "_correlation" in answer, says=False)


@case("B7")
def a_broker_that_closes_first_sends_what_it_owes(c: Context) -> None:
    """Answers of requests before the one that ends the connection arrive whole."""
    conn = c.connect()
    sent = [conn.send("metadata", 12, NO_TOPICS) for _ in range(5)]
    conn.frame(request_header(999, 0, 1, "raw", False))
    for index, one in enumerate(sent):
        c.add(f"{index}", conn.recv(one), drop=("controller_id",), says={"topics": []})
    c.silence("then closed", conn, wait_s=ANSWER_S, says=CLOSED)
