"""What `validate` accepts, what it fills in, and that it names the key it refuses."""

import json
from typing import Any

import pytest
import yaml

from wandb_local.search import SweepConfigError, validate

METRIC = {"name": "val/priority_dice", "goal": "maximize"}
LR = {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1}


def sweep(parameter: Any = LR, **keys: Any) -> dict[str, Any]:
    return {"method": "random", "parameters": {"p": parameter}} | keys


@pytest.mark.parametrize(
    ("given", "filled"),
    [
        ({"value": None}, {"distribution": "constant", "value": None}),
        ({"values": ["a", {"b": 1}]}, {"distribution": "categorical", "values": ["a", {"b": 1}]}),
        (
            {"values": [1, 2], "probabilities": [0.3, 0.7]},
            {"distribution": "categorical_w_probabilities", "values": [1, 2], "probabilities": [0.3, 0.7]},
        ),
        (
            {"distribution": "categorical", "values": [1, 2], "probabilities": [0, 1]},
            {"distribution": "categorical_w_probabilities", "values": [1, 2], "probabilities": [0, 1]},
        ),
        ({"min": 1, "max": 5}, {"distribution": "int_uniform", "min": 1, "max": 5}),
        ({"min": 1.0, "max": 5.0}, {"distribution": "uniform", "min": 1.0, "max": 5.0}),
        ({"min": 1, "max": 5.5}, {"distribution": "uniform", "min": 1, "max": 5.5}),
        ({"mu": 3}, {"distribution": "normal", "mu": 3, "sigma": 1.0}),
        ({"distribution": "q_log_normal"}, {"distribution": "q_log_normal", "mu": 0.0, "sigma": 1.0, "q": 1}),
        ({"distribution": "q_uniform", "min": 0, "max": 9}, {"distribution": "q_uniform", "min": 0, "max": 9, "q": 1}),
        ({"distribution": "beta", "a": 2}, {"distribution": "beta", "a": 2, "b": 1.0}),
        (
            {"parameters": {"inner": {"parameters": {"x": {"value": 1}}}}},
            {"parameters": {"inner": {"parameters": {"x": {"distribution": "constant", "value": 1}}}}},
        ),
    ],
)
def test_distribution_and_defaults_are_filled_in(given, filled):
    normalised = validate(sweep(given))
    assert normalised["parameters"]["p"] == filled
    assert validate(normalised) == normalised


def test_every_key_of_the_reference_is_accepted_and_kept():
    config = yaml.safe_load("""
        program: train.py
        command: [python, "${program}", "${args}", 3]
        name: nightly
        description:
        project: road
        entity: team
        apiVersion: v1
        kind: sweep
        job: team/road/job:latest
        image_uri: image:1
        imports: [ignored]
        settings: {a: 1}
        controller: {type: cloud}
        method: bayes
        metric: {name: loss, target: 0.1, impute: best, impute_while_running: false}
        run_cap: 12
        early_terminate: {type: hyperband, min_iter: 3}
        parameters:
          lr: {min: 0.0, max: 1.0}
    """)
    normalised = validate(config)
    assert "description" not in normalised
    untouched = config.keys() - {"description", "metric", "early_terminate", "parameters"}
    assert {key: normalised[key] for key in untouched} == {key: config[key] for key in untouched}
    assert normalised["metric"] == {
        "name": "loss",
        "goal": "minimize",
        "target": 0.1,
        "impute": "best",
        "impute_while_running": "false",
    }
    assert normalised["early_terminate"] == {"type": "hyperband", "min_iter": 3, "eta": 3, "strict": False}
    assert json.loads(json.dumps(normalised)) == normalised


def test_the_given_configuration_is_left_alone():
    config = sweep({"values": [[1], [2]]}, metric=dict(METRIC))
    before = json.dumps(config)
    validate(config)["parameters"]["p"]["values"][0].append(5)
    assert json.dumps(config) == before


HYPERBAND = {"type": "hyperband", "min_iter": 2}


