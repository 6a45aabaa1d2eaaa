"""Testcontainers in six languages start klamm's image by their own scripts and wait strategies, and a client uses it at once.

What the programs do stands in README.md, how they are started in programs.py.
"""

import pytest
from programs import CASES, RUNS

VALUES = sorted(f"value-{n}" for n in range(10))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_module_starts_the_image_and_a_client_uses_it_twice_in_a_row(run, left_behind, case):
    runs = run(case.program, case.module, case.image)
    assert len(runs) == RUNS
    for seen in runs:
        assert sorted(seen["values"]) == VALUES, "what was written is read once"
        assert seen["owned"] == [0, 1, 2], "the only member of a group gets every partition"
        assert seen["committed"] == len(VALUES), "the offsets that were committed are those behind the last records"
        assert seen.get("neighbour", VALUES) == VALUES, "a container of the same network reads the same"
        assert case.cluster_id in (None, seen["cluster_id"]), "the cluster has the id that the module gave it"
    assert left_behind() == []
