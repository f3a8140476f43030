"""The frames of a data set drawn, each sequence by one process."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import chain, groupby
from operator import attrgetter
from typing import TypeVar

import cv2
from tqdm import tqdm

from camvid.synth.plan import Shot
from camvid.synth.render import Scene, take
from camvid.synth.world import CameraCar, make_world
from files.processes import mapping

FEW = 20  # frames: fewer are drawn about as fast by one process, as each one takes half a second to start
R = TypeVar("R")


def draw_shots(
    shots: Sequence[Shot],
    keep: Callable[[Shot, Scene], R],
    size: tuple[int, int],
    depth: bool = False,
    one_camera: bool = False,
    processes: int = 1,
) -> list[R]:
    """What `keep` returns for each shot and what the camera took, under a progress bar.

    Args:
        shots: all frames, sequence by sequence.
        keep: writes the scene, and returns something small. It is called in the process that draws the sequence.
        size: (height, width) in pixels.
        depth: whether scenes have depth.
        one_camera: whether the camera is that of the first street everywhere.
        processes: how many draw, 1 or more; few frames are drawn by this process alone.

    Raises:
        ChildProcessError: a process was killed.
    """
    sequences = [list(shots_of_one) for _, shots_of_one in groupby(shots, attrgetter("seed"))]
    draw = partial(_draw, keep, size, depth, make_world(shots[0].seed).car if one_camera else None)
    bar = partial(tqdm, total=len(shots), desc="drawing", unit="frame", disable=None)
    if processes == 1 or len(shots) < FEW:
        return list(bar(chain.from_iterable(map(draw, sequences))))
    try:
        with mapping(partial(_draw_all, draw), sequences, processes) as drawn:
            return list(bar(chain.from_iterable(drawn)))
    except BrokenProcessPool as error:
        fix = "free memory, or give fewer --processes"
        raise ChildProcessError(
            f"a process that draws was killed, as by a system without free memory; {fix}"
        ) from error


def check_processes(processes: int) -> None:
    """Raise ValueError for a number of processes that cannot draw."""
    if processes < 1:
        raise ValueError(f"processes must be 1 or more, got {processes}")


def _draw(
    keep: Callable[[Shot, Scene], R],
    size: tuple[int, int],
    depth: bool,
    car: CameraCar | None,
    shots: Sequence[Shot],
) -> Iterator[R]:
    """One sequence."""
    world = make_world(shots[0].seed)
    seen = world.seen_by(car) if car else world
    for shot in shots:
        yield keep(shot, take(seen, shot.index, size, depth))


def _draw_all(draw: Callable[[Sequence[Shot]], Iterator[R]], shots: Sequence[Shot]) -> list[R]:
    cv2.setNumThreads(1)  # the other cores have processes of their own
    return list(draw(shots))
