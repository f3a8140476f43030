"""A point cloud as the browser gets it: a JSON head, then the numbers, which a browser reads without parsing."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wandb_local import jsons
from wandb_local.context import Context
from wandb_local.limits import MAX_CLOUD_BYTES
from wandb_local.web.cloud.read import Cloud, CloudError, read_cloud

FORM = 1  # of the answer; a browser keeps answers, and a later server may give others
_MIDDLE = (1, 99)  # percent of the points on each axis that the camera is fitted to: a few far outliers do not count
_TURN = asyncio.Semaphore(1)  # reading a large cloud takes some 300 MB


async def cloud_bytes(context: Context, path: Path) -> bytes:
    """``answer_for`` a stored file, for one file after the other."""
    async with _TURN:
        return await context.run(answer_for, path)


def answer_for(path: Path) -> bytes:
    """The cloud in a file for the browser; if it is none, a head alone, whose ``fault`` is a text for people."""
    try:
        if path.stat().st_size > MAX_CLOUD_BYTES:
            raise CloudError(f"the file is larger than {MAX_CLOUD_BYTES >> 20} MiB")
        return for_browser(read_cloud(path.read_bytes()))
    except CloudError as error:
        return _packed({"fault": f"This cloud cannot be shown: {error}."})


def for_browser(cloud: Cloud) -> bytes:
    """Little-endian: the length of the head as uint32; the head, as JSON, padded to whole words; N points as float32
    (N, 3), from ``center`` on; after them uint8 (N, 3) if the head says ``colors``, int16 (N,) if it says ``classes``.
    """
    spread = cloud.points if len(cloud.points) else _corners(cloud)
    low = np.percentile(spread, _MIDDLE[0], axis=0, method="lower")
    high = np.percentile(spread, _MIDDLE[1], axis=0, method="higher")
    center, half = (low + high) / 2, (high - low) / 2
    head = {
        "drawn": len(cloud.points),
        "logged": cloud.logged,
        "lost": cloud.lost,
        "colors": cloud.colors is not None,
        "classes": cloud.classes is not None,
        "center": center.tolist(),
        "half": (half if half.any() else half + 0.5).tolist(),
        "extent": np.stack([spread.min(axis=0), spread.max(axis=0)], axis=1).tolist(),
        "boxes": [{**box._asdict(), "corners": (box.corners - center).tolist()} for box in cloud.boxes],
        "vectors": [(np.array(vector) - center).tolist() for vector in cloud.vectors],
        "lost_boxes": cloud.lost_boxes,
    }
    arrays: list[NDArray[Any]] = [(cloud.points - center).astype("<f4")]
    arrays += [each.astype(each.dtype.newbyteorder("<")) for each in (cloud.colors, cloud.classes) if each is not None]
    return _packed(head, *arrays)


def _corners(cloud: Cloud) -> NDArray[np.float64]:
    """What is drawn of a cloud without points; the origin if there is nothing at all."""
    places = [*(box.corners for box in cloud.boxes), *map(np.array, cloud.vectors)]
    return np.concatenate(places) if places else np.zeros((1, 3))


def _packed(head: dict[str, Any], *arrays: NDArray[Any]) -> bytes:
    text = jsons.dumps(head).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([struct.pack("<I", len(text)), text, *(array.tobytes() for array in arrays)])
