"""Check and normalise the `parameters` of a sweep configuration: distribution named, defaults filled in."""

import math
import re
from collections.abc import Mapping
from typing import Any

from wandb_local.search import checks
from wandb_local.search.distributions import MARGIN, Real, multiples
from wandb_local.search.errors import SweepConfigError
from wandb_local.search.families import FAMILIES, build_distribution

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
DEFAULTS: dict[str, float] = {"q": 1, "mu": 0.0, "sigma": 1.0, "a": 1.0, "b": 1.0}
GRID = ("categorical", "constant", "int_uniform", "q_uniform")
GRID_VALUES = 100_000
SUM_TOLERANCE = 1e-5


def normalise_parameters(parameters: Any, method: str, key: str = "parameters") -> dict[str, Any]:
    """Parameters with distribution and defaults written out, to any depth of nesting."""
    if not checks.mapping(parameters, key):
        raise SweepConfigError(key, "must name at least one parameter")
    return {name: _parameter(name, spec, method, f"{key}.{name}") for name, spec in parameters.items()}


def _parameter(name: str, spec: Any, method: str, key: str) -> dict[str, Any]:
    if not NAME.fullmatch(name):
        raise SweepConfigError(key, "must begin with a letter or _, and continue with letters, digits, _ . or -")
    if not isinstance(spec, Mapping):
        raise SweepConfigError(key, f"must be a mapping such as {{value: {spec!r}}}, got {spec!r}")
    checks.mapping(spec, key)
    if "parameters" in spec:
        checks.known_keys(spec, ["parameters"], f"{key}.")
        return {"parameters": normalise_parameters(spec["parameters"], method, f"{key}.parameters")}
    distribution = _distribution(spec, key)
    keys = _keys(distribution)
    checks.known_keys(spec, ["distribution", *keys], f"{key}.")
    filled = {"distribution": distribution} | {name: _value(spec, name, distribution, key) for name in keys}
    _check_together(filled, key)
    if method == "grid":
        _check_grid(filled, key)
    return filled


def _distribution(spec: Mapping[str, Any], key: str) -> str:
    """Distribution that is named, or follows from the keys: W&B's rules, and `normal` from `mu` or `sigma`."""
    named = spec.get("distribution")
    if named is not None:
        checks.one_of(named, FAMILIES, f"{key}.distribution")
        with_odds = named == "categorical" and "probabilities" in spec
        return "categorical_w_probabilities" if with_odds else str(named)
    if "value" in spec:
        return "constant"
    if "values" in spec:
        return "categorical_w_probabilities" if "probabilities" in spec else "categorical"
    if "min" in spec and "max" in spec:
        whole = all(isinstance(spec[bound], int) for bound in ("min", "max"))
        return "int_uniform" if whole else "uniform"
    if "mu" in spec or "sigma" in spec:
        return "normal"
    raise SweepConfigError(key, "must have value, values, both min and max, or a distribution")


def _keys(distribution: str) -> tuple[str, ...]:
    """Keys of a distribution beside its name."""
    if distribution == "constant":
        return ("value",)
    if distribution.startswith("categorical"):
        return ("values", "probabilities") if distribution.endswith("probabilities") else ("values",)
    shape = ("min", "max") if "uniform" in distribution else ("mu", "sigma") if "normal" in distribution else ("a", "b")
    return (*shape, "q") if distribution.startswith("q_") else shape


def _value(spec: Mapping[str, Any], name: str, distribution: str, key: str) -> Any:
    """Checked value of one key, or its default."""
    if name not in spec and name not in DEFAULTS:
        raise SweepConfigError(f"{key}.{name}", f"is missing: {distribution} needs {' and '.join(_keys(distribution))}")
    value, at = spec.get(name, DEFAULTS.get(name)), f"{key}.{name}"
    if name in ("value", "values", "probabilities"):
        if name != "value" and (not isinstance(value, list | tuple) or not value):
            raise SweepConfigError(at, f"must be a list that is not empty, got {value!r}")
        return value
    if distribution == "int_uniform":
        return checks.whole(value, at)
    above = 0.0 if name in ("q", "a", "b") or (name == "min" and distribution.endswith("_values")) else -math.inf
    return checks.number(value, at, above, at_least=0.0 if name == "sigma" else -math.inf)


def _check_together(spec: Mapping[str, Any], key: str) -> None:
    """Checks that take more than one key, and that every value can be computed."""
    if "min" in spec and spec["min"] >= spec["max"]:
        raise SweepConfigError(f"{key}.max", f"must be greater than min ({spec['min']!r}), got {spec['max']!r}")
    if "probabilities" in spec:
        _check_probabilities(spec, f"{key}.probabilities")
    try:
        distribution = build_distribution(spec)
        ends = [distribution.ppf(u) for u in (0.0, 1.0)]
        numbers = [*ends, *map(distribution.inverse, (MARGIN, 0.5))] if isinstance(distribution, Real) else []
        computable = all(math.isfinite(number) for number in numbers)
    except (OverflowError, ValueError):
        computable = False
    if not computable:
        raise SweepConfigError(key, f"{dict(spec)} gives values that are too large for a floating-point number")
    if isinstance(distribution, Real) and distribution.q is not None:
        first, last = multiples(distribution.low, distribution.high, distribution.q)
        if first > last:
            bounds = f"{distribution.low:g} and {distribution.high:g}"
            raise SweepConfigError(f"{key}.q", f"no multiple of {distribution.q!r} lies between {bounds}")


def _check_probabilities(spec: Mapping[str, Any], key: str) -> None:
    probabilities, count = spec["probabilities"], len(spec["values"])
    if len(probabilities) != count:
        raise SweepConfigError(key, f"must give one number for each of the {count} values, got {len(probabilities)}")
    for i, probability in enumerate(probabilities):
        checks.number(probability, f"{key}[{i}]", at_least=0.0)
    if abs(sum(probabilities) - 1) > SUM_TOLERANCE:
        raise SweepConfigError(key, f"must add up to 1, got {sum(probabilities):g}")


def _check_grid(spec: Mapping[str, Any], key: str) -> None:
    if spec["distribution"] not in GRID:
        at = "probabilities" if "probabilities" in spec else "distribution"
        raise SweepConfigError(f"{key}.{at}", f"method grid takes {', '.join(GRID)}; got {spec['distribution']}")
    size = (spec["max"] - spec["min"]) / spec.get("q", 1) if "min" in spec else 1
    if size > GRID_VALUES:
        raise SweepConfigError(key, f"method grid takes up to {GRID_VALUES} values of a parameter, got {size:.0f}")
