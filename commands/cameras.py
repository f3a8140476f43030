"""The cameras of pictures that are predicted, from the command line or from a table beside them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from files.camera import Camera

TABLE = "cameras.csv"

if TYPE_CHECKING:
    from models.saved import SavedModel


def camera_of(options: argparse.Namespace, saved: SavedModel) -> Callable[[str], Camera | None]:
    """A function from the name of a picture to its camera, None if it is unknown.

    A camera is that of `--camera`, or of the line for the picture in `cameras.csv`, which is looked for beside the
    picture and in the folder above.

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
    folder = options.input.absolute() if options.input.is_dir() else options.input.absolute().parent
    tables = [table for place in (folder, folder.parent) if (table := place / TABLE).is_file()]
    return read_cameras(tables[0]).get if tables else lambda _: None
