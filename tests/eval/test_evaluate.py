import math
import time
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from eval.evaluate import Sample, evaluate, expected_seconds
from eval.inference import predict_mask
from eval.metrics import confusion_matrix, summarize
from eval.predicted import WAITING, predicted_images
from tests.eval.drawn import BACKGROUND, NAMES, PRIORITY, SPLIT, ColorModel, paint, sample, street, streets


def test_a_perfect_model_is_scored_perfect(model):
    evaluation = evaluate(model, streets(5), **SPLIT)
    assert evaluation.confusion.sum() == 5 * (48 - 2) * 64  # the void rows do not count
    assert evaluation.metrics["miou"] == evaluation.metrics["priority_dice"] == 1
    assert math.isnan(evaluation.metrics["iou/Fence"])
    assert evaluation.metrics["edge_case_rate"] == 0
    assert evaluation.metrics["object_recall/Car"] == 1


def test_metrics_follow_from_the_counts_of_what_was_predicted(model):
    """The same numbers from the predictions, one image at a time, without the evaluation's own loop."""
    shown = [np.roll(street(seed=seed) % 11, 3, axis=1) for seed in range(5)]
    samples = [sample(street(seed=seed), shown[seed], f"frame{seed}") for seed in range(5)]
    evaluation = evaluate(model, samples, **SPLIT, batch_size=2)
    counts = torch.zeros(11, 11, dtype=torch.int64)
    for labels, one, pred in zip(shown, samples, evaluation.predictions, strict=True):
        assert np.array_equal(labels, pred)
        counts += confusion_matrix(torch.from_numpy(labels), torch.from_numpy(one.mask), 11)
    assert torch.equal(evaluation.confusion, counts)
    expected = summarize(counts, NAMES, PRIORITY, BACKGROUND)
    assert {key: evaluation.metrics[key] for key in expected} == pytest.approx(expected, nan_ok=True)
    assert 0 < expected["miou"] < 1


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 50])
def test_every_image_counts_once_in_order_whatever_the_batch(model, batch_size):
    samples = streets(7)
    evaluation = evaluate(model, samples, **SPLIT, batch_size=batch_size)
    assert len(evaluation.predictions) == len(evaluation.records) == 7
    for position, one in enumerate(samples):
        assert evaluation.records.loc[position, "name"] == one.name
        assert np.array_equal(evaluation.predictions[position][one.mask != 255], one.mask[one.mask != 255])


def test_sizes_may_differ_within_a_split(model):
    sizes = [(48, 64), (48, 64), (60, 50), (96, 128), (48, 64)]
    samples = [sample(street(*size, seed=seed), name=f"f{seed}") for seed, size in enumerate(sizes)]
    evaluation = evaluate(model, samples, **SPLIT, batch_size=3)
    assert [pred.shape for pred in evaluation.predictions] == sizes
    assert evaluation.metrics["miou"] == 1
    at_one_size = evaluate(model, samples, **SPLIT, batch_size=3, size_for=lambda _: (64, 96))
    assert [pred.shape for pred in at_one_size.predictions] == sizes
    assert 0.8 < at_one_size.metrics["miou"] < 1


def test_images_of_one_size_share_a_pass_and_each_is_predicted_as_by_itself():
    class Spy(ColorModel):
        def __init__(self):
            super().__init__()
            self.passes = []

        def forward(self, image):
            self.passes.append(tuple(image.shape))
            return super().forward(image)

    def half(size):
        return size[0] // 2, size[1] // 2

    sizes = [(48, 64), (60, 50), (96, 128)] * 4
    samples = [sample(street(*size, seed=seed), name=f"f{seed}") for seed, size in enumerate(sizes)]
    spy = Spy()
    evaluation = evaluate(spy, samples, **SPLIT, batch_size=2, size_for=half)
    assert spy.passes == [(2, 3, *half(size)) for size in sizes[:6]]
    assert evaluation.confusion.sum() == sum((one.mask != 255).sum() for one in samples)
    for one, pred in zip(samples, evaluation.predictions, strict=True):
        assert np.array_equal(pred, predict_mask(spy, one.image, half(one.mask.shape)))
    assert evaluation.records["name"].sort_index().tolist() == [one.name for one in samples]


