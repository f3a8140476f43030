import math

import numpy as np
import pytest
import torch

from eval.depth.measures import depth_sums, figures
from eval.evaluate import FrameSamples, KeptSamples, evaluate
from eval.inference import Outputs
from tests.eval.drawn import NAMES, SPLIT, ColorModel, streets
from tests.eval.measured import FOCAL, DepthColorModel, Returned, camera, measured


def halved(size):
    return size[0] // 2, size[1] // 2


def test_a_perfect_model_is_scored_perfect():
    evaluation = evaluate(DepthColorModel(), [measured(seed) for seed in range(5)], **SPLIT)
    assert evaluation.metrics["miou"] == evaluation.metrics["depth/delta1"] == 1
    assert evaluation.metrics["depth/abs_rel"] == evaluation.metrics["depth/silog"] == 0
    assert math.isnan(evaluation.metrics["depth/abs_rel/Sky"])
    assert evaluation.metrics["depth/abs_rel/0-10m"] == 0
    assert not evaluation.records["flagged"].any()


def test_classes_are_judged_alike_with_depth_and_without():
    samples = [measured(seed) for seed in range(5)]
    joint, alone = evaluate(DepthColorModel(), samples, **SPLIT), evaluate(ColorModel(), samples, **SPLIT)
    assert torch.equal(joint.confusion, alone.confusion)
    assert {key: joint.metrics[key] for key in alone.metrics} == pytest.approx(alone.metrics, nan_ok=True)
    assert alone.depth is None
    assert not [key for key in (*alone.metrics, *map(str, alone.records)) if "depth" in key]
    assert [name for name in joint.records if "depth" not in str(name)] == [*alone.records]


def test_metrics_follow_from_the_stored_predictions():
    """Also where the frames are predicted at another size than their own."""
    samples = [measured(seed, (60, 50 + seed)) for seed in range(4)]
    evaluation = evaluate(DepthColorModel(), samples, **SPLIT, size_for=halved, batch_size=3)
    assert evaluation.depth
    sums = sum(
        depth_sums(evaluation.depth.predictions[number], one.depth, one.mask, 11) for number, one in enumerate(samples)
    )
    for key, value in figures(np.asarray(sums).sum((0, 1))).items():
        assert evaluation.metrics[f"depth/{key}"] == pytest.approx(float(value), rel=2e-3, abs=2e-3)
    assert evaluation.shapes == [(60, 50 + seed) for seed in range(4)]


@pytest.mark.parametrize("zoom", [0.5, 2.0])
def test_the_focal_length_turns_canonical_depth_into_metres(zoom):
    """Through a lens twice as long the same picture is of a street twice as far away."""
    one = measured()
    assert one.depth is not None
    far = one._replace(depth=one.depth * zoom, camera=camera(focal=FOCAL * zoom))
    assert evaluate(DepthColorModel(), [far], **SPLIT).metrics["depth/abs_rel"] == pytest.approx(0, abs=1e-6)
    assert evaluate(DepthColorModel(focal=math.nan), [far], **SPLIT).metrics["depth/abs_rel"] > 0.4


def test_a_smaller_input_has_a_shorter_focal_length():
    one = measured()
    found = evaluate(DepthColorModel(focal=FOCAL / 2), [one], **SPLIT, size_for=halved)
    assert found.metrics["depth/delta1"] > 0.9
    assert evaluate(DepthColorModel(), [one], **SPLIT, size_for=halved).metrics["depth/delta1"] < 0.1


def test_a_model_of_depth_alone():
    evaluation = evaluate(DepthColorModel(classes=False), [measured(seed) for seed in range(3)], **SPLIT)
    assert not evaluation.has_classes
    assert evaluation.metrics["depth/abs_rel"] == 0
    assert not [key for key in evaluation.metrics if key.startswith(("iou", "dice", "object")) or key == "miou"]
    assert evaluation.shapes == [(48, 64)] * 3
    assert evaluation.failures.empty
    assert [name for name in evaluation.records if str(name).startswith(("pixels/", "objects/", "missed"))] == []


