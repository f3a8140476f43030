"""How batches will come, from the settings alone: what cannot work is known before a frame is decoded."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path
from typing import NamedTuple

from camvid.on_device import POLICIES as DEVICE_POLICIES
from camvid.on_device import DeviceAugmentation
from files.ordered import cores

PREFETCH = 2  # batches that each loader process has ready, torch's default
HELD = 2  # batches that the training itself holds, see training.ahead
SHARED = Path("/dev/shm")  # where loader processes put their batches, on Linux
PIXEL = 4  # bytes of a pixel of image and mask


class Plan(NamedTuple):
    """Frames in a batch of this process, number of its loader processes, and whether the device augments."""

    share: int
    workers: int
    on_device: bool


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
) -> Plan:
    """See `camvid.loaders.train_loader` for the settings.

    Args:
        frames: number of training frames.
        size: height and width of a training image.
        kept: height and width of a frame as it is kept, which is what the device augments.
        count: processes that train together.
        streamed: whether loader processes decode the frames. Then they augment them too, if nothing else is asked for:
            that takes a tenth of the decoding, and the batches that wait are as small as what the network sees.

    Raises:
        ValueError: fewer frames than one batch, a batch that cannot be shared evenly, a policy that no device knows, or
            more loader processes than the shared memory has room for.
    """
    if frames < batch_size:
        raise ValueError(
            f"batch_size={batch_size} is larger than the train split ({frames} frames): take {frames} or less"
        )
    if batch_size % count:
        raise ValueError(
            f"batch_size={batch_size} cannot be shared by {count} processes: make it a multiple of {count}"
        )
    known = device == "cuda" and augment in DEVICE_POLICIES and not streamed
    on_device = augment_on == "device" or (augment_on == "auto" and known)
    if on_device:
        DeviceAugmentation(augment, size, (1.0, 1.0))  # refuses a policy that it does not know
    share = batch_size // count
    batch = share * PIXEL * math.prod(kept if on_device else size)
    return Plan(share, _processes(workers, batch, device, streamed), on_device)


def _processes(workers: int, batch: int, device: str, streamed: bool) -> int:
    """Number of loader processes for batches of so many bytes; -1 asks for as many as are of use and have room."""
    together = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))  # processes that share this machine's memory
    free = shutil.disk_usage(SHARED).free // together if SHARED.is_dir() else math.inf
    wanted = workers if workers >= 0 else _useful(device, streamed, together)
    room = max(0, int(min(wanted, (free / batch - HELD) // PREFETCH)))
    if room < wanted and workers < 0:
        print(f"{SHARED} has room for the batches of {room} loader processes, not {wanted}: {room} are taken")
    elif room < wanted:
        need = (PREFETCH * wanted + HELD) * batch
        raise ValueError(
            f"workers={workers}: the batches of its loader processes take {need / 1e6:.3g} MB of {SHARED}, which has "
            f"{free / 1e6:.3g} MB free: take --workers {room}, or a larger one (docker run --shm-size=…)"
        )
    return room


def _useful(device: str, streamed: bool, together: int) -> int:
    """Loader processes that are of use: for a GPU; beside a network on the CPU one, and only where it has to decode."""
    if device == "cpu":
        return int(streamed)
    return max(1, cores() // together) if streamed else min(8, cores())
