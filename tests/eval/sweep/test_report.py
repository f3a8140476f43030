"""The report: its tables, its sentences, its charts."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from eval.sweep.conclusions import conclusions
from eval.sweep.importance import Importance, Importances, importances
from eval.sweep.plots import progress_figure
from eval.sweep.report import write_sweep_report
from eval.sweep.tables import LATENCY, SIZE, backbone_table, front_table, stopped_table
from tests.eval.sweep.made import drawn_sweep, run_of, sweep_of


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return write_sweep_report(drawn_sweep(24), tmp_path_factory.mktemp("sweep"))


def test_page_charts_and_runs_are_written(report):
    page = report.page.read_text()
    for name, path in report.charts.items():
        assert f"]({path.name})" in page, name
        with Image.open(path) as picture:
            assert min(picture.size) > 400
    assert set(report.charts) == {"progress", "importance", "parallel", "tradeoff"}
    runs = pd.read_csv(report.page.with_name("runs.csv"))
    assert len(runs) == 24
    scores = runs["score"].dropna()
    assert list(scores) == sorted(scores, reverse=True)
    assert "TrainingDiverged: the loss is not finite" in page


def test_a_sweep_without_a_single_score_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"no run has a value of score yet; states of its runs: failed, running"):
        write_sweep_report(sweep_of(run_of(0, None, "failed"), run_of(1, None, "running")), tmp_path)


def test_one_run_alone_makes_a_report_without_importance(tmp_path):
    report = write_sweep_report(sweep_of(run_of(0, 0.5, backbone="a", lr=0.1)), tmp_path)
    page = report.page.read_text()
    assert "it is the only finished run with a score" in page
    assert "are needed to conclude which parameter mattered, and this sweep has 1" in page
    assert "importance" not in report.charts


def test_a_cost_can_be_the_metric(tmp_path):
    runs = [run_of(i, costs={LATENCY: 10.0 + i, SIZE: 9.0 - i}, backbone="a", lr=i) for i in range(3)]
    sweep = replace(sweep_of(*runs, maximise=False), metric=LATENCY)
    assert "| run | state | model/latency_ms | epoch |" in write_sweep_report(sweep, tmp_path).page.read_text()


def test_a_chart_of_an_older_report_goes(tmp_path):
    (tmp_path / "tradeoff.png").write_text("old")
    write_sweep_report(sweep_of(run_of(0, 0.5, backbone="a")), tmp_path)
    assert not (tmp_path / "tradeoff.png").exists()


def test_the_best_so_far_is_that_of_the_finished_runs_as_in_the_sentences():
    runs = [run_of(0, 0.4), run_of(1, 0.9, "killed"), run_of(2, None), run_of(3, 0.3), run_of(4, 0.5)]
    lines = {line.get_label(): line for line in progress_figure(sweep_of(*runs)).axes[0].lines}
    assert np.array(lines["stopped early"].get_xydata()).tolist() == [[2, 0.9]]
    assert np.array(lines["best so far"].get_xydata()).tolist() == [[1, 0.4], [4, 0.4], [5, 0.5]]


COSTS = [(10.0, 0.2), (20.0, 0.5), (25.0, 0.4), (30.0, 0.5), (40.0, 0.7)]


@pytest.mark.parametrize(("maximise", "front"), [(True, [10, 20, 40]), (False, [10])])
def test_the_front_holds_the_runs_that_none_beats_in_both(maximise, front):
    runs = [run_of(i, score, costs={LATENCY: cost}, backbone="a") for i, (cost, score) in enumerate(COSTS)]
    assert list(front_table(sweep_of(*runs, maximise=maximise), LATENCY)[LATENCY]) == front


def test_best_of_each_backbone_and_runs_stopped_early():
    runs = [
        run_of(0, 0.4, backbone="a", lr=0.1),
        run_of(1, 0.6, backbone="b", lr=0.2),
        run_of(2, 0.5, backbone="a", lr=0.3),
        run_of(3, 0.1, "killed", backbone="c", lr=0.3),
    ]
    table = backbone_table(sweep_of(*runs))
    assert list(table["backbone"]) == ["b", "a"]
    assert list(table["best score"]) == [0.6, 0.5]
    assert list(table["best of finished runs"]) == [1, 2]
    assert stopped_table(sweep_of(*runs)).to_dict("records") == [{"run": "run-3", "epoch": 3.0, "of": 9, "score": 0.1}]


def test_the_best_of_a_backbone_says_of_how_many_runs():
    runs = [run_of(i, 0.5 + i / 100, backbone="a") for i in range(12)] + [run_of(12, 0.6, backbone="b")]
    text = " ".join(conclusions(sweep_of(*runs), importances(sweep_of(*runs))))
    assert "a did best (0.610, the best of 12 runs). The next is b, 0.010 behind (the best of 1 run)." in text
    assert "The best of more runs is higher by chance." in text


def test_nothing_is_concluded_from_few_runs():
    text = " ".join(conclusions(drawn_sweep(8), importances(drawn_sweep(8))))
    assert "are needed to conclude which parameter mattered, and this sweep has" in text
    assert "did better" not in text
    assert " mattered (" not in text


def test_nothing_is_concluded_from_noise():
    noise = drawn_sweep(30, effect=0.0)
    text = " ".join(conclusions(noise, importances(noise)))
    assert "No parameter has an effect that can be distinguished from chance" in text


def test_sentences_tell_the_figures():
    sweep = drawn_sweep(30)
    found = importances(sweep)
    text = " ".join(conclusions(sweep, found))
    assert f"The best run, {sweep.best().name}, reached score {sweep.score(sweep.best()):.3f}" in text
    assert "efficientnet_lite0" in text
    assert "was the best and mobilenetv3" in text
    assert "lr mattered" in text
    assert "larger values did better (correlation +" in text
    assert "were stopped early, after" in text


def test_an_effect_that_goes_both_ways_tells_where_the_best_lie():
    runs = [run_of(i, 1 - (i - 6) ** 2 / 36, lr=0.1 + i / 10) for i in range(13)]
    found = Importances((Importance("lr", 1.0, True, 0.0, {}),), 0.5, 13)
    text = " ".join(conclusions(sweep_of(*runs, parameters=("lr",)), found))
    assert "not in one direction (correlation +0.00): the best third of the runs has 0.5 to 0.8" in text


def test_a_switch_is_told_by_its_two_values_whatever_its_correlation():
    runs = [run_of(i, float(i), crp=i % 2 == 0) for i in range(12)]
    found = Importances((Importance("crp", 1.0, True, -0.1, {}),), 0.5, 12)
    text = " ".join(conclusions(sweep_of(*runs, parameters=("crp",)), found))
    assert "on average False 6.000 (n=6) was the best and True 5.000 (n=6) the worst (correlation -0.10)" in text


def test_the_goal_decides_what_better_means():
    runs = [run_of(i, float(i), lr=0.1 * (i + 1)) for i in range(12)]
    found = Importances((Importance("lr", 1.0, True, 1.0, {}),), 0.9, 12)
    down = " ".join(conclusions(sweep_of(*runs, maximise=False, parameters=("lr",)), found))
    assert "smaller values did better" in down
    assert not math.isnan(found.explained)
