"""Predict an image, a folder of images or a video: masks of class indices, and colour overlays."""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn
from tqdm import tqdm

from eval.inference import SizeFor, predict_mask
from eval.writers.colors import Picture, overlay
from eval.writers.legend import class_entries, with_legend
from eval.writers.video import SUFFIXES as VIDEO_SUFFIXES
from eval.writers.video import Video, VideoError, open_video, video_writer, writable_rate
from files.pictures import read_image
from files.whole import replacing

__all__ = ["IMAGE_SUFFIXES", "Predicted", "Predictor", "predict_path", "read_image"]

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")

Pictures = Callable[[Path, Sequence[str]], list[Path]]  # from a folder to its pictures of these suffixes, sorted


@dataclass(frozen=True)
class Predictor:
    """A model with all that a prediction needs.

    Attributes:
        model: images (N, 3, h, w) in [0, 1] to logits, on ``device``.
        class_names: C names.
        colors: (C, 3) uint8 RGB of the classes.
        size_for: from an image's (H, W) to the (h, w) at which logits are computed.
        device: where the model runs.
        precision: "fp32" or "bf16" (autocast).
    """

    model: nn.Module
    class_names: Sequence[str]
    colors: NDArray[np.uint8]
    size_for: SizeFor
    device: str | torch.device = "cpu"
    precision: str = "fp32"

    def __call__(self, image: Picture) -> Picture:
        """Class indices (H, W) uint8 of an image (H, W, 3) uint8 RGB."""
        height, width = image.shape[:2]
        return predict_mask(self.model, image, self.size_for((height, width)), self.device, self.precision)

    def overlay(self, image: Picture, mask: Picture) -> Picture:
        """The image with its mask over it, and a legend of the classes below."""
        return with_legend(overlay(image, mask, self.colors), class_entries(self.class_names, self.colors))


@dataclass
class Predicted:
    """The written files, errors for files that could not be read or written (``faults``), and remarks (``notes``)."""

    written: list[Path] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def predict_path(predictor: Predictor, source: Path, folder: Path, pictures: Pictures) -> Predicted:
    """Predict ``source``, an image, a folder of images or a video, into ``folder``.

    Writes ``masks/<name>.png`` (8-bit class indices, at the image's own size) and ``overlays/<name>.png``, which have a
    legend below; for a video ``masks/<name>_000000.png`` and so on, and ``<name>_overlay.mp4``. A file that cannot be
    read, or a video that cannot be written, is a fault; the other files are predicted anyway.

    Args:
        predictor: the model.
        source: what to predict.
        folder: where to; made when missing.
        pictures: which files of a folder are pictures.

    Raises:
        ValueError: ``source`` is missing, of an unknown type, or a folder without images; or two images share a name.
        OSError: ``folder`` cannot be written.
    """
    if not source.exists():
        raise ValueError(f"{source}: not found; give an image, a folder of images, or a video")
    if source.suffix.lower() in VIDEO_SUFFIXES and not source.is_dir():
        return _predict_video(predictor, source, folder)
    return _predict_images(predictor, _images_of(source, pictures), folder)


def _images_of(source: Path, pictures: Pictures) -> list[Path]:
    known = f"images: {', '.join(IMAGE_SUFFIXES)}; videos: {', '.join(VIDEO_SUFFIXES)}"
    if not source.is_dir():
        if source.suffix.lower() not in IMAGE_SUFFIXES:
            raise ValueError(f"{source}: {source.suffix or 'no suffix'} is not a known file type; known are {known}")
        return [source]
    images = pictures(source, IMAGE_SUFFIXES)
    if not images:
        raise ValueError(f"{source}: the folder has no image; known are {known}")
    by_stem: dict[str, Path] = {}
    for path in images:
        if (other := by_stem.setdefault(path.stem, path)) != path:
            raise ValueError(f"{path}: its mask would overwrite the mask of {other.name}; rename one of the two")
    return images


def _predict_images(predictor: Predictor, images: list[Path], folder: Path) -> Predicted:
    result = Predicted()
    for path in tqdm(images, desc="predict", unit="img", file=sys.stderr, disable=None):
        try:
            image = read_image(path)
        except ValueError as error:
            result.faults.append(str(error))
            continue
        mask = predictor(image)
        result.written += [
            _save(folder / "masks" / f"{path.stem}.png", mask),
            _save(folder / "overlays" / f"{path.stem}.png", predictor.overlay(image, mask)),
        ]
    return result


def _predict_video(predictor: Predictor, source: Path, folder: Path) -> Predicted:
    result, target = Predicted(), folder / f"{source.stem}_overlay.mp4"
    with open_video(source) as video:
        rate = writable_rate(video.rate)
        if not math.isclose(rate, video.rate, rel_tol=0, abs_tol=0.0006):  # OpenCV rounds to thousandths
            result.notes.append(
                f"{source}: a video with {video.rate:g} frames/s cannot be written; {target.name} has {rate:g} frames/s"
            )
        try:
            with replacing(target) as temporary, video_writer(temporary, rate) as write:
                for image, mask in _predict_frames(predictor, source, video, folder, result):
                    write(predictor.overlay(image, mask))
            result.written.append(target)
        except VideoError as error:
            result.faults.append(f"{target}: {error}; the predicted masks are in {folder / 'masks'}")
    return result


def _predict_frames(
    predictor: Predictor, source: Path, video: Video, folder: Path, result: Predicted
) -> Iterator[tuple[Picture, Picture]]:
    """Each frame with its mask, which is saved by then."""
    bar = tqdm(video.frames, "predict", video.announced or None, unit="frame", file=sys.stderr, disable=None)
    for number, image in enumerate(bar):
        mask = predictor(image)
        result.written.append(_save(folder / "masks" / f"{source.stem}_{number:06d}.png", mask))
        yield image, mask
    if not result.written:
        raise ValueError(f"{source}: no frame of this video can be decoded")
    if len(result.written) < video.announced:
        result.faults.append(
            f"{source}: the video announces {video.announced} frames, but only {len(result.written)} could be decoded"
        )


def _save(path: Path, picture: Picture) -> Path:
    with replacing(path) as temporary:
        Image.fromarray(picture).save(temporary)
    return path
