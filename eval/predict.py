"""Predict an image, a folder of images or a video: index masks and colour overlays."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import nn
from tqdm import tqdm

from eval.colors import Picture, overlay
from eval.files import replacing
from eval.inference import predict_mask
from eval.video import SUFFIXES as VIDEO_SUFFIXES
from eval.video import open_video, video_writer

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class Predictor:
    """A model with all that a prediction needs.

    Attributes:
        model: images (N, 3, h, w) in [0, 1] to logits, on ``device``.
        colors: (C, 3) uint8 RGB of the classes.
        size_for: from an image's (H, W) to the (h, w) at which logits are computed.
        device: where the model runs.
        precision: "fp32" or "bf16" (autocast).
    """

    model: nn.Module
    colors: NDArray[np.uint8]
    size_for: Callable[[tuple[int, int]], tuple[int, int]]
    device: str | torch.device = "cpu"
    precision: str = "fp32"

    def __call__(self, image: Picture) -> Picture:
        """Class indices (H, W) uint8 of an image (H, W, 3) uint8 RGB."""
        height, width = image.shape[:2]
        return predict_mask(self.model, image, self.size_for((height, width)), self.device, self.precision)


@dataclass
class Predicted:
    """What was written, and what could not be read: one line for each fault."""

    written: list[Path] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def predict_path(predictor: Predictor, source: Path, folder: Path) -> Predicted:
    """Predict ``source``, an image, a folder of images or a video, into ``folder``.

    Writes ``masks/<name>.png`` (8-bit class indices, at the image's own size) and ``overlays/<name>.png``; for a video
    ``masks/<name>_000000.png`` and so on, and ``<name>_overlay.mp4``. A file that cannot be read is a fault; the others
    are done all the same.

    Raises:
        ValueError: ``source`` is missing, of no known kind, a folder without images, or two images share a name.
        OSError: ``folder`` cannot be written.
    """
    if not source.exists():
        raise ValueError(f"{source}: not found; give an image, a folder of images or a video")
    if source.suffix.lower() in VIDEO_SUFFIXES:
        return _predict_video(predictor, source, folder)
    return _predict_images(predictor, _images_of(source), folder)


def read_image(path: Path) -> Picture:
    """An image file as (H, W, 3) uint8 RGB, turned as its camera held it.

    Raises:
        ValueError: it cannot be decoded; the message names it.
    """
    try:
        with Image.open(path) as image:
            return np.array(ImageOps.exif_transpose(image).convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:  # PIL's ways to say "corrupt"
        raise ValueError(f"{path}: cannot be decoded ({error})") from error


def _images_of(source: Path) -> list[Path]:
    known = f"images: {', '.join(IMAGE_SUFFIXES)}; videos: {', '.join(VIDEO_SUFFIXES)}"
    if not source.is_dir():
        if source.suffix.lower() not in IMAGE_SUFFIXES:
            raise ValueError(f"{source}: {source.suffix or 'no suffix'} is not a known kind of file ({known})")
        return [source]
    images = sorted(path for path in source.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    if not images:
        raise ValueError(f"{source}: no image in this folder ({known})")
    by_stem: dict[str, Path] = {}
    for path in images:
        if (other := by_stem.setdefault(path.stem, path)) != path:
            raise ValueError(f"{path}: would be written over {other.name}'s masks; rename one of the two")
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
            _save(folder / "overlays" / f"{path.stem}.png", overlay(image, mask, predictor.colors)),
        ]
    return result


def _predict_video(predictor: Predictor, source: Path, folder: Path) -> Predicted:
    result, target = Predicted(), folder / f"{source.stem}_overlay.mp4"
    with open_video(source) as video, replacing(target) as temporary:
        bar = tqdm(video.frames, "predict", video.announced or None, unit="frame", file=sys.stderr, disable=None)
        with video_writer(temporary, video.rate) as write:
            for number, image in enumerate(bar):
                mask = predictor(image)
                result.written.append(_save(folder / "masks" / f"{source.stem}_{number:06d}.png", mask))
                write(overlay(image, mask, predictor.colors))
        if not result.written:
            raise ValueError(f"{source}: not one frame of this video can be decoded")
    if len(result.written) < video.announced:
        result.faults.append(f"{source}: announces {video.announced} frames, {len(result.written)} could be decoded")
    result.written.append(target)
    return result


def _save(path: Path, picture: Picture) -> Path:
    with replacing(path) as temporary:
        Image.fromarray(picture).save(temporary)
    return path
