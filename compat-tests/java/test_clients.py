"""The Java client, the newest and the one before it: java/src/ClientCases.java and AdminCases.java, one test per case."""

import json

import pytest

from harness import JavaHost

VERSIONS = ["4.3.1", "3.9.1"]


@pytest.fixture(scope="session")
def old_client():
    with JavaHost("clients-3.9.1") as host:
        yield host


class Client:
    """One version of the client against one broker."""

    def __init__(self, host, broker, topic):
        self.host, self.broker, self.topic = host, broker, topic

    def case(self, case, *args, topic=None):
        """Runs a case and returns what it printed."""
        run = self.host.run("compat.ClientCases", self.broker.bootstrap, case, topic or self.topic,
                            str(self.broker.answers_early).lower(), *args).ok()
        return json.loads(run.lines[-1])

    def create(self, partitions):
        self.case("create", partitions)


def host_of(request, version):
    return request.getfixturevalue("tools" if version == "4.3.1" else "old_client")


@pytest.fixture(params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture
def client(request, version, broker, name):
    return Client(host_of(request, version), broker, name("java"))


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_codec_comes_back(client, same, codec):
    client.create(1)
    answer = client.case("codec", codec)
    assert answer["offsets"] == list(range(100))
    assert answer["values"] == [f"{number}k{number}{320 + len(str(number))}" for number in range(100)]
    same(answer)


def test_headers_nulls_and_timestamps_come_back(client, same):
    client.create(1)
    answer = client.case("records")
    assert answer["plain"] == answer["committed"]
    assert answer["plain"][0]["headers"] == ["h=first", "h=second", "null=null", "empty="]
    assert [(record["key"], record["value"]) for record in answer["plain"]] == [
        ("key", "value"), (None, "no key"), ("no value", None), (None, None), ("", ""), ("ключ", "日本語")]
    assert [record["timestamp"] for record in answer["plain"]] == list(range(1_000_000, 1_000_006))
    same(answer)


@pytest.mark.parametrize("acks", ["0", "1", "all"])
def test_every_level_of_acks_answers_as_it_should(client, same, acks):
    client.create(1)
    answer = client.case("acks", acks)
    assert answer["values"] == [f"{number}v{number}" for number in range(5)]
    assert [sent["has"] for sent in answer["metadata"]] == [acks != "0"] * 5
    same(answer)


def test_idempotent_producers_lose_nothing_and_repeat_nothing(client):
    client.create(1)
    assert client.case("idempotent") == {"one": 1000, "two": 1000}


def test_records_above_the_fetch_limit_still_arrive(client):
    client.create(1)
    assert client.case("large") == [900_000] * 3


def test_records_that_cannot_be_are_refused_one_by_one(client, same):
    client.create(1)
    answer = client.case("refused-records")
    assert answer[0].startswith("RecordTooLargeException") and answer[1] == 0
    assert answer[2].startswith("InvalidTopicException") and answer[3].startswith("InvalidTimestampException")
    same(answer, [(r"-?\d{13,}", "TIME")])


@pytest.mark.parametrize("strategy", ["RangeAssignor", "CooperativeStickyAssignor"])
def test_two_members_share_and_one_takes_over(client, same, strategy):
    client.create(4)
    answer = client.case("group-of-two", strategy)
    assert answer["both"] == answer["last"] == [0, 1, 2, 3]
    assert answer["records"] == 40 and answer["lost"] == 0
    assert answer["revoked"] == (4 if strategy == "RangeAssignor" else 2)
    same(answer)


def test_a_static_member_comes_back_without_a_rebalance(client, same):
    client.create(4)
    answer = client.case("static-member")
    assert [turn["owned"] for turn in answer] == [[0, 1, 2, 3]] * 3
    assert len({turn["generation"] for turn in answer}) == 1
    same(answer)


def test_a_static_member_is_fenced_by_its_double(client, same):
    client.create(4)
    answer = client.case("static-fenced")
    assert answer == {"first": "FencedInstanceIdException", "second": "done"}
    same(answer)


def test_commits_are_checked(client, same):
    client.create(1)
    answer = client.case("commit-errors")
    assert answer[0].startswith("OffsetMetadataTooLarge") and answer[1:4] == ["done", "done", 77]
    assert answer[4:] == ["OffsetOutOfRangeException", "NoOffsetForPartitionException"]
    same(answer)


def test_offsets_are_found_by_time(client, same):
    client.create(1)
    answer = client.case("seek-by-time")
    assert answer["1050500"] == {"offset": 51, "timestamp": 1_051_000, "epoch": 0, "next": "v51"}
    assert answer["0"]["offset"] == 0 and answer["9000000000000"] is None
    same(answer)


def test_positions_and_ends_agree(client, same):
    client.create(3)
    same(client.case("positions"))


def test_a_fetch_session_over_many_partitions_delivers_everything(client, same):
    client.create(40)
    answer = client.case("many-partitions")
    assert answer.pop("later") == 1
    assert sum(answer.values()) == 600
    same(answer)


def test_topics_are_subscribed_to_by_a_pattern(client):
    client.create(1)
    assert client.case("pattern") == [client.topic] * 3


def test_a_first_record_makes_its_topic(client, same):
    same(client.case("auto-create"))


def test_topics_are_administered(client, same):
    same(client.case("topic-admin"))


def test_what_cannot_be_administered_is_refused(client, same):
    same(client.case("topic-errors", 2))


def test_settings_of_topics_are_administered(client, same):
    answer = client.case("configs", 1)
    assert set(answer["altered"]) == {"cleanup.policy", "retention.ms"}
    same(answer)


def test_offsets_are_listed_by_every_spec(client, same):
    answer = client.case("list-offsets", 2)
    assert answer["0 latest"]["offset"] == 10 and answer["0 earliest"]["offset"] == 0
    same(answer)


def test_records_are_deleted(client, same):
    answer = client.case("delete-records", 1)
    assert answer[:3] == [4, 4, 6]
    same(answer)


def test_log_dirs_are_described(client, same):
    same(client.case("log-dirs", 1))


def test_producers_are_described(client, same):
    answer = client.case("producers", 1)
    assert answer[0] == 0 and answer[1]["sequence"] == 6
    same(answer)


def test_the_cluster_is_described(client, same):
    same(client.case("cluster"))


def test_groups_are_administered(client, same):
    answer = client.case("group-admin", 2)
    assert answer["live"]["state"] == "Stable" and answer["listed after"] == []
    same(answer)


@pytest.mark.parametrize("hard", [False, True], ids=["stopped", "killed"])
def test_committed_offsets_outlive_the_broker(request, fresh_broker, name, same, hard):
    """Both versions in one restart: it is the broker that is tested."""
    fresh_broker.start()
    clients = [Client(host_of(request, version), fresh_broker, name(f"java-{version}")) for version in VERSIONS]
    before = []
    for client in clients:
        client.create(2)
        before.append(client.case("commit"))
    fresh_broker.restart(hard=hard)
    for client, committed in zip(clients, before, strict=True):
        answer = client.case("resume")
        assert answer["committed"] == committed
        assert answer["committed"]["1"] == {"offset": 2, "epoch": 0, "metadata": "note 1"}
        same(answer)