def test_frames_without_depth_count_for_classes_alone():
    samples = [measured(0), *streets(3)[1:]]
    evaluation = evaluate(DepthColorModel(), samples, **SPLIT)
    assert evaluation.confusion.sum() == 3 * 46 * 64
    assert evaluation.records["depth/abs_rel"].isna().sum() == 2
    assert evaluation.metrics["depth/abs_rel"] == 0
    assert evaluation.depth and evaluation.depth.known
    assumed = evaluation.depth.cameras[1]
    assert (assumed.focal, assumed.cx, assumed.size) == (FOCAL, 31.5, (48, 64))
    none = evaluate(DepthColorModel(), streets(2), **SPLIT)
    assert math.isnan(none.metrics["depth/rmse"]) and none.depth and not none.depth.known


def test_frames_without_masks_count_for_depth_alone():
    one = measured()
    bare = one._replace(mask=np.full_like(one.mask, 255))
    evaluation = evaluate(DepthColorModel(), [bare], **SPLIT)
    assert math.isnan(evaluation.metrics["miou"])
    assert evaluation.metrics["depth/delta1"] == 1
    assert not evaluation.records["flagged"].any()


def closer(seed, factor=0.5):
    """A street whose pedestrian is nearer than the model says."""
    one = measured(seed)
    assert one.depth is not None
    depth = np.where(one.mask == NAMES.index("Pedestrian"), one.depth * np.float32(factor), one.depth)
    return one._replace(depth=depth, name=f"closer{seed}")


def test_a_wrong_depth_of_a_pedestrian_flags_the_frame_and_says_why():
    samples = [measured(0), closer(1), measured(2)]
    evaluation = evaluate(DepthColorModel(), samples, **SPLIT, depth_threshold=0.2)
    worst = evaluation.records.iloc[0]
    assert worst["name"] == "closer1"
    assert worst["depth/abs_rel/Pedestrian"] == pytest.approx(1)
    assert worst["why"] == "depth of Pedestrian wrong by 100 %"
    assert evaluation.records["flagged"].tolist() == [True, False, False]
    assert evaluation.metrics["edge_case_rate"] == pytest.approx(1 / 3)
    assert evaluation.metrics["depth/abs_rel/Pedestrian"] == pytest.approx(1 / 3)
    off = evaluate(DepthColorModel(), samples, **SPLIT)
    assert not off.records["flagged"].any()
    alone = evaluate(DepthColorModel(classes=False), samples, **SPLIT, depth_threshold=0.2)
    assert alone.records["name"].tolist()[0] == "closer1"
    assert alone.records["flagged"].tolist() == [True, False, False]


def test_the_loss_gets_what_training_gives_it():
    seen = []

    def loss(outputs, masks, depths):
        seen.append((outputs, masks, depths))
        return (outputs.depth - depths).abs().nanmean()

    one = measured()
    evaluation = evaluate(DepthColorModel(focal=FOCAL / 4), [one, *streets(1)], **SPLIT, size_for=halved, loss=loss)
    outputs, masks, depths = seen[0]
    assert isinstance(outputs, Outputs)
    assert masks.shape == depths.shape == (2, 24, 32)
    assert depths.dtype == torch.float32 and depths[1].isnan().all()
    assert one.depth is not None
    expected = torch.from_numpy(one.depth[::2, ::2].copy()) / 2  # at half the size f is 30, and canonical depth 15 / 30
    same = torch.isclose(depths[0], expected) | (depths[0].isnan() & expected.isnan())
    assert same.float().mean() > 0.9  # rows and columns between two pixels
    assert evaluation.metrics["loss"] == pytest.approx(float((outputs.depth - depths).abs().nanmean()))


def test_depth_that_is_not_finite_is_an_error_that_names_the_frame():
    class Broken(DepthColorModel):
        def forward(self, image):
            return Returned(None, torch.full((len(image), *image.shape[2:]), math.nan))

    with pytest.raises(ValueError, match="frame0: the model's depth is not finite"):
        evaluate(Broken(), [measured()], **SPLIT)


def test_depth_is_read_only_where_it_is_asked_for():
    frames = [measured(seed) for seed in range(2)]
    by_name = {frame.name: frame for frame in frames}

    def read(frame):
        return by_name[frame.name].image, by_name[frame.name].mask

    def measure(frame):
        return None if frame.name == "frame1" else (by_name[frame.name].depth, by_name[frame.name].camera)

    bare = FrameSamples(frames, read)
    assert bare[0].depth is None and bare[0].camera is None
    kept = KeptSamples(FrameSamples(frames, read, measure))
    assert kept[0].camera == camera() and kept[0].frame_size == (48, 64)
    assert kept[1].depth is None
    np.testing.assert_array_equal(kept[0].depth, frames[0].depth)
