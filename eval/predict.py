"""Predict an image, a folder of images or a video: masks, overlays, depth and points as files."""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from eval.predicted_files import Files
from eval.predictor import Prediction, Predictor
from eval.writers.colors import Picture
from eval.writers.video import SUFFIXES as VIDEO_SUFFIXES
from eval.writers.video import Video, VideoError, open_video, video_writer, writable_rate
from files.camera import Camera
from files.pictures import read_image
from files.whole import replacing

__all__ = ["IMAGE_SUFFIXES", "Predicted", "Predictor", "predict_path", "read_image"]

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")

Pictures = Callable[[Path, Sequence[str]], list[Path]]  # from a folder to its pictures of these suffixes, sorted
CameraOf = Callable[[str], Camera | None]  # from a name without suffix


@dataclass
class Predicted:
    """The written files, errors for files that could not be read or written (``faults``), and remarks (``notes``)."""

    written: list[Path] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def predict_path(
    predictor: Predictor,
    source: Path,
    folder: Path,
    pictures: Pictures,
    *,
    camera_of: CameraOf = lambda _: None,
    points: bool = False,
) -> Predicted:
    """Predict ``source``, an image, a folder of images or a video, into ``folder``.

    Writes ``masks/<name>.png`` (8-bit class indices, at the image's own size) and ``overlays/<name>.png``, which have a
    legend below; for a video ``masks/<name>_000000.png`` and so on, and ``<name>_overlay.mp4``. Depth is
    ``depth/<name>.png`` (16 bits, 256 to a metre) and ``depth_colors/<name>.png``, for a video ``<name>_depth.mp4``.
    A file that cannot be read, or a video that cannot be written, is a fault; the other files are predicted anyway.

    Args:
        predictor: the model.
        source: what to predict.
        folder: where to; made when missing.
        pictures: which files of a folder are pictures.
        camera_of: from the name of a picture or video, without its suffix, to its camera; None if it is unknown.
        points: also write ``points/<name>.ply``.

    Raises:
        ValueError: ``source`` is missing, of an unknown type, or a folder without images; or two images share a name.
        OSError: ``folder`` cannot be written.
    """
    if not source.exists():
        raise ValueError(f"{source}: not found; give an image, a folder of images, or a video")
    files = Files(predictor, folder, points)
    if source.suffix.lower() in VIDEO_SUFFIXES and not source.is_dir():
        result = _predict_video(files, source, camera_of(source.stem))
    else:
        result = _predict_images(files, _images_of(source, pictures), camera_of)
    result.notes += files.notes()
    return result


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


def _predict_images(files: Files, images: list[Path], camera_of: CameraOf) -> Predicted:
    result = Predicted()
    for path in tqdm(images, desc="predict", unit="img", file=sys.stderr, disable=None):
        try:
            image = read_image(path)
            found = files.predict(image, camera_of(path.stem), path)
        except ValueError as error:
            result.faults.append(str(error))
            continue
        result.written += files.write(path.stem, image, found)
        result.written += files.write_pictures(path.stem, image, found)
    return result


def _predict_video(files: Files, source: Path, camera: Camera | None) -> Predicted:
    result = Predicted()
    with open_video(source) as video:
        rate = writable_rate(video.rate)
        if not math.isclose(rate, video.rate, rel_tol=0, abs_tol=0.0006):  # OpenCV rounds to thousandths
            result.notes.append(
                f"{source}: a video with {video.rate:g} frames/s cannot be written; the result has {rate:g} frames/s"
            )
        with ExitStack() as videos:
            writers: dict[str, Callable[[Picture], None]] = {}
            for image, found in _predict_frames(files, source, camera, video, result):
                for kind, picture in files.pictures(image, found).items():
                    if kind not in writers:
                        target = files.folder / f"{source.stem}_{kind}.mp4"
                        writers[kind] = videos.enter_context(_writing(target, rate, result))
                    writers[kind](picture)
    return result


@contextmanager
def _writing(target: Path, rate: float, result: Predicted) -> Iterator[Callable[[Picture], None]]:
    """A video that is written to ``target``; if that fails, it is a fault of the result."""
    try:
        with replacing(target) as temporary, video_writer(temporary, rate) as write:
            yield write
        result.written.append(target)
    except VideoError as error:
        result.faults.append(f"{target}: {error}; the predictions of its frames are in {target.parent}")


def _predict_frames(
    files: Files, source: Path, camera: Camera | None, video: Video, result: Predicted
) -> Iterator[tuple[Picture, Prediction]]:
    """Each frame with its prediction, which is saved by then."""
    bar = tqdm(video.frames, "predict", video.announced or None, unit="frame", file=sys.stderr, disable=None)
    count = 0
    for number, image in enumerate(bar):
        found = files.predict(image, camera, source)
        result.written += files.write(f"{source.stem}_{number:06d}", image, found)
        count = number + 1
        yield image, found
    if not count:
        raise ValueError(f"{source}: no frame of this video can be decoded")
    if count < video.announced:
        result.faults.append(
            f"{source}: the video announces {video.announced} frames, but only {count} could be decoded"
        )
