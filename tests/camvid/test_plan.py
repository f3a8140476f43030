"""How many loader processes a training gets, and where its frames are augmented."""

import os
from typing import Any

import pytest

from camvid.plan import SHARED, plan_loading
from files.ordered import cores


def plan(size=(1024, 1024), **changes):
    settings: dict[str, Any] = {
        "augment": "flip",
        "augment_on": "auto",
        "batch_size": 4,
        "workers": 0,
        "device": "cpu",
        "count": 1,
    }
    return plan_loading(100_000, size, size, **settings | changes)


@pytest.mark.skipif(not SHARED.is_dir(), reason="loader processes share memory through files elsewhere")
def test_more_loader_processes_than_shared_memory_has_room_for(capsys):
    batch = os.statvfs(SHARED).f_bavail * os.statvfs(SHARED).f_frsize // (1024 * 1024 * 4) // 5  # a fifth of it
    assert plan(workers=1, batch_size=batch).workers == 1  # two batches ahead, two at work
    message = r"workers=2: the batches of the loader processes take .* MB of /dev/shm, which has .* --workers 1, or enl"
    with pytest.raises(ValueError, match=message):
        plan(workers=2, batch_size=batch)
    assert plan(workers=-1, device="cuda", augment_on="loader", batch_size=batch).workers == 1
    assert "loader processes: 1 instead of 2, because /dev/shm has no room" in capsys.readouterr().out
    assert plan(workers=8).workers == 8
    assert plan(workers=-1).workers == 0


def test_frames_that_must_be_decoded_get_more_processes_and_are_augmented_there(monkeypatch):
    assert plan(workers=-1, streamed=True)[1:3] == (1, False)  # beside the network on the CPU
    assert plan(workers=-1, device="cuda", size=(64, 64), streamed=True)[1:3] == (cores(), False)
    assert plan(workers=0, device="cuda", streamed=True)[1:3] == (0, False)
    assert plan(workers=0, device="cuda")[1:3] == (0, True)
    assert plan(workers=0, device="cuda", streamed=True, augment_on="device")[1:3] == (0, True)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", str(2 * cores()))
    assert plan(workers=-1, device="cuda", size=(64, 64), streamed=True).workers == 1  # each of many on the machine


def test_frames_lie_on_the_device_if_it_has_room_for_them_and_then_nothing_is_loaded():
    pictures = {"size": (64, 64), "device": "cuda", "workers": 2}
    need = 100_000 * 64 * 64 * 4
    assert plan(**pictures, room=need) == (4, 0, True, True)
    assert plan(**pictures, room=need - 1) == (4, 2, True, False)
    assert plan(**pictures, room=need, depth=True) == (4, 2, True, False)
    assert plan(**pictures, room=2 * need, depth=True) == (4, 0, True, True)
    assert not plan(**pictures, room=need, augment_on="loader").resident
    assert not plan(**pictures, room=need, streamed=True, augment_on="device").resident
    assert not plan(**pictures, room=0).resident
