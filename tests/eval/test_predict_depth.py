"""Depth and points of pictures and videos, as files."""

import math

import cv2
import numpy as np
import pytest
from PIL import Image

from camvid.layouts.scan import pictures
from eval.predict import predict_path
from eval.predictor import Predictor
from eval.writers.depth import depth_picture
from eval.writers.ply import write_ply
from files.camera import Camera
from tests.eval.drawn import COLORS, NAMES, ColorModel, paint, street
from tests.eval.measured import DISTANCES, FOCAL, DepthColorModel, camera
from tests.eval.ply import read_ply


def predictor(classes=True, focal=FOCAL, factor=1):
    def size_for(size):
        return size[0] // factor, size[1] // factor

    return Predictor(DepthColorModel(classes, focal), NAMES, COLORS, size_for)


def read(path):
    with Image.open(path) as picture:
        return np.array(picture)


@pytest.fixture
def labels():
    drawn = street()
    return np.where(drawn == 255, 3, drawn)


@pytest.fixture
def picture(tmp_path, labels):
    Image.fromarray(paint(labels)).save(tmp_path / "a.png")
    return tmp_path / "a.png"


def test_files_of_a_picture(picture, labels, tmp_path):
    result = predict_path(predictor(), picture, tmp_path / "out", pictures, camera_of=lambda _: camera(), points=True)
    expected = ["masks/a.png", "depth/a.png", "points/a.ply", "overlays/a.png", "depth_colors/a.png"]
    assert [path.relative_to(tmp_path / "out").as_posix() for path in result.written] == expected
    assert (result.faults, result.notes) == ([], [])
    assert np.array_equal(read(tmp_path / "out/depth/a.png"), DISTANCES[labels] * 256)
    colored = read(tmp_path / "out/depth_colors/a.png")
    assert np.array_equal(colored[:48, :64], depth_picture(DISTANCES[labels]))
    vertices = read_ply(tmp_path / "out/points/a.ply")
    assert len(vertices) == (labels != 0).sum()  # the sky is left out
    for vertex in vertices[::97]:
        row, column = 23.5 - vertex["y"] / -vertex["z"] * FOCAL, 31.5 + vertex["x"] / -vertex["z"] * FOCAL
        label = labels[round(row), round(column)]
        assert vertex["class"] == label
        assert -vertex["z"] == DISTANCES[label]
        assert [vertex[color] for color in ("red", "green", "blue")] == COLORS[label].tolist()


def test_depth_alone(picture, tmp_path):
    result = predict_path(predictor(classes=False), picture, tmp_path / "out", pictures, points=True)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["depth", "depth_colors", "points"]
    assert "class" not in read_ply(result.written[1])[0]
    with pytest.raises(ValueError, match="predicts depth alone"):
        predictor(classes=False)(read(picture))


def test_the_camera_decides_the_metres(picture, labels, tmp_path):
    tele = Camera(2 * FOCAL, 2 * FOCAL, 10, 20)
    found = predictor().predict(read(picture), tele)
    assert found.depth is not None and found.camera == tele
    np.testing.assert_allclose(found.depth, 2 * DISTANCES[labels])


def test_without_a_camera_that_of_the_training_is_taken_and_said(picture, labels, tmp_path):
    result = predict_path(predictor(focal=30.0, factor=2), picture, tmp_path / "out", pictures, points=True)
    (note,) = result.notes
    assert note.startswith("unknown cameras: 1 of 1 picture.") and "30 pixels" in note and "--camera" in note
    found = predictor(focal=30.0, factor=2).predict(read(picture))
    assert found.camera == camera()  # 30 pixels at half the size are 60 at the picture's own
    assert (
        predict_path(Predictor(ColorModel(), NAMES, COLORS, lambda size: size), picture, tmp_path, pictures).notes == []
    )


def test_a_camera_of_another_size_is_a_fault_and_the_other_pictures_go_on(picture, tmp_path):
    Image.open(picture).save(tmp_path / "b.png")
    cameras = {"a": camera(), "b": camera(100, 200)}
    result = predict_path(predictor(), tmp_path, tmp_path / "out", pictures, camera_of=cameras.get)
    (fault,) = result.faults
    assert fault.startswith(f"{tmp_path / 'b.png'}: the picture is 64x48, and its camera has 200x100 pixels")
    assert len(result.written) == 4


def test_points_without_a_focal_length_are_refused(picture, tmp_path):
    result = predict_path(predictor(focal=math.nan), picture, tmp_path / "out", pictures, points=True)
    assert result.faults == [f"{picture}: no focal length is known, so there are no points; give --camera"]
    own = predict_path(
        predictor(focal=math.nan), picture, tmp_path / "b", pictures, points=True, camera_of=lambda _: camera()
    )
    assert own.faults == [] and len(own.written) == 5


def test_video(tmp_path, labels):
    writer = cv2.VideoWriter(str(tmp_path / "drive.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for _ in range(3):
        writer.write(np.ascontiguousarray(paint(labels)[..., ::-1]))
    writer.release()
    result = predict_path(predictor(), tmp_path / "drive.avi", tmp_path / "out", pictures, points=True)
    assert result.faults == []
    names = [path.relative_to(tmp_path / "out").as_posix() for path in result.written]
    assert names[:3] == ["masks/drive_000000.png", "depth/drive_000000.png", "points/drive_000000.ply"]
    assert set(names[-2:]) == {"drive_overlay.mp4", "drive_depth.mp4"}
    assert len(names) == 3 * 3 + 2
    reader = cv2.VideoCapture(str(tmp_path / "out/drive_depth.mp4"))
    there, frame = reader.read()
    assert there and frame.shape[1] == 240  # as wide as its scale
    shown, expected = frame[8:40, 8:56, ::-1].astype(int), depth_picture(DISTANCES[labels])[8:40, 8:56].astype(int)
    assert np.abs(shown - expected).mean() < 25  # lossy
    assert sum(1 for _ in iter(lambda: reader.read()[0], False)) == 2


def test_a_file_of_no_points_is_one(tmp_path):
    write_ply(tmp_path / "a.ply", np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8))
    assert read_ply(tmp_path / "a.ply") == []