@pytest.mark.parametrize(
    ("config", "key", "says"),
    [
        ([], "config", "mapping"),
        ({"parameters": {"p": LR}}, "method", "grid, random, bayes"),
        (sweep(method="custom"), "method", "grid, random, bayes"),
        (sweep(method=["grid"]), "method", "grid, random, bayes"),
        ({"method": "random"}, "parameters", "missing"),
        (sweep() | {"parameters": {}}, "parameters", "at least one"),
        (sweep() | {"parameters": [1]}, "parameters", "mapping"),
        (sweep(early_terminat=HYPERBAND), "early_terminat", "did you mean early_terminate"),
        (sweep(scheduler={"engine": "optuna"}), "scheduler", "remove"),
        (sweep(metrics=[METRIC, METRIC]), "metrics", "one `metric`"),
        (sweep(run_cap=0), "run_cap", "at least 1"),
        (sweep(run_cap=2.5), "run_cap", "whole number"),
        (sweep(run_cap=True), "run_cap", "whole number"),
        (sweep(program=3), "program", "text"),
        (sweep(kind="job"), "kind", "sweep"),
        (sweep(command="python train.py"), "command", "list"),
        (sweep(controller={"type": "remote"}), "controller.type", "local, cloud"),
        (sweep(method="bayes"), "metric", "missing"),
        (sweep(early_terminate=HYPERBAND), "metric", "missing"),
        (sweep(metric="loss"), "metric", "mapping"),
        (sweep(metric={"goal": "minimize"}), "metric.name", "text"),
        (sweep(metric=METRIC | {"goal": "maximise"}), "metric.goal", "minimize, maximize"),
        (sweep(metric=METRIC | {"target": "0.9"}), "metric.target", "write 0.9"),
        (sweep(metric=METRIC | {"target": float("nan")}), "metric.target", "finite"),
        (sweep(metric=METRIC | {"impute": "mean"}), "metric.impute", "latest, best, worst"),
        (sweep(metric=METRIC | {"gaol": 1}), "metric.gaol", "did you mean goal"),
        (sweep({"value": 1}, method="bayes", metric=METRIC), "parameters", "with more than one value"),
        (sweep({"values": ["a"]}, method="bayes", metric=METRIC), "parameters", "with more than one value"),
        (sweep({"values": [1, 2], "probabilities": [0, 1]}, method="bayes", metric=METRIC), "parameters", "one value"),
    ],
)
def test_top_level_errors_name_the_key(config, key, says):
    with pytest.raises(SweepConfigError) as caught:
        validate(config)
    assert caught.value.key == key
    assert says in caught.value.message
    assert str(caught.value) == f"{key}: {caught.value.message}"


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ("hyperband", ""),
        ({"min_iter": 3}, ".type"),
        ({"type": "envelope"}, ".type"),
        ({"type": "hyperband"}, ".min_iter"),
        ({"type": "hyperband", "max_iter": 27}, ".s"),
        ({"type": "hyperband", "min_iter": 0}, ".min_iter"),
        ({"type": "hyperband", "min_iter": 1.5}, ".min_iter"),
        ({"type": "hyperband", "max_iter": 27, "s": 0}, ".s"),
        ({"type": "hyperband", "max_iter": 2, "s": 2}, ".max_iter"),
        ({"type": "hyperband", "min_iter": 3, "eta": 1}, ".eta"),
        ({"type": "hyperband", "min_iter": 3, "strict": "yes"}, ".strict"),
        ({"type": "hyperband", "min_iter": 3, "etta": 2}, ".etta"),
    ],
)
def test_early_terminate_errors_name_the_key(rule, key):
    with pytest.raises(SweepConfigError) as caught:
        validate(sweep(metric=METRIC, early_terminate=rule))
    assert caught.value.key == f"early_terminate{key}"


