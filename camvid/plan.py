"""Plans the loading of batches from the settings alone. So settings that cannot work fail before a frame is decoded."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path
from typing import NamedTuple

from camvid.layouts.lacking import require_batch
from camvid.on_device import POLICIES as DEVICE_POLICIES
from camvid.on_device import DeviceAugmentation
from files.ordered import cores

PREFETCH = 2  # batches that each loader process has ready, torch's default
HELD = 2  # batches that the training itself holds; see training.ahead
SHARED = Path("/dev/shm")  # loader processes put their batches here, on Linux
PIXEL = 4  # bytes of one pixel: three for the image, one for the mask
METRES = 4  # bytes of its depth


class Plan(NamedTuple):
    """How batches are loaded.

    Attributes:
        share: frames in a batch of this process.
        workers: number of its loader processes.
        on_device: whether the device augments.
        resident: whether all frames lie on the device, so that nothing is loaded.
    """

    share: int
    workers: int
    on_device: bool
    resident: bool = False


def plan_loading(
    frames: int,
    size: tuple[int, int],
    kept: tuple[int, int],
    *,
    augment: str,
    augment_on: str,
    batch_size: int,
    workers: int,
    device: str,
    count: int,
    streamed: bool = False,
    depth: bool = False,
    room: int = 0,
) -> Plan:
    """The plan for settings of `camvid.loaders.train_loader`.

    Args:
        frames: number of training frames.
        size: height and width of a training image.
        kept: height and width of a frame as it is kept. The device augments frames of this size.
        count: number of processes that train together.
        streamed: whether loader processes decode the frames. Then augment_on=auto lets them augment too. That takes a
            tenth of the time of decoding, and the batches that wait are smaller.
        depth: whether the batches hold depth, too.
        room: bytes that the frames may take on the device; see `camvid.resident.room_on`.

    Raises:
        ValueError: there are fewer frames than in a batch, a batch cannot be shared evenly, the device does not know
            the policy, or the shared memory has no room for the batches of so many loader processes.
    """
    require_batch(frames, batch_size)
    if batch_size % count:
        raise ValueError(
            f"batch_size={batch_size} cannot be shared by {count} processes: make it a multiple of {count}"
        )
    known = device == "cuda" and augment in DEVICE_POLICIES and not streamed
    on_device = augment_on == "device" or (augment_on == "auto" and known)
    if on_device:
        DeviceAugmentation(augment, size, (1.0, 1.0))  # refuses a policy that it does not know
    share, pixel = batch_size // count, PIXEL + METRES * depth
    if on_device and not streamed and frames * pixel * math.prod(kept) <= room:
        return Plan(share, 0, on_device, resident=True)
    batch = share * pixel * math.prod(kept if on_device else size)
    return Plan(share, _processes(workers, batch, device, streamed), on_device)


def _processes(workers: int, batch: int, device: str, streamed: bool) -> int:
    """Number of loader processes, given the bytes of a batch. -1 takes as many as are useful and have room."""
    together = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))  # processes that share this machine's memory
    free = shutil.disk_usage(SHARED).free // together if SHARED.is_dir() else math.inf
    wanted = workers if workers >= 0 else _useful(device, streamed, together)
    room = max(0, int(min(wanted, (free / batch - HELD) // PREFETCH)))
    if room < wanted and workers < 0:
        print(f"loader processes: {room} instead of {wanted}, because {SHARED} has no room for the batches of more")
    elif room < wanted:
        need = (PREFETCH * wanted + HELD) * batch
        raise ValueError(
            f"workers={workers}: the batches of the loader processes take {need / 1e6:.3g} MB of {SHARED}, which has "
            f"{free / 1e6:.3g} MB free: take --workers {room}, or enlarge {SHARED} (docker run --shm-size=…)"
        )
    return room


def _useful(device: str, streamed: bool, together: int) -> int:
    """Useful number of loader processes. On the CPU it is one if frames must be decoded, else none."""
    if device == "cpu":
        return int(streamed)
    return max(1, cores() // together) if streamed else min(8, cores())
