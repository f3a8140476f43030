import math

import cv2
import numpy as np
import pytest
from PIL import Image

from camvid.layouts.scan import pictures
from eval.predict import Predictor, predict_path
from eval.writers.colors import overlay
from eval.writers.legend import class_entries, with_legend
from eval.writers.video import open_video, video_writer, writable_rate
from files.pictures import read_image
from tests.eval.drawn import COLORS, NAMES, ColorModel, paint, street


@pytest.fixture
def predictor(model):
    return Predictor(model, NAMES, COLORS, size_for=lambda size: size)


def labels(seed=0, height=48, width=64):
    drawn = street(height, width, seed)
    return np.where(drawn == 255, 3, drawn)


def read(path):
    with Image.open(path) as picture:
        return np.array(picture)


def test_image(predictor, tmp_path):
    truth = labels(height=49, width=65)
    Image.fromarray(paint(truth)).save(tmp_path / "a.png")
    result = predict_path(predictor, tmp_path / "a.png", tmp_path / "out", pictures)
    assert result.faults == []
    assert result.written == [tmp_path / "out/masks/a.png", tmp_path / "out/overlays/a.png"]
    assert np.array_equal(read(result.written[0]), truth)
    expected = overlay(paint(truth), truth, COLORS)
    assert np.array_equal(read(result.written[1]), with_legend(expected, class_entries(NAMES, COLORS)))
    assert np.array_equal(read(result.written[1])[:49, :65], expected)


def test_size_for_decides_where_logits_are_computed(tmp_path):
    class Spy(ColorModel):
        def forward(self, image):
            self.seen = tuple(image.shape[2:])
            return super().forward(image)

    spy = Spy()
    Image.fromarray(paint(labels())).save(tmp_path / "a.png")
    predictor = Predictor(spy, NAMES, COLORS, size_for=lambda size: (size[0] // 2, size[1] // 4))
    result = predict_path(predictor, tmp_path / "a.png", tmp_path / "out", pictures)
    assert spy.seen == (24, 16)
    assert read(result.written[0]).shape == (48, 64)


def test_folder_goes_on_after_a_damaged_image_and_names_it(predictor, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    for seed, name in enumerate(("c.png", "a.webp", "d.JPG")):
        Image.fromarray(paint(labels(seed))).save(source / name, lossless=True)
    whole = (source / "c.png").read_bytes()
    (source / "b.png").write_bytes(whole[: len(whole) // 2])
    (source / "e.png").write_bytes(b"not a picture")
    (source / "notes.txt").write_text("left alone")
    for hidden in ("._c.png", "._f.png", ".DS_Store", "Thumbs.db"):  # what a Mac and Windows write beside pictures
        (source / hidden).write_bytes(b"\x00\x05\x16\x07")
    (source / "g.png").mkdir()
    result = predict_path(predictor, source, tmp_path / "out", pictures)
    assert [path.name for path in result.written] == ["a.png", "a.png", "c.png", "c.png", "d.png", "d.png"]
    assert [fault.split(": ")[0] for fault in result.faults] == [str(source / "b.png"), str(source / "e.png")]
    assert all("unreadable" in fault for fault in result.faults)
    assert sorted(path.name for path in (tmp_path / "out/masks").iterdir()) == ["a.png", "c.png", "d.png"]
    assert np.array_equal(read(tmp_path / "out/masks/a.png"), labels(1))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "not found"),
        ("notes.txt", ".txt is not a known file type"),
        ("empty", "the folder has no image"),
        ("twice", "rename one of the two"),
    ],
)
def test_input_that_cannot_be_taken(predictor, tmp_path, name, message):
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "twice").mkdir()
    for suffix in ("png", "jpg"):
        Image.fromarray(paint(labels())).save(tmp_path / "twice" / f"a.{suffix}")
    with pytest.raises(ValueError, match=message) as error:
        predict_path(predictor, tmp_path / name, tmp_path / "out", pictures)
    assert str(error.value).startswith(str(tmp_path / name))
    assert not (tmp_path / "out").exists()


def test_images_are_read_as_rgb_and_upright(tmp_path):
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    assert np.array_equal(read_image(tmp_path / "grey.png"), np.repeat(grey[..., None], 3, axis=2))
    Image.fromarray(np.zeros((3, 4, 4), dtype=np.uint8), "RGBA").save(tmp_path / "alpha.png")
    assert read_image(tmp_path / "alpha.png").shape == (3, 4, 3)
    exif = Image.Exif()
    exif[0x0112] = 6  # held on its side
    Image.fromarray(paint(labels())).save(tmp_path / "side.jpg", exif=exif)
    assert read_image(tmp_path / "side.jpg").shape == (64, 48, 3)


def write_video(path, count, size=(48, 64), rate=10):
    with video_writer(path, rate) as write:
        for seed in range(count):
            write(paint(labels(seed, *size)))


def test_video(predictor, tmp_path):
    write_video(tmp_path / "drive.mp4", 5)
    result = predict_path(predictor, tmp_path / "drive.mp4", tmp_path / "out", pictures)
    assert result.faults == []
    names = [f"drive_{number:06d}.png" for number in range(5)]
    assert sorted(path.name for path in (tmp_path / "out/masks").iterdir()) == names
    assert result.written[-1] == tmp_path / "out/drive_overlay.mp4"
    for seed, path in enumerate(result.written[:-1]):
        assert (read(path) == labels(seed)).mean() > 0.85  # the codec blurs edges
    with open_video(result.written[-1]) as video:
        frames = list(video.frames)
        assert (video.announced, video.rate) == (5, 10)
    expected = with_legend(overlay(paint(labels(4)), labels(4), COLORS), class_entries(NAMES, COLORS))
    assert [frame.shape for frame in frames] == [expected.shape] * 5
    assert np.abs(frames[4].astype(int) - expected).mean() < 16


def jpeg_video(path, count, rate=10.0, size=(48, 64)):
    """Motion JPEG, which takes any rate and size."""
    codec = "MJPG" if path.suffix == ".avi" else "jpeg"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), rate, size[::-1])
    for seed in range(count):
        writer.write(np.ascontiguousarray(paint(labels(seed, *size))[..., ::-1]))
    writer.release()
    return path


