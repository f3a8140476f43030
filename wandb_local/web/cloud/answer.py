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
    """The answer for a stored file; one that is no cloud gives a head with ``fault``, a text for people."""
    async with _TURN:
        return await context.run(_answer, path)


def _answer(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_CLOUD_BYTES:
            raise CloudError(f"the file is larger than {MAX_CLOUD_BYTES >> 20} MiB")
        return for_browser(read_cloud(path.read_bytes()))
    except CloudError as error:
        return _packed({"fault": f"This cloud cannot be shown: {error}."})


def for_browser(cloud: Cloud) -> bytes:
    """Little-endian: the length of the head as uint32, the head, padded to whole words; then for N points float32
    (N, 3), from ``center`` on; then uint8 (N, 3) if ``colors`` are many, int16 (N,) if ``classes`` are."""
    spread = cloud.points if len(cloud.points) else _corners(cloud)
    low, high = np.percentile(spread, _MIDDLE[0], 0, method="lower"), np.percentile(spread, _MIDDLE[1], 0, method="higher")
    center = (low + high) / 2
    head = {
        "drawn": len(cloud.points),
        "logged": cloud.logged,
        "lost": cloud.lost,
        "colors": cloud.colors is not None,
        "classes": cloud.classes is not None,
        "center": center.tolist(),
        "half": ((high - low) / 2).tolist(),
        "extent": np.stack([spread.min(axis=0), spread.max(axis=0)], axis=1).tolist(),
        "boxes": [{"corners": (box.corners - center).tolist(), "color": box.color, "text": box.text} for box in cloud.boxes],
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
