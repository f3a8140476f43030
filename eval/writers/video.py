"""Videos, frame by frame, through OpenCV."""

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from eval.writers.colors import Picture

SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg")
DEFAULT_RATE = 25.0  # for files that do not say
RATES = (0.002, 65535)  # MPEG-4 counts time in 16 bits, OpenCV in thousandths of a frame
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # silent; read once, when the process opens its first video


@dataclass(frozen=True)
class Video:
    """An open video: ``frames`` (H, W, 3) uint8 RGB one by one, how many the file announces, and frames per second.

    ``rate`` is what the file says, which may be 0, NaN or any other number.
    """

    frames: Iterator[Picture]
    announced: int
    rate: float


@contextmanager
def open_video(path: Path) -> Iterator[Video]:
    """Open a video for reading.

    Raises:
        ValueError: OpenCV cannot open it; the message names it.
    """
    _silence_opencv()
    capture = cv2.VideoCapture(str(path))
    try:
        if not capture.isOpened():
            raise ValueError(
                f"{path}: cannot be opened as a video; it is damaged, or OpenCV does not support its format"
            )
        announced = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        yield Video(_frames(capture), announced, capture.get(cv2.CAP_PROP_FPS))
    finally:
        capture.release()


def _frames(capture: cv2.VideoCapture) -> Iterator[Picture]:
    while True:
        there, frame = capture.read()
        if not there:
            return
        yield np.ascontiguousarray(frame[..., ::-1])  # BGR to RGB


def writable_rate(rate: float) -> float:
    """The frame rate nearest to ``rate`` that MPEG-4 can hold; ``DEFAULT_RATE`` for one that is none (0, NaN, …)."""
    if not math.isfinite(rate) or rate <= 0:
        return DEFAULT_RATE
    for digits in (3, 2, 1):
        near = round(rate, digits)
        if Fraction(str(near)).numerator <= RATES[1]:
            return max(near, RATES[0])
    return min(float(round(rate)), RATES[1])


class VideoError(OSError):
    """A video that could not be written; the message gives the reason without the file."""


@contextmanager
def video_writer(path: Path, rate: float) -> Iterator[Callable[[Picture], None]]:
    """Write an MP4 (MPEG-4 part 2, which every OpenCV build has) of frames (H, W, 3) uint8 RGB of one size.

    The codec wants even sides: an odd last row or column is left out. Frames are taken also where they cannot be
    written, so that the caller can go on with other work.

    Args:
        path: the file.
        rate: frames/s; see ``writable_rate``.

    Raises:
        VideoError: at the end, where the file could not be written.
    """
    _silence_opencv()
    writer: cv2.VideoWriter | None = None
    count, refused = 0, ""

    def write(frame: Picture) -> None:
        nonlocal writer, count, refused
        if writer is None:
            size = (frame.shape[1], frame.shape[0])
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), rate, size)
            if not writer.isOpened():
                refused = f"a video of {size[0]}x{size[1]} with {rate:g} frames/s cannot be written"
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
        count += 1

    try:
        yield write
    finally:
        if writer is not None:
            writer.release()
    if refused:
        raise VideoError(refused)
    kept = max(0, int(cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT)))
    if kept != count:  # OpenCV says nothing of a full disk
        raise VideoError(f"only {kept} of {count} frames were written; check whether the disk is full")


def _silence_opencv() -> None:
    """Our errors say once what is wrong, and name the file."""
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