@pytest.mark.parametrize(
    ("rate", "near"),
    [(200 / 3, "66.67"), (120.123, "120.12"), (1234.567, "1234.6"), (90000, "65535"), (0.0011, "0.002")],
)
def test_a_rate_that_mpeg4_cannot_hold_becomes_the_nearest_and_is_said(predictor, tmp_path, capfd, rate, near):
    source = jpeg_video(tmp_path / "drive.mov", 3, rate)
    result = predict_path(predictor, source, tmp_path / "out", pictures)
    assert result.faults == []
    (note,) = result.notes
    assert note.endswith(f" frames/s cannot be written; the result has {near} frames/s")
    with open_video(result.written[-1]) as video:
        assert video.rate == pytest.approx(float(near), rel=1e-6)
        assert len(list(video.frames)) == 3
    assert capfd.readouterr().err == ""


def test_every_rate_is_written_as_one_that_is_near(tmp_path):
    rates = [*np.geomspace(0.003, 65535, 60), 24000 / 1001, 30000 / 1001, 60000 / 1001, 25, 65.536]
    for rate in rates:
        near = writable_rate(rate)
        assert near == pytest.approx(rate, rel=0.001, abs=0.001)
        with video_writer(tmp_path / "v.mp4", near) as write:
            write(np.zeros((16, 16, 3), np.uint8))
    assert writable_rate(60000 / 1001) == 59.94


@pytest.mark.parametrize("rate", [0, -25, math.nan, math.inf, -math.inf])
def test_a_file_that_says_no_rate_gets_25(rate):
    assert writable_rate(rate) == 25


def test_masks_are_there_although_the_encoder_fails(predictor, tmp_path, capfd):
    source = jpeg_video(tmp_path / "wide.mov", 3, size=(48, 9000))  # MPEG-4 ends at 8191 pixels
    result = predict_path(predictor, source, tmp_path / "out", pictures)
    target = tmp_path / "out/wide_overlay.mp4"
    (fault,) = result.faults
    assert fault.startswith(f"{target}: a video of 9000x")
    assert fault.endswith(f" cannot be written; the predictions of its frames are in {tmp_path / 'out'}")
    assert [path.name for path in result.written] == [f"wide_{number:06d}.png" for number in range(3)]
    assert (read(result.written[2]) == labels(2, 48, 9000)).mean() > 0.8
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["masks"]
    assert capfd.readouterr().err == ""


def test_damaged_video_is_named(predictor, tmp_path, capfd):
    write_video(tmp_path / "whole.mp4", 3)
    (tmp_path / "cut.mp4").write_bytes((tmp_path / "whole.mp4").read_bytes()[:500])
    with pytest.raises(ValueError, match=r"cut\.mp4: cannot be opened as a video"):
        predict_path(predictor, tmp_path / "cut.mp4", tmp_path / "out", pictures)
    assert list(tmp_path.glob("out/**/*.mp4")) == []
    assert capfd.readouterr().err == ""


def test_video_that_ends_early_is_a_fault_and_what_there_is_is_kept(predictor, tmp_path):
    path = jpeg_video(tmp_path / "drive.avi", 20)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    result = predict_path(predictor, path, tmp_path / "out", pictures)
    masks = len(result.written) - 1
    assert 0 < masks < 20
    assert result.faults == [f"{path}: the video announces 20 frames, but only {masks} could be decoded"]


def test_video_that_cannot_be_written(tmp_path):
    frame = np.zeros((48, 64, 3), dtype=np.uint8)
    with pytest.raises(OSError, match=r"^a video of 64x48 with 5 frames/s cannot be written"):  # noqa: SIM117
        with video_writer(tmp_path / "no" / "v.mp4", 5) as write:
            write(frame)
    with pytest.raises(OSError, match=r"^only 0 of 3 frames were written"):  # noqa: SIM117
        with video_writer(tmp_path / "v.mp4", 5) as write:
            for _ in range(3):
                write(frame)
            (tmp_path / "v.mp4").unlink()  # as a full disk would leave it
