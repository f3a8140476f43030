"""Videos, frame by frame, through OpenCV."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from eval.colors import Picture

SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg")
DEFAULT_RATE = 25.0  # for files that do not say


@dataclass(frozen=True)
class Video:
    """An open video: ``frames`` (H, W, 3) uint8 RGB one by one, how many the file announces, and frames per second."""

    frames: Iterator[Picture]
    announced: int
    rate: float


@contextmanager
def open_video(path: Path) -> Iterator[Video]:
    """Open a video for reading.

    Raises:
        ValueError: OpenCV cannot open it; the message names it.
    """
    _silence_ffmpeg()
    capture = cv2.VideoCapture(str(path))
    try:
        if not capture.isOpened():
            raise ValueError(f"{path}: cannot be opened as a video; it is damaged or in a format OpenCV lacks")
        announced = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        yield Video(_frames(capture), announced, capture.get(cv2.CAP_PROP_FPS) or DEFAULT_RATE)
    finally:
        capture.release()


def _frames(capture: cv2.VideoCapture) -> Iterator[Picture]:
    while True:
        there, frame = capture.read()
        if not there:
            return
        yield np.ascontiguousarray(frame[..., ::-1])  # BGR to RGB


@contextmanager
def video_writer(path: Path, rate: float) -> Iterator[Callable[[Picture], None]]:
    """Write an MP4 (MPEG-4 part 2, which every OpenCV build has) of frames (H, W, 3) uint8 RGB of one size.

    The codec wants even sides: an odd last row or column is left out.

    Raises:
        OSError: the file cannot be written.
    """
    _silence_ffmpeg()
    writer: cv2.VideoWriter | None = None
    count = 0

    def write(frame: Picture) -> None:
        nonlocal writer, count
        if writer is None:
            size = (frame.shape[1], frame.shape[0])
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), rate, size)
            if not writer.isOpened():
                raise OSError(f"{path}: cannot be written as a video of {size[0]}x{size[1]} at {rate:g} frames/s")
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
        count += 1

    try:
        yield write
    finally:
        if writer is not None:
            writer.release()
    kept = max(0, int(cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT)))
    if kept != count:  # OpenCV says nothing of a full disk
        raise OSError(f"{path}: of {count} frames {kept} were written; is the disk full?")


def _silence_ffmpeg() -> None:
    """Our errors say once what is wrong, with the file's name; OpenCV reads this when it first opens a video."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
