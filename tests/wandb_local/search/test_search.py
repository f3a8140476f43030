"""Properties of `Search` over any valid configuration and any history of its runs."""

import json
import subprocess
import sys
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wandb_local.search.strategies import configs, ends, played, suggested
from wandb_local.search import Search, Trial, validate

BAYES = {
    "method": "bayes",
    "metric": {"name": "m", "goal": "maximize"},
    "parameters": {
        "lr": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1},
        "decay": {"distribution": "log_uniform_values", "min": 1e-6, "max": 1e-1},
        "backbone": {"values": [f"net{k}" for k in range(8)]},
        "loss": {"values": ["ce", "focal", "dice", "ce+dice"]},
        "batch_size": {"min": 2, "max": 32},
        "resize_factor": {"distribution": "q_uniform", "min": 0.25, "max": 1.0, "q": 0.05},
        "crp": {"values": [True, False]},
        "optimizer": {"parameters": {"momentum": {"min": 0.5, "max": 0.99}, "name": {"value": "adamw"}}},
    },
}


def inside(spec: dict[str, Any], value: Any) -> bool:
    """Whether a value is one that the documentation allows, apart from the quantisation."""
    name = spec["distribution"]
    if "value" in spec:
        return bool(value == spec["value"])
    if "values" in spec:
        return value in spec["values"]
    if name in ("log_uniform", "q_log_uniform"):
        return bool(2.718281828 ** spec["min"] * 0.999 <= value <= 2.718281829 ** spec["max"] * 1.001)
    if name == "inv_log_uniform":
        return bool(2.718281829 ** -spec["max"] * 0.999 <= value <= 2.718281828 ** -spec["min"] * 1.001)
    if "min" in spec:
        return bool(spec["min"] <= value <= spec["max"])
    return bool(value >= 0) if "log_normal" in name else 0 <= value <= 1 if "beta" in name else True


def check(parameters: dict[str, Any], args: dict[str, Any]) -> None:
    assert args.keys() == parameters.keys()
    for name, spec in parameters.items():
        if "parameters" in spec:
            check(spec["parameters"], args[name])
        else:
            assert inside(spec, args[name]), (spec, args[name])


@settings(max_examples=150)
@given(configs(), st.integers(), st.lists(ends, max_size=8))
def test_suggestions_are_valid_and_depend_on_config_seed_and_trials_alone(config, seed, results):
    search = Search(config, seed)
    trials = played(search, results)
    suggestion = search.suggest(trials)
    for args in [*(trial.args for trial in trials), *([suggestion] if suggestion else [])]:
        check(search.config["parameters"], args)
        assert json.loads(json.dumps(args)) == args
    restarted = Search(yaml.safe_load(yaml.safe_dump(json.loads(json.dumps(config)))), seed)
    revived = [Trial(json.loads(json.dumps(t.args)), t.state, t.metric, list(t.history)) for t in trials]
    assert restarted.suggest(revived) == suggestion
    assert played(restarted, results) == trials or any(m != m for _, m in results)


@settings(max_examples=100)
@given(configs())
def test_a_normalised_config_survives_json_and_yaml_and_validates_to_itself(config):
    normalised = validate(config)
    assert json.loads(json.dumps(normalised)) == normalised
    assert yaml.safe_load(yaml.safe_dump(normalised)) == normalised
    assert validate(normalised) == normalised


def test_seeds_differ_and_the_order_of_keys_does_not_matter():
    parameters = {name: {"min": 0.0, "max": 1.0} for name in "abc"}
    config = {"method": "random", "parameters": parameters}
    turned = {"method": "random", "parameters": dict(reversed(parameters.items()))}
    assert Search(config, 1).suggest([]) == Search(turned, 1).suggest([])
    assert Search(config, 1).suggest([]) != Search(config, 2).suggest([])


def test_nested_parameters_come_back_nested():
    args = suggested(Search(BAYES, 0), [])
    assert args["optimizer"].keys() == {"momentum", "name"}
    assert args["optimizer"]["name"] == "adamw"


def test_random_search_does_not_repeat_a_run_after_another_was_deleted():
    search = Search({"method": "random", "parameters": {"x": {"min": 0.0, "max": 1.0}}}, 3)
    trials = played(search, [("finished", 1.0)] * 5)
    del trials[1]
    assert search.suggest(trials) not in [trial.args for trial in trials]


def test_run_cap_counts_every_run():
    search = Search({"method": "random", "run_cap": 3, "parameters": {"x": {"min": 0.0, "max": 1.0}}}, 0)
    trials = played(search, [("failed", None)] * 5)
    assert len(trials) == 3
    assert search.ended(trials) == "run_cap 3 is reached"
    assert search.ended(trials[:2]) is None


def test_expected_runs_are_the_grid_up_to_the_cap():
    space = {"x": {"values": [1, 2, 2]}, "y": {"min": 0, "max": 4}}
    assert Search({"method": "grid", "parameters": space}, 0).expected_runs == 10
    assert Search({"method": "grid", "run_cap": 7, "parameters": space}, 0).expected_runs == 7
    assert Search({"method": "random", "run_cap": 7, "parameters": space}, 0).expected_runs == 7
    assert Search({"method": "random", "parameters": space}, 0).expected_runs is None


def test_target_ends_the_sweep_in_either_direction():
    def ends_at(goal: str, *values: float) -> bool:
        metric = {"name": "m", "goal": goal, "target": 0.5}
        search = Search({"method": "random", "metric": metric, "parameters": {"x": {"min": 0.0, "max": 1.0}}}, 0)
        trials = [Trial({"x": 0.1}, "running", None, values)]
        assert (search.ended(trials) is None) == (search.suggest(trials) is not None)
        return search.suggest(trials) is None

    assert ends_at("minimize", 0.9, 0.5, 0.8)
    assert not ends_at("minimize", 0.9, float("nan"), float("-inf"))
    assert ends_at("maximize", 0.1, 0.6, 0.2)
    assert not ends_at("maximize", 0.1, 0.4)
    assert not ends_at("maximize")


def test_grid_and_random_search_start_without_the_numeric_libraries():
    code = (
        "import sys; from wandb_local.search import Search, stop_early, validate\n"
        "c = {'method': 'random', 'parameters': {'x': {'min': 0.0, 'max': 1.0}}}\n"
        "Search(c, 0).suggest([]); Search({'method': 'grid', 'parameters': {'x': {'values': [1]}}}, 0).suggest([])\n"
        "stop_early(c, [])\n"
        "sys.exit(', '.join({'numpy', 'scipy', 'optuna', 'torch', 'wandb'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
