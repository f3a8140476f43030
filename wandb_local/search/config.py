"""Check and normalise a sweep configuration.

The keys are those of W&B's reference (https://docs.wandb.ai/models/sweeps/sweep-config-keys) and of the schema that its
client ships with; what does not concern the search is kept as it is.
"""

import copy
from collections.abc import Mapping
from typing import Any

from wandb_local.search import checks
from wandb_local.search.distributions import Choice
from wandb_local.search.errors import SweepConfigError
from wandb_local.search.parameters import normalise_parameters
from wandb_local.search.space import Space

METHODS = ("grid", "random", "bayes")
GOALS = ("minimize", "maximize")
IMPUTE = ("latest", "best", "worst")
TEXTS = ("program", "name", "description", "project", "entity", "job", "image_uri", "apiVersion")
KEPT = ("settings", "imports", "launch")  # the client's and W&B Launch's own business
KEYS = ("method", "metric", "parameters", "early_terminate", "run_cap", "command", "controller", "kind", *TEXTS, *KEPT)
UNSUPPORTED = {
    "scheduler": "is only for W&B's own server; remove the key and use method grid, random or bayes",
    "metrics": "is not supported, because several objectives need a custom scheduler; give one `metric`",
}


def validate(config: Mapping[str, Any]) -> dict[str, Any]:
    """Copy of a sweep configuration with distributions named and defaults filled in; validating it again is harmless.

    A key without a value (`description:`) counts as absent.

    Raises:
        SweepConfigError: naming the first offending key by its dotted path, and what is allowed there.
    """
    checks.mapping(config, "config")
    given = {key: copy.deepcopy(value) for key, value in config.items() if value is not None}
    _check_keys(given)
    method = checks.one_of(given["method"], METHODS, "method")
    for need in ("metric",) * (method == "bayes" or "early_terminate" in given):
        if need not in given:
            raise SweepConfigError(need, "is missing: method bayes and early_terminate need the name of a metric")
    checked = {"parameters": normalise_parameters(given["parameters"], method)}
    if method == "bayes" and not _varies(checked["parameters"]):
        raise SweepConfigError("parameters", "must have a parameter with more than one value for method bayes")
    if "metric" in given:
        checked["metric"] = _metric(given["metric"])
    if "early_terminate" in given:
        checked["early_terminate"] = _early_terminate(given["early_terminate"])
    return given | checked


def _check_keys(given: Mapping[str, Any]) -> None:
    for key, reason in UNSUPPORTED.items():
        if key in given:
            raise SweepConfigError(key, reason)
    checks.known_keys(given, KEYS, "")
    for key in ("method", "parameters"):
        if key not in given:
            raise SweepConfigError(key, "is missing" + f": one of {', '.join(METHODS)}" * (key == "method"))
    for key in TEXTS:
        if key in given:
            checks.text(given[key], key)
    if "run_cap" in given:
        checks.whole(given["run_cap"], "run_cap", at_least=1)
    if "kind" in given:
        checks.one_of(given["kind"], ["sweep"], "kind")
    if "command" in given and not isinstance(given["command"], list | tuple):
        raise SweepConfigError("command", f"must be a list such as [python, ${{program}}], got {given['command']!r}")
    if "controller" in given:
        controller = checks.mapping(given["controller"], "controller")
        checks.one_of(controller.get("type"), ["local", "cloud"], "controller.type")


def _varies(parameters: Mapping[str, Any]) -> bool:
    distributions = [dimension.distribution for dimension in Space(parameters).dimensions]
    return any(not isinstance(one, Choice) or len(one.support) > 1 for one in distributions)


def _metric(metric: Any) -> dict[str, Any]:
    given = dict(checks.mapping(metric, "metric"))
    checks.known_keys(given, ["name", "goal", "target", "impute", "impute_while_running"], "metric.")
    checks.text(given.get("name"), "metric.name")
    checks.one_of(given.setdefault("goal", "minimize"), GOALS, "metric.goal")
    if "target" in given:
        checks.number(given["target"], "metric.target")
    if "impute" in given:
        checks.one_of(given["impute"], IMPUTE, "metric.impute")
    if given.get("impute_while_running") is False:  # YAML's bare false; W&B writes it as text
        given["impute_while_running"] = "false"
    if "impute_while_running" in given:
        checks.one_of(given["impute_while_running"], [*IMPUTE, "false"], "metric.impute_while_running")
    return given


def _early_terminate(rule: Any) -> dict[str, Any]:
    """Hyperband's settings; `strict` is off by default, as documented (W&B's schema file says on)."""
    given = {"eta": 3, "strict": False} | dict(checks.mapping(rule, "early_terminate"))
    checks.known_keys(given, ["type", "min_iter", "max_iter", "s", "eta", "strict"], "early_terminate.")
    checks.one_of(given.get("type"), ["hyperband"], "early_terminate.type")
    for key in ("min_iter", "max_iter", "s"):
        if key in given:
            checks.whole(given[key], f"early_terminate.{key}", at_least=1)
    checks.number(given["eta"], "early_terminate.eta", above=1.0)
    checks.flag(given["strict"], "early_terminate.strict")
    if "min_iter" not in given and "max_iter" not in given:
        raise SweepConfigError("early_terminate.min_iter", "is missing; give min_iter, or max_iter and s")
    if "min_iter" not in given and "s" not in given:
        raise SweepConfigError(
            "early_terminate.s", "is missing; give the number of brackets that max_iter is divided into"
        )
    if "s" in given and "max_iter" in given and given["max_iter"] < given["eta"]:
        raise SweepConfigError("early_terminate.max_iter", f"must be at least eta ({given['eta']:g}) to hold a bracket")
    return given
