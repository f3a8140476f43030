import numpy as np
import pytest
from PIL import Image

from camvid.augmented import TrainFrames, WholeFrames
from camvid.cache import FrameCache
from camvid.depth.training import TrainingDepth
from camvid.on_device import DeviceAugmentation
from camvid.preview import augmentation_figure, weight_figure, write_preview
from camvid.taxonomy import load_taxonomy
from camvid.weights import class_weights

CAMVID11 = load_taxonomy("camvid11")


def frames(count=5, policy="color", size=(48, 64)):
    """Frames whose upper half is sky and whose lower half is road, a pedestrian in some, one corner void."""
    masks = np.full((count, *size), 3, np.uint8)
    masks[:, : size[0] // 2] = 0
    masks[::2, 20:30, 10:14] = 9
    masks[:, -4:, -4:] = 255
    images = np.random.default_rng(0).integers(0, 256, (count, *size, 3), np.uint8)
    counts = np.stack([np.bincount(mask.ravel(), minlength=256)[:11] for mask in masks])
    return TrainFrames(FrameCache(images, masks, counts), policy, (32, 64), (0.25, 1.0))


def bars(figure):
    """The length of the bars of each label."""
    (axes,) = figure.axes
    return {group.get_label(): [bar.get_width() for bar in group] for group in axes.containers}


def test_bars_are_the_shares_before_and_after():
    counts = frames().frames.counts
    weights = class_weights("inverse", counts)
    shares = bars(weight_figure(CAMVID11, counts.sum(0), weights))
    before, after = shares["share of the labelled pixels"], shares["share of the loss's weight"]
    assert before == pytest.approx(counts.sum(0) / counts.sum())
    assert [i for i, share in enumerate(before) if share] == [0, 3, 9]
    assert sum(after) == pytest.approx(1)
    assert after[0] == pytest.approx(after[3])  # inverse frequency: the common classes come to weigh alike
    assert after[9] > 5 * before[9]
    assert list(bars(weight_figure(CAMVID11, counts.sum(0), None))) == ["share of the labelled pixels"]


@pytest.mark.parametrize("taxonomy", ["camvid11", "camvid12", "camvid32"])
def test_class_names_are_written_beside_their_colours(taxonomy):
    classes = load_taxonomy(taxonomy)
    figure = weight_figure(classes, np.arange(classes.num_classes), np.ones(classes.num_classes, np.float32))
    figure.draw_without_rendering()
    (axes,) = figure.axes
    names = axes.get_yticklabels()
    assert [name.get_text() for name in names] == list(classes.names)
    assert {name.get_text() for name in names if name.get_fontweight() == "bold"} == {
        classes.names[index] for index in classes.priority
    }
    swatches = [line for line in axes.lines if line.get_marker() == "s"]
    assert len(swatches) == len(names)
    for name, swatch in zip(names, swatches, strict=True):
        assert name.get_window_extent().x1 < swatch.get_window_extent().x0


def test_the_sample_shows_frames_and_what_the_network_sees():
    data = frames()
    figure = augmentation_figure(data, CAMVID11)
    assert len(figure.axes) == 4 * 7
    pictures = [np.asarray(axes.images[0].get_array()) for axes in figure.axes[:7]]
    assert np.array_equal(pictures[0], data.frames.read(0)[0])
    assert [picture.shape for picture in pictures[1:]] == [(32, 64, 3)] * 6
    image, mask = (part.numpy() for part in data[20, 0])
    assert np.array_equal(pictures[1], image.transpose(1, 2, 0))
    expected = 0.35 * pictures[1] + 0.65 * np.vstack([CAMVID11.colors, np.zeros((245, 3))])[mask]
    assert np.abs(pictures[2] - expected).max() <= 1
    assert not np.array_equal(pictures[1], pictures[3])  # another draw
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list(CAMVID11.names)
    shown = [np.rint(255 * np.array(patch.get_facecolor()[:3])) for patch in legend.get_patches()]
    assert np.array_equal(shown, CAMVID11.colors)


def test_pictures_are_written_and_the_training_draws_as_without_them(tmp_path):
    data = frames(count=2)
    before = data[7, 1]
    paths = write_preview(tmp_path / "data", data, CAMVID11, None)
    assert list(paths) == ["class_weights", "augmentation"]
    for path in paths.values():
        with Image.open(path) as picture:
            assert picture.width > 600
    assert all((one == other).all() for one, other in zip(before, data[7, 1], strict=True))


def test_depth_stands_beside_the_mask(tmp_path):
    """It moves with its image: one column of it is near and the others are far, as one column of the image is dark."""
    images = np.full((4, 32, 64, 3), 200, np.uint8)
    images[:, :, :8] = 0
    metres = np.where(np.arange(64) < 8, np.float16(3), np.float16(60)).repeat(32).reshape(64, 32).T
    depth = TrainingDepth(50.0, np.full(4, 50.0), lambda index: metres)
    cache = FrameCache(images, np.zeros((4, 32, 64), np.uint8), np.zeros((4, 11), np.int64), None, depth)
    for sample in (
        TrainFrames(cache, "flip", (32, 64), (1.0, 1.0)),
        WholeFrames(cache, DeviceAugmentation("flip", (32, 64), (1.0, 1.0))),
    ):
        figure = augmentation_figure(sample, CAMVID11)
        titles = [axes.get_title(loc="left") for axes in figure.axes[:4]]
        assert titles == ["frame", "draw 1", "with its mask", "with its depth: yellow 2 m, dark 80 m, grey unknown"]
        near = set()
        for axes in figure.axes[3::3][:3]:
            image_axes = figure.axes[figure.axes.index(axes) - 2]
            shown, image = (np.asarray(one.images[0].get_array()) for one in (axes, image_axes))
            assert np.array_equal(shown < 10, image[:, :, 0] < 100)
            near.add(int(np.argmin(shown[0])))
        assert near == {0, 56}
    assert list(write_preview(tmp_path, sample, CAMVID11, None)) == ["augmentation"]  # no labels
