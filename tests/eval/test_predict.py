import cv2
import numpy as np
import pytest
from PIL import Image

from eval.colors import overlay
from eval.predict import Predictor, predict_path, read_image
from eval.video import open_video, video_writer
from tests.eval.drawn import COLORS, ColorModel, paint, street


@pytest.fixture
def predictor(model):
    return Predictor(model, COLORS, size_for=lambda size: size)


def labels(seed=0, height=48, width=64):
    drawn = street(height, width, seed)
    return np.where(drawn == 255, 3, drawn)


def read(path):
    with Image.open(path) as picture:
        return np.array(picture)


def test_image(predictor, tmp_path):
    truth = labels(height=49, width=65)
    Image.fromarray(paint(truth)).save(tmp_path / "a.png")
    result = predict_path(predictor, tmp_path / "a.png", tmp_path / "out")
    assert result.faults == []
    assert result.written == [tmp_path / "out/masks/a.png", tmp_path / "out/overlays/a.png"]
    assert np.array_equal(read(result.written[0]), truth)
    assert np.array_equal(read(result.written[1]), overlay(paint(truth), truth, COLORS))


def test_size_for_decides_where_logits_are_computed(tmp_path):
    class Spy(ColorModel):
        def forward(self, image):
            self.seen = tuple(image.shape[2:])
            return super().forward(image)

    spy = Spy()
    Image.fromarray(paint(labels())).save(tmp_path / "a.png")
    predictor = Predictor(spy, COLORS, size_for=lambda size: (size[0] // 2, size[1] // 4))
    result = predict_path(predictor, tmp_path / "a.png", tmp_path / "out")
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
    result = predict_path(predictor, source, tmp_path / "out")
    assert [path.name for path in result.written] == ["a.png", "a.png", "c.png", "c.png", "d.png", "d.png"]
    assert [fault.split(": ")[0] for fault in result.faults] == [str(source / "b.png"), str(source / "e.png")]
    assert all("cannot be decoded" in fault for fault in result.faults)
    assert sorted(path.name for path in (tmp_path / "out/masks").iterdir()) == ["a.png", "c.png", "d.png"]
    assert np.array_equal(read(tmp_path / "out/masks/a.png"), labels(1))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "not found"),
        ("notes.txt", ".txt is not a known kind"),
        ("empty", "no image in this folder"),
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
        predict_path(predictor, tmp_path / name, tmp_path / "out")
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
    result = predict_path(predictor, tmp_path / "drive.mp4", tmp_path / "out")
    assert result.faults == []
    names = [f"drive_{number:06d}.png" for number in range(5)]
    assert sorted(path.name for path in (tmp_path / "out/masks").iterdir()) == names
    assert result.written[-1] == tmp_path / "out/drive_overlay.mp4"
    for seed, path in enumerate(result.written[:-1]):
        assert (read(path) == labels(seed)).mean() > 0.85  # the codec blurs edges
    with open_video(result.written[-1]) as video:
        frames = list(video.frames)
        assert (video.announced, video.rate) == (5, 10)
    assert [frame.shape for frame in frames] == [(48, 64, 3)] * 5
    expected = overlay(paint(labels(4)), labels(4), COLORS)
    assert np.abs(frames[4].astype(int) - expected).mean() < 16


def test_damaged_video_is_named(predictor, tmp_path, capfd):
    write_video(tmp_path / "whole.mp4", 3)
    (tmp_path / "cut.mp4").write_bytes((tmp_path / "whole.mp4").read_bytes()[:500])
    with pytest.raises(ValueError, match=r"cut\.mp4: cannot be opened as a video"):
        predict_path(predictor, tmp_path / "cut.mp4", tmp_path / "out")
    assert list(tmp_path.glob("out/**/*.mp4")) == []
    assert capfd.readouterr().err == ""


def test_video_that_ends_early_is_a_fault_and_what_there_is_is_kept(predictor, tmp_path):
    path = tmp_path / "drive.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for seed in range(20):
        writer.write(np.ascontiguousarray(paint(labels(seed))[..., ::-1]))
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    result = predict_path(predictor, path, tmp_path / "out")
    masks = len(result.written) - 1
    assert 0 < masks < 20
    assert result.faults == [f"{path}: announces 20 frames, {masks} could be decoded"]


def test_video_that_cannot_be_written(tmp_path):
    frame = np.zeros((48, 64, 3), dtype=np.uint8)
    with pytest.raises(OSError, match=r"v\.mp4: cannot be written as a video of 64x48"):  # noqa: SIM117
        with video_writer(tmp_path / "no" / "v.mp4", 5) as write:
            write(frame)
    with pytest.raises(OSError, match=r"v\.mp4: of 3 frames 0 were written"):  # noqa: SIM117
        with video_writer(tmp_path / "v.mp4", 5) as write:
            for _ in range(3):
                write(frame)
            (tmp_path / "v.mp4").unlink()  # as a full disk would leave it
