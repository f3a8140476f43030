"""Work in threads whose results wait to be taken."""

import os
import threading
import time

import pytest

from files.ordered import cores, map_ordered


@pytest.mark.parametrize("threads", [1, 3, None])
def test_results_come_in_the_order_of_the_items(threads):
    def work(number):
        time.sleep(0.002 * (number % 3))  # later ones are done first
        return number * number

    assert list(map_ordered(work, range(40), threads)) == [number * number for number in range(40)]
    assert list(map_ordered(work, [], threads)) == []


def test_a_slow_taker_finds_no_more_than_the_bound():
    """Nobody takes a result before everything that may begin has begun."""
    begun = []
    results = map_ordered(lambda number: begun.append(number) or number, range(1000), threads=2)
    for taken in range(10):
        assert next(results) == taken
        time.sleep(0.02)
        assert len(begun) <= taken + 4  # 2 for each thread, the one that was taken among them
    results.close()
    assert len(begun) < 20
    assert not [thread for thread in threading.enumerate() if "ThreadPool" in thread.name]


def test_no_more_are_begun_than_the_bound_that_is_given():
    begun, taken, most = 0, 0, 0

    def items():
        nonlocal begun, most
        for number in range(12):
            begun += 1
            most = max(most, begun - taken)
            yield number

    for _ in map_ordered(lambda number: number, items(), most=4):
        taken += 1
    assert taken == begun == 12
    assert most == 4


def test_what_an_item_raises_ends_the_rest():
    begun = []

    def work(number):
        begun.append(number)
        if number == 3:
            raise ValueError("frame 3 is damaged")
        return number

    seen: list[int] = []
    with pytest.raises(ValueError, match="frame 3 is damaged"):
        seen.extend(map_ordered(work, range(1000), threads=2))
    assert seen == [0, 1, 2]
    assert len(begun) < 20
    assert not [thread for thread in threading.enumerate() if "ThreadPool" in thread.name]


def test_items_run_beside_each_other():
    meeting = threading.Barrier(2, timeout=60)  # one alone would wait for ever
    assert sorted(map_ordered(lambda _: meeting.wait(), range(4), threads=2)) == [0, 0, 1, 1]


def test_cores_are_those_of_this_process():
    assert cores() >= 1


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "100000 100000"}, 1),
        ({"cpu.max": "10000 100000"}, 1),
        ({"cpu.max": "max 100000"}, None),
        ({"cpu.max": "100000000 100000"}, None),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({"cpu/cpu.cfs_quota_us": "50000\n"}, None),
        ({}, None),
    ],
)
def test_cores_are_no_more_than_a_container_may_use(tmp_path, files, expected):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert cores(tmp_path) == (expected or len(os.sched_getaffinity(0)))