@pytest.mark.parametrize(
    ("parameter", "key", "says"),
    [
        (0.1, "", "{value: 0.1}"),
        ({}, "", "must have value"),
        ({"min": 1}, "", "both min and max"),
        ({"distribution": "gaussian"}, ".distribution", "normal"),
        ({"distribution": "uniform", "min": 0.0}, ".max", "min and max"),
        ({"distribution": "categorical"}, ".values", "missing"),
        ({"values": []}, ".values", "not empty"),
        ({"values": "abc"}, ".values", "list"),
        ({"value": 1, "values": [1]}, ".values", "unknown key"),
        ({"values": [1, 2], "probabilities": [1]}, ".probabilities", "each of the 2 values"),
        ({"values": [1, 2], "probabilities": [0.5, 0.6]}, ".probabilities", "add up to 1"),
        ({"values": [1, 2], "probabilities": [-0.5, 1.5]}, ".probabilities[0]", "at least 0"),
        ({"min": 5, "max": 5}, ".max", "greater than min"),
        ({"min": 5.0, "max": 1.0}, ".max", "greater than min"),
        ({"min": "1e-5", "max": 1.0}, ".min", "write 1.0e-05"),
        ({"min": float("-inf"), "max": 1.0}, ".min", "finite"),
        ({"min": 0.0, "max": 1.0, "q": 0.1}, ".q", "unknown key"),
        ({"distribution": "int_uniform", "min": 0.0, "max": 3.0}, ".min", "whole number"),
        ({"distribution": "int_uniform", "min": False, "max": True}, ".min", "whole number"),
        ({"distribution": "log_uniform_values", "min": 0, "max": 1.0}, ".min", "greater than 0"),
        ({"distribution": "log_uniform", "min": 0, "max": 1000}, "", "floating-point"),
        ({"distribution": "log_normal", "mu": 1e6}, "", "floating-point"),
        ({"distribution": "uniform", "min": -1e308, "max": 1e308}, "", "floating-point"),
        ({"distribution": "q_uniform", "min": 0, "max": 5, "q": 0}, ".q", "greater than 0"),
        ({"distribution": "q_uniform", "min": 0.2, "max": 0.8}, ".q", "no multiple of 1"),
        ({"distribution": "normal", "sigma": -1}, ".sigma", "at least 0"),
        ({"distribution": "beta", "a": 0}, ".a", "greater than 0"),
        ({"parameters": {"x": {"value": 1}}, "min": 1}, ".min", "unknown key"),
        ({"parameters": {"x": {"values": []}}}, ".parameters.x.values", "not empty"),
        ({"parameters": {}}, ".parameters", "at least one"),
        ({3: 1}, ".3", "text"),
    ],
)
def test_parameter_errors_name_the_key(parameter, key, says):
    with pytest.raises(SweepConfigError) as caught:
        validate(sweep(parameter))
    assert caught.value.key == f"parameters.p{key}"
    assert says in caught.value.message


@pytest.mark.parametrize("name", ["", "1st", "a b", "a/b", "a=b"])
def test_parameter_names_fit_a_command_line(name):
    with pytest.raises(SweepConfigError) as caught:
        validate({"method": "random", "parameters": {name: LR}})
    assert caught.value.key == f"parameters.{name}"


@pytest.mark.parametrize(
    ("parameter", "key"),
    [
        (LR, ".distribution"),
        ({"min": 0.0, "max": 1.0}, ".distribution"),
        ({"distribution": "q_log_uniform_values", "min": 1, "max": 9}, ".distribution"),
        ({"values": [1, 2], "probabilities": [0.5, 0.5]}, ".probabilities"),
        ({"min": 0, "max": 10**9}, ""),
        ({"distribution": "q_uniform", "min": 0, "max": 1, "q": 1e-9}, ""),
    ],
)
def test_grid_refuses_what_it_cannot_list(parameter, key):
    with pytest.raises(SweepConfigError) as caught:
        validate(sweep(parameter, method="grid"))
    assert caught.value.key == f"parameters.p{key}"
