"""Depth and cameras beside the frames: read exactly, and each fault named with its file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from camvid.check import check
from camvid.depth import find_depth
from camvid.describe import describe
from camvid.layouts import recognise, scan_layout
from camvid.taxonomy import load_taxonomy
from tests.camvid.drawn import draw, write_fastai, write_original, write_segnet
from tests.camvid.replicas.cityscapes import SPLITS, TEST, write_fine
from tests.camvid.replicas.drawing import SIZE, photo

CAMERA = {"fx": 1000.0, "fy": 990.0, "cx": 31.5, "cy": 15.0, "width": 12, "height": 8}
METRES = np.array([[0.0, 1.5, 80.0, 255.5] * 3] * 8)  # 0 is unknown


def scan(root: Path):
    return scan_layout(root, recognise(root, None))


def add_depth(root: Path, kind: str = "png") -> list[str]:
    """A map for each frame of a drawn data set, and their cameras; the names."""
    names = [frame.name for frame in scan(root).frames]
    (root / "depth").mkdir()
    for name in names:
        path = root / "depth" / f"{Path(name).name}.{kind}"
        np.save(path, METRES) if kind == "npy" else Image.fromarray((METRES * 256).astype(np.uint16)).save(path)
    pd.DataFrame([{"name": name, **CAMERA} for name in names]).to_csv(root / "cameras.csv", index=False)
    return names


@pytest.fixture
def root(tmp_path):
    write_fastai(tmp_path, draw())
    return tmp_path


@pytest.mark.parametrize("kind", ["png", "npy"])
@pytest.mark.parametrize("write", [write_original, write_fastai, write_segnet])
def test_depth_beside_any_layout_is_read_exactly(write, kind, tmp_path):
    write(tmp_path, draw())
    names = add_depth(tmp_path, kind)
    source = find_depth(scan(tmp_path))
    assert source is not None
    assert sorted(source.maps) == sorted(names)
    for name in names:
        depth, camera = source.read(name)
        assert depth.dtype == np.float32
        assert np.array_equal(depth, np.where(METRES == 0, np.nan, METRES), equal_nan=True)
        assert (camera.fx, camera.fy, camera.cx, camera.cy, camera.size) == (1000, 990, 31.5, 15, (8, 12))


def test_check_and_describe_say_what_depth_there_is(root):
    count = len(add_depth(root))
    report = check(root, load_taxonomy("camvid32"))
    assert report.faults == []
    assert f"depth of {count} frames, as in depth/ and cameras.csv" in report.taken
    (line,) = [line for line in describe(root).lines if line.startswith("depth")]
    assert line.startswith(f"depth of {count} frames, as in depth/ and cameras.csv; of ")
    assert line.endswith(": 1.5 to 255.5 m, half nearer than 80.0 m, 75% of the pixels known")


def test_a_data_set_without_depth_says_nothing_of_it(root):
    assert find_depth(scan(root)) is None
    assert not [
        line for line in [*check(root, load_taxonomy("camvid32")).taken, *describe(root).lines] if "depth" in line
    ]


def test_frames_may_lack_depth(root):
    names = add_depth(root)
    (root / "depth" / f"{names[0]}.png").unlink()
    report = check(root, load_taxonomy("camvid32"))
    assert report.faults == []
    assert f"depth of {len(names) - 1} frames, as in depth/ and cameras.csv" in report.taken


def rows(root, change):
    table = pd.read_csv(root / "cameras.csv")
    change(table).to_csv(root / "cameras.csv", index=False)


def one(path: Path, values: np.ndarray) -> None:
    path.unlink()
    np.save(path.with_suffix(".npy"), values)


FAULTS = {
    "cameras.csv: missing, and": lambda root, name: (root / "cameras.csv").unlink(),
    "cameras.csv: no line for frame {name}; add its camera": lambda root, name: rows(root, lambda t: t[1:]),
    "cameras.csv: column fy is missing; needed are name, fx, fy": lambda root, name: rows(
        root, lambda t: t.drop(columns="fy")
    ),
    "cameras.csv: {name} has 2 lines; leave one": lambda root, name: rows(root, lambda t: pd.concat([t, t[:1]])),
    "cameras.csv: frame {name}: fx must be a number of pixels, got 'far'": lambda root, name: rows(
        root, lambda t: t.assign(fx="far")
    ),
    "cameras.csv: frame {name}: the focal lengths are 0 and 990": lambda root, name: rows(
        root, lambda t: t.assign(fx=0)
    ),
    "cameras.csv: frame {name}: a focal length or the principal point is not": lambda root, name: rows(
        root, lambda t: t.assign(cx=np.nan)
    ),
    "{name}.png: depth is 12x8, its camera has 24x16 pixels": lambda root, name: rows(
        root, lambda t: t.assign(width=24, height=16)
    ),
    "{name}.png: unreadable": lambda root, name: (root / "depth" / f"{name}.png").write_bytes(b""),
    "{name}.png: a depth picture has 16 bits of grey, and this one has the mode RGB": lambda root, name: Image.new(
        "RGB", (12, 8)
    ).save(root / "depth" / f"{name}.png"),
    "{name}.png: no pixel has a depth": lambda root, name: Image.fromarray(np.zeros((8, 12), np.uint16)).save(
        root / "depth" / f"{name}.png"
    ),
    "{name}.npy: depth is negative or infinite": lambda root, name: one(root / "depth" / f"{name}.png", -METRES),
    "{name}.npy: depth is negative or infinite; write": lambda root, name: one(
        root / "depth" / f"{name}.png", METRES + np.inf
    ),
    "{name}.npy: a depth map is an array (H, W) of floats, and this one is 8x12 of int64": lambda root, name: one(
        root / "depth" / f"{name}.png", METRES.astype(np.int64)
    ),
    "{name}.npy: a second depth map of frame {name}, beside": lambda root, name: np.save(
        root / "depth" / "inner" / f"{name}.npy", METRES
    ),
    "other.png: depth without a frame (other)": lambda root, name: (root / "depth" / f"{name}.png").rename(
        root / "depth" / "other.png"
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_depth_is_named_with_its_file(fault, root):
    name = sorted(add_depth(root))[0]
    (root / "depth" / "inner").mkdir()
    FAULTS[fault](root, name)
    faults = check(root, load_taxonomy("camvid32")).faults
    assert [line for line in faults if fault.format(name=name) in line], faults
    assert not [line for line in faults if "frame without" in line]


def test_all_faults_of_cameras_and_maps_are_named_at_once(root):
    names = sorted(add_depth(root))
    table = pd.read_csv(root / "cameras.csv", dtype=str).set_index("name")
    table.loc[names[0], ["fx", "cy"]] = "far", "?"
    table.loc[names[1], "fy"] = "0"
    table.loc[names[2], "width"] = "24"
    table = table.drop(names[4])
    table.loc["ghost"] = table.loc[names[3]]
    table.loc["phantom"] = "?"
    pd.concat([table, table.loc[[names[3]]]]).reset_index(names="name").to_csv(root / "cameras.csv", index=False)
    (root / "depth" / f"{names[1]}.png").write_bytes(b"")
    np.save(root / "depth" / f"{names[5]}.npy", METRES)
    csv, depth = f"{root}/cameras.csv", f"{root}/depth"
    wanted = [
        f"{csv}: a line for 'ghost', and no such frame",
        f"{csv}: a line for 'phantom', and no such frame",
        f"{csv}: frame {names[0]}: fx must be a number of pixels, got 'far'; cy must be a number of pixels, got '?'",
        f"{csv}: frame {names[1]}: the focal lengths are 1000 and 0 pixels; they must be above 0",
        f"{depth}/{names[1]}.png: unreadable picture (0 bytes in an unknown format)",
        f"{depth}/{names[2]}.png: depth is 12x8, its camera has 24x8 pixels",
        f"{csv}: {names[3]} has 2 lines; leave one",
        f"{csv}: no line for frame {names[4]}; add its camera",
        f"{depth}/{names[5]}.png: a second depth map of frame {names[5]}, beside {depth}/{names[5]}.npy; remove one",
    ]
    assert sorted(check(root, load_taxonomy("camvid32")).faults) == sorted(wanted)


def test_frames_that_are_left_out_may_have_a_camera(tmp_path):
    write_fine(tmp_path)  # its test split has no labels
    (tmp_path / "depth").mkdir()
    names = [Path(stem).name for stems in (*SPLITS.values(), TEST) for stem in stems]
    Image.fromarray(np.full(SIZE, 256, np.uint16)).save(tmp_path / "depth" / f"{names[0]}.png")
    camera = CAMERA | {"width": SIZE[1], "height": SIZE[0]}
    pd.DataFrame([{"name": name, **camera} for name in names]).to_csv(tmp_path / "cameras.csv", index=False)
    assert check(tmp_path, load_taxonomy("cityscapes19")).faults == []


def test_depth_of_another_size_than_the_frame_is_named(root):
    name = sorted(add_depth(root))[0]
    rows(root, lambda table: table.assign(width=6, height=4))
    for path in (root / "depth").iterdir():
        Image.fromarray(np.full((4, 6), 256, np.uint16)).save(path)
    faults = check(root, load_taxonomy("camvid32")).faults
    assert f"{root}/depth/{name}.png: depth is 6x4, its frame {name}.png is 12x8" in faults


def test_an_array_that_would_be_unpickled_is_refused(root):
    name = sorted(add_depth(root))[0]
    one(root / "depth" / f"{name}.png", np.array([[print]], object))
    (fault,) = check(root, load_taxonomy("camvid32")).faults
    assert f"{name}.npy: not an array of NumPy" in fault


STORED = np.array([[0, 1, 257, 2561]] * SIZE[0]).repeat(SIZE[1] // 4, axis=1).astype(np.uint16)
# Nothing is known; no disparity; 1 pixel; 10 pixels
BASELINE, FX = 0.209313, 2262.52


def write_disparity(root: Path) -> None:
    """As Cityscapes ships it, for all frames, those of the test split too."""
    for split, stems in {**SPLITS, "test": TEST}.items():
        for stem in stems:
            disparity = root / "disparity" / split / f"{stem}_disparity.png"
            camera = root / "camera" / split / f"{stem}_camera.json"
            for path in (disparity, camera):
                path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(STORED).save(disparity)
            camera.write_text(
                json.dumps(
                    {
                        "extrinsic": {"baseline": BASELINE, "pitch": 0.038, "x": 1.7, "y": 0.1, "z": 1.22},
                        "intrinsic": {"fx": FX, "fy": 2265.3, "u0": 1096.98, "v0": 513.137},
                    }
                )
            )


def test_disparity_of_cityscapes_becomes_metres(tmp_path):
    write_fine(tmp_path)
    write_disparity(tmp_path)
    source = find_depth(scan(tmp_path))
    assert source is not None
    assert len(source.maps) == 5  # test has no labels
    depth, camera = source.read("aachen_000000_000019")
    assert (camera.fx, camera.fy, camera.cx, camera.cy, camera.size) == (FX, 2265.3, 1096.98, 513.137, SIZE)
    expected = np.array([np.nan, np.nan, FX * BASELINE, FX * BASELINE / 10]).repeat(SIZE[1] // 4)
    np.testing.assert_allclose(depth, np.tile(expected, (SIZE[0], 1)), rtol=1e-6)
    report = check(tmp_path, load_taxonomy("cityscapes19"))
    assert report.faults == []
    assert "depth of 7 frames, as in disparity/ and camera/" in report.taken


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "missing; unpack camera_trainvaltest.zip beside leftImg8bit/"),
        ("{}", "not a camera of Cityscapes (KeyError: 'intrinsic')"),
        ("{", "not a camera of Cityscapes (JSONDecodeError"),
        ('{"intrinsic": {"fx": 1, "fy": 1, "u0": 0, "v0": 0}, "extrinsic": {"baseline": 0}}', "the baseline is 0 m"),
        (
            '{"intrinsic": {"fx": -1, "fy": 1, "u0": 0, "v0": 0}, "extrinsic": {"baseline": 1}}',
            "the focal lengths are -1",
        ),
    ],
)
def test_a_camera_of_cityscapes_that_is_missing_or_impossible_is_named(tmp_path, content, message):
    write_fine(tmp_path)
    write_disparity(tmp_path)
    camera = tmp_path / "camera" / "train" / "aachen" / "aachen_000000_000019_camera.json"
    camera.unlink() if content is None else camera.write_text(content)
    (fault,) = check(tmp_path, load_taxonomy("cityscapes19")).faults
    assert fault.startswith(f"{camera}: {message}")


def test_a_frame_of_another_size_than_its_disparity_is_named(tmp_path):
    write_fine(tmp_path)
    write_disparity(tmp_path)
    photo(tmp_path / "leftImg8bit" / "val" / "lindau" / "lindau_000000_000019_leftImg8bit.png", (16, 32))
    faults = check(tmp_path, load_taxonomy("cityscapes19")).faults
    assert any("lindau_000000_000019_disparity.png: depth is 64x32, its frame" in fault for fault in faults)
