import threading
import time

import pytest

from eval.ahead import ahead


@pytest.mark.parametrize("threads", [1, 3])
def test_answers_come_in_order_however_long_each_takes(threads):
    def work(number):
        time.sleep(0.002 * (number % 3))
        return number * number

    assert list(ahead(work, range(20), most=4, threads=threads)) == [number**2 for number in range(20)]


def test_no_more_are_begun_than_the_bound():
    begun, taken, most = 0, 0, 0

    def items():
        nonlocal begun, most
        for number in range(12):
            begun += 1
            most = max(most, begun - taken)
            yield number

    for _ in ahead(lambda number: number, items(), most=3):
        taken += 1
    assert taken == begun == 12
    assert most == 3 + 1


def test_an_error_comes_in_its_turn_and_ends_the_threads():
    before, seen = threading.active_count(), []
    with pytest.raises(ValueError, match="seven"):
        for number in ahead(lambda number: number if number != 7 else _fail(), range(100), most=2):
            seen.append(number)
    assert seen == list(range(7))
    assert threading.active_count() == before


def _fail():
    raise ValueError("seven")


def test_who_stops_early_ends_the_threads():
    before = threading.active_count()
    answers = ahead(lambda number: number, range(100), most=5)
    assert next(answers) == 0
    answers.close()
    assert threading.active_count() == before
