"""Synthetic data sets on disk, in each of the four layouts of CamVid."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from camvid.folders import new_folder
from camvid.synth.camera import Camera
from camvid.synth.kinds import Kind
from camvid.synth.plan import Shot, plan
from camvid.synth.render import Depth, Picture, Scene, check_size, take
from camvid.synth.world import make_world
from camvid.taxonomy import VOID_NAME, load_taxonomy, original_palette

SPLITS = ("train", "val", "test")
DEPTH_STEPS = 256  # of a depth picture in a metre
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


def synth(
    out: Path,
    frames: int,
    seed: int,
    layout: str = "original",
    size: tuple[int, int] | None = None,
    depth: bool = False,
) -> None:
    """Draw a data set of street scenes, which appears whole at the end; the same arguments give the same bytes.

    Args:
        out: the folder to make; it must not exist yet, or be empty.
        frames: how many, 3 or more.
        seed: 0 or more.
        layout: original, fastai, segnet or kaggle.
        size: (height, width) in pixels; None is the layout's own: 360x480 for segnet, else 720x960.
        depth: whether `depth/` and `cameras.csv` are written too; see `DEPTH_STEPS` and `_camera_table`.

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
        places = (style.image, style.label, *([_depth_path] if depth else []))
        for path in {(folder / place(shot)).parent for shot in shots for place in places}:
            path.mkdir(parents=True, exist_ok=True)
        cameras: dict[str, Camera] = {}
        for shot, scene in draw_shots(shots, size, depth):
            _write_png(folder / style.image(shot), scene.image)
            _write_png(folder / style.label(shot), table[scene.label])
            if scene.depth is not None:
                _write_png(folder / _depth_path(shot), encode_depth(scene.depth))
                cameras[shot.name] = scene.camera
        if cameras:
            _camera_table(cameras).to_csv(folder / "cameras.csv", lineterminator="\n")
        for name, text in style.lists(shots).items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")


def draw_shots(shots: Sequence[Shot], size: tuple[int, int], depth: bool = False) -> Iterator[tuple[Shot, Scene]]:
    """Each shot with what the camera took, under a progress bar."""
    world = make_world(shots[0].seed)
    for shot in tqdm(shots, desc="drawing", unit="frame", disable=None):
        world = world if world.seed == shot.seed else make_world(shot.seed)
        yield shot, take(world, shot.index, size, depth)


def _depth_path(shot: Shot) -> str:
    return f"depth/{shot.name}.png"


def encode_depth(depth: Depth) -> NDArray[np.uint16]:
    """Depth (H, W) in metres as KITTI stores it: in steps of 1/256 m, with 0 where it is unknown (NaN)."""
    return np.rint(np.nan_to_num(depth) * DEPTH_STEPS).clip(0, 2**16 - 1).astype(np.uint16)


def _camera_table(cameras: Mapping[str, Camera]) -> pd.DataFrame:
    """By the name of the frame: focal lengths and principal point (column, row), and the size of the frame, in pixels.

    The middle of the upper left pixel is (0, 0).
    """
    rows = {
        name: (camera.focal, camera.focal, *camera.centre, camera.size[1], camera.size[0])
        for name, camera in cameras.items()
    }
    columns = ["fx", "fy", "cx", "cy", "width", "height"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("name")


def _write_png(path: Path, picture: Picture | NDArray[np.uint16]) -> None:
    """Write (H, W) grey or (H, W, 3) RGB."""
    bgr = picture[..., ::-1] if picture.ndim == 3 else picture
    _, data = cv2.imencode(".png", np.ascontiguousarray(bgr), (cv2.IMWRITE_PNG_COMPRESSION, _PNG_EFFORT))
    path.write_bytes(data.tobytes())
