"""Client engines that no one here wrote, each through the same cases, against Kafka first and klamm second.

What a case expects stands in cases.py, what an engine lacks in engines.py. Every result is also held against the one that Kafka gave.
"""

import pytest

from clients import cases
from clients.engines import BY_NAME, CODECS, ENGINES

# Each writer is read by itself and by the next three engines of the table, so that every pair of neighbours meets in every codec.
READERS_PER_WRITER = 3


def those_that_can(case):
    return pytest.mark.parametrize("engine", [engine for engine in ENGINES if engine.can(case)], ids=lambda engine: engine.name)


def neighbours(engine):
    at = ENGINES.index(engine)
    others = [*ENGINES[at + 1:], *ENGINES[:at]]
    return [other for other in others if other.reads_null_headers][:READERS_PER_WRITER]


@pytest.fixture
def world(broker):
    return cases.World(broker.bootstrap)


@pytest.mark.parametrize("codec", CODECS)
@those_that_can("produce")
def test_what_one_engine_writes_with_a_codec_it_and_others_read_unchanged(world, engine, codec):
    cases.codec(world, engine, codec, neighbours(engine))


@those_that_can("produce")
def test_an_engine_that_fails_on_null_headers_reads_everything_else(world, engine):
    picky = [reader for reader in ENGINES if not reader.reads_null_headers]
    cases.codec(world, engine, CODECS[ENGINES.index(engine) % len(CODECS)], picky)


@those_that_can("produce")
def test_a_record_of_900_kilobytes_comes_back_whole(world, engine):
    cases.large(world, engine)


@those_that_can("idempotent")
def test_an_idempotent_producer_gets_an_id_and_writes_everything_once(world, engine):
    cases.idempotent(world, engine)


@those_that_can("produce")
def test_partitions_are_written_apart_and_read_from_the_middle(world, engine):
    cases.partitions(world, engine)


@those_that_can("group")
def test_two_members_share_a_group_and_one_inherits_the_other(world, engine, same):
    same(cases.group(world, engine))


@those_that_can("times")
def test_a_time_finds_the_first_record_at_or_after_it(world, engine, same):
    same(cases.times(world, engine))


@those_that_can("admin")
def test_a_topic_is_made_described_altered_grown_and_deleted(world, engine, same):
    same(cases.admin(world, engine))


@those_that_can("groups")
def test_a_group_is_listed_described_and_deleted(world, engine, same):
    same(cases.groups(world, engine))


@those_that_can("delete_records")
def test_deleting_records_moves_the_start_of_the_log(world, engine, same):
    same(cases.delete_records(world, engine))


def test_kcat_lists_the_partitions_of_a_topic(world):
    cases.listing(world, BY_NAME["kcat"])


@pytest.mark.timeout(600)
def test_committed_offsets_survive_a_restart(fresh_broker):
    """One restart for all engines: each commits before it, and goes on after it."""
    able = [engine for engine in ENGINES if engine.can("commit")]
    fresh_broker.start()
    topics = {engine.name: cases.commit_before(cases.World(fresh_broker.bootstrap), engine) for engine in able}
    fresh_broker.restart()
    for engine in able:
        cases.commit_after(cases.World(fresh_broker.bootstrap), engine, topics[engine.name])


@pytest.mark.timeout(600)
def test_what_was_written_before_a_kill_is_read_after_it(fresh_broker):
    """Acknowledged records of every engine, through a kill -9 of the broker."""
    able = [engine for engine in ENGINES if engine.can("produce")]
    fresh_broker.start()
    before = cases.World(fresh_broker.bootstrap)
    written = {}
    for engine in able:
        sent = cases.sample(engine)
        written[engine.name] = sent, cases.produce(before, engine, sent, codec="gzip")
    fresh_broker.restart(hard=True)
    for engine in able:
        sent, topic = written[engine.name]
        cases.read_back(cases.World(fresh_broker.bootstrap), engine, engine, sent, topic)
