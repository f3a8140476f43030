"""The files of a prediction."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from PIL import Image

from eval.depth.scale import focal_of
from eval.predictor import Prediction, Predictor
from eval.writers.colors import Picture
from eval.writers.depth import depth_picture, with_depth_scale, write_depth
from eval.writers.ply import write_ply
from files.amounts import counted
from files.camera import Camera
from files.whole import replacing

FOLDERS = {"overlay": "overlays", "depth": "depth_colors"}  # of the pictures for people, by their kind


class Files:
    """Writes what a predictor says of pictures.

    Args:
        predictor: the model.
        folder: where to.
        points: whether point clouds are written, too.
    """

    def __init__(self, predictor: Predictor, folder: Path, points: bool):
        self.predictor, self.folder, self.points = predictor, folder, points
        self.seen: Counter[bool] = Counter()  # pictures with depth, by whether their camera is known

    def predict(self, image: Picture, camera: Camera | None, source: Path) -> Prediction:
        """The prediction of an image (H, W, 3) of a file.

        Raises:
            ValueError: its camera is one of another size, or there is nothing to make points of.
        """
        height, width = image.shape[:2]
        if camera and camera.size and camera.size != (height, width):
            raise ValueError(
                f"{source}: the picture is {width}x{height}, and its camera has {camera.size[1]}x{camera.size[0]} "
                "pixels; give the camera of this picture"
            )
        found = self.predictor.predict(image, camera)
        if self.points and (found.depth is None or found.camera is None):
            lacking = "no depth is predicted" if found.depth is None else "no focal length is known"
            fix = "leave out --points" if found.depth is None else "give --camera"
            raise ValueError(f"{source}: {lacking}, so there are no points; {fix}")
        self.seen[camera is not None] += found.depth is not None
        return found

    def write(self, name: str, image: Picture, found: Prediction) -> list[Path]:
        """Write mask, depth and points, as far as there are some."""
        written = []
        if found.mask is not None:
            written.append(_save(self.folder / "masks" / f"{name}.png", found.mask))
        if found.depth is not None:
            written.append(write_depth(self.folder / "depth" / f"{name}.png", found.depth))
        if self.points:
            written.append(self._write_points(self.folder / "points" / f"{name}.ply", image, found))
        return written

    def _write_points(self, path: Path, image: Picture, found: Prediction) -> Path:
        points, pixels = self.predictor.cloud(found)
        labels = None if found.mask is None else found.mask.ravel()[pixels]
        write_ply(path, points, image.reshape(-1, 3)[pixels], labels)
        return path

    def write_pictures(self, name: str, image: Picture, found: Prediction) -> list[Path]:
        """Write the pictures for people."""
        pictures = self.pictures(image, found)
        return [_save(self.folder / FOLDERS[kind] / f"{name}.png", drawn) for kind, drawn in pictures.items()]

    def pictures(self, image: Picture, found: Prediction) -> dict[str, Picture]:
        """The pictures for people by their kind, a key of ``FOLDERS``: an overlay, and depth in colours."""
        drawn = {}
        if found.mask is not None:
            drawn["overlay"] = self.predictor.overlay(image, found.mask)
        if found.depth is not None:
            drawn["depth"] = with_depth_scale(depth_picture(found.depth))
        return drawn

    def notes(self) -> list[str]:
        """What one should know about the depth, in one line at most."""
        if not self.seen[False]:
            return []
        focal = f"{focal_of(self.predictor.model):.4g}"
        return [
            f"unknown cameras: {self.seen[False]} of {counted(self.seen.total(), 'picture')}. Their depth is in metres "
            f"if the focal length was that of the training, {focal} pixels at the network's input; else give --camera, "
            "or cameras.csv beside the pictures or in the folder above"
        ]


def _save(path: Path, picture: Picture) -> Path:
    with replacing(path) as temporary:
        Image.fromarray(picture).save(temporary)
    return path