class Counted(list[Sample]):
    """Samples that count how many of them were read."""

    read = 0

    def __getitem__(self, position):
        self.read += 1
        return super().__getitem__(position)


@pytest.fixture
def beside(monkeypatch):
    """The way of a device that computes beside Python."""
    for place in ("inference", "predicted"):
        monkeypatch.setattr(f"eval.{place}.computes_beside", lambda _: True)


def test_a_device_that_computes_beside_gives_the_same(model, request):
    sizes = [(48, 64), (48, 64), (60, 50), (96, 128), (48, 64)]
    samples = [
        sample(street(*size, seed=seed), np.roll(street(*size) % 11, seed, 1)) for seed, size in enumerate(sizes)
    ]
    how = {**SPLIT, "batch_size": 3, "size_for": lambda _: (32, 64), "loss": nn.CrossEntropyLoss(ignore_index=255)}
    here = evaluate(model, samples, **how)
    request.getfixturevalue("beside")
    there = evaluate(model, samples, **how)
    assert there.metrics == pytest.approx(here.metrics, nan_ok=True, rel=0, abs=0)
    assert torch.equal(there.confusion, here.confusion)
    assert there.records.equals(here.records) and there.failures.equals(here.failures)
    assert all(map(np.array_equal, there.predictions, here.predictions))


def test_a_device_that_computes_beside_has_the_next_batch_before_results_are_taken(model, beside):
    sizes: list[int] = []
    model.register_forward_hook(lambda *found: sizes.append(len(found[-1])))
    how: Any = {"size_for": None, "batch_size": 2, "device": "cpu", "precision": "fp32"}
    images = predicted_images(model, streets(5), loss=None, num_classes=11, **how)
    computed = [(one.position, len(sizes)) for one in images]
    assert computed == [(0, 2), (1, 2), (2, 3), (3, 3), (4, 3)]
    assert sizes == [2, 2, 1]


def test_faults_are_named_on_a_device_that_computes_beside(model, beside):
    wrong = sample(np.full((8, 8), 77), np.zeros((8, 8), int), name="wrong")
    with pytest.raises(ValueError, match="wrong: target has label 77"):
        evaluate(model, [*streets(2), wrong], **SPLIT)
    model.scale.data.fill_(torch.nan)
    with pytest.raises(ValueError, match="frame0: the model's logits are not finite"):
        evaluate(model, streets(2), **SPLIT)


def test_samples_of_many_sizes_do_not_pile_up(model):
    class Spy(ColorModel):
        predicted = most = 0

        def forward(self, image):
            Spy.predicted += len(image)
            Spy.most = max(Spy.most, samples.read - Spy.predicted)
            return super().forward(image)

    samples = Counted([sample(street(48, 64 + number)) for number in range(60)])
    assert len(evaluate(Spy(), samples, **SPLIT, batch_size=2).predictions) == 60
    assert 2 * WAITING - 2 < Spy.most <= 2 * WAITING + 4


def test_a_mask_larger_than_its_image_decides_the_size(model):
    truth = street(96, 128)
    small = truth[::2, ::2]
    one = Sample("half", paint(np.where(small == 255, 0, small)), truth)
    evaluation = evaluate(model, [one], **SPLIT)
    assert evaluation.predictions[0].shape == (96, 128)
    assert evaluation.metrics["pixel_acc"] > 0.97


def test_records_lie_worst_first_and_point_into_the_split(model):
    good, bad = street(seed=0), street(seed=1)
    blind = np.where((bad == 9) | (bad == 255), 3, bad)  # the pedestrian becomes road
    samples = [sample(good, name="good", sequence="one"), sample(bad, blind, "bad", "two")]
    records = evaluate(model, samples, **SPLIT).records
    assert records["name"].tolist() == ["bad", "good"]
    assert records.index.tolist() == [1, 0]
    assert records["sequence"].tolist() == ["two", "one"]
    assert records["missed"].tolist() == ["Pedestrian", ""]


def test_bf16_agrees_with_fp32(model):
    scores = [evaluate(model, streets(3), **SPLIT, precision=kind).metrics["pixel_acc"] for kind in ("fp32", "bf16")]
    assert scores == pytest.approx([1, 1], abs=0.01)


