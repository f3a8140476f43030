"""The depth of drawn streets is that of their geometry."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from camvid.layouts import open_dataset
from camvid.synth import Kind, draw_scene, synth
from camvid.synth.camera import FAR, NEAR, Camera
from camvid.synth.canvas import Canvas
from camvid.synth.fleet import BUS, HATCHBACK, SALOON, VAN
from camvid.synth.light import LIGHTS
from camvid.synth.render import take
from camvid.synth.solids import Pose
from camvid.synth.surfaces import Surfaces
from camvid.synth.vehicles import paint_vehicle
from camvid.synth.world import make_world
from camvid.taxonomy import load_taxonomy

SIZE = (180, 240)
GROUND = (Kind.Road, Kind.LaneMkgsDriv, Kind.Sidewalk, Kind.RoadShoulder)


def unproject(depth, camera):
    """Points (H, W, 3) in metres: right of the camera, above it, ahead of it."""
    rows, columns = np.indices(depth.shape)
    right = (columns - camera.centre[0]) * depth / camera.focal
    return np.stack((right, (camera.centre[1] - rows) * depth / camera.focal, depth), axis=-1)


@pytest.mark.parametrize("seed", range(8))
def test_a_scene_has_depth_everywhere_but_in_the_sky_and_on_the_bonnet(seed):
    scene = take(make_world(seed), 0, SIZE, depth=True)
    assert scene.depth is not None
    image, label = draw_scene(seed, SIZE)
    assert (scene.image == image).all()
    assert (scene.label == label).all()
    known = np.isfinite(scene.depth)
    assert not known[label == Kind.Sky].any()
    rows = np.arange(SIZE[0])[:, None] > scene.camera.centre[1] + 2  # a bonnet, and slits at the horizon, have none
    assert known[(label != Kind.Sky) & (label != Kind.Void) & rows].mean() > 0.999
    assert np.nanmin(scene.depth) >= NEAR * 0.99
    assert np.nanmax(scene.depth) <= FAR * 1.01


@pytest.mark.parametrize("seed", range(8))
def test_the_ground_lies_at_the_height_of_the_camera(seed):
    scene = take(make_world(seed), 0, SIZE, depth=True)
    assert scene.depth is not None
    ground = np.isin(scene.label, GROUND) & (scene.depth < 60)
    heights = unproject(scene.depth, scene.camera)[ground][:, 1]
    assert len(heights) > 1000
    flat = np.abs(heights + scene.camera.y) < 0.01
    assert flat.mean() > 0.97  # kerbs and ramps rise


@pytest.mark.parametrize("bend", [0.0, 0.002])
@pytest.mark.parametrize("vehicle", [HATCHBACK, SALOON, VAN, BUS])
def test_a_vehicle_has_its_length_and_width(vehicle, bend):
    camera = Camera((720, 960), 0.0, 1.5, 0.0, 900.0, (480.0, 340.0), bend)
    surfaces = Surfaces(camera.size)
    canvas = Canvas(camera, LIGHTS[0], surfaces)
    paint_vehicle(canvas, vehicle, Pose(3.0, 14.0), (200, 0, 0))
    points = unproject(surfaces.depth(), camera)[canvas.label == vehicle.kind]
    length = np.ptp(points[:, 2])
    rear = points[points[:, 2] < points[:, 2].min() + 0.2]
    assert length == pytest.approx(vehicle.length, rel=0.05)
    assert np.ptp(rear[:, 0]) == pytest.approx(vehicle.width, rel=0.05)


def test_what_is_painted_last_has_the_depth():
    camera = Camera((60, 80), 0.0, 1.5, 0.0, 80.0, (40.0, 30.0))
    surfaces = Surfaces(camera.size)
    canvas = Canvas(camera, LIGHTS[0], surfaces)
    square = np.array(((-1, 0.5, 0), (-1, 2.5, 0), (1, 2.5, 0), (1, 0.5, 0)), float)
    for distance in (20, 5):
        canvas.polygon(square + np.array((0, 0, distance)), (200, 0, 0), Kind.Building)
    depth = surfaces.depth()
    assert depth[30, 40] == pytest.approx(5)
    assert np.isnan(depth[0, 0])


def test_a_surface_that_is_seen_edge_on_stays_between_its_ends():
    camera = Camera((60, 80), 0.0, 1.5, 0.0, 80.0, (40.0, 30.0))
    surfaces = Surfaces(camera.size)
    canvas = Canvas(camera, LIGHTS[0], surfaces)
    canvas.polygon(np.array(((0.001, 0, 4), (0.001, 3, 4), (0.001, 3, 9), (0.001, 0, 9)), float), (9, 9, 9), Kind.Wall)
    depth = surfaces.depth()[canvas.label == Kind.Wall]
    assert 4 <= depth.min() <= depth.max() <= 9


@pytest.mark.parametrize("layout", ["original", "segnet"])
def test_files_of_depth_and_cameras_lie_beside_a_data_set_that_opens(tmp_path, layout):
    plain, deep = tmp_path / "plain", tmp_path / "deep"
    synth(plain, 4, 3, layout, (72, 96))
    synth(deep, 4, 3, layout, (72, 96), depth=True)
    written = {path.relative_to(plain) for path in plain.rglob("*") if path.is_file()}
    assert all((plain / path).read_bytes() == (deep / path).read_bytes() for path in written)
    dataset = open_dataset(deep, load_taxonomy("camvid11"))
    frames = [frame for split in dataset.splits.values() for frame in split]
    cameras = pd.read_csv(deep / "cameras.csv", index_col="name")
    assert sorted(cameras.index) == sorted(frame.name for frame in frames)
    for frame in frames:
        depth = np.array(Image.open(deep / "depth" / f"{frame.name}.png"))
        assert depth.dtype == np.uint16
        assert depth.shape == (72, 96)
        assert 0 < (depth > 0).mean() < 1
        assert (cameras.loc[frame.name, ["width", "height"]] == [96, 72]).all()
        assert cameras.fx[frame.name] == cameras.fy[frame.name]
        ground = dataset.read_mask(frame) == dataset.taxonomy.names.index("Road")
        rise = (np.arange(72)[:, None] - cameras.cy[frame.name]) * (depth / 256) / cameras.fy[frame.name]
        assert 1.2 < np.median(rise[ground]) < 1.8  # the camera's height above the road


def test_one_camera_takes_all_streets_or_each_has_its_own(tmp_path):
    for one, count in ((True, 1), (False, 5)):
        synth(tmp_path / str(one), 10, 3, "segnet", (36, 48), depth=True, one_camera=one)
        cameras = pd.read_csv(tmp_path / str(one) / "cameras.csv")
        streets = cameras.groupby(cameras["name"].str.split("_").str[0])
        assert len(streets) == 5
        assert cameras["fx"].nunique() == count
        swaying = cameras["cy"].max() - cameras["cy"].min() < 0.025 * 36
        assert swaying == one
    images = [sorted((tmp_path / name / "test").iterdir())[-1].read_bytes() for name in ("True", "False")]
    assert images[0] != images[1]
