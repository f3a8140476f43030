"""Synthetic data sets on disk, in each of the four layouts of CamVid."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from camvid.depth.plain import COLUMNS, encode_depth
from camvid.folders import new_folder
from camvid.layouts import SPLITS
from camvid.layouts.codes import CODES
from camvid.layouts.fastai import FASTAI
from camvid.layouts.kaggle import KAGGLE
from camvid.layouts.layout import Layout
from camvid.layouts.original import ORIGINAL
from camvid.layouts.scan import CAMERAS, DEPTH
from camvid.layouts.segnet import SEGNET
from camvid.synth.camera import Camera
from camvid.synth.drawing import check_processes, draw_shots
from camvid.synth.kinds import Kind
from camvid.synth.plan import Shot, plan
from camvid.synth.render import Picture, Scene, check_size
from camvid.taxonomy import VOID_NAME, load_taxonomy, original_palette

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
class Style:
    """How a layout is drawn: what a label holds for each `Kind`, which lists there are, the size, and folders of frames
    and labels beyond those of the layout's own pair.
    """

    layout: Layout
    table: Callable[[], NDArray[np.uint8]]  # (32,) values or (32, 3) colours
    lists: Callable[[Sequence[Shot]], dict[str, str]]  # file name -> text
    size: tuple[int, int] = (720, 960)
    folders: tuple[str, str] = ("", "")

    def paths(self, shot: Shot) -> list[Path]:
        """Where a frame and its label lie under the root."""
        own = [Path(path.format(split=shot.split)) for path in self.layout.pair]
        return [Path(f, p).with_name(p.name.replace("x", shot.name, 1)) for f, p in zip(self.folders, own, strict=True)]


def _split_lists(shots: Sequence[Shot]) -> dict[str, str]:
    return {f"{split}.txt": _lines(shot.name for shot in shots if shot.split == split) for split in SPLITS}


def _lines(rows: Iterable[str]) -> str:
    return "".join(f"{row}\n" for row in rows)


def _original_lists(shots: Sequence[Shot]) -> dict[str, str]:
    rows = (f"{r} {g} {b}\t{name}" for name, (r, g, b) in original_palette().items())
    return {"label_colors.txt": _lines(rows), **_split_lists(shots)}


def _fastai_lists(shots: Sequence[Shot]) -> dict[str, str]:
    valid = _lines(f"{shot.name}.png" for shot in shots if shot.split == "val")
    return {CODES: _lines(kind.name for kind in Kind), "valid.txt": valid, **_split_lists(shots)}


def _segnet_lists(shots: Sequence[Shot]) -> dict[str, str]:
    return {CODES: _lines((*load_taxonomy("camvid11").names, VOID_NAME))}


def _kaggle_lists(shots: Sequence[Shot]) -> dict[str, str]:
    rows = (f"{name},{r},{g},{b}" for name, (r, g, b) in original_palette().items())
    return {"class_dict.csv": _lines(("name,r,g,b", *rows))}


STYLES = {
    style.layout.name: style
    for style in (
        Style(ORIGINAL, palette, _original_lists, folders=("701_StillsRaw_full", "LabeledApproved_full")),
        Style(FASTAI, lambda: np.arange(len(Kind), dtype=np.uint8), _fastai_lists),
        Style(SEGNET, segnet_indices, _segnet_lists, size=(360, 480)),
        Style(KAGGLE, palette, _kaggle_lists),
    )
}


def synth(
    out: Path,
    frames: int,
    seed: int,
    layout: str = "original",
    size: tuple[int, int] | None = None,
    depth: bool = False,
    one_camera: bool = False,
    processes: int = 1,
) -> None:
    """Draw a data set of street scenes, which appears whole at the end; the same arguments give the same bytes.

    Args:
        out: the folder to make; it must not exist yet, or be empty.
        frames: how many, 3 or more.
        seed: 0 or more.
        layout: original, fastai, segnet or kaggle.
        size: (height, width) in pixels; None is the layout's own: 360x480 for segnet, else 720x960.
        depth: whether `depth/` and `cameras.csv` are written too; in the form of `camvid.depth.plain`.
        one_camera: whether one camera takes all streets, as in most recorded data sets; else each street has its own
            focal length, height and angle.
        processes: how many draw, 1 or more. With more than 1 a script must call this under `if __name__ == "__main__"`.

    Raises:
        ValueError: an impossible argument.
        ChildProcessError: a process that draws was killed.
        OSError: the folder holds something, or cannot be written.
    """
    if layout not in STYLES:
        raise ValueError(f"layout {layout!r}: allowed are {', '.join(STYLES)}")
    style = STYLES[layout]
    size = style.size if size is None else size
    check_size(size)
    check_processes(processes)
    shots = plan(frames, seed)
    with new_folder(Path(out)) as folder:
        places = {(folder / path).parent for shot in shots for path in style.paths(shot)}
        for place in places | ({folder / DEPTH} if depth else set()):
            place.mkdir(parents=True, exist_ok=True)
        cameras = draw_shots(shots, partial(_write_scene, folder, layout), size, depth, one_camera, processes)
        if depth:
            table = _camera_table({shot.name: camera for shot, camera in zip(shots, cameras, strict=True)})
            (folder / CAMERAS).write_text(table, encoding="utf-8", newline="\n")
        for name, text in style.lists(shots).items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _write_scene(folder: Path, layout: str, shot: Shot, scene: Scene) -> Camera:
    style = STYLES[layout]
    for path, picture in zip(style.paths(shot), (scene.image, style.table()[scene.label]), strict=True):
        _write_png(folder / path, picture)
    if scene.depth is not None:
        _write_png(folder / DEPTH / f"{shot.name}.png", encode_depth(scene.depth))
    return scene.camera


def _camera_table(cameras: Mapping[str, Camera]) -> str:
    """Of each frame: focal lengths and principal point (column, row), and the size of the frame, in pixels."""
    rows = [
        (name, camera.focal, camera.focal, *camera.centre, camera.size[1], camera.size[0])
        for name, camera in cameras.items()
    ]
    return _lines(",".join(map(str, row)) for row in [("name", *COLUMNS), *rows])


def _write_png(path: Path, picture: Picture | NDArray[np.uint16]) -> None:
    """Write (H, W) grey or (H, W, 3) RGB."""
    bgr = picture[..., ::-1] if picture.ndim == 3 else picture
    _, data = cv2.imencode(".png", np.ascontiguousarray(bgr), (cv2.IMWRITE_PNG_COMPRESSION, _PNG_EFFORT))
    path.write_bytes(data.tobytes())
