"""The cameras of pictures that are predicted, from the command line or from a table beside them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from files.camera import Camera

if TYPE_CHECKING:
    from models.saved import SavedModel


def camera_of(options: argparse.Namespace, saved: SavedModel) -> Callable[[str], Camera | None]:
    """A function from the name of a picture to its camera, None if it is unknown.

    A camera is that of `--camera`, or of the line for the picture in `cameras.csv` beside it.

    Raises:
        ValueError: the model predicts no depth, and points or a camera were asked for; or the table is faulty.
    """
    from camvid.depth.plain import read_cameras
    from commands.truth import learns_depth

    if not learns_depth(saved.config):
        for option in ("points", "camera"):
            if getattr(options, option):
                raise ValueError(
                    f"--{option}: {saved.folder} predicts no depth; leave it out, or take a model of depth"
                )
        return lambda _: None
    if options.camera:
        return lambda _: Camera(*options.camera)
    table = (options.input if options.input.is_dir() else options.input.parent) / "cameras.csv"
    return read_cameras(table).get if table.is_file() else lambda _: None
