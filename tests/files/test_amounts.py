import pytest

from files.amounts import being, byte_size, counted, duration


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (812, "812 bytes"),
        (3500, "3.4 KiB"),
        (45 << 20, "45 MiB"),
        (1.2 * 2**30, "1.2 GiB"),
        (23 << 30, "23 GiB"),
    ],
)
def test_bytes(count, text):
    assert byte_size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0004, "0.4 ms"), (0.06, "60 ms"), (12, "12 s"), (210, "3.5 minutes"), (7560, "2.1 hours")]
)
def test_times(seconds, text):
    assert duration(seconds) == text


def test_things():
    assert [counted(number, "frame") for number in (0, 1, 2)] == ["0 frames", "1 frame", "2 frames"]


def test_one_thing_is_and_several_are():
    assert (being(1, "frame"), being(2, "frame"), being(0, "frame")) == ("1 frame is", "2 frames are", "0 frames are")
