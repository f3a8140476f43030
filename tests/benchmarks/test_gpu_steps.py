import pytest

from benchmarks.gpu_check import ROWS, Check
from benchmarks.gpu_rates import BUILDERS, CAPTURED
from benchmarks.gpu_report import Outcome, page, write
from benchmarks.gpu_steps import ADDRESS, EXIT, FIRST, overheads, rates
from benchmarks.programs import Ended, Line
from configs import TrainConfig
from files.jsons import read_json

ABOUT = {"title": "A check", "of": {"batch": 2}}


def test_every_bare_step_has_a_network():
    assert {row.removesuffix(CAPTURED) for row in ROWS} == set(BUILDERS)


def bar(seconds, done):
    return Line(seconds, f"training:  50%|█████     | {done}/9 [00:01, epoch 1/3 loss 2.1, at most 00:04 left]")


def ended(*lines):
    return Ended(30.0, 0, list(lines), stopped=False)


def test_overheads():
    steps = [bar(5, 0), bar(6.5, 1), bar(7, 2), bar(7.5, 2), bar(8, 3)]  # the third is drawn again below another line
    again = [Line(15, "epoch   1/3  loss 2.1"), bar(15, 3), Line(28, "report: index.html")]
    found = overheads(ended(Line(2, "decoding train:  50%|██  | 4/8 [00:01<00:01]"), *steps, *again))
    assert found == {FIRST: 6.5, ADDRESS: 20.0, EXIT: 22.0}


def test_overheads_of_two_stages():
    assert overheads(ended(bar(5, 0), bar(6, 1), bar(10, 0), bar(11, 1)))[EXIT] == 19


def test_overheads_without_a_bar():
    assert overheads(ended(Line(1, "hello"))) == {FIRST: None, ADDRESS: None, EXIT: None}


def test_bare_steps_without_time_are_skipped(tmp_path):
    told: list[Outcome] = []
    check = Check(TrainConfig(device="cpu"), [], tmp_path, tmp_path / "run", ["ours", "smp"], (64, 64), 11)
    rates(check, 1, told.append)
    assert [outcome.error for outcome in told] == ["skipped: no time was left for it"] * 2
    assert not check.log("rates").exists()


@pytest.mark.parametrize("value", [float("nan"), None])
def test_undefined_scores(value, tmp_path):
    scores = {"seconds": {"in all": 2.0}, "scores": {"mIoU": 0.5, "IoU of Fence": value}}
    write(tmp_path, ABOUT, [Outcome("evaluation", "eval", "says", 2.0, scores)])
    assert read_json(tmp_path / "gpu.json")["steps"][0]["figures"]["scores"] == {"mIoU": 0.5, "IoU of Fence": None}
    assert "| IoU of Fence | – |" in (tmp_path / "gpu.md").read_text()


def test_an_error_is_in_the_table_of_steps_alone():
    shown = page(ABOUT, [Outcome("loop", "unet", error="out | of memory")])
    assert shown.count("unet") == 1
    assert "**out \\| of memory**" in shown
