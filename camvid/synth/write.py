"""Synthetic data sets on disk, in each of the four layouts of CamVid."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from camvid.folders import new_folder
from camvid.synth.kinds import Kind
from camvid.synth.plan import Shot, plan
from camvid.synth.render import Picture, check_size, draw_frame
from camvid.synth.world import make_world
from camvid.taxonomy import VOID_NAME, load_taxonomy, original_palette

SPLITS = ("train", "val", "test")
_PNG_EFFORT = 1  # of 9: more makes files hardly smaller and takes much longer


def palette() -> NDArray[np.uint8]:
    """Colours (32, 3) of the original labels, RGB, in the order of `Kind`."""
    colors = original_palette()
    return np.array([colors[kind.name] for kind in Kind], np.uint8)


def segnet_indices() -> NDArray[np.uint8]:
    """For each `Kind` the value in SegNet's masks: the index in camvid11, 11 for void."""
    taxonomy = load_taxonomy("camvid11")
    void = taxonomy.num_classes
    return np.array([taxonomy.sources.get(kind.name, void) for kind in Kind], np.uint8)


@dataclass(frozen=True)
class Layout:
    """Where a frame and its label lie under the root, what a label holds for each `Kind`, which lists there are."""

    image: Callable[[Shot], str]
    label: Callable[[Shot], str]
    table: Callable[[], NDArray[np.uint8]]  # (32,) values or (32, 3) colours
    lists: Callable[[Sequence[Shot]], dict[str, str]]  # file name -> text
    size: tuple[int, int] = (720, 960)


def _split_lists(shots: Sequence[Shot]) -> dict[str, str]:
    return {f"{split}.txt": _lines(shot.name for shot in shots if shot.split == split) for split in SPLITS}


def _lines(rows: Iterable[str]) -> str:
    return "".join(f"{row}\n" for row in rows)


def _original_lists(shots: Sequence[Shot]) -> dict[str, str]:
    rows = (f"{r} {g} {b}\t{name}" for name, (r, g, b) in original_palette().items())
    return {"label_colors.txt": _lines(rows), **_split_lists(shots)}


def _fastai_lists(shots: Sequence[Shot]) -> dict[str, str]:
    valid = _lines(f"{shot.name}.png" for shot in shots if shot.split == "val")
    return {"codes.txt": _lines(kind.name for kind in Kind), "valid.txt": valid, **_split_lists(shots)}


def _kaggle_lists(shots: Sequence[Shot]) -> dict[str, str]:
    rows = (f"{name},{r},{g},{b}" for name, (r, g, b) in original_palette().items())
    return {"class_dict.csv": _lines(("name,r,g,b", *rows))}


LAYOUTS = {
    "original": Layout(
        lambda shot: f"701_StillsRaw_full/{shot.name}.png",
        lambda shot: f"LabeledApproved_full/{shot.name}_L.png",
        palette,
        _original_lists,
    ),
    "fastai": Layout(
        lambda shot: f"images/{shot.name}.png",
        lambda shot: f"labels/{shot.name}_P.png",
        lambda: np.arange(len(Kind), dtype=np.uint8),
        _fastai_lists,
    ),
    "segnet": Layout(
        lambda shot: f"{shot.split}/{shot.name}.png",
        lambda shot: f"{shot.split}annot/{shot.name}.png",
        segnet_indices,
        lambda shots: {"codes.txt": _lines((*load_taxonomy("camvid11").names, VOID_NAME))},
        size=(360, 480),
    ),
    "kaggle": Layout(
        lambda shot: f"{shot.split}/{shot.name}.png",
        lambda shot: f"{shot.split}_labels/{shot.name}_L.png",
        palette,
        _kaggle_lists,
    ),
}


def synth(out: Path, frames: int, seed: int, layout: str = "original", size: tuple[int, int] | None = None) -> None:
    """Draw a data set of street scenes, which appears whole at the end; the same arguments give the same bytes.

    Args:
        out: the folder to make; it must not exist yet, or be empty.
        frames: how many, 3 or more.
        seed: 0 or more.
        layout: original, fastai, segnet or kaggle.
        size: (height, width) in pixels; None is the layout's own: 360x480 for segnet, else 720x960.

    Raises:
        ValueError: an impossible argument.
        OSError: the folder holds something, or cannot be written.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"layout {layout!r}: allowed are {', '.join(LAYOUTS)}")
    style = LAYOUTS[layout]
    size = style.size if size is None else size
    check_size(size)
    shots, table = plan(frames, seed), style.table()
    with new_folder(Path(out)) as folder:
        for path in {(folder / path(shot)).parent for shot in shots for path in (style.image, style.label)}:
            path.mkdir(parents=True, exist_ok=True)
        for shot, image, label in draw_shots(shots, size):
            _write_png(folder / style.image(shot), image)
            _write_png(folder / style.label(shot), table[label])
        for name, text in style.lists(shots).items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")


def draw_shots(shots: Sequence[Shot], size: tuple[int, int]) -> Iterator[tuple[Shot, Picture, Picture]]:
    """Each shot with its picture and label as `draw_scene` gives them, under a progress bar."""
    world = make_world(shots[0].seed)
    for shot in tqdm(shots, desc="drawing", unit="frame", disable=None):
        world = world if world.seed == shot.seed else make_world(shot.seed)
        yield shot, *draw_frame(world, shot.index, size)


def _write_png(path: Path, picture: Picture) -> None:
    """Write (H, W) grey or (H, W, 3) RGB."""
    bgr = picture[..., ::-1] if picture.ndim == 3 else picture
    _, data = cv2.imencode(".png", np.ascontiguousarray(bgr), (cv2.IMWRITE_PNG_COMPRESSION, _PNG_EFFORT))
    path.write_bytes(data.tobytes())