def test_loss_is_that_of_training_over_the_batches(model):
    """Of three images the second is void but for one pixel: it weighs one pixel in its batch, as in training."""
    void = np.full((48, 64), 255)
    void[0, 0] = 3
    samples = [sample(street()), sample(void, np.zeros((48, 64), int)), sample(street())]
    cross_entropy = nn.CrossEntropyLoss(ignore_index=255)

    def trained(batch):
        images = torch.from_numpy(np.stack([one.image for one in batch])).permute(0, 3, 1, 2).float() / 255
        return cross_entropy(model(images), torch.from_numpy(np.stack([one.mask for one in batch])).long()).item()

    with torch.no_grad():
        pair, alone = trained(samples[:2]), trained(samples[2:])
    evaluation = evaluate(model, samples, **SPLIT | {"batch_size": 2}, loss=cross_entropy)
    assert evaluation.metrics["loss"] == pytest.approx((2 * pair + alone) / 3)
    assert pair != pytest.approx(np.mean([trained([one]) for one in samples[:2]]))
    assert "loss" not in evaluate(model, samples, **SPLIT).metrics


def test_the_model_gets_its_mode_and_its_gradients_back(model):
    model.train()
    model.norm.eval()
    evaluate(model, streets(2), **SPLIT)
    assert model.training
    assert not model.norm.training
    model(torch.rand(1, 3, 4, 4)).sum().backward()
    assert model.scale.grad is not None


def test_no_dropout_while_evaluating():
    noisy = nn.Sequential(ColorModel(), nn.Dropout(0.9)).train()
    assert evaluate(noisy, streets(2), **SPLIT).metrics["pixel_acc"] == 1


def test_all_void_split_is_undefined_not_an_error(model):
    void = np.full((8, 8), 255)
    evaluation = evaluate(model, [sample(void, np.zeros((8, 8), int))], **SPLIT)
    assert math.isnan(evaluation.metrics["miou"])
    assert evaluation.records["worst_class"].tolist() == [""]


def test_reading_keeps_one_batch_ahead_at_most(model):
    class Spy(ColorModel):
        most = 0

        def forward(self, image):
            self.calls = getattr(self, "calls", 0) + 1
            Spy.most = max(Spy.most, samples.read - 2 * (self.calls - 1))
            return super().forward(image)

    samples = Counted(streets(9))
    evaluate(Spy(), samples, **SPLIT, batch_size=2)
    assert samples.read == 9
    assert Spy.most <= 4


def test_progress_goes_to_stderr(model, capfd):
    evaluate(model, streets(2), **SPLIT, progress=True)
    evaluate(model, streets(2), **SPLIT, progress=False)
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("evaluate: 100%") == 1
    evaluate(model, streets(2), **SPLIT)  # no terminal here
    assert capfd.readouterr().err == ""


def test_what_a_user_can_do_wrong_is_named(model):
    with pytest.raises(ValueError, match="the split has no images"):
        evaluate(model, [], **SPLIT)
    with pytest.raises(ValueError, match="class_names has 11 names for num_classes=12"):
        evaluate(model, streets(1), **{**SPLIT, "num_classes": 12})
    outside = sample(np.full((8, 8), 30), np.zeros((8, 8), int), "frame30")
    with pytest.raises(ValueError, match="frame30: target has label 30, which is neither one of the 11 classes"):
        evaluate(model, [outside], **SPLIT)
    with torch.no_grad():
        model.scale.fill_(math.nan)
    with pytest.raises(ValueError, match="frame0: the model's logits are not finite"):
        evaluate(model, streets(1), **SPLIT)


def test_an_error_while_reading_stops_the_evaluation(model):
    class Damaged(list[Sample]):
        def __getitem__(self, position):
            if position == 5:
                raise ValueError("frame5.png: truncated")
            return super().__getitem__(position)

    with pytest.raises(ValueError, match=r"frame5\.png: truncated"):
        evaluate(model, Damaged(streets(8)), **SPLIT, batch_size=2)


@pytest.mark.parametrize("count", [2, 60])
def test_what_an_evaluation_will_take_is_told_from_a_few_frames(model, count):
    seen = []

    def judge(model, samples):
        seen.append(len(samples))
        time.sleep(0.01 * len(samples))

    assert expected_seconds(judge, model, streets(2) * (count // 2)) >= 0.01 * count
    assert seen == [1, min(count, 3)]
