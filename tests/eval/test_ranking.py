import csv
import math
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Annotation, Text

from eval.ranking import Ranked, Target, about_joint, csv_text, markdown, ranking, records
from eval.writers.ranking_plot import ranking_figure

NAN = math.nan


def model(name="m", miou=0.5, mb=10.0, pytorch=50.0, onnx=40.0, **changes):
    values: dict[str, Any] = {"network": "unet resnet34", "size": "192x256", "scores": "test", "precision": "bf16"}
    values |= {"mean_acc": 0.7, "priority_dice": 0.6, "parameters": 2_500_000}
    return Ranked(name=name, miou=miou, mb=mb, pytorch_ms=pytorch, onnx_ms=onnx, **(values | changes))


def test_best_first_then_smaller_then_by_name_and_unscored_last():
    models = [
        model("none", NAN, 1),
        model("b", 0.5, 10),
        model("a", 0.5, 10),
        model("small", 0.5, 2),
        model("top", 0.6),
    ]
    assert [one.name for one in ranking(models)] == ["top", "small", "a", "b", "none"]


@pytest.mark.parametrize(
    ("mb", "pytorch", "onnx", "suits"),
    [
        (25.0, 100.0, NAN, True),  # both limits are still within
        (25.1, 10.0, 10.0, False),
        (5.0, 101.0, NAN, False),
        (5.0, 300.0, 99.0, True),  # the faster of the two counts
        (5.0, NAN, 99.0, True),
        (5.0, NAN, NAN, False),  # not timed
    ],
)
def test_the_rule_for_an_embedded_target(mb, pytorch, onnx, suits):
    one = model(mb=mb, pytorch=pytorch, onnx=onnx)
    assert Target().suits(one) is suits
    assert Target(mb=1000, ms=1000).suits(one) is not (math.isnan(pytorch) and math.isnan(onnx))


def test_csv_reads_back():
    models = [model("one", 0.123456, onnx=NAN), model("two, and more", NAN, scores="")]
    rows = list(csv.DictReader(StringIO(csv_text(models, Target()))))
    assert [row["name"] for row in rows] == ["one", "two, and more"]
    assert float(rows[0]["miou"]) == 0.123456
    assert (rows[0]["onnx_ms"], rows[1]["miou"], rows[1]["scores"]) == ("", "", "")
    assert {row["embedded"] for row in rows} == {"True"}
    assert all(set(row) == set(records(models, Target())[0]) for row in rows)


def test_markdown_is_aligned_and_says_how_it_was_measured():
    models = [model("a|b", 0.5, parameters=3_716_971, mb=14.94), model("other", NAN, onnx=NAN, scores="", mean_acc=NAN)]
    lines = markdown(models, Target(25, 100), "AMD EPYC, 2 threads").splitlines()
    table = lines[:4]
    assert len({len(line) for line in table}) == 1
    assert "| a\\|b " in table[2]
    assert [cell.strip() for cell in table[2].replace("\\|", "/").strip("|").split("|")][4:] == [
        *("0.700", "0.500", "0.600", "3.72 M", "14.9", "50.0", "40.0", "yes")
    ]
    assert table[3].count("–") == 4
    assert lines[-1] == (
        "AMD EPYC, 2 threads; one image, warm median; PyTorch in bf16. "
        "Embedded: at most 25 MB, and 100 ms with the faster of the two runtimes."
    )


def boxes(figure):
    """The box of each label, and of the axes, in pixels."""
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    (axes,) = figure.axes
    labels = [child for child in axes.texts if isinstance(child, Annotation)]
    for label in labels:
        label.update_positions(renderer)
    return {label.get_text(): Text.get_window_extent(label, renderer) for label in labels}, axes.get_window_extent()


@settings(max_examples=12)
@given(
    st.lists(
        st.tuples(st.floats(0.3, 0.7), st.floats(3, 120), st.floats(5, 400)),
        min_size=1,
        max_size=9,
        unique_by=lambda m: m[0],
    )
)
def test_labels_do_not_cover_each_other(found):
    models = [model(f"segformer_b{number}", miou, mb, ms) for number, (miou, mb, ms) in enumerate(found)]
    labels, frame = boxes(ranking_figure(models, Target()))
    assert set(labels) == {one.name for one in models}
    names = list(labels)
    for number, name in enumerate(names):
        assert not [other for other in names[:number] if labels[name].overlaps(labels[other])]
        assert frame.x0 <= labels[name].x0 < labels[name].x1 <= frame.x1
        assert frame.y0 <= labels[name].y0 < labels[name].y1 <= frame.y1


def test_equal_models_get_labels_apart():
    models = [model(f"run-{number}", 0.5, 20) for number in range(6)]
    labels, _ = boxes(ranking_figure(models, Target()))
    assert not any(a is not b and a.overlaps(b) for a in labels.values() for b in labels.values())


def test_columns_of_depth_are_there_if_a_model_predicts_it():
    plain = model("plain", 0.5)
    assert not {"abs_rel", "delta1", "tasks"} & set(records([plain], Target())[0])
    assert "AbsRel" not in markdown([plain], Target(), "m")
    depth = model("depth", NAN, tasks=("depth",), abs_rel=0.0812, delta1=0.93, network="hydra resnet18 (depth)")
    near = model("near", NAN, tasks=("depth",), abs_rel=0.07, delta1=0.95, mb=50)
    assert [one.name for one in ranking([depth, near, plain])] == ["plain", "near", "depth"]
    rows = records([plain, depth], Target())
    assert [(row["abs_rel"], row["tasks"]) for row in rows] == [(None, ""), (0.0812, "depth")]
    table = markdown([plain, depth], Target(), "m")
    assert "depth AbsRel" in table and " 0.081 " in table


def test_a_joint_model_is_put_beside_those_of_one_task():
    joint = model("joint", mb=12, pytorch=55, tasks=("segmentation", "depth"), network="hydra resnet18 (both)")
    classes = model("classes", mb=10, pytorch=50, tasks=("segmentation",), network="hydra resnet18 (segmentation)")
    depth = model("depth", NAN, mb=10, pytorch=60, tasks=("depth",), network="hydra resnet18 (depth)")
    line = "joint takes 55.0 ms, and classes and depth together 110.0 ms: 0.50 of the time, and 0.60 of the size."
    assert about_joint([joint, classes, depth]) == [line]
    assert line in markdown([joint, classes, depth], Target(), "m")
    assert about_joint([joint, classes]) == about_joint([classes, depth]) == []
    assert about_joint([joint, classes, replace(depth, size="96x128")]) == []
